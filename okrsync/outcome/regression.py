"""
The regression behind every verdict: ``y = X b + Z w + u``, with ``u ~ N(0, s^2 R)`` and R integrated out on a grid.

Coefficients of X have a flat prior, those of Z ``N(0, r s^2)``, and s^2 Jeffreys' prior; then, for one R, all is closed
form (Zellner 1971, ch. 3): coefficients are Student t, and the marginal likelihood weighs the grid's cells. The trend
is one column of Z whose prior variance is a grid of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from okrsync.outcome.grid import TILT, Whitener
from okrsync.outcome.student import Mixture

Floats = NDArray[np.float64]
TRENDS = (0.0, 2.0, 6.0)
"""k: prior standard deviations of the change by trend over the whole span, in noise standard deviations."""
ALMOST_FLAT = 1e-6
"""Prior precision of flat coefficients: none to speak of, and enough where the data cannot tell two columns apart."""
_LEAST_WEIGHT = 1e-8


@dataclass(frozen=True, slots=True)
class Grams:
    """*products* (cells, q, q): ``columns' R^-1 columns`` for each cell; *n* observations; the first column is y."""

    products: Floats
    log_roots: Floats
    n: int


def grams_of(columns: Floats, whitener: Whitener) -> Grams:
    """The products of *columns* (n, q), y first, under every covariance of the grid."""
    white = whitener.white(columns)
    return Grams(np.matmul(white.transpose(0, 2, 1), white), whitener.log_roots, len(columns))


@dataclass(frozen=True, slots=True)
class Posterior:
    """
    What the data say of the coefficients, one entry a model (m = cells times trends, trends running fastest).

    *means* (m, p) and *covariances* (m, p, p) of the flat coefficients then the others then the trend, without the
    factor s^2; *variance* (m,): the scale of s^2; *weights* (m,).
    """

    weights: Floats
    means: Floats
    covariances: Floats
    variance: Floats
    df: int

    @property
    def kept(self) -> NDArray[np.bool_]:
        """The models (m,) that count: what hardly weighs anything moves no digit that is shown."""
        return np.asarray(self.weights > _LEAST_WEIGHT * self.weights.max())

    def mixture(self, contrasts: Floats) -> Mixture:
        """The distribution of each of *contrasts* (p, k): linear combinations of the coefficients."""
        kept = self.kept
        weights = self.weights[kept]
        squares = np.sum(np.matmul(self.covariances[kept], contrasts) * contrasts, axis=1)
        return Mixture(
            weights / weights.sum(),
            self.means[kept] @ contrasts,
            np.sqrt(np.maximum(squares, 1e-300) * self.variance[kept, None]),
            self.df,
        )


def normal_of(
    grams: Grams, flat: Sequence[int], shrunk: Sequence[int], precisions: Sequence[float]
) -> tuple[Floats, Floats]:
    """Normal matrices of *flat* then *shrunk* columns (cells, p, p); the log evidence that y is not in (cells,)."""
    chosen = [*flat, *shrunk]
    normal = grams.products[:, chosen][:, :, chosen].copy()
    place = np.arange(len(chosen))
    normal[:, place, place] += np.array([*[ALMOST_FLAT] * len(flat), *precisions])
    prior = 0.5 * float(np.sum(np.log(precisions))) if len(precisions) else 0.0
    return normal, TILT - grams.log_roots - 0.5 * np.linalg.slogdet(normal)[1] + prior


def fit(
    grams: Grams,
    flat: Sequence[int],
    shrunk: Sequence[int],
    precisions: Sequence[float],
    trend: int | None,
    floor: float,
    trends: Sequence[float] = TRENDS,
) -> Posterior:
    """
    The posterior of the coefficients of the columns *flat*, *shrunk* and *trend* of *grams*, in this order.

    *precisions*: 1 / r of each shrunk column. *floor*: sum of squares, in the unit of y squared, that is there whatever
    the residuals say: a metric's rounding.
    """
    chosen = [*flat, *shrunk]
    products = grams.products
    p, cells = len(chosen), len(products)
    normal, base = normal_of(grams, flat, shrunk, precisions)
    towards = products[:, chosen, 0]
    inverse = np.linalg.inv(normal)
    means = np.einsum("cij,cj->ci", inverse, towards)
    rest = products[:, 0, 0] - np.einsum("ci,ci->c", towards, means)
    df = grams.n - len(flat)
    if trend is None:
        rest = np.maximum(rest, 0.0) + floor
        weights = _weights(base - df / 2 * np.log(rest))
        return Posterior(weights, means, np.asarray(inverse), rest / df, df)
    # The trend is added to each cell's solution as a border, so that the grid over its prior costs no further inverse.
    along = products[:, chosen, trend]
    solved = np.einsum("cij,cj->ci", inverse, along)
    left = products[:, trend, trend] - np.einsum("ci,ci->c", along, solved)
    gain = products[:, trend, 0] - np.einsum("ci,ci->c", along, means)
    k = len(trends)
    wanted = np.array([1 / sd**2 if sd else np.inf for sd in trends])
    pivot = left[:, None] + wanted  # (cells, k)
    slope = gain[:, None] / pivot
    remains = np.maximum(rest[:, None] - gain[:, None] * slope, 0.0) + floor
    finite = np.isfinite(wanted)
    gained = np.log(np.where(finite, wanted, 1.0)) - np.log(np.where(finite, pivot, 1.0))
    border = np.where(finite, 0.5 * gained, 0.0)
    weights = _weights((base[:, None] + border - df / 2 * np.log(remains)).ravel())
    all_means = np.empty((cells, k, p + 1))
    all_means[:, :, :p] = means[:, None, :] - slope[:, :, None] * solved[:, None, :]
    all_means[:, :, p] = slope
    spread = np.empty((cells, k, p + 1, p + 1))
    share = 1 / pivot
    outer = solved[:, None, :, None] * solved[:, None, None, :]
    spread[:, :, :p, :p] = inverse[:, None] + share[:, :, None, None] * outer
    spread[:, :, :p, p] = -share[:, :, None] * solved[:, None, :]
    spread[:, :, p, :p] = spread[:, :, :p, p]
    spread[:, :, p, p] = share
    return Posterior(
        weights,
        all_means.reshape(cells * k, p + 1),
        spread.reshape(cells * k, p + 1, p + 1),
        (remains / df).ravel(),
        df,
    )


def _weights(logs: Floats) -> Floats:
    shares = np.exp(logs - logs.max())
    weights: Floats = shares / shares.sum()
    return weights
