"""
The covariance grid: how a metric may drift and persist, and the whitening of series that follow from it.

``R = (1 - v) I + v exp(-|dt| / tau) + f^2 min(t, t')``, with time in median steps of the series: white noise, noise
that persists for about tau steps, and a slow random walk, because no business metric is exactly stationary.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PERSISTENCE = (2.0, 5.0, 12.0, 30.0, 100.0)
"""tau: after how many steps noise is forgotten to 1/e."""
SHARES = (0.1, 0.3, 0.6, 1.0)
"""v: the part of the noise that persists."""
FLOOR = 0.05
"""f: standard deviation of the random walk a step, in noise standard deviations."""
_MOST_DENSE = 160
"""Points up to which multiplying by a shared factorisation is faster than filtering."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One covariance of the grid; white noise has a share of 0."""

    tau: float
    share: float


CELLS: tuple[Cell, ...] = (Cell(0.0, 0.0), *(Cell(tau, share) for tau in PERSISTENCE for share in SHARES))
# Restricted likelihood under-estimates persistence (Turner et al. 2020): cells that persist get a head start.
TILT: Floats = np.array([0.5 * cell.share * np.log(cell.tau) if cell.share else 0.0 for cell in CELLS])


@dataclass(frozen=True, slots=True)
class _Dense:
    """*inverses* (cells, n, n) of R's lower Cholesky factors."""

    inverses: Floats

    def white(self, columns: Floats) -> Floats:
        white: Floats = self.inverses @ columns
        return white


@dataclass(frozen=True, slots=True)
class _Filter:
    """
    A Kalman filter for each cell: what persists and what walks are its state, white noise its measurement error.

    By step and cell (n, cells): *fade* of what persists until the next, its *pull* by what is new and the walk's
    *drift*, and *root*, the standard deviation of what is new. Its innovations are the whitened series (Schweppe
    1965), at a cost that grows with the points and not with their cube.
    """

    fade: Floats
    pull: Floats
    drift: Floats
    root: Floats

    def white(self, columns: Floats) -> Floats:
        n, count = columns.shape
        made = np.empty((len(CELLS), n, count))
        held = np.zeros((len(CELLS), count))
        walked = np.zeros((len(CELLS), count))
        for step in range(n):
            new = columns[step] - held - walked
            made[:, step] = new / self.root[step][:, None]
            held += self.pull[step][:, None] * new
            held *= self.fade[step][:, None]
            walked += self.drift[step][:, None] * new
        return made


@dataclass(frozen=True, slots=True)
class Whitener:
    """What turns noise with the covariance R into white noise, under each cell; *log_roots* (cells,): log det R / 2."""

    by: _Dense | _Filter
    log_roots: Floats

    def white(self, columns: Floats) -> Floats:
        """*columns* (n, q), whitened (cells, n, q)."""
        return self.by.white(columns)


def whitener_of(times: Floats, noise: Floats | None = None) -> Whitener:
    """
    What whitens observations at *times* (n,), ascending, in steps from the first, which is at 0.

    *noise* (n,): variances of the part that does not persist, 1 where every observation is as good; samples of
    different sizes make them differ. Short series with evenly spaced times share one factorisation: the Cholesky factor
    of a longer series begins with that of a shorter one, and so does its inverse.
    """
    n = len(times)
    if noise is None and n <= _MOST_DENSE and np.array_equal(times, np.arange(n, dtype=float)):
        inverses, cumulative = _evenly_spaced()
        return Whitener(_Dense(inverses[:, :n, :n]), cumulative[:, n - 1])
    made = _filter_of(times, np.ones(n) if noise is None else noise)
    return Whitener(made, np.log(made.root).sum(axis=0))


@lru_cache(maxsize=1)
def _evenly_spaced() -> tuple[Floats, Floats]:
    """The inverses for the longest series that is factorised, and the running sums of their log roots."""
    made = _filter_of(np.arange(_MOST_DENSE, dtype=float), np.ones(_MOST_DENSE))
    return made.white(np.eye(_MOST_DENSE)), np.cumsum(np.log(made.root), axis=0).T


def _filter_of(times: Floats, noise: Floats) -> _Filter:
    n = len(times)
    share = np.array([cell.share for cell in CELLS])
    rate = np.array([1 / cell.tau if cell.share else 0.0 for cell in CELLS])
    fade, pull, drift, root = (np.empty((n, len(CELLS))) for _ in range(4))
    # Variances of what persists and of what walked, and their covariance, before the first observation.
    held, walked, both = share.copy(), np.zeros(len(CELLS)), np.zeros(len(CELLS))
    gaps = np.append(np.diff(times), 0.0)
    for step in range(n):
        total = held + walked + 2 * both + (1 - share) * noise[step]
        pull[step], drift[step] = (held + both) / total, (walked + both) / total
        root[step] = np.sqrt(total)
        fade[step] = np.exp(-gaps[step] * rate)
        left = held - pull[step] * (held + both), walked - drift[step] * (walked + both)
        both = (both - pull[step] * (walked + both)) * fade[step]
        held = left[0] * fade[step] ** 2 + share * (1 - fade[step] ** 2)
        walked = left[1] + FLOOR**2 * gaps[step]
    return _Filter(fade, pull, drift, root)
