"""Open work whose delivered siblings did not move it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.placement_cache import about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, chosen_cycles
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.stoplist_page import stoplist_page
from okrsync.reports.stoplist import Stoplist, StopRules, build_stoplist


@dataclass(frozen=True, slots=True)
class StoplistQuestion:
    """
    The stop list of a cycle's key results.

    Attributes:
        cycle: a cycle's id or ``all``; empty or ``None``: those that run.
    """

    kind: ClassVar[str] = "stoplist"
    cycle: str | None = None

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> Stoplist:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        cycles = chosen_cycles(workspace, self.cycle or None)
        judged = judged or with_outcomes(workspace, report_inputs(workspace, about(workspace, cycles)), cycles)
        rules = StopRules.from_settings(workspace.project.settings.rules)
        return build_stoplist(judged, workspace.project.ledger, rules, cycles)

    def lay_out(self, report: Stoplist) -> ReportPage:
        """Return the page of *report*."""
        return stoplist_page(report)
