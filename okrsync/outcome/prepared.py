"""A series made ready for the regression: cut, masked, on its scale, clipped and standardised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from okrsync.outcome.cases import MetricSeries, days_of

Floats = NDArray[np.float64]
CLIP = 4.5
"""Robust standard deviations from the running median beyond which a point is clipped."""
_WINDOW = 7
_MAD_TO_SD = 1.4826
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
        return self.step_days < 1.5

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
    start = max((day for day in series.breaks if day <= until), default=date.min)
    sizes = series.sizes or (1.0,) * len(series.days)
    before = masked = 0
    kept: list[tuple[date, float, float]] = []
    for day, value, size in zip(series.days, series.values, sizes, strict=True):
        if day > until:
            break
        if day < start:
            before += 1
        elif day in series.masked:
            masked += 1
        else:
            kept.append((day, value, size))
    if len(kept) < 2:
        return None
    days = np.array(days_of([day for day, _, _ in kept]), dtype=np.int64)
    raw = np.array([value for _, value, _ in kept])
    step = _median(np.diff(days).astype(float))
    scale = _scale_of(raw, series.bounds)
    on_scale = _on(scale, raw, series.bounds)
    clipped = _clipped(on_scale)
    location = _median(clipped)
    extent = float(np.ptp(clipped))
    # Equal numbers have a standard deviation of some 1e-17 by rounding.
    spread = float(np.std(clipped)) if extent else 0.0
    noise: Floats | None = None
    if series.sizes:
        cases = np.array([size for _, _, size in kept])
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


def _clipped(value: Floats) -> Floats:
    """*value* with outliers moved to the limit; a step is kept, because the running median follows it."""
    half = _WINDOW // 2
    padded = np.concatenate([np.full(half, np.nan), value, np.full(half, np.nan)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    middle = np.sort(windows, axis=1)[:, half]
    # At the ends the window is shorter.
    for place in {*range(min(half, len(value))), *range(max(0, len(value) - half), len(value))}:
        middle[place] = _median(value[max(0, place - half) : place + half + 1])
    apart = value - middle
    spread = _MAD_TO_SD * _median(np.abs(apart - _median(apart)))
    if spread == 0:
        # Most values are the same one: then a lone other one among equals is the outlier, however small it is.
        lone = np.array([_is_lone(value, place) for place in range(len(value))])
        return np.where(lone, middle, value)
    return np.clip(value, middle - CLIP * spread, middle + CLIP * spread)


def _median(values: Floats) -> float:
    """As numpy's, without its care for what is not finite: there is none here."""
    ordered = np.sort(values)
    half = len(ordered) // 2
    return float(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def _is_lone(value: Floats, place: int) -> bool:
    """Whether all others around *place* are the same, and it is not."""
    around = np.delete(value[max(0, place - _WINDOW // 2) : place + _WINDOW // 2 + 1], min(place, _WINDOW // 2))
    return bool(np.all(around == around[0])) and bool(value[place] != around[0])
