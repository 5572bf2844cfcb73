"""What lies ahead of a key result: where its metric will stand, and what a delivery could be judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    What the observation on *day* will be, in the metric's unit, and its 95 % interval.

    *reaches*: the probability that it lies at or beyond the target, or inside of the band; ``None`` without either.
    """

    day: date
    value: float
    low: float
    high: float
    reaches: float | None


@dataclass(frozen=True, slots=True)
class Judgeability:
    """
    What a delivery on *delivery* would come to.

    *delivery* is the day that was asked about, or the first on which enough observations lie before it. *judged_on*:
    the first day with a verdict other than ``too_early`` and ``observed_change_only``. *smallest*: the effect, in the
    metric's unit, that would be claimed four times in five on that day; ``None`` where too few observations tell of the
    noise. *smallest_at_end*: the same on the last day that was asked about; ``None`` too where that comes before
    *judged_on*. *missing*: observations that are still to come before a delivery can be judged.
    """

    delivery: date
    judged_on: date
    smallest: float | None
    smallest_at_end: float | None
    missing: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The *forecast* of a key result's metric, and what could be judged on it; ``None`` where nothing can be told."""

    forecast: Forecast | None = None
    judgeability: Judgeability | None = None
