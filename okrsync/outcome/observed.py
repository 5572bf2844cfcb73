"""The change that was observed around a delivery: two means, and nothing about cause."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from math import fsum
from operator import attrgetter

from okrsync.model.ledger import Observation
from okrsync.model.okrs import KeyResult
from okrsync.model.verdicts import ObservedChange, Verdict

_day = attrgetter("day")


def observed_change(
    observations: Sequence[Observation], delivered: date, key_result: KeyResult, *, as_of: date
) -> ObservedChange:
    """
    Means of *observations* (ascending by day) in the windows before and after *delivered*, in the metric's unit.

    Before: the key result's ``window_days`` days that end the day before. After: as many days from the day after the
    delivery and its declared lag, up to *as_of*. A missing day is missing. ``NO_DATA`` where either side has no
    observation, else ``OBSERVED_CHANGE_ONLY``: without a model of drift nothing is claimed.
    """
    window = timedelta(days=key_result.window_days)
    starts = delivered + timedelta(days=key_result.lag_days)
    first, came = (bisect_left(observations, day, key=_day) for day in (delivered - window, delivered))
    begin, end = (bisect_right(observations, day, key=_day) for day in (starts, min(starts + window, as_of)))
    before = [entry.value for entry in observations[first:came]]
    after = [entry.value for entry in observations[begin:end]]
    verdict = Verdict.OBSERVED_CHANGE_ONLY if before and after else Verdict.NO_DATA
    return ObservedChange(delivered, _mean(before), _mean(after), len(before), len(after), verdict)


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None
