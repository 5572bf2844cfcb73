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

    def until(self, n: int) -> _Filter:
        """That of the first *n* observations."""
        return _Filter(self.fade[:n], self.pull[:n], self.drift[:n], self.root[:n])

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
    if noise is None and np.array_equal(times, np.arange(n, dtype=float)):
        found = _evenly_spaced(max(_MOST_DENSE, 1 << (n - 1).bit_length()))
    else:
        found = _LATEST.of(times, np.ones(n) if noise is None else noise)
    by = found.whole.until(n) if n > _MOST_DENSE or found.inverses is None else _Dense(found.inverses[:, :n, :n])
    return Whitener(by, found.log_roots[:, n - 1])


@dataclass(frozen=True, slots=True)
class _Factors:
    """What whitens a series and whatever begins it: *inverses* where it is short; *log_roots* (cells, n) up to each."""

    whole: _Filter
    inverses: Floats | None
    log_roots: Floats


def _factors_of(times: Floats, noise: Floats) -> _Factors:
    made = _filter_of(times, noise)
    inverses = made.white(np.eye(len(times))) if len(times) <= _MOST_DENSE else None
    return _Factors(made, inverses, np.cumsum(np.log(made.root), axis=0).T)


@lru_cache(maxsize=8)
def _evenly_spaced(n: int) -> _Factors:
    return _factors_of(np.arange(n, dtype=float), np.ones(n))


class _Latest:
    """
    The factors of the series that was asked for last, kept for what begins like it.

    One series is whitened for each day on which one of its waves is judged, the longest part of it first.
    """

    def __init__(self) -> None:
        self._held: tuple[Floats, Floats, _Factors] | None = None

    def of(self, times: Floats, noise: Floats) -> _Factors:
        n, held = len(times), self._held
        if held is None or not (np.array_equal(held[0][:n], times) and np.array_equal(held[1][:n], noise)):
            held = self._held = times, noise, _factors_of(times, noise)
        return held[2]


_LATEST = _Latest()


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
