"""Effects that come late or grow, values that are themselves means of many days, and values near a bound."""

from __future__ import annotations

import numpy as np
import pytest

from okrsync.model.verdicts import Verdict
from outcome.builders import Floats, day, delivery, judge, noise, only, series, step, told

TRUE = 4.0


def trailing(values: Floats, days: int) -> Floats:
    """The mean of each value and those of the *days* - 1 before it."""
    return np.convolve(values, np.ones(days) / days, mode="valid")


@pytest.mark.parametrize("days", [3, 7, 14])
@pytest.mark.parametrize("seed", range(3))
def test_a_trailing_mean_that_is_declared_holds_the_mean_of_its_ramp(days: int, seed: int) -> None:
    measured = trailing(noise(120 + days - 1, seed) + step(120 + days - 1, 60 + days - 1, TRUE), days)

    check = only(judge(series(measured, trailing_days=days), delivery(60), evaluate_at=day(119)))

    # The metric shows the step as a ramp, so its mean since the delivery is a little less than the step.
    shown = float(np.mean(np.minimum(np.arange(1, 61) / days, 1.0))) * TRUE
    assert told(check).low < shown < told(check).high
    assert check.verdict is Verdict.MOVED


@pytest.mark.parametrize("seed", range(4))
def test_a_trailing_week_that_is_declared_holds_the_true_step(seed: int) -> None:
    measured = trailing(noise(126, seed) + step(126, 66, TRUE), 7)

    outcome = judge(series(measured, trailing_days=7), delivery(60), evaluate_at=day(119))

    assert told(only(outcome)).low < TRUE < told(only(outcome)).high
    without = outcome.counterfactual
    assert without.low[-1] < without.observed[-1] - TRUE < without.high[-1]


def test_without_noise_a_trailing_mean_gives_the_mean_of_its_ramp() -> None:
    measured = trailing(step(126, 66, TRUE), 7)

    check = only(judge(series(measured, trailing_days=7), delivery(60)))

    assert told(check).effect == pytest.approx(TRUE * (4 + 22) / 29, rel=1e-2)


def test_an_effect_after_a_declared_lag_is_counted_from_there() -> None:
    measured = step(130, 70, TRUE)

    check = only(judge(measured, delivery(60), lag_days=10))

    assert (check.points_before, check.points_after, check.evaluation) == (70, 29, day(98))
    assert told(check).effect == pytest.approx(TRUE, rel=1e-3)
    assert check.observed_change == pytest.approx(TRUE)


@pytest.mark.parametrize("seed", range(3))
def test_an_effect_after_a_declared_lag_lies_in_its_interval(seed: int) -> None:
    found = told(only(judge(noise(130, seed) + step(130, 70, TRUE), delivery(60), lag_days=10)))

    assert found.low < TRUE < found.high


@pytest.mark.parametrize("ramp", [7, 20])
def test_an_effect_that_grows_over_declared_days_lies_in_its_interval(ramp: int) -> None:
    grown = np.clip((np.arange(130) - 60 + 1) / ramp, 0, 1) * TRUE
    mean = float(grown[60:89].mean())

    noisy = told(only(judge(noise(130, 3) + grown, delivery(60), ramp_days=ramp)))
    plain = told(only(judge(grown, delivery(60), ramp_days=ramp)))

    assert noisy.low < mean < noisy.high
    assert plain.effect == pytest.approx(mean, rel=1e-2)


def test_a_counterfactual_is_what_was_observed_up_to_the_delivery_and_less_the_effect_after() -> None:
    measured = noise(100, 3) + step(100, 60, TRUE)

    without = judge(measured, delivery(60)).counterfactual

    assert without.days == tuple(day(place) for place in range(100))
    assert without.observed == tuple(measured.tolist())
    assert without.low[:60] == without.expected[:60] == without.high[:60] == without.observed[:60]
    later = slice(60, None)
    ends = zip(without.low[later], without.observed[later], without.high[later], strict=True)
    assert all(low < observed - TRUE < high for low, observed, high in ends)


def near_the_top(size: float, seed: int = 3) -> Floats:
    """Percentages between 96 and 99.5."""
    return np.clip(noise(89, seed, 0.3) + 97.0 + step(89, 60, size), 96.0, 99.5)


def test_a_percentage_near_its_bound_is_tested_on_another_scale_and_told_in_points() -> None:
    outcome = judge(series(near_the_top(1.5), bounds=(0.0, 100.0)), delivery(60))
    check = only(outcome)

    assert outcome.scale == "logit"
    assert check.verdict is Verdict.MOVED
    assert told(check).low < 1.5 < told(check).high
    assert told(check).high - told(check).low < 2


def test_an_interval_stays_inside_of_what_the_bounds_allow() -> None:
    """Ten noisy points: without its effect the metric would have been between 0 and 100 all the same."""
    measured = np.clip(noise(89, 3, 2.0) + 98.0, 90.0, 99.9)

    check = only(judge(series(measured, bounds=(0.0, 100.0)), delivery(80), evaluate_at=day(88)))

    level = float(measured[80:].mean())
    assert level - 100 <= told(check).low <= told(check).effect <= told(check).high <= level


def test_a_percentage_in_the_middle_stays_on_its_own_scale_and_its_interval_inside_the_bounds() -> None:
    measured = np.clip(noise(12, 3, 25.0) + 50, 5, 95)

    outcome = judge(series(measured, bounds=(0.0, 100.0)), delivery(8), evaluate_at=day(11))

    level = float(measured[8:].mean())
    assert outcome.scale == "raw"
    assert level - 100 <= told(only(outcome)).low < told(only(outcome)).high <= level


@pytest.mark.parametrize(("low", "high"), [(99.55, 99.9), (0.4, 0.1)])
def test_a_change_within_the_last_half_percent_is_seen(low: float, high: float) -> None:
    """An availability, or an error rate: each noisy by a twentieth of its change."""
    measured = noise(89, 3, 0.015) + low + step(89, 60, high - low)

    check = only(judge(series(measured, bounds=(0.0, 100.0)), delivery(60)))

    assert check.verdict.is_claim
    assert told(check).effect == pytest.approx(high - low, abs=0.1)


def test_small_counts_are_tested_on_their_root_and_told_as_counts() -> None:
    random = np.random.default_rng(3)
    measured = np.concatenate([random.poisson(2.0, 60), random.poisson(6.0, 29)])

    outcome = judge(series(measured, bounds=(0.0, np.inf)), delivery(60))

    assert outcome.scale == "root"
    assert only(outcome).verdict is Verdict.MOVED
    assert told(only(outcome)).low < 4.0 < told(only(outcome)).high


def test_values_of_large_samples_weigh_more() -> None:
    """Half of the values are means of a hundred times as many cases, and as much less noisy."""
    sizes = np.resize([4.0, 400.0], 120)
    measured = noise(120, 3) * 2 / np.sqrt(sizes) + step(120, 60, 0.3)

    blind, told_of_it = (
        told(only(judge(series(measured, sizes=given), delivery(60)))) for given in ((), tuple(sizes.tolist()))
    )

    assert told_of_it.standard_error < 0.6 * blind.standard_error
    assert told_of_it.low < 0.3 < told_of_it.high


def test_a_weekend_that_is_always_low_is_no_outlier_and_one_that_is_not_is() -> None:
    values = 50 + noise(120, 1, 0.3) - 10.0 * (np.arange(120) % 7 > 4)
    values[61] = 50.0  # a Saturday

    outcome = judge(values, delivery(80))

    assert outcome.clipped == 1
    assert only(outcome).verdict is Verdict.INCONCLUSIVE
