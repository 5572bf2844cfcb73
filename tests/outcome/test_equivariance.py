"""What must not matter, and what must follow: shift, scale, sign, order, the calendar."""

from __future__ import annotations

from datetime import date
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.model.okrs import Direction
from okrsync.model.verdicts import OutcomeCheck, Verdict
from okrsync.outcome import Delivery, Settings, attribute
from outcome.builders import START, Floats, day, delivery, judge, noise, only, persistent, series, step, told
from support.examples import examples

SEEDS = st.integers(0, 10_000)
EXAMPLES = settings(max_examples=examples(15))
WORK = (delivery(50, "a"), delivery(70, "b", size=2.0), delivery(73, "c"))


def made(seed: int) -> Floats:
    """Drift, noise that persists, weekdays and a step for each of two waves."""
    weekdays = np.resize([0.0, 0.1, 0.2, 0.0, 0.3, -1.0, -1.2], 110)
    steps = step(110, 50, 1.5) + step(110, 71, 3.0)
    return np.asarray(persistent(110, seed) + weekdays + 0.01 * np.arange(110) + steps)


def checks(values: Floats, direction: Direction = Direction.INCREASE) -> tuple[OutcomeCheck, ...]:
    return judge(values, *WORK, direction=direction).checks


def assert_follow(
    found: tuple[OutcomeCheck, ...], plain: tuple[OutcomeCheck, ...], scale: float, rel: float = 1e-6
) -> None:
    """All estimates of *found* are *scale* times those of *plain*; p is the same."""
    assert [check.members for check in found] == [check.members for check in plain]
    for one, other in zip(found, plain, strict=True):
        mine, theirs = told(one), told(other)
        ends = sorted((theirs.low * scale, theirs.high * scale))
        close = abs(scale) * theirs.standard_error * rel
        assert mine.effect == pytest.approx(theirs.effect * scale, abs=close)
        assert [mine.low, mine.high] == pytest.approx(ends, abs=close)
        assert mine.standard_error == pytest.approx(theirs.standard_error * abs(scale), rel=rel)
        assert mine.mde == pytest.approx(theirs.mde * abs(scale), rel=rel)
        assert mine.p == pytest.approx(theirs.p, rel=1e-4, abs=1e-12)
        assert one.observed_change == pytest.approx((other.observed_change or 0.0) * scale, abs=close)


@EXAMPLES
@given(SEEDS, st.floats(-1e4, 1e4))
def test_a_shift_changes_nothing(seed: int, shift: float) -> None:
    plain, found = checks(made(seed)), checks(made(seed) + shift)

    assert_follow(found, plain, 1.0)
    assert [check.verdict for check in found] == [check.verdict for check in plain]


@EXAMPLES
@given(SEEDS, st.floats(1e-4, 1e4))
def test_a_unit_scales_everything(seed: int, scale: float) -> None:
    plain, found = checks(made(seed)), checks(made(seed) * scale)

    assert_follow(found, plain, scale)
    assert [check.verdict for check in found] == [check.verdict for check in plain]


@pytest.mark.parametrize("scale", [1e12, 1e-12])
def test_units_may_be_very_large_or_very_small(scale: float) -> None:
    plain, found = checks(made(5)), checks(made(5) * scale)

    assert_follow(found, plain, scale)
    assert [check.verdict for check in found] == [check.verdict for check in plain]


def test_small_changes_of_a_large_number_are_seen() -> None:
    assert_follow(checks(made(5) + 1e9), checks(made(5)), 1.0, rel=1e-4)


@EXAMPLES
@given(SEEDS)
def test_a_change_of_sign_is_a_change_of_sign_and_of_direction(seed: int) -> None:
    plain, found = checks(made(seed)), checks(-made(seed), Direction.DECREASE)

    assert_follow(found, plain, -1.0)
    assert [check.verdict for check in found] == [check.verdict for check in plain]


def test_the_direction_decides_which_way_is_wrong() -> None:
    values = noise(88) + step(88, 60, 5.0)
    found = {
        (sign, direction): only(judge(sign * values, delivery(60), direction=direction)).verdict
        for sign in (1, -1)
        for direction in (Direction.INCREASE, Direction.DECREASE)
    }

    assert found == {
        (1, Direction.INCREASE): Verdict.MOVED,
        (1, Direction.DECREASE): Verdict.MOVED_WRONG_WAY,
        (-1, Direction.INCREASE): Verdict.MOVED_WRONG_WAY,
        (-1, Direction.DECREASE): Verdict.MOVED,
    }


@EXAMPLES
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_the_deliveries_does_not_matter(seed: int, random: Random) -> None:
    mixed = list(WORK)
    random.shuffle(mixed)

    assert repr(judge(made(seed), *mixed)) == repr(judge(made(seed), *WORK))


def test_the_order_of_the_deliveries_of_a_stream_does_not_matter() -> None:
    work = [delivery(place, f"d{place}") for place in range(20, 90, 4)]

    assert repr(judge(made(2), *reversed(work))) == repr(judge(made(2), *work))


def test_the_same_input_gives_the_very_same_output() -> None:
    control = series(noise(110, 9))

    once, again = (repr(judge(made(3), *WORK, controls=[control])) for _ in range(2))

    assert once == again


def test_what_was_judged_before_leaves_no_trace() -> None:
    """Factorisations are kept between calls; what was kept for a longer series serves a shorter one."""
    short, long = made(3)[:80], made(4)
    first = repr(judge(short, delivery(50)))
    judge(long, *WORK)

    assert repr(judge(short, delivery(50))) == first


@pytest.mark.parametrize("seed", range(3))
def test_what_could_have_been_seen_grows_with_the_noise(seed: int) -> None:
    seen = [told(only(judge(noise(88, seed, sd) + step(88, 60), delivery(60)))).mde for sd in (0.5, 1.0, 2.0, 4.0)]

    assert seen == sorted(seen)
    assert seen[-1] > 2 * seen[0]


def test_more_points_tell_more() -> None:
    few, many = (
        np.mean([told(only(judge(noise(before + 29, seed), delivery(before)))).standard_error for seed in range(6)])
        for before in (12, 100)
    )

    assert many < few


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (date(2024, 1, 1), "29 February 2024"),
        (date(2026, 3, 2), "the last Sunday of March"),
        (date(2026, 10, 5), "the last Sunday of October"),
        (date(2027, 1, 4), "nothing"),
    ],
)
def test_leap_days_and_daylight_saving_change_nothing(start: date, what: str) -> None:
    """The same values on days that begin on the same weekday."""
    assert (start - START).days % 7 == 0
    plain = only(judge(made(6), delivery(60)))

    moved = attribute(
        series(made(6), start=start), [Delivery("a", day(60, start))], as_of=day(400, start), settings=Settings()
    )

    assert only(moved).estimate == plain.estimate, what
    assert only(moved).verdict == plain.verdict


def test_an_irrelevant_control_hardly_matters_and_a_relevant_one_helps() -> None:
    shared = persistent(88, 21, memory=0.9) * 3
    values = noise(88, 22) + shared + step(88, 60, 2.0)

    plain, helped, beside = (
        told(only(judge(values, delivery(60), controls=controls)))
        for controls in ([], [series(shared)], [series(noise(88, 23))])
    )

    assert helped.standard_error < 0.7 * plain.standard_error
    assert helped.low < 2.0 < helped.high
    assert beside.effect == pytest.approx(plain.effect, abs=0.3 * plain.standard_error)
