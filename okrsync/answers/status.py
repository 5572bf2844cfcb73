"""What the store has, and how work stands to key results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from okrsync.answers.placement_cache import about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, chosen_cycles
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.status_page import status_page
from okrsync.reports.status import StatusReport, build_status


@dataclass(frozen=True, slots=True)
class StatusQuestion:
    """
    Counts of everything, and the key results of a cycle.

    Attributes:
        cycle: a cycle's id or ``all``; empty or ``None``: those that run.
    """

    kind: ClassVar[str] = "status"
    cycle: str | None = None

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> StatusReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        cycles = chosen_cycles(workspace, self.cycle or None)
        names = {source.name for source in workspace.project.sources}
        with workspace.reading() as view:
            letters = [
                (letter.source, letter.external_id, letter.error)
                for letter in view.dead_letters()
                if letter.source in names
            ]
        return build_status(judged or report_inputs(workspace, about(workspace, cycles)), cycles, letters)

    def lay_out(self, report: StatusReport) -> ReportPage:
        """Return the page of *report*."""
        return status_page(report)
