"""Turns Jira's raw issues into items. Pure: the same raw and field map give the same item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from okrsync.model.work import Item, ItemKind, Iteration, Size, Status
from okrsync.plugins.connector import FieldMap, RawItem
from okrsync.plugins.text import directives, without_people
from okrsync.plugins.timestamps import instant, start_of_day

# Custom fields are known by the schema that Jira gives them; names are translated and can repeat.
_ROLE_BY_SCHEMA = {
    "com.pyxis.greenhopper.jira:gh-sprint": "sprint",
    "com.pyxis.greenhopper.jira:gh-epic-link": "epic",
    "com.pyxis.greenhopper.jira:jsw-story-points": "size",
    "com.atlassian.teams:rm-teams-custom-field-team": "team",
    "com.atlassian.jpo:jpo-custom-field-parent": "parent",
}
STANDARD_FIELDS = (
    "summary", "status", "resolution", "issuetype", "project", "parent", "labels", "components", "created", "updated",
    "resolutiondate", "statuscategorychangedate", "description", "security",
)  # fmt: skip

_STATUS_BY_CATEGORY = {"indeterminate": Status.IN_PROGRESS, "done": Status.DONE}
RELEASE = "release"
"""Of ``delivered_on``: users got an item when the first of its versions was released."""
SIZE_ROLE = "size:"
"""Before a project's key: the role of the fields that its boards estimate in."""

# Jira's own resolutions that mean "closed without being delivered", and their usual variants.
NOT_DELIVERED = frozenset(
    {
        "won't do", "won’t do", "won't fix", "won’t fix", "wont do", "wont fix", "duplicate", "duplicated",
        "declined", "rejected", "cannot reproduce", "can't reproduce", "not a bug", "invalid", "incomplete",
        "abandoned", "obsolete", "cancelled", "canceled", "not planned", "withdrawn",
    }
)  # fmt: skip
_LEGACY_SPRINT = "com.atlassian.greenhopper.service.sprint.Sprint@"
_LEGACY_PAIR = re.compile(r"(?:^|,)(id|name|state|startDate)=(.*?)(?=,[A-Za-z]+=|$)")
_LEGACY_GOAL = re.compile(r",goal=.*", re.DOTALL)
_BLOCKS = {"paragraph", "heading", "listItem", "codeBlock", "blockquote", "tableRow", "hardBreak", "rule"}


def roles(catalogue: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Field ids by role, from the site's field catalogue, in id order."""
    found: dict[str, list[str]] = {}
    for field in catalogue:
        schema = field.get("schema")
        role = _ROLE_BY_SCHEMA.get(str(schema.get("custom"))) if isinstance(schema, Mapping) else None
        if role:
            found.setdefault(role, []).append(field["id"])
    return {role: tuple(sorted(ids)) for role, ids in sorted(found.items())}


def statuses(listed: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Status by the id of each of the site's own, in id order."""
    categories = {str(each["id"]): each.get("statusCategory") for each in listed}
    return {
        id_: str(_category_status(category.get("key") if isinstance(category, Mapping) else None))
        for id_, category in sorted(categories.items())
    }


def size_fields(fields: FieldMap, project: str | None = None) -> tuple[str, ...]:
    """
    Ids of the fields that the size of an issue of *project* is read from, in turn; ``None``: of any project.

    The configured one comes first, then those that the project's boards estimate in, then those of that kind.
    """
    boards = (
        ids
        for role, ids in fields.roles.items()
        if role == f"{SIZE_ROLE}{project}" or (project is None and role.startswith(SIZE_ROLE))
    )
    configured = (fields.mapping.size_field,) if fields.mapping.size_field else ()
    return tuple(dict.fromkeys([*configured, *(id_ for ids in boards for id_ in ids), *fields.roles.get("size", ())]))


def requested_fields(fields: FieldMap) -> tuple[str, ...]:
    """Ids of all fields that normalisation reads: nothing else is asked of the tracker, people above all."""
    mapping = fields.mapping
    extra = [name for name in (mapping.size_field, mapping.delivered_field, *mapping.extra_fields) if name]
    if mapping.delivered_on == RELEASE:
        extra.append("fixVersions")
    custom = [id_ for ids in fields.roles.values() for id_ in ids]
    return tuple(dict.fromkeys([*STANDARD_FIELDS, *custom, *extra]))


def without_extras(raw: RawItem, fields: FieldMap) -> dict[str, Any]:
    """*raw* reduced to the requested fields, with people taken out of its text."""
    held = raw["fields"]
    kept = {name: _reduced(held[name]) for name in requested_fields(fields) if held.get(name) is not None}
    return {"id": raw["id"], "key": raw["key"], "self": raw.get("self", ""), "fields": kept}


def is_restricted(raw: RawItem) -> bool:
    """Whether the issue lies under a security level; such issues are left out everywhere."""
    return raw["fields"].get("security") is not None


def updated_at(raw: RawItem) -> datetime:
    """When *raw* was last changed."""
    return instant(raw["fields"]["updated"])


def normalise(raw: RawItem, fields: FieldMap) -> Item:
    """The item that *raw* (an issue of a search answer) stands for."""
    held = raw["fields"]
    project = raw["key"].rpartition("-")[0]
    status = _status(held, fields)
    delivered = _delivered(held, fields) if status is Status.DONE else None
    if status is Status.DONE and fields.mapping.delivered_on == RELEASE and not _own_day(held, fields):
        status, delivered = _shipped(held)
    return Item(
        source=fields.source,
        external_id=str(raw["id"]),
        key=raw["key"],
        url=f"{fields.site}/browse/{raw['key']}" if fields.site else raw.get("self", ""),
        kind=ItemKind.ISSUE,
        type=(held.get("issuetype") or {}).get("name") or "Issue",
        title=held.get("summary") or "",
        status=status,
        original_status=held["status"].get("name") or "",
        created=instant(held["created"]),
        updated=instant(held["updated"]),
        delivered=delivered,
        resolution=(held.get("resolution") or {}).get("name") or "",
        size=_size(held, fields, project),
        project=project,
        team=_team(held, fields) or fields.team,
        parent=_parent(held, fields),
        labels=tuple(held.get("labels") or ()),
        components=tuple(name for name in _names(held.get("components") or ()) if name),
        iterations=tuple(_iterations(held, fields)),
        directives=directives(plain_text(held.get("description")), fields.mapping.body_words),
        status_id=str(held["status"].get("id") or ""),
        fields={name: texts for name in fields.mapping.extra_fields if (texts := tuple(_texts(held.get(name))))},
    )


def plain_text(document: Any) -> str:
    """Text of a description: wiki text as it is, an Atlassian document with one line a block."""
    if isinstance(document, str):
        return document
    parts: list[str] = []
    _flatten(document, parts)
    return "".join(parts)


def _flatten(node: Any, parts: list[str]) -> None:
    # Iterative: the depth of a document is the writer's choice.
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, str):
            parts.append(current)
        elif isinstance(current, list):
            pending.extend(reversed(current))
        elif isinstance(current, Mapping):
            kind = current.get("type")
            if kind == "text" and isinstance(current.get("text"), str):
                parts.append(current["text"])
            elif kind == "codeBlock":
                continue
            else:
                if kind in _BLOCKS:
                    pending.append("\n")
                pending.append(current.get("content") or [])


def _reduced(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return without_people(_LEGACY_GOAL.sub("]", value) if value.startswith(_LEGACY_SPRINT) else value)
    if depth > _DEEPEST:
        return {"type": "text", "text": without_people(plain_text(value))}
    if isinstance(value, list):
        return [_reduced(entry, depth + 1) for entry in value]
    if isinstance(value, Mapping):
        if value.get("type") == "mention" or not _PERSON.isdisjoint(value):
            return {"type": "text", "text": "@someone"}
        return {name: _reduced(entry, depth + 1) for name, entry in value.items() if name not in _NOT_KEPT}
    return value


# Deeper parts of a document become plain text: recursion ends there, in the store and the engine too.
_DEEPEST = 100
# Whatever has one of these is an account, for example in a custom field that names people.
_PERSON = {"accountId", "emailAddress", "displayName"}
# Decoration inside values, and what people write about sprints, versions and components: nothing is read from it, and
# names in it cannot be told from other words. People are the engine's last gate, this keeps the store small.
_NOT_KEPT = {"iconUrl", "avatarUrls", "avatarUrl", "avatarId", "self", "expand", "colorName", "description", "goal"}


def _status(held: Mapping[str, Any], fields: FieldMap) -> Status:
    status = _category_status(held["status"]["statusCategory"]["key"])
    if status is not Status.DONE:
        return status
    resolution = ((held.get("resolution") or {}).get("name") or "").strip().casefold()
    return Status.DROPPED if resolution in NOT_DELIVERED or resolution in fields.mapping.dropped else Status.DONE


def _category_status(category: Any) -> Status:
    return _STATUS_BY_CATEGORY.get(category, Status.TODO) if isinstance(category, str) else Status.TODO


def _own_day(held: Mapping[str, Any], fields: FieldMap) -> Any:
    return held.get(fields.mapping.delivered_field) if fields.mapping.delivered_field else None


def _shipped(held: Mapping[str, Any]) -> tuple[Status, datetime | None]:
    """Whether, and when first, a version that the issue is in was released; done alone is not with users."""
    released = [version for version in held.get("fixVersions") or () if version.get("released") is True]
    days = [_day_or_time(version["releaseDate"]) for version in released if version.get("releaseDate")]
    return (Status.DONE if released else Status.IN_PROGRESS), min(days, default=None)


def _delivered(held: Mapping[str, Any], fields: FieldMap) -> datetime | None:
    own = _own_day(held, fields)
    if own:
        return _day_or_time(own)
    # The last change of category is the entry into done that still holds; Data Center has only the resolution.
    when = held.get("statuscategorychangedate") or held.get("resolutiondate")
    return instant(when) if when else None


def _day_or_time(text: str) -> datetime:
    return instant(text) if "T" in text else start_of_day(date.fromisoformat(text))


def _size(held: Mapping[str, Any], fields: FieldMap, project: str) -> Size | None:
    if fields.mapping.count_items:
        return Size(1.0, "items")
    for name in size_fields(fields, project):
        value = held.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return Size(float(value), "points")
    return None


def _team(held: Mapping[str, Any], fields: FieldMap) -> str:
    return next((text for name in fields.roles.get("team", ()) for text in _texts(held.get(name))), "")


def _parent(held: Mapping[str, Any], fields: FieldMap) -> str:
    parent = held.get("parent")
    if parent and parent.get("key"):
        return str(parent["key"])
    for name in (*fields.roles.get("epic", ()), *fields.roles.get("parent", ())):
        value = held.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, Mapping) and value.get("key"):
            return str(value["key"])
    return ""


def _names(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for entry in entries:
        yield entry.get("name") or ""


def _iterations(held: Mapping[str, Any], fields: FieldMap) -> Iterator[Iteration]:
    for name in fields.roles.get("sprint", ()):
        value = held.get(name) or ()
        sprints = [_sprint(entry) for entry in (value if isinstance(value, list) else [value])]
        # A sprint without a start is yet to come, so it sorts last; ids break ties.
        for _, number, title in sorted(sprint for sprint in sprints if sprint):
            yield Iteration(str(number), title)


def _sprint(entry: Any) -> tuple[str, int, str] | None:
    if isinstance(entry, str) and entry.startswith(_LEGACY_SPRINT):
        # The first of a name counts: the goal, written by people, comes last and may hold anything.
        pairs = _LEGACY_PAIR.findall(entry.partition("[")[2].removesuffix("]"))
        held: Mapping[str, Any] = dict(reversed(pairs))
    elif isinstance(entry, Mapping):
        held = entry
    else:
        return None
    start = held.get("startDate")
    return (start if start and start != "<null>" else "9999", int(held["id"]), held.get("name") or "")


def _texts(value: Any) -> Iterator[str]:
    """Text of a custom field's value, whatever kind of field it is."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float):
        yield f"{value:g}"
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, Mapping):
        yield from _texts(
            next((value[name] for name in ("value", "name", "title", "key", "id") if value.get(name)), None)
        )
