"""The forest plot: the intervals of one column of a table, drawn on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from okrsync.formats.charts.scale import Axis, axis
from okrsync.reports.page import Interval


@dataclass(frozen=True, slots=True)
class ForestTick:
    """A round number over the column; *is_zero*: the one that means no effect."""

    x: float
    label: str
    anchor: str
    is_zero: bool


@dataclass(frozen=True, slots=True)
class ForestRow:
    """
    One interval; all places are shares of the width.

    *is_cut_low*, *is_cut_high*: it goes on beyond the axis. *least_low* and *least_high* bound what is too small to
    matter; *mde* is where the smallest effect lies that could have been seen.
    """

    low: float
    high: float
    value: float
    zero: float | None
    least_low: float
    least_high: float
    mde: float | None
    is_cut_low: bool
    is_cut_high: bool


def draw_row(interval: Interval) -> ForestRow:
    """The coordinates of *interval* on its own axis."""
    ends = _ends(interval)
    least = abs(interval.least)
    mde = None if interval.mde is None else _signed_mde(interval.mde, interval.value)
    return ForestRow(
        low=ends.share(interval.low),
        high=ends.share(interval.high),
        value=ends.share(interval.value),
        zero=ends.share(0.0) if ends.first <= 0.0 <= ends.last else None,
        least_low=ends.share(-least),
        least_high=ends.share(least),
        mde=ends.share(mde) if mde is not None and ends.first <= mde <= ends.last else None,
        is_cut_low=interval.low < ends.first,
        is_cut_high=interval.high > ends.last,
    )


def draw_axis(intervals: Sequence[Interval]) -> tuple[ForestTick, ...]:
    """The ticks that all *intervals* share; none where their axes differ."""
    if len({(entry.first, entry.last) for entry in intervals}) != 1:
        return ()
    ends = _ends(intervals[0])
    return tuple(
        ForestTick(ends.share(tick), _signed(ends, tick), _anchor(ends.share(tick)), abs(tick) < ends.step / 2)
        for tick in ends.ticks
    )


def _ends(interval: Interval) -> Axis:
    return axis((interval.first, interval.last), 3, is_tight=True)


def _signed_mde(mde: float, value: float) -> float:
    return -abs(mde) if value < 0 else abs(mde)


def _signed(ends: Axis, tick: float) -> str:
    label = ends.label(tick)
    return f"+{label}" if tick > ends.step / 2 else label


def _anchor(x: float) -> str:
    return "start" if x < 0.08 else "end" if x > 0.92 else "middle"
