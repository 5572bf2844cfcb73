from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.lint.history import MetricHistory, best_gain, best_mean, series_of
from okrsync.model.ledger import Observation
from okrsync.model.okrs import Metric, MetricEvent
from support.examples import examples

START = date(2026, 1, 1)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def daily(values: Sequence[float]) -> MetricHistory:
    return MetricHistory(tuple((START + timedelta(days=number), value) for number, value in enumerate(values)))


def metric(*events: MetricEvent) -> Metric:
    return Metric("m", "d", "%", "check_in", {}, "", "daily", events=events)


def observations(count: int) -> list[Observation]:
    return [Observation("m", START + timedelta(days=number), float(number), NOW, "test") for number in range(count)]


def test_what_was_before_a_break_or_is_masked_or_is_yet_to_come_does_not_count() -> None:
    broken = MetricEvent("break", date(2026, 1, 5), date(2026, 1, 5))
    masked = MetricEvent("pulse", date(2026, 1, 7), date(2026, 1, 8))
    planned = MetricEvent("break", date(2026, 3, 1), date(2026, 3, 1))
    series = series_of(metric(broken, masked, planned), reversed(observations(20)), date(2026, 1, 10))
    assert [day.day for day, _ in series.points] == [5, 6, 9, 10]


def test_a_mean_needs_three_points_and_a_series_that_reaches_back() -> None:
    assert best_mean(daily([5.0] * 20), 28) is None
    assert best_mean(daily([5.0] * 28), 28) == (START + timedelta(days=27), 5.0)
    sparse = MetricHistory(((START, 5.0), (START + timedelta(days=27), 5.0)))
    assert best_mean(sparse, 28) is None


def test_one_good_day_is_no_target_met() -> None:
    values = [10.0] * 60
    values[40] = 38.0
    best = best_mean(daily(values), 28)
    assert best is not None
    assert best[1] == pytest.approx(11.0)


def test_the_best_gain_is_that_of_the_means_within_the_days() -> None:
    step = daily([10.0] * 100 + [16.0] * 100)
    assert best_gain(step, 92) == pytest.approx(6.0)
    slope = daily([float(number) for number in range(300)])
    assert best_gain(slope, 92) == pytest.approx(92.0)
    assert best_gain(daily([10.0] * 200), 92) == 0.0


def test_a_history_shorter_than_the_key_result_says_nothing() -> None:
    assert best_gain(daily([1.0] * 92), 92) is None


@settings(max_examples=examples(30))
@given(st.lists(st.floats(-1e6, 1e6), min_size=60, max_size=160), st.integers(28, 60))
def test_the_best_gain_is_what_trying_all_pairs_gives(values: list[float], days: int) -> None:
    means = daily(values).means(28).points
    pairs = [
        later[1] - earlier[1]
        for earlier in means
        for later in means
        if timedelta(0) <= later[0] - earlier[0] <= timedelta(days=days)
    ]
    expected = max([0.0, *pairs]) if means and (means[-1][0] - means[0][0]).days >= days else None
    assert best_gain(daily(values), days) == (None if expected is None else pytest.approx(expected, abs=1e-6))
