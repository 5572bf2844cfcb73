"""The verdicts on one key result or item, laid out; with the story behind each where that is wanted."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.checks import CheckedKeyResult, ChecksReport
from okrsync.reports.page import ReportPage, Section, Tone, text
from okrsync.reports.pages.components import plural, scope_facts
from okrsync.reports.words import formatting, verdict_text
from okrsync.reports.words.explanation import story
from okrsync.reports.words.verdict_table import VERDICTS


def check_page(report: ChecksReport, *, explains: bool) -> ReportPage:
    """Return the page of *report*; *explains*: with the story behind each verdict."""
    checks = sum(len(entry.checks) for entry in report.key_results)
    return ReportPage(
        kind="check",
        title=f"Verdicts · {report.asked}",
        kicker=f"as of {formatting.day(report.as_of)}",
        headline=f"{plural(checks, 'verdict')} on {plural(len(report.key_results), 'key result')}.",
        lede="",
        facts=scope_facts(report.as_of, ()),
        sections=tuple(section for entry in report.key_results for section in _sections(entry, explains=explains)),
        notes=(text(verdict_text.METHOD, tone=Tone.MUTED),) if explains else (),
        detail=f"okrsync check {report.asked} --format json",
    )


def _sections(entry: CheckedKeyResult, *, explains: bool) -> Iterator[Section]:
    about = [text(entry.definition, tone=Tone.MUTED)] if entry.definition else []
    if not entry.checks:
        about.append(text("Nothing was delivered on it yet."))
    if explains and (parts := verdict_text.decomposition(entry.outcome, entry.unit)):
        about.append(text(f"The whole change: {parts}."))
    yield Section(f"checks-{entry.id}", f"{entry.id} · {entry.title}", tuple(about))
    ordered = sorted(entry.checks, key=lambda check: check.last, reverse=True)
    for number, check in enumerate(ordered, 1):
        mark = VERDICTS[check.verdict].mark or "·"
        title = f"{mark} {', '.join(check.members)}: {verdict_text.line(check, entry.unit)}"
        lines = tuple(text(f"{head}: {words}.") for head, words in (story(entry, check) if explains else ()))
        yield Section(f"check-{entry.id}-{number}", title, lines, level=3)
