"""The change that was observed around a delivery: two means, and nothing about cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import fsum

from okrsync.model.ledger import Observation
from okrsync.model.okrs import KeyResult
from okrsync.model.verdicts import ObservedChange, Verdict


def observed_change(
    observations: Sequence[Observation], delivered: date, key_result: KeyResult, *, as_of: date
) -> ObservedChange:
    """
    Means of *observations* in the windows before and after *delivered*, in the metric's unit.

    Before: the key result's ``window_days`` days that end the day before. After: as many days from the day after the
    delivery and its declared lag, up to *as_of*. A missing day is missing. ``NO_DATA`` where either side has no
    observation, else ``OBSERVED_CHANGE_ONLY``: without a model of drift nothing is claimed.
    """
    window = timedelta(days=key_result.window_days)
    starts = delivered + timedelta(days=key_result.lag_days)
    before = [entry.value for entry in observations if delivered - window <= entry.day < delivered]
    after = [entry.value for entry in observations if starts < entry.day <= min(starts + window, as_of)]
    verdict = Verdict.OBSERVED_CHANGE_ONLY if before and after else Verdict.NO_DATA
    return ObservedChange(delivered, _mean(before), _mean(after), len(before), len(after), verdict)


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None
