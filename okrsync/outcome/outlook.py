"""What would settle an inconclusive verdict: how many further points, under the drift that the metric shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from okrsync.outcome.cases import Case
from okrsync.outcome.evaluation import waves_at
from okrsync.outcome.fitting import Fitted, WaveTerm, contrasts, fitted, framed
from okrsync.outcome.grid import whitener_of
from okrsync.outcome.regression import ALMOST_FLAT, TRENDS, grams_of

Floats = NDArray[np.float64]
LENGTHS = (7, 14, 28, 56, 112, 224)
"""Further points that are tried; beyond, "never" is the honest word."""
_LEAST_WEIGHT = 0.02
_TWO_SIDED = 1.96


def further_points(case: Case, members: Sequence[str], as_of: date, smallest: float | None) -> int | None:
    """
    How many more points would settle the check of *members*, if its effect stayed what it seems to be.

    Settled: the interval leaves out zero, or lies inside of plus and minus *smallest* (the metric's unit). ``None``:
    none of up to 224 further points would do, or the check is in no fit.
    """
    waves = waves_at(case, as_of)
    frame = framed(case, waves, as_of)
    fit = None if frame is None else fitted(frame)
    if frame is None or fit is None:
        return None
    part = next((part for part in frame.in_fit if part.wave.deliveries[0].id in members), None)
    if part is None:
        return None
    effect = abs(float(fit.posterior.mixture(contrasts(fit, [part])).mean[0]))
    enough = None if smallest is None else smallest / frame.prepared.spread
    for length in LENGTHS:
        error = _error_after(fit, part, length)
        if effect > _TWO_SIDED * error or (enough is not None and effect + _TWO_SIDED * error < enough):
            return length
    return None


def _error_after(fit: Fitted, part: WaveTerm, length: int) -> float:
    """The standard error of *part*'s effect with *length* more points, under the models that weigh most."""
    ready, posterior = fit.frame.prepared, fit.posterior
    times = np.concatenate([ready.times, ready.times[-1] + 1 + np.arange(length)])
    columns = [np.ones(len(times))]
    columns += [
        np.concatenate([other.stairs.column, np.full(length, other.stairs.column[-1])]) for other in fit.frame.in_fit
    ]
    columns.append((times - ready.times.mean()) / (ready.times[-1] - ready.times[0]))
    design = np.stack(columns, axis=1)
    products = grams_of(design, whitener_of(times)).products
    place = fit.place(part)
    total = weight = 0.0
    for model, share in enumerate(posterior.weights):
        sd = TRENDS[model % len(TRENDS)]
        if share < _LEAST_WEIGHT:
            continue
        normal = products[model // len(TRENDS)] + ALMOST_FLAT * np.eye(design.shape[1])
        normal[-1, -1] += 1 / sd**2 if sd else 1e8
        variance = float(np.linalg.inv(normal)[place, place]) * float(posterior.variance[model])
        total += share * variance
        weight += share
    return float(np.sqrt(total / weight)) * part.stairs.reach if weight else float("inf")
