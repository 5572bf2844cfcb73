"""Metrics of the work itself, day by day, from items with a known past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from okrsync.errors import MetricError
from okrsync.metrics.items import ItemsSettings, ItemsSource
from okrsync.model.history import ItemPast, past_of
from okrsync.model.ledger import Observation
from okrsync.model.work import EventField, Item, ItemEvent, ItemKind, Size, Status
from okrsync.plugins.metric_source import MetricContext

START = datetime(2026, 10, 1, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
STATUS_BY_ID = {"todo": Status.TODO, "done": Status.DONE, "dropped": Status.DROPPED}


def at(day: float) -> datetime:
    """So many days after 1 October, 9:00 UTC."""
    return START + timedelta(days=day)


def item(key: str, created: float, status: Status = Status.TODO, delivered: float | None = None, **more: Any) -> Item:
    fields: dict[str, Any] = {
        "source": "web",
        "external_id": key,
        "key": key,
        "url": "",
        "kind": ItemKind.ISSUE,
        "type": "Bug",
        "title": "t",
        "original_status": status.value,
        "created": at(created),
        "updated": at(20),
    }
    return Item(status=status, delivered=None if delivered is None else at(delivered), **fields | more)


def past(entry: Item, *changes: tuple[float, str, str]) -> ItemPast:
    """*entry* with status changes: when, from and to."""
    events = [
        ItemEvent(entry.source, entry.external_id, f"h{number}", EventField.STATUS, at(when), before, before, to, to)
        for number, (when, before, to) in enumerate(changes)
    ]
    return past_of(entry, events, lambda status_id, _resolution: STATUS_BY_ID.get(status_id))


def read(pasts: Sequence[ItemPast], now: datetime | None = None, **settings: Any) -> Sequence[Observation]:
    context = MetricContext(Path(), Path(), now or at(6), BERLIN, lambda: pasts)
    if "condition" in settings:
        settings["if"] = settings.pop("condition")
    return ItemsSource().read("bugs", {"type": "items", **settings}, context)


def values(observations: Sequence[Observation]) -> list[float]:
    first = observations[0].day if observations else None
    for number, entry in enumerate(observations):
        assert first is not None
        assert entry.day == first + timedelta(days=number)
    return [entry.value for entry in observations]


def test_open_items_are_counted_at_the_end_of_each_whole_day() -> None:
    pasts = [
        past(item("A", 0)),
        past(item("B", 1, Status.DONE, 3), (3, "todo", "done")),
        past(item("C", 2, Status.DROPPED), (4, "todo", "dropped")),
    ]
    assert values(read(pasts, measure="count", of="open")) == [1, 2, 3, 2, 1, 1]


def test_a_reopened_item_is_open_again() -> None:
    pasts = [past(item("A", 0), (1, "todo", "done"), (3, "done", "todo"))]
    assert values(read(pasts, measure="count", of="open")) == [1, 0, 0, 1, 1, 1]


def test_without_a_history_an_item_is_open_until_its_delivery_or_last_change() -> None:
    done, dropped = item("A", 0, Status.DONE, 2), item("B", 1, Status.DROPPED, updated=at(4))
    assert values(read([past(done), past(dropped)], measure="count", of="open")) == [1, 2, 1, 1, 0, 0]


def test_created_and_delivered_items_count_on_their_days() -> None:
    pasts = [past(item("A", 0, Status.DONE, 2)), past(item("B", 1, Status.DONE, 2)), past(item("C", 3))]
    assert values(read(pasts, measure="count", of="created")) == [1, 1, 0, 1, 0, 0]
    assert values(read(pasts, measure="count", of="delivered")) == [0, 0, 2, 0, 0, 0]
    assert values(read(pasts, measure="count", of="delivered", over_days=3)) == [0, 0, 2, 2, 2, 0]


def test_an_item_that_left_done_again_was_not_delivered() -> None:
    assert values(read([past(item("A", 0, Status.TODO, 2))], measure="count", of="delivered")) == [0] * 6


def test_sizes_are_added_and_an_item_without_one_adds_nothing() -> None:
    pasts = [past(item("A", 0, size=Size(3, "points"))), past(item("B", 1, size=Size(5, "points"))), past(item("C", 2))]
    assert values(read(pasts, measure="sum", of="open")) == [3, 8, 8, 8, 8, 8]


def test_sizes_of_different_units_are_never_added() -> None:
    pasts = [past(item("A", 0, size=Size(3, "points"))), past(item("B", 1, size=Size(5, "hours")))]
    with pytest.raises(MetricError, match=r"sizes in 2 units \(hours, points\) cannot be added; narrow `if`"):
        read(pasts, measure="sum", of="open")


def test_the_median_age_is_that_of_open_items_at_the_end_of_the_day() -> None:
    pasts = [past(item("A", 0)), past(item("B", 1)), past(item("C", 2)), past(item("D", 0), (0.1, "todo", "done"))]
    found = read(pasts, measure="median_age")
    until_midnight = 13 - 1 / 3600  # hours from 11:00 in Berlin to 23:59:59
    expected = [0, 0.5, 1, 2, 3, 4]
    assert values(found) == pytest.approx([days + until_midnight / 24 for days in expected])
    assert [entry.n for entry in found] == [1, 2, 3, 3, 3, 3]


def test_the_median_lead_time_is_missing_on_a_day_without_deliveries() -> None:
    pasts = [past(item("A", 0, Status.DONE, 2)), past(item("B", 1, Status.DONE, 2)), past(item("C", 0, Status.DONE, 5))]
    found = read(pasts, measure="median_lead_time")
    assert [(entry.day.day, entry.value, entry.n) for entry in found] == [(3, 1.5, 2), (6, 5, 1)]


def test_a_day_belongs_to_the_zone_and_counts_once_it_is_over() -> None:
    late = replace(item("A", 0), created=datetime(2026, 10, 1, 22, 30, tzinfo=UTC))
    found = read([past(late)], datetime(2026, 10, 3, 21, 59, 59, tzinfo=UTC), measure="count", of="created")
    assert [(entry.day.day, entry.value) for entry in found] == [(2, 1), (3, 0)]
    earlier = read([past(late)], datetime(2026, 10, 3, 21, 59, 58, tzinfo=UTC), measure="count", of="created")
    assert [entry.day.day for entry in earlier] == [2]


def test_the_filter_is_that_of_link_rules() -> None:
    parent = item("EPIC", 0, type="Epic")
    pasts = [past(parent), past(item("A", 0, parent="EPIC", labels=("area/pay",))), past(item("B", 0, type="Story"))]
    assert values(read(pasts, measure="count", of="open", condition={"type": ["bug", "epic"]}))[-1] == 2
    assert values(read(pasts, measure="count", of="open", condition={"label": "area/*", "parent_key": "EPIC"}))[-1] == 1
    assert values(read(pasts, measure="count", of="open", condition={"label": "nowhere"})) == [0] * 6


def test_only_the_last_days_are_told_and_without_items_none() -> None:
    assert len(read([past(item("A", -900))], measure="count", of="open")) == 365
    assert len(read([past(item("A", -900))], measure="count", of="open", history_days=7)) == 7
    assert read([], measure="count", of="open") == []


def test_the_order_of_items_changes_nothing() -> None:
    pasts = [past(item(str(number), number % 5, size=Size(0.1 * number, "points"))) for number in range(30)]
    for measure, of in (("sum", "open"), ("median_age", "open")):
        assert read(pasts, measure=measure, of=of) == read(pasts[::-1], measure=measure, of=of)


@pytest.mark.parametrize(
    "settings",
    [
        {"measure": "count"},
        {"measure": "mean", "of": "open"},
        {"measure": "median_age", "of": "delivered"},
        {"measure": "count", "of": "open", "over_days": 7},
        {"measure": "median_age", "over_days": 7},
        {"measure": "count", "of": "open", "if": {"parent": "linked"}},
        {"measure": "count", "of": "open", "if": {"body": "KR:"}},
        {"measure": "count", "of": "open", "if": {}},
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ItemsSettings.model_validate({"type": "items", **settings})
