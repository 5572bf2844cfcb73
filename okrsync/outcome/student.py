"""
Mixtures of Student t distributions: their distribution function, quantiles and two-sided p.

The distribution function of Student's t with a whole number of degrees of freedom is a finite sum (Abramowitz and
Stegun 1964, 26.7.3 and 26.7.4), so nothing is approximated and no library beside numpy is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import lgamma, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_NEWTON_STEPS = 24
"""Between components far apart Newton's steps may go round in a circle inside of the bracket: then it is halved."""
_MOST_STEPS = 200
_CLOSE = 1e-6
"""Of a quantile's size: a step of Newton's method that is so small leaves an error of its square."""


def t_below(t: Floats, df: int) -> Floats:
    """P(T <= *t*) of Student's t with *df* >= 1 degrees of freedom; the shape of *t*."""
    angle = np.arctan(t / np.sqrt(df))
    cosine = np.cos(angle)
    share: Floats
    if df == 1:
        share = 2 * angle / np.pi
    elif df % 2:
        share = 2 / np.pi * (angle + np.sin(angle) * cosine * _sum(cosine * cosine, df))
    else:
        share = np.sin(angle) * _sum(cosine * cosine, df)
    return 0.5 + 0.5 * share


def _sum(x: Floats, df: int) -> Floats:
    """The polynomial of the finite sum at *x*, by blocks: few large steps instead of one for each term."""
    blocks = _coefficients(df)
    powers = _powers(x.ravel(), blocks.shape[1])
    steps = _powers(powers[-1] * x.ravel(), blocks.shape[0])
    total: Floats = np.einsum("bx,bx->x", blocks @ powers, steps)
    return total.reshape(x.shape)


def _powers(x: Floats, count: int) -> Floats:
    """Powers 0 to *count* - 1 of *x* (n,) in rows."""
    powers = np.empty((count, x.size))
    powers[0] = 1.0
    powers[1:] = x
    return np.multiply.accumulate(powers, axis=0, out=powers)


@lru_cache(maxsize=4096)
def _coefficients(df: int) -> Floats:
    """Terms of the sum in rows of about the root of their number, padded with zeros."""
    if df % 2:
        count = max((df - 1) // 2, 1)
        ratios = [2 * i / (2 * i + 1) for i in range(1, count)]
    else:
        count = df // 2
        ratios = [(2 * i - 1) / (2 * i) for i in range(1, count)]
    size = max(1, round(sqrt(count)))
    terms = np.zeros(-(-count // size) * size)
    terms[:count] = np.cumprod([1.0, *ratios])
    return terms.reshape(-1, size)


@lru_cache(maxsize=4096)
def _log_constant(df: int) -> float:
    return lgamma((df + 1) / 2) - lgamma(df / 2) - 0.5 * log(df * pi)


@lru_cache(maxsize=4096)
def t_quantile(share: float, df: int) -> float:
    """The value that *share* (between 0 and 1) of Student's t with *df* degrees of freedom lies below."""
    low, high = -1.0, 1.0
    while t_below(np.array([low]), df)[0] > share:
        low *= 2
    while t_below(np.array([high]), df)[0] < share:
        high *= 2
    for _ in range(_MOST_STEPS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if t_below(np.array([middle]), df)[0] < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@dataclass(frozen=True, slots=True)
class Mixture:
    """
    A mixture of t distributions with one number of degrees of freedom.

    *weights* (m,) sum to 1; *means* and *scales* (m, k): k quantities, each a mixture of m components. All scales are
    positive.
    """

    weights: Floats
    means: Floats
    scales: Floats
    df: int

    @property
    def mean(self) -> Floats:
        """The mean of each quantity (k,)."""
        mean: Floats = self.weights @ self.means
        return mean

    @property
    def standard_deviation(self) -> Floats:
        """The standard deviation of each quantity (k,); the spread between the components is in it."""
        widened = self.df / max(self.df - 2, 1)
        # About the mean, so that nothing cancels where it is far from zero.
        apart = self.means - self.mean
        spread: Floats = np.sqrt(self.weights @ (self.scales**2 * widened + apart**2))
        return spread

    def below(self, x: Floats) -> Floats:
        """P(quantity <= *x*) for each of the k quantities, *x* being (k,)."""
        share: Floats = self.weights @ t_below((x - self.means) / self.scales, self.df)
        return share

    def p_two_sided(self) -> Floats:
        """Twice the smaller tail beyond zero (k,), at most 1."""
        below = self.below(np.zeros(self.means.shape[1]))
        p: Floats = np.clip(2 * np.minimum(below, 1 - below), 0.0, 1.0)
        return p

    def quantiles(self, shares: Sequence[float]) -> Floats:
        """
        The values (shares, k) that each of *shares* of each quantity lies below.

        Newton's method inside of a bracket: a mixture's quantile lies between those of its components.
        """
        wanted = np.array(shares)[:, None]  # (q, 1)
        lone = np.array([t_quantile(share, self.df) for share in shares])[:, None, None]
        ends = self.means + self.scales * lone  # (q, m, k)
        low, high = ends.min(axis=1), ends.max(axis=1)
        # As if it were one t with the mixture's mean and spread: nearly right, so that few steps are left.
        narrowed = sqrt(max(self.df - 2, 1) / self.df)
        x = np.clip(self.mean + lone[:, :, 0] * narrowed * self.standard_deviation, low, high)
        constant = _log_constant(self.df)
        scale = self.scales.min(axis=0)
        for step in range(_MOST_STEPS):
            t = (x[:, None, :] - self.means) / self.scales
            miss = self.weights @ t_below(t, self.df) - wanted
            low, high = np.where(miss < 0, x, low), np.where(miss > 0, x, high)
            density = self.weights @ (np.exp(constant - (self.df + 1) / 2 * np.log1p(t * t / self.df)) / self.scales)
            new = x - miss / np.maximum(density, 1e-300)
            is_inside = (new >= low) & (new <= high) & (step < _NEWTON_STEPS)
            new = np.where(is_inside, new, (low + high) / 2)
            moved = np.abs(new - x)
            x = new
            if np.all(moved <= np.where(is_inside, _CLOSE, _CLOSE**2) * (scale + np.abs(x))):
                break
        return np.asarray(x)
