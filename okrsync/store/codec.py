"""Items and other records to rows and back."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from okrsync.model.plain import canonical
from okrsync.model.work import (
    EventField,
    EventOrigin,
    Item,
    ItemEvent,
    IterationRecord,
)
from okrsync.plugins.connector import HISTORY, FieldMap
from okrsync.plugins.context import WorkMapping

_BETWEEN = b"\n"  # stands nowhere in canonical JSON
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# A database or a file in UTF-8 refuses lone surrogates, and PostgreSQL refuses NUL; trackers send both.
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 in UTC, exactly."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC moment of *milliseconds*."""
    return _EPOCH + timedelta(0, 0, 0, milliseconds)


def day_of(text: str) -> date:
    """The day that :meth:`date.isoformat` wrote."""
    return date.fromisoformat(text)


def storable(text: str) -> str:
    """
    *text* with U+FFFD for each NUL and lone surrogate.

    Raises:
        TypeError: it is no text.
    """
    # Most text is plain, which a string knows of itself: looking through it would cost more than all the rest.
    if isinstance(text, str) and text.isascii() and "\x00" not in text:
        return text
    return _NOT_STORABLE.sub("\ufffd", text)


def packed(content: bytes, history: bytes = b"") -> bytes:
    """The canonical JSON of a raw item without its history, and that of its history, compressed."""
    return zlib.compress(content + _BETWEEN + history if history else content, 1)


def unpacked(body: bytes) -> tuple[dict[str, Any], bytes]:
    """The raw item that :func:`packed` made *body* of, and its content without the history."""
    content, _, history = zlib.decompress(body).partition(_BETWEEN)
    raw: dict[str, Any] = _read(content)
    if history:
        raw[HISTORY] = _read(history)
    return raw, content


def content(body: bytes) -> dict[str, Any]:
    """As :func:`unpacked`, without the history, which is often longer than all the rest."""
    made: dict[str, Any] = _read(zlib.decompress(body).partition(_BETWEEN)[0])
    return made


def _read(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:  # a lone surrogate, a number too large
        return json.loads(content)


def json_text(value: Any) -> str:
    """*value*, already storable, as a JSON column holds it."""
    return orjson.dumps(value).decode() if value else ("{}" if isinstance(value, dict) else "[]")


def raw_content(raw: Mapping[str, Any]) -> bytes:
    """A raw item without its history, as canonical JSON."""
    return canonical({name: value for name, value in raw.items() if name != HISTORY} if HISTORY in raw else raw)


def item_row(item: Item) -> dict[str, Any]:
    """
    *item* as a row of the table ``item``, without id and digest; lists are JSON text.

    Raises:
        AttributeError, OverflowError, TypeError, ValueError: a part of it is not of the type that Item says.
    """
    return {
        "source": storable(item.source),
        "external_id": storable(item.external_id),
        "key": storable(item.key),
        "url": storable(item.url),
        "kind": item.kind.value,
        "type": storable(item.type),
        "title": storable(item.title),
        "status": item.status.value,
        "original_status": storable(item.original_status),
        "resolution": storable(item.resolution),
        "created_ms": to_ms(item.created),
        "updated_ms": to_ms(item.updated),
        "delivered_ms": _ms(item.delivered),
        "size": None if item.size is None else _finite(item.size.value),
        "size_unit": None if item.size is None else storable(item.size.unit),
        "project": storable(item.project),
        "team": storable(item.team),
        "parent": storable(item.parent),
        "labels": json_text(_texts(item.labels)),
        "components": json_text(_texts(item.components)),
        "iterations": json_text([_texts((iteration.id, iteration.name)) for iteration in item.iterations]),
        "closes": json_text(_texts(item.closes)),
        "directives": json_text([_texts((directive.word, directive.value)) for directive in item.directives]),
        "fields": json_text({storable(name): _texts(values) for name, values in item.fields.items()}),
        "status_id": storable(item.status_id),
        "first_done_ms": _ms(item.first_done),
        "reopened": int(item.reopened),
    }


EVENT_COLUMNS = (
    "source", "external_id", "key", "field", "at_ms", "at_most_ms", "origin", "from_id", "from_text", "to_id",
    "to_text",
)  # fmt: skip


def event_row(event: ItemEvent) -> tuple[Any, ...]:
    """
    *event* as a row of the table ``item_event``: the ``EVENT_COLUMNS``.

    Raises:
        AttributeError, OverflowError, TypeError, ValueError: a part of it is not of the type that ItemEvent says.
    """
    source, external_id, key = event.source, event.external_id, event.key
    texts: tuple[str, ...] = (event.from_id, event.from_text, event.to_id, event.to_text)
    together = "".join((source, external_id, key, *texts))
    if not together.isascii() or "\x00" in together:
        source, external_id, key = storable(source), storable(external_id), storable(key)
        texts = tuple(map(storable, texts))
    return (
        source,
        external_id,
        key,
        event.field.value,
        to_ms(event.at),
        None if event.at_most is None else to_ms(event.at_most),
        event.origin.value,
        *texts,
    )


def event_of(row: Any) -> ItemEvent:
    """The event of a row of the table ``item_event``."""
    return ItemEvent(
        source=row.source,
        external_id=row.external_id,
        key=row.key,
        field=EventField(row.field),
        at=from_ms(row.at_ms),
        from_id=row.from_id,
        from_text=row.from_text,
        to_id=row.to_id,
        to_text=row.to_text,
        origin=EventOrigin(row.origin),
        at_most=_moment(row.at_most_ms),
    )


def iteration_row(iteration: IterationRecord) -> dict[str, Any]:
    """*iteration* as a row of the table ``iteration``."""
    return {
        "source": storable(iteration.source),
        "external_id": storable(iteration.id),
        "name": storable(iteration.name),
        "state": storable(iteration.state),
        "start_ms": _ms(iteration.start),
        "end_ms": _ms(iteration.end),
        "completed_ms": _ms(iteration.completed),
    }


def iteration_of(row: Any) -> IterationRecord:
    """The iteration of a row of the table ``iteration``."""
    return IterationRecord(
        source=row.source,
        id=row.external_id,
        name=row.name,
        state=row.state,
        start=_moment(row.start_ms),
        end=_moment(row.end_ms),
        completed=_moment(row.completed_ms),
    )


def fields_to_json(fields: FieldMap) -> dict[str, Any]:
    """*fields* as plain data."""
    mapping = fields.mapping
    return {
        "mapping": {name: getattr(mapping, name) for name in sorted(WorkMapping.__slots__)},
        "roles": {role: list(ids) for role, ids in fields.roles.items()},
        "site": fields.site,
        "source": fields.source,
        "team": fields.team,
        "statuses": dict(fields.statuses),
        "not_delivered": list(fields.not_delivered),
        "ships_apart": fields.ships_apart,
    }


def fields_of(held: Mapping[str, Any]) -> FieldMap:
    """The field map that :func:`fields_to_json` made *held* of; what an older version did not write is as new."""
    mapping: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in held["mapping"].items()
        if name in WorkMapping.__slots__
    }
    return FieldMap(
        mapping=WorkMapping(**mapping),
        roles={role: tuple(ids) for role, ids in held["roles"].items()},
        site=held["site"],
        source=held["source"],
        team=held["team"],
        statuses=held.get("statuses", {}),
        not_delivered=tuple(held.get("not_delivered", ())),
        ships_apart=held.get("ships_apart", False),
    )


def _finite(value: float) -> float | None:
    # SQLite keeps no NaN, PostgreSQL does: a size that is no number is missing in both.
    return float(value) if math.isfinite(value) else None


def _texts(values: Iterable[str]) -> list[str]:
    return [storable(value) for value in values]


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)
