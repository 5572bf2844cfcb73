"""Items out of their rows, a hundred thousand at a time: what repeats from row to row is understood once, kept once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa

from okrsync.model.work import Directive, Item, ItemKind, Iteration, Size, Status
from okrsync.store import codec
from okrsync.store.tables import item

_LISTS = {"labels", "components", "iterations", "closes", "directives", "fields"}
_NAMES = (
    "source", "external_id", "key", "url", "kind", "type", "title", "status", "original_status", "resolution",
    "created_ms", "updated_ms", "delivered_ms", "size", "size_unit", "project", "team", "parent", "labels",
    "components", "iterations", "closes", "directives", "fields", "status_id", "first_done_ms", "reopened",
)  # fmt: skip
# As text: a list that stands in a thousand rows is taken apart for the first of them.
ITEM_COLUMNS = tuple(sa.cast(item.c[name], sa.Text).label(name) if name in _LISTS else item.c[name] for name in _NAMES)
_KINDS = {kind.value: kind for kind in ItemKind}
_STATUSES = {status.value: status for status in Status}
Key = TypeVar("Key")
Value = TypeVar("Value")
_MOST_KEPT = 100_000
"""Different values that are kept; where there are more, it pays no more."""


class ItemReader:
    """
    Makes items of rows of ``ITEM_COLUMNS``.

    *names* are those that iterations have by now, by source and id; *old_keys* by source and item.
    """

    def __init__(
        self, names: Mapping[str, Mapping[str, str]], old_keys: Mapping[tuple[str, str], tuple[str, ...]]
    ) -> None:
        self._names = names
        self._old_keys = old_keys
        self._words: dict[str, str] = {}
        self._texts: dict[str, tuple[str, ...]] = {}
        self._iterations: dict[tuple[str, str], tuple[Iteration, ...]] = {}
        self._sizes: dict[tuple[float, str], Size] = {}
        self._fields: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def item(self, row: Any) -> Item:
        """The item of *row*."""
        (
            source, external_id, key, url, kind, type_, title, status, original_status, resolution,
            created, updated, delivered, size, size_unit, project, team, parent, labels,
            components, iterations, closes, directives, fields, status_id, first_done, reopened,
        ) = row  # fmt: skip
        word = self._words.setdefault
        first = codec.from_ms(created)
        last = first if updated == created else codec.from_ms(updated)
        # By place: with thirty names, a call takes twice as long.
        return Item(
            word(source, source),
            external_id,
            key,
            url,
            _KINDS[kind],
            word(type_, type_),
            title,
            _STATUSES[status],
            word(original_status, original_status),
            first,
            last,
            last if delivered == updated else _moment(delivered),
            word(resolution, resolution),
            None if size is None else self._size(size, size_unit),
            word(project, project),
            word(team, team),
            word(parent, parent),
            () if labels == "[]" else self._list(labels),
            () if components == "[]" else self._list(components),
            () if iterations == "[]" else self._sprints(source, iterations),
            () if closes == "[]" else tuple(orjson.loads(closes)),
            () if directives == "[]" else tuple(Directive(*entry) for entry in orjson.loads(directives)),
            self._old_keys.get((source, external_id), ()) if self._old_keys else (),
            word(status_id, status_id),
            last if first_done == updated else _moment(first_done),
            reopened,
            self._extras(fields),
        )

    def _list(self, text: str) -> tuple[str, ...]:
        known = self._texts.get(text)
        if known is not None:
            return known
        return _kept(self._texts, text, tuple(self._words.setdefault(entry, entry) for entry in orjson.loads(text)))

    def _sprints(self, source: str, text: str) -> tuple[Iteration, ...]:
        known = self._iterations.get((source, text))
        if known is not None:
            return known
        names = self._names.get(source, {})
        found = tuple(Iteration(id_, names.get(id_, name)) for id_, name in orjson.loads(text))
        return _kept(self._iterations, (source, text), found)

    def _size(self, value: float, unit: str) -> Size:
        known = self._sizes.get((value, unit))
        return (
            known
            if known is not None
            else _kept(self._sizes, (value, unit), Size(value, self._words.setdefault(unit, unit)))
        )

    def _extras(self, text: str) -> Mapping[str, tuple[str, ...]]:
        known = self._fields.get(text)
        if known is not None:
            return known
        return _kept(self._fields, text, {name: tuple(values) for name, values in orjson.loads(text).items()})


def _kept(store: dict[Key, Value], key: Key, value: Value) -> Value:
    if len(store) < _MOST_KEPT:
        store[key] = value
    return value


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else codec.from_ms(milliseconds)
