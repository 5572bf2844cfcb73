"""Which deliveries are judged together: declared units, and waves that are anchored at their first delivery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from okrsync.model.verdicts import CheckKind, OutcomeCheck
from okrsync.outcome.cases import Delivery, Settings

LEAST_POINTS_AFTER = 8
"""Points from a delivery and its lag to its evaluation, at least."""
_WAVE_POINTS, _WAVE_DAYS = 5, 7
_WEEKLY_POINTS = 3
WEEKLY = 5.0
"""Median days between points from which a series is too coarse for waves of five points."""
MOST_WAVES = 6
POINTS_A_DATE = 12
"""A key result with more than one candidate date in so many points is a stream."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Deliveries that are judged together, by day, then id."""

    kind: CheckKind
    deliveries: tuple[Delivery, ...]
    evaluation: date

    @property
    def ids(self) -> frozenset[str]:
        """Ids of its deliveries."""
        return frozenset(delivery.id for delivery in self.deliveries)

    @property
    def first(self) -> date:
        """The day of its first delivery."""
        return self.deliveries[0].day

    @property
    def last(self) -> date:
        """The day of its last delivery."""
        return self.deliveries[-1].day

    @property
    def steps(self) -> tuple[tuple[date, float], ...]:
        """When which share of it was delivered; a declared unit is delivered as a whole, with its last one."""
        if self.kind is CheckKind.UNIT:
            return ((self.last, 1.0),)
        total = sum(delivery.size for delivery in self.deliveries)
        return tuple((delivery.day, delivery.size / total) for delivery in self.deliveries)


def waves_of(deliveries: Sequence[Delivery], step_of: Callable[[date], float], settings: Settings) -> tuple[Wave, ...]:
    """
    The units and waves of *deliveries* (in order), by first day.

    *step_of* a day: median days between the points that were known then; so neither a wave's end nor its evaluation
    date changes with what is measured later. A wave is closed after the longer of five points and seven days (three
    points of weekly data), counted from its first delivery, so neighbours never chain into one endless wave.
    """
    units: dict[str, list[Delivery]] = {}
    single: list[list[Delivery]] = []
    for delivery in deliveries:
        if delivery.unit:
            units.setdefault(delivery.unit, []).append(delivery)
        elif single and (delivery.day - single[-1][0].day).days < wave_days(step_of(single[-1][0].day)):
            single[-1].append(delivery)
        else:
            single.append([delivery])
    found = [(CheckKind.UNIT, members) for members in units.values()]
    found += [(CheckKind.WAVE, members) for members in single]
    made = [
        Wave(kind, tuple(members), evaluation_of(members[-1].day, step_of(members[0].day), settings))
        for kind, members in found
    ]
    return tuple(sorted(made, key=lambda wave: (wave.first, wave.last, wave.deliveries[0].id)))


def recorded_waves(deliveries: Sequence[Delivery], recorded: Sequence[OutcomeCheck]) -> tuple[Wave, ...]:
    """The waves of the checks that are on record, of those of their members that are still there."""
    by_id = {delivery.id: delivery for delivery in deliveries}
    found: list[Wave] = []
    for check in recorded:
        members = tuple(by_id[member] for member in check.members if member in by_id)
        if members:
            kind = CheckKind.UNIT if check.kind is CheckKind.UNIT else CheckKind.WAVE
            found.append(Wave(kind, members, check.evaluation))
    return tuple(found)


def wave_days(step_days: float) -> float:
    """For how many days from its first delivery a wave is open."""
    if step_days >= WEEKLY:
        return _WEEKLY_POINTS * step_days
    return max(_WAVE_POINTS * step_days, _WAVE_DAYS)


def evaluation_of(day: date, step_days: float, settings: Settings) -> date:
    """When what was delivered on *day* is judged: after its lag and the longer of the window and eight points."""
    if settings.evaluate_at is not None:
        return settings.evaluate_at
    return day + timedelta(days=settings.lag_days + wait_days(step_days, settings))


def wait_days(step_days: float, settings: Settings) -> int:
    """Days from the first possible effect to the evaluation: the window, or eight points."""
    return max(settings.window_days, ceil(LEAST_POINTS_AFTER * step_days))


def is_stream(waves: Sequence[Wave], dates: int, points: int) -> bool:
    """Whether there are too many deliveries to judge each wave by itself; declared units always are."""
    plain = [wave for wave in waves if wave.kind is CheckKind.WAVE]
    return len(plain) > MOST_WAVES or (len(plain) > 1 and dates > points / POINTS_A_DATE)
