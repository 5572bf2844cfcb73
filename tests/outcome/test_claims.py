"""What is said once nothing holds it back: claims, a band, what matters, and what became of an expectation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from okrsync.model.okrs import Direction
from okrsync.model.verdicts import HypothesisVerdict, OutcomeCheck, Verdict
from outcome.builders import Floats, day, delivery, judge, noise, only, series, step, told

REGISTERED: dict[str, Any] = {"is_registered": True}


def after(size: float, sd: float = 1.0, seed: int = 4, **settings: Any) -> OutcomeCheck:
    """The check of one delivery, followed by a step of *size*."""
    return only(judge(noise(88, seed, sd) + step(88, 60, size), delivery(60), **settings))


def expecting(expected: float | None, size: float, sd: float = 1.0, **declared: Any) -> OutcomeCheck:
    work = delivery(60, expected=expected, **(declared or REGISTERED))
    return only(judge(noise(88, 4, sd) + step(88, 60, size), work))


@pytest.mark.parametrize("size", [50.0, -50.0])
def test_an_output_never_gets_a_claim(size: float) -> None:
    check = after(size, level="output")

    assert not check.verdict.is_claim
    assert check.estimate is not None


@pytest.mark.parametrize("value", [0.0, 7.0, 0.1, 1 / 3, 0.7, 99.95, -3.3, 1e9 + 0.1, 1e-9])
def test_a_constant_series_is_inconclusive(value: float) -> None:
    outcome = judge([value] * 89, delivery(60))

    assert only(outcome).verdict is Verdict.INCONCLUSIVE
    assert only(outcome).estimate is None
    assert only(outcome).reason


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_a_constant_series_with_a_stream_has_no_claim(value: float) -> None:
    outcome = judge([value] * 120, *(delivery(place, f"d{place}") for place in range(20, 100, 4)))

    assert {check.verdict for check in outcome.checks} == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize("value", [0.1, 3.0])
def test_a_constant_control_tells_nothing(value: float) -> None:
    measured = noise(88, 4) + step(88, 60, 3.0)

    plain, beside = (
        told(only(judge(measured, delivery(60), controls=controls))) for controls in ([], [series([value] * 88)])
    )

    assert beside.effect == pytest.approx(plain.effect)
    assert beside.standard_error == pytest.approx(plain.standard_error)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 0.1, 1e6])
def test_a_jump_without_noise_is_claimed_with_an_interval_of_some_width(scale: float) -> None:
    check = only(judge(5.0 * scale + step(88, 60, 3 * scale), delivery(60)))

    assert check.verdict is Verdict.MOVED
    assert told(check).low < 3 * scale < told(check).high
    assert told(check).low > 2.9 * scale
    assert told(check).high < 3.1 * scale


def test_rounding_widens_the_interval_of_a_jump_without_noise() -> None:
    fine, coarse = (told(only(judge(series(step(88, 60, 3.0), resolution=unit), delivery(60)))) for unit in (0.0, 1.0))

    assert coarse.high - coarse.low > 5 * (fine.high - fine.low)
    assert coarse.low < 3 < coarse.high


def test_a_decrease_that_is_wanted_is_moved() -> None:
    assert after(-5.0, direction=Direction.DECREASE).verdict is Verdict.MOVED
    assert after(5.0, direction=Direction.DECREASE).verdict is Verdict.MOVED_WRONG_WAY


def maintained(before: float, now: float, sd: float = 1.0) -> OutcomeCheck:
    measured = noise(88, 4, sd) + before + step(88, 60, now - before)
    return only(judge(measured, delivery(60), direction=Direction.MAINTAIN, band=(90.0, 110.0)))


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        (100.0, 100.0, Verdict.HELD),
        (95.0, 105.0, Verdict.HELD),
        (130.0, 100.0, Verdict.MOVED),
        (70.0, 100.0, Verdict.MOVED),
        (130.0, 115.0, Verdict.MOVED),
        (100.0, 120.0, Verdict.MOVED_WRONG_WAY),
        (100.0, 80.0, Verdict.MOVED_WRONG_WAY),
        (115.0, 130.0, Verdict.MOVED_WRONG_WAY),
        (120.0, 120.0, Verdict.INCONCLUSIVE),
    ],
)
def test_a_band_is_held_left_or_returned_to(before: float, now: float, verdict: Verdict) -> None:
    assert maintained(before, now).verdict is verdict


def test_an_interval_that_leaves_the_band_is_no_hold() -> None:
    assert maintained(100.0, 100.0, sd=40.0).verdict is Verdict.INCONCLUSIVE


def test_no_meaningful_movement_has_to_be_earned() -> None:
    assert after(0.0).verdict is Verdict.INCONCLUSIVE
    assert after(0.0, min_effect=4.0).verdict is Verdict.NO_MEANINGFUL_MOVEMENT
    assert after(0.0, min_effect=0.2).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("expected", [4.0, -4.0])
def test_an_expectation_says_what_matters(expected: float) -> None:
    assert expecting(expected, 0.0).verdict is Verdict.NO_MEANINGFUL_MOVEMENT
    assert expecting(expected / 20, 0.0).verdict is Verdict.INCONCLUSIVE


def test_a_claim_comes_before_no_meaningful_movement_and_may_be_small() -> None:
    small, large, plain = (after(1.0, sd=0.1, min_effect=least) for least in (3.0, 0.5, None))

    assert {check.verdict for check in (small, large, plain)} == {Verdict.MOVED}
    assert [check.is_small for check in (small, large, plain)] == [True, False, False]


def test_what_is_not_claimed_is_not_small() -> None:
    assert not after(0.0, min_effect=4.0).is_small


def test_the_interval_goes_with_the_claim() -> None:
    check = after(3.0)

    assert 0 < told(check).low < told(check).effect < told(check).high
    assert told(check).p < 0.05
    assert check.q == told(check).p


def test_an_inconclusive_check_says_what_could_have_been_seen() -> None:
    check = after(0.0)

    assert check.verdict is Verdict.INCONCLUSIVE
    assert 2 * told(check).standard_error < told(check).mde < 4 * told(check).standard_error


@pytest.mark.parametrize(
    ("expected", "size", "hypothesis"),
    [
        (5.0, 5.0, HypothesisVerdict.CONFIRMED),
        (2.0, 5.0, HypothesisVerdict.CONFIRMED),
        (-5.0, -5.0, HypothesisVerdict.CONFIRMED),
        (20.0, 5.0, HypothesisVerdict.WEAKER_THAN_EXPECTED),
        (-20.0, -5.0, HypothesisVerdict.WEAKER_THAN_EXPECTED),
        (5.0, 0.0, HypothesisVerdict.REFUTED),
        (-5.0, 0.0, HypothesisVerdict.REFUTED),
        (5.0, -5.0, HypothesisVerdict.REFUTED),
        (-5.0, 5.0, HypothesisVerdict.REFUTED),
        (0.1, 0.0, HypothesisVerdict.OPEN),
        (None, 5.0, HypothesisVerdict.NOT_STATED),
    ],
)
def test_an_expectation_that_was_on_record_is_judged(
    expected: float | None, size: float, hypothesis: HypothesisVerdict
) -> None:
    assert expecting(expected, size).hypothesis is hypothesis


@pytest.mark.parametrize("size", [5.0, 0.0, -5.0])
def test_an_expectation_after_the_fact_is_never_judged(size: float) -> None:
    check = expecting(5.0, size, is_registered=False)

    assert check.hypothesis is HypothesisVerdict.POST_HOC
    assert check.expected == 5.0


def two(first: dict[str, Any], second: dict[str, Any], measured: Floats | None = None) -> OutcomeCheck:
    values = noise(88, 4) + step(88, 60, 5.0) if measured is None else measured
    return only(judge(values, delivery(60, "a", **first), delivery(61, "b", **second)))


def test_the_expectation_of_a_wave_is_the_sum_of_its_members() -> None:
    check = two({"expected": 2.0, **REGISTERED}, {"expected": 3.0, **REGISTERED})

    assert (check.expected, check.hypothesis) == (5.0, HypothesisVerdict.CONFIRMED)


def test_one_expectation_after_the_fact_makes_that_of_the_wave_so() -> None:
    check = two({"expected": 2.0, **REGISTERED}, {"expected": 3.0})

    assert check.hypothesis is HypothesisVerdict.POST_HOC


def test_members_without_an_expectation_do_not_count() -> None:
    check = two({"expected": 5.0, **REGISTERED}, {})

    assert (check.expected, check.hypothesis) == (5.0, HypothesisVerdict.CONFIRMED)


@pytest.mark.parametrize("as_of", [61, 80])
def test_before_its_evaluation_date_an_expectation_is_open(as_of: int) -> None:
    work = delivery(60, expected=5.0, is_registered=True)

    check = only(judge(noise(88, 4) + step(88, 60, 5.0), work, as_of=day(as_of)))

    assert check.hypothesis is HypothesisVerdict.OPEN


def test_work_that_followed_a_dip_is_doubted() -> None:
    dipped = noise(88, 4)
    dipped[55:60] -= 6

    check = only(judge(dipped + step(88, 60, 3.0), delivery(60)))

    assert any("unusually low just before" in warning for warning in check.warnings)
    assert not any("just before" in warning for warning in after(5.0).warnings)


def test_an_outlier_is_clipped_and_counted_and_a_step_is_not() -> None:
    spiked = noise(88, 4) + step(88, 60, 5.0)
    spiked[30] += 500

    outcome = judge(spiked, delivery(60))

    assert outcome.clipped >= 1
    assert judge(noise(88, 4) + step(88, 60, 100.0), delivery(60)).clipped <= 1
    assert only(outcome).verdict is Verdict.MOVED
    assert np.isclose(told(only(outcome)).effect, told(after(5.0)).effect, atol=0.5)


@pytest.mark.parametrize("at", [30, 60, 70])
def test_one_spike_of_a_metric_that_hardly_ever_changes_is_no_claim(at: int) -> None:
    """It is beyond any number of robust standard deviations, which are zero: an outlier, not a level."""
    spiked = np.zeros(89)
    spiked[at] = 9.0

    assert not only(judge(spiked, delivery(60))).verdict.is_claim
