"""Why a metric stands elsewhere than at its baseline, and where it would stand without the deliveries."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from okrsync.model.verdicts import Counterfactual, Decomposition, ModelWeight, Span
from okrsync.outcome.fitting import LEVEL, Fitted, ModelFrame, fitted, framed
from okrsync.outcome.grid import CELLS
from okrsync.outcome.preprocessing import Scale
from okrsync.outcome.regression import TRENDS
from okrsync.outcome.student import Mixture
from okrsync.outcome.waves import wait_days

Floats = NDArray[np.float64]
_TAIL = (1 - LEVEL) / 2
_LEAST_WEIGHT = 0.01


def windows(frame: ModelFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
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


def window_column(frame: ModelFrame) -> Floats | None:
    """Weights (n,) that give the mean of the last window less that of the baseline window."""
    found = windows(frame)
    if found is None:
        return None
    before, last = found
    return last / np.count_nonzero(last) - before / np.count_nonzero(before)


def up_to_its_end(frame: ModelFrame, latest: Decomposition | None) -> Decomposition | None:
    """
    The decomposition of the days whose change the case of *frame* asks for: *latest*, where nothing came after them.

    Else that of a fit of their observations alone: what came later may be owed to work that is none of the key
    result's, and would blur what was there before.
    """
    until = frame.case.change_until
    if until is None or until.toordinal() >= int(frame.prepared.days[-1]):
        return latest
    earlier = framed(frame.case, [part.wave for part in frame.parts if part.wave.first <= until], until)
    weights = None if earlier is None else window_column(earlier)
    if earlier is None or weights is None:
        return None
    column = earlier.design.add(weights)
    fit = fitted(earlier)
    return None if fit is None else described(fit, column)[0]


def described(fit: Fitted, column: int | None) -> tuple[Decomposition | None, Counterfactual]:
    """
    The parts of the change, and every observation with what it would have been without the deliveries.

    *column*: that of the window weights in the design; without it, and on a changed scale, there is no decomposition.
    All intervals come from one mixture, because they share its models.
    """
    stairs = _stairs(fit)
    rows, place = (np.zeros((0, 0)), None) if stairs is None else np.unique(stairs, axis=0, return_inverse=True)
    touched = rows[rows.any(axis=1)] if len(rows) else rows
    effects = _picked(fit, touched)
    found = None if column is None or fit.frame.prepared.scale is not Scale.RAW else windows(fit.frame)
    if found is None or column is None:
        spans = _spans(fit.posterior.mixture(effects)) if effects.shape[1] else np.zeros((3, 0))
        return None, _counterfactual(fit, rows, place, spans)
    drift = _drift(fit, column)
    deliveries = _of_deliveries(fit, column)[:, None]
    both = fit.posterior.mixture(np.concatenate([effects, deliveries], axis=1))
    spans = _spans(
        Mixture(
            both.weights,
            np.concatenate([both.means, drift[0][fit.posterior.kept, None]], axis=1),
            np.concatenate([both.scales, drift[1][fit.posterior.kept, None]], axis=1),
            both.df,
        )
    )
    parts = _decomposition(fit, column, found, spans[:, -1], spans[:, -2])
    return parts, _counterfactual(fit, rows, place, spans[:, :-2])


def _spans(mixture: Mixture) -> Floats:
    """Mean and both ends of the interval of each quantity (3, k)."""
    return np.vstack([mixture.mean, mixture.quantiles([_TAIL, 1 - _TAIL])])


def _stairs(fit: Fitted) -> Floats | None:
    parts = fit.frame.in_fit
    return np.stack([part.stairs.column for part in parts], axis=1) if parts else None


def _picked(fit: Fitted, rows: Floats) -> Floats:
    """Contrasts (p, k) that sum up the effects of the deliveries as each of *rows* (k, parts) weighs them."""
    picked = np.zeros((fit.posterior.means.shape[1], len(rows)))
    if len(rows):
        picked[1 : 1 + rows.shape[1]] = rows.T
    return picked


def _of_deliveries(fit: Fitted, column: int) -> Floats:
    """What the windows' difference owes to each coefficient of the deliveries (p,)."""
    weights = fit.frame.design.columns[column]
    owed = np.zeros(fit.posterior.means.shape[1])
    for place, part in enumerate(fit.frame.in_fit, start=1):
        owed[place] = float(weights @ part.stairs.column)
    return owed


def _drift(fit: Fitted, column: int) -> tuple[Floats, Floats]:
    """
    Mean and scale (m,) of what is neither the deliveries' nor white noise, for each model.

    For one covariance R with white part (1 - v) I, the white noise in the windows has the mean
    (1 - v) c' R^-1 (y - X b), so drift is linear in the coefficients too, with a variance of its own beside theirs.
    """
    frame, posterior, ready = fit.frame, fit.posterior, fit.frame.prepared
    weights, design = frame.design.columns[column], frame.design
    chosen = [*frame.flat, *design.shrunk, design.trend]
    white = np.repeat([1 - cell.share for cell in CELLS], len(TRENDS))[:, None]
    along = np.repeat(fit.grams.products[:, column, :], len(TRENDS), axis=0)
    # drift = c'y - c'S g - (1 - v) c'R^-1 (y - X b) - e
    combined = white * along[:, chosen] - _of_deliveries(fit, column)
    constant = float(weights @ ready.y) - white[:, 0] * along[:, 0]
    mean = constant + np.einsum("mp,mp->m", combined, posterior.means)
    spread = np.sum(np.matmul(posterior.covariances, combined[:, :, None])[:, :, 0] * combined, axis=1)
    own = white[:, 0] * float(weights**2 @ _white_noise(frame)) - white[:, 0] ** 2 * along[:, column]
    return mean, np.sqrt(np.maximum(spread + np.maximum(own, 0.0), 1e-300) * posterior.variance)


def _decomposition(
    fit: Fitted,
    column: int,
    found: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    drifted: Floats,
    delivered: Floats,
) -> Decomposition:
    ready = fit.frame.prepared
    weights = fit.frame.design.columns[column]
    drift, deliveries = (Span(*(float(value) * ready.spread for value in span)) for span in (drifted, delivered))
    change = float(weights @ ready.raw)
    kept = float(weights @ ready.y) * ready.spread
    before, last = (np.flatnonzero(window) for window in found)
    first, until, since, end = (
        date.fromordinal(int(ready.days[place])) for place in (before[0], before[-1], last[0], last[-1])
    )
    unexplained = kept - drift.value - deliveries.value
    return Decomposition(first, until, since, end, change, drift, deliveries, change - kept, unexplained)


def _white_noise(frame: ModelFrame) -> Floats:
    ready = frame.prepared
    return np.ones(len(ready.y)) if ready.noise is None else ready.noise


def _counterfactual(fit: Fitted, rows: Floats, place: NDArray[np.intp] | None, spans: Floats) -> Counterfactual:
    """*spans*: those of the *rows* that have any effect; *place* says which row each observation has."""
    ready = fit.frame.prepared
    if place is None:
        return Counterfactual()
    effect = np.zeros((3, len(rows)))
    effect[:, np.flatnonzero(rows.any(axis=1))] = spans
    each = effect[:, np.ravel(place)]
    if ready.scale is Scale.RAW:
        without = [ready.raw - row * ready.spread for row in each]
    else:
        without = [ready.raw_of(ready.y - row) for row in each]
    expected, high, low = without  # the lower end of the effect is the upper end of what would have been
    columns = (tuple(row.tolist()) for row in (ready.raw, expected, low, high))
    return Counterfactual(tuple(map(date.fromordinal, ready.days.tolist())), *columns)


def model_weights(fit: Fitted) -> tuple[ModelWeight, ...]:
    """The models with at least 1 % of the weight, heaviest first."""
    count = len(TRENDS)
    entries = [
        ModelWeight(CELLS[place // count].tau, CELLS[place // count].share, TRENDS[place % count], float(weight))
        for place, weight in enumerate(fit.posterior.weights)
        if weight >= _LEAST_WEIGHT
    ]
    return tuple(sorted(entries, key=lambda entry: -entry.weight))
