"""Why a metric stands elsewhere than at its baseline, and where it would stand without the deliveries."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from okrsync.model.verdicts import CounterfactualPoint, Decomposition, ModelWeight, Span
from okrsync.outcome.fitting import LEVEL, Fitted, Frame
from okrsync.outcome.grid import CELLS
from okrsync.outcome.prepared import Scale
from okrsync.outcome.regression import TRENDS
from okrsync.outcome.student import Mixture
from okrsync.outcome.waves import wait_days

Floats = NDArray[np.float64]
_TAIL = (1 - LEVEL) / 2
_LEAST_WEIGHT = 0.01


def windows(frame: Frame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Which observations lie in the baseline window and in the last one; ``None`` where one of them has none."""
    ready, settings = frame.prepared, frame.case.settings
    first = min((part.wave.first for part in frame.parts), default=None)
    end = settings.baseline or (first - timedelta(days=1) if first else None)
    if end is None:
        return None
    length = wait_days(ready.step_days, settings)
    before = (ready.days <= end.toordinal()) & (ready.days > end.toordinal() - length)
    last = ready.days > max(int(ready.days[-1]) - length, end.toordinal())
    return (before, last) if before.any() and last.any() else None


def window_column(frame: Frame) -> Floats | None:
    """Weights (n,) that give the mean of the last window less that of the baseline window."""
    found = windows(frame)
    if found is None:
        return None
    before, last = found
    return last / np.count_nonzero(last) - before / np.count_nonzero(before)


def decomposition(fit: Fitted, column: int) -> Decomposition | None:
    """
    The parts of the change, by the fit whose design has the window weights as *column*; ``None`` on a changed scale.

    Of the deliveries, a linear combination of their effects, jointly. What is neither theirs nor white noise is drift:
    for one covariance R with white part (1 - v) I, the noise in the windows has the mean (1 - v) c' R^-1 (y - X b), so
    drift is linear in the coefficients too, with a variance of its own beside theirs.
    """
    frame, posterior, ready = fit.frame, fit.posterior, fit.frame.prepared
    found = windows(frame)
    if found is None or ready.scale is not Scale.RAW:
        return None
    weights = frame.design.columns[column]
    parts = frame.in_fit
    count = posterior.means.shape[1]
    of_parts = np.zeros(count)
    for place, part in enumerate(parts, start=1):
        of_parts[place] = float(weights @ part.stairs.column)
    deliveries = _span(posterior.mixture(of_parts[:, None]), ready.spread)
    design = frame.design
    chosen = [1, *(part.column for part in parts if part.column is not None), *design.shrunk, design.trend]
    models = len(TRENDS)
    white = np.repeat([1 - cell.share for cell in CELLS], models)[:, None]
    along = np.repeat(fit.grams.products[:, column, :], models, axis=0)
    # drift = c'y - c'S g - (1 - v) c'R^-1 (y - X b) - e
    combined = white * along[:, chosen] - of_parts
    constant = float(weights @ ready.y) - white[:, 0] * along[:, 0]
    mean = constant + np.einsum("mp,mp->m", combined, posterior.means)
    spread = np.sum(np.matmul(posterior.covariances, combined[:, :, None])[:, :, 0] * combined, axis=1)
    noise = _white_noise(frame)
    own = white[:, 0] * float(weights**2 @ noise) - white[:, 0] ** 2 * along[:, column]
    scale = np.sqrt(np.maximum(spread + np.maximum(own, 0.0), 1e-300) * posterior.variance)
    drift = _span(Mixture(posterior.weights, mean[:, None], scale[:, None], posterior.df), ready.spread)
    change = float(weights @ ready.raw)
    kept = float(weights @ ready.y) * ready.spread
    days = [date.fromordinal(int(day)) for day in ready.days]
    before, last = (np.flatnonzero(window) for window in found)
    return Decomposition(
        days[before[0]],
        days[before[-1]],
        days[last[0]],
        days[last[-1]],
        change,
        drift,
        deliveries,
        change - kept,
        kept - drift.value - deliveries.value,
    )


def _white_noise(frame: Frame) -> Floats:
    ready = frame.prepared
    return np.ones(len(ready.y)) if ready.noise is None else ready.noise


def _span(mixture: Mixture, unit: float) -> Span:
    low, high = mixture.quantiles([_TAIL, 1 - _TAIL])[:, 0] * unit
    return Span(float(mixture.mean[0]) * unit, float(low), float(high))


def counterfactual(fit: Fitted) -> tuple[CounterfactualPoint, ...]:
    """Every observation with what it would have been without the deliveries; the interval is that of their effects."""
    frame, ready = fit.frame, fit.frame.prepared
    parts = frame.in_fit
    if not parts:
        return ()
    stairs = np.stack([part.stairs.column for part in parts], axis=1)
    rows, place = np.unique(stairs, axis=0, return_inverse=True)
    picked = np.zeros((fit.posterior.means.shape[1], len(rows)))
    picked[1 : 1 + len(parts)] = rows.T
    touched = np.flatnonzero(rows.any(axis=1))
    effect = np.zeros((3, len(rows)))
    if len(touched):
        mixture = fit.posterior.mixture(picked[:, touched])
        effect[0, touched] = mixture.mean
        effect[1:, touched] = mixture.quantiles([_TAIL, 1 - _TAIL])
    each = effect[:, np.ravel(place)]
    if ready.scale is Scale.RAW:
        without = [ready.raw - row * ready.spread for row in each]
    else:
        without = [ready.raw_of(ready.y - row) for row in each]
    return tuple(
        CounterfactualPoint(date.fromordinal(int(day)), float(raw), float(mean), float(low), float(high))
        for day, raw, mean, high, low in zip(ready.days, ready.raw, *without, strict=True)
    )


def model_weights(fit: Fitted) -> tuple[ModelWeight, ...]:
    """The models with at least 1 % of the weight, heaviest first."""
    count = len(TRENDS)
    entries = [
        ModelWeight(CELLS[place // count].tau, CELLS[place // count].share, TRENDS[place % count], float(weight))
        for place, weight in enumerate(fit.posterior.weights)
        if weight >= _LEAST_WEIGHT
    ]
    return tuple(sorted(entries, key=lambda entry: -entry.weight))
