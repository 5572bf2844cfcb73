"""Many verdicts at once: the false-discovery rate of Benjamini and Hochberg (1995)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate


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
    ordered = sorted(p_values)
    limits = [rate * rank / count for rank in range(1, count + 1)]
    under = [bisect_right(ordered, limit) for limit in limits]
    # Without the p itself, k - 1 others have to lie under the k-th limit; where it lies under it too, k of all do.
    last_with_it = max((place for place in range(count) if under[place] > place), default=-1)
    last_without_it = list(accumulate((place if under[place] >= place else -1 for place in range(count)), max))
    found: list[float] = []
    for p in p_values:
        first_above = bisect_left(limits, p)
        place = last_with_it if last_with_it >= first_above else last_without_it[first_above - 1]
        found.append(min(most, limits[place]))
    return found
