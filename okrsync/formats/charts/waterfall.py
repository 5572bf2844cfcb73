"""The waterfall: from a baseline, step by step, to now; a row each, so that labels have room and phones too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from okrsync.formats.charts.scale import Axis, axis
from okrsync.reports.page import Step, Waterfall


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """
    One step; all places are shares of the width.

    The bar goes from *start* to *end*; *before* and *after* are where the sum stood and stands, for the lines that join
    the rows (none above the first and below the last). *low* and *high* bound where the sum may be after this step.
    """

    step: Step
    start: float
    end: float
    before: float | None
    after: float | None
    low: float | None
    high: float | None

    @property
    def left(self) -> float:
        """The bar's left end."""
        return min(self.start, self.end)

    @property
    def width(self) -> float:
        """The bar's width."""
        return abs(self.end - self.start)


@dataclass(frozen=True, slots=True)
class WaterfallDrawing:
    """
    A waterfall's coordinates.

    *has_ground*: 0 lies on the axis, and totals are bars from there; else they are marks, for a bar that was cut would
    say that one total is many times another. *zero* is where 0 lies. *span* is how far the numbers go.
    """

    rows: tuple[WaterfallRow, ...]
    ticks: tuple[tuple[float, str], ...]
    has_ground: bool
    zero: float | None
    span: float


@dataclass(frozen=True, slots=True)
class _Placed:
    step: Step
    start: float
    end: float


def draw_waterfall(chart: Waterfall) -> WaterfallDrawing:
    """The coordinates of *chart*."""
    placed = list(_placed(chart.steps))
    reached = list(_reached(placed))
    span = max(reached, default=0.0) - min(reached, default=0.0)
    # The ground is worth up to half of the width: farther away it would squeeze the steps.
    is_near = min(map(abs, reached), default=0.0) <= span
    numbers = axis([*reached, 0.0] if is_near else reached)
    has_ground = numbers.first <= 0.0 <= numbers.last
    ground = 0.0 if has_ground else None
    rows = [_row(entry, ground, numbers) for entry in placed]
    return WaterfallDrawing(
        rows=tuple(_joined(rows)),
        ticks=tuple((numbers.share(tick), numbers.label(tick)) for tick in numbers.ticks),
        has_ground=has_ground,
        zero=numbers.share(0.0) if has_ground else None,
        span=numbers.span,
    )


def _placed(steps: Iterable[Step]) -> Iterator[_Placed]:
    """Each step with the sum before and after it; a total says what the sum is."""
    total = 0.0
    for step in steps:
        end = step.value if step.is_total else total + step.value
        yield _Placed(step, end if step.is_total else total, end)
        total = end


def _reached(placed: Iterable[_Placed]) -> Iterator[float]:
    for entry in placed:
        yield entry.start
        yield entry.end
        base = 0.0 if entry.step.is_total else entry.start
        for bound in (entry.step.low, entry.step.high):
            if bound is not None:
                yield base + bound


def _row(entry: _Placed, ground: float | None, numbers: Axis) -> WaterfallRow:
    step = entry.step
    base = 0.0 if step.is_total else entry.start
    start = entry.end if step.is_total and ground is None else ground if step.is_total else entry.start
    return WaterfallRow(
        step=step,
        start=numbers.share(entry.start if start is None else start),
        end=numbers.share(entry.end),
        before=None,
        after=numbers.share(entry.end),
        low=None if step.low is None else numbers.share(base + step.low),
        high=None if step.high is None else numbers.share(base + step.high),
    )


def _joined(rows: list[WaterfallRow]) -> Iterator[WaterfallRow]:
    """*rows* with the lines between them: each begins where the one above it ended."""
    above: list[float | None] = [None, *(before.after for before, _ in pairwise(rows))]
    for index, (row, before) in enumerate(zip(rows, above, strict=False)):
        after = row.after if index + 1 < len(rows) else None
        yield WaterfallRow(row.step, row.start, row.end, before, after, row.low, row.high)
