"""Bars: shares of one whole, the longest as long as there is room."""

from __future__ import annotations

from dataclasses import dataclass

from okrsync.reports.pages.blocks import Bar, Bars


@dataclass(frozen=True, slots=True)
class BarRow:
    """One bar; *width* is a share of the room for bars."""

    bar: Bar
    width: float


def draw_bars(block: Bars) -> tuple[BarRow, ...]:
    """The coordinates of *block*: all bars on one scale, from 0 to the largest share."""
    shares = [min(1.0, max(0.0, bar.share)) for bar in block.bars]
    most = max(shares, default=0.0) or 1.0
    return tuple(BarRow(bar, share / most) for bar, share in zip(block.bars, shares, strict=True))
