"""
What a page is made of: text, facts, tables, bars and charts, as plain data.

Every text in a block is text, whoever wrote it: nothing in it is markup, and each renderer escapes all of it for its
own format. So a page can hold what a tracker sent without anybody thinking of HTML, Markdown or terminals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

EXECUTIVE_ROWS = 5
_LEAST_RANK = 2


class Tone(StrEnum):
    """What a text wants to be; never the only sign of it, for colours get lost."""

    PLAIN = "plain"
    STRONG = "strong"
    MUTED = "muted"
    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"


class Align(StrEnum):
    """Where the text of a column stands; numbers stand right."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Code:
    """A key, an id or a command: shown as it is written, to be copied."""

    text: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """*text* that leads to *url* where the format has links; anything but http and https is only shown."""

    text: str
    url: str


Span = str | Code | Anchor
"""A piece of a text."""


@dataclass(frozen=True, slots=True)
class Interval:
    """
    An effect to be drawn, in the metric's unit: *value* within *low* and *high*, 95 %.

    *least*: what is smaller does not matter (0: everything does). *mde*: the smallest effect that could have been seen.
    *first* and *last* are the ends of the axis, which all intervals of one column share.
    """

    value: float
    low: float
    high: float
    least: float
    mde: float | None
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: *mark* (a sign like ▲) before its text, *note* smaller behind it."""

    spans: tuple[Span, ...] = ()
    note: str = ""
    mark: str = ""
    tone: Tone = Tone.PLAIN
    interval: Interval | None = None
    """Drawn where the format can draw; its numbers stand in the text as well."""


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column of a table; an empty *name* is for marks.

    *rank*: 0 is always shown; 1 needs 100 columns of a terminal, 2 needs 130; other formats show all. *is_flexible*:
    takes what room is left, and is cut where there is too little.
    """

    name: str
    align: Align = Align.LEFT
    rank: int = 0
    is_flexible: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text of its own."""

    spans: tuple[Span, ...]
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Facts:
    """Short facts side by side: name and text."""

    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table; the rows have as many cells as there are columns.

    *id* is unique on the page and names the table in links and file names. *empty* is said where there are no rows. A
    renderer shows as many rows as its format bears, says how many more there are, and adds *more*: where they are.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = ""
    more: tuple[Span, ...] = ()
    is_captioned: bool = False
    """The caption is shown; else only readers who do not see the page get it."""
    brief_rows: int = EXECUTIVE_ROWS
    """So many rows at most in the one-page form."""
    is_whole: bool = False
    """A screen shows every row: a sum or the last of a fixed few must not be cut off."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: *share* of the whole (0 to 1), and the *text* that says it in full."""

    label: str
    share: float
    text: str
    tone: Tone = Tone.PLAIN
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Shares of one whole, a bar each; they add up to 1."""

    id: str
    caption: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """A delivery on a metric chart: *letter* on its *day*, what it is, and how it was judged."""

    letter: str
    day: date
    label: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class MetricChart:
    """
    A metric over time, and where it would have been without the deliveries (with its 95 % interval).

    All series are as long as *days*; *expected*, *low* and *high* are empty where there is no model. *description* says
    in a sentence what is to be seen, with its numbers: it stands for the chart where nothing can be drawn.
    """

    id: str
    title: str
    description: str
    unit: str
    days: tuple[date, ...]
    observed: tuple[float, ...]
    expected: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    target: float | None = None
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a waterfall: *low* and *high* bound *value* where that is an estimate; totals stand on the ground."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    is_total: bool = False
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From a baseline over *steps* to now, in *unit*; *description* as in a metric chart."""

    id: str
    title: str
    description: str
    unit: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Portion:
    """One period of a coverage chart: of the work that needs a key result, the share (0 to 1) that has one."""

    label: str
    linked: float

    @property
    def unlinked(self) -> float:
        """The share that has none."""
        return 1 - self.linked


@dataclass(frozen=True, slots=True)
class CoverageChart:
    """How the share of linked work went over periods; *threshold* (0 to 1) where one is set."""

    id: str
    title: str
    description: str
    portions: tuple[Portion, ...]
    threshold: float | None = None


Block = Paragraph | Facts | Table | Bars | MetricChart | Waterfall | CoverageChart


@dataclass(frozen=True, slots=True)
class Section:
    """
    A part of a page under a heading; *kicker* is a small line above it. *is_detail*: not for the one-page form.

    *alike*: what it and others are, in the plural (``key results``); a screen shows the first of them.
    """

    id: str
    title: str
    blocks: tuple[Block, ...]
    kicker: str = ""
    level: int = 2
    is_detail: bool = False
    alike: str = ""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """
    A whole report, laid out.

    *kind* names the report, *title* and *kicker* the scope; *headline* says what matters in one sentence, *lede* what
    comes next. *notices* are what must not be overlooked: sources that could not be read, for example. *notes* say how
    to read it. *facts*: dates, sources, digest. *detail*: the command that prints everything.
    """

    kind: str
    title: str
    kicker: str
    headline: str
    lede: str
    facts: Facts
    sections: tuple[Section, ...]
    notices: tuple[str, ...] = ()
    notes: tuple[Paragraph, ...] = ()
    detail: str = ""


def cell(*spans: Span, note: str = "", mark: str = "", tone: Tone = Tone.PLAIN) -> Cell:
    """A cell of *spans*."""
    return Cell(tuple(spans), note, mark, tone)


def text(*spans: Span, tone: Tone = Tone.PLAIN) -> Paragraph:
    """A paragraph of *spans*."""
    return Paragraph(tuple(spans), tone)


def plain(spans: Iterable[Span]) -> str:
    """*spans* as one text, without any sign of what they were."""
    return "".join(span if isinstance(span, str) else span.text for span in spans)


def for_executives(page: ReportPage) -> ReportPage:
    """The one-page form of *page*: no details, of each table the first rows and the columns that matter, no charts."""
    sections = tuple(
        replace(section, blocks=tuple(_cut(block) for block in section.blocks))
        for section in page.sections
        if not section.is_detail
    )
    return replace(page, sections=sections)


def _cut(block: Block) -> Block:
    match block:
        case Table():
            return _first_rows(_narrow(block))
        case MetricChart() | Waterfall() | CoverageChart():
            return text(block.description)
        case _:
            return block


def _narrow(table: Table) -> Table:
    kept = [place for place, column in enumerate(table.columns) if column.rank < _LEAST_RANK]
    return replace(
        table,
        columns=tuple(table.columns[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in table.rows),
    )


def _first_rows(table: Table) -> Table:
    if len(table.rows) <= table.brief_rows:
        return table
    rest = len(table.rows) - table.brief_rows
    more = (f"{rest:,} more in the full report", *_behind(table))
    return replace(table, rows=table.rows[: table.brief_rows], more=more)


def _behind(block: Table) -> Sequence[Span]:
    return (": ", *block.more) if block.more else ()
