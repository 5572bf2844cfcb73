from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.lint.numbers import fits, has_number, numbers_in
from okrsync.model.okrs import DatedValue, Direction, KeyResult


def key_result(start: float, end: float, band: tuple[float, float] | None = None) -> KeyResult:
    first, last = DatedValue(start, date(2026, 9, 30)), DatedValue(end, date(2026, 12, 31))
    return KeyResult(
        "KR1", "2026Q4", "O1", "", "active", "m", Direction.INCREASE, first, last, band, "leading", "outcome"
    )


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("from 41 % to 55 %", [{41}, {55}]),
        ("10,000 requests", [{10000, 10}]),
        ("1.500,50 Euro", [{1500.5}]),
        ("1 200 comptes", [{1200}]),
        ("12’500 Franken", [{12500}]),
        ("3,8 statt 4.5", [{3.8}, {4.5}]),
        ("5k users, 2 million visits", [{5000}, {2_000_000}]),
        ("KR1.1 of Q4 in v2", []),
        ("NPS of 70", [{70}]),
        ("25%", [{25}]),
        ("within 30s", [{30}]),
    ],
)
def test_numbers_are_read_as_people_write_them(title: str, expected: list[set[float]]) -> None:
    assert [set(readings) for readings in numbers_in(title)] == expected


@given(st.text(max_size=60))
def test_any_title_can_be_read(title: str) -> None:
    for readings in numbers_in(title):
        assert readings
    fits(title, key_result(41, 55))


def test_a_year_alone_is_no_number() -> None:
    assert not has_number("Better in Q4 2026")
    assert has_number("Better by 5 in 2026")


@pytest.mark.parametrize(
    ("title", "start", "end"),
    [
        ("from 41 % to 55 %", 41, 55),
        ("up by 14 points", 41, 55),
        ("up 34 %", 41, 55),
        ("10 % fewer errors", 200, 180),
        ("3x as many visits", 100, 300),
        ("to 55 %", 0.41, 0.55),
        ("in 5 s", 9000, 5000),
        ("in 20 minutes", 3600, 1200),
        ("1.5 million visits", 1_000_000, 1_500_000),
    ],
)
def test_a_title_fits_its_target_in_many_ways(title: str, start: float, end: float) -> None:
    assert fits(title, key_result(start, end))


@pytest.mark.parametrize("title", ["from 41 % to 60 %", "up by 10 points", "within 7 days"])
def test_a_title_that_names_another_number_does_not_fit(title: str) -> None:
    assert not fits(title, key_result(41, 55))


def test_the_ends_of_a_band_fit() -> None:
    assert fits("between 20 and 30 hours", key_result(26, 25, (20, 30)))
