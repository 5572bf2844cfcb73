"""Forecasts: the interval holds, and the chance of a target is what it says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from okrsync.model.outlooks import Forecast
from okrsync.outcome.cases import Case
from okrsync.outcome.forecast import LEAST_POINTS, forecast
from outcome.builders import Floats, day, delivery, noise, persistent, series, step

KINDS: dict[str, Callable[[int, int], Floats]] = {
    "white": noise,
    "persistent": lambda count, seed: persistent(count, seed, 0.6),
    "walking": lambda count, seed: noise(count, seed) + np.cumsum(noise(count, seed + 1000, 0.1)),
    "trending": lambda count, seed: noise(count, seed) + np.linspace(0, float(noise(1, seed + 2000, 2.5)[0]), count),
    "by weekday": lambda count, seed: noise(count, seed) - 3.0 * (np.arange(count) % 7 > 4),
}


def ahead(values: Floats, known: int, end: int, every: int = 1) -> Forecast:
    told = forecast(Case("k", series(values[:known], every=every), ()), day(every * end), day(every * (known - 1)))
    assert told is not None
    return told


def held(every: int) -> list[bool]:
    found = []
    for kind in KINDS.values():
        for seed in range(50):
            count = 60 if every > 1 else 150
            rng = np.random.default_rng(seed)
            known = int(rng.integers(20, count - 14))
            end = known + int(rng.integers(1, 13))
            values = kind(count, seed)
            told = ahead(values, known, end, every)
            found.append(told.low <= values[end] <= told.high)
    return found


def test_intervals_hold_the_ends_of_500_simulated_key_results() -> None:
    share = float(np.mean([*held(1), *held(7)]))

    assert 0.90 <= share <= 0.98, share


def test_the_chance_of_a_target_is_how_often_it_is_reached() -> None:
    told, reached = [], []
    for seed in range(150):
        values = persistent(100, seed)
        goal = float(np.random.default_rng(seed).normal(0, 1))
        case = Case("k", series(values[:80]), ())
        found = forecast(case, day(95), day(79), least=goal)
        assert found is not None
        assert found.reaches is not None
        told.append(found.reaches)
        reached.append(values[95] >= goal)

    high = [hit for chance, hit in zip(told, reached, strict=True) if chance >= 0.5]
    low = [hit for chance, hit in zip(told, reached, strict=True) if chance < 0.5]
    assert abs(np.mean(told) - np.mean(reached)) < 0.12
    assert np.mean(high) > 0.6
    assert np.mean(low) < 0.4


def test_what_was_delivered_keeps_its_effect() -> None:
    values = noise(120, 3) + step(120, 80, 10.0)

    told = forecast(Case("k", series(values), (delivery(80),)), day(150), day(119))

    assert told is not None
    assert 7 < told.low < 10 < told.high < 13


def test_the_weekday_of_the_end_counts() -> None:
    values = 50 + noise(140, 1, 0.3) - 10.0 * (np.arange(140) % 7 > 4)

    assert ahead(values, 140, 143).value == pytest.approx(50, abs=1.5)
    assert ahead(values, 140, 145).value == pytest.approx(40, abs=1.5)


def test_a_forecast_stays_within_the_bounds_of_its_metric() -> None:
    values = np.clip(98.5 + noise(90, 2, 0.8), 96.0, 99.9)

    told = forecast(Case("k", series(values, bounds=(0.0, 100.0)), ()), day(120), day(89), least=99.0)

    assert told is not None
    assert told.high <= 100
    assert told.reaches is not None
    assert 0.05 < told.reaches < 0.6


def test_the_chances_on_both_sides_of_a_limit_make_one() -> None:
    case = Case("k", series(persistent(90, 5)), ())

    above, below = (forecast(case, day(100), day(89), least=0.3), forecast(case, day(100), day(89), most=0.3))

    assert above is not None
    assert below is not None
    assert (above.reaches or 0) + (below.reaches or 0) == pytest.approx(1)


def test_too_few_points_a_constant_and_the_past_have_no_forecast() -> None:
    few, constant = series(noise(LEAST_POINTS - 1)), series(np.full(30, 5.0))

    assert forecast(Case("k", few, ()), day(20), day(10)) is None
    assert forecast(Case("k", constant, ()), day(40), day(29)) is None
    assert forecast(Case("k", series(noise(30)), ()), day(29), day(29)) is None
    assert forecast(Case("k", series(()), ()), day(29), day(29)) is None
