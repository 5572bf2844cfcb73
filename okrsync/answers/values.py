"""What serves which value, and what breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.placement_cache import about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, chosen_cycles
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.values_page import values_page
from okrsync.reports.values import ValuesReport, build_values


@dataclass(frozen=True, slots=True)
class ValuesQuestion:
    """
    Values of the objectives of a cycle.

    Attributes:
        cycle: a cycle's id or ``all``; empty or ``None``: those that run.
    """

    kind: ClassVar[str] = "values"
    cycle: str | None = None

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> ValuesReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        cycles = chosen_cycles(workspace, self.cycle or None)
        judged = judged or with_outcomes(workspace, report_inputs(workspace, about(workspace, cycles)), cycles)
        return build_values(judged, cycles)

    def lay_out(self, report: ValuesReport) -> ReportPage:
        """Return the page of *report*."""
        return values_page(report)
