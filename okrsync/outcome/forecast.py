"""Where a metric will stand on a later day, if it goes on as it has: with an interval, and the chance of a target."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from okrsync.model.outlooks import Forecast
from okrsync.outcome.cases import Case
from okrsync.outcome.evaluation import waves_at
from okrsync.outcome.fitting import LEVEL, Fitted, fitted, framed
from okrsync.outcome.grid import whitener_of
from okrsync.outcome.regression import TRENDS
from okrsync.outcome.student import Mixture

Floats = NDArray[np.float64]
LEAST_POINTS = 8
"""Observations from which there is a forecast."""
_TAIL = (1 - LEVEL) / 2


def forecast(
    case: Case, day: date, as_of: date, *, least: float | None = None, most: float | None = None
) -> Forecast | None:
    """
    The forecast of *case* for *day* on what is known on *as_of*; delivered work keeps the effect that it has.

    *least* and *most*: where it is wanted to be. ``None``: fewer than eight observations, a constant series, or *day*
    does not lie behind the last of them.

    For one covariance the new observation is what whitening leaves of it: with w = (L^-1)_last, its predictive
    distribution given the coefficients is normal about (x_w b - y_w) / r with scale s / r, where r is the last diagonal
    element of L^-1 (Schweppe 1965), so given the posterior it is a mixture of t distributions.
    """
    frame = framed(case, waves_at(case, as_of), as_of)
    fit = None if frame is None or len(frame.prepared.y) < LEAST_POINTS else fitted(frame)
    if fit is None or day.toordinal() <= int(fit.frame.prepared.days[-1]):
        return None
    ahead = _ahead(fit, day)
    (low,), (high,) = ahead.quantiles([_TAIL, 1 - _TAIL])
    ready = fit.frame.prepared
    value, low, high = (float(ready.raw_of(np.array([y]))[0]) for y in (ahead.mean[0], low, high))
    if ready.bounds is not None:
        value, low, high = (float(np.clip(told, *ready.bounds)) for told in (value, low, high))
    return Forecast(day, value, low, high, _share_between(fit, ahead, least, most))


def _ahead(fit: Fitted, day: date) -> Mixture:
    """The predictive distribution of the observation on *day*, on the scale of y."""
    frame, posterior = fit.frame, fit.posterior
    ready, design = frame.prepared, frame.design
    step = (ready.days[-1] - ready.days[0]) / ready.times[-1]
    times = np.append(ready.times, (day.toordinal() - ready.days[0]) / step)
    noise = None if ready.noise is None else np.append(ready.noise, np.median(ready.noise))
    chosen = [*frame.flat, *design.shrunk, design.trend]
    columns = np.column_stack([np.append(ready.y, 0.0), _extended(fit, chosen, times, day)])
    whitener = whitener_of(times, noise)
    last = whitener.white(columns)[:, -1]  # (cells, 1 + p)
    root = np.exp(whitener.log_roots - whitener_of(ready.times, ready.noise).log_roots)
    white, known = np.repeat(last[:, 1:], len(TRENDS), axis=0), np.repeat(last[:, 0], len(TRENDS))
    roots = np.repeat(root, len(TRENDS))
    kept = posterior.kept
    weights = posterior.weights[kept]
    mean = (np.einsum("mp,mp->m", white, posterior.means) - known) * roots
    spread = 1 + np.einsum("mp,mpq,mq->m", white, posterior.covariances, white)
    scale = np.sqrt(spread * posterior.variance) * roots
    return Mixture(weights / weights.sum(), mean[kept, None], scale[kept, None], posterior.df)


def _extended(fit: Fitted, chosen: list[int], times: Floats, day: date) -> Floats:
    """The columns *chosen* with one more row for *day* (n + 1, p)."""
    frame = fit.frame
    ready, design = frame.prepared, frame.design
    same_weekday = np.flatnonzero((ready.days - day.toordinal()) % 7 == 0)
    rows = []
    for column in chosen:
        values = design.columns[column]
        if column == design.trend:
            last = (times[-1] - ready.times.mean()) / (ready.times[-1] - ready.times[0])
        elif column in design.shrunk and ready.is_daily and set(np.unique(values)) <= {0.0, 1.0}:  # a weekday
            last = values[same_weekday[-1]] if len(same_weekday) else 0.0
        else:
            last = values[-1]
        rows.append(np.append(values, last))
    return np.stack(rows, axis=1)


def _share_between(fit: Fitted, ahead: Mixture, least: float | None, most: float | None) -> float | None:
    if least is None and most is None:
        return None
    above = 1.0 if most is None else float(ahead.below(np.array([_on_scale(fit, most)]))[0])
    below = 0.0 if least is None else float(ahead.below(np.array([_on_scale(fit, least)]))[0])
    return max(0.0, above - below)


def _on_scale(fit: Fitted, value: float) -> float:
    """The y whose value in the metric's unit is *value*, found by bisection: scales rise all along."""
    ready = fit.frame.prepared
    low, high = -1e3, 1e3
    for _ in range(200):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if float(ready.raw_of(np.array([middle]))[0]) < value:
            low = middle
        else:
            high = middle
    return (low + high) / 2
