"""Turns Jira's changelogs into events: what is kept of one, and what it says. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from okrsync.model.work import EventField, ItemEvent
from okrsync.plugins.connector import HISTORY, FieldMap, RawItem
from okrsync.plugins.text import without_people
from okrsync.plugins.timestamps import instant
from okrsync_jira.normalise import size_fields

_STANDARD = {
    "status": EventField.STATUS,
    "resolution": EventField.RESOLUTION,
    "issuetype": EventField.TYPE,
    "issuekey": EventField.KEY,
    "parent": EventField.PARENT,
    "labels": EventField.LABEL,
}
# Items without a field id are told by their name, which Jira does not translate for these.
_ID_BY_NAME = {
    "key": "issuekey", "issueparentassociation": "parent", "parent": "parent", "parent issue": "parent",
    "status": "status", "resolution": "resolution", "issuetype": "issuetype", "labels": "labels",
}  # fmt: skip
# The place of a field's event within its history: it must not depend on what else was asked for.
_PLACE = {
    EventField.STATUS: 0,
    EventField.RESOLUTION: 1,
    EventField.TYPE: 2,
    EventField.KEY: 3,
    EventField.PARENT: 4,
    EventField.SIZE: 5,
    EventField.LABEL: 6,
    EventField.ITERATION: 7,
}
_KEPT = ("from", "fromString", "to", "toString")
_KEY = re.compile(r"[A-Z][A-Z0-9_]*-\d+")
_LATEST_SECONDS = 100_000_000_000


NAMED = "name:"
"""What starts the role of a custom field that is known by its name, casefolded."""


def named(catalogue: Sequence[Mapping[str, Any]], wanted: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Roles that tell what the custom fields *wanted* are called: old servers name nothing else in a history."""
    names = [str(field.get("name") or "").casefold() for field in catalogue]
    custom = ((name, field["id"]) for name, field in zip(names, catalogue, strict=True) if field.get("custom"))
    # A name that two fields share tells nothing.
    return {NAMED + name: (id_,) for name, id_ in custom if name and id_ in wanted and names.count(name) == 1}


def ids_by_name(fields: FieldMap) -> dict[str, str]:
    """Ids of custom fields by their name, casefolded."""
    return {role.removeprefix(NAMED): ids[0] for role, ids in fields.roles.items() if role.startswith(NAMED)}


def event_fields(fields: FieldMap) -> dict[str, EventField]:
    """What changes of each field are events of, by field id: nothing else of a changelog is asked for or kept."""
    found = dict(_STANDARD)
    for role, kind in (("sprint", EventField.ITERATION), ("epic", EventField.PARENT), ("parent", EventField.PARENT)):
        found.update(dict.fromkeys(fields.roles.get(role, ()), kind))
    found.update(dict.fromkeys(size_fields(fields), EventField.SIZE))
    return found


def reduced(
    histories: Iterable[Mapping[str, Any]], wanted: Mapping[str, EventField], id_by_name: Mapping[str, str]
) -> list[dict[str, Any]]:
    """
    What is kept of *histories*: when, and the changes of *wanted* fields, without people; oldest first.

    *id_by_name* holds ids of custom fields by casefolded name, for servers that tell the name alone.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: a history does not have Jira's shape.
    """
    kept = []
    for history in histories:
        items = [_kept(item, wanted, id_by_name) for item in history["items"]]
        if found := [item for item in items if item is not None]:
            kept.append({"id": str(history["id"]), "created": history["created"], "items": found})
    return sorted(kept, key=_moment)


def merged(passes: Iterable[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """One history out of several *passes* over the same issue, each of which asked for other fields."""
    found: dict[str, dict[str, Any]] = {}
    for histories in passes:
        for history in histories:
            own = found.setdefault(history["id"], {**history, "items": []})
            own["items"] += [item for item in history["items"] if item not in own["items"]]
    return sorted(found.values(), key=_moment)


def normalise_history(raw: RawItem, fields: FieldMap) -> Sequence[ItemEvent]:
    """The events in ``raw["history"]``, in the order in which they happened."""
    wanted = event_fields(fields)
    sizes = _own_sizes(raw, fields)
    return [
        event
        for history in sorted(raw.get(HISTORY) or (), key=_moment)
        for event in _events(history, wanted, sizes, _Writer(fields.source, str(raw["id"]), history))
    ]


@dataclass(frozen=True, slots=True)
class _Value:
    id: str = ""
    text: str = ""


class _Writer:
    """Writes the events of one history."""

    def __init__(self, source: str, external_id: str, history: Mapping[str, Any]) -> None:
        self._source = source
        self._external_id = external_id
        self._history = int(history["id"])
        self._at = _created(history["created"])

    def event(self, field: EventField, part: str, before: _Value, after: _Value) -> ItemEvent:
        return ItemEvent(
            source=self._source,
            external_id=self._external_id,
            key=f"h{self._history}:{part}",
            field=field,
            at=self._at,
            from_id=before.id,
            from_text=before.text,
            to_id=after.id,
            to_text=after.text,
        )


def _kept(
    item: Mapping[str, Any], wanted: Mapping[str, EventField], id_by_name: Mapping[str, str]
) -> dict[str, Any] | None:
    name = str(item.get("field") or "").casefold()
    given = str(item.get("fieldId") or "")
    if given:
        field = _ID_BY_NAME.get(given.casefold(), given)
    else:
        field = (id_by_name if item.get("fieldtype") == "custom" else _ID_BY_NAME).get(name, "")
    if field not in wanted:
        return None
    values = {part: without_people(str(item[part])) for part in _KEPT if item.get(part) is not None}
    return {"field": without_people(str(item.get("field") or "")), "fieldId": field, **values}


def _events(
    history: Mapping[str, Any], wanted: Mapping[str, EventField], sizes: Sequence[str], writer: _Writer
) -> Iterator[ItemEvent]:
    counted: Counter[EventField] = Counter()
    for item in sorted(history["items"], key=lambda item: str(item["fieldId"])):
        kind = wanted.get(item["fieldId"])
        if kind is None or (kind is EventField.SIZE and item["fieldId"] not in sizes):
            continue
        # Two fields of one kind may change at once, for example parent and epic link.
        place = str(_PLACE[kind] + len(_PLACE) * counted[kind])
        counted[kind] += 1
        if kind in {EventField.LABEL, EventField.ITERATION}:
            yield from _entries(item, kind, place, writer)
            continue
        before, after = (_value(item, side, kind) for side in ("from", "to"))
        if before != after:
            yield writer.event(kind, place, before, after)


def _entries(item: Mapping[str, Any], kind: EventField, place: str, writer: _Writer) -> Iterator[ItemEvent]:
    """One event for each entry that was taken away or added: in both lists it did not change."""
    read = _labels if kind is EventField.LABEL else _sprints
    before, after = (read(item, side) for side in ("from", "to"))
    removed = [(before[id_], _Value()) for id_ in sorted(before.keys() - after.keys())]
    added = [(_Value(), after[id_]) for id_ in sorted(after.keys() - before.keys())]
    for number, (old, new) in enumerate(removed + added):
        yield writer.event(kind, f"{place}.{number}", old, new)


def _value(item: Mapping[str, Any], side: str, kind: EventField) -> _Value:
    id_, text = str(item.get(side) or ""), str(item.get(f"{side}String") or "")
    if kind is EventField.SIZE:
        return _Value(text=text)
    if kind in {EventField.KEY, EventField.PARENT}:
        found = _KEY.search(text)
        # What is kept of a parent is its key, as an item has it: an id alone would be no name that people know.
        return _Value(found[0], found[0]) if found else _Value()
    return _Value(id_, text)


def _labels(item: Mapping[str, Any], side: str) -> dict[str, _Value]:
    return {label: _Value(label, label) for label in str(item.get(f"{side}String") or "").split()}


def _sprints(item: Mapping[str, Any], side: str) -> dict[str, _Value]:
    ids = [each.strip() for each in str(item.get(side) or "").split(",") if each.strip()]
    text = str(item.get(f"{side}String") or "")
    names = [text] if len(ids) == 1 else text.split(", ")
    if len(names) != len(ids):  # a name has a comma in it: which one is whose cannot be told
        names = [""] * len(ids)
    return {id_: _Value(id_, name) for id_, name in zip(ids, names, strict=True)}


def _own_sizes(raw: RawItem, fields: FieldMap) -> Sequence[str]:
    """The field that the issue's size is in; all that it may be in, where it has none."""
    if fields.mapping.count_items:
        return ()
    candidates = size_fields(fields, raw["key"].rpartition("-")[0])
    held = [name for name in candidates if raw["fields"].get(name) is not None]
    return held[:1] or candidates


def _moment(history: Mapping[str, Any]) -> tuple[datetime, int]:
    return _created(history["created"]), int(history["id"])


def _created(value: Any) -> datetime:
    # Cloud's answer for many issues at once gives a number, in its documentation one of seconds.
    if isinstance(value, int) and not isinstance(value, bool):
        seconds = value if abs(value) < _LATEST_SECONDS else value / 1000
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, OSError):
            raise ValueError(f"{value} is no time") from None
    return instant(value)
