"""The outcomes report from the store: what was judged, with everything that it takes from other reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar

from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.outlooks import stored_outlooks
from okrsync.answers.placement_cache import ReportScope, about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, chosen_cycles, seen_expectations
from okrsync.reports.hypotheses import HypothesesReport, build_hypotheses
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.outcomes.due_checks import DecisionContext
from okrsync.reports.outcomes.report import OutcomesReport, RelatedReports, build_outcomes
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.outcomes_page import outcomes_page
from okrsync.reports.progress import build_progress
from okrsync.reports.stoplist import StopRules, build_stoplist
from okrsync.reports.values import build_values

LOOK_BACK = timedelta(days=14)
"""How far a report looks back for what is new, where nobody says since when: a sprint."""


@dataclass(frozen=True, slots=True)
class OutcomesQuestion:
    """
    Outcomes of a cycle.

    Attributes:
        cycle: a cycle's id or ``all``; empty or ``None``: those that run.
        since: the day after which things are new, or ``last`` for the last sync; ``None``: :data:`LOOK_BACK` ago.
    """

    kind: ClassVar[str] = "outcomes"
    cycle: str | None = None
    since: date | str | None = None

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> OutcomesReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        cycles, new = chosen_cycles(workspace, self.cycle or None), first_new_day(workspace, self.since)
        if judged is None:
            inputs = report_inputs(workspace, about_outcomes(workspace, cycles, new))
            judged = with_outcomes(workspace, inputs, cycles)
        return outcomes_report(workspace, judged, cycles, new)

    def lay_out(self, report: OutcomesReport) -> ReportPage:
        """Return the page of *report*."""
        return outcomes_page(report)


def outcomes_report(
    workspace: Workspace, inputs: JudgedInputs, cycles: Sequence[str], since: date | None = None
) -> OutcomesReport:
    """The report on *cycles* (ids); *inputs* with what the statistics say. *since*: after which day things are new."""
    ledger = workspace.project.ledger.stated_by(inputs.as_of, inputs.zone)
    with workspace.reading() as view:
        seen = seen_expectations(workspace, view)
    values = build_values(inputs, cycles)
    look_ahead = stored_outlooks(workspace, [case.key for case in inputs.cases]).look_ahead
    return build_outcomes(
        inputs,
        cycles,
        since or workspace.today - LOOK_BACK,
        RelatedReports(
            build_progress(inputs, inputs.cases, ledger.check_ins, cycles, look_ahead),
            _of_cycles(build_hypotheses(inputs, ledger, seen, overdue=True), inputs, cycles),
            DecisionContext(
                ledger.decisions,
                ledger.hypotheses,
                inputs.zone,
                [win for value in values.values for win in value.flagged],
                build_stoplist(inputs, ledger, StopRules.from_settings(workspace.project.settings.rules), cycles),
            ),
        ),
        is_since_asked=since is not None,
    )


def _of_cycles(report: HypothesesReport, inputs: JudgedInputs, cycles: Sequence[str]) -> HypothesesReport:
    """*report* without what is expected of other cycles' key results: their own reports tell of it."""
    others = {entry.qualified_id for entry in inputs.okrs.key_results if entry.cycle not in cycles}
    return replace(report, hypotheses=tuple(line for line in report.hypotheses if line.key_result not in others))


def about_outcomes(workspace: Workspace, cycles: Sequence[str], since: date | None = None) -> ReportScope:
    """What the report on *cycles* goes into; *since* as for :func:`outcomes_report`."""
    return about(workspace, cycles, since or workspace.today - LOOK_BACK)


def first_new_day(workspace: Workspace, since: date | str | None) -> date | None:
    """The day that *since* names: itself, or for ``last`` the day of the last sync, where there was one."""
    if since != "last":
        return since if isinstance(since, date) else None
    return day_of_last_sync(workspace)


def day_of_last_sync(workspace: Workspace) -> date | None:
    """The day on which the last sync began, in the project's time zone; ``None`` before the first."""
    with workspace.reading() as view:
        started = max((run.started for run in view.last_runs().values()), default=None)
    return None if started is None else started.astimezone(workspace.project.settings.zone).date()
