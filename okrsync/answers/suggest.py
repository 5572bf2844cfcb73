"""Suggests key results for unlinked items, by what is linked already; writes nothing to store or ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from okrsync.answers.workspace import Workspace, chosen_cycles, link_all
from okrsync.errors import UsageError
from okrsync.formats.files import write_whole
from okrsync.formats.suggestions import links_csv
from okrsync.linking.placement import HIDDEN, Placements
from okrsync.model.placements import Placement
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.suggestions_page import suggestions_page
from okrsync.reports.suggestions import SuggestReport, build_suggestions
from okrsync.store.free_text import prose
from okrsync.suggesting.sampling import place_of
from okrsync.suggesting.suggestions import suggest
from okrsync.suggesting.training_data import material


@dataclass(frozen=True, slots=True)
class SuggestQuestion:
    """
    Key results that unlinked items may serve.

    Attributes:
        cycle: a cycle's id or ``all``; empty or ``None``: those that run.
        min_score: only suggestions that score at least this, 0 to 1.
        limit: at most so many, the surest first; ``None``: all of them.
    """

    kind: ClassVar[str] = "suggest"
    cycle: str | None = None
    min_score: float = 0.0
    limit: int | None = None

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> SuggestReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        cycles = chosen_cycles(workspace, self.cycle or None)
        linking = None if judged is None or workspace.hides_titles else judged.linking
        report = suggest_links(workspace, cycles, min_score=self.min_score, limit=self.limit, linking=linking)
        return without_titles(report) if workspace.hides_titles else report

    def lay_out(self, report: SuggestReport) -> ReportPage:
        """Return the page of *report*."""
        return suggestions_page(report)


def without_titles(report: SuggestReport) -> SuggestReport:
    """Return *report* without the titles that its suggestions were learned from, and without their words."""
    return replace(
        report,
        suggestions=tuple(replace(entry, title=HIDDEN, words=()) for entry in report.suggestions),
    )


def suggest_links(
    workspace: Workspace,
    cycles: Sequence[str],
    *,
    min_score: float = 0.0,
    limit: int | None = None,
    linking: Placements | None = None,
    only: Collection[Placement] | None = None,
) -> SuggestReport:
    """
    Suggestions for the unlinked items of *cycles*; at most *limit* that score at least *min_score*.

    *linking*: where the caller has just placed every item; *only*: no other unlinked items are asked about.
    """
    project = workspace.project
    with workspace.reading() as view:
        if linking is None:
            linking = link_all(workspace, view, as_of=workspace.now if workspace.is_pinned else None)
        learned = material(
            linking,
            project.okrs,
            project.settings.work,
            project.ledger.links,
            lambda items: prose(view, map(place_of, items)),
            cycles=cycles,
            today=workspace.today,
            zone=project.settings.zone,
            only=only,
        )
        # Questions are described as they are asked, so the view stays open until the last one is.
        found = suggest(learned.examples, learned.questions, learned.background, learned.exempt)
    return build_suggestions(
        linking,
        project.okrs,
        found,
        learned,
        cycles=cycles,
        as_of=workspace.today,
        min_score=min_score,
        limit=limit,
    )


def check_is_new(path: Path) -> None:
    """
    Make sure that there is nothing at *path*, which may hold what people have reviewed already.

    Raises:
        UsageError: there is.
    """
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} exists already and was left as it is; name another file, or remove it")


def write_suggestions(report: SuggestReport, path: Path) -> None:
    """
    Write *report* to *path* as ``okrsync link --from`` takes it.

    Raises:
        OkrsyncError: it cannot be written.
    """
    check_is_new(path)
    write_whole(path, links_csv(report))
