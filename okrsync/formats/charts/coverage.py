"""The coverage trend: a column a period, in two parts, and the threshold as a line."""

from __future__ import annotations

import math
from dataclasses import dataclass

from okrsync.reports.page import CoverageChart, Portion

PLOT_HEIGHT = 150.0
_MOST_LABELS = 12
_ROOM_ON_A_PHONE = 3
_LABEL_ROOM = 75
"""Characters that fit below all columns together."""


@dataclass(frozen=True, slots=True)
class CoverageBar:
    """A part of a column: pixels from the top, and how high it is."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class CoverageColumn:
    """
    One period; *x*, *middle* and *width* are shares of the width.

    *has_label*: there is room for its name; *is_minor*: but not on a phone.
    """

    portion: Portion
    x: float
    middle: float
    width: float
    parts: tuple[CoverageBar, ...]
    has_label: bool
    is_minor: bool


@dataclass(frozen=True, slots=True)
class CoverageDrawing:
    """The columns, how far from the top the threshold is, and how many characters of a name there is room for."""

    columns: tuple[CoverageColumn, ...]
    threshold: float | None
    label_length: int


def draw_coverage(chart: CoverageChart) -> CoverageDrawing:
    """The coordinates of *chart*; the first portions stand left."""
    count = len(chart.portions)
    return CoverageDrawing(
        tuple(_column(portion, index, count) for index, portion in enumerate(chart.portions)),
        None if chart.threshold is None else _down(chart.threshold),
        min(20, max(7, _LABEL_ROOM // max(1, min(count, _MOST_LABELS)))),
    )


def _column(portion: Portion, index: int, count: int) -> CoverageColumn:
    slot = 1.0 / count
    width = min(slot * 0.66, 0.14)
    middle = (index + 0.5) * slot
    # Counted from the last period: that is the one people look for.
    nth, left_out = divmod(count - 1 - index, math.ceil(count / _MOST_LABELS))
    return CoverageColumn(
        portion=portion,
        x=middle - width / 2,
        middle=middle,
        width=width,
        parts=_parts(portion),
        has_label=left_out == 0,
        is_minor=count > _ROOM_ON_A_PHONE and nth % (2 if count <= 2 * _ROOM_ON_A_PHONE else 4) != 0,
    )


def _parts(portion: Portion) -> tuple[CoverageBar, ...]:
    """From the ground up: linked, unlinked."""
    parts = []
    below = 0.0
    for kind, share in (("linked", portion.linked), ("unlinked", portion.unlinked)):
        above = min(1.0, below + max(0.0, share))
        parts.append(CoverageBar(kind, _down(above), round(_down(below) - _down(above), 1)))
        below = above
    return tuple(parts)


def _down(share: float) -> float:
    return round((1.0 - min(1.0, max(0.0, share))) * PLOT_HEIGHT, 1)
