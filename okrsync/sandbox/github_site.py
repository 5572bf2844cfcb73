"""
A GitHub site made of a shelf of raw objects: the REST paths and the one GraphQL query that a backlog is read with.

Apart from the server, so that a test can also ask it directly; it answers as GitHub does, refusals included.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_left
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode
from zlib import crc32

from okrsync.sandbox.http import Clock, Request, Response, utc_now
from okrsync.sandbox.tracker_data import GithubData, GithubRepository, RawObject

MAX_PAGED_ROWS = 10_000
"""GitHub refuses page numbers that reach beyond this row."""

_PER_PAGE_DEFAULT, _PER_PAGE_MOST, _NODES_MOST = 30, 100, 100
_TOO_FAR = (
    "Pagination with the page parameter is not supported for large datasets, "
    "please use cursor based pagination (after/before)"
)
_DOCS = "https://docs.github.com/rest"
_API_ADDRESS = re.compile(r"https://api\.github\.com/repos/([^/]+/[^/{?]+)")
_ADDRESS_FIELDS = (
    "url",
    "repository_url",
    "labels_url",
    "comments_url",
    "events_url",
    "timeline_url",
    "parent_issue_url",
)
_Test: TypeAlias = Callable[[RawObject], bool]


class GithubSite:
    """
    Serves *data* as GitHub would; the site owns the shelves from then on: change them by ``edit`` and ``add``.

    Any token is accepted except an empty one and ``bad``.
    """

    def __init__(self, data: GithubData, *, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._shelves = {each.full_name.lower(): _Shelf(each) for each in data.repositories}

    def handle(self, request: Request) -> Response:
        """Return GitHub's answer to *request*."""
        if not _is_authorised(request):
            return _refusal(401, "Bad credentials")
        try:
            return self._route(request)
        except _RefusedError as refused:
            return _refusal(refused.status, refused.message)

    def edit(self, full_name: str, number: int, at: datetime, **changes: Any) -> None:
        """
        Change fields of one issue or pull request and set its ``updated_at`` to *at*, which must be aware.

        Raises:
            KeyError: there is no such repository or number.
        """
        self._shelves[full_name.lower()].edit(number, changes | {"updated_at": github_time(at)})

    def add(self, full_name: str, raw: RawObject) -> None:
        """
        Put one more raw issue or pull request into a repository.

        Raises:
            KeyError: there is no such repository.
            ValueError: its number is taken.
        """
        self._shelves[full_name.lower()].add(raw)

    def _route(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        match request.method, parts:
            case "GET", ["user"]:
                return Response(200, {"login": "sandbox", "id": 1, "node_id": "U_1", "type": "User", "name": "Sandbox"})
            case "GET", ["rate_limit"]:
                return Response(200, self._rate_limit())
            case "GET", ["repos", owner, name, *below]:
                return self._in_repository(request, self._shelf(owner, name), below)
            case "POST", ["graphql"]:
                return self._graphql(request)
        raise _RefusedError(404, "Not Found")

    def _in_repository(self, request: Request, shelf: _Shelf, below: list[str]) -> Response:
        lead = _Lead(request.base_url, shelf.full_name, self._shelves)
        match below:
            case []:
                return Response(200, shelf.description(lead.repository))
            case ["issues"]:
                return _page(request, shelf.select(request), lead)
            case ["milestones"]:
                return _page(request, shelf.milestones(request), lead)
            case ["issues", number]:
                return Response(200, lead.addressed(shelf.issue(number)))
            case ["pulls", number]:
                return Response(200, shelf.pull_request(number, lead.repository))
        raise _RefusedError(404, "Not Found")

    def _shelf(self, owner: str, name: str) -> _Shelf:
        shelf = self._shelves.get(f"{owner}/{name}".lower())
        if shelf is None:
            raise _RefusedError(404, "Not Found")
        return shelf

    def _rate_limit(self) -> RawObject:
        reset = int((self._clock() + timedelta(hours=1)).timestamp())
        core = {"limit": 5000, "used": 0, "remaining": 5000, "reset": reset}
        return {"resources": {"core": core, "graphql": core | {"resource": "graphql"}}, "rate": core}

    def _graphql(self, request: Request) -> Response:
        query, variables = _graphql_operation(request)
        if "nodes(ids: $ids)" not in query or "headRefName" not in query:
            return Response(200, {"errors": [{"message": "not served by the sandbox"}]})
        ids = variables.get("ids")
        if not isinstance(ids, list):
            message = "Variable $ids of type [ID!]! was provided invalid value"
            return Response(200, {"errors": [{"message": message}]})
        if len(ids) > _NODES_MOST:
            message = f"You may not provide more than {_NODES_MOST} node ids; you provided {len(ids)}."
            return Response(200, {"data": None, "errors": [{"type": "ARGUMENT_LIMIT", "message": message}]})
        return Response(200, self._nodes([str(each) for each in ids]))

    def _nodes(self, ids: list[str]) -> RawObject:
        nodes = [self._node(each) for each in ids]
        errors = [
            {
                "type": "NOT_FOUND",
                "path": ["nodes", position],
                "message": f"Could not resolve to a node with the global id of '{ids[position]}'",
            }
            for position, node in enumerate(nodes)
            if node is None
        ]
        return {"data": {"nodes": nodes}} | ({"errors": errors} if errors else {})

    def _node(self, node_id: str) -> RawObject | None:
        found = (shelf.node(node_id) for shelf in self._shelves.values())
        return next((node for node in found if node is not None), None)


def github_time(at: datetime) -> str:
    """Return the aware time *at* in the form of GitHub's API, cut to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _RefusedError(Exception):
    """The request gets an error answer; *status* and *message* are GitHub's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class _Index:
    """A repository's objects in the orders that are asked for; never changed, so it is read without a lock."""

    by_updated: list[RawObject]
    updated: list[str]
    """``updated_at`` of each object of *by_updated*, to look a time up in."""
    by_created: list[RawObject]
    by_number: dict[int, RawObject]
    by_node: dict[str, RawObject]

    @classmethod
    def of(cls, issues: list[RawObject]) -> _Index:
        by_updated = sorted(issues, key=lambda each: (each["updated_at"], each["id"]))
        return cls(
            by_updated,
            [each["updated_at"] for each in by_updated],
            sorted(issues, key=lambda each: (each["created_at"], each["id"])),
            {each["number"]: each for each in issues},
            {each["node_id"]: each for each in issues},
        )


class _Shelf:
    """One repository: its objects are replaced and never changed, so a response being written cannot tear."""

    def __init__(self, repository: GithubRepository) -> None:
        self._repository = repository
        self._lock = threading.Lock()
        self._index: _Index | None = None

    @property
    def full_name(self) -> str:
        return self._repository.full_name

    def edit(self, number: int, changes: RawObject) -> None:
        with self._lock:
            issues = self._repository.issues
            for position, each in enumerate(issues):
                if each["number"] == number:
                    issues[position] = each | changes
                    self._index = None
                    return
            raise KeyError(number)

    def add(self, raw: RawObject) -> None:
        with self._lock:
            if any(each["number"] == raw["number"] for each in self._repository.issues):
                message = f"{self.full_name} already has a number {raw['number']}; edit() changes it"
                raise ValueError(message)
            self._repository.issues.append(raw)
            self._index = None

    def description(self, api_address: str) -> RawObject:
        owner, _, name = self.full_name.partition("/")
        number = crc32(self.full_name.encode())
        return {
            "id": number,
            "node_id": f"R_{number}",
            "name": name,
            "full_name": self.full_name,
            "owner": {"login": owner, "type": "Organization"},
            "private": False,
            "archived": False,
            "has_issues": True,
            "default_branch": "main",
            "url": api_address,
            "html_url": f"https://github.com/{self.full_name}",
        }

    def select(self, request: Request) -> Sequence[RawObject]:
        """Return the objects that the list's parameters ask for, in their order."""
        index = self._current()
        since = _since(request)
        tests = list(_tests(request))
        rows: Sequence[RawObject]
        if request.argument("sort", "created") == "updated":
            start = bisect_left(index.updated, since)
            rows = index.by_updated[start:] if start else index.by_updated
        else:
            rows = index.by_created
            if since:
                tests.append(lambda raw: bool(raw["updated_at"] >= since))
        if tests:
            rows = [each for each in rows if all(test(each) for test in tests)]
        return rows if request.argument("direction", "desc") == "asc" else _Reversed(rows)

    def milestones(self, request: Request) -> list[RawObject]:
        state = request.argument("state", "open")
        return [each for each in self._repository.milestones if state in {"all", each["state"]}]

    def issue(self, number: str) -> RawObject:
        raw = self._current().by_number.get(int(number)) if number.isdecimal() else None
        if raw is None:
            raise _RefusedError(404, "Not Found")
        return raw

    def pull_request(self, number: str, api_address: str) -> RawObject:
        raw = self.issue(number)
        if raw.get("pull_request") is None:
            raise _RefusedError(404, "Not Found")
        return {
            "url": f"{api_address}/pulls/{number}",
            "html_url": raw["pull_request"].get("html_url", raw.get("html_url")),
            "node_id": raw["node_id"],
            "number": raw["number"],
            "title": raw["title"],
            "state": raw["state"],
            "merged_at": raw["pull_request"].get("merged_at"),
            "head": {"ref": self._branch(raw)},
        }

    def node(self, node_id: str) -> RawObject | None:
        """Return the query's answer for one node: the fields of a pull request, and none of any other object."""
        raw = self._current().by_node.get(node_id)
        if raw is None:
            return None
        return {"id": node_id, "headRefName": self._branch(raw)} if raw.get("pull_request") else {}

    def _branch(self, raw: RawObject) -> str:
        # GitHub's schema has no null here; recorded lists do not say the branch.
        return self._repository.branches.get(raw["number"], "")

    def _current(self) -> _Index:
        with self._lock:
            if self._index is None:
                self._index = _Index.of(self._repository.issues)
            return self._index


class _Reversed(Sequence[RawObject]):
    """A list read from its end, without a copy of it."""

    def __init__(self, rows: Sequence[RawObject]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        return self._rows[len(self) - 1 - place]


@dataclass(frozen=True, slots=True)
class _Lead:
    """
    Leads API addresses of raw objects to this site; what people open in a browser stays.

    An address of a repository in *served* keeps its repository, because a parent may be in another one; any other
    address is of *full_name*, because a recorded repository may be served under a new name.
    """

    base_url: str
    full_name: str
    served: Container[str]

    @property
    def repository(self) -> str:
        """The API address of the repository."""
        return f"{self.base_url}/repos/{self.full_name}"

    def addressed(self, raw: RawObject) -> RawObject:
        """Return a copy of *raw* with its addresses led here."""
        led = raw | {name: self._led(raw[name]) for name in _ADDRESS_FIELDS if name in raw}
        pull_request = raw.get("pull_request")
        if pull_request and "url" in pull_request:
            led["pull_request"] = pull_request | {"url": self._led(pull_request["url"])}
        return led

    def _led(self, address: Any) -> Any:
        found = _API_ADDRESS.match(address) if isinstance(address, str) else None
        if found is None:
            return address
        full_name = found[1] if found[1].lower() in self.served else self.full_name
        return f"{self.base_url}/repos/{full_name}{address[found.end() :]}"


def _tests(request: Request) -> Iterator[_Test]:
    state = request.argument("state", "open")
    if state != "all":
        yield lambda raw: bool(raw["state"] == state)
    wanted = {name.strip().lower() for name in request.argument("labels").split(",") if name.strip()}
    if wanted:
        yield lambda raw: wanted <= {label["name"].lower() for label in raw.get("labels") or ()}
    milestone = request.argument("milestone")
    if milestone:
        yield lambda raw: _is_in_milestone(raw, milestone)


def _is_in_milestone(raw: RawObject, asked: str) -> bool:
    milestone = raw.get("milestone")
    if asked in {"*", "none"}:
        return (milestone is None) == (asked == "none")
    return milestone is not None and str(milestone["number"]) == asked


def _since(request: Request) -> str:
    given = request.argument("since")
    if not given:
        return ""
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        raise _RefusedError(422, f"Validation Failed: since {given!r} is not a time") from None
    return github_time(at if at.tzinfo else at.replace(tzinfo=UTC))


def _page(request: Request, rows: Sequence[RawObject], lead: _Lead) -> Response:
    size = min(max(_positive(request, "per_page", _PER_PAGE_DEFAULT), 1), _PER_PAGE_MOST)
    page = max(_positive(request, "page", 1), 1)
    start = (page - 1) * size
    if start >= MAX_PAGED_ROWS:
        raise _RefusedError(422, _TOO_FAR)
    last = max(-(-len(rows) // size), 1)
    payload = [lead.addressed(each) for each in rows[start : start + size]]
    links = _links(request, page, last)
    return Response(200, payload, {"Link": links} if links else {})


def _positive(request: Request, name: str, default: int) -> int:
    given = request.argument(name)
    return int(given) if given.isdecimal() else default


def _links(request: Request, page: int, last: int) -> str:
    pages = {}
    if page > 1:
        pages["prev"] = page - 1
    if page < last:
        pages |= {"next": page + 1, "last": last}
    if page > 1:
        pages["first"] = 1
    return ", ".join(f'<{_page_address(request, number)}>; rel="{name}"' for name, number in pages.items())


def _page_address(request: Request, page: int) -> str:
    query = urlencode(request.query | {"page": [str(page)]}, doseq=True)
    return f"{request.base_url}{request.path}?{query}"


def _graphql_operation(request: Request) -> tuple[str, RawObject]:
    try:
        operation = request.json()
    except ValueError:
        raise _RefusedError(400, "Problems parsing JSON") from None
    if not isinstance(operation, dict) or not isinstance(operation.get("query"), str):
        raise _RefusedError(400, "A query attribute must be specified and must be a string.")
    return operation["query"], operation.get("variables") or {}


def _is_authorised(request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() in {"token", "bearer"} and token.strip() not in {"", "bad"}


def _refusal(status: int, message: str) -> Response:
    return Response(status, {"message": message, "documentation_url": _DOCS, "status": str(status)})
