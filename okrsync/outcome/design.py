"""The regression's columns: deliveries as steps and ramps, weekdays, controls and the trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from okrsync.outcome.cases import MetricSeries, Settings
from okrsync.outcome.preprocessing import Prepared
from okrsync.outcome.waves import Wave

Floats = NDArray[np.float64]
WEEKDAY_VARIANCE = 4.0
CONTROL_VARIANCE = 9.0
"""Prior variances in noise variances; controls on their standardised scale, so that irrelevant ones shrink."""
LEAST_FOR_WEEKDAYS = 20
"""Points before the first delivery from which weekdays are told apart."""
_SAME_DAY = 3


@dataclass(slots=True)
class Design:
    """
    Columns of the regression by what they are; y is the first and the constant the second.

    *flat*, *shrunk* (with *precisions*) and *trend* are numbers of columns.
    """

    columns: list[Floats]
    shrunk: list[int]
    precisions: list[float]
    trend: int

    @property
    def matrix(self) -> Floats:
        """All columns (n, q)."""
        return np.stack(self.columns, axis=1)

    def add(self, column: Floats) -> int:
        """The number of one more column."""
        self.columns.append(column)
        return len(self.columns) - 1


def base_design(prepared: Prepared, controls: Sequence[MetricSeries], first: date | None) -> Design:
    """Everything but the deliveries; *first* is the first of them."""
    n = len(prepared.y)
    span = prepared.times[-1] - prepared.times[0]
    design = Design([prepared.y, np.ones(n)], [], [], 0)
    before = n if first is None else int(np.searchsorted(prepared.days, first.toordinal()))
    if prepared.is_daily and before >= LEAST_FOR_WEEKDAYS:
        weekdays = np.eye(7)[(prepared.days + 6) % 7].T  # ordinal 1 was a Monday
        for column in weekdays[weekdays.any(axis=1)]:
            design.shrunk.append(design.add(column))
            design.precisions.append(1 / WEEKDAY_VARIANCE)
    for control in controls:
        column = _control(prepared, control)
        if column is not None:
            design.shrunk.append(design.add(column))
            design.precisions.append(1 / CONTROL_VARIANCE)
    design.trend = design.add((prepared.times - prepared.times.mean()) / span)
    return design


def _control(prepared: Prepared, control: MetricSeries) -> Floats | None:
    """*control* on the series' days, standardised, carried forward where it has no value; ``None`` if constant."""
    if not control.days:
        return None
    days = np.array([day.toordinal() for day in control.days])
    places = np.clip(np.searchsorted(days, prepared.days, side="right") - 1, 0, None)
    values = np.array(control.values)[places]
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 0 else None


def profile(prepared: Prepared, day: date, settings: Settings, trailing_days: int) -> Floats:
    """The effect of what was delivered on *day* at each observation, from 0 to 1 (n,)."""
    age = (prepared.days - day.toordinal() - settings.lag_days).astype(float)
    grown = _ramp(age, settings.ramp_days)
    if trailing_days > 1:
        grown = np.mean([_ramp(age - back, settings.ramp_days) for back in range(trailing_days)], axis=0)
    return grown


def _ramp(age: Floats, days: int) -> Floats:
    if days <= 1:
        return (age >= 0).astype(float)
    return np.clip((age + 1) / days, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class WaveRegressor:
    """
    The column of one wave, and what its coefficient means.

    *reach*: the mean, over each delivery's own days, of the share that it has of the coefficient, summed up.
    *after*: which observations lie at or after the wave's first possible effect.
    """

    column: Floats
    reach: float
    after: NDArray[np.bool_]

    @property
    def points_before(self) -> int:
        """Observations before the first possible effect."""
        return int(np.count_nonzero(~self.after))

    @property
    def points_after(self) -> int:
        """Observations from the first possible effect on."""
        return int(np.count_nonzero(self.after))


def staircase(prepared: Prepared, wave: Wave, settings: Settings, trailing_days: int) -> WaveRegressor:
    """The regressor of *wave*: each of its deliveries steps on its own day with its share of the size."""
    column = np.zeros(len(prepared.y))
    reach = 0.0
    for day, share in wave.steps:
        part = profile(prepared, day, settings, trailing_days)
        own = prepared.days >= day.toordinal() + settings.lag_days
        column += share * part
        reach += share * float(part[own].mean()) if own.any() else share
    after = prepared.days >= wave.steps[0][0].toordinal() + settings.lag_days
    return WaveRegressor(column, reach, after)
