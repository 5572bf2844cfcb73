"""What a Jira site answers about the past of many issues at once: entries by date, cut into pages, in groups."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from okrsync.sandbox.tracker_data import RawObject

HistoryKey: TypeAlias = tuple[datetime, int, int]
_MOST_ISSUES, _MOST_FIELDS, _DEFAULT_SIZE, _MOST_SIZE = 1000, 10, 1000, 10_000
# Some items carry no field id; the field that they are of is found by their name.
_FIELD_BY_NAME = {"Key": "issuekey", "IssueParentAssociation": "parent", "Parent": "parent", "Parent Issue": "parent"}


class BulkError(Exception):
    """The request for many changelogs is refused; the text is for ``errorMessages``."""


@dataclass(frozen=True, slots=True)
class BulkAsked:
    """The body of a request for many changelogs."""

    issues: tuple[str, ...]
    fields: frozenset[str]
    size: int
    token: str

    @classmethod
    def of(cls, given: RawObject) -> BulkAsked:
        """
        Read the body *given*.

        Raises:
            BulkError: it asks for too much, or for nothing.
        """
        issues, fields = _texts(given.get("issueIdsOrKeys")), _texts(given.get("fieldIds"))
        size = given.get("maxResults", _DEFAULT_SIZE)
        if not 0 < len(issues) <= _MOST_ISSUES:
            raise BulkError(f"issueIdsOrKeys must hold 1 to {_MOST_ISSUES} entries.")
        if len(fields) > _MOST_FIELDS or len(set(fields)) != len(fields):
            raise BulkError(f"fieldIds must hold up to {_MOST_FIELDS} entries, each once.")
        if not isinstance(size, int) or not 0 < size <= _MOST_SIZE:
            raise BulkError(f"maxResults must be 1 to {_MOST_SIZE}.")
        return cls(issues, frozenset(fields), size, str(given.get("nextPageToken") or ""))

    @property
    def digest(self) -> str:
        """What a token belongs to: the same request with another place to start from."""
        return json.dumps([self.issues, sorted(self.fields), self.size])


@dataclass(frozen=True, slots=True)
class ChangelogEntry:
    """One history of one issue, reduced to the fields that are asked for."""

    position: HistoryKey
    issue: str
    history: RawObject


def histories_of(raw: RawObject) -> list[RawObject]:
    """The changelog inside *raw*, oldest first."""
    return sorted((raw.get("changelog") or {}).get("histories", []), key=_moment)


def bulk_entries(raws: Iterable[RawObject], fields: Collection[str]) -> list[ChangelogEntry]:
    """The histories of *raws* that changed one of *fields* (none: any), by date and then by issue."""
    found = []
    for raw in raws:
        for history in (raw.get("changelog") or {}).get("histories", []):
            items = [each for each in history["items"] if not fields or _field_of(each) in fields]
            if items:
                moment, number = _moment(history)
                found.append(
                    ChangelogEntry((moment, int(raw["id"]), number), str(raw["id"]), history | {"items": items})
                )
    return sorted(found, key=lambda entry: entry.position)


def grouped_by_issue(entries: Sequence[ChangelogEntry]) -> list[RawObject]:
    """A page of *entries* as Jira sends it; an issue whose entries go on has some of them on the next page."""
    groups: dict[str, list[RawObject]] = {}
    for entry in entries:
        groups.setdefault(entry.issue, []).append(entry.history)
    return [{"issueId": issue, "changeHistories": histories} for issue, histories in groups.items()]


def _field_of(item: RawObject) -> str:
    return str(item.get("fieldId") or _FIELD_BY_NAME.get(item["field"], item["field"]))


def _moment(history: RawObject) -> tuple[datetime, int]:
    return datetime.fromisoformat(history["created"]), int(history["id"])


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()
