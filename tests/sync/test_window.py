"""Which updates a run asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.sync.cursor import advanced, start_of
from support.examples import examples

EARLY, NOON, LATE = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (9, 12, 15))
moments = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_without_a_cursor_everything_is_asked_for() -> None:
    assert start_of(None, 120) is None


@pytest.mark.parametrize("seconds", [0, 1, 120, 600])
def test_the_window_starts_before_the_cursor_by_the_overlap(seconds: int) -> None:
    assert start_of(NOON, seconds) == NOON - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("high_water", "last_updated", "server_time", "wanted"),
    [
        (None, None, None, None),
        (None, None, LATE, None),
        (None, NOON, None, NOON),
        (None, NOON, LATE, NOON),
        (None, LATE, NOON, NOON),
        (EARLY, None, None, EARLY),
        (EARLY, None, LATE, EARLY),
        (EARLY, NOON, None, NOON),
        (EARLY, NOON, LATE, NOON),
        (EARLY, LATE, NOON, NOON),
        (NOON, EARLY, LATE, NOON),
        (LATE, LATE, NOON, LATE),
        (NOON, NOON, NOON, NOON),
    ],
)
def test_the_cursor_is_the_newest_update_up_to_the_servers_clock_and_never_goes_back(
    high_water: datetime | None, last_updated: datetime | None, server_time: datetime | None, wanted: datetime | None
) -> None:
    assert advanced(high_water, last_updated, server_time) == wanted


@settings(max_examples=examples(200), deadline=None, database=None, derandomize=True)
@given(moments, moments, moments)
def test_a_cursor_never_moves_back_nor_past_the_servers_clock(
    high_water: datetime | None, last_updated: datetime | None, server_time: datetime | None
) -> None:
    cursor = advanced(high_water, last_updated, server_time)
    if cursor is None:
        assert high_water is None
        assert last_updated is None
        return
    assert cursor in {high_water, last_updated, server_time}
    assert high_water is None or cursor >= high_water
    assert server_time is None or cursor <= server_time or cursor == high_water


@settings(max_examples=examples(100), deadline=None, database=None, derandomize=True)
@given(st.lists(moments, max_size=6), moments)
def test_after_any_pages_the_cursor_is_the_newest_that_was_seen(
    pages: list[datetime | None], server_time: datetime | None
) -> None:
    cursor: datetime | None = None
    for last_updated in pages:
        cursor = advanced(cursor, last_updated, server_time)
    seen = [moment for moment in pages if moment is not None]
    assert cursor == (min(max(seen), server_time or max(seen)) if seen else None)
