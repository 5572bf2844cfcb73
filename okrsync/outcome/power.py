"""From when a delivery could be judged on a metric, and how small an effect could then be seen."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray

from okrsync.model.outlooks import Judgeability
from okrsync.outcome.cases import Case
from okrsync.outcome.decision_rule import LEAST_BEFORE, MDE_FACTOR
from okrsync.outcome.evaluation import cadence
from okrsync.outcome.fitting import Fitted, fitted, framed
from okrsync.outcome.grid import whitener_of
from okrsync.outcome.regression import ALMOST_FLAT, TRENDS, grams_of
from okrsync.outcome.waves import evaluation_of

Floats = NDArray[np.float64]
USUAL_STEPS = {"daily": 1.0, "weekly": 7.0, "monthly": 30.4}
"""Days between observations, by a metric's declared cadence."""
_LEAST_WEIGHT = 0.02
_LEAST_FOR_NOISE = 8
_PINNED = 1e8


def judgeability(case: Case, as_of: date, end: date, usual_step: float | None = None) -> Judgeability:
    """
    What a delivery on *as_of* on *case* could be judged by, and what could be seen by *end*.

    Observations go on at the pace of the latest; *usual_step* days apart where there are not yet two.
    """
    series, settings = case.series, case.settings
    start = max((day for day in series.breaks if day <= as_of), default=date.min)
    known = [day for day in series.days if start <= day <= as_of and day not in series.masked]
    step = cadence(series, as_of) if len(known) > 1 or usual_step is None else usual_step
    # A delivery's own day is behind it: what is known by then lies before.
    first = as_of + timedelta(days=1 - settings.lag_days) if known else as_of
    missing = max(0, LEAST_BEFORE - len(known))
    last = known[-1] if known else as_of
    if missing:
        enough = last + timedelta(days=ceil((missing if known else missing - 1) * step) + 1 - settings.lag_days)
        first = max(first, enough)
    delivery = max(as_of, first)
    settling = timedelta(days=settings.settle_days)
    judged_on = evaluation_of(delivery, step, settings) + settling
    frame = framed(case, (), as_of)
    fit = None if frame is None or len(frame.prepared.y) < _LEAST_FOR_NOISE else fitted(frame)
    if fit is None:
        return Judgeability(delivery, judged_on, None, None, missing)
    return Judgeability(
        delivery,
        judged_on,
        _smallest(case, fit, delivery, judged_on - settling, step),
        None if end < judged_on else _smallest(case, fit, delivery, end - settling, step),
        missing,
    )


def _smallest(case: Case, fit: Fitted, delivery: date, until: date, step: float) -> float | None:
    """The smallest effect that could be seen on *until*, if the metric's noise stays what it is."""
    ready = fit.frame.prepared
    last = int(ready.days[-1])
    more = np.arange(last + step, until.toordinal() + 0.5, step)
    days = np.concatenate([ready.days.astype(float), more])
    after = days >= delivery.toordinal() + case.settings.lag_days
    if not after.any() or after.all():
        return None
    effect = _error_of(fit, days, after.astype(float)) * MDE_FACTOR
    # On a changed scale: what it comes to from where the metric stands now.
    now = ready.y[-_LEAST_FOR_NOISE:]
    return float(np.mean(np.abs(ready.raw_of(now + effect) - ready.raw_of(now))))


def _error_of(fit: Fitted, days: Floats, column: Floats) -> float:
    """The standard error of the effect of *column* on *days*, under the models that weigh most."""
    ready, posterior = fit.frame.prepared, fit.posterior
    n = len(ready.days)
    pace = ready.times[-1] / (ready.days[-1] - ready.days[0])
    times = np.concatenate([ready.times, (days[n:] - ready.days[0]) * pace])
    trend = (times - ready.times.mean()) / ready.times[-1]
    products = grams_of(np.stack([np.ones(len(times)), column, trend], axis=1), whitener_of(times)).products
    models = np.flatnonzero(posterior.weights >= _LEAST_WEIGHT)
    precisions = np.array([1 / sd**2 if sd else _PINNED for sd in TRENDS])
    normals = products[models // len(TRENDS)] + np.diag([ALMOST_FLAT, ALMOST_FLAT, 0.0])
    normals[:, 2, 2] += precisions[models % len(TRENDS)]
    variances = np.linalg.inv(normals)[:, 1, 1] * posterior.variance[models]
    return float(np.sqrt(np.average(variances, weights=posterior.weights[models])))
