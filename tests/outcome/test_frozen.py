"""Nothing that was observed after the evaluation date changes a verdict."""

from __future__ import annotations

from dataclasses import astuple, replace
from datetime import timedelta

import pytest

from okrsync.model.verdicts import OutcomeCheck, Verdict
from okrsync.outcome import MetricSeries
from outcome.builders import Floats, day, delivery, judge, noise, only, series, step, told


def values(count: int = 89) -> Floats:
    return noise(count, 5) + step(count, 60, 2.5)


def on_the_day() -> OutcomeCheck:
    check = only(judge(values(), delivery(60), as_of=day(88)))
    assert check.evaluation == day(88)
    return check


def assert_same(found: OutcomeCheck, wanted: OutcomeCheck) -> None:
    """The same but for the last digits, in which another shape of the same matrices may differ."""
    mine, theirs = told(found), told(wanted)
    assert astuple(mine)[:4] == pytest.approx(astuple(theirs)[:4], rel=1e-9)
    assert (mine.p, mine.mde) == pytest.approx((theirs.p, theirs.mde), rel=1e-6)
    assert found.q == pytest.approx(wanted.q, rel=1e-6)
    assert replace(found, estimate=None, q=None) == replace(wanted, estimate=None, q=None)


@pytest.mark.parametrize("as_of", [88, 89, 120, 700])
def test_a_later_look_finds_the_same(as_of: int) -> None:
    assert_same(only(judge(values(), delivery(60), as_of=day(as_of))), on_the_day())


@pytest.mark.parametrize("later", [0.0, -50.0, 1e6])
def test_wild_observations_after_the_evaluation_change_nothing(later: float) -> None:
    longer = [*values(), *(noise(60, 6, 20.0) + later)]

    found = only(judge(longer, delivery(60), as_of=day(148)))

    assert_same(found, on_the_day())
    assert repr(found) == repr(only(judge(values(), delivery(60), as_of=day(148))))


def test_observations_after_the_day_of_the_question_change_nothing() -> None:
    longer = [*values(80), *(noise(50, 6, 20.0) + 1e6)]

    assert repr(judge(longer, delivery(60), as_of=day(79))) == repr(judge(values(80), delivery(60), as_of=day(79)))


def test_work_that_came_after_the_evaluation_changes_nothing() -> None:
    longer = noise(150, 5)
    longer[:89] = values()

    outcome = judge(longer, delivery(60), delivery(100, "b"), as_of=day(149))

    assert_same(outcome.checks[0], on_the_day())


def test_a_metric_that_is_measured_weekly_later_changes_nothing() -> None:
    """The evaluation date is frozen at delivery; the cadence of later years is no part of it."""
    head = series(values())
    later = tuple(head.days[-1] + timedelta(days=7 * number) for number in range(1, 121))
    measured = MetricSeries(head.days + later, head.values + tuple(noise(120, 6).tolist()))

    found = only(judge(measured, delivery(60), as_of=later[-1]))

    assert found.evaluation == day(88)
    assert_same(found, on_the_day())


def test_a_control_that_went_wild_later_changes_nothing() -> None:
    control = noise(130, 7)
    plain = only(judge(values(), delivery(60), controls=[series(control[:89])], as_of=day(88)))
    control[89:] += 1e6

    assert_same(only(judge(values(), delivery(60), controls=[series(control)], as_of=day(129))), plain)


def test_values_that_may_still_change_are_not_used() -> None:
    wild = values()
    wild[82:] += 1e3

    waiting = only(judge(wild, delivery(60), as_of=day(88), settle_days=7))

    assert waiting.points_after == 22
    assert told(waiting).high < 10


@pytest.mark.parametrize("as_of", [88, 91, 94])
def test_while_its_last_values_may_still_change_a_verdict_is_provisional(as_of: int) -> None:
    """Values up to the evaluation date, day 88, are settled on day 95; a verdict before that is not the last word."""
    check = only(judge([*values(), *noise(20, 9)], delivery(60), as_of=day(as_of), settle_days=7))

    assert check.is_provisional


def test_once_its_last_values_have_settled_a_verdict_is_final() -> None:
    check = only(judge([*values(), *noise(20, 9)], delivery(60), as_of=day(95), settle_days=7))

    assert check.verdict is Verdict.MOVED
    assert not check.is_provisional
    assert (check.points_before, check.points_after) == (60, 29)
