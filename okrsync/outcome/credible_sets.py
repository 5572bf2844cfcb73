"""
Which of many deliveries matter: every small choice of delivery dates is weighed against every other, and against none.

A *choice* is a set of up to six candidate dates with a step at each. Its marginal likelihood is that of the regression,
averaged over the covariance grid; choices are searched with a deterministic beam, smallest first, and weighed by their
posterior (Bayesian variable selection: George and McCulloch 1997). As in the sum of single effects (Wang, Sarkar,
Carbonetto and Stephens 2020), what is claimed is a set of dates: all but a tenth of the weight has a step in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from math import comb, log

import numpy as np
from numpy.typing import NDArray

from okrsync.outcome.regression import TRENDS, Grams, normal_of

Floats = NDArray[np.float64]
MOST_EFFECTS = 6
NONE = 0.5
"""Prior probability that no delivery has an effect; the numbers from one to the most share the rest evenly."""
SLABS = (0.25, 1.0, 4.0)
"""Prior variances of an effect, in noise variances."""
BEAM = 8
"""Choices of each size that are widened further."""
MOST_MISSED = 0.1
"""Posterior probability that a claimed set has no effect in it."""


_LEAST_WEIGHT = 1e-6
_LEAST_CHOICE = 1e-10
"""Relative to the weightiest: choices below count for nothing that is shown."""
_MOST_CHOICES = 40
"""The weightiest choices that tell of a set's effect."""


@dataclass(frozen=True, slots=True)
class Swept:
    """
    Products of y and the candidates with everything else swept out, one entry a model.

    *products* (m, c + 1, c + 1), y first; *base* (m,): the part of the log marginal likelihood that y is not in.
    """

    products: Floats
    base: Floats
    df: int


def swept(
    grams: Grams,
    candidates: Sequence[int],
    flat: Sequence[int],
    shrunk: Sequence[int],
    precisions: Sequence[float],
    trend: int,
) -> Swept:
    """Products of y and *candidates* under every model, with *flat*, *shrunk* and *trend* columns swept out."""
    kept = [0, *candidates]
    others = [*flat, *shrunk]
    normal, base = normal_of(grams, flat, shrunk, precisions)
    across = grams.products[:, others][:, :, [*kept, trend]]
    solved = np.linalg.solve(normal, across)
    left = grams.products[:, [*kept, trend]][:, :, [*kept, trend]] - np.matmul(across.transpose(0, 2, 1), solved)
    along, pivot = left[:, :-1, -1], left[:, -1, -1]
    products, bases = [], []
    for sd in TRENDS:
        if sd:
            total = pivot + 1 / sd**2
            products.append(left[:, :-1, :-1] - along[:, :, None] * along[:, None, :] / total[:, None, None])
            bases.append(base - 0.5 * np.log(total * sd**2))
        else:
            products.append(left[:, :-1, :-1])
            bases.append(base)
    return Swept(np.concatenate(products), np.concatenate(bases), grams.n - len(flat))


@dataclass(frozen=True, slots=True)
class CandidateModels:
    """Whether each candidate is one of the *members* of each choice (q, c); its *slab* and posterior *weight* (q,)."""

    members: NDArray[np.bool_]
    slabs: Floats
    weights: Floats


def choices(swept: Swept, floor: float) -> CandidateModels:
    """The choices that were met on the way, with their posterior weights; *floor* as in the regression."""
    count = swept.products.shape[1] - 1
    # A choice is a number whose bits are its candidates.
    masks, slabs = [0], [0.0]
    evidences = [_evidence(swept.base, swept.products[:, 0, 0], swept.df, floor) + _log_prior(0, count)]
    bits = [1 << candidate for candidate in range(count)]
    for slab in SLABS:
        beam, held = _Beam.of(swept), [0]
        for size in range(1, min(MOST_EFFECTS, count) + 1):
            met: dict[int, tuple[float, int, int]] = {}
            for place, logs in enumerate(beam.additions(swept.df, floor, slab).tolist()):
                mask = held[place]
                for candidate, evidence in enumerate(logs):
                    wider = mask | bits[candidate]
                    if wider != mask and wider not in met:
                        met[wider] = evidence, place, candidate
            prior = _log_prior(size, count) - log(len(SLABS))
            masks += met
            slabs += [slab] * len(met)
            evidences += [evidence + prior for evidence, _, _ in met.values()]
            if size < min(MOST_EFFECTS, count):
                best = nsmallest(BEAM, met.items(), key=lambda entry: (-entry[1][0], entry[0]))
                held = [wider for wider, _ in best]
                beam = beam.widened(swept, [place for _, (_, place, _) in best], [new for _, (_, _, new) in best], slab)
    found = np.array(evidences)
    weights = np.exp(found - found.max())
    kept = np.flatnonzero(weights > _LEAST_CHOICE)
    members = _members([masks[row] for row in kept], count)
    return CandidateModels(members, np.array(slabs)[kept], weights[kept] / weights[kept].sum())


def _members(masks: Sequence[int], count: int) -> NDArray[np.bool_]:
    """The lowest *count* bits of each of *masks* (q, count)."""
    width = -(-count // 8)
    packed = np.frombuffer(b"".join(mask.to_bytes(width, "little") for mask in masks), dtype=np.uint8)
    return np.unpackbits(packed.reshape(-1, width), axis=1, count=count, bitorder="little").astype(bool)


@dataclass(frozen=True, slots=True)
class _Beam:
    """
    The choices (b) that are widened next, with their members swept out of the products under every model (m).

    Of the products only what is looked at is kept: *first* (b, m, c + 1), their row of y, and *own* (b, m, c + 1),
    their diagonal; *along* (b) has the columns (m, c + 1) that were swept out, over the roots of their pivots, from
    which any other column follows. *base* (b, m) as in :class:`Swept`.
    """

    first: Floats
    own: Floats
    along: Sequence[tuple[Floats, ...]]
    base: Floats

    @staticmethod
    def of(swept: Swept) -> _Beam:
        """The one choice of nothing."""
        own = np.diagonal(swept.products, axis1=1, axis2=2)[None]
        return _Beam(swept.products[None, :, 0], own, [()], swept.base[None])

    def additions(self, df: int, floor: float, slab: float) -> Floats:
        """The log evidence of each choice with each candidate (b, c); for its own members without meaning."""
        total = self.own[:, :, 1:] + 1 / slab
        rest = self.first[:, :, 1:] ** 2
        rest /= total
        np.subtract(self.own[:, :, :1], rest, out=rest)
        np.maximum(rest, 0.0, out=rest)
        rest += floor
        np.log(rest, out=rest)
        rest *= df / 2
        total *= slab
        np.log(total, out=total)
        total *= 0.5
        logs = np.subtract(self.base[:, :, None], total, out=total)
        logs -= rest
        top = logs.max(axis=1)
        logs -= top[:, None]
        evidence: Floats = top + np.log(np.exp(logs, out=logs).sum(axis=1))
        return evidence

    def widened(self, swept: Swept, places: Sequence[int], candidates: Sequence[int], slab: float) -> _Beam:
        """The choices at *places*, each with its candidate of *candidates*."""
        columns = np.array(candidates) + 1
        along = [self.along[place] for place in places]
        new = swept.products[:, columns].swapaxes(0, 1).copy()  # (b, m, c + 1)
        for row, before in enumerate(along):
            for each in before:
                new[row] -= each * each[:, columns[row], None]
        total = self.own[places, :, columns] + 1 / slab  # (b, m)
        new /= np.sqrt(total)[:, :, None]
        return _Beam(
            self.first[places] - new * new[:, :, :1],
            self.own[places] - new**2,
            [(*before, column) for before, column in zip(along, new, strict=True)],
            self.base[places] - 0.5 * np.log(total * slab),
        )


def _evidence(base: Floats, rest: Floats, df: int, floor: float) -> float:
    logs = base - df / 2 * np.log(np.maximum(rest, 0.0) + floor)
    top = logs.max()
    return float(top + np.log(np.exp(logs - top).sum()))


def _log_prior(size: int, count: int) -> float:
    """Of one choice of *size* dates out of *count*."""
    of_size = NONE if size == 0 else (1 - NONE) / min(MOST_EFFECTS, count)
    return log(of_size) - log(comb(count, size))


def groups(found: CandidateModels) -> list[tuple[tuple[int, ...], float]]:
    """The sets of candidates that are claimed, the surest first, with the probability of each; none overlap."""
    count = found.members.shape[1]
    most = max(3, count // 3)
    held = found.members.astype(float)
    without = np.ascontiguousarray(1 - held.T)
    shares = found.weights @ held
    free = np.ones(count, dtype=bool)
    seeds = [int(place) for place in np.argsort(-shares, kind="stable") if shares[place] > 1 / count]
    claimed: list[tuple[tuple[int, ...], float]] = []
    for seed in seeds:
        if not free[seed]:
            continue
        group = [seed]
        left = found.weights * without[seed]
        while left.sum() > MOST_MISSED and len(group) < most:
            gains = np.where(free, left @ held, -1.0)
            gains[group] = -1.0
            place = int(np.argmax(gains))
            if gains[place] <= 0:
                break
            group.append(place)
            left = left * without[place]
        if left.sum() <= MOST_MISSED:
            claimed.append((tuple(sorted(group)), float(1 - left.sum())))
            free[group] = False
    return claimed


def effect_of(
    found: CandidateModels, swept: Swept, group: Sequence[int], floor: float
) -> tuple[Floats, Floats, Floats]:
    """Weights, means and scales of the mixture that the summed effect of *group* has, where it has one."""
    inside = np.zeros(found.members.shape[1], dtype=bool)
    inside[list(group)] = True
    order = np.argsort(-found.weights, kind="stable")
    picked = order[found.members[order][:, inside].any(axis=1)][:_MOST_CHOICES]
    weights, means, scales = [], [], []
    for q in picked:
        members, slab = np.flatnonzero(found.members[q]), found.slabs[q]
        places = members + 1
        normal = swept.products[:, places][:, :, places] + np.eye(len(places)) / slab
        towards = swept.products[:, places, 0]
        inverse = np.linalg.inv(normal)
        mean = np.einsum("mij,mj->mi", inverse, towards)
        rest = np.maximum(swept.products[:, 0, 0] - np.einsum("mi,mi->m", towards, mean), 0.0) + floor
        logs = swept.base + 0.5 * np.linalg.slogdet(inverse)[1] - swept.df / 2 * np.log(rest)
        cells = np.exp(logs - logs.max())
        mask = inside[members].astype(float)
        weights.append(found.weights[q] * cells / cells.sum())
        means.append(mean @ mask)
        scales.append(np.sqrt(np.einsum("i,mij,j->m", mask, inverse, mask) * rest / swept.df))
    total = np.concatenate(weights)
    kept = total > _LEAST_WEIGHT * total.sum()
    return total[kept] / total[kept].sum(), np.concatenate(means)[kept], np.concatenate(scales)[kept]
