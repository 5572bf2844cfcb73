"""What was expected of work, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.placement_cache import about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, seen_expectations
from okrsync.errors import UsageError
from okrsync.reports.hypotheses import HypothesesReport, build_hypotheses
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.hypotheses_page import hypotheses_page


@dataclass(frozen=True, slots=True)
class HypothesesQuestion:
    """
    Hypotheses with their verdicts.

    Attributes:
        wanted: the id of one, or the key of an item; empty: all of them.
        overdue: only those that were not delivered, or not judged, in time.
    """

    kind: ClassVar[str] = "hypotheses"
    wanted: str = ""
    overdue: bool = False

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> HypothesesReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        ledger = workspace.project.ledger
        with workspace.reading() as view:
            seen = seen_expectations(workspace, view)
        if judged is None:
            named = {entry.key_result.casefold() for entry in ledger.hypotheses}
            named |= {entry.key_result.casefold() for entry in seen}
            key_results = frozenset(
                entry.qualified_id
                for entry in workspace.project.okrs.key_results
                if not named.isdisjoint({entry.id.casefold(), entry.qualified_id.casefold()})
            )
            keys = frozenset(key for entry in ledger.hypotheses for key in entry.items)
            scope = replace(about(workspace, []), key_results=key_results, items=keys)
            judged = with_outcomes(workspace, report_inputs(workspace, scope), ())
        report = build_hypotheses(judged, ledger, seen, wanted=self.wanted, overdue=self.overdue)
        if self.wanted and not report.hypotheses:
            raise UsageError(f'nothing was expected by or of "{self.wanted[:80]}"; see okrsync hypothesis list')
        return report

    def lay_out(self, report: HypothesesReport) -> ReportPage:
        """Return the page of *report*."""
        return hypotheses_page(report, wanted=self.wanted, overdue=self.overdue)
