"""Work items as raw issues of the Jira REST API, each with the changelog that its dates tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from okrsync.sandbox.company import jira_fields as tables
from okrsync.sandbox.company.calendar import BERLIN, NOW, Sprint, sprint_of, sprints
from okrsync.sandbox.company.people import jira_user
from okrsync.sandbox.company.work import CompanyItem, sorted_items
from okrsync.sandbox.tracker_data import JiraData, JiraKind, RawObject

_RESOLUTIONS: Final = {"won't do": "Won't Do", "duplicate": "Duplicate"}
_FIRST_ID: Final = 30_001
_FIRST_HISTORY: Final = 510_001


@dataclass(frozen=True, slots=True)
class _Change:
    """One entry of a changelog, before it has an id."""

    moment: datetime
    items: tuple[RawObject, ...]


def jira_data(items: Sequence[CompanyItem], base_url: str, kind: JiraKind, rng: np.random.Generator) -> JiraData:
    """Return the whole Jira site; issues stand in the order of their project and number."""
    base_url = base_url.rstrip("/")
    own = sorted_items([item for item in items if item.in_jira])
    writer = _Writer(own, base_url, kind, rng)
    issues = [writer.issue(item) for item in own]
    api = f"{base_url}/rest/api/{3 if kind == 'cloud' else 2}"
    statuses = [tables.status_object(api, name) for name in tables.STATUSES]
    return JiraData(issues, tables.catalogue(kind), tables.boards(base_url, kind), kind, statuses=statuses)


class _Writer:
    """Writes the issues of one site."""

    def __init__(self, own: Sequence[CompanyItem], base_url: str, kind: JiraKind, rng: np.random.Generator) -> None:
        self._kind = kind
        self._base = base_url
        self._api = f"{self._base}/rest/api/{3 if kind == 'cloud' else 2}"
        self._ids = {id(item): _FIRST_ID + i for i, item in enumerate(sorted(own, key=lambda one: one.created))}
        self._histories = _FIRST_HISTORY
        self._rng = rng

    def issue(self, item: CompanyItem) -> RawObject:
        """Return an issue with all its fields and its changelog."""
        number = self._ids[id(item)]
        own_sprints = _sprints(item)
        changes = sorted(self._changes(item, own_sprints), key=lambda change: change.moment)
        latest = max([item.created, *(change.moment for change in changes)])
        later = latest + timedelta(seconds=int(self._rng.integers(0, 3 * 86400)))
        fields = self._fields(item, own_sprints, min(later, NOW))
        return {
            "expand": "operations,versionedRepresentations,editmeta,changelog,renderedFields",
            "id": str(number),
            "self": f"{self._api}/issue/{number}",
            "key": item.key,
            "fields": fields,
            "changelog": self._changelog(changes, number),
        }

    def _fields(self, item: CompanyItem, own_sprints: Sequence[Sprint], updated: datetime) -> dict[str, Any]:
        stamp = _Stamp(self._ids[id(item)])
        people = [jira_user(self._base, self._kind, int(n)) for n in self._rng.integers(0, 8, 2)]
        resolution = _resolution(item)
        fields: dict[str, Any] = {
            "summary": item.title,
            "description": _document(item.paragraphs) if self._kind == "cloud" else "\n\n".join(item.paragraphs),
            "issuetype": self._issue_type(item),
            "status": tables.status_object(self._api, status_name(item)),
            "resolution": self._named("resolution", tables.RESOLUTIONS[resolution], resolution) if resolution else None,
            "resolutiondate": stamp.text(item.closed),
            "created": stamp.text(item.created),
            "updated": stamp.text(updated),
            "labels": sorted(item.labels),
            "components": [self._component(name) for name in item.components],
            "fixVersions": [],
            "project": self._project(item.home),
            "priority": self._named("priority", "3", "Medium"),
            "assignee": people[1] if item.status != "todo" else None,
            "reporter": people[0],
            "creator": people[0],
            tables.TEAM: {"id": tables.TEAM_IDS[item.team], "name": item.team},
            tables.SPRINT: self._sprints(own_sprints),
            tables.STORY_POINTS: None,
        }
        if self._kind == "cloud":
            fields["statuscategorychangedate"] = stamp.text(item.closed or item.started or item.created)
            fields[tables.ESTIMATE] = None
        fields[tables.points_field(item.home, self._kind)] = item.points
        fields.update(self._parent(item))
        return fields

    def _sprints(self, own: Sequence[Sprint]) -> list[Any] | None:
        if not own:
            return None
        return [tables.sprint_object(one) if self._kind == "cloud" else tables.sprint_text(one) for one in own]

    def _parent(self, item: CompanyItem) -> dict[str, Any]:
        """Return the place in the hierarchy; Data Center names an epic by key in a field of its own."""
        if item.parent is None:
            return {}
        if self._kind == "datacenter" and item.kind != "subtask":
            return {tables.EPIC_LINK: item.parent.key}
        number = self._ids[id(item.parent)]
        inside = {
            "summary": item.parent.title,
            "status": tables.status_object(self._api, status_name(item.parent)),
            "priority": self._named("priority", "3", "Medium"),
            "issuetype": self._issue_type(item.parent),
        }
        own_url = f"{self._api}/issue/{number}"
        return {"parent": {"id": str(number), "key": item.parent.key, "self": own_url, "fields": inside}}

    def _issue_type(self, item: CompanyItem) -> RawObject:
        name, number, is_part, level = tables.ISSUE_TYPES[item.kind]
        found = {**self._named("issuetype", number, name), "description": "", "subtask": is_part}
        return {**found, "hierarchyLevel": level} if self._kind == "cloud" else found

    def _project(self, key: str) -> RawObject:
        number, name = tables.PROJECTS[key]
        found = {**self._named("project", number, name), "key": key, "projectTypeKey": "software"}
        return {**found, "simplified": key == "GRO"} if self._kind == "cloud" else found

    def _component(self, name: str) -> RawObject:
        return self._named("component", str(10300 + len(name)), name)

    def _named(self, path: str, number: str, name: str) -> RawObject:
        return {"self": f"{self._api}/{path}/{number}", "id": number, "name": name}

    def _changes(self, item: CompanyItem, own_sprints: Sequence[Sprint]) -> list[_Change]:
        """Return what happened after creation: planning, work, the end, and a second try."""
        found = _planned(item, own_sprints)
        current = "Selected" if item.iteration and item.kind != "epic" else "To Do"
        if item.started is not None:
            found.append(_Change(item.started, (_status_change(current, "In Progress"),)))
            current = "In Progress"
        if item.reopened is not None:
            done, again = item.reopened
            found.append(_Change(done, (_resolution_change(None, "Done"), _status_change(current, "Done"))))
            found.append(_Change(again, (_resolution_change("Done", None), _status_change("Done", "In Progress"))))
        elif item.status == "done" and item.started and item.closed and self._rng.random() < 0.6:
            review = item.started + (item.closed - item.started) * 0.8
            found.append(_Change(review.replace(microsecond=0), (_status_change(current, "In Review"),)))
            current = "In Review"
        if item.closed is not None:
            end = (_resolution_change(None, _resolution(item)), _status_change(current, status_name(item)))
            found.append(_Change(item.closed, end))
        return found

    def _changelog(self, changes: Sequence[_Change], number: int) -> RawObject:
        """Return the changelog inside an issue: Cloud writes it newest first, Data Center oldest first."""
        stamp = _Stamp(number)
        histories = []
        for change in changes:
            histories.append(
                {
                    "id": str(self._histories),
                    "author": jira_user(self._base, self._kind, self._histories),
                    "created": stamp.text(change.moment),
                    "items": [dict(one) for one in change.items],
                }
            )
            self._histories += 1
        if self._kind == "cloud":
            histories.reverse()
        return {"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories}


@dataclass(frozen=True, slots=True)
class _Stamp:
    """Writes moments in the site's zone; all of an issue carry the same milliseconds, so that equal stays equal."""

    number: int

    def text(self, moment: datetime | None) -> str | None:
        """Return ``2026-10-05T09:12:33.123+0200``."""
        if moment is None:
            return None
        there = moment.astimezone(BERLIN)
        return f"{there:%Y-%m-%dT%H:%M:%S}.{self.number * 37 % 1000:03d}{there:%z}"


def status_name(item: CompanyItem) -> str:
    """Return the tracker's own word for an item's status."""
    if item.status == "todo":
        return "Selected" if item.iteration and item.kind != "epic" else "To Do"
    return {"in_progress": "In Progress", "done": "Done", "dropped": "Closed"}[item.status]


def _resolution(item: CompanyItem) -> str | None:
    if item.drop is not None:
        return _RESOLUTIONS[item.drop]
    return "Done" if item.status == "done" else None


def _sprints(item: CompanyItem) -> list[Sprint]:
    """Return the sprints of an item, oldest first; a sub-task follows its parent and has none of its own."""
    if item.kind in {"epic", "subtask"} or item.iteration is None:
        return []
    if item.iteration == "next":
        return [sprints(item.home)[-1]]
    last = sprint_of(item.home, item.closed or NOW)
    before = next((one for one in sprints(item.home) if one.id == last.id - 1), None)
    began = item.started or item.created
    return [before, last] if before is not None and before.start <= began < before.end else [last]


def _planned(item: CompanyItem, own: Sequence[Sprint]) -> list[_Change]:
    """Return how an item came into its sprints; the next sprint takes over what is left at the end of one."""
    if item.iteration is None or item.kind == "epic":
        return []
    first: list[RawObject] = [_status_change("To Do", "Selected")]
    if own:
        first.insert(0, _sprint_change([], own[:1]))
    found = [_Change(item.created + timedelta(hours=1), tuple(first))]
    if len(own) > 1:
        found.append(_Change(own[0].end, (_sprint_change(own[:1], own),)))
    return found


def _status_change(old: str, new: str) -> RawObject:
    return _change("status", "status", "jira", (tables.STATUSES[old][0], old), (tables.STATUSES[new][0], new))


def _resolution_change(old: str | None, new: str | None) -> RawObject:
    before, after = [(tables.RESOLUTIONS[name] if name else None, name) for name in (old, new)]
    return _change("resolution", "resolution", "jira", before, after)


def _sprint_change(old: Sequence[Sprint], new: Sequence[Sprint]) -> RawObject:
    before, after = [
        (", ".join(str(one.id) for one in side), ", ".join(one.name for one in side)) for side in (old, new)
    ]
    return _change("Sprint", tables.SPRINT, "custom", before, after)


def _change(
    field: str, field_id: str, fieldtype: str, old: tuple[str | None, str | None], new: tuple[str | None, str | None]
) -> RawObject:
    return {
        "field": field,
        "fieldtype": fieldtype,
        "fieldId": field_id,
        "from": old[0],
        "fromString": old[1],
        "to": new[0],
        "toString": new[1],
    }


def _document(paragraphs: Sequence[str]) -> RawObject:
    """Return paragraphs in the Atlassian Document Format."""
    content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in paragraphs]
    return {"type": "doc", "version": 1, "content": content}
