"""Turns GitHub's raw issues and pull requests into items. Pure: the same raw gives the same item."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from okrsync.model.work import Item, ItemKind, Iteration, Size, Status
from okrsync.plugins.connector import FieldMap, RawItem
from okrsync.plugins.text import branch_keys, closing_keys, directives, title_keys, without_names, without_people

_NOT_DELIVERED = {"not_planned", "duplicate"}

# What is kept of a raw item; everything else (people above all) never leaves this module.
_KEPT = (
    "id", "node_id", "number", "title", "state", "state_reason", "draft", "created_at", "updated_at", "closed_at",
    "html_url", "repository_url", "parent_issue_url", "head_branch",
)  # fmt: skip


def without_extras(raw: RawItem) -> dict[str, Any]:
    """*raw* reduced to what normalisation reads: no people, no counters, no further addresses."""
    kept: dict[str, Any] = {name: raw[name] for name in _KEPT if raw.get(name) is not None}
    people = _people(raw)
    kept["title"] = without_names(without_people(raw.get("title") or ""), people)
    kept["body"] = without_names(without_people(raw.get("body") or ""), people)
    kept["labels"] = [{"name": name} for name in _label_names(raw)]
    if raw.get("milestone"):
        kept["milestone"] = {name: raw["milestone"].get(name) for name in ("number", "title")}
    if raw.get("type"):
        kept["type"] = {"name": raw["type"].get("name")}
    if _is_pull_request(raw):
        kept["pull_request"] = {"merged_at": raw["pull_request"].get("merged_at")}
    return kept


def _people(raw: RawItem) -> set[str]:
    """Logins and names of the people that *raw* carries."""
    holders = [raw.get("user"), raw.get("assignee"), raw.get("closed_by"), *(raw.get("assignees") or ())]
    found = (holder.get(name) for holder in holders if isinstance(holder, dict) for name in ("login", "name"))
    return {text for text in found if isinstance(text, str)}


def normalise(raw: RawItem, fields: FieldMap) -> Item:
    """The item that *raw* (an object of the REST issue list) stands for."""
    repository = _repository(raw["repository_url"])
    is_pull_request = _is_pull_request(raw)
    labels = tuple(_label_names(raw))
    status = _status(raw, fields, labels)
    body = raw.get("body") or ""
    return Item(
        source=fields.source,
        external_id=str(raw["id"]),
        key=f"{repository}#{raw['number']}",
        url=raw.get("html_url") or "",
        kind=ItemKind.PULL_REQUEST if is_pull_request else ItemKind.ISSUE,
        type=(raw.get("type") or {}).get("name") or ("Pull request" if is_pull_request else "Issue"),
        title=raw.get("title") or "",
        status=status,
        original_status=_original_status(raw),
        created=_time(raw["created_at"]),
        updated=_time(raw["updated_at"]),
        delivered=_delivered(raw) if status is Status.DONE else None,
        resolution=raw.get("state_reason") or "",
        size=_size(fields, labels),
        project=repository,
        team=fields.team,
        parent=_key_of(raw.get("parent_issue_url")),
        labels=labels,
        iterations=_iterations(raw),
        closes=tuple(_closes(raw, body, repository)) if is_pull_request else (),
        directives=directives(body, fields.mapping.body_words),
    )


def updated_at(raw: RawItem) -> datetime:
    """When *raw* was last changed."""
    return _time(raw["updated_at"])


def _is_pull_request(raw: RawItem) -> bool:
    # An empty object says it too: only an issue has none.
    return raw.get("pull_request") is not None


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    try:
        # Without a zone it would be read in this machine's.
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is no time in UTC") from None


def _repository(url: str) -> str:
    owner, _, name = url.rstrip("/").partition("/repos/")[2].partition("/")
    if not owner or not name:
        raise ValueError(f"repository_url {url!r} names no repository")
    return f"{owner}/{name}"


def _key_of(issue_url: str | None) -> str:
    if not issue_url:
        return ""
    repository_url, _, number = issue_url.rpartition("/issues/")
    return f"{_repository(repository_url)}#{number}"


def _label_names(raw: RawItem) -> Iterator[str]:
    for label in raw.get("labels") or ():
        name = label.get("name") if isinstance(label, dict) else label
        if name:
            yield name


def _status(raw: RawItem, fields: FieldMap, labels: tuple[str, ...]) -> Status:
    if raw["state"] == "open":
        return Status.IN_PROGRESS if _is_pull_request(raw) else Status.TODO
    if _is_pull_request(raw):
        return Status.DONE if raw["pull_request"].get("merged_at") else Status.DROPPED
    reason = (raw.get("state_reason") or "").casefold()
    named = {reason, *(label.casefold() for label in labels)}
    return Status.DROPPED if reason in _NOT_DELIVERED or named & set(fields.mapping.dropped) else Status.DONE


def _original_status(raw: RawItem) -> str:
    if _is_pull_request(raw):
        if raw["pull_request"].get("merged_at"):
            return "merged"
        return "draft" if raw.get("draft") and raw["state"] == "open" else str(raw["state"])
    return str(raw["state"])


def _delivered(raw: RawItem) -> datetime | None:
    when = (raw.get("pull_request") or {}).get("merged_at") or raw.get("closed_at")
    return _time(when) if when else None


def _size(fields: FieldMap, labels: tuple[str, ...]) -> Size | None:
    if fields.mapping.count_items:
        return Size(1.0, "items")
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


def _iterations(raw: RawItem) -> tuple[Iteration, ...]:
    milestone = raw.get("milestone")
    return (Iteration(f"milestone/{milestone['number']}", milestone.get("title") or ""),) if milestone else ()


def _closes(raw: RawItem, body: str, repository: str) -> list[str]:
    keys = [
        *closing_keys(body, repository),
        *title_keys(raw.get("title") or ""),
        *branch_keys(raw.get("head_branch") or ""),
    ]
    return list(dict.fromkeys(keys))
