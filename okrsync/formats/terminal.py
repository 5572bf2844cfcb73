"""Reports on a terminal: as wide as it is, readable without colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from okrsync.reports.counts import FaultyLink
from okrsync.reports.status import StatusReport
from okrsync.reports.words import formatting

MAX_DELIVERIES = 5
_MOST_MEMBERS = 4
MAX_ROWS = 8
ROOMY = 100
"""Columns from which on the less important ones are shown."""


def print_status(report: StatusReport, console: Console) -> None:
    """The status report."""
    _heading(console, f"Status · as of {formatting.day(report.as_of)}")
    for entry in report.sources:
        _line(console, formatting.source(entry) + (f" · {formatting.harmless(entry.error)}" if entry.error else ""))
    items = report.items
    grid = _table(["", "items", "share"], right=(1, 2))
    standing = items.total - items.dropped
    for label, count, whole in (
        ("issues", items.issue, items.total),
        ("pull requests", items.pull_request, items.total),
        ("to do", items.todo, items.total),
        ("in progress", items.in_progress, items.total),
        ("delivered", items.delivered, items.total),
        ("dropped", items.dropped, items.total),
        ("serve a key result", items.linked, standing),
        ("exempt", items.exempt, standing),
        ("unlinked", items.unlinked, standing),
    ):
        grid.add_row(label, f"{count:,}", formatting.percent(count / whole) if whole else formatting.MISSING)
    grid.add_row("all", f"{items.total:,}", "")
    _indented(console, grid)
    if report.exempt:
        _line(console, "exempt: " + " · ".join(formatting.exempt(entry) for entry in report.exempt))
    _line(console, "shares: of all items above the line of dropped ones, of what is not dropped below", style="dim")
    if report.unlinked_reasons:
        reasons = " · ".join(f"{formatting.CAUSES[cause]} {count:,}" for cause, count in report.unlinked_reasons)
        _line(console, f"unlinked because: {reasons}")
    if report.not_understood:
        _line(console, f"{len(report.not_understood):,} items could not be understood:", style="yellow")
        for source, id_, reason in report.not_understood[:MAX_ROWS]:
            _line(console, f"  {source} {formatting.harmless(id_)}: {formatting.harmless(reason)}")
    _print_failed_metrics(report.failed_metrics, console)
    _print_faulty(report.faulty_links, console)
    _heading(console, "Key results")
    results = _table(["", "now", "from", "to", "title"], right=(1, 2, 3), flexible=4)
    for result in report.key_results:
        results.add_row(
            result.id,
            formatting.with_unit(result.current.value if result.current else None, result.unit),
            formatting.with_unit(result.baseline.value if result.baseline else None, result.unit),
            formatting.with_unit(result.target.value if result.target else None, result.unit),
            Text(formatting.harmless(result.title)),
        )
    _indented(console, results)


def _print_failed_metrics(names: Sequence[str], console: Console) -> None:
    for name in names:
        _line(console, f"metric {name}: could not be read; its old observations are shown", style="yellow")


def _print_faulty(faults: Sequence[FaultyLink], console: Console) -> None:
    if not faults:
        return
    _heading(console, f"Links to mend · {len(faults):,}")
    grid = _table(["item", "names", "state", "why"], flexible=3)
    for fault in faults[:MAX_ROWS]:
        grid.add_row(
            Text(fault.key),
            Text(formatting.harmless(fault.key_result)),
            fault.state.value,
            Text(formatting.harmless(fault.reason)),
        )
    _indented(console, grid)
    _more(console, len(faults))


def _table(header: Sequence[str], *, right: Iterable[int] = (), flexible: int | None = None) -> Table:
    aligned = set(right)
    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for index, name in enumerate(header):
        grid.add_column(
            Text(name),
            justify="right" if index in aligned else "left",
            no_wrap=True,
            overflow="ellipsis",
            ratio=1 if index == flexible else None,
            min_width=16 if index == flexible else min(len(name), 6),
        )
    grid.expand = flexible is not None
    return grid


def _heading(console: Console, text: str) -> None:
    console.print()
    _line(console, text, style="bold")


def _line(console: Console, text: str, style: str = "", indent: int = 2) -> None:
    # Text, not markup: a title such as "[link=...]" is shown, never obeyed.
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))


def _indented(console: Console, grid: Table) -> None:
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _more(console: Console, count: int) -> None:
    if count > MAX_ROWS:
        _line(console, f"… and {count - MAX_ROWS:,} more (all of them: --format json)", style="dim")
