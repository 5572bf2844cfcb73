"""
A page made ready for HTML: names that links can point to, rows that fit, and where the parts of each chart stand.

Apart from ``html``, which knows markup and nothing of this.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch

from okrsync.formats.charts.bars import BarRow, draw_bars
from okrsync.formats.charts.coverage import CoverageDrawing, draw_coverage
from okrsync.formats.charts.forest import ForestTick, draw_axis
from okrsync.formats.charts.metric import MetricDrawing, draw_metric
from okrsync.formats.charts.waterfall import WaterfallDrawing, draw_waterfall
from okrsync.reports.page import (
    Bars,
    Block,
    Cell,
    CoverageChart,
    Facts,
    Interval,
    MetricChart,
    Paragraph,
    ReportPage,
    Section,
    Table,
    Waterfall,
)
from okrsync.reports.words import formatting

MOST_ROWS = 200
"""Rows of one table; nobody reads on, and all of them are in the other formats."""
PAGE_ROWS = 450
"""Rows of all tables together, charts counted as rows: so a page of 1,000 items stays under 300 KB."""
_LEAST_ROWS = 10
_AS_ROWS: Mapping[type[Block], int] = {MetricChart: 16, Waterfall: 9, CoverageChart: 9, Bars: 3}
CONTENTS_FROM = 5
_DATA_ROWS = 12
_ROOMY_COLUMNS = 7
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class TableLayout:
    """
    What of a table is shown.

    *axes*: by column, the ticks of its drawings; none for a column that has none. *head* is the column that names the
    row. *rest*: how many rows are left out. *has_least* and *has_mde*: what the drawings show has to be explained.
    *is_signed*: the first column is a sign for the row.
    """

    rows: tuple[tuple[Cell, ...], ...]
    axes: tuple[tuple[ForestTick, ...] | None, ...]
    head: int
    rest: int
    has_least: bool
    has_mde: bool
    is_signed: bool

    @property
    def is_drawn(self) -> bool:
        """Some column has drawings."""
        return any(ticks is not None for ticks in self.axes)

    @property
    def is_dense(self) -> bool:
        """There are so many columns that they have to stand close, and may need more room than the page has."""
        return len(self.axes) + sum(ticks is not None for ticks in self.axes) > _ROOMY_COLUMNS

    @property
    def classes(self) -> str:
        """How the table is to look, in the words of the style sheet."""
        looks = (("forest", self.is_drawn), ("signed", self.is_signed), ("dense", self.is_dense))
        return " ".join(name for name, holds in looks if holds)


@dataclass(frozen=True, slots=True)
class MetricLayout:
    """A metric chart's drawing, its target in words, and the *picked* days of its data table (indexes)."""

    drawing: MetricDrawing
    target: str
    picked: tuple[int, ...]


Layout = TableLayout | MetricLayout | WaterfallDrawing | CoverageDrawing | tuple[BarRow, ...] | None


@dataclass(frozen=True, slots=True)
class LaidOutBlock:
    """A block, the *kind* that says how it is written, its *id* on the page, and its layout."""

    kind: str
    id: str
    block: Block
    layout: Layout


@dataclass(frozen=True, slots=True)
class LaidOutSection:
    """A section with its *id* on the page and a heading level that skips none."""

    id: str
    section: Section
    level: int
    blocks: tuple[LaidOutBlock, ...]


@dataclass(frozen=True, slots=True)
class LaidOutPage:
    """A page whose parts have places; *contents* are the sections to be listed at its head."""

    page: ReportPage
    sections: tuple[LaidOutSection, ...]
    notes: tuple[LaidOutBlock, ...]
    contents: tuple[LaidOutSection, ...]


def lay_out(page: ReportPage) -> LaidOutPage:
    """*page*, ready to be written."""
    names = _Names()
    most = _rows_each([block for section in page.sections for block in section.blocks])
    sections = tuple(_sections(page.sections, names, most))
    notes = tuple(_lay_out(note, most, names) for note in page.notes)
    titled = [entry for entry in sections if entry.section.title]
    listed = [entry for entry in titled if entry.level == 2] or titled
    return LaidOutPage(page, sections, notes, tuple(listed) if len(listed) >= CONTENTS_FROM else ())


def _sections(sections: Sequence[Section], names: _Names, most: int) -> Iterator[LaidOutSection]:
    level = 1
    for section in sections:
        if section.title:
            level = max(2, min(section.level, level + 1, 6))
        name = names.unique(section.id)
        yield LaidOutSection(name, section, level, tuple(_lay_out(block, most, names) for block in section.blocks))


class _Names:
    """Gives every part of a page a name of its own that an address can hold."""

    def __init__(self) -> None:
        self._taken = {"main", "contents"}

    def unique(self, text: str) -> str:
        """A name like *text*, and unlike all that were given before."""
        wanted = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:_LONGEST_NAME].strip("-.") or "part"
        name, count = wanted, 1
        while name in self._taken:
            count += 1
            name = f"{wanted}-{count}"
        self._taken.add(name)
        return name


def _rows_each(blocks: Sequence[Block]) -> int:
    """The most rows that every table may have so that all of them together leave the page as short as it is to be."""
    room = PAGE_ROWS - sum(_AS_ROWS.get(type(block), 0) for block in blocks)
    counts = [len(block.rows) for block in blocks if isinstance(block, Table)]
    fitting = (most for most in range(MOST_ROWS, _LEAST_ROWS, -1) if sum(min(count, most) for count in counts) <= room)
    return next(fitting, _LEAST_ROWS)


@singledispatch
def _lay_out(block: Block, most: int, names: _Names) -> LaidOutBlock:
    """Lay out one block; each kind has its own way, registered below."""
    raise NotImplementedError(type(block).__name__)


@_lay_out.register
def _(block: Paragraph, most: int, names: _Names) -> LaidOutBlock:
    return LaidOutBlock("paragraph", "", block, None)


@_lay_out.register
def _(block: Facts, most: int, names: _Names) -> LaidOutBlock:
    return LaidOutBlock("facts", "", block, None)


@_lay_out.register
def _(block: Table, most: int, names: _Names) -> LaidOutBlock:
    columns = range(len(block.columns))
    drawn = [[row[index].interval for row in block.rows if row[index].interval is not None] for index in columns]
    intervals: list[Interval] = [entry for column in drawn for entry in column if entry is not None]
    layout = TableLayout(
        rows=block.rows[:most],
        axes=tuple(draw_axis([entry for entry in column if entry is not None]) if column else None for column in drawn),
        head=next((index for index in columns if block.columns[index].name), 0),
        rest=max(0, len(block.rows) - most),
        has_least=any(entry.least for entry in intervals),
        has_mde=any(entry.mde is not None for entry in intervals),
        is_signed=not block.columns[0].name,
    )
    return LaidOutBlock("table", names.unique(block.id), block, layout)


@_lay_out.register
def _(block: Bars, most: int, names: _Names) -> LaidOutBlock:
    return LaidOutBlock("bars", names.unique(block.id), block, draw_bars(block))


@_lay_out.register
def _(block: MetricChart, most: int, names: _Names) -> LaidOutBlock:
    target = (
        ""
        if block.target is None
        else f"target {formatting.harmless(formatting.with_unit(block.target, block.unit), 20)}"
    )
    every = math.ceil(len(block.days) / _DATA_ROWS) or 1
    # Counted from the last day: that is the one people look for.
    picked = tuple(reversed(range(len(block.days) - 1, -1, -every)))
    return LaidOutBlock(
        "metric_chart", names.unique(block.id), block, MetricLayout(draw_metric(block, target), target, picked)
    )


@_lay_out.register
def _(block: Waterfall, most: int, names: _Names) -> LaidOutBlock:
    return LaidOutBlock("waterfall", names.unique(block.id), block, draw_waterfall(block))


@_lay_out.register
def _(block: CoverageChart, most: int, names: _Names) -> LaidOutBlock:
    return LaidOutBlock("coverage_chart", names.unique(block.id), block, draw_coverage(block))
