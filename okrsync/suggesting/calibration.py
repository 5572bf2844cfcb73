"""
What the answers to held-out questions say of others: how likely one is right, and from where on to answer at all.

The probability is Platt's (1999): a logistic curve over the evidence, with targets that keep few answers from looking
certain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TARGET_PRECISION = 0.8
"""How many of the held-out answers at or over the cut-off are right, at least."""
_ATYPICAL = 0.1
"""Evidence that is weaker than that of this share of the right answers is none: most unlinked items serve nothing."""
_STEPS = 50
_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One held-out question: how far the answer led before the next best (0: no answer), and whether it was right."""

    lead: float
    is_right: bool


@dataclass(frozen=True, slots=True)
class ScoreCalibration:
    """How to read a lead, and what answers at or over *cut_off* were worth on held-out questions."""

    intercept: float
    slope: float
    cut_off: float
    answered: int
    right: int

    @property
    def precision(self) -> float:
        """The share of the held-out answers at or over the cut-off that were right."""
        return self.right / self.answered

    def score(self, lead: float) -> float:
        """How likely an answer with this positive *lead* is right, 0 to 1."""
        return float(_logistic(np.array(self.intercept + self.slope * math.log(lead))))


def calibrate(held_out: Sequence[HeldOut]) -> ScoreCalibration | None:
    """What *held_out* teaches; ``None`` where too few of the answers were right for any cut-off."""
    answers = sorted((one for one in held_out if one.lead > 0), key=lambda one: -one.lead)
    right = [one.lead for one in answers if one.is_right]
    # No value between two leads is taken: evidence at the cut-off itself was seen to be right.
    typical = float(np.quantile(right, _ATYPICAL, method="lower")) if right else math.inf
    cut_off = _lowest_precise(answers, typical)
    if cut_off is None:
        return None
    over = [one for one in answers if one.lead >= cut_off]
    intercept, slope = _fitted(answers)
    return ScoreCalibration(intercept, slope, cut_off, len(over), sum(one.is_right for one in over))


def _lowest_precise(answers: Sequence[HeldOut], least: float) -> float | None:
    """The lowest lead from *least* on that enough right *answers* (greatest lead first) lie at or over."""
    found, right = None, 0
    for number, one in enumerate(answers, start=1):
        right += one.is_right
        is_last_of_its_lead = number == len(answers) or answers[number].lead < one.lead
        if is_last_of_its_lead and one.lead >= least and right >= TARGET_PRECISION * number:
            found = one.lead
    return found


def _fitted(answers: Sequence[HeldOut]) -> tuple[float, float]:
    """Intercept and slope, never negative, of the curve over the logarithm of the lead; by Newton's method."""
    is_right = np.array([one.is_right for one in answers])
    count = int(is_right.sum())
    targets = np.where(is_right, (count + 1) / (count + 2), 1 / (len(answers) - count + 2))
    columns = np.column_stack([np.ones(len(answers)), [math.log(one.lead) for one in answers]])
    mean = float(targets.mean())
    level = math.log(mean / (1 - mean))
    found = np.array([level, 0.0])
    for _ in range(_STEPS):
        expected = _logistic(columns @ found)
        spread = (columns * (expected * (1 - expected))[:, None]).T @ columns + _RIDGE * np.eye(2)
        step = np.linalg.solve(spread, columns.T @ (targets - expected) - _RIDGE * (found - [level, 0.0]))
        found = found + np.clip(step, -1, 1)
    return (float(found[0]), float(found[1])) if found[1] > 0 else (level, 0.0)


def _logistic(value: NDArray[np.float64]) -> NDArray[np.float64]:
    # Beyond 30 nothing changes but the risk of an overflow.
    found: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(value, -30, 30)))
    return found
