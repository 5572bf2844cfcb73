"""Why an item serves what it serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from okrsync.answers.finding import find_placement
from okrsync.answers.workspace import Workspace
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.why_page import why_page
from okrsync.reports.why import WhyReport, build_why


@dataclass(frozen=True, slots=True)
class WhyQuestion:
    """
    The links of one item.

    Attributes:
        item: its key (``PAY-12``, ``owner/web#12`` or ``web#12``) or its address.
    """

    kind: ClassVar[str] = "why"
    item: str = ""

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> WhyReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        return build_why(find_placement(workspace, self.item), workspace.project.okrs)

    def lay_out(self, report: WhyReport) -> ReportPage:
        """Return the page of *report*."""
        return why_page(report)
