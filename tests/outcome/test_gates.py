"""What holds a verdict back, in the order in which it is asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from okrsync.model.verdicts import OutcomeCheck, Verdict
from outcome.builders import Floats, day, delivery, judge, noise, only, series, step, told

JUMP = 10.0


def values(count: int = 120, at: int = 60) -> Floats:
    """A jump that nobody could miss."""
    return noise(count, 2) + step(count, at, JUMP)


def check_of(declared: dict[str, Any], as_of: int = 119, **settings: Any) -> OutcomeCheck:
    return only(judge(series(values(), **declared), delivery(60), as_of=day(as_of), **settings))


def test_without_anything_in_the_way_it_is_claimed() -> None:
    assert check_of({}).verdict is Verdict.MOVED


def test_a_draft_says_nothing() -> None:
    check = check_of({"breaks": (day(65),)}, is_draft=True, as_of=70)

    assert (check.verdict, check.reason, check.estimate) == (Verdict.NO_DATA, "the key result is a draft", None)


@pytest.mark.parametrize("at", [60, 61, 88])
def test_a_new_definition_within_the_window_withholds(at: int) -> None:
    check = check_of({"breaks": (day(at),)})

    assert (check.verdict, check.estimate) == (Verdict.WITHHELD, None)
    assert str(day(at)) in check.reason


@pytest.mark.parametrize("at", [89, 100])
def test_a_new_definition_after_the_evaluation_changes_nothing(at: int) -> None:
    check = check_of({"breaks": (day(at),)})

    assert check.verdict is Verdict.MOVED
    assert check.estimate == check_of({}).estimate


def test_a_new_definition_before_the_delivery_only_cuts() -> None:
    measured = values()
    measured[:30] -= 500

    outcome = judge(series(measured, breaks=(day(30),)), delivery(60), as_of=day(119))

    assert outcome.cut == 30
    assert only(outcome).points_before == 30
    assert only(outcome).verdict is Verdict.MOVED
    assert told(only(outcome)).low < JUMP < told(only(outcome)).high


def test_a_break_is_told_before_everything_but_a_draft() -> None:
    check = check_of({"breaks": (day(62),), "trailing_days": 28}, as_of=65, max_age_days=1)

    assert check.verdict is Verdict.WITHHELD
    assert "another definition" in check.reason


def test_a_stale_metric_is_withheld() -> None:
    measured = series(values(75))

    stale, fresh = (only(judge(measured, delivery(60), as_of=day(119), max_age_days=days)) for days in (7, 30))

    assert (stale.verdict, stale.estimate) == (Verdict.WITHHELD, None)
    assert stale.reason == f"nothing was measured since {day(74)}"
    assert fresh.verdict is Verdict.MOVED


def test_a_metric_that_went_stale_after_the_evaluation_was_fresh_then() -> None:
    assert check_of({}, as_of=400, max_age_days=7).verdict is Verdict.MOVED


@pytest.mark.parametrize("days", [15, 28, 90])
def test_a_long_trailing_window_is_withheld(days: int) -> None:
    check = check_of({"trailing_days": days})

    assert (check.verdict, check.estimate) == (Verdict.WITHHELD, None)
    assert f"{days} days" in check.reason


@pytest.mark.parametrize("days", [0, 1, 7, 14])
def test_a_short_trailing_window_is_judged(days: int) -> None:
    assert check_of({"trailing_days": days}).estimate is not None


@pytest.mark.parametrize("declared", [{"breaks": (day(65),)}, {"trailing_days": 28}], ids=["break", "trailing"])
def test_what_is_withheld_is_withheld_before_the_evaluation_date_too(declared: dict[str, Any]) -> None:
    assert check_of(declared, as_of=80).verdict is Verdict.WITHHELD


def test_a_stale_metric_is_withheld_before_the_evaluation_date_too() -> None:
    check = only(judge(series(values(75)), delivery(60), as_of=day(86), max_age_days=7))

    assert check.verdict is Verdict.WITHHELD


@pytest.mark.parametrize("as_of", [60, 61, 65, 80, 87])
def test_before_the_evaluation_date_it_is_too_early(as_of: int) -> None:
    check = check_of({}, as_of=as_of)

    assert (check.verdict, check.evaluation) == (Verdict.TOO_EARLY, day(88))
    assert check.is_provisional
    assert check.reason == f"judged on {day(88)}"


def test_too_early_its_estimate_is_provisional() -> None:
    check = check_of({}, as_of=80)

    assert check.is_provisional
    assert told(check).low < JUMP < told(check).high


def test_on_the_evaluation_date_it_is_judged() -> None:
    check = check_of({}, as_of=88)

    assert check.verdict is Verdict.MOVED
    assert not check.is_provisional
    assert (check.points_before, check.points_after) == (60, 29)


@pytest.mark.parametrize("points", [1, 2])
def test_two_points_after_are_too_few(points: int) -> None:
    check = only(judge(values(60 + points), delivery(60)))

    assert (check.verdict, check.points_after, check.estimate) == (Verdict.TOO_EARLY, points, None)
    assert not check.is_provisional


def test_three_points_after_are_judged() -> None:
    assert only(judge(values(63), delivery(60))).estimate is not None


@pytest.mark.parametrize("before", [1, 3, 5])
def test_few_points_before_give_the_observed_change_only(before: int) -> None:
    measured = values(60, before)

    check = only(judge(measured, delivery(before)))

    assert (check.verdict, check.estimate) == (Verdict.OBSERVED_CHANGE_ONLY, None)
    means = measured[before : before + 29].mean(), measured[:before].mean()
    assert check.observed_change == pytest.approx(means[0] - means[1])


@pytest.mark.parametrize("every", [7, 30, 91])
def test_the_observed_change_of_a_seldom_measured_metric_is_told_too(every: int) -> None:
    """Where the verdict is that only the change was observed, there is one: five points before, twenty after."""
    measured = series(values(25, 5), every=every)

    check = only(judge(measured, delivery(5 * every, "a"), as_of=day(25 * every)))

    assert check.verdict is Verdict.OBSERVED_CHANGE_ONLY
    assert check.observed_change == pytest.approx(JUMP, abs=2)


def test_six_points_before_are_judged() -> None:
    check = only(judge(values(60, 6), delivery(6)))

    assert check.points_before == 6
    assert check.estimate is not None


def test_too_early_comes_before_too_few() -> None:
    assert only(judge(values(20, 3), delivery(3), as_of=day(10))).verdict is Verdict.TOO_EARLY


def test_the_observed_change_stands_beside_the_estimate() -> None:
    measured = values()

    assert check_of({}).observed_change == pytest.approx(measured[60:89].mean() - measured[32:60].mean())


def test_a_unit_is_delivered_with_its_last_one_and_so_is_its_observed_change() -> None:
    """Its evaluation date and its step are those of its last delivery: before that, nothing of it was in use."""
    measured = step(120, 80, JUMP)

    check = only(judge(measured, delivery(60, "a", unit="u"), delivery(80, "b", unit="u"), as_of=day(119)))

    assert (check.points_before, check.points_after) == (80, 29)
    assert told(check).effect == pytest.approx(JUMP, rel=0.01)
    assert check.observed_change == pytest.approx(JUMP)


def test_an_evaluation_before_the_delivery_has_nothing_after_it() -> None:
    check = only(judge(values(), delivery(60), evaluate_at=day(50)))

    assert check.verdict is Verdict.NO_DATA
    assert check.reason


@pytest.mark.parametrize("missing", [range(66, 120), range(70, 120, 2)])
def test_gaps_are_no_reason_to_fail(missing: range) -> None:
    kept = [place for place in range(120) if place not in missing]
    measured = series(values()[kept])
    days = tuple(day(place) for place in kept)

    check = only(judge(type(measured)(days, measured.values), delivery(60)))

    assert check.verdict is Verdict.MOVED
    assert np.isfinite([told(check).low, told(check).high]).all()
