"""Values, what serves them and what breaks them, laid out."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.page import ReportPage, Section, Tone, text
from okrsync.reports.pages.components import plural, scope_facts
from okrsync.reports.values import ValuesReport
from okrsync.reports.words import formatting, value_text


def values_page(report: ValuesReport) -> ReportPage:
    """Return the page of *report*."""
    return ReportPage(
        kind="values",
        title=f"Values · {', '.join(report.cycles) or 'no cycle'}",
        kicker=f"as of {formatting.day(report.as_of)}",
        headline=_headline(report),
        lede="",
        facts=scope_facts(report.as_of, report.cycles),
        sections=tuple(_sections(report)),
        notes=(text(f"Objectives that name no value: {', '.join(report.unserved)}."),) if report.unserved else (),
        detail="okrsync values --format json",
    )


def _headline(report: ValuesReport) -> str:
    if not report.values:
        return "No value is written down; see values in docs/configuration.md."
    broken = sum(guardrail.is_broken is True for entry in report.values for guardrail in entry.guardrails)
    return (
        f"{plural(len(report.values), 'value')}; {plural(broken, 'guardrail')} outside "
        f"{'its' if broken == 1 else 'their'} limits."
    )


def _sections(report: ValuesReport) -> Iterator[Section]:
    for number, entry in enumerate(report.values, 1):
        lines = [text(f"{head}: {line}", tone=_tone(head)) for head, line in value_text.lines(entry)]
        yield Section(f"value-{number}", f"{entry.id} · {entry.statement}", tuple(lines), level=3)


def _tone(head: str) -> Tone:
    return Tone.BAD if head == value_text.WON_AT_ITS_EXPENSE else Tone.PLAIN
