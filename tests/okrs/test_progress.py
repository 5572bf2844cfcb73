"""Progress, pace and health, worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from okrsync.model.ledger import Observation
from okrsync.model.okrs import Cycle, DatedValue, Direction, KeyResult, Metric
from okrsync.okrs.progress import Health, Progress, health_of, progress_of, wanted_range

CYCLE = Cycle("2026Q4", date(2026, 10, 1), date(2026, 12, 31))
METRIC = Metric("m", "what", "%", "csv", {}, "", "daily")
UP = KeyResult(
    "KR1", "2026Q4", "O1", "Up", "active", "m", Direction.INCREASE, DatedValue(41.0, date(2026, 10, 1)),
    DatedValue(55.0, date(2026, 12, 31)), None, "leading", "outcome",
)  # fmt: skip
DOWN = replace(
    UP, direction=Direction.DECREASE, baseline=DatedValue(96.0, date(2026, 10, 1)),
    target=DatedValue(75.0, date(2026, 12, 31)),
)  # fmt: skip
STAY = replace(UP, direction=Direction.MAINTAIN, baseline=None, target=None, band=(20.0, 30.0))


def seen(*told: tuple[str, float]) -> list[Observation]:
    return [
        Observation("m", date.fromisoformat(day), value, datetime(2026, 10, 1, tzinfo=UTC), "csv")
        for day, value in told
    ]


def made(entry: KeyResult, told: Sequence[Observation], as_of: str = "2026-11-05") -> Progress:
    return progress_of(entry, CYCLE, told, date.fromisoformat(as_of))


def test_an_increase_is_half_way_at_the_middle_and_its_paces_are_a_week() -> None:
    found = made(UP, seen(("2026-10-01", 41), ("2026-11-05", 48)))

    assert found.share == pytest.approx(0.5)
    assert found.pace.actual == pytest.approx(7 / 5), "7 points in 5 weeks"
    assert found.pace.needed == pytest.approx(7 / 8), "7 points in the 8 weeks to 31 December"


def test_a_decrease_counts_downwards_and_may_go_beyond_and_behind() -> None:
    assert made(DOWN, seen(("2026-11-05", 85.5))).share == pytest.approx(0.5)
    assert made(DOWN, seen(("2026-11-05", 72.9))).share == pytest.approx(1.1)
    assert made(DOWN, seen(("2026-11-05", 98.1))).share == pytest.approx(-0.1)


def test_what_is_to_stay_counts_how_much_of_the_cycle_it_stayed() -> None:
    told = seen(("2026-09-30", 99), ("2026-10-02", 20), ("2026-10-03", 30), ("2026-10-04", 30.1), ("2026-10-05", 25))

    found = made(STAY, told)

    assert found.share == pytest.approx(0.75), "the value before the cycle does not count"
    assert (found.pace.needed, found.pace.actual) == (None, None)


def test_the_baselines_own_day_is_no_progress() -> None:
    found = made(UP, seen(("2026-10-01", 45)))

    assert found.share is None
    assert health_of(UP, METRIC, CYCLE, found, None, date(2026, 10, 2)) is Health.PENDING


def test_what_is_measured_after_the_cycle_or_the_day_does_not_count() -> None:
    told = seen(("2026-11-05", 48), ("2026-11-06", 55), ("2027-01-05", 41))

    assert made(UP, told).share == pytest.approx(0.5)
    assert made(UP, told, "2027-02-01").share == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("value", "score", "zone"),
    [
        (55, 1.0, "green"),
        (60, 1.0, "green"),
        (50.8, 0.7, "green"),
        (46.6, 0.4, "amber"),
        (46, 0.357, "red"),
        (40, 0, "red"),
    ],
)
def test_a_cycle_that_is_over_gives_a_score_with_its_zone(value: float, score: float, zone: str) -> None:
    found = made(UP, seen(("2026-12-31", value)), "2027-01-01")

    assert found.score == pytest.approx(score, abs=1e-3)
    assert found.zone == zone
    assert found.pace.needed is None
    assert health_of(UP, METRIC, CYCLE, found, None, date(2027, 1, 1)) is Health.SCORED


def test_there_is_no_score_before_the_end() -> None:
    assert made(UP, seen(("2026-12-31", 55)), "2026-12-31").score is None


@pytest.mark.parametrize(
    ("reaches", "value", "health"),
    [
        (0.6, 44, Health.ON_TRACK),
        (0.3, 44, Health.AT_RISK),
        (0.05, 44, Health.OFF_TRACK),
        (0.05, 50, Health.AT_RISK),  # as fast as it must, by work that a forecast does not know
        (0.05, 55, Health.REACHED),
        (None, 50, Health.ON_TRACK),
        (None, 45, Health.AT_RISK),
        (None, 41.5, Health.OFF_TRACK),
    ],
)
def test_health_is_the_forecasts_and_without_one_the_paces(reaches: float | None, value: float, health: Health) -> None:
    found = made(UP, seen(("2026-11-05", value)))

    assert health_of(UP, METRIC, CYCLE, found, reaches, date(2026, 11, 5)) is health


def test_staleness_overrides_every_colour() -> None:
    day = date(2026, 11, 5)
    found = made(UP, seen(("2026-11-05", 60)), "2026-11-30")

    assert health_of(UP, METRIC, CYCLE, found, 1.0, day + timedelta(days=2)) is Health.REACHED
    assert health_of(UP, METRIC, CYCLE, found, 1.0, day + timedelta(days=3)) is Health.STALE


def test_a_draft_has_no_health() -> None:
    assert health_of(replace(UP, state="draft"), None, CYCLE, made(UP, []), None, date(2026, 11, 5)) is Health.DRAFT


def test_where_it_is_wanted_to_be() -> None:
    assert wanted_range(UP) == (55.0, None)
    assert wanted_range(DOWN) == (None, 75.0)
    assert wanted_range(STAY) == (20.0, 30.0)
