"""Suggested key results of unlinked items, laid out."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.page import Align, Cell, Code, Column, ReportPage, Section, Table, cell, text
from okrsync.reports.pages.components import scope_facts
from okrsync.reports.suggestions import SuggestedLink, SuggestReport
from okrsync.reports.words import formatting, suggestion_text


def suggestions_page(report: SuggestReport) -> ReportPage:
    """Return the page of *report*."""
    headline, *rest = suggestion_text.summary(report)
    how = "Nothing was linked. Write them to a file with --out links.csv, strike out what is wrong, and link the rest: "
    return ReportPage(
        kind="suggest",
        title=f"Suggestions · {', '.join(report.cycles) or 'no running cycle'}",
        kicker=f"as of {formatting.day(report.as_of)}",
        headline=headline,
        lede="",
        facts=scope_facts(report.as_of, report.cycles),
        sections=(Section("suggestions", "", (_table(report),)),) if report.suggestions else (),
        notes=(*(text(line) for line in rest), text(how, Code("okrsync link --from links.csv"))),
        detail="okrsync suggest --format json",
    )


def _table(report: SuggestReport) -> Table:
    columns = (
        Column("Item"),
        Column("Title", is_flexible=True),
        Column("Key result"),
        Column("Score", Align.RIGHT),
        Column("Because", is_flexible=True),
    )
    rows = tuple(tuple(_row(entry)) for entry in report.suggestions)
    return Table("suggestions-table", "Suggestions", columns, rows)


def _row(entry: SuggestedLink) -> Iterator[Cell]:
    yield cell(Code(entry.key))
    yield cell(entry.title)
    yield cell(entry.key_result)
    yield cell(f"{entry.score:.2f}")
    yield cell(suggestion_text.because(entry))
