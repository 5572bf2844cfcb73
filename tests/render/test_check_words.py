"""Changes and shares, in words."""

from __future__ import annotations

from datetime import date

import pytest

from okrsync.model.verdicts import Decomposition, KeyResultOutcome, Span
from okrsync.reports.stoplist import SizeOf
from okrsync.reports.words import formatting, stoplist_text
from okrsync.reports.words.verdict_text import decomposition

BEFORE, DAY = date(2026, 6, 30), date(2026, 9, 30)
HAIR = 1e-16
"""What floating point leaves of nothing."""


def said(deliveries: Span, drift: Span, change: float, unexplained: float = 0.0) -> str:
    parts = Decomposition(BEFORE, BEFORE, DAY, DAY, change, drift, deliveries, 0.0, unexplained)
    return decomposition(KeyResultOutcome(DAY, (), decomposition=parts), "%")


def test_parts_are_told_with_their_intervals() -> None:
    told = said(Span(5.34, 4.06, 6.61), Span(-0.12, -1.31, 1.13), 5.12, -0.1)

    assert told == (
        "+5.1 pts from 30 Jun to 30 Sep 2026: deliveries +5.3 [4.1, 6.6], "
        "drift and season −0.1 [−1.3, 1.1], unexplained −0.1"
    )


def test_without_a_delivery_no_digits_and_no_interval_are_made_up() -> None:
    told = said(Span(0.0, -HAIR, HAIR), Span(0.152631, 0.152631, 0.152631 + HAIR), 0.152631, HAIR)

    assert told == "+0.153 pts from 30 Jun to 30 Sep 2026: deliveries 0.000, drift and season +0.153, unexplained 0.000"


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (1.0, "points", "1 point"), (1.5, "points", "1.5 points"), (0.0, "points", "0 points"),
        (1.0, "hours", "1 hour"), (1.0, "days", "1 day"),
        (1.0, "bananas", "1 bananas"), (3.0, "", "3"), (1200.0, "points", "1,200 points"),
    ],
)  # fmt: skip
def test_of_one_a_size_is_told_in_the_singular(value: float, unit: str, told: str) -> None:
    """Of units that are known to be English plurals; others stay as they are written."""
    assert formatting.sized(value, unit) == told
    assert stoplist_text.size(SizeOf(2, {unit: value}, 0)) == f"2 items, {told}"


def test_a_share_that_rounds_to_nothing_has_no_sign() -> None:
    assert (formatting.percent(-0.00001), formatting.percent(-0.035)) == ("0 %", "−3.5 %")


def test_a_short_day_has_its_year_where_another_would_be_thought_of() -> None:
    assert formatting.short_day(date(2026, 6, 9), DAY) == "9 Jun"
    assert formatting.short_day(date(2024, 6, 9), DAY) == "9 Jun 2024"
    assert formatting.short_day(date(2024, 6, 9)) == "9 Jun"
