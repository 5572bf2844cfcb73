"""How key results stand: their progress, pace and forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from okrsync.answers.evaluation import cases_for
from okrsync.answers.outlooks import stored_outlooks
from okrsync.answers.placement_cache import about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, chosen_cycles
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.progress_page import progress_page
from okrsync.reports.progress import ProgressReport, build_progress


@dataclass(frozen=True, slots=True)
class ProgressQuestion:
    """
    Progress of a cycle's key results.

    Attributes:
        cycle: a cycle's id or ``all``; empty or ``None``: those that run.
    """

    kind: ClassVar[str] = "progress"
    cycle: str | None = None

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> ProgressReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        cycles = chosen_cycles(workspace, self.cycle or None)
        inputs = judged or report_inputs(workspace, about(workspace, cycles))
        cases = cases_for(workspace, inputs)
        look_ahead = stored_outlooks(workspace, [case.key for case in cases]).look_ahead
        return build_progress(inputs, cases, workspace.project.ledger.check_ins, cycles, look_ahead)

    def lay_out(self, report: ProgressReport) -> ReportPage:
        """Return the page of *report*."""
        return progress_page(report)
