"""
Progress, pace and health of a key result: from its metric alone.

Closing a ticket is never progress. A key result that was never measured is pending, one whose metric is out of date is
stale, whatever its colour was; at the end of its cycle it gets a score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from okrsync.model.ledger import Observation
from okrsync.model.okrs import Cycle, DatedValue, Direction, KeyResult, Metric

ZONES = ((0.7, "green"), (0.4, "amber"), (0.0, "red"))
"""Scores from which a zone begins; .7 of an ambitious target is a success (Doerr 2018, ch. 10)."""
LIKELY, POSSIBLE = 0.5, 0.1
"""Probability of reaching the target from which a key result is on track, and at risk."""
_ENOUGH, _SOME = 1.0, 0.5
"""The same for the actual pace over the needed one, where there is no forecast."""
_WEEK = 7


class Health(StrEnum):
    """How a key result stands."""

    DRAFT = "draft"
    PENDING = "pending"
    """Never measured since its baseline."""
    STALE = "stale"
    """Its latest observation is older than its metric may be."""
    REACHED = "reached"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    SCORED = "scored"
    """Its cycle is over."""


@dataclass(frozen=True, slots=True)
class Pace:
    """
    Change a week, in the metric's unit, towards the target positive or negative as the metric counts.

    *needed*: from the current value to the target by the end of the cycle; ``None`` once it is over. *actual*: since
    the baseline.
    """

    needed: float | None
    actual: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How a key result stands.

    *share*: 0 at the baseline, 1 at the target, and beyond; of one that is to stay in its band, the share of its
    observations in the cycle that lie in it. *score*: *share* between 0 and 1 once the cycle is over.
    """

    current: DatedValue | None
    share: float | None
    pace: Pace
    score: float | None
    zone: str
    """``green``, ``amber`` or ``red``; empty without a score."""


def progress_of(entry: KeyResult, cycle: Cycle, observations: Sequence[Observation], as_of: date) -> Progress:
    """How *entry* stands on *as_of* by its metric's *observations*, ascending by day."""
    last = min(as_of, cycle.end)
    since = cycle.start if entry.baseline is None else min(entry.baseline.date, cycle.start)
    known = [seen for seen in observations if since <= seen.day <= last]
    current = DatedValue(known[-1].value, known[-1].day) if known else None
    share = _share(entry, cycle, known)
    score = None if share is None or as_of <= cycle.end else min(1.0, max(0.0, share))
    return Progress(current, share, _pace(entry, cycle, current, as_of), score, _zone(score))


def health_of(
    entry: KeyResult, metric: Metric | None, cycle: Cycle, made: Progress, reaches: float | None, as_of: date
) -> Health:
    """
    The health of *entry*; *reaches*: the probability that it reaches its target, where there is a forecast.

    A forecast knows only what is delivered. Where that is not enough, and the metric came as far as it had to until
    now, further work may bring the rest: that is at risk, not off track.
    """
    if entry.state == "draft" or metric is None:
        return Health.DRAFT
    if made.current is None or made.share is None:
        return Health.PENDING
    if as_of > cycle.end:
        return Health.SCORED
    if metric.most_days is not None and (as_of - made.current.date).days > metric.most_days:
        return Health.STALE
    return _expected(entry, made, reaches)


def _expected(entry: KeyResult, made: Progress, reaches: float | None) -> Health:
    if entry.direction is not Direction.MAINTAIN and (made.share or 0.0) >= 1:
        return Health.REACHED
    keeps_up = _keeps_up(entry, made)
    if reaches is None:
        return _graded(keeps_up, _ENOUGH, _SOME)
    if entry.direction is not Direction.MAINTAIN and reaches < POSSIBLE and keeps_up >= _ENOUGH:
        return Health.AT_RISK
    return _graded(reaches, LIKELY, POSSIBLE)


def wanted_range(entry: KeyResult) -> tuple[float | None, float | None]:
    """Where the metric of *entry* is to be, from and to; ``None`` where that side is open."""
    if entry.direction is Direction.MAINTAIN:
        return entry.band or (None, None)
    if entry.target is None:
        return None, None
    return (entry.target.value, None) if entry.direction is Direction.INCREASE else (None, entry.target.value)


def _share(entry: KeyResult, cycle: Cycle, known: Sequence[Observation]) -> float | None:
    if entry.direction is Direction.MAINTAIN:
        inside = [seen for seen in known if seen.day >= cycle.start]
        if not inside or entry.band is None:
            return None
        low, high = entry.band
        return sum(low <= seen.value <= high for seen in inside) / len(inside)
    if entry.baseline is None or entry.target is None:
        return None
    # The baseline's own day is where it starts from, not how far it came.
    since = [seen for seen in known if seen.day > entry.baseline.date]
    if not since:
        return None
    return (since[-1].value - entry.baseline.value) / (entry.target.value - entry.baseline.value)


def _pace(entry: KeyResult, cycle: Cycle, current: DatedValue | None, as_of: date) -> Pace:
    if current is None or entry.baseline is None or entry.target is None or entry.direction is Direction.MAINTAIN:
        return Pace(None, None)
    end = min(cycle.end, entry.target.date)
    left, gone = (end - as_of) / timedelta(days=_WEEK), (current.date - entry.baseline.date) / timedelta(days=_WEEK)
    return Pace(
        (entry.target.value - current.value) / left if left > 0 else None,
        (current.value - entry.baseline.value) / gone if gone > 0 else None,
    )


def _keeps_up(entry: KeyResult, made: Progress) -> float:
    """The actual pace over the needed one; of a band, the share of observations inside it."""
    if entry.direction is Direction.MAINTAIN:
        return made.share or 0.0
    if made.pace.needed is None or made.pace.actual is None:
        return 0.0
    return made.pace.actual / made.pace.needed if made.pace.needed else _ENOUGH


def _graded(value: float, good: float, possible: float) -> Health:
    if value >= good:
        return Health.ON_TRACK
    return Health.AT_RISK if value >= possible else Health.OFF_TRACK


def _zone(score: float | None) -> str:
    return "" if score is None else next(name for least, name in ZONES if round(score, 3) >= least)
