"""The boards of a Jira site and their sprints, as Jira Software serves them beside the issues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from okrsync.sandbox.http import Request, Response
from okrsync.sandbox.jira_paths import PAGE_DEFAULT, RefusedError, listed, no_path, whole, with_self
from okrsync.sandbox.tracker_data import RawObject

_MOST = 50


class BoardSite:
    """Serves *boards*, each with its ``configuration`` and ``sprints`` inside."""

    def __init__(self, boards: list[RawObject]) -> None:
        self._boards = boards

    def edit_sprint(self, number: int, changes: Mapping[str, Any]) -> None:
        """
        Change a sprint wherever a board shows it.

        Raises:
            KeyError: no board has it.
        """
        places = [
            (board, place)
            for board in self._boards
            for place, each in enumerate(board.get("sprints", []))
            if each["id"] == number
        ]
        if not places:
            raise KeyError(number)
        for board, place in places:
            board["sprints"][place] = {**board["sprints"][place], **changes}

    def sprint_words(self) -> set[str]:
        """Return ids and names of all sprints, in lower case."""
        return {
            str(sprint[part]).lower()
            for board in self._boards
            for sprint in board.get("sprints", [])
            for part in ("id", "name")
        }

    def answer(self, request: Request, below: list[str]) -> Response:
        """Return the answer to a *request* for the path *below* the API's own."""
        address = f"{request.base_url}/rest/agile/1.0"
        match request.method, below:
            case "GET", ["board"]:
                boards = [each for each in self._boards if _is_asked_board(each, request)]
                return _paged(request, [_public_board(each, address) for each in boards])
            case "GET", ["board", number]:
                return Response(200, _public_board(self._board(number), address))
            case "GET", ["board", number, "configuration"]:
                configuration = self._board(number).get("configuration", {})
                return Response(200, configuration | {"self": f"{address}/board/{number}/configuration"})
            case "GET", ["board", number, "sprint"]:
                found = _sprints_of(self._board(number), request)
                return _paged(request, [with_self(each, f"{address}/sprint") for each in found])
            case "GET", ["sprint", number]:
                return Response(200, with_self(self._sprint(number), f"{address}/sprint"))
        raise RefusedError(404, no_path(request))

    def _board(self, number: str) -> RawObject:
        for board in self._boards:
            if str(board["id"]) == number:
                return board
        raise RefusedError(404, "Requested board cannot be viewed because it either does not exist or is hidden.")

    def _sprint(self, number: str) -> RawObject:
        for board in self._boards:
            for sprint in board.get("sprints", []):
                if str(sprint["id"]) == number:
                    return dict(sprint)
        raise RefusedError(404, "Sprint does not exist or you do not have permission to view it.")


def _is_asked_board(board: RawObject, request: Request) -> bool:
    location = board.get("location", {})
    project, kind, name = (request.argument(each) for each in ("projectKeyOrId", "type", "name"))
    return (
        (not project or project in {location.get("projectKey"), str(location.get("projectId"))})
        and (not kind or kind == board.get("type"))
        and name.lower() in board.get("name", "").lower()
    )


def _public_board(board: RawObject, address: str) -> RawObject:
    public = {name: value for name, value in board.items() if name not in {"configuration", "sprints"}}
    return with_self(public, f"{address}/board")


def _sprints_of(board: RawObject, request: Request) -> list[RawObject]:
    if board.get("type") == "kanban":
        raise RefusedError(400, "The board does not support sprints")
    states = listed(request.query.get("state"))
    return [each for each in board.get("sprints", []) if not states or each["state"] in states]


def _paged(request: Request, values: list[RawObject]) -> Response:
    start = whole(request.query, "startAt", 0)
    size = min(whole(request.query, "maxResults", PAGE_DEFAULT), _MOST)
    page = values[start : start + size]
    is_last = start + len(page) >= len(values)
    return Response(200, {"maxResults": size, "startAt": start, "isLast": is_last, "values": page})
