"""Metrics laid out: a table of all, or one with its definition, source, events and last points."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.model.okrs import MetricEvent
from okrsync.reports.metrics import MetricReport, MetricsReport
from okrsync.reports.page import Align, Cell, Code, Column, Paragraph, ReportPage, Section, Table, Tone, cell, text
from okrsync.reports.pages.components import plural, scope_facts
from okrsync.reports.words import formatting

_RIGHT = Align.RIGHT
_FINE = "fine"


def metrics_page(report: MetricsReport) -> ReportPage:
    """Return the page of *report*."""
    troubled = sum(state(entry) != _FINE for entry in report.metrics)
    columns = (
        Column("Metric"),
        Column("Source"),
        Column("Cadence", rank=1),
        Column("Latest", _RIGHT),
        Column("On", _RIGHT),
        Column("Age", _RIGHT),
        Column("Points", _RIGHT, rank=1),
        Column("State"),
    )
    rows = tuple(tuple(_row(entry)) for entry in report.metrics)
    return ReportPage(
        kind="metrics",
        title="Metrics",
        kicker=f"as of {formatting.day(report.as_of)}",
        headline=f"{plural(len(rows), 'metric')}; {troubled:,} stale, never measured or not read.",
        lede="",
        facts=scope_facts(report.as_of, ()),
        sections=(Section("metrics", "", (Table("metrics-table", "Metrics", columns, rows, is_whole=True),)),),
        detail="okrsync metric list --format json",
    )


def metric_page(report: MetricReport) -> ReportPage:
    """Return the page of one metric."""
    sections = [Section("source", "Source", tuple(_source(report)))]
    if events := tuple(text(_event(event)) for event in report.events):
        sections.append(Section("events", "Events", events))
    sections.append(Section("points", "Last points", tuple(_points(report))))
    return ReportPage(
        kind="metric",
        title=report.id,
        kicker=state(report),
        headline=report.definition,
        lede="",
        facts=scope_facts(None, ()),
        sections=tuple(sections),
        notices=tuple(f"not read: {problem}" for problem in report.problems),
        detail=f"okrsync metric show {report.id} --format json",
    )


def state(report: MetricReport) -> str:
    """Return whether a metric can be relied on, in words."""
    said = ["the last reading failed"] if report.problems else []
    if report.latest is None:
        said.append("never measured")
    elif report.is_stale:
        said.append(f"stale, over {report.most_days} days old")
    return ", ".join(said) or _FINE


def _row(report: MetricReport) -> Iterator[Cell]:
    yield cell(Code(report.id))
    yield cell(report.source_type)
    yield cell(report.cadence)
    latest = report.latest
    if latest is None:
        yield from (cell(formatting.MISSING), cell(formatting.MISSING), cell(formatting.MISSING), cell("0"))
    else:
        yield cell(formatting.with_unit(latest.value, report.unit))
        yield cell(latest.day.isoformat())
        yield cell(f"{report.age_days} d")
        yield cell(f"{report.observations:,}")
    yield cell(state(report), tone=Tone.PLAIN if state(report) == _FINE else Tone.UNSURE)


def _source(report: MetricReport) -> Iterator[Paragraph]:
    yield text(f"unit {report.unit} · {report.cadence} · source: {report.source_type}")
    for name, value in sorted(report.source.items()):
        yield text(f"{name}: {value}", tone=Tone.MUTED)
    if report.owner or report.review_by:
        review = f"to be reviewed by {formatting.day(report.review_by)}" if report.review_by else ""
        yield text(" · ".join(filter(None, (report.owner, review))))
    if report.calendar:
        yield text(f"public holidays of {report.calendar} are masked days")


def _event(event: MetricEvent) -> str:
    when = f"from {formatting.day(event.start)} to {formatting.day(event.end)}"
    if event.start == event.end:
        when = f"on {formatting.day(event.start)}"
    return f"{event.kind} {when}{f': {event.note}' if event.note else ''}"


def _points(report: MetricReport) -> Iterator[Paragraph]:
    yield text(f"{report.observations:,} observations, {report.revisions or 0:,} changed afterwards")
    for point in report.last:
        size = "" if point.n is None else f" (n = {formatting.number(point.n)})"
        yield text(f"{point.day}  {formatting.with_unit(point.value, report.unit)}{size}  {point.origin}")
