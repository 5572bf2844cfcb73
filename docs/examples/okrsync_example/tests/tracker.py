"""Plainlist in a few lines: what the API answers, from a list in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from okrsync.sandbox.http import Request, Response


def written(at: datetime) -> str:
    """*at* as Plainlist writes it."""
    return at.astimezone(UTC).isoformat()


@dataclass
class Plainlist:
    """One project; tasks are replaced and never changed, because answers are written by several threads."""

    page_size: int = 100
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    refused_token: str = "bad"  # noqa: S105 - made up
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, title: str, text: str, created: datetime, changed: datetime, person: dict[str, str]) -> str:
        """Make a task, and return its id."""
        with self._lock:
            number = len(self.tasks) + len(self.changes) + 1
            id_ = f"task-{number}"
            self.tasks[id_] = {
                "id": id_,
                "project": "shop",
                "number": number,
                "title": title,
                "text": text,
                "state": "open",
                "labels": [],
                "created": written(created),
                "changed": written(changed),
                "finished": None,
                "url": f"https://plainlist.example/shop/{number}",
                "author": person,
                "watchers": [person],
            }
            return id_

    def edit(self, id_: str, at: datetime, **fields: Any) -> None:
        """Change a task at *at*."""
        with self._lock:
            self.tasks[id_] = self.tasks[id_] | fields | {"changed": written(at)}

    def move(self, id_: str, state: str, at: datetime, person: dict[str, str]) -> None:
        """Let *person* bring a task into *state*."""
        with self._lock:
            before = self.tasks[id_]["state"]
            change = {"id": len(self.changes) + 1, "task": id_, "at": written(at), "from": before, "to": state}
            self.changes = [*self.changes, change | {"by": person}]
            finished = written(at) if state == "done" else None
            self.tasks[id_] = self.tasks[id_] | {"state": state, "changed": written(at), "finished": finished}

    def delete(self, id_: str) -> None:
        """Delete a task for good."""
        with self._lock:
            self.tasks = {held: task for held, task in self.tasks.items() if held != id_}

    def handle(self, request: Request) -> Response:
        """Plainlist's answer to *request*."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token or token == self.refused_token:
            return Response(401, {"message": "this token is not known"})
        return self._route(request)

    def _route(self, request: Request) -> Response:
        match request.path.strip("/").split("/"):
            case ["me"]:
                return Response(200, {"rights": ["read"]})
            case ["projects", "shop", "tasks"]:
                return self._page(request)
            case ["projects", "shop", "tasks", id_] if id_ in self.tasks:
                return Response(200, self.tasks[id_])
            case ["projects", "shop", "changes"]:
                wanted = request.argument("tasks").split(",")
                return Response(200, {"changes": [each for each in self.changes if each["task"] in wanted]})
            case ["projects", "shop", "ids"]:
                return Response(200, {"ids": list(self.tasks), "total": len(self.tasks)})
        return Response(404, {"message": "there is no such thing"})

    def _page(self, request: Request) -> Response:
        since, offset = request.argument("changed_since"), int(request.argument("offset", "0"))
        size = min(int(request.argument("limit", "100")), self.page_size)
        with self._lock:
            tasks = sorted(self.tasks.values(), key=lambda task: (task["changed"], task["id"]))
        found = [task for task in tasks if task["changed"] >= since]
        return Response(200, {"tasks": found[offset : offset + size], "more": offset + size < len(found)})
