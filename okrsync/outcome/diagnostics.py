"""What should make a reader doubt a verdict: printed beside it, never a veto."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from okrsync.outcome.decision_rule import ALPHA
from okrsync.outcome.fitting import Fitted, WaveTerm
from okrsync.outcome.grid import whitener_of
from okrsync.outcome.regression import fit, grams_of
from okrsync.outcome.waves import WEEKLY

Floats = NDArray[np.float64]
PLACEBOS = (0.40, 0.55, 0.70)
"""Where in the past before a delivery others are invented."""
_LEAST_FOR_PLACEBO = 12
_LAST, _EXTREME = 5, 2.0
_LEAST_BEFORE_LAST = 15
_ENTANGLED = 0.8


def placebo_alarm(fitted: Fitted, part: WaveTerm) -> str:
    """Whether a delivery that is invented before *part* would be claimed too, with all real ones in the fit."""
    frame, past = fitted.frame, part.stairs.points_before
    if past < _LEAST_FOR_PLACEBO:
        return ""
    n = len(frame.prepared.y)
    invented = [(np.arange(n) >= round(share * past)).astype(float) for share in PLACEBOS]
    columns = np.column_stack([*frame.design.columns, *invented])
    grams = grams_of(columns, whitener_of(frame.prepared.times, frame.prepared.noise))
    design = frame.design
    real = [other.column for other in frame.in_fit if other.column is not None]
    for column in range(columns.shape[1] - len(invented), columns.shape[1]):
        posterior = fit(grams, [1, *real, column], design.shrunk, design.precisions, design.trend, frame.prepared.floor)
        contrast = np.zeros((posterior.means.shape[1], 1))
        contrast[len(real) + 1, 0] = 1.0
        if posterior.mixture(contrast).p_two_sided()[0] < ALPHA:
            return "an invented delivery in the past would have been claimed too: this metric moves by itself"
    return ""


def reactive_alarm(y: Floats, before: int) -> str:
    """Whether the last points before the delivery are extreme: work that follows a dip gets credit for its recovery."""
    if before < _LEAST_BEFORE_LAST + _LAST:
        return ""
    past = y[:before]
    means = np.convolve(past, np.ones(_LAST) / _LAST, mode="valid")
    earlier, last = means[:-_LAST], means[-1]
    spread = float(np.std(earlier))
    if spread > 0 and abs(last - float(np.mean(earlier))) > _EXTREME * spread:
        where = "low" if last < np.mean(earlier) else "high"
        return f"the metric was unusually {where} just before: part of the change may be its return"
    return ""


def entangled(fitted: Fitted, parts: Sequence[WaveTerm]) -> dict[int, list[int]]:
    """For each of *parts* (by place) the others that the data can hardly tell from it: correlation beyond 0.8."""
    if len(parts) < 2:
        return {}
    posterior = fitted.posterior
    places = [fitted.place(part) for part in parts]
    weights = posterior.weights * posterior.variance
    spread = np.einsum("m,mij->ij", weights, posterior.covariances[:, places][:, :, places])
    root = np.sqrt(np.diagonal(spread))
    together = np.abs(spread / np.outer(root, root))
    return {
        row: [other for other in range(len(parts)) if other != row and together[row, other] > _ENTANGLED]
        for row in range(len(parts))
    }


def coarse_alarm(step_days: float) -> str:
    """Whether a wave spans weeks because the metric is measured so seldom."""
    if step_days >= WEEKLY:
        return f"measured about every {step_days:.0f} days: a wave holds what was delivered within three points"
    return ""
