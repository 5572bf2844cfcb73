"""
The covariance grid: how a metric may drift and persist, and the whitening of series that follow from it.

``R = (1 - v) I + v exp(-|dt| / tau) + f^2 min(t, t')``, with time in median steps of the series: white noise, noise
that persists for about tau steps, and a slow random walk, because no business metric is exactly stationary.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PERSISTENCE = (2.0, 5.0, 12.0, 30.0, 100.0)
"""tau: after how many steps noise is forgotten to 1/e."""
SHARES = (0.1, 0.3, 0.6, 1.0)
"""v: the part of the noise that persists."""
FLOOR = 0.05
"""f: standard deviation of the random walk a step, in noise standard deviations."""
_HELD = 64
_WHOLE = 64


@dataclass(frozen=True, slots=True)
class Cell:
    """One covariance of the grid; white noise has a share of 0."""

    tau: float
    share: float


CELLS: tuple[Cell, ...] = (Cell(0.0, 0.0), *(Cell(tau, share) for tau in PERSISTENCE for share in SHARES))
# Restricted likelihood under-estimates persistence (Turner et al. 2020): cells that persist get a head start.
TILT: Floats = np.array([0.5 * cell.share * np.log(cell.tau) if cell.share else 0.0 for cell in CELLS])


@dataclass(frozen=True, slots=True)
class Whitener:
    """*inverses* (cells, n, n) of R's lower Cholesky factors; *log_roots* (cells,): log det R / 2."""

    inverses: Floats
    log_roots: Floats


_whiteners: OrderedDict[bytes, tuple[Floats, Floats]] = OrderedDict()


def whitener_of(times: Floats, noise: Floats | None = None) -> Whitener:
    """
    What whitens observations at *times* (n,), ascending, in steps from the first, which is at 0.

    *noise* (n,): variances of the part that does not persist, 1 where every observation is as good; samples of
    different sizes make them differ. Series with evenly spaced times share one factorisation: the Cholesky factor of
    a longer series begins with that of a shorter one, and so does its inverse.
    """
    n = len(times)
    if noise is not None:
        return Whitener(*_factored(times, noise))
    if n and np.array_equal(times, np.arange(n, dtype=float)):
        size = -(-n // _WHOLE) * _WHOLE
        times = np.arange(size, dtype=float)
    key = times.tobytes()
    if key not in _whiteners:
        inverses, logs = _factored_parts(times, np.ones(len(times)))
        _whiteners[key] = (inverses, np.cumsum(logs, axis=1))
        if len(_whiteners) > _HELD:
            _whiteners.popitem(last=False)
    _whiteners.move_to_end(key)
    inverses, cumulative = _whiteners[key]
    return Whitener(inverses[:, :n, :n], cumulative[:, n - 1])


def covariances(times: Floats, noise: Floats) -> Floats:
    """R for each cell (cells, n, n)."""
    apart = np.abs(times[:, None] - times[None, :])
    # From one step before the first observation, so that the first has some of it too.
    walk = FLOOR**2 * (np.minimum(times[:, None], times[None, :]))
    white = np.diag(noise)
    return np.stack(
        [
            walk + ((1 - cell.share) * white + cell.share * np.exp(-apart / cell.tau) if cell.share else white)
            for cell in CELLS
        ]
    )


def _factored(times: Floats, noise: Floats) -> tuple[Floats, Floats]:
    inverses, logs = _factored_parts(times, noise)
    return inverses, logs.sum(axis=1)


def _factored_parts(times: Floats, noise: Floats) -> tuple[Floats, Floats]:
    factors = np.linalg.cholesky(covariances(times, noise))
    return np.linalg.inv(factors), np.log(np.diagonal(factors, axis1=1, axis2=2))
