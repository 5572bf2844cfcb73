"""Items and other records to rows and back."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from okrsync.model.work import Directive, Item, ItemKind, Iteration, Size, Status
from okrsync.plugins.connector import FieldMap
from okrsync.plugins.context import WorkMapping

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# A database or a file in UTF-8 refuses lone surrogates, and PostgreSQL refuses NUL; trackers send both.
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 in UTC, exactly."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC moment of *milliseconds*."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def storable(text: str) -> str:
    """
    *text* with U+FFFD for each NUL and lone surrogate.

    Raises:
        TypeError: it is no text.
    """
    return _NOT_STORABLE.sub("\ufffd", text)


def packed(raw: Mapping[str, Any]) -> bytes:
    """*raw* as compressed canonical JSON."""
    return zlib.compress(canonical(raw), 1)


def unpacked(body: bytes) -> dict[str, Any]:
    """The raw item that :func:`packed` made *body* of."""
    raw: dict[str, Any] = json.loads(zlib.decompress(body))
    return raw


def canonical(value: Any) -> bytes:
    """*value* as JSON that is the same whenever the value is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def digest(content: bytes) -> bytes:
    """16 bytes that tell contents apart."""
    return blake2b(content, digest_size=16).digest()


def item_row(item: Item) -> dict[str, Any]:
    """
    *item* as a row of the table ``item``, without id and digest.

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
        "delivered_ms": None if item.delivered is None else to_ms(item.delivered),
        "size": None if item.size is None else float(item.size.value),
        "size_unit": None if item.size is None else storable(item.size.unit),
        "project": storable(item.project),
        "team": storable(item.team),
        "parent": storable(item.parent),
        "labels": _texts(item.labels),
        "components": _texts(item.components),
        "iterations": [_texts((iteration.id, iteration.name)) for iteration in item.iterations],
        "closes": _texts(item.closes),
        "directives": [_texts((directive.word, directive.value)) for directive in item.directives],
        "fields": {storable(name): _texts(values) for name, values in item.fields.items()},
    }


def item_of(row: Any) -> Item:
    """The item of a row of the table ``item``."""
    return Item(
        source=row.source,
        external_id=row.external_id,
        key=row.key,
        url=row.url,
        kind=ItemKind(row.kind),
        type=row.type,
        title=row.title,
        status=Status(row.status),
        original_status=row.original_status,
        created=from_ms(row.created_ms),
        updated=from_ms(row.updated_ms),
        delivered=None if row.delivered_ms is None else from_ms(row.delivered_ms),
        resolution=row.resolution,
        size=None if row.size is None else Size(row.size, row.size_unit),
        project=row.project,
        team=row.team,
        parent=row.parent,
        labels=tuple(row.labels),
        components=tuple(row.components),
        iterations=tuple(Iteration(*entry) for entry in row.iterations),
        closes=tuple(row.closes),
        directives=tuple(Directive(*entry) for entry in row.directives),
        fields={name: tuple(values) for name, values in row.fields.items()},
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
    }


def _texts(values: Iterable[str]) -> list[str]:
    return [storable(value) for value in values]
