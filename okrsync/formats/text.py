"""A page on a terminal: as wide as it is, readable without colour."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from okrsync.reports.page import (
    Align,
    Bars,
    Block,
    Cell,
    Column,
    CoverageChart,
    Facts,
    MetricChart,
    Paragraph,
    ReportPage,
    Section,
    Table,
    Tone,
    Waterfall,
    plain,
)
from okrsync.reports.words.formatting import harmless

MAX_ROWS = 8
MAX_ALIKE = 12
"""Sections of one kind; who has more to look through reads them as a page or asks for one."""
_RANKS = (0, 100, 130)
"""From how many columns on a column of that rank is shown."""
_STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.MUTED: "dim",
    Tone.GOOD: "green",
    Tone.BAD: "red",
    Tone.UNSURE: "yellow",
}
_BAR_WIDTH = 24
_LONGEST = 2000
"""Characters of a paragraph; of a cell there are as many as fit."""


def print_page(page: ReportPage, console: Console) -> None:
    """Print *page*, each table and each run of like sections cut to what fits a screen."""
    console.print()
    _line(console, " · ".join(filter(None, (page.title, page.kicker))), "bold")
    _line(console, " · ".join(f"{name.lower()} {value}".strip() for name, value in page.facts.facts), "dim")
    console.print()
    _line(console, page.headline, "bold")
    _line(console, page.lede)
    for notice in page.notices:
        _line(console, f"! {notice}", "yellow")
    for alike, sections in groupby(page.sections, key=lambda section: section.alike):
        held = list(sections)
        for section in held[: MAX_ALIKE if alike else len(held)]:
            _print_section(section, console)
        if alike and len(held) > MAX_ALIKE:
            console.print()
            _line(console, f"… {len(held) - MAX_ALIKE:,} more {alike}", "dim")
    if page.notes:
        console.print()
    for note in page.notes:
        _print_block(note, console)
    if page.detail:
        _line(console, f"everything: {page.detail}", "dim")


def _print_section(section: Section, console: Console) -> None:
    console.print()
    if section.kicker:
        _line(console, section.kicker, "dim")
    if section.title:
        _line(console, section.title, "bold")
    for block in section.blocks:
        _print_block(block, console)


@singledispatch
def _print_block(block: Block, console: Console) -> None:
    """Print one block; each kind has its own way, registered below."""
    raise NotImplementedError(type(block).__name__)


@_print_block.register
def _(block: Paragraph, console: Console) -> None:
    _line(console, plain(block.spans), _STYLES[block.tone])


@_print_block.register
def _(block: Facts, console: Console) -> None:
    for name, value in block.facts:
        _line(console, f"{name}: {value}")


@_print_block.register
def _(block: Table, console: Console) -> None:
    if not block.rows:
        _line(console, block.empty, "dim")
        return
    if block.is_captioned:
        _line(console, block.caption, "dim")
    shown = [index for index, column in enumerate(block.columns) if console.width >= _RANKS[column.rank]]
    grid = _grid([block.columns[index] for index in shown])
    # A note in a column that is not cut would push the others off the screen.
    noted = [console.width >= _RANKS[2] or block.columns[index].is_flexible for index in shown]
    for row in block.rows if block.is_whole else block.rows[:MAX_ROWS]:
        grid.add_row(*(_cell(row[index], has_note=has_note) for index, has_note in zip(shown, noted, strict=True)))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))
    _print_rest(block, console)


def _print_rest(block: Table, console: Console) -> None:
    rest = 0 if block.is_whole else len(block.rows) - MAX_ROWS
    told = [f"… {rest:,} more"] if rest > 0 else []
    if block.more:
        told.append(plain(block.more))
    _line(console, " · ".join(told), "dim")


@_print_block.register
def _(block: Bars, console: Console) -> None:
    if block.caption:
        _line(console, block.caption, "dim")
    grid = _grid([Column(""), Column(""), Column("", is_flexible=True)])
    for bar in block.bars:
        label = " ".join(filter(None, (bar.mark, bar.label)))
        drawn = "▇" * round(min(1.0, max(0.0, bar.share)) * _BAR_WIDTH) or "·"
        style = _STYLES[bar.tone]
        grid.add_row(Text(harmless(label)), Text(drawn, style=style), Text(harmless(bar.text)))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


@_print_block.register(MetricChart)
@_print_block.register(Waterfall)
@_print_block.register(CoverageChart)
def _(block: MetricChart | Waterfall | CoverageChart, console: Console) -> None:
    # What would be drawn, in a sentence: letters on a terminal make no chart that one could read a value from.
    _line(console, block.description, "dim")


def _grid(columns: Sequence[Column]) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    # One column that takes the room that is left is cut; several would each be left with too little, and wrap.
    several = sum(column.is_flexible for column in columns) > 1
    for column in columns:
        grid.add_column(
            Text(harmless(column.name)),
            justify="right" if column.align is Align.RIGHT else "left",
            no_wrap=not (several and column.is_flexible),
            overflow="ellipsis",
            ratio=1 if column.is_flexible else None,
            min_width=16 if column.is_flexible else min(len(column.name), 6),
        )
    grid.show_header = any(column.name for column in columns)
    grid.expand = any(column.is_flexible for column in columns)
    return grid


def _cell(entry: Cell, *, has_note: bool) -> Text:
    # Text, not markup: a title such as "[link=...]" is shown, never obeyed.
    words = " ".join(filter(None, (harmless(entry.mark), harmless(plain(entry.spans)))))
    made = Text(words, style=_STYLES[entry.tone])
    if entry.note and has_note:
        made.append(f"  {harmless(entry.note)}", style="dim")
    return made


def _line(console: Console, text: str, style: str = "") -> None:
    if text:
        console.print(Padding(Text(harmless(text, _LONGEST), style=style), (0, 0, 0, 2), expand=False))
