"""A metric's own history: when it met a target already, and how fast it ever moved."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from okrsync.model.ledger import Observation
from okrsync.model.okrs import Metric

FEWEST_POINTS = 3
_MEAN_DAYS = 28


@dataclass(frozen=True, slots=True)
class MetricHistory:
    """Values by day, ascending, all of one definition."""

    points: tuple[tuple[date, float], ...]

    def until(self, day: date) -> MetricHistory:
        """The part up to and including *day*."""
        return MetricHistory(tuple(point for point in self.points if point[0] <= day))

    def since(self, day: date) -> MetricHistory:
        """The part after *day*."""
        return MetricHistory(tuple(point for point in self.points if point[0] > day))

    def times(self, factor: float) -> MetricHistory:
        """All values times *factor*; -1 turns less is better into more is better."""
        return MetricHistory(tuple((day, value * factor) for day, value in self.points))

    def means(self, days: int) -> MetricHistory:
        """The mean of the *days* up to each point, where the series reaches back so far and has three points in it."""
        found: list[tuple[date, float]] = []
        inside: deque[tuple[date, float]] = deque()
        for day, value in self.points:
            inside.append((day, value))
            while inside[0][0] <= day - timedelta(days=days):
                inside.popleft()
            reaches_back = (day - self.points[0][0]).days >= days - 7
            if reaches_back and len(inside) >= FEWEST_POINTS:
                found.append((day, sum(value for _, value in inside) / len(inside)))
        return MetricHistory(tuple(found))

    @property
    def days(self) -> int:
        """From its first to its last point."""
        return (self.points[-1][0] - self.points[0][0]).days if self.points else 0


def series_of(metric: Metric, observations: Iterable[Observation], today: date) -> MetricHistory:
    """What *metric* was up to *today*, since its definition last changed and without masked days."""
    breaks = [event.start for event in metric.events if event.kind == "break" and event.start <= today]
    masks = [(event.start, event.end) for event in metric.events if event.kind == "pulse"]
    start = max(breaks, default=date.min)
    return MetricHistory(
        tuple(
            (entry.day, entry.value)
            for entry in sorted(observations, key=lambda entry: entry.day)
            if start <= entry.day <= today and not any(first <= entry.day <= last for first, last in masks)
        )
    )


def best_mean(series: MetricHistory, days: int) -> tuple[date, float] | None:
    """The highest mean over *days*, with its last day; ``None`` where the series is too short for one."""
    return max(series.means(days).points, key=lambda point: (point[1], point[0]), default=None)


def best_gain(series: MetricHistory, days: int) -> float | None:
    """
    The largest rise of the four-week mean within *days*; 0 if it never rose.

    ``None`` where the means do not cover so many days: then nobody knows.
    """
    means = series.means(_MEAN_DAYS)
    if means.days < days:
        return None
    best = 0.0
    lowest: deque[tuple[date, float]] = deque()
    for day, value in means.points:
        while lowest and lowest[-1][1] >= value:
            lowest.pop()
        lowest.append((day, value))
        while lowest[0][0] < day - timedelta(days=days):
            lowest.popleft()
        best = max(best, value - lowest[0][1])
    return best
