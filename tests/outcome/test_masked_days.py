"""Which days of a metric's series do not count: pulses, and public holidays of its calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from okrsync.model.ledger import Observation
from okrsync.model.okrs import Metric, MetricEvent
from okrsync.outcome.case_builder import series_of

FIRST = date(2025, 12, 20)
KNOWN = datetime(2026, 2, 1, tzinfo=UTC)


def masked(cadence: str, calendar: str, *events: MetricEvent) -> list[str]:
    metric = Metric("m", "d", "%", "csv", {}, "", cadence, events=events, calendar=calendar)
    days = [FIRST + timedelta(days=number) for number in range(20)]
    observations = [Observation("m", day, 1.0, KNOWN, "csv") for day in days]
    return [day.isoformat() for day in sorted(series_of(metric, observations, date(2026, 2, 1)).masked)]


@pytest.mark.parametrize("cadence", ["daily", "irregular"])
def test_public_holidays_of_a_daily_metric_are_masked(cadence: str) -> None:
    assert masked(cadence, "DE") == ["2025-12-25", "2025-12-26", "2026-01-01"]
    assert masked(cadence, "DE-BY") == ["2025-12-25", "2025-12-26", "2026-01-01", "2026-01-06"]


@pytest.mark.parametrize("cadence", ["weekly", "monthly"])
def test_a_point_that_stands_for_more_than_its_day_is_not_masked_by_a_holiday(cadence: str) -> None:
    assert masked(cadence, "DE") == []


def test_pulses_and_holidays_add_up() -> None:
    pulse = MetricEvent("pulse", date(2025, 12, 24), date(2025, 12, 25))
    assert masked("daily", "DE", pulse) == ["2025-12-24", "2025-12-25", "2025-12-26", "2026-01-01"]
    assert masked("weekly", "DE", pulse) == ["2025-12-24", "2025-12-25"]
