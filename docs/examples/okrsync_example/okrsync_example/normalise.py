"""Turns Plainlist's raw tasks into items and events. Pure: no I/O and no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from okrsync.model.work import EventField, Item, ItemEvent, ItemKind, Status
from okrsync.plugins.connector import HISTORY, FieldMap, RawItem
from okrsync.plugins.text import directives, without_people

STATUSES = {"open": "todo", "doing": "in_progress", "done": "done", "rejected": "dropped"}

_KEPT = ("id", "project", "number", "title", "text", "state", "labels", "created", "changed", "finished", "url")
_KEPT_OF_CHANGES = ("id", "at", "from", "to")


def without_extras(raw: RawItem) -> dict[str, Any]:
    """*raw* reduced to what normalisation reads, with people taken out of its text."""
    kept = {name: raw[name] for name in _KEPT if raw.get(name) is not None}
    return kept | {name: without_people(kept[name]) for name in ("title", "text") if name in kept}


def reduced(changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """*changes* without those who made them."""
    return [{name: change[name] for name in _KEPT_OF_CHANGES} for change in changes]


def moment(text: str) -> datetime:
    """The time that *text* says, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def normalise(raw: RawItem, fields: FieldMap) -> Item:
    """The item that *raw* stands for."""
    status = Status(fields.statuses[raw["state"]])
    finished = raw.get("finished")
    return Item(
        source=fields.source,
        external_id=str(raw["id"]),
        key=f"{raw['project']}/{raw['number']}",
        url=raw.get("url", ""),
        kind=ItemKind.ISSUE,
        type="Task",
        title=raw["title"],
        status=status,
        original_status=raw["state"],
        created=moment(raw["created"]),
        updated=moment(raw["changed"]),
        delivered=moment(finished) if finished and status is Status.DONE else None,
        project=raw["project"],
        team=fields.team,
        labels=tuple(sorted(raw.get("labels", ()))),
        directives=directives(raw.get("text", ""), fields.mapping.body_words),
        status_id=raw["state"],
    )


def normalise_history(raw: RawItem, fields: FieldMap) -> Sequence[ItemEvent]:
    """The changes of state that *raw* carries; Plainlist numbers them, so a key never changes."""
    return [
        ItemEvent(
            source=fields.source,
            external_id=str(raw["id"]),
            key=str(change["id"]),
            field=EventField.STATUS,
            at=moment(change["at"]),
            from_id=change["from"],
            from_text=change["from"],
            to_id=change["to"],
            to_text=change["to"],
        )
        for change in raw.get(HISTORY, ())
    ]
