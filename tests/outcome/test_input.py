"""What the statistics refuse, with a message that names it; and what is little, and no reason to fail."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf, nan
from typing import Any

import pytest

from okrsync.errors import OutcomeInputError
from okrsync.model.verdicts import Verdict
from okrsync.outcome import Case, Delivery, MetricSeries, attribute_all
from outcome.builders import LATER, START, day, delivery, judge, noise, only, series, step

DAYS = (day(0), day(1), day(2))


@pytest.mark.parametrize(
    ("days", "values", "message"),
    [
        ((day(0), day(1), day(1)), (1.0, 2.0, 3.0), "2026-01-06 twice"),
        ((day(0), day(2), day(1)), (1.0, 2.0, 3.0), "2026-01-06 out of order"),
        (DAYS, (1.0, nan, 3.0), "nan on 2026-01-06"),
        (DAYS, (1.0, 2.0, inf), "inf on 2026-01-07"),
        (DAYS, (-inf, 2.0, 3.0), "-inf on 2026-01-05"),
        (DAYS, (1.0, 2.0), "one value"),
        (DAYS[:2], (1.0, 2.0, 3.0), "one value"),
        ((), (1.0,), "one value"),
    ],
)
def test_a_series_is_refused_by_what_is_wrong_with_it(
    days: tuple[date, ...], values: tuple[float, ...], message: str
) -> None:
    with pytest.raises(OutcomeInputError, match=message):
        MetricSeries(days, values)


@pytest.mark.parametrize("size", [0.0, -1.0, nan, inf])
def test_samples_are_positive(size: float) -> None:
    with pytest.raises(OutcomeInputError, match="on 2026-01-06; samples are positive"):
        MetricSeries(DAYS, (1.0, 2.0, 3.0), sizes=(5.0, size, 5.0))


@pytest.mark.parametrize("sizes", [(5.0,), (5.0, 5.0, 5.0, 5.0)])
def test_samples_are_as_many_as_values(sizes: tuple[float, ...]) -> None:
    with pytest.raises(OutcomeInputError, match="one size"):
        MetricSeries(DAYS, (1.0, 2.0, 3.0), sizes=sizes)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"trailing_days": -1}, "trailing_days"),
        ({"resolution": -0.1}, "resolution"),
        ({"bounds": (100.0, 0.0)}, "not ascending"),
        ({"bounds": (5.0, 5.0)}, "not ascending"),
        ({"bounds": (nan, 5.0)}, "not ascending"),
    ],
)
def test_what_is_declared_of_a_series_is_checked(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(OutcomeInputError, match=message):
        MetricSeries(DAYS, (1.0, 2.0, 3.0), **declared)


@pytest.mark.parametrize("size", [0.0, -2.0, nan, inf])
def test_the_size_of_a_delivery_is_positive(size: float) -> None:
    with pytest.raises(OutcomeInputError, match=r"delivery PAY-1: size .* not positive"):
        Delivery("PAY-1", START, size=size)


@pytest.mark.parametrize("expected", [nan, inf])
def test_an_expectation_is_a_number(expected: float) -> None:
    with pytest.raises(OutcomeInputError, match="delivery PAY-1: the expectation"):
        Delivery("PAY-1", START, expected=expected)


def test_a_delivery_is_named_once() -> None:
    with pytest.raises(OutcomeInputError, match="delivery PAY-1 is named twice"):
        judge(noise(88), delivery(60, "PAY-1"), delivery(70, "PAY-1"))


def test_one_bad_case_is_refused_among_others() -> None:
    good = Case("good", series(noise(88)), (delivery(60),))
    bad = Case("bad", series(noise(88)), (delivery(60), delivery(60)))

    with pytest.raises(OutcomeInputError):
        attribute_all([good, bad], as_of=LATER)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("at", [-3, 0, 1, 30])
def test_hardly_any_points_are_no_claim_and_no_crash(count: int, at: int) -> None:
    outcome = judge(series(noise(count)), delivery(at))

    assert only(outcome).verdict in {Verdict.NO_DATA, Verdict.TOO_EARLY, Verdict.OBSERVED_CHANGE_ONLY}
    assert only(outcome).estimate is None
    assert outcome.points == count


@pytest.mark.parametrize("values", [[], [4.2]])
@pytest.mark.parametrize("at", [-1, 0, 1])
def test_an_empty_series_and_one_of_one_point_are_no_data(values: list[float], at: int) -> None:
    check = only(judge(series(values), delivery(at)))

    assert check.verdict is Verdict.NO_DATA
    assert check.reason


def test_an_empty_series_may_have_a_stream() -> None:
    outcome = judge(series([]), *(delivery(5 * place, f"d{place:02}") for place in range(20)))

    assert {check.verdict for check in outcome.checks} == {Verdict.NO_DATA}
    assert sorted(name for check in outcome.checks for name in check.members) == [f"d{place:02}" for place in range(20)]


def test_a_delivery_before_the_first_observation_has_no_data() -> None:
    check = only(judge(noise(88), delivery(-5)))

    assert (check.verdict, check.points_before) == (Verdict.NO_DATA, 0)
    assert check.reason == "nothing was measured before the delivery"


def test_a_delivery_after_the_last_observation_is_too_early_and_then_has_no_data() -> None:
    soon, late = (only(judge(noise(60), delivery(70), as_of=day(as_of))) for as_of in (75, 200))

    assert soon.verdict is Verdict.TOO_EARLY
    assert (late.verdict, late.points_after) == (Verdict.NO_DATA, 0)
    assert soon.estimate is None
    assert late.estimate is None


def test_a_delivery_before_the_first_observation_does_not_hide_another() -> None:
    outcome = judge(noise(88) + step(88, 60, 5.0), delivery(-30, "old"), delivery(60, "new"))

    assert [(check.members, check.verdict) for check in outcome.checks] == [
        (("old",), Verdict.NO_DATA),
        (("new",), Verdict.MOVED),
    ]


def test_without_deliveries_there_are_no_checks() -> None:
    outcome = judge(noise(88))

    assert (outcome.checks, outcome.line, outcome.decomposition) == ((), None, None)
    assert outcome.points == 88
    assert judge([]).checks == ()


def test_a_delivery_of_the_future_is_not_known_yet() -> None:
    assert judge(noise(88), delivery(60), as_of=day(59)).checks == ()


def test_a_series_whose_days_are_all_masked_has_no_data() -> None:
    masked = frozenset(START + timedelta(days=place) for place in range(88))

    check = only(judge(series(noise(88), masked=masked), delivery(60)))

    assert check.verdict is Verdict.NO_DATA


def test_masked_days_do_not_count() -> None:
    """A campaign of ten days, far outside of everything else."""
    values = noise(98, 3) + step(98, 60, 3.0)
    values[40:50] += 50
    masked = frozenset(day(place) for place in range(40, 50))

    outcome = judge(series(values, masked=masked), delivery(60))

    assert outcome.masked == 10
    assert outcome.points == 88
    assert only(outcome).points_before == 50
    assert only(outcome).verdict is Verdict.MOVED


@pytest.mark.parametrize("bounds", [(-inf, 100.0), (0.0, inf), (-inf, inf)])
def test_a_bound_may_be_missing_on_one_side(bounds: tuple[float, float]) -> None:
    check = only(judge(series(noise(88, 3) + 50 + step(88, 60, 5.0), bounds=bounds), delivery(60)))

    assert check.verdict is Verdict.MOVED
