"""The stop list, laid out."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.page import ReportPage, Section, Tone, text
from okrsync.reports.pages.components import plural, scope_facts
from okrsync.reports.stoplist import Stoplist
from okrsync.reports.words import formatting, stoplist_text


def stoplist_page(report: Stoplist) -> ReportPage:
    """Return the page of *report*."""
    return ReportPage(
        kind="stoplist",
        title="Stop list",
        kicker=f"as of {formatting.day(report.as_of)}",
        headline=_headline(report),
        lede=f"{report.watched:,} more with a verdict and open work are not listed.",
        facts=scope_facts(report.as_of, ()),
        sections=tuple(_sections(report)),
        notes=(text(stoplist_text.rules(report), tone=Tone.MUTED),),
        detail="okrsync stoplist --format json",
    )


def _headline(report: Stoplist) -> str:
    if not report.lines:
        return "Nothing speaks against going on with any open work."
    return f"Evidence speaks against going on with {plural(len(report.lines), 'group')} of open work."


def _sections(report: Stoplist) -> Iterator[Section]:
    for number, line in enumerate(report.lines, 1):
        blocks = tuple(text(f"{head}: {words}") for head, words in stoplist_text.lines(line))
        yield Section(f"line-{number}", stoplist_text.title(line), blocks, level=3)
