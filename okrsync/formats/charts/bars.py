"""Bars: shares of one whole, which is as long as there is room, so that bars of two groups can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from okrsync.reports.page import Bar, Bars


@dataclass(frozen=True, slots=True)
class BarRow:
    """One bar; *width* is a share of the room for bars."""

    bar: Bar
    width: float


def draw_bars(block: Bars) -> tuple[BarRow, ...]:
    """The coordinates of *block*: all bars on one scale, from 0 to the whole."""
    return tuple(BarRow(bar, min(1.0, max(0.0, bar.share))) for bar in block.bars)
