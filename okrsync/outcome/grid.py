"""
The covariance grid: how a metric may drift and persist, and the whitening of series that follow from it.

``R = (1 - v) I + v exp(-|dt| / tau) + f^2 min(t, t')``, with time in median steps of the series: white noise, noise
that persists for about tau steps, and a slow random walk, because no business metric is exactly stationary.
"""

from __future__ import annotations

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
_BLOCK = 16
"""Observations that are whitened at once."""
_LEAST_EVEN = 256
"""Observations of the shortest series with evenly spaced times; shorter ones share it."""
_MOST_HELD, _MOST_REPEATED = 32, 4
"""Series whose filters are kept, and blocks behind another's that are rather filtered again."""


@dataclass(frozen=True, slots=True)
class CovariancePoint:
    """One covariance of the grid; white noise has a share of 0."""

    tau: float
    share: float


CELLS: tuple[CovariancePoint, ...] = (
    CovariancePoint(0.0, 0.0),
    *(CovariancePoint(tau, share) for tau in PERSISTENCE for share in SHARES),
)
# Restricted likelihood under-estimates persistence (Turner et al. 2020): cells that persist get a head start.
TILT: Floats = np.array([0.5 * cell.share * np.log(cell.tau) if cell.share else 0.0 for cell in CELLS])
_SHARE: Floats = np.array([cell.share for cell in CELLS])
_RATE: Floats = np.array([1 / cell.tau if cell.share else 0.0 for cell in CELLS])


@dataclass(frozen=True, slots=True)
class Whitener:
    """
    What turns noise with the covariance R into white noise, under each cell; *log_roots* (cells,): log det R / 2.

    *moves*, for each block of b observations (cells, b + 2, b + 2): the block and the state before it, times this, are
    the block whitened and the state behind it.
    """

    moves: tuple[Floats, ...]
    log_roots: Floats

    def white(self, columns: Floats) -> Floats:
        """*columns* (n, q), whitened (cells, n, q)."""
        n, count = columns.shape
        blocks = _blocks(n)
        given = np.zeros((blocks * _BLOCK, count))
        given[:n] = columns
        made = np.empty((len(CELLS), blocks * _BLOCK, count))
        seen = np.zeros((len(CELLS), _BLOCK + 2, count))
        for block in range(blocks):
            place = slice(block * _BLOCK, (block + 1) * _BLOCK)
            seen[:, :_BLOCK] = given[place]
            told = self.moves[block] @ seen
            made[:, place] = told[:, :_BLOCK]
            seen[:, _BLOCK:] = told[:, _BLOCK:]
        return made[:, :n]


def whitener_of(times: Floats, noise: Floats | None = None) -> Whitener:
    """
    What whitens observations at *times* (n,), ascending, in steps from the first, which is at 0.

    *noise* (n,): variances of the part that does not persist, 1 where every observation is as good; samples of
    different sizes make them differ.
    """
    n = len(times)
    if noise is None and np.array_equal(times, np.arange(n, dtype=float)):
        most = max(_LEAST_EVEN, 1 << (n - 1).bit_length())
        found = _HELD.of(np.arange(most, dtype=float), np.ones(most))
    else:
        found = _HELD.of(times, np.ones(n) if noise is None else noise)
    return Whitener(found.moves, found.log_roots[n - 1])


def _blocks(n: int) -> int:
    return -(-n // _BLOCK)


def _first(times: Floats, noise: Floats) -> bytes:
    return times[:_BLOCK].tobytes() + noise[:_BLOCK].tobytes()


@dataclass(frozen=True, slots=True)
class _Factors:
    """
    What whitens the series at *times* (n,) with *noise* (n,), and whatever begins it.

    *first*: its first block, to look it up by. *moves* as of a whitener. *states* (blocks, 2, 2, cells): the state's
    covariance before each block. *log_roots* (n or more, cells): up to each observation.
    """

    times: Floats
    noise: Floats
    first: bytes
    moves: tuple[Floats, ...]
    states: Floats
    log_roots: Floats

    def shared(self, times: Floats, noise: Floats) -> int:
        """How many observations another series begins with as this one."""
        n = min(len(times), len(self.times))
        apart = (self.times[:n] != times[:n]) | (self.noise[:n] != noise[:n])
        return int(np.argmax(apart)) if apart.any() else n


# What persists begins with its share of the variance, and nothing has walked yet.
_NOTHING = _Factors(np.empty(0), np.empty(0), b"", (), np.zeros((1, 2, 2, len(CELLS))), np.empty((0, len(CELLS))))
_NOTHING.states[0, 0, 0] = _SHARE


class _Held:
    """
    The factors of series that were asked for, for whatever begins like them: a filter does not know what is to come.

    One series is whitened for each day on which one of its waves is judged, the longest part of it first, and for its
    forecast with a day more. Whatever is held, the same numbers follow, because a filter goes on from where it was.
    """

    def __init__(self) -> None:
        self._held: tuple[_Factors, ...] = ()

    def of(self, times: Floats, noise: Floats) -> _Factors:
        best, most, first = _NOTHING, 1, _first(times, noise)
        for held in (each for each in self._held if each.first == first):
            shared = held.shared(times, noise)
            if shared == len(times):
                return held
            if shared > most:
                best, most = held, shared
        # The last observation that is shared has another gap behind it.
        begun = (most - 1) // _BLOCK
        made = _factors_of(times, noise, best, begun)
        if _blocks(len(times)) - begun > _MOST_REPEATED:
            self._held = (made, *self._held[: _MOST_HELD - 1])
        return made


_HELD = _Held()


@dataclass(frozen=True, slots=True)
class _Filter:
    """
    A Kalman filter for each cell: what persists and what walks are its state, white noise its measurement error.

    By step and cell (n, cells): *fade* of what persists until the next, its *pull* by what is new and the walk's
    *drift*, and *root*, the standard deviation of what is new. Its innovations are the whitened series (Schweppe
    1965), at a cost that grows with the points and not with their cube. *states*: the state's covariance before each
    block.
    """

    fade: Floats
    pull: Floats
    drift: Floats
    root: Floats
    states: Floats


def _factors_of(times: Floats, noise: Floats, like: _Factors, begun: int) -> _Factors:
    """The factors of a series whose first *begun* blocks, and the observation behind them, are as those of *like*."""
    start = begun * _BLOCK
    more = -len(times) % _BLOCK
    made = _filter_of(
        np.concatenate([times[start:], times[-1] + np.arange(1.0, more + 1)]),
        np.concatenate([noise[start:], np.ones(more)]),
        like.states[begun],
    )
    log_roots = np.log(made.root)
    if start:
        log_roots[0] += like.log_roots[start - 1]
    return _Factors(
        times,
        noise,
        _first(times, noise),
        (*like.moves[:begun], *_moves_of(made)),
        np.concatenate([like.states[:begun], made.states]),
        np.concatenate([like.log_roots[:start], np.cumsum(log_roots, axis=0)]),
    )


def _filter_of(times: Floats, noise: Floats, start: Floats) -> _Filter:
    """The filter from where the covariance of its state is *start* (2, 2, cells)."""
    n, cells = len(times), len(CELLS)
    gaps = np.append(np.diff(times), 0.0)[:, None]
    fade = np.exp(-gaps * _RATE)
    # What is left of the state's covariance until the next observation, and what comes to it.
    left, come = np.ones((n, 2, 2, cells)), np.zeros((n, 2, 2, cells))
    left[:, 0, 0], left[:, 0, 1], left[:, 1, 0] = fade * fade, fade, fade
    come[:, 0, 0], come[:, 1, 1] = _SHARE * (1 - fade * fade), FLOOR**2 * gaps
    white = (1 - _SHARE) * noise[:, None]
    pulls, total, states = np.empty((n, 2, cells)), np.empty((n, cells)), np.empty((_blocks(n), 2, 2, cells))
    state = start.copy()
    for step in range(n):
        if step % _BLOCK == 0:
            states[step // _BLOCK] = state
        shared = state[0] + state[1]  # with the next observation
        np.add(shared[0], shared[1], out=total[step])
        total[step] += white[step]
        pull = np.divide(shared, total[step], out=pulls[step])
        state -= pull[:, None] * shared
        state *= left[step]
        state += come[step]
    return _Filter(fade, pulls[:, 0], pulls[:, 1], np.sqrt(total), states)


def _moves_of(made: _Filter) -> tuple[Floats, ...]:
    """The filter's steps, all blocks at once: what becomes of each observation, and of each state, alone."""
    fade, pull, drift, root = (
        each.reshape(-1, _BLOCK, len(CELLS), 1).swapaxes(0, 1) for each in (made.fade, made.pull, made.drift, made.root)
    )
    alone = np.eye(_BLOCK + 2)
    moves = np.empty((fade.shape[1], len(CELLS), _BLOCK + 2, _BLOCK + 2))
    held, walked = (np.tile(row, (*moves.shape[:2], 1)) for row in alone[_BLOCK:])
    for step in range(_BLOCK):
        new = alone[step] - held - walked
        moves[:, :, step] = new / root[step]
        held += pull[step] * new
        held *= fade[step]
        walked += drift[step] * new
    moves[:, :, _BLOCK], moves[:, :, _BLOCK + 1] = held, walked
    return tuple(moves)
