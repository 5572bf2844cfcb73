"""Metrics on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from okrsync.model.okrs import MetricEvent
from okrsync.reports.metrics import MetricReport, MetricsReport
from okrsync.reports.words import formatting


def print_metrics(report: MetricsReport, console: Console) -> None:
    """A line for each metric: where it comes from, its latest value, and whether that is too old."""
    _line(console, f"Metrics · as of {formatting.day(report.as_of)}", style="bold")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("metric", "source", "cadence"):
        table.add_column(heading, overflow="fold")
    for heading in ("latest", "on", "age", "points"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for entry in report.metrics:
        table.add_row(*map(Text, (entry.id, entry.source_type, entry.cadence, *_latest(entry), state(entry))))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def print_metric(report: MetricReport, console: Console) -> None:
    """One metric with its definition, source, events and last points."""
    _line(console, f"{report.id} · {formatting.harmless(report.definition)}", style="bold")
    _line(console, f"unit {formatting.harmless(report.unit)} · {report.cadence} · {state(report)}")
    if report.owner or report.review_by:
        review = f"to be reviewed by {formatting.day(report.review_by)}" if report.review_by else ""
        _line(console, " · ".join(filter(None, (formatting.harmless(report.owner), review))))
    _line(console, f"source: {report.source_type}")
    for name, value in sorted(report.source.items()):
        _line(console, f"{name}: {formatting.harmless(str(value))}", indent=4, style="dim")
    for event in report.events:
        _line(console, f"{event.kind} {_when(event)}{f': {formatting.harmless(event.note)}' if event.note else ''}")
    if report.calendar:
        _line(console, f"public holidays of {report.calendar} are masked days")
    _line(console, f"{report.observations:,} observations, {report.revisions or 0:,} changed afterwards")
    for point in report.last:
        size = "" if point.n is None else f" (n = {formatting.number(point.n)})"
        value = formatting.with_unit(point.value, formatting.harmless(report.unit))
        _line(console, f"{point.day}  {value}{size}  {formatting.harmless(point.origin)}", indent=4)
    for problem in report.problems:
        _line(console, f"not read: {formatting.harmless(problem)}", style="yellow")


def state(report: MetricReport) -> str:
    """Whether a metric can be relied on, in words."""
    said = ["the last reading failed"] if report.problems else []
    if report.latest is None:
        said.append("never measured")
    elif report.is_stale:
        said.append(f"stale, over {report.most_days} days old")
    return ", ".join(said) or "fine"


def _latest(report: MetricReport) -> tuple[str, str, str, str]:
    latest = report.latest
    if latest is None:
        return formatting.MISSING, formatting.MISSING, formatting.MISSING, "0"
    value = formatting.with_unit(latest.value, formatting.harmless(report.unit))
    return value, latest.day.isoformat(), f"{report.age_days} d", f"{report.observations:,}"


def _when(event: MetricEvent) -> str:
    if event.start == event.end:
        return f"on {formatting.day(event.start)}"
    return f"from {formatting.day(event.start)} to {formatting.day(event.end)}"


def _line(console: Console, text: str, indent: int = 2, style: str = "") -> None:
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
