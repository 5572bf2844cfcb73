"""The metric chart: what was seen, what would have been without the work, and flags where work was delivered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import median

from okrsync.formats.charts.scale import Axis, DateTick, axis, date_ticks, day_share
from okrsync.reports.page import Flag, MetricChart

PLOT_HEIGHT = 190.0
WIDTH, HEIGHT = 1000, 950
"""Lines are drawn in so many whole steps and stretched to the room there is."""
_LANE = 22.0
_MOST_LANES = 6
_FLAG_SHARE = 0.07
"""Flags nearer than this share of the width would cover each other on a phone."""
_LABEL_HEIGHT = 15.0


@dataclass(frozen=True, slots=True)
class Gridline:
    """A round number and its height."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class FlagMark:
    """A flag: its place, and whether it stands right of its day's middle."""

    flag: Flag
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class EndLabel:
    """What a line is, said at its end."""

    y: float
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class MetricDrawing:
    """
    A metric chart's coordinates.

    Paths have x from 0 to WIDTH and y from 0 to HEIGHT; everything else has shares and pixels below *top*, the
    room that the flags take. *span* is how far the numbers go, which says how many decimals they need.
    """

    top: float
    height: float
    grid: tuple[Gridline, ...]
    dates: tuple[DateTick, ...]
    observed: str
    expected: str
    band: str
    target: float | None
    target_note: str
    flags: tuple[FlagMark, ...]
    hidden_flags: int
    labels: tuple[EndLabel, ...]
    span: float


def draw_metric(chart: MetricChart, target: str = "") -> MetricDrawing:
    """The coordinates of *chart*; *target* is its target in words."""
    numbers = _axis(chart)
    flags = _flags(chart)
    lanes = max((mark.lane for mark in flags), default=-1) + 1
    top = lanes * _LANE + 8.0
    is_shown = chart.target is not None and numbers.first <= chart.target <= numbers.last
    return MetricDrawing(
        top=top,
        height=top + PLOT_HEIGHT + 26.0,
        grid=tuple(Gridline(_y(tick, numbers), numbers.label(tick)) for tick in numbers.ticks),
        dates=date_ticks(chart.days),
        observed=_line(chart.days, chart.observed, numbers),
        expected=_line(chart.days, chart.expected, numbers),
        band=_band(chart, numbers),
        target=_y(chart.target, numbers) if is_shown and chart.target is not None else None,
        target_note=_beyond(chart, numbers, target),
        flags=tuple(FlagMark(mark.flag, mark.x, (lanes - mark.lane - 0.5) * _LANE) for mark in flags),
        hidden_flags=len(chart.flags) - len(flags),
        labels=_labels(chart, numbers, target if is_shown else ""),
        span=numbers.span,
    )


def _axis(chart: MetricChart) -> Axis:
    """Holds the series, and the target where that leaves them a third of the height."""
    values = [*chart.observed, *chart.expected, *chart.low, *chart.high]
    if chart.target is None:
        return axis(values)
    if not values:
        return axis([chart.target])
    widened = [*values, chart.target]
    span = max(values) - min(values)
    return axis(widened if max(widened) - min(widened) <= 3 * span or not span else values)


def _y(value: float, numbers: Axis) -> float:
    return round((1 - numbers.share(value)) * PLOT_HEIGHT, 1)


def _beyond(chart: MetricChart, numbers: Axis, target: str) -> str:
    """What is said of a target that lies outside the chart."""
    if chart.target is None or numbers.first <= chart.target <= numbers.last:
        return ""
    return f"{target} {'↑' if chart.target > numbers.last else '↓'}"


def _line(days: Sequence[date], values: Sequence[float], numbers: Axis) -> str:
    if not values:
        return ""
    return "".join(_path([_point(index, days, values, numbers) for index in run]) for run in _runs(days))


def _band(chart: MetricChart, numbers: Axis) -> str:
    if not chart.low or not chart.high:
        return ""
    paths = []
    for run in _runs(chart.days):
        there = [_point(index, chart.days, chart.high, numbers) for index in run]
        back = [_point(index, chart.days, chart.low, numbers) for index in reversed(run)]
        paths.append(f"{_path([*there, *back])}z")
    return "".join(paths)


def _point(index: int, days: Sequence[date], values: Sequence[float], numbers: Axis) -> tuple[int, int]:
    return round(day_share(days[index], days) * WIDTH), round((1 - numbers.share(values[index])) * HEIGHT)


def _path(points: Sequence[tuple[int, int]]) -> str:
    """A path through *points*: from the first on by differences, which are half as long to write."""
    moves = [(x - before[0], y - before[1]) for before, (x, y) in pairwise(points)]
    # A day alone between gaps is a line without length, which a round cap makes a dot.
    return f"M{points[0][0]} {points[0][1]}l" + (" ".join(f"{x} {y}" for x, y in moves) or "0 0")


def _runs(days: Sequence[date]) -> Iterator[range]:
    """Indexes of neighbouring days: a line breaks where more than one and a half usual steps are missing."""
    steps = [(after - before).days for before, after in pairwise(days)]
    usual = median(steps) if steps else 1
    start = 0
    for index, step in enumerate(steps):
        if step > 1.5 * usual:
            yield range(start, index + 1)
            start = index + 1
    if days:
        yield range(start, len(days))


@dataclass(frozen=True, slots=True)
class _Laned:
    flag: Flag
    x: float
    lane: int


def _flags(chart: MetricChart) -> list[_Laned]:
    """Flags within the chart's days, each in the lowest lane in which it covers no other."""
    ends: list[float] = []
    placed = []
    for flag in sorted(chart.flags, key=lambda flag: flag.day):
        if not chart.days or not chart.days[0] <= flag.day <= chart.days[-1]:
            continue
        x = day_share(flag.day, chart.days)
        lane = next((lane for lane, end in enumerate(ends) if x - end >= _FLAG_SHARE), len(ends))
        if lane == _MOST_LANES:
            continue
        ends[lane : lane + 1] = [x]
        placed.append(_Laned(flag, x, lane))
    return placed


def _labels(chart: MetricChart, numbers: Axis, target: str) -> tuple[EndLabel, ...]:
    found = []
    if chart.observed:
        found.append(EndLabel(_y(chart.observed[-1], numbers), "observed", "observed"))
    if chart.expected:
        found.append(EndLabel(_y(chart.expected[-1], numbers), "without the work", "expected"))
    if target and chart.target is not None:
        found.append(EndLabel(_y(chart.target, numbers), target, "target"))
    return tuple(_spread(sorted(found, key=lambda label: label.y)))


def _spread(labels: Sequence[EndLabel]) -> Iterator[EndLabel]:
    """*labels*, from the top down, moved apart so far that each can be read."""
    places: list[float] = []
    for label in labels:
        places.append(max(label.y, places[-1] + _LABEL_HEIGHT) if places else label.y)
    limit = PLOT_HEIGHT
    for index in reversed(range(len(places))):
        places[index] = min(places[index], limit)
        limit = places[index] - _LABEL_HEIGHT
    for label, place in zip(labels, places, strict=True):
        yield EndLabel(place, label.text, label.kind)
