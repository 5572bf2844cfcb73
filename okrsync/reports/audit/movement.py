"""
How far a metric went in a cycle, against how far it goes by itself over as many days.

A comparison of means and no test: it says whether the metric ever went as far before, not why it went.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from okrsync.model.ledger import Observation
from okrsync.model.okrs import KeyResult, Metric
from okrsync.reports.audit.scope import AuditInputs

_LEAST_POINTS = 2
"""Observations that a mean needs."""
_LEAST_SPANS = 3
"""How often the days of the cycle must fit into what was measured before, for a comparison to say anything."""


@dataclass(frozen=True, slots=True)
class Movement:
    """
    The change from the mean of the window before the cycle to that of its last window, in the metric's unit.

    *days* lie between the windows' ends. *before*: the change over the same number of days that ended where this one
    begins. *most_before*: the largest change, either way, over so many days in the *history_days* before. *is_beyond*:
    the change is larger than that; ``None`` where it cannot be told, and *reason* says why.
    """

    change: float | None
    days: int
    before: float | None
    most_before: float | None
    history_days: int
    is_beyond: bool | None
    reason: str = ""


def movement_of(entry: KeyResult, metric: Metric | None, given: AuditInputs) -> Movement:
    """How far the metric of *entry* went in the cycle."""
    start = given.cycle.start - timedelta(days=1) if entry.baseline is None else entry.baseline.date
    days = (given.last_day - start).days
    if metric is None or entry.state == "draft":
        return Movement(None, max(0, days), None, None, 0, None, "nothing is measured")
    known = [seen for seen in given.inputs.observations.get(metric.id, ()) if seen.day <= given.last_day]
    breaks = [event.start for event in metric.events if event.kind == "break" and event.start <= given.last_day]
    since = max(breaks, default=date.min)
    seen = _Series([each for each in known if each.day >= since], entry.window_days)
    change = seen.change(start, given.last_day) if days > 0 else None
    if change is None:
        why = "the metric has another definition since then" if since > start else "too few values before or after"
        return Movement(None, max(0, days), None, None, 0, None, why)
    if days < entry.window_days:
        return Movement(
            change, days, None, None, 0, None, f"fewer days have passed than its window of {entry.window_days}"
        )
    return _compared(seen, start, days, change)


def _compared(seen: _Series, start: date, days: int, change: float) -> Movement:
    history = max(0, (start - seen.first).days)
    length = timedelta(days=days)
    before = seen.change(start - length, start)
    if history < _LEAST_SPANS * days:
        reason = f"only {history:,} days were measured before, {_LEAST_SPANS * days:,} would be needed"
        return Movement(change, days, before, None, history, None, reason)
    ends = [seen.first + timedelta(days=number) for number in range(days, history + 1)]
    past = [abs(told) for end in ends if (told := seen.change(end - length, end)) is not None]
    most = max(past, default=None)
    if most is None:
        return Movement(change, days, before, None, history, None, "too few values before")
    return Movement(change, days, before, most, history, abs(change) > most)


class _Series:
    """Means of observations over windows of days."""

    def __init__(self, known: Sequence[Observation], window_days: int) -> None:
        self._days = [seen.day for seen in known]
        self._sums = [0.0, *accumulate(seen.value for seen in known)]
        self._window = timedelta(days=window_days)
        self.first = self._days[0] if known else date.max

    def change(self, start: date, end: date) -> float | None:
        """The mean of the window that ends on *end*, less that of the one that ends on *start*."""
        before, after = self._mean(start), self._mean(end)
        return None if before is None or after is None else after - before

    def _mean(self, end: date) -> float | None:
        first = end - self._window if end - date.min > self._window else date.min
        since, until = bisect_right(self._days, first), bisect_right(self._days, end)
        count = until - since
        return (self._sums[until] - self._sums[since]) / count if count >= _LEAST_POINTS else None
