"""Gathers what a plan is made of: the iterations and work of the store, verdicts, progress and suggestions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

from okrsync.answers.calendars import calendar_of, calendar_with
from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.outlooks import stored_outlooks
from okrsync.answers.placement_cache import ReportScope, about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.suggest import suggest_links, without_titles
from okrsync.answers.workspace import Workspace, chosen_cycles, scopes
from okrsync.linking.conditions import hold
from okrsync.model.placements import Placement
from okrsync.reports.inputs import JudgedInputs, ReportInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.plan_page import plan_page
from okrsync.reports.plan.coverage import pieces_of_work
from okrsync.reports.plan.iteration_series import Calendar, Phase
from okrsync.reports.plan.report import MOST_ASKED, PlanMaterial, PlanReport, build_plan, unlinked_of
from okrsync.reports.plan.scope import EARLIER, Chosen, PlanChoice, choose
from okrsync.reports.progress import build_progress
from okrsync.reports.stoplist import StopRules, build_stoplist
from okrsync.reports.suggestions import SuggestReport

_LEARNED_FROM = timedelta(days=60)
"""How far back suggestions learn from what was delivered, whatever it serves."""


@dataclass(frozen=True, slots=True)
class PlanQuestion:
    """
    Planned work, and what it serves.

    Attributes:
        sprint: ``next``, ``current``, an id or a name of a sprint or milestone; empty: see :class:`PlanChoice`.
        team: only the work of this team; empty: of all.
        wanted: more choices than the site has; ``sprint`` and ``team`` are then empty.
        suggests: whether key results are suggested for unlinked work.
        fail_under: percent of the work below which the page says that the threshold is missed; ``None``: no threshold.
    """

    kind: ClassVar[str] = "plan"
    sprint: str = ""
    team: str = ""
    wanted: PlanChoice | None = None
    suggests: bool = True
    fail_under: float | None = None

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> PlanReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        return plan_of(workspace, self.wanted or self._named(workspace), judged, suggests=self.suggests)

    def lay_out(self, report: PlanReport) -> ReportPage:
        """Return the page of *report*."""
        return plan_page(report, self.fail_under)

    def _named(self, workspace: Workspace) -> PlanChoice:
        found = calendar_with(workspace, (), is_part=True).called(self.sprint)
        is_milestone = bool(found) and all(period.is_milestone for period in found)
        return (
            PlanChoice(milestone=self.sprint, team=self.team)
            if is_milestone
            else PlanChoice(self.sprint, team=self.team)
        )


def plan_of(
    workspace: Workspace, wanted: PlanChoice, judged: JudgedInputs | None = None, *, suggests: bool = True
) -> PlanReport:
    """
    The plan of what was *wanted*; *judged*: where the caller has everything with its outcomes already.

    *suggests*: key results are suggested for the first :data:`MOST_ASKED` unlinked items.

    Raises:
        UsageError: it names nothing, or more than one thing.
    """
    settings, ledger = workspace.project.settings, workspace.project.ledger
    if judged is None:
        inputs, chosen = _judge(workspace, wanted, suggests=suggests)
    else:
        inputs, chosen = judged, _chosen(workspace, wanted, judged, None)
    meant = _meant(workspace, inputs, chosen)
    cycles = _cycles(workspace, inputs, meant)
    asked = _asked(inputs, chosen) if suggests else []
    look_ahead = stored_outlooks(workspace, [case.key for case in inputs.cases]).look_ahead
    return build_plan(
        PlanMaterial(
            inputs=inputs,
            chosen=chosen,
            progress=build_progress(inputs, inputs.cases, ledger.check_ins, cycles, look_ahead, meant),
            stoplist=build_stoplist(inputs, ledger, StopRules.from_settings(workspace.project.settings.rules), cycles),
            hypotheses=ledger.hypotheses,
            suggestions=_suggested(workspace, inputs, cycles, asked) if asked else None,
            threshold=settings.plan.threshold,
            discovery=_discovery(workspace, inputs, chosen),
        )
    )


def _judge(workspace: Workspace, wanted: PlanChoice, *, suggests: bool) -> tuple[JudgedInputs, Chosen]:
    """Load what a plan of what was *wanted* goes into, with the work that it chooses, and judge that."""
    calendar = calendar_with(workspace, (), is_part=True)
    scope = _about(workspace, wanted, calendar, suggests=suggests)
    # Suggestions of a pinned day learn from everything, as `okrsync suggest` does, so that the report can be repeated.
    # Those of today learn from what the plan reads, which takes a tenth of the time.
    inputs = report_inputs(workspace, None if workspace.is_pinned and suggests else scope)
    chosen = _chosen(workspace, wanted, inputs, calendar)
    meant = _meant(workspace, inputs, chosen)
    if not (inputs.within is None or meant <= inputs.within):
        inputs = report_inputs(workspace, replace(scope, key_results=scope.key_results | meant))
    # A plan reports verdicts that are there, and nothing of how they were fitted.
    return with_outcomes(workspace, inputs, (), only_due=True), chosen


def _about(workspace: Workspace, wanted: PlanChoice, calendar: Calendar, *, suggests: bool) -> ReportScope:
    """
    What the plan goes into: the sprints that may be meant with those before them, and open work, if that may be meant.

    With the key results of the cycles that have not ended, and those that open work serves.
    """
    named = wanted.sprint or wanted.milestone
    is_named = named not in {"", Phase.NEXT, Phase.CURRENT}
    still_open = [period for period in calendar.periods if period.phase is not Phase.CLOSED]
    meant = calendar.called(named) if is_named else still_open
    looked_at = [*meant, *(earlier for period in meant for earlier in calendar.before(period, EARLIER))]
    found = about(workspace, [cycle.id for cycle in workspace.project.okrs.cycles if cycle.end >= workspace.today])
    served: Collection[str] = ()
    if not named:
        with workspace.reading() as view:
            served = view.served_by_open_work(scopes(workspace.project))
    return replace(
        found,
        since=workspace.today - (_LEARNED_FROM if suggests else timedelta(0)),
        is_open=not named,
        iterations=frozenset((period.source, period.id) for period in looked_at),
        key_results=frozenset(served),
    )


def _chosen(workspace: Workspace, wanted: PlanChoice, inputs: ReportInputs, known: Calendar | None) -> Chosen:
    is_part = known is not None and inputs.within is not None
    calendar = known.with_work(inputs.linking.placements) if known and is_part else calendar_of(workspace, inputs)
    return choose(wanted, calendar, inputs.linking, inputs.as_of, inputs.zone, inputs.stock)


def _meant(workspace: Workspace, inputs: ReportInputs, chosen: Chosen) -> frozenset[str]:
    """
    The key results that the plan tells of: those that planned work serves.

    And, whether or not it does, all of the cycles that run today, and of those to come that it serves.
    """
    served = {link.key_result for entry in chosen.placements for link in entry.counted_links}
    cycles = set(chosen_cycles(workspace, None))
    cycles |= {entry.cycle for entry in inputs.okrs.key_results if entry.qualified_id in served}
    return frozenset(
        entry.qualified_id
        for entry in inputs.okrs.key_results
        if entry.qualified_id in served
        or (entry.cycle in cycles and inputs.okrs.cycle(entry.cycle).end >= workspace.today)
    )


def _cycles(workspace: Workspace, inputs: ReportInputs, meant: Collection[str]) -> list[str]:
    """Ids of the cycles that run today, and of those of the key results *meant*, in the order of the files."""
    found = {entry.cycle for entry in inputs.okrs.key_results if entry.qualified_id in meant}
    found.update(chosen_cycles(workspace, None))
    return [cycle.id for cycle in inputs.okrs.cycles if cycle.id in found]


def _asked(inputs: ReportInputs, chosen: Chosen) -> Sequence[Placement]:
    work, _ = pieces_of_work(chosen.placements, inputs.linking.hierarchy)
    return unlinked_of(work, inputs)[:MOST_ASKED]


def _suggested(
    workspace: Workspace, inputs: ReportInputs, cycles: Sequence[str], asked: Sequence[Placement]
) -> SuggestReport:
    if not workspace.hides_titles:
        return suggest_links(workspace, cycles, linking=inputs.linking, only=asked)
    # Titles are what it learns from: it gets them, and what it says of them is kept back.
    return without_titles(suggest_links(workspace, cycles, only=asked))


def _discovery(workspace: Workspace, inputs: ReportInputs, chosen: Chosen) -> frozenset[tuple[str, str]] | None:
    conditions = workspace.project.settings.plan.discovery
    if conditions is None:
        return None
    return frozenset(
        (entry.item.source, entry.item.external_id)
        for entry in chosen.placements
        if hold(conditions, entry.item, inputs.linking.hierarchy)
    )
