"""Many verdicts at once: the false-discovery rate of Benjamini and Hochberg (1995)."""

from __future__ import annotations

from collections.abc import Sequence


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


def threshold(others: Sequence[float], most: float, rate: float) -> float:
    """
    The largest p, at most *most*, at which one more test beside *others* would be claimed at a false-discovery *rate*.

    Benjamini and Hochberg's step-up rule: claimed if k tests in all have ``p <= k rate / m``.
    """
    count = len(others) + 1
    for rank in range(count, 0, -1):
        limit = min(most, rate * rank / count)
        if sum(p <= rate * rank / count for p in others) >= rank - 1:
            return limit
    return 0.0
