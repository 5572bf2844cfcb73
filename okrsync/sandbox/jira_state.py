"""
The issues of a Jira site, as rows for JQL, and what may happen to them.

Apart from the site, which turns requests into answers and keeps no issue itself.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from okrsync.sandbox.field_catalogue import SPRINT, FieldCatalogue
from okrsync.sandbox.jira_changelog import histories_of
from okrsync.sandbox.jql import JqlQuery, Row, SortKey
from okrsync.sandbox.tracker_data import JiraData, RawObject


class IssueShelf:
    """Each row is replaced and never changed, so a response being written cannot tear."""

    def __init__(self, data: JiraData) -> None:
        self._data = data
        self._lock = threading.RLock()
        self._catalogue = FieldCatalogue(data.issues)
        self._selected: dict[str, tuple[list[SortKey], list[Row]]] = {}
        self._known: dict[str, set[str]] = {}
        self._by_word: dict[str, dict[str, list[Row]]] = {}
        self._hidden: set[int] = set()
        self._moved: dict[str, int] = {}
        sprint_fields = self._sprint_fields()
        self._rows = [_row(raw, sprint_fields) for raw in data.issues]
        self._places: dict[str, int] = {}
        self._by_number: dict[int, int] = {}
        self._count_places()

    def edit(self, key: str, fields: RawObject, history: RawObject | None) -> None:
        """Change *fields* of the issue *key*, and add *history* to its changelog."""
        with self._lock:
            raw = self._data.issues[self._places[key]]
            changed = raw | {"fields": raw["fields"] | fields}
            self._replace(self._places[key], changed if history is None else _with_history(changed, history))

    def add(self, raw: RawObject) -> None:
        """Put *raw* behind the others."""
        with self._lock:
            self._check_free(raw["key"])
            row = self._seen(raw)
            self._places[raw["key"]] = self._by_number[row.number] = len(self._rows)
            self._rows.append(row)
            self._data.issues.append(raw)

    def delete(self, key: str) -> None:
        """Take the issue *key* away."""
        with self._lock:
            place = self._places[key]
            del self._data.issues[place], self._rows[place]
            self._count_places()
            self._forget()

    def hide(self, key: str) -> None:
        """Show the issue *key* to nobody any more."""
        with self._lock:
            self._hidden.add(self._rows[self._places[key]].number)
            self._forget()

    def move(self, key: str, new_key: str, updated: str) -> None:
        """Give the issue *key* another key, and a history that says so."""
        with self._lock:
            place = self._places[key]
            self._check_free(new_key)
            raw = self._data.issues[place]
            project = self._project_of(new_key.rpartition("-")[0])
            history = _move_history(self._next_history(), updated, raw, new_key, project)
            fields = raw["fields"] | {"project": project, "updated": updated}
            self._moved[key.lower()] = self._rows[place].number
            self._replace(place, _with_history(raw | {"key": new_key, "fields": fields}, history))
            self._count_places()

    def edit_sprint(self, number: int, changes: Mapping[str, Any]) -> None:
        """Change a sprint inside every issue that was in it; no issue is updated by that."""
        with self._lock:
            names = self._sprint_fields()
            for place, raw in enumerate(list(self._data.issues)):
                held = {name: raw["fields"][name] for name in names if raw["fields"].get(name)}
                changed = {name: [_sprint_changed(each, number, changes) for each in held[name]] for name in held}
                if changed != held:
                    self._replace(place, raw | {"fields": raw["fields"] | changed})

    def find(self, asked: str) -> Row | None:
        """The issue with this key, former key or id; ``None``: there is none, or it is hidden."""
        with self._lock:
            place = self._places.get(asked.upper(), self._places.get(asked))
            if place is None:
                number = self._moved.get(asked.lower(), int(asked) if asked.isdecimal() else -1)
                place = self._by_number.get(number)
            row = None if place is None else self._rows[place]
            return None if row is None or row.number in self._hidden else row

    def select(self, jql: str, query: JqlQuery) -> tuple[list[SortKey], list[Row]]:
        """Return the rows of *query* in order, and what each was ordered by."""
        with self._lock:
            if jql not in self._selected:
                rows = [row for row in query.select(self._candidates(query)) if row.number not in self._hidden]
                self._selected[jql] = [query.sort_key(row) for row in rows], rows
            return self._selected[jql]

    def known(self, clause: str) -> set[str]:
        """Return every value, in lower case, that some issue has in *clause*."""
        with self._lock:
            if clause not in self._known:
                self._known[clause] = set().union(*(row.words[clause] for row in self._rows))
            return self._known[clause]

    def catalogue(self) -> list[RawObject]:
        """The site's fields."""
        with self._lock:
            return self._catalogue.fields() if self._data.fields is None else self._data.fields

    def statuses(self) -> list[RawObject]:
        """Every status that some issue has, once."""
        with self._lock:
            found = [row.raw["fields"]["status"] for row in self._rows if row.raw["fields"].get("status")]
        return list({status["id"]: status for status in found}.values())

    def projects(self) -> list[RawObject]:
        """Every project that some issue is in, by key."""
        with self._lock:
            found = {row.key[0]: row.raw["fields"].get("project") or {} for row in self._rows}
        return [{"id": key, "name": key} | project | {"key": key} for key, project in sorted(found.items())]

    def _candidates(self, query: JqlQuery) -> Sequence[Row]:
        """The rows that a query can find at most, by the narrowest of its words that an index is kept for."""
        for clause in ("key", "project"):
            if words := query.bound(clause):
                index = self._index(clause)
                return list({row.number: row for word in words for row in index.get(word, ())}.values())
        return self._rows

    def _index(self, clause: str) -> dict[str, list[Row]]:
        if clause not in self._by_word:
            index = self._by_word.setdefault(clause, {})
            for row in self._rows:
                for word in row.words[clause]:
                    index.setdefault(word, []).append(row)
        return self._by_word[clause]

    def _replace(self, place: int, raw: RawObject) -> None:
        self._rows[place] = self._seen(raw)
        self._data.issues[place] = raw

    def _seen(self, raw: RawObject) -> Row:
        """Return the row of a new or changed issue, and forget what was worked out without it."""
        self._catalogue.see(raw)
        row = _row(raw, self._sprint_fields())
        self._forget()
        return row

    def _forget(self) -> None:
        self._selected, self._known, self._by_word = {}, {}, {}

    def _count_places(self) -> None:
        self._places = {raw["key"]: place for place, raw in enumerate(self._data.issues)}
        self._by_number = {row.number: place for place, row in enumerate(self._rows)}

    def _check_free(self, key: str) -> None:
        if key in self._places:
            message = f"the site already has an issue {key}; edit() changes it"
            raise ValueError(message)

    def _project_of(self, key: str) -> RawObject:
        held = (row.raw["fields"].get("project") for row in self._rows if row.key[0] == key)
        return next((project for project in held if project), {"id": key, "key": key, "name": key})

    def _next_history(self) -> int:
        return max((int(each["id"]) for raw in self._data.issues for each in histories_of(raw)), default=0) + 1

    def _sprint_fields(self) -> list[str]:
        return [each["id"] for each in self.catalogue() if each.get("schema", {}).get("custom") == SPRINT]


def _row(raw: RawObject, sprint_fields: Collection[str]) -> Row:
    try:
        return Row.of(raw, sprint_fields)
    except (KeyError, ValueError) as error:
        message = f"issue {raw.get('key', '?')}: what every Jira issue has is missing or wrong: {error}"
        raise ValueError(message) from error


def _with_history(raw: RawObject, history: RawObject) -> RawObject:
    return raw | {"changelog": {"histories": [*(raw.get("changelog") or {}).get("histories", []), history]}}


def _move_history(number: int, created: str, raw: RawObject, new_key: str, project: RawObject) -> RawObject:
    old = raw["fields"].get("project") or {}
    key = {"field": "Key", "fieldtype": "jira", "fromString": raw["key"], "toString": new_key}
    moved = {
        "field": "project",
        "fieldtype": "jira",
        "fieldId": "project",
        "from": str(old.get("id", "")),
        "fromString": old.get("name", ""),
        "to": str(project.get("id", "")),
        "toString": project.get("name", ""),
    }
    return {"id": str(number), "created": created, "items": [moved, key | {"from": "", "to": ""}]}


def _sprint_changed(value: Any, number: int, changes: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {**value, **changes} if value.get("id") == number else value
    if isinstance(value, str) and re.search(rf"[\[,]id={number}[,\]]", value):
        for name, changed in changes.items():
            before, mark, rest = value.partition(f",{name}=")
            value = before + mark + str(changed) + rest[len(rest.partition(",")[0]) :] if mark else value
    return value
