"""How the goals themselves were changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from okrsync.answers.finding import find_key_result
from okrsync.answers.okr_versions import versions_of
from okrsync.answers.workspace import Workspace
from okrsync.reports.goal_changes import GoalsReport, build_goals
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.changes_page import changes_page


@dataclass(frozen=True, slots=True)
class ChangesQuestion:
    """
    Changes of the goals from one sync to the next.

    Attributes:
        name: only those of this key result, metric or cycle; empty: all of them.
    """

    kind: ClassVar[str] = "changes"
    name: str = ""

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> GoalsReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        wanted = self._wanted(workspace)
        with workspace.reading() as view:
            versions = versions_of(workspace, view.okr_texts(workspace.as_known))
        decisions = workspace.project.ledger.decisions
        return build_goals(versions, decisions, workspace.today, workspace.project.settings.zone, wanted)

    def lay_out(self, report: GoalsReport) -> ReportPage:
        """Return the page of *report*."""
        return changes_page(report)

    def _wanted(self, workspace: Workspace) -> str:
        okrs = workspace.project.okrs
        names = {*okrs.metrics_by_id, *(cycle.id for cycle in okrs.cycles), ""}
        return self.name if self.name in names else find_key_result(workspace, self.name).qualified_id
