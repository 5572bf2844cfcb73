"""Turns GitHub's raw issues and pull requests into items. Pure: the same raw gives the same item."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from okrsync.model.work import Item, ItemKind, Iteration, Size, Status
from okrsync.plugins.connector import HISTORY, FieldMap, RawItem
from okrsync.plugins.text import closing_keys, directives, title_keys, without_names, without_people
from okrsync.plugins.timestamps import instant

_NOT_DELIVERED = {"not_planned", "duplicate"}

OPEN, OPEN_PULL, MERGED, CLOSED, UNMERGED = "open", "open:pr", "merged", "closed", "closed:unmerged"
STATUSES = {
    OPEN: "todo",
    OPEN_PULL: "in_progress",
    CLOSED: "done",
    **{f"{CLOSED}:{reason}": "dropped" for reason in sorted(_NOT_DELIVERED)},
    MERGED: "done",
    UNMERGED: "dropped",
}
"""What each of GitHub's states, spelled as ``Item.status_id``, stands for."""

# Options of a project's Status field that say that an open issue is being worked on, casefolded.
_IN_PROGRESS = {
    "in progress", "in-progress", "in_progress", "doing", "started", "wip", "working", "working on it", "active",
    "in development", "development", "in dev", "implementing", "in review", "review", "reviewing", "code review",
    "needs review", "ready for review", "in qa", "qa", "testing", "in testing", "in test", "verifying",
    "ready to merge", "ready for release", "in arbeit", "en cours", "en curso", "em andamento", "进行中", "進行中",
}  # fmt: skip

# GitHub's own numbers are floats; JSON may hold one that no float can.
_LARGEST_NUMBER = 1e300

# What is kept of a raw item; everything else (people above all) never leaves this module.
_KEPT = (
    "id", "node_id", "number", "title", "state", "state_reason", "draft", "created_at", "updated_at", "closed_at",
    "html_url", "repository_url", "parent_issue_url", "history",
)  # fmt: skip


def without_extras(raw: RawItem) -> dict[str, Any]:
    """*raw* reduced to what normalisation reads: no people, no counters, no further addresses."""
    kept: dict[str, Any] = {name: raw[name] for name in _KEPT if raw.get(name) is not None}
    people = _people(raw)
    kept["title"] = without_names(without_people(raw.get("title") or ""), people)
    kept["body"] = without_names(without_people(raw.get("body") or ""), people)
    kept["labels"] = [{"name": name} for name in _label_names(raw)]
    if raw.get("milestone"):
        title = raw["milestone"].get("title")
        kept["milestone"] = {"number": raw["milestone"].get("number"), "title": title and without_people(title)}
    if raw.get("type"):
        kept["type"] = {"name": raw["type"].get("name")}
    if is_pull_request(raw):
        kept["pull_request"] = {"merged_at": raw["pull_request"].get("merged_at")}
    return kept


def _people(raw: RawItem) -> set[str]:
    """Logins and names of the people that *raw* carries."""
    holders = [raw.get("user"), raw.get("assignee"), raw.get("closed_by"), *(raw.get("assignees") or ())]
    found = (holder.get(name) for holder in holders if isinstance(holder, dict) for name in ("login", "name"))
    return {text for text in found if isinstance(text, str)}


def normalise(raw: RawItem, fields: FieldMap) -> Item:
    """The item that *raw* (an object of the REST issue list, with its history where that is known) stands for."""
    repository = repository_of(raw["repository_url"])
    is_pull = is_pull_request(raw)
    history = raw.get(HISTORY) or {}
    values = _Values(history)
    labels = tuple(_label_names(raw))
    progress = "" if is_pull or raw["state"] != "open" else values.progress
    status = Status.IN_PROGRESS if progress else _status(raw, fields, labels)
    body = raw.get("body") or ""
    return Item(
        source=fields.source,
        external_id=str(raw["id"]),
        key=f"{repository}#{raw['number']}",
        url=raw.get("html_url") or "",
        kind=ItemKind.PULL_REQUEST if is_pull else ItemKind.ISSUE,
        type=(raw.get("type") or {}).get("name") or ("Pull request" if is_pull else "Issue"),
        title=raw.get("title") or "",
        status=status,
        original_status=progress or _original_status(raw),
        status_id=_status_id(raw),
        created=instant(raw["created_at"]),
        updated=instant(raw["updated_at"]),
        delivered=_delivered(raw, values.texts(fields.mapping.delivered_field)) if status is Status.DONE else None,
        resolution=raw.get("state_reason") or "",
        size=_size(fields, labels, values),
        project=repository,
        team=fields.team,
        parent=history.get("parent") or key_of(raw.get("parent_issue_url")),
        labels=labels,
        iterations=(*_milestones(raw, repository), *values.iterations()),
        closes=tuple(_closes(raw, history, body, repository)) if is_pull else (),
        directives=directives(body, fields.mapping.body_words),
        fields={name: texts for name in fields.mapping.extra_fields if (texts := values.texts(name))},
    )


def updated_at(raw: RawItem) -> datetime:
    """When *raw* was last changed."""
    return instant(raw["updated_at"])


def is_pull_request(raw: RawItem) -> bool:
    """Whether *raw* is a pull request."""
    # An empty object says it too: only an issue has none.
    return raw.get("pull_request") is not None


def repository_of(url: str) -> str:
    """``owner/name`` in the API address of a repository, or of something in it."""
    owner, _, name = url.rstrip("/").partition("/repos/")[2].partition("/")
    if not owner or not name:
        raise ValueError(f"repository_url {url!r} names no repository")
    return f"{owner}/{name}"


def key_of(issue_url: str | None) -> str:
    """``owner/name#12`` of an issue's API address; empty where there is none."""
    if not issue_url:
        return ""
    repository_url, _, number = issue_url.rpartition("/issues/")
    return f"{repository_of(repository_url)}#{number}"


def _label_names(raw: RawItem) -> Iterator[str]:
    for label in raw.get("labels") or ():
        name = label.get("name") if isinstance(label, dict) else label
        if name:
            yield name


def _status(raw: RawItem, fields: FieldMap, labels: tuple[str, ...]) -> Status:
    if raw["state"] == "open":
        return Status.IN_PROGRESS if is_pull_request(raw) else Status.TODO
    if is_pull_request(raw):
        return Status.DONE if raw["pull_request"].get("merged_at") else Status.DROPPED
    reason = (raw.get("state_reason") or "").casefold()
    named = {reason, *(label.casefold() for label in labels)}
    return Status.DROPPED if reason in _NOT_DELIVERED or named & set(fields.mapping.dropped) else Status.DONE


def _original_status(raw: RawItem) -> str:
    if is_pull_request(raw):
        if raw["pull_request"].get("merged_at"):
            return "merged"
        return "draft" if raw.get("draft") and raw["state"] == "open" else str(raw["state"])
    return str(raw["state"])


def _delivered(raw: RawItem, shipped: Sequence[str]) -> datetime | None:
    if shipped:
        return instant(max(shipped))
    when = (raw.get("pull_request") or {}).get("merged_at") or raw.get("closed_at")
    return instant(when) if when else None


def _status_id(raw: RawItem) -> str:
    if is_pull_request(raw):
        if raw["state"] == "open":
            return OPEN_PULL
        return MERGED if raw["pull_request"].get("merged_at") else UNMERGED
    return OPEN if raw["state"] == "open" else closed_as(raw.get("state_reason") or "")


def closed_as(reason: str) -> str:
    """The ``status_id`` of an issue that was closed for *reason*, which GitHub writes large or small."""
    return f"{CLOSED}:{reason.casefold()}" if reason.casefold() in _NOT_DELIVERED else CLOSED


def word_of(status_id: str) -> str:
    """The word that people read for *status_id*."""
    return status_id.partition(":")[0]


def _size(fields: FieldMap, labels: tuple[str, ...], values: _Values) -> Size | None:
    if fields.mapping.count_items:
        return Size(1.0, "items")
    points = values.number(fields.mapping.size_field)
    if points is not None:
        return Size(points, "points")
    prefix = fields.mapping.size_label.casefold()
    if not prefix:
        return None
    for label in labels:
        if label.casefold().startswith(prefix):
            try:
                value = float(label[len(prefix) :])
            except ValueError:
                continue
            if math.isfinite(value):
                return Size(value, fields.mapping.size_label)
    return None


def milestone_id(repository: str, number: Any) -> str:
    """The id of a milestone, unique within a source."""
    return f"{repository}/milestone/{number}"


def _milestones(raw: RawItem, repository: str) -> tuple[Iteration, ...]:
    milestone = raw.get("milestone")
    if not milestone:
        return ()
    return (Iteration(milestone_id(repository, milestone["number"]), milestone.get("title") or ""),)


def _closes(raw: RawItem, history: Mapping[str, Any], body: str, repository: str) -> list[str]:
    keys = [
        *closing_keys(body, repository),
        *title_keys(raw.get("title") or ""),
        *(history.get("branch_keys") or ()),
        *(history.get("closes") or ()),
    ]
    return list(dict.fromkeys(keys))


class _Values:
    """The fields that an item has in its projects; where several projects have one of a name, the first one counts."""

    def __init__(self, history: Mapping[str, Any]) -> None:
        self._projects = history.get("projects") or ()

    @property
    def progress(self) -> str:
        """The Status, where it says that the item is being worked on; what is archived on a board says nothing."""
        for project in self._projects:
            if not project["archived"]:
                for value in _named(project, "status"):
                    if value["kind"] == "option" and str(value["value"]).strip().casefold() in _IN_PROGRESS:
                        return str(value["value"])
        return ""

    def number(self, name: str) -> float | None:
        """The number in the field *name*."""
        for value in self._all(name):
            if value["kind"] == "number" and abs(value["value"]) <= _LARGEST_NUMBER:
                return float(value["value"])
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of the field *name*, one a project, as text."""
        found = (
            value.get("title") if value["kind"] == "iteration" else value.get("value") for value in self._all(name)
        )
        return tuple(dict.fromkeys(_text(value) for value in found if value not in {None, ""}))

    def iterations(self) -> tuple[Iteration, ...]:
        """Iterations of all projects; the one that starts last stands last."""
        found = [
            (value.get("start") or "", Iteration(f"{project['id']}/{value['id']}", value.get("title") or ""))
            for project in self._projects
            for value in project["values"]
            if value["kind"] == "iteration"
        ]
        return tuple(dict.fromkeys(iteration for _, iteration in sorted(found, key=lambda each: each[0])))

    def _all(self, name: str) -> Iterator[Mapping[str, Any]]:
        for project in self._projects if name else ():
            yield from _named(project, name.casefold())


def _named(project: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    return (value for value in project["values"] if value["field"].casefold() == name)


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
