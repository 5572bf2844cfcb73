"""
The GraphQL side of the GitHub site: it knows the operations of okrsync's connector by their names, and no other.

Written by hand, because a real executor would be slower than the connector it is to test. What GitHub always tells
(ids, cursors, nulls with errors beside them) it tells as GitHub does; fields that a query does not ask for may come.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from okrsync.sandbox.github_state import Shelf, key_of, reference
from okrsync.sandbox.tracker_data import GithubProject, RawObject

_OPERATION = re.compile(r"\s*query\s+(\w+)")
_ASKED_EVENT = re.compile(r"\.\.\. on (\w+Event)\b")
_NODES_MOST = 100
_PULL_ID_STEP = 1_000_000_007
_Answerer: TypeAlias = "Callable[[str, RawObject], RawObject]"


class GithubGraphql:
    """Answers queries from *shelves*, by full name in small letters, and *projects*, by owner and number."""

    def __init__(self, shelves: Mapping[str, Shelf], projects: Mapping[tuple[str, int], GithubProject]) -> None:
        self._shelves = shelves
        self._projects = projects
        self._answerers: dict[str, _Answerer] = {
            "Details": self._details,
            "Timeline": self._timeline,
            "Totals": self._totals,
            "Deployments": self._deployments,
            "Project": self._project,
            "ProjectItems": self._project_items,
        }

    def answer(self, query: str, variables: RawObject) -> RawObject:
        """Return the whole answer: ``data``, ``errors`` or both."""
        found = _OPERATION.match(query)
        answerer = self._answerers.get(found[1]) if found else None
        if answerer is None:
            return {"errors": [{"message": "not served by the sandbox"}]}
        return answerer(query, variables)

    def _details(self, query: str, variables: RawObject) -> RawObject:
        parts: dict[str, Any] = {}
        errors: list[RawObject] = []
        for name in ("0", "1"):
            ids = variables.get(f"ids{name}")
            if not isinstance(ids, list):
                message = f"Variable $ids{name} of type [ID!]! was provided invalid value"
                return {"errors": [{"message": message}]}
            if len(ids) > _NODES_MOST:
                message = f"You may not provide more than {_NODES_MOST} node ids; you provided {len(ids)}."
                return {"data": None, "errors": [{"type": "ARGUMENT_LIMIT", "message": message}]}
            writer = _NodeWriter(query, self._on_projects(), self._shelves)
            nodes = [writer.node(*found) if (found := self._found(str(each))) else None for each in ids]
            errors += [_unknown([f"part{name}", place], ids[place]) for place, each in enumerate(nodes) if each is None]
            parts[f"part{name}"] = nodes
        shelf = self._shelves.get(f"{variables.get('owner')}/{variables.get('name')}".lower())
        parts["repository"] = shelf and {"milestones": {"nodes": _newest(shelf.repository.milestones)}}
        return {"data": parts} | ({"errors": errors} if errors else {})

    def _timeline(self, query: str, variables: RawObject) -> RawObject:
        found = self._found(str(variables.get("id")))
        if found is None:
            return {"data": {"node": None}, "errors": [_unknown(["node"], variables.get("id"))]}
        shelf, raw = found
        return {"data": {"node": _NodeWriter(query, {}).timeline_only(shelf, raw, str(variables.get("after") or ""))}}

    def _totals(self, _query: str, variables: RawObject) -> RawObject:
        shelf = self._shelf(variables)
        if shelf is None:
            return _no_repository(variables)
        index = shelf.index
        issues = {"totalCount": len(index.issues) - index.pull_requests}
        return {"data": {"repository": {"issues": issues, "pullRequests": {"totalCount": index.pull_requests}}}}

    def _deployments(self, _query: str, variables: RawObject) -> RawObject:
        shelf = self._shelf(variables)
        if shelf is None:
            return _no_repository(variables)
        wanted = variables.get("environments")
        rows = [each for each in shelf.repository.deployments if not wanted or each["environment"] in wanted]
        end = int(variables.get("before") or len(rows))
        start = max(end - 100, 0)
        nodes = [
            each
            | {"statuses": {"nodes": each.get("statuses", [])}, "latestStatus": (each.get("statuses") or [None])[-1]}
            for each in rows[start:end]
        ]
        page = {"hasPreviousPage": start > 0, "startCursor": str(start)}
        return {"data": {"repository": {"deployments": {"nodes": nodes, "pageInfo": page}}}}

    def _project(self, _query: str, variables: RawObject) -> RawObject:
        owner, number = str(variables.get("owner")), variables.get("number")
        project = self._projects.get((owner.lower(), int(str(number))))
        if project is None:
            message = f"Could not resolve to a ProjectV2 with the number {number}."
            error = {"type": "NOT_FOUND", "path": ["repositoryOwner", "projectV2"], "message": message}
            return {"data": {"repositoryOwner": {"projectV2": None}}, "errors": [error]}
        told = _of_project(project) | {
            "id": _project_node(project),
            "updatedAt": project.updated_at,
            "fields": {"nodes": project.fields},
        }
        return {"data": {"repositoryOwner": {"projectV2": told}}}

    def _project_items(self, _query: str, variables: RawObject) -> RawObject:
        first = variables.get("first")
        if not isinstance(first, int) or not 1 <= first <= 100:
            return {"errors": [{"type": "EXCESSIVE_PAGINATION", "message": "`first` is between 1 and 100"}]}
        wanted = variables.get("id")
        project = next((each for each in self._projects.values() if _project_node(each) == wanted), None)
        if project is None:
            return {"data": {"node": None}, "errors": [_unknown(["node"], wanted)]}
        rows = list(project.items.items())
        start = int(variables.get("after") or 0)
        nodes = [
            {"id": f"PVTI_{key}", "updatedAt": item["updatedAt"], "content": self._content(key)}
            for key, item in rows[start : start + first]
        ]
        return {"data": {"node": {"items": {"nodes": nodes, "pageInfo": _page_info(start + first, len(rows))}}}}

    def _content(self, key: str) -> RawObject | None:
        full_name, _, number = key.rpartition("#")
        shelf = self._shelves.get(full_name.lower())
        raw = shelf.index.by_number.get(int(number)) if shelf else None
        if raw is None:
            return None
        is_pull = raw.get("pull_request") is not None
        # GraphQL knows a pull request by another id than the issue list.
        id_ = raw["id"] + _PULL_ID_STEP if is_pull else raw["id"]
        return {"__typename": "PullRequest" if is_pull else "Issue", "fullDatabaseId": str(id_)} | reference(key)

    def _on_projects(self) -> dict[str, list[RawObject]]:
        """The project items of each key, in the projects' order."""
        found: dict[str, list[RawObject]] = {}
        for project in self._projects.values():
            for key, item in list(project.items.items()):
                told = {
                    "id": f"PVTI_{key}",
                    "updatedAt": item["updatedAt"],
                    "isArchived": bool(item.get("isArchived")),
                    "project": _of_project(project),
                    "fieldValues": {"nodes": item.get("values", [])},
                }
                found.setdefault(key.lower(), []).append(told)
        return found

    def _found(self, node_id: str) -> tuple[Shelf, RawObject] | None:
        found = ((shelf, shelf.index.by_node.get(node_id)) for shelf in self._shelves.values())
        return next(((shelf, raw) for shelf, raw in found if raw is not None), None)

    def _shelf(self, variables: RawObject) -> Shelf | None:
        return self._shelves.get(f"{variables.get('owner')}/{variables.get('name')}".lower())


class _NodeWriter:
    """Writes the nodes that one query asks for."""

    def __init__(
        self, query: str, on_projects: Mapping[str, list[RawObject]], served: Container[str] = frozenset()
    ) -> None:
        self._served = served
        self._events = set(_ASKED_EVENT.findall(query))
        self._projects = on_projects if "projectItems" in query else None
        self._first = 50 if query.lstrip().startswith("query Details") else 100

    def node(self, shelf: Shelf, raw: RawObject) -> RawObject:
        """All that is asked of an issue or pull request."""
        told = self.timeline_only(shelf, raw, "")
        told["id"] = raw["node_id"]
        if self._projects is not None:
            told["projectItems"] = {"nodes": self._projects.get(f"{shelf.full_name}#{raw['number']}".lower(), [])}
        if raw.get("pull_request") is None:
            parent = shelf.repository.parents.get(raw["number"]) or self._parent_key(shelf, raw)
            told["parent"] = reference(parent) if parent else None
        else:
            told["headRefName"] = shelf.branch(raw)
            linked = [reference(key) for key in shelf.repository.closes.get(raw["number"], ())]
            told["closingIssuesReferences"] = {"nodes": linked}
        return told

    def timeline_only(self, shelf: Shelf, raw: RawObject, after: str) -> RawObject:
        """The events behind the cursor *after*."""
        is_pull = raw.get("pull_request") is not None
        rows = list(self._asked(shelf.timeline(raw)))
        start = int(after or 0)
        connection = {
            "nodes": rows[start : start + self._first],
            "pageInfo": _page_info(start + self._first, len(rows)),
        }
        return {"__typename": "PullRequest" if is_pull else "Issue", "timelineItems": connection}

    def _parent_key(self, shelf: Shelf, raw: RawObject) -> str:
        address = raw.get("parent_issue_url")
        if not address:
            return ""
        # A recorded repository may be served under a new name.
        full_name, _, number = key_of(address).rpartition("#")
        return f"{full_name if full_name.lower() in self._served else shelf.full_name}#{number}"

    def _asked(self, timeline: Sequence[RawObject]) -> Iterator[RawObject]:
        return (event for event in timeline if event["__typename"] in self._events)


def _of_project(project: GithubProject) -> RawObject:
    url = f"https://github.com/orgs/{project.owner}/projects/{project.number}"
    return {"number": project.number, "title": project.title, "url": url}


def _project_node(project: GithubProject) -> str:
    return f"PVT_{project.owner}_{project.number}"


def _newest(milestones: Sequence[RawObject]) -> list[RawObject]:
    newest = sorted(milestones, key=lambda each: -int(each["number"]))[:100]
    return [{"number": each["number"], "title": each["title"]} for each in newest]


def _page_info(end: int, total: int) -> RawObject:
    return {"hasNextPage": end < total, "endCursor": str(end)}


def _unknown(path: list[Any], node_id: object) -> RawObject:
    message = f"Could not resolve to a node with the global id of '{node_id}'"
    return {"type": "NOT_FOUND", "path": path, "message": message}


def _no_repository(variables: RawObject) -> RawObject:
    message = f"Could not resolve to a Repository with the name '{variables.get('owner')}/{variables.get('name')}'."
    return {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "path": ["repository"], "message": message}]}
