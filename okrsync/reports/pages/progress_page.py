"""How key results stand, laid out: one table of all, then each with its pace, forecast and judgeability."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.okrs.progress import Health
from okrsync.reports.page import Align, Cell, Column, ReportPage, Section, Table, Tone, cell, text
from okrsync.reports.pages.components import plural, scope_facts
from okrsync.reports.progress import KeyResultProgress, ProgressReport
from okrsync.reports.words import formatting, progress_text

_ON_COURSE = {Health.ON_TRACK, Health.REACHED}
_RIGHT = Align.RIGHT


def progress_page(report: ProgressReport) -> ReportPage:
    """Return the page of *report*."""
    return ReportPage(
        kind="progress",
        title=f"Progress · {', '.join(report.cycles) or 'no cycle'}",
        kicker=f"as of {formatting.day(report.as_of)}",
        headline=_headline(report),
        lede="",
        facts=scope_facts(report.as_of, report.cycles),
        sections=tuple(_sections(report)),
        detail="okrsync progress --format json",
    )


def _headline(report: ProgressReport) -> str:
    if not report.key_results:
        return "No cycle runs on this day; name one with --cycle."
    well = sum(entry.health in _ON_COURSE for entry in report.key_results)
    return f"{well:,} of {plural(len(report.key_results), 'key result')} are on track or have reached their target."


def _sections(report: ProgressReport) -> Iterator[Section]:
    if not report.key_results:
        return
    table = Table(
        "progress-table",
        "Key results",
        (
            Column("KR"),
            Column("Title", is_flexible=True),
            Column("Now", _RIGHT),
            Column("Target", _RIGHT, rank=1),
            Column("Progress", _RIGHT),
            Column("Status"),
        ),
        tuple(tuple(_row(entry)) for entry in report.key_results),
        brief_rows=len(report.key_results),
        is_whole=True,
    )
    yield Section("key-results", "Key results", (table,))
    for number, entry in enumerate(report.key_results, 1):
        blocks = tuple(text(line) for line in progress_text.lines(entry))
        title = f"{entry.id} · {entry.title} · {progress_text.health(entry)}"
        yield Section(f"key-result-{number}", title, blocks, level=3, is_detail=True)


def _row(entry: KeyResultProgress) -> Iterator[Cell]:
    current, share = entry.progress.current, entry.progress.share
    yield cell(entry.id)
    yield cell(entry.title)
    yield cell(formatting.with_unit(None if current is None else current.value, entry.unit))
    yield cell(_target(entry))
    yield cell(formatting.MISSING if share is None else formatting.percent(share))
    yield cell(progress_text.health(entry), tone=progress_text.TONES.get(entry.health, Tone.PLAIN))


def _target(entry: KeyResultProgress) -> str:
    if entry.band is not None:
        low, high = entry.band
        return f"{formatting.number(low)} to {formatting.with_unit(high, entry.unit)}"
    return formatting.with_unit(None if entry.target is None else entry.target.value, entry.unit)
