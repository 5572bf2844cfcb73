"""Why a metric stands elsewhere than at its baseline: parts that add up, and hold what was put in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from okrsync.model.verdicts import Decomposition, KeyResultOutcome
from okrsync.outcome import Delivery, MetricSeries, Settings
from okrsync.outcome.attribution import attribute_all
from okrsync.outcome.cases import Case
from outcome.builders import Floats, day, delivery, judge, noise, persistent, series, step


def parts_of(outcome: KeyResultOutcome) -> Decomposition:
    assert outcome.decomposition is not None
    return outcome.decomposition


def assert_adds_up(found: Decomposition) -> None:
    total = found.drift.value + found.deliveries.value + found.clipped + found.unexplained
    assert total == pytest.approx(found.change, rel=1e-6, abs=1e-9)
    for span in (found.drift, found.deliveries):
        assert span.low <= span.value <= span.high


@pytest.mark.parametrize("seed", range(6))
def test_the_parts_add_up_to_the_change(seed: int) -> None:
    values = persistent(118, seed) + 0.02 * np.arange(118) + step(118, 60, 2.0) + step(118, 90, -3.0)
    values[100] += 40

    found = parts_of(judge(values, delivery(60), delivery(90, "b")))

    assert_adds_up(found)
    assert found.change == pytest.approx(values[-28:].mean() - values[32:60].mean())
    assert found.clipped > 0.5, "an outlier of 40 in 28 days is more than a point of their mean"


def test_the_parts_of_a_stream_add_up_too() -> None:
    values = noise(180, 3) + step(180, 90, 6.0)
    work = [delivery(20 + 8 * place, f"d{place:02}") for place in range(18)]

    assert_adds_up(parts_of(judge(values, *work)))


def test_the_windows_are_the_last_days_before_the_work_and_of_the_series() -> None:
    found = parts_of(judge(noise(118), delivery(60), delivery(90, "b")))

    assert (found.baseline_start, found.baseline_end) == (day(32), day(59))
    assert (found.last_start, found.last_end) == (day(90), day(117))


def test_a_baseline_may_be_declared() -> None:
    found = parts_of(judge(noise(118), delivery(60), baseline=day(40), window_days=14))

    assert (found.baseline_start, found.baseline_end) == (day(27), day(40))
    assert found.last_start == day(104)


def asked(values: Floats, until: int | None, *work: Delivery, as_of: int = 400, **declared: Any) -> KeyResultOutcome:
    """The outcome of *values* where the change up to the day *until* is asked for."""
    last = None if until is None else day(until)
    case = Case("k", series(values), work, settings=Settings(**declared), change_until=last)
    return attribute_all([case], as_of=day(as_of))[0]


def test_the_change_ends_with_the_day_that_is_asked_for_and_what_comes_later_changes_nothing() -> None:
    values = persistent(180, 3) + step(180, 60, 2.0)
    wild = values.copy()
    wild[120:] += 40 + noise(60, 9, 20.0)
    work = [delivery(60), delivery(150, "b")]

    found = parts_of(asked(values, 119, *work))

    assert (found.baseline_end, found.last_start, found.last_end) == (day(59), day(92), day(119))
    assert_adds_up(found)
    assert found == parts_of(asked(wild, 119, *work)) == parts_of(asked(values[:120], None, work[0], as_of=119))


def test_the_change_ends_with_the_last_observation_of_its_days() -> None:
    """Measured weekly, the last one before the end of the cycle lies some days before it."""
    days = tuple(day(7 * place) for place in range(60))
    weekly = MetricSeries(days, tuple((persistent(60, 5) + step(60, 30, 2.0)).tolist()))
    case = Case("k", weekly, (delivery(210),), change_until=day(275))

    assert parts_of(attribute_all([case], as_of=day(500))[0]).last_end == day(273)


@pytest.mark.parametrize("until", [59, 89, 119])
def test_a_change_that_ends_earlier_changes_no_verdict_and_nothing_else_that_is_told(until: int) -> None:
    values = persistent(180, 3) + step(180, 60, 2.0) + step(180, 100, -1.0)
    work = [delivery(60), delivery(100, "b"), delivery(150, "c")]

    early, whole = asked(values, until, *work), asked(values, None, *work)

    assert replace(early, decomposition=None) == replace(whole, decomposition=None)


def test_a_change_that_ends_with_or_after_what_was_observed_is_that_of_all_of_it() -> None:
    values = persistent(120, 3) + step(120, 60, 2.0)

    assert asked(values, 119, delivery(60)) == asked(values, 300, delivery(60)) == asked(values, None, delivery(60))


def test_before_the_first_delivery_and_without_a_baseline_there_is_no_change_to_tell() -> None:
    assert asked(noise(120), 40, delivery(60)).decomposition is None
    assert parts_of(asked(noise(120), 40, delivery(60), baseline=day(9))).deliveries.value == 0


def test_a_new_definition_after_the_days_that_are_asked_for_takes_nothing_from_them() -> None:
    values = persistent(180, 3) + step(180, 60, 2.0)
    broken = replace(series(values), breaks=(day(150),))
    case = Case("k", broken, (delivery(60),), change_until=day(119))

    found = parts_of(attribute_all([case], as_of=day(400))[0])

    assert found == parts_of(asked(values, 119, delivery(60)))


def test_a_step_without_noise_is_all_of_the_work() -> None:
    found = parts_of(judge(step(118, 60, 5.0), delivery(60)))

    assert found.change == pytest.approx(5.0)
    assert found.deliveries.value == pytest.approx(5.0, rel=1e-2)
    assert found.drift.value == pytest.approx(0.0, abs=0.05)
    assert found.unexplained == pytest.approx(0.0, abs=0.05)


def test_a_trend_without_work_in_it_is_all_drift() -> None:
    values = 0.1 * np.arange(118) + noise(118, 4, 0.05)

    found = parts_of(judge(values, delivery(60)))

    assert found.drift.low < found.change < found.drift.high
    assert abs(found.deliveries.value) < 0.1 * found.change


def test_a_decomposition_scales_with_the_unit() -> None:
    values: Floats = persistent(118, 4) + step(118, 60, 2.0)

    plain, large = (parts_of(judge(values * unit, delivery(60))) for unit in (1.0, 1e6))

    assert large.deliveries.value == pytest.approx(1e6 * plain.deliveries.value, rel=1e-6)
    assert large.drift.low == pytest.approx(1e6 * plain.drift.low, rel=1e-6)


def test_the_interval_of_the_work_holds_what_was_put_in() -> None:
    """Forty series with a trend and noise that persists; two steps of a known size."""
    held = 0
    for seed in range(40):
        values = persistent(118, seed, 0.4) + 0.01 * (seed % 3) * np.arange(118)
        values = values + step(118, 60, 2.0) + step(118, 85, 1.0)
        found = parts_of(judge(series(values), delivery(60), delivery(85, "b"), evaluate_at=day(117)))
        held += found.deliveries.low <= 3.0 <= found.deliveries.high

    assert held >= 34


@pytest.mark.long
def test_drift_and_work_lie_within_their_intervals() -> None:
    """
    Two hundred key results of known truth: a step, a trend, weekdays, a memory, a slow walk and white noise.

    The stated rate is 95 %; on longer simulations it comes to .91 to .93 with such memories (docs/method.md says so),
    so that 200 may well hold 176.
    """
    held = {"drift": 0, "deliveries": 0}
    for seed in range(200):
        rng = np.random.default_rng([2026, seed])
        count = int(rng.integers(80, 140))
        at = count - int(rng.integers(28, 40))
        days = np.arange(count)
        share, fade = float(rng.uniform(0, 0.7)), float(np.exp(-1 / rng.choice([2.0, 5.0, 10.0])))
        memory = rng.standard_normal(count)
        for place in range(1, count):
            memory[place] = fade * memory[place - 1] + np.sqrt(1 - fade**2) * memory[place]
        slow = np.sqrt(share) * memory + np.cumsum(rng.standard_normal(count)) * 0.05
        slow += rng.normal() * 2 * days / count + (rng.standard_normal(7) * rng.uniform(0, 1))[days % 7]
        put_in = float(rng.choice([0.0, 1.0, 2.0, -2.0])) * (days >= at)
        values = slow + put_in + np.sqrt(1 - share) * rng.standard_normal(count)
        found = parts_of(judge(series(values), delivery(at), evaluate_at=day(count - 1)))
        before = (days >= number(found.baseline_start)) & (days <= number(found.baseline_end))
        last = (days >= number(found.last_start)) & (days <= number(found.last_end))
        held["drift"] += found.drift.low <= slow[last].mean() - slow[before].mean() <= found.drift.high
        truth = put_in[last].mean() - put_in[before].mean()
        held["deliveries"] += found.deliveries.low <= truth <= found.deliveries.high

    assert held["drift"] >= 0.88 * 200
    assert held["deliveries"] >= 0.88 * 200


def number(which: date) -> int:
    """Days since the first of a series."""
    return (which - day(0)).days


def test_the_line_of_a_key_result_is_the_work_as_one() -> None:
    values = noise(140, 5) + step(140, 50, 1.5) + step(140, 80, 1.5) + step(140, 110, 1.5)
    work = [delivery(50), delivery(80, "b"), delivery(110, "c")]

    line = judge(values, *work).line

    assert line is not None
    assert line.low < 4.5 < line.high
    assert line.p < 0.05
    assert judge(values, work[0]).line is None, "of one wave it would be that wave again"


def test_the_models_that_weigh_something_are_named_heaviest_first() -> None:
    models = judge(noise(118, 4), delivery(60)).models

    weights = [model.weight for model in models]
    assert weights == sorted(weights, reverse=True)
    assert 0.5 < sum(weights) <= 1 + 1e-9
    assert min(weights) >= 0.01
