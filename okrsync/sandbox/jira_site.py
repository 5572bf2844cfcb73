"""
A Jira site made of a shelf of raw issues: Cloud or Data Center, with the paths that a backlog is read with.

Apart from the server, so that a test can also ask it directly; it answers as Jira does, refusals included.
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.sandbox.http import Clock, Request, Response, utc_now
from okrsync.sandbox.jira_boards import BoardSite
from okrsync.sandbox.jira_changelog import (
    BulkAsked,
    BulkError,
    HistoryKey,
    bulk_entries,
    grouped_by_issue,
    histories_of,
)
from okrsync.sandbox.jira_paths import (
    PAGE_DEFAULT,
    RefusedError,
    first,
    given,
    is_authorised,
    listed,
    no_path,
    refusal,
    whole,
    with_self,
)
from okrsync.sandbox.jira_state import IssueShelf
from okrsync.sandbox.jql import Dialect, JqlError, JqlQuery, Row, SortKey, parse
from okrsync.sandbox.tracker_data import JiraData, RawObject

_CLOUD_MOST, _CLOUD_MOST_IDS, _CLOUD_HISTORIES = 100, 5000, 100
_DATACENTER_MOST = 1000
_NO_ISSUE = "Issue does not exist or you do not have permission to see it."
_REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
_UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
_NOT_SIGNED_IN = "Client must be authenticated to access this resource."


class JiraSite:
    """
    Serves *data* as Jira would; the site owns the shelf from then on: change it by ``edit`` and ``add``.

    Any token is accepted except an empty one and ``bad``.

    Raises:
        ValueError: an issue lacks a field that every Jira issue has.
    """

    def __init__(self, data: JiraData, *, clock: Clock = utc_now) -> None:
        self._shelf = IssueShelf(data)
        self._data = data
        self._boards = BoardSite(data.boards)
        self._is_cloud = data.kind == "cloud"
        self._clock = clock
        self._positions: dict[str, tuple[str, SortKey]] = {}
        self._bulk_positions: dict[str, tuple[str, HistoryKey]] = {}

    def handle(self, request: Request) -> Response:
        """Return Jira's answer to *request*."""
        if not request.path.endswith("/serverInfo") and not is_authorised(request):
            return refusal(401, _NOT_SIGNED_IN, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})
        try:
            return self._route(request)
        except (JqlError, BulkError) as error:
            return refusal(400, str(error))
        except RefusedError as refused:
            return refusal(refused.status, str(refused))

    def edit(self, key: str, at: datetime, *, history: RawObject | None = None, **fields: Any) -> None:
        """
        Change fields of one issue and set its ``updated`` to *at*, which must be aware.

        *history*, where given, is added to the issue's changelog.

        Raises:
            KeyError: there is no issue *key*.
        """
        self._shelf.edit(key, fields | {"updated": jira_time(at)}, history)

    def add(self, raw: RawObject) -> None:
        """
        Put one more raw issue on the shelf.

        Raises:
            ValueError: its key is taken, or it lacks a field that every Jira issue has.
        """
        self._shelf.add(raw)

    def delete(self, key: str) -> None:
        """
        Take one issue off the shelf for good.

        Raises:
            KeyError: there is no issue *key*.
        """
        self._shelf.delete(key)

    def hide(self, key: str) -> None:
        """
        Take the right to see one issue away: it answers 404 and no search finds it.

        Raises:
            KeyError: there is no issue *key*.
        """
        self._shelf.hide(key)

    def move(self, key: str, new_key: str, at: datetime) -> None:
        """
        Move one issue to another project at *at*: its id stays, and the old key still leads to it.

        Raises:
            KeyError: there is no issue *key*.
            ValueError: *new_key* is taken.
        """
        self._shelf.move(key, new_key, jira_time(at))

    def edit_sprint(self, number: int, **changes: Any) -> None:
        """
        Change a sprint (``name``, ``state``, ``completeDate``); as on Jira no issue counts as updated by that.

        Raises:
            KeyError: no board has the sprint.
        """
        self._boards.edit_sprint(number, changes)
        self._shelf.edit_sprint(number, changes)

    def _route(self, request: Request) -> Response:
        match request.path.strip("/").split("/"):
            case ["rest", "api", "2" | "latest" as version, *below]:
                return self._platform(request, version, below)
            case ["rest", "api", "3" as version, *below] if self._is_cloud:
                return self._platform(request, version, below)
            case ["rest", "agile", "1.0", *below] if self._data.has_software:
                return self._boards.answer(request, below)
        raise RefusedError(404, no_path(request))

    def _platform(self, request: Request, version: str, below: list[str]) -> Response:
        address = f"{request.base_url}/rest/api/{version}"
        match request.method, below:
            case "GET" | "POST", ["search"]:
                return refusal(410, _REMOVED) if self._is_cloud else self._search_by_offset(request, version)
            case "GET" | "POST", ["search", "jql"] if self._is_cloud:
                return self._search_by_token(request, version)
            case "POST", ["changelog", "bulkfetch"] if self._is_cloud:
                return self._bulk_changelogs(request)
            case "GET", ["issue", asked, "changelog"]:
                return self._issue_changelog(request, asked)
            case "GET", ["issue", asked]:
                wanted = _Asked.of(request, ["*all"])
                return Response(200, self._issue(self._row(asked), wanted, request, version))
            case "GET", _:
                return Response(200, self._description(request, address, below))
        raise RefusedError(404, no_path(request))

    def _description(self, request: Request, address: str, below: list[str]) -> object:
        """Return what the site says of itself: its server, account, fields, statuses and projects."""
        lists: dict[str, Callable[[], object]] = {
            "serverInfo": lambda: self._server_info(request),
            "myself": lambda: self._myself(address),
            "field": self._shelf.catalogue,
            "status": lambda: [with_self(each, f"{address}/status") for each in self._statuses()],
            "project": lambda: [with_self(each, f"{address}/project") for each in self._shelf.projects()],
        }
        match below:
            case [name] if name in lists:
                return lists[name]()
            case ["project", asked]:
                return with_self(self._project(asked), f"{address}/project")
            case ["filter", asked]:
                return with_self(self._filter(asked), f"{address}/filter")
            case ["mypermissions"]:
                return self._permissions(request)
        raise RefusedError(404, no_path(request))

    def _statuses(self) -> list[RawObject]:
        return self._shelf.statuses() if self._data.statuses is None else self._data.statuses

    def _server_info(self, request: Request) -> RawObject:
        version = "1001.0.0-SNAPSHOT" if self._is_cloud else "9.12.0"
        return {
            "baseUrl": request.base_url,
            "version": version,
            "versionNumbers": [int(part) for part in version.partition("-")[0].split(".")],
            "deploymentType": "Cloud" if self._is_cloud else "Server",
            "serverTime": jira_time(self._clock()),
            "serverTitle": "Sandbox",
        }

    def _myself(self, address: str) -> RawObject:
        name = {"accountId": "sandbox", "accountType": "atlassian"} if self._is_cloud else {"name": "sandbox"}
        return name | {
            "self": f"{address}/myself",
            "displayName": "Sandbox",
            "active": True,
            "timeZone": self._data.time_zone,
        }

    def _filter(self, asked: str) -> RawObject:
        if asked not in self._data.filters:
            raise RefusedError(400, "The selected filter is not available to you, perhaps it has been deleted.")
        return {"id": asked, "name": f"Filter {asked}", "jql": self._data.filters[asked]}

    def _permissions(self, request: Request) -> RawObject:
        names = listed(request.query.get("permissions"))
        if self._is_cloud and not names:
            raise RefusedError(400, "The 'permissions' query parameter is required.")
        return {
            "permissions": {
                name: {"key": name, "havePermission": name in self._data.rights}
                for name in names or sorted(self._data.rights)
            }
        }

    def _row(self, asked: str) -> Row:
        row = self._shelf.find(asked)
        if row is None:
            raise RefusedError(404, _NO_ISSUE)
        return row

    def _parsed(self, jql: str) -> JqlQuery:
        refused_with = self._data.refuses_milliseconds_with
        dialect = Dialect(self._data.filters, ZoneInfo(self._data.time_zone), takes_milliseconds=not refused_with)
        try:
            return parse(jql, dialect)
        except JqlError:
            if refused_with == 500:
                raise RefusedError(500, "Internal server error") from None
            raise

    def _issue_changelog(self, request: Request, asked: str) -> Response:
        histories = histories_of(self._row(asked).raw)
        start = whole(request.query, "startAt", 0)
        size = min(whole(request.query, "maxResults", _CLOUD_HISTORIES), _CLOUD_HISTORIES)
        page = histories[start : start + size]
        answer = {"startAt": start, "maxResults": size, "total": len(histories), "values": page}
        return Response(200, answer | {"isLast": start + len(page) >= len(histories)})

    def _bulk_changelogs(self, request: Request) -> Response:
        asked = BulkAsked.of(given(request))
        found = (self._shelf.find(each) for each in dict.fromkeys(asked.issues))
        entries = bulk_entries([row.raw for row in found if row is not None], asked.fields)
        token, start = asked.token, 0
        if token:
            digest, position = self._bulk_positions.get(token, ("", None))
            if position is None or digest != asked.digest:
                raise RefusedError(400, "The nextPageToken is invalid or expired.")
            start = bisect_right([entry.position for entry in entries], position)
        page = entries[start : start + asked.size]
        answer: RawObject = {"issueChangeLogs": grouped_by_issue(page)}
        if start + len(page) < len(entries):
            answer["nextPageToken"] = self._bulk_token(asked, page[-1].position)
        return Response(200, answer)

    def _bulk_token(self, asked: BulkAsked, position: HistoryKey) -> str:
        token = hashlib.sha256(f"{asked.digest}\0{position}".encode()).hexdigest()
        self._bulk_positions[token] = (asked.digest, position)
        return token

    def _project(self, asked: str) -> RawObject:
        for project in self._shelf.projects():
            if asked.lower() in {project["key"].lower(), str(project["id"])}:
                return project
        raise RefusedError(404, f"No project could be found with key '{asked}'.")

    def _search_by_token(self, request: Request, version: str) -> Response:
        asked = _Asked.of(request, ["id"])
        query = self._parsed(asked.jql)
        if not query.conditions:
            raise RefusedError(400, _UNBOUNDED)
        self._check_values(query, ["project", "type", "sprint"])
        most = _CLOUD_MOST_IDS if asked.only_ids else _CLOUD_MOST
        if asked.size == 0:
            raise RefusedError(400, "The maxResults parameter must be between 1 and 5000.")
        keys, rows = self._shelf.select(asked.jql, query)
        start = bisect_right(keys, self._position(asked)) if asked.token else 0
        page = rows[start : start + min(asked.size, most)]
        is_last = start + len(page) >= len(rows)
        answer = {"issues": [self._issue(row, asked, request, version) for row in page], "isLast": is_last}
        if not is_last:
            answer["nextPageToken"] = self._token(asked.jql, query.sort_key(page[-1]), page[-1])
        return Response(200, answer)

    def _search_by_offset(self, request: Request, version: str) -> Response:
        asked = _Asked.of(request, ["*all"])
        query = self._parsed(asked.jql)
        # Data Center refuses a query that names an issue that is gone, unless asked not to validate.
        self._check_values(query, ["project", "type", "sprint", *(["key"] if asked.validates else [])])
        _, rows = self._shelf.select(asked.jql, query)
        size = min(asked.size, _DATACENTER_MOST)
        page = rows[asked.start : asked.start + size]
        return Response(
            200,
            {
                "startAt": asked.start,
                "maxResults": size,
                "total": len(rows),
                "issues": [self._issue(row, asked, request, version) for row in page],
            },
        )

    def _check_values(self, query: JqlQuery, clauses: Iterable[str]) -> None:
        for clause in clauses:
            known = self._shelf.known(clause) | (self._boards.sprint_words() if clause == "sprint" else set())
            unknown = [value for value in query.values_of(clause) if value.lower() not in known]
            if unknown and clause == "key":
                raise JqlError(f"An issue with key '{unknown[0]}' does not exist for field 'key'.")
            if unknown:
                field = "issuetype" if clause == "type" else clause
                raise JqlError(f"The value '{unknown[0]}' does not exist for the field '{field}'.")

    def _token(self, jql: str, position: SortKey, row: Row) -> str:
        """Return a token for the place after *row*; the walk goes on there even if the row has moved since."""
        digest = hashlib.sha256(f"{jql}\0{row.number}\0{row.updated}".encode()).digest()
        token = base64.urlsafe_b64encode(digest).decode()
        self._positions[token] = (jql, position)
        return token

    def _position(self, asked: _Asked) -> SortKey:
        jql, position = self._positions.get(asked.token, ("", ()))
        if not position or jql != asked.jql:
            raise RefusedError(400, "The nextPageToken is invalid, expired or of another query.")
        return position

    def _issue(self, row: Row, asked: _Asked, request: Request, version: str) -> RawObject:
        raw = row.raw
        served = {
            "expand": raw.get("expand", ""),
            "id": raw["id"],
            "self": f"{request.base_url}/rest/api/{version}/issue/{raw['id']}",
            "key": raw["key"],
        }
        if not asked.only_ids or asked.changelog:
            written = _as_document if self._is_cloud and version == "3" else _as_text
            served["fields"] = {
                name: written(name, value) for name, value in raw["fields"].items() if asked.has_field(name)
            }
        if asked.changelog:
            served["changelog"] = _changelog(raw, newest_first=self._is_cloud)
        return served


def jira_time(at: datetime) -> str:
    """Return the aware time *at* in the form of Jira's API: UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


@dataclass(frozen=True, slots=True)
class _Asked:
    """The parameters of a search, whether they came in the query or in a JSON body."""

    jql: str
    start: int
    size: int
    token: str
    fields: frozenset[str]
    changelog: bool
    validates: bool

    @classmethod
    def of(cls, request: Request, default_fields: list[str]) -> _Asked:
        body = given(request)
        return cls(
            jql=str(first(body.get("jql")) or ""),
            start=whole(body, "startAt", 0),
            size=whole(body, "maxResults", PAGE_DEFAULT),
            token=str(first(body.get("nextPageToken")) or ""),
            fields=frozenset(listed(body.get("fields")) or default_fields),
            changelog="changelog" in listed(body.get("expand")),
            validates=str(first(body.get("validateQuery", "strict"))).lower() not in {"false", "none", "warn"},
        )

    @property
    def only_ids(self) -> bool:
        """Whether ids are all that is asked for: then a page may be long."""
        return self.fields <= {"id", "key"} and not self.changelog

    def has_field(self, name: str) -> bool:
        """Say whether the field *name* is asked for; ``-name`` leaves one out of all."""
        if "-" + name in self.fields:
            return False
        takes_all = not self.fields.isdisjoint({"*all", "*navigable"}) or all(each[0] == "-" for each in self.fields)
        return takes_all or name in self.fields


def _changelog(raw: RawObject, *, newest_first: bool) -> RawObject:
    """Return the history inside a search answer: the newest hundred on Cloud, all and oldest first on Data Center."""
    histories = histories_of(raw)
    shown = histories[::-1][:_CLOUD_HISTORIES] if newest_first else histories
    return {"startAt": 0, "maxResults": len(shown), "total": len(histories), "histories": shown}


def _as_document(name: str, value: Any) -> Any:
    """Return *value* as version 3 has it: the rich texts are documents."""
    if name not in {"description", "environment"} or not isinstance(value, str):
        return value
    lines = [[{"type": "text", "text": line}] if line else [] for line in value.splitlines()]
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": line} for line in lines]}


def _as_text(_: str, value: Any) -> Any:
    """Return *value* as version 2 has it: a document is plain text."""
    return _text_of(value) if isinstance(value, dict) and value.get("type") == "doc" else value


def _text_of(node: RawObject) -> str:
    if "content" not in node:
        attributes = node.get("attrs") or {}
        plain = node.get("text") or attributes.get("text") or attributes.get("url") or ""
        return "\n" if node.get("type") == "hardBreak" else str(plain)
    is_inline = any(child.get("type") == "text" for child in node["content"])
    return ("" if is_inline else "\n").join(_text_of(child) for child in node["content"])
