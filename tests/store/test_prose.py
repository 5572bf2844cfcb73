"""The text of stored items, the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from okrsync.model.work import Item, ItemKind, Status
from okrsync.store.database import Store
from okrsync.store.free_text import MAX_PROSE, passages, prose
from support.stores import version_of

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
ADF = {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Swap a broken ticket"}]}]}


def stored(external_id: str, raw: dict[str, Any]) -> Any:
    item = Item(
        source="web",
        external_id=external_id,
        key=f"acme/web#{external_id}",
        url="",
        kind=ItemKind.ISSUE,
        type="Story",
        title="Pay by card",
        status=Status.TODO,
        original_status="Open",
        created=NOON,
        updated=NOON,
    )
    return version_of(item, raw)


def test_sentences_are_read_from_any_trackers_raw_items(store: Store) -> None:
    with store.write() as unit:
        unit.items("web").save(
            [
                stored("1", {"id": "1", "body": "Queues are long at night.", "state": "open", "number": 4}),
                stored("2", {"id": "2", "fields": {"description": ADF, "status": {"name": "In Progress"}}}),
            ],
            "",
            NOON,
        )
    with store.read() as view:
        assert prose(view, [("web", "1"), ("web", "2"), ("web", "3")]) == {
            ("web", "1"): ("Queues are long at night.",),
            ("web", "2"): ("Swap a broken ticket",),
        }
        assert prose(view, []) == {}


def test_history_is_no_text_of_an_item() -> None:
    assert passages({"history": {"events": [{"title": "a sprint of last year"}]}, "body": "What is it for?"}) == (
        "What is it for?",
    )


@pytest.mark.parametrize("body", ["word " * 100_000, ["one two three"] * 100_000], ids=["long", "many"])
def test_long_text_is_cut(body: Any) -> None:
    assert sum(map(len, passages({"body": body}))) == pytest.approx(MAX_PROSE, abs=13)


def test_deep_nesting_is_read() -> None:
    raw: Any = "down at the bottom"
    for _ in range(5000):
        raw = {"content": [raw]}
    assert passages(raw) == ("down at the bottom",)
