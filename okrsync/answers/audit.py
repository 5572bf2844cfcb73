"""The audit of a cycle, and its short form for a sprint, from the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from okrsync.answers.calendars import calendar_of, calendar_with
from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.finding import find_key_result
from okrsync.answers.okr_versions import versions_of
from okrsync.answers.placement_cache import ReportScope, about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, known_cycle, seen_expectations
from okrsync.errors import UsageError
from okrsync.model.okrs import Cycle
from okrsync.reports.audit import AuditReport, build_audit
from okrsync.reports.audit.late_verdicts import cycle_before
from okrsync.reports.audit.scope import AuditFilter, AuditInputs
from okrsync.reports.audit.sprint import RetroReport, build_retro
from okrsync.reports.audit.sprint_selection import chosen_sprint
from okrsync.reports.hypotheses import build_hypotheses
from okrsync.reports.inputs import JudgedInputs, ReportInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.audit_page import audit_page
from okrsync.reports.pages.retro_page import retro_page
from okrsync.reports.stoplist import StopRules


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """
    A look back on a cycle.

    Attributes:
        cycle: a cycle's id; empty or ``None``: the last that ended, else the one that runs.
        team: only what this team delivered; empty: all teams. No verdict changes.
        key_result: only this key result; empty: all of them. No verdict changes.
    """

    kind: ClassVar[str] = "audit"
    cycle: str | None = None
    team: str = ""
    key_result: str = ""

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> AuditReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        return audit_report(workspace, self.cycle or None, key_result=self.key_result, team=self.team, judged=judged)

    def lay_out(self, report: AuditReport) -> ReportPage:
        """Return the page of *report*."""
        return audit_page(report)


@dataclass(frozen=True, slots=True)
class RetroQuestion:
    """
    A look back on a sprint.

    Attributes:
        sprint: id or name of a sprint, milestone or project iteration; empty: the last that ended.
        team: only what this team delivered; empty: all teams. No verdict changes.
    """

    kind: ClassVar[str] = "retro"
    sprint: str = ""
    team: str = ""

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> RetroReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        return retro_report(workspace, self.sprint or "last", team=self.team, judged=judged)

    def lay_out(self, report: RetroReport) -> ReportPage:
        """Return the page of *report*."""
        return retro_page(report)


def audit_report(
    workspace: Workspace,
    wanted: str | None,
    *,
    key_result: str = "",
    team: str = "",
    judged: JudgedInputs | None = None,
) -> AuditReport:
    """
    The audit of the cycle *wanted*: ``None`` for the last that ended, else the one that runs.

    *key_result* and *team* choose what is told; the verdicts are those of everything. *judged*: what everything is made
    of, where the caller has it already.

    Raises:
        UsageError: there is no such cycle, key result or team, or no cycle has begun.
    """
    cycle, chosen = _cycle(workspace, wanted)
    inputs = judged or with_outcomes(workspace, report_inputs(workspace, _about(workspace, cycle)), [cycle.id])
    part = AuditFilter(_key_result(workspace, key_result, cycle), _team(inputs, team))
    return build_audit(_given(workspace, inputs, cycle, part), chosen)


def _about(workspace: Workspace, cycle: Cycle) -> ReportScope:
    """What the audit of *cycle* goes into: the one before it too, whose last verdicts came late."""
    before = cycle_before(workspace.project.okrs, cycle)
    wanted = about(workspace, [cycle.id], until=cycle.end)
    return wanted if before is None else replace(wanted, cycles=wanted.cycles | {before.id})


def _cycle(workspace: Workspace, wanted: str | None) -> tuple[Cycle, str]:
    okrs, today = workspace.project.okrs, workspace.today
    if wanted is not None:
        return okrs.cycle(known_cycle(okrs, wanted)), "asked"
    ended = [cycle for cycle in okrs.cycles if cycle.end < today]
    if ended:
        return max(ended, key=lambda cycle: (cycle.end, cycle.id)), "last_ended"
    running = [cycle for cycle in okrs.cycles if cycle.contains(today)]
    if not running:
        raise UsageError("no cycle has begun by this day; name one with --cycle")
    return max(running, key=lambda cycle: (cycle.start, cycle.id)), "running"


def _key_result(workspace: Workspace, wanted: str, cycle: Cycle) -> str:
    """The qualified id that *wanted* means in *cycle*."""
    if not wanted:
        return ""
    name = wanted if "/" in wanted else f"{cycle.id}/{wanted}"
    found = find_key_result(workspace, name)
    if found.cycle != cycle.id:
        raise UsageError(f"{found.qualified_id} is not of {cycle.id}; add --cycle {found.cycle}")
    return found.qualified_id


def _team(inputs: ReportInputs, wanted: str) -> str:
    """The team called *wanted*, in the spelling of its items."""
    teams = inputs.stock.teams
    if not wanted:
        return ""
    found = next((team for team in teams if team.casefold() == wanted.casefold()), None)
    if found is None:
        there = f"there are {', '.join(teams)}" if teams else "no item has one"
        raise UsageError(f'no team is called "{wanted[:80]}"; {there}')
    return found


def _given(workspace: Workspace, inputs: JudgedInputs, cycle: Cycle, part: AuditFilter) -> AuditInputs:
    with workspace.reading() as view:
        seen = seen_expectations(workspace, view)
        texts = view.okr_texts(workspace.as_known)
    ledger = workspace.project.ledger
    return AuditInputs(
        inputs,
        ledger,
        build_hypotheses(inputs, ledger, seen),
        versions_of(workspace, texts),
        StopRules.from_settings(workspace.project.settings.rules),
        cycle,
        part,
    )


def retro_report(
    workspace: Workspace, wanted: str, *, team: str = "", judged: JudgedInputs | None = None
) -> RetroReport:
    """
    The retro of the sprint or milestone *wanted*: its id, its name, or ``last``; *judged* as for an audit.

    Raises:
        UsageError: there is none, more than one, or it has not begun.
    """
    if judged is None:
        _check_named(workspace, wanted)
    inputs = judged or report_inputs(workspace, None)
    calendar = calendar_of(workspace, inputs)
    part = AuditFilter(team=_team(inputs, team))
    sprint = chosen_sprint(calendar, wanted, part)
    # A retro reports verdicts, and nothing of how they were fitted.
    judged = judged or with_outcomes(workspace, inputs, ())
    return build_retro(_given(workspace, judged, _any_cycle(workspace), part), sprint, calendar)


def _check_named(workspace: Workspace, wanted: str) -> None:
    """Refuse a sprint that no iteration is called before everything is read."""
    calendar = calendar_with(workspace, (), is_part=True)
    if wanted.casefold() != "last" and not calendar.called(wanted):
        chosen_sprint(calendar, wanted, AuditFilter())


def _any_cycle(workspace: Workspace) -> Cycle:
    cycles = workspace.project.okrs.cycles
    return cycles[0] if cycles else Cycle("", workspace.today, workspace.today)
