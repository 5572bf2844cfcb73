"""One fit of one key result: all its waves at once, on the observations up to one day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from okrsync.model.verdicts import Estimate
from okrsync.outcome import regression
from okrsync.outcome.cases import Case
from okrsync.outcome.decision_rule import MDE_FACTOR
from okrsync.outcome.design import Design, WaveRegressor, base_design, staircase
from okrsync.outcome.grid import whitener_of
from okrsync.outcome.preprocessing import Prepared, Scale, prepared
from okrsync.outcome.regression import Grams, Posterior, grams_of
from okrsync.outcome.student import Mixture
from okrsync.outcome.waves import Wave

Floats = NDArray[np.float64]
LEVEL = 0.95
_LEAST_FREEDOM = 3


@dataclass(frozen=True, slots=True)
class WaveTerm:
    """One wave in a fit: its staircase, and its column; ``None`` where the data cannot tell it from the constant."""

    wave: Wave
    stairs: WaveRegressor
    column: int | None


@dataclass(frozen=True, slots=True)
class ModelFrame:
    """A series made ready with the columns of its waves, before anything is fitted."""

    case: Case
    prepared: Prepared
    design: Design
    parts: tuple[WaveTerm, ...]

    @property
    def in_fit(self) -> list[WaveTerm]:
        """The parts that have a column."""
        return [part for part in self.parts if part.column is not None]

    @property
    def flat(self) -> list[int]:
        """Columns with a flat prior: the constant, and the parts in the fit."""
        return [1, *(part.column for part in self.parts if part.column is not None)]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A frame with its posterior; the coefficients are those of the constant, the parts in the fit, and the rest."""

    frame: ModelFrame
    grams: Grams
    posterior: Posterior

    def place(self, part: WaveTerm) -> int:
        """Which coefficient belongs to *part*."""
        return 1 + self.frame.in_fit.index(part)


def framed(case: Case, waves: Sequence[Wave], until: date) -> ModelFrame | None:
    """
    The frame of *case* with *waves* on what was observed up to *until*; ``None`` without two points.

    Waves between which nothing was observed have one column and become one part.
    """
    ready = prepared(case.series, until)
    if ready is None:
        return None
    settings, trailing = case.settings, case.series.trailing_days
    stairs = [(wave, staircase(ready, wave, settings, trailing)) for wave in waves]
    told = [wave for wave, steps in stairs if steps.points_before and steps.points_after]
    design = base_design(ready, case.controls, told[0].first if told else None)
    parts: list[WaveTerm] = []
    seen: dict[bytes, int] = {}
    for wave, steps in stairs:
        if not (steps.points_before and steps.points_after):
            parts.append(WaveTerm(wave, steps, None))
            continue
        key = steps.column.tobytes()
        if key in seen:
            held = parts[seen[key]]
            parts[seen[key]] = WaveTerm(joined(held.wave, wave), held.stairs, held.column)
            continue
        seen[key] = len(parts)
        parts.append(WaveTerm(wave, steps, design.add(steps.column)))
    return ModelFrame(case, ready, design, tuple(parts))


def joined(one: Wave, other: Wave) -> Wave:
    """Two waves that the data cannot tell apart, as one."""
    deliveries = sorted((*one.deliveries, *other.deliveries), key=lambda delivery: (delivery.day, delivery.id))
    return Wave(one.kind, tuple(deliveries), max(one.evaluation, other.evaluation))


def fitted(frame: ModelFrame) -> Fitted | None:
    """The fit of all parts of *frame*; ``None`` for a constant series, or with hardly more points than coefficients."""
    if frame.prepared.spread == 0:
        return None
    if len(frame.prepared.y) - len(frame.flat) < _LEAST_FREEDOM:
        return None
    design, ready = frame.design, frame.prepared
    grams = grams_of(design.matrix, whitener_of(ready.times, ready.noise))
    posterior = regression.fit(grams, frame.flat, design.shrunk, design.precisions, design.trend, ready.floor)
    return Fitted(frame, grams, posterior)


def contrasts(fit: Fitted, parts: Sequence[WaveTerm]) -> Floats:
    """What picks the effect of each of *parts* out of the coefficients (p, k), on the scale of y."""
    picked = np.zeros((fit.posterior.means.shape[1], len(parts)))
    for row, part in enumerate(parts):
        picked[fit.place(part), row] = part.stairs.reach
    return picked


def estimates(frame: ModelFrame, mixture: Mixture, parts: Sequence[WaveTerm]) -> list[Estimate]:
    """The estimates in the metric's unit of *parts*, whose effects on the scale of y are *mixture*, in this order."""
    tail = (1 - LEVEL) / 2
    (low, high), p = mixture.quantiles([tail, 1 - tail]), mixture.p_two_sided()
    mean, error = mixture.mean, mixture.standard_deviation
    found: list[Estimate] = []
    for row, part in enumerate(parts):
        least, most = _possible(frame, part)
        values = [
            float(np.clip(in_unit(frame, part.stairs, float(value)), least, most))
            for value in (mean[row], low[row], high[row])
        ]
        unit = abs(in_unit(frame, part.stairs, float(error[row])))
        found.append(Estimate(values[0], values[1], values[2], unit, float(p[row]), unit * MDE_FACTOR))
    return found


def in_unit(frame: ModelFrame, stairs: WaveRegressor, effect: float) -> float:
    """*effect* on the scale of y, in the metric's unit: the mean difference to what would have been without it."""
    ready = frame.prepared
    if ready.scale is Scale.RAW:
        return effect * ready.spread
    y = ready.y[stairs.after]
    without = y - effect / stairs.reach * stairs.column[stairs.after]
    return float(np.mean(ready.raw_of(y) - ready.raw_of(without)))


def _possible(frame: ModelFrame, part: WaveTerm) -> tuple[float, float]:
    """The smallest and largest effect for which the metric without it would lie inside of its bounds."""
    ready = frame.prepared
    if ready.bounds is None:
        return -np.inf, np.inf
    level = float(np.mean(ready.raw[part.stairs.after]))
    return level - ready.bounds[1], level - ready.bounds[0]


def line_estimate(fit: Fitted, column: int) -> Estimate:
    """The effect of everything delivered by the last observation: *column* is the cumulated size."""
    frame, design, ready = fit.frame, fit.frame.design, fit.frame.prepared
    posterior = regression.fit(fit.grams, [1, column], design.shrunk, design.precisions, design.trend, ready.floor)
    contrast = np.zeros((posterior.means.shape[1], 1))
    contrast[1, 0] = 1.0
    values = design.columns[column]
    stairs = WaveRegressor(values, float(values[-1]), np.arange(len(values)) == len(values) - 1)
    part = WaveTerm(frame.in_fit[0].wave, stairs, column)
    return estimates(frame, posterior.mixture(contrast * stairs.reach), [part])[0]
