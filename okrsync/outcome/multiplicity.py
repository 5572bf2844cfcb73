"""Many verdicts at once: the false-discovery rate of Benjamini and Hochberg (1995)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def false_discovery_rates(p_values: Sequence[float]) -> list[float]:
    """
    For each of *p_values* the smallest rate q at which it would still be claimed, in the same order.

    The adjusted p of Benjamini and Hochberg (1995): ``q_(i) = min over j >= i of p_(j) m / j``.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    rates = [1.0] * len(p_values)
    least = 1.0
    for rank in range(len(order), 0, -1):
        place = order[rank - 1]
        least = min(least, p_values[place] * len(order) / rank)
        rates[place] = least
    return rates


def thresholds(p_values: Sequence[float], most: float, rate: float) -> list[float]:
    """
    For each of *p_values* the largest p, at most *most*, at which it would be claimed beside the others.

    Benjamini and Hochberg's step-up rule at the false-discovery *rate*: claimed if k tests in all have
    ``p <= k rate / m``.
    """
    count = len(p_values)
    ordered = np.sort(np.asarray(p_values, dtype=float))
    ranks = np.arange(1, count + 1)
    limits = rate * ranks / count
    under = np.searchsorted(ordered, limits, side="right")
    found: list[float] = []
    for p in p_values:
        others = under - (p <= limits)
        enough = np.flatnonzero(others >= ranks - 1)
        found.append(min(most, float(limits[enough[-1]])))
    return found
