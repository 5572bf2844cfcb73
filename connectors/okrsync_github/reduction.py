"""
Reduces what GraphQL tells of an item to what is kept: plain JSON, without people. Pure.

What is kept is what ``raw["history"]`` holds: ``parent``, ``closes``, ``branch_keys``, ``projects``, ``events``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from okrsync.plugins.text import branch_keys, without_people

_KINDS = {
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
    "MergedEvent": "merged",
    "LabeledEvent": "labeled",
    "UnlabeledEvent": "unlabeled",
    "MilestonedEvent": "milestoned",
    "DemilestonedEvent": "demilestoned",
    "TransferredEvent": "transferred",
    "ParentIssueAddedEvent": "parent_added",
    "ParentIssueRemovedEvent": "parent_removed",
    "CrossReferencedEvent": "referenced",
}
_VALUES = {
    "ProjectV2ItemFieldIterationValue": "iteration",
    "ProjectV2ItemFieldNumberValue": "number",
    "ProjectV2ItemFieldSingleSelectValue": "option",
    "ProjectV2ItemFieldTextValue": "text",
    "ProjectV2ItemFieldDateValue": "date",
}
STATUS_FIELD = "status"
"""Name of the field, casefolded, that every project has from its start."""


def project_id(url: str) -> str:
    """``owner/projects/7`` of a project's address; empty for any other."""
    parts = urlsplit(url).path.strip("/").split("/")
    return f"{parts[-3]}/projects/{parts[-1]}" if len(parts) >= 3 and parts[-2] == "projects" else ""


class Reducer:
    """Reduces items of one repository; of texts in projects, only *extra_fields* are kept: others may name people."""

    def __init__(self, extra_fields: Sequence[str]) -> None:
        self._wanted = {name.casefold() for name in extra_fields} | {STATUS_FIELD}
        self._milestones: dict[str, int] = {}

    def learn_milestones(self, repository: Any) -> None:
        """Take the numbers of milestones from what GraphQL told of the repository: events only name their titles."""
        connection = (repository or {}).get("milestones") or {}
        self._milestones |= {each["title"]: each["number"] for each in connection.get("nodes") or () if each}

    def reduced(self, node: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """What is kept of *node*; names without a value are left out."""
        closes = (node.get("closingIssuesReferences") or {}).get("nodes") or ()
        kept = {
            "parent": _key(node.get("parent")),
            "closes": [key for each in closes if (key := _key(each))],
            "branch_keys": list(dict.fromkeys(branch_keys(node.get("headRefName") or ""))),
            "projects": list(self._projects(node.get("projectItems"))),
            "events": [each for event in events if (each := self._event(event))],
        }
        return {name: value for name, value in kept.items() if value or name == "events"}

    def _event(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        kind = _KINDS.get(event.get("__typename") or "")
        if kind is None or not event.get("id") or not event.get("createdAt"):
            return None
        title = event.get("milestoneTitle")
        told = {
            "reason": (event.get("stateReason") or "").casefold(),
            "label": (event.get("label") or {}).get("name"),
            "milestone": self._milestones.get(title) if title else None,
            "title": without_people(title) if title else None,
            "item": _key(event.get("source") or event.get("parent")),
            "repository": (event.get("fromRepository") or {}).get("nameWithOwner"),
        }
        kept = {"id": event["id"], "kind": kind, "at": event["createdAt"]}
        return kept | {name: value for name, value in told.items() if value}

    def _projects(self, connection: Any) -> Iterator[dict[str, Any]]:
        for item in (connection or {}).get("nodes") or ():
            project = (item or {}).get("project") or {}
            id_ = project_id(project.get("url") or "")
            if id_:
                values = ((item.get("fieldValues") or {}).get("nodes")) or ()
                yield {
                    "id": id_,
                    "archived": bool(item.get("isArchived")),
                    "values": [each for value in values if (each := self._value(value))],
                }

    def _value(self, value: Any) -> dict[str, Any] | None:
        kind = _VALUES.get((value or {}).get("__typename") or "")
        name = ((value or {}).get("field") or {}).get("name")
        if kind is None or not name:
            return None
        kept = {"field": name, "kind": kind}
        if kind == "iteration":
            title = without_people(value.get("title") or "")
            return kept | {"id": value["iterationId"], "title": title, "start": value.get("startDate") or ""}
        if kind in {"number", "date"}:
            return kept | {"value": value.get(kind)} if value.get(kind) is not None else None
        if name.casefold() not in self._wanted:
            return None
        return kept | {"value": without_people(value.get("name" if kind == "option" else "text") or "")}


def _key(reference: Any) -> str:
    repository = ((reference or {}).get("repository") or {}).get("nameWithOwner")
    return f"{repository}#{reference['number']}" if repository else ""
