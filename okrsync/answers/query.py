"""Asks a question of the store: one read transaction, one report, one page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from okrsync.answers.report_data import load_freshness
from okrsync.answers.workspace import Workspace, in_one_transaction
from okrsync.formats.as_json import report_document
from okrsync.model.plain import to_plain
from okrsync.reports.inputs import Freshness
from okrsync.reports.pages.components import source_notices

if TYPE_CHECKING:
    from okrsync.reports.inputs import JudgedInputs
    from okrsync.reports.page import ReportPage

Report = TypeVar("Report")


class Question(Protocol[Report]):
    """A question with its choices."""

    kind: ClassVar[str]
    """The name of its command, and of its rows in :data:`okrsync.answers.kinds.KINDS`."""

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> Report:
        """
        Return the report that answers the question.

        Args:
            workspace: bound to the read transaction of the answer.
            judged: everything of the store with its verdicts, if the caller has it; ``None``: the question loads what
                it needs.

        Raises:
            UsageError: a choice names nothing, or more than one thing.
        """

    def lay_out(self, report: Report) -> ReportPage:
        """Return the page of *report*."""


@dataclass(frozen=True)
class Answer(Generic[Report]):
    """
    A report with its page.

    Attributes:
        report: the data.
        page: the report, laid out.
        freshness: of the sources and metrics behind it; ``None`` if the report itself has it.
    """

    report: Report
    page: ReportPage
    freshness: Freshness | None = None

    @cached_property
    def data(self) -> dict[str, Any]:
        """The report as plain data, with the state of the sources and metrics behind it."""
        more = {} if self.freshness is None else to_plain(self.freshness)
        return {**to_plain(self.report), **more}

    @cached_property
    def document(self) -> dict[str, Any]:
        """The data as a versioned JSON document."""
        return report_document(self.page.kind, self.data)

    @property
    def digest(self) -> str:
        """The digest of the report's data."""
        return str(self.document["data_digest"])


def ask(workspace: Workspace, question: Question[Report], judged: JudgedInputs | None = None) -> Answer[Report]:
    """
    Answer *question* from one read transaction of the store.

    Raises:
        UsageError: a choice names nothing, or more than one thing.
        StoreError: the store cannot be opened.
    """
    with in_one_transaction(workspace) as bound:
        report = question.build(bound, judged)
        if hasattr(report, "sources"):
            return Answer(report, question.lay_out(report))
        with bound.reading() as view:
            freshness = load_freshness(bound, view)
    page = question.lay_out(report)
    notices = source_notices(freshness.sources, freshness.failed_metrics)
    return Answer(report, replace(page, notices=(*notices, *page.notices)), freshness)
