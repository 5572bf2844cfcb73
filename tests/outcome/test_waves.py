"""Which deliveries are judged together, until when, and who gets the credit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.model.verdicts import CheckKind, Verdict
from okrsync.outcome import Delivery, MetricSeries, Settings
from okrsync.outcome.waves import Wave, waves_of
from outcome.builders import day, delivery, judge, noise, only, series, step, told
from support.examples import examples


def waves(*places: int, step_days: float = 1.0, **declared: Any) -> list[list[int]]:
    """Days of the deliveries of each wave."""
    work = [delivery(place, f"d{place:03}") for place in places]
    return days(waves_of(work, lambda _: step_days, Settings(**declared)))


def days(found: Sequence[Wave]) -> list[list[int]]:
    return [[(each.day - day(0)).days for each in wave.deliveries] for wave in found]


def test_a_wave_of_daily_data_is_open_for_a_week_from_its_first_delivery() -> None:
    assert waves(0, 6, 7, 13, 14) == [[0, 6], [7, 13], [14]]


def test_waves_never_chain() -> None:
    assert waves(*range(0, 30, 2)) == [[0, 2, 4, 6], [8, 10, 12, 14], [16, 18, 20, 22], [24, 26, 28]]


@settings(max_examples=examples(30))
@given(st.lists(st.integers(0, 200), min_size=1, max_size=40), st.sampled_from([1.0, 3.0, 7.0, 30.4]))
def test_every_delivery_is_in_one_wave_that_is_short(places: list[int], step_days: float) -> None:
    work = sorted((delivery(place, f"{number:02}") for number, place in enumerate(places)), key=lambda d: (d.day, d.id))

    found = waves_of(work, lambda _: step_days, Settings())

    assert [each for wave in found for each in wave.deliveries] == work
    longest = {1.0: 7.0, 3.0: 15.0, 7.0: 21.0, 30.4: 91.2}[step_days]
    assert all((wave.last - wave.first).days < longest for wave in found)
    starts = [wave.first for wave in found]
    assert all((later - earlier).days >= longest for earlier, later in pairwise(starts))


def test_seldom_measured_waves_are_three_points_long() -> None:
    assert waves(0, 20, 21, 41, step_days=7.0) == [[0, 20], [21, 41]]


def test_data_of_every_third_day_have_waves_of_five_points() -> None:
    assert waves(0, 14, 15, step_days=3.0) == [[0, 14], [15]]


def test_a_series_of_weeks_is_judged_by_such_waves_and_says_so() -> None:
    measured = series(noise(40, 7, 0.1) + step(40, 21, 5.0), every=7)

    outcome = judge(measured, delivery(147, "a"), delivery(160, "b"), delivery(168, "c"))

    assert outcome.step_days == 7.0
    assert [check.members for check in outcome.checks] == [("a", "b"), ("c",)]
    assert any("about every 7 days" in warning for warning in outcome.checks[0].warnings)


@pytest.mark.parametrize(
    ("step_days", "declared", "wait"),
    [
        (1.0, {}, 28),
        (7.0, {}, 56),
        (3.0, {}, 28),
        (30.4, {}, 244),
        (1.0, {"lag_days": 5}, 33),
        (1.0, {"window_days": 60, "lag_days": 5}, 65),
        (1.0, {"window_days": 3}, 8),
    ],
)
def test_the_evaluation_waits_for_the_lag_and_the_longer_of_window_and_eight_points(
    step_days: float, declared: dict[str, Any], wait: int
) -> None:
    (wave,) = waves_of([delivery(0, "a"), delivery(4, "b")], lambda _: step_days, Settings(**declared))

    assert wave.evaluation == day(4 + wait), "counted from its last delivery"


def test_everything_may_be_judged_on_one_day() -> None:
    work = [delivery(0, "a"), delivery(40, "b")]

    assert {wave.evaluation for wave in waves_of(work, lambda _: 1.0, Settings(evaluate_at=day(99)))} == {day(99)}


def test_a_declared_unit_is_judged_as_a_whole_with_its_last_delivery() -> None:
    measured = noise(150, 3, 0.5) + step(150, 90, 5.0)
    work = [delivery(50, "a", unit="v2"), delivery(70, "b", unit="v2"), delivery(90, "c", unit="v2")]

    check = only(judge(measured, *work))

    assert (check.kind, check.members, check.credit) == (CheckKind.UNIT, ("a", "b", "c"), "one_of(3)")
    assert (check.first, check.last, check.evaluation) == (day(50), day(90), day(118))
    assert check.points_before == 90
    assert check.verdict is Verdict.MOVED
    assert told(check).low < 5 < told(check).high


def test_units_and_waves_stand_beside_one_another() -> None:
    found = waves_of(
        [delivery(0, "a", unit="x"), delivery(1, "b"), delivery(2, "c", unit="y"), delivery(3, "d", unit="x")],
        lambda _: 1.0,
        Settings(),
    )

    assert [(wave.kind, [each.id for each in wave.deliveries]) for wave in found] == [
        (CheckKind.UNIT, ["a", "d"]),
        (CheckKind.WAVE, ["b"]),
        (CheckKind.UNIT, ["c"]),
    ]


def test_many_declared_units_are_no_stream() -> None:
    work = [delivery(20 + 15 * place, f"d{place}", unit=f"u{place}") for place in range(8)]

    outcome = judge(noise(180, 5), *work)

    assert [check.kind for check in outcome.checks] == [CheckKind.UNIT] * 8
    assert not any(check.is_in_stream for check in outcome.checks)


def test_two_deliveries_a_day_apart_share_the_credit() -> None:
    check = only(judge(noise(90, 4) + step(90, 60, 5.0), delivery(60, "a"), delivery(61, "b")))

    assert (check.verdict, check.members, check.credit) == (Verdict.MOVED, ("a", "b"), "one_of(2)")
    assert not check.is_sole


def test_one_delivery_has_the_credit_alone() -> None:
    check = only(judge(noise(90, 4) + step(90, 60, 5.0), delivery(60)))

    assert (check.credit, check.is_sole) == ("sole", True)


def test_deliveries_with_nothing_measured_between_them_share_the_credit() -> None:
    """Ten days apart, so of two waves, in a gap of the series."""
    values = noise(100, 4) + step(100, 65, 5.0)
    kept = [place for place in range(100) if not 58 <= place < 75]
    measured = MetricSeries(tuple(map(day, kept)), tuple(float(values[place]) for place in kept))

    check = only(judge(measured, delivery(60, "a"), delivery(70, "b")))

    assert (check.verdict, check.members, check.credit) == (Verdict.MOVED, ("a", "b"), "one_of(2)")
    assert check.evaluation == day(98)


def test_inside_of_a_wave_each_steps_on_its_own_day_with_its_share() -> None:
    values = step(95, 60, 2.0) + step(95, 63, 6.0)

    check = only(judge(values, delivery(60, "a", size=1.0), delivery(63, "b", size=3.0)))

    assert told(check).effect == pytest.approx(8.0, rel=1e-3)


def test_two_waves_are_told_apart() -> None:
    values = noise(130, 8, 0.5) + step(130, 50, 3.0) + step(130, 85, -4.0)

    first, second = judge(values, delivery(50, "a"), delivery(85, "b")).checks

    assert (first.verdict, second.verdict) == (Verdict.MOVED, Verdict.MOVED_WRONG_WAY)
    assert told(first).low < 3 < told(first).high
    assert told(second).low < -4 < told(second).high


def test_two_waves_that_can_hardly_be_told_apart_say_so() -> None:
    kept = [*range(60), 63, *range(72, 110)]
    values = noise(110, 8)
    measured = MetricSeries(tuple(map(day, kept)), tuple(float(values[place]) for place in kept))

    outcome = judge(measured, delivery(61, "a"), delivery(70, "b"), evaluate_at=day(109))

    assert len(outcome.checks) == 2
    assert any("hardly to be told from" in warning for warning in outcome.checks[0].warnings)


def test_members_are_named_by_day_then_id() -> None:
    work: list[Delivery] = [delivery(61, "a"), delivery(60, "c"), delivery(60, "b")]

    assert only(judge(noise(90), *work)).members == ("b", "c", "a")


def test_checks_are_ordered_by_their_first_day() -> None:
    firsts: list[date] = [check.first for check in judge(noise(120), delivery(80, "a"), delivery(40, "b")).checks]

    assert firsts == sorted(firsts)
