"""Knows the boards of a source: their sprints, the field they estimate in, and the filter of the one it may read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from okrsync.errors import AuthenticationError, ConnectorError, NotFoundError, UnexpectedResponseError
from okrsync.model.work import IterationRecord
from okrsync.plugins.connector import IterationsRead
from okrsync.plugins.context import Context
from okrsync.plugins.text import without_people
from okrsync.plugins.timestamps import instant
from okrsync_jira.client import JiraClient, answered
from okrsync_jira.daily_cache import Daily
from okrsync_jira.normalise import SIZE_ROLE
from okrsync_jira.settings import JiraSettings

_OPEN = "active,future"
_STATES = {"active", "future", "closed"}


@dataclass(frozen=True, slots=True)
class Board:
    """What is remembered of a board."""

    id: int
    project: str
    """Key of the project that it lies in; empty where it lies in none."""
    has_sprints: bool
    filter: str
    size_field: str
    """Empty: it estimates in no field of its own."""


class BoardReader:
    """The boards of a source, asked for once a day; a site without Jira Software has none."""

    def __init__(self, client: JiraClient, settings: JiraSettings, context: Context) -> None:
        self._client = client
        self._settings = settings
        self._context = context
        self._daily = Daily(context, "boards")

    def all(self, projects: Sequence[str]) -> list[Board]:
        """
        The boards that show *projects*; of a source that reads a board, that one.

        Raises:
            ConnectorError: the board that the source reads cannot be seen.
        """
        remembered = self._remembered(projects)
        if remembered is not None:
            return remembered
        with self._context.requests.counted_as("iterations"):
            try:
                found = self._own() if self._settings.board else self._of(projects)
            except (KeyError, TypeError, AttributeError):
                raise UnexpectedResponseError("a board of the wrong shape", where=self._settings.url) from None
        self._daily.keep(self._of_what(projects), [asdict(board) for board in found])
        return found

    def size_roles(self, boards: Iterable[Board]) -> dict[str, tuple[str, ...]]:
        """The fields that *boards* estimate in, by a role for each project."""
        found: dict[str, list[str]] = {}
        for board in sorted(boards, key=lambda board: board.id):
            if board.size_field and board.project:
                found.setdefault(SIZE_ROLE + board.project, []).append(board.size_field)
        return {role: tuple(dict.fromkeys(ids)) for role, ids in sorted(found.items())}

    def sprints(self, number: int, cursor: str, source: str) -> IterationsRead:
        """The sprints of one board: all at first, later those that are open, and those that were when *cursor* was."""
        before = _open_ids(cursor)
        with self._context.requests.counted_as("iterations"):
            try:
                found = self._client.board_sprints(number, "" if before is None else _OPEN)
            except (UnexpectedResponseError, NotFoundError) as error:
                if not isinstance(error, NotFoundError) and not answered(error, 400):
                    raise
                # It is gone since the boards were listed, or is of a team-managed project and tells only now.
                self._forget_sprints(number)
                return IterationsRead((), cursor=cursor)
            open_now = sorted({str(each["id"]) for each in found if _state(each) != "closed"})
            for id_ in before or ():
                if id_ not in open_now:
                    found += self._ended(id_)
        return IterationsRead(tuple(_record(each, source) for each in found), cursor=json.dumps(open_now))

    def _ended(self, id_: str) -> list[dict[str, Any]]:
        try:
            return [self._client.sprint(id_)]
        except NotFoundError:  # deleted: what it was is kept as it was
            return []

    def _own(self) -> list[Board]:
        return [self._configured(self._client.board(self._settings.board))]

    def _of(self, projects: Sequence[str]) -> list[Board]:
        listed: dict[int, tuple[Mapping[str, Any], str]] = {}
        for project in projects:
            try:
                for raw in self._client.boards(project):
                    listed.setdefault(raw["id"], (raw, project))
            except (NotFoundError, AuthenticationError):
                continue
        # Kanban boards have neither sprints nor estimates; team-managed ones (simple) may have both.
        return [board for raw, key in listed.values() if raw.get("type") != "kanban" for board in self._seen(raw, key)]

    def _seen(self, raw: Mapping[str, Any], project: str) -> Iterator[Board]:
        try:
            yield self._configured(raw, project)
        except (NotFoundError, AuthenticationError):  # listed, and not for this account
            return

    def _configured(self, raw: Mapping[str, Any], project: str = "") -> Board:
        configuration = self._client.board_configuration(raw["id"])
        estimation = configuration.get("estimation") or {}
        field = str((estimation.get("field") or {}).get("fieldId") or "")
        return Board(
            id=raw["id"],
            project=str((raw.get("location") or {}).get("projectKey") or project),
            has_sprints=raw.get("type") != "kanban",
            filter=str((configuration.get("filter") or {}).get("id") or ""),
            # Only a number of its own is a size: an estimate in hours is none.
            size_field=field if field.startswith("customfield_") else "",
        )

    def _remembered(self, projects: Sequence[str]) -> list[Board] | None:
        held = self._daily.held(self._of_what(projects))
        try:
            return None if held is None else [Board(**each) for each in held]
        except TypeError:
            return None

    def _of_what(self, projects: Sequence[str]) -> list[str]:
        return [f"board/{self._settings.board}"] if self._settings.board else sorted(projects)

    def _forget_sprints(self, number: int) -> None:
        self._daily.amend(lambda held: {**held, "has_sprints": held["has_sprints"] and held["id"] != number})


def board_filter(boards: Sequence[Board], where: str) -> str:
    """
    The id of the filter of the one board that a source reads.

    Raises:
        ConnectorError: it names none.
    """
    number = next((board.filter for board in boards), "")
    if not number.isdecimal():
        raise ConnectorError("the board names no filter", where=where, next_step="write projects or jql instead")
    return number


def _open_ids(cursor: str) -> list[str] | None:
    """The sprints that were open; ``None``: nothing is known, so all are read."""
    try:
        held = json.loads(cursor)
    except ValueError:
        return None
    return [str(each) for each in held] if isinstance(held, list) else None


def _state(raw: Mapping[str, Any]) -> str:
    state = str(raw.get("state") or "").casefold()
    return state if state in _STATES else "future"


def _record(raw: Mapping[str, Any], source: str) -> IterationRecord:
    return IterationRecord(
        source=source,
        id=str(raw["id"]),
        name=without_people(str(raw.get("name") or "")),
        state=_state(raw),
        start=_moment(raw.get("startDate")),
        end=_moment(raw.get("endDate")),
        completed=_moment(raw.get("completeDate")),
    )


def _moment(text: Any) -> datetime | None:
    try:
        return instant(text) if isinstance(text, str) else None
    except ValueError:
        return None
