"""The verdicts on one key result or item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from okrsync.answers.evaluation import with_outcomes, with_outlook
from okrsync.answers.finding import find_placement
from okrsync.answers.placement_cache import about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace
from okrsync.errors import UsageError
from okrsync.model.work import LinkState
from okrsync.reports.checks import ChecksReport, build_checks
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.check_page import check_page


@dataclass(frozen=True, slots=True)
class CheckQuestion:
    """
    Verdicts on a key result or an item.

    Attributes:
        target: a key result (``KR1.1``, ``2026Q4/KR1.1``) or a delivered item (``PAY-12``, ``owner/web#12``).
        explains: whether the page has the story behind each verdict.
    """

    kind: ClassVar[str] = "check"
    target: str = ""
    explains: bool = False

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> ChecksReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        # Names are resolved first: a wrong one must not cost an evaluation.
        key, key_results = self._resolve(workspace)
        if judged is None:
            scope = replace(about(workspace, []), key_results=key_results)
            cycles = {name.partition("/")[0] for name in key_results}
            judged = with_outcomes(workspace, report_inputs(workspace, scope), cycles)
        return with_outlook(workspace, judged, build_checks(judged, self.target, key))

    def lay_out(self, report: ChecksReport) -> ReportPage:
        """Return the page of *report*."""
        return check_page(report, explains=self.explains)

    def _resolve(self, workspace: Workspace) -> tuple[str | None, frozenset[str]]:
        """Return the item's key (``None`` for a key result), and the key results (qualified) that are asked about."""
        wanted = self.target.casefold()
        named = frozenset(
            entry.qualified_id
            for entry in workspace.project.okrs.key_results
            if wanted in {entry.id.casefold(), entry.qualified_id.casefold()}
        )
        if named:
            return None, named
        try:
            placement = find_placement(workspace, self.target)
        except UsageError:
            raise UsageError(f'"{self.target}" is neither a key result nor an item that was read') from None
        linked = frozenset(link.key_result for link in placement.links if link.state is not LinkState.BROKEN)
        return placement.item.key, linked
