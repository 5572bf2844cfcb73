"""A series made ready for the regression: cut, masked, on its scale, clipped and standardised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from okrsync.outcome.cases import MetricSeries

Floats = NDArray[np.float64]
CLIP = 4.5
"""Robust standard deviations from the running median beyond which a point is clipped."""
_WINDOW = 7
_MAD_TO_SD = 1.4826
_DAILY = 1.5
"""Median days between points below which weekdays can be told apart."""
_LEAST_FOR_PATTERN = 28
"""Points from which a weekend that is always low is no outlier."""
_NEAR_BOUND = 0.03
_FEW = 5.0
_ON_BOUND = 0.005
# Relative to the range: a series without noise still has an interval of some width.
_RELATIVE_RESOLUTION = 1e-3


class Scale(StrEnum):
    """What the test is made on; effects are always reported in the metric's unit."""

    RAW = "raw"
    LOGIT = "logit"
    """Near a bound a percentage cannot fall and rise alike."""
    ROOT = "root"
    """Small counts: their variance grows with their mean (Anscombe 1948)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """
    Observations ready for the fit, n of them.

    *days* (n,): ordinals. *raw* (n,): as measured. *y* (n,): on *scale*, clipped, less *location*, over *spread*.
    *times* (n,): in median steps from the first. *noise* (n,): relative variances, ``None`` where all are alike.
    *floor*: sum of squares of y that rounding alone explains.
    """

    days: NDArray[np.int64]
    raw: Floats
    y: Floats
    times: Floats
    noise: Floats | None
    location: float
    spread: float
    scale: Scale
    bounds: tuple[float, float] | None
    is_clipped: NDArray[np.bool_]
    step_days: float
    floor: float
    masked: int
    cut: int

    @property
    def is_daily(self) -> bool:
        """Whether weekdays can be told apart."""
        return self.step_days < _DAILY

    def raw_of(self, y: Floats) -> Floats:
        """Values *y* back in the metric's unit."""
        value = y * self.spread + self.location
        if self.scale is Scale.LOGIT and self.bounds is not None:
            low, high = self.bounds
            return low + (high - low) / (1 + np.exp(-value))
        if self.scale is Scale.ROOT:
            return np.maximum(value / 2, 0.0) ** 2 - 3 / 8
        return value


def prepared(series: MetricSeries, until: date) -> Prepared | None:
    """*series* up to *until*, from its last break on, without masked days; ``None`` with fewer than two points."""
    columns = _columns(series)
    end = int(np.searchsorted(columns.days, until.toordinal(), side="right"))
    start = max((day for day in series.breaks if day <= until), default=date.min)
    before = min(int(np.searchsorted(columns.days, start.toordinal())), end)
    counted = columns.is_counted[before:end]
    days, raw = columns.days[before:end][counted], columns.values[before:end][counted]
    masked = end - before - len(days)
    if len(days) < 2:
        return None
    step = median(np.diff(days).astype(float))
    scale = _scale_of(raw, series.bounds)
    on_scale = _on(scale, raw, series.bounds)
    clipped = _clipped(on_scale, days % 7 if step < _DAILY and len(days) >= _LEAST_FOR_PATTERN else None)
    location = median(clipped)
    extent = float(np.ptp(clipped))
    # Equal numbers have a standard deviation of some 1e-17 by rounding.
    spread = float(np.std(clipped)) if extent else 0.0
    noise: Floats | None = None
    if columns.sizes is not None:
        cases = columns.sizes[before:end][counted]
        noise = np.asarray(1 / (np.mean(1 / cases) * cases))
    unit = spread or 1.0
    rounding = series.resolution / np.sqrt(12) if scale is Scale.RAW else 0.0
    floor = len(raw) * max(rounding, _RELATIVE_RESOLUTION * extent) ** 2 / unit**2
    return Prepared(
        days,
        raw,
        (clipped - location) / unit,
        (days - days[0]) / step,
        noise,
        location,
        spread,
        scale,
        series.bounds,
        clipped != on_scale,
        step,
        floor,
        masked,
        before,
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    """A series as arrays (n,), *days* as ordinals; *sizes* is ``None`` where they are not known."""

    days: NDArray[np.int64]
    values: Floats
    sizes: Floats | None
    is_counted: NDArray[np.bool_]


@lru_cache(maxsize=4)
def _columns(series: MetricSeries) -> _Columns:
    """A series is made ready once for each day on which one of its waves is judged."""
    return _Columns(
        np.array([day.toordinal() for day in series.days], dtype=np.int64),
        np.array(series.values, dtype=float),
        np.array(series.sizes, dtype=float) if series.sizes else None,
        np.array([day not in series.masked for day in series.days], dtype=bool),
    )


def days_until(series: MetricSeries, day: date) -> NDArray[np.int64]:
    """The days of *series* up to *day*, as ordinals."""
    days = _columns(series).days
    return days[: np.searchsorted(days, day.toordinal(), side="right")]


def _scale_of(raw: Floats, bounds: tuple[float, float] | None) -> Scale:
    if bounds is None:
        return Scale.RAW
    low, high = bounds
    if np.isfinite(low) and np.isfinite(high):
        near = _NEAR_BOUND * (high - low)
        return Scale.LOGIT if raw.min() < low + near or raw.max() > high - near else Scale.RAW
    is_count = low == 0 and bool(np.all(raw == np.round(raw)))
    return Scale.ROOT if is_count and float(np.median(raw)) < _FEW else Scale.RAW


def _on(scale: Scale, raw: Floats, bounds: tuple[float, float] | None) -> Floats:
    if scale is Scale.LOGIT and bounds is not None:
        low, high = bounds
        share = (raw - low) / (high - low)
        # A value on the bound would be infinite: it is taken for half as far from it as the nearest that is not.
        apart = np.minimum(share, 1 - share)
        inside = apart[apart > 0]
        least = float(inside.min()) / 2 if len(inside) else _ON_BOUND
        share = np.clip(share, least, 1 - least)
        return np.asarray(np.log(share / (1 - share)))
    if scale is Scale.ROOT:
        return 2 * np.sqrt(np.maximum(raw, 0.0) + 3 / 8)
    return raw.copy()


def _clipped(value: Floats, weekdays: NDArray[np.int64] | None) -> Floats:
    """
    *value* with outliers moved to the limit; a step is kept, because the running median follows it.

    With *weekdays* (n,), 0 to 6, what is usual on its weekday is no outlier.
    """
    usual = np.zeros(len(value)) if weekdays is None else _usual(value, weekdays)
    plain = value - usual
    middle = _running_median(plain)
    apart = plain - middle
    spread = _MAD_TO_SD * median(np.abs(apart - median(apart)))
    if spread == 0:
        # Most values are the same one: then a lone other one among equals is the outlier, however small it is.
        lone = np.array([_is_lone(plain, place) for place in range(len(plain))])
        return np.where(lone, middle + usual, value)
    limit = CLIP * spread
    return np.where(np.abs(apart) > limit, middle + np.sign(apart) * limit + usual, value)


def _running_median(value: Floats) -> Floats:
    half = _WINDOW // 2
    padded = np.full(len(value) + 2 * half, np.inf)
    padded[half:-half] = value
    ordered = np.sort(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW), axis=1)
    # At the ends the window is shorter: what is beyond them is sorted behind everything.
    place = np.arange(len(value))
    count = np.minimum(place + half + 1, len(value)) - np.maximum(place - half, 0)
    return np.asarray((ordered[place, (count - 1) // 2] + ordered[place, count // 2]) / 2)


def _usual(value: Floats, weekdays: NDArray[np.int64]) -> Floats:
    """How far each point's weekday usually lies from the days around it; at the ends the days around are too few."""
    half = _WINDOW // 2
    apart = (value - _running_median(value))[half:-half]
    inner = weekdays[half:-half]
    usual = np.zeros(7)
    for weekday in np.unique(inner):
        usual[weekday] = median(apart[inner == weekday])
    return np.asarray(usual[weekdays])


def median(values: Floats) -> float:
    """As numpy's, without its care for what is not finite: there is none here."""
    ordered = np.sort(values)
    half = len(ordered) // 2
    return float(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def _is_lone(value: Floats, place: int) -> bool:
    """Whether all others around *place* are the same, and it is not."""
    around = np.delete(value[max(0, place - _WINDOW // 2) : place + _WINDOW // 2 + 1], min(place, _WINDOW // 2))
    return bool(np.all(around == around[0])) and bool(value[place] != around[0])
