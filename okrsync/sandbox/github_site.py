"""
A GitHub site made of a shelf of raw objects: the REST paths that a backlog is read with.

Apart from the server, so that a test can also ask it directly; it answers as GitHub does, refusals included.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

from okrsync.sandbox.github_graphql import GithubGraphql
from okrsync.sandbox.github_state import Shelf, github_time, moved_to
from okrsync.sandbox.http import Clock, Request, Response, utc_now
from okrsync.sandbox.tracker_data import GithubData, RawObject

__all__ = ["MAX_PAGED_ROWS", "GithubSite", "github_time"]

MAX_PAGED_ROWS = 10_000
"""GitHub refuses page numbers that reach beyond this row."""

_PER_PAGE_DEFAULT, _PER_PAGE_MOST = 30, 100
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
_LIMIT = 5000
_Test: TypeAlias = Callable[[RawObject], bool]


class GithubSite:
    """
    Serves *data* as GitHub would; the site owns the shelves from then on: change them by its methods.

    Any token is accepted except an empty one and ``bad``; *scopes* is what every answer says of a classic token
    (``None``: it is a fine-grained one, or an App's).
    """

    def __init__(self, data: GithubData, *, clock: Clock = utc_now) -> None:
        self.scopes: str | None = None
        self._clock = clock
        self._shelves = {each.full_name.lower(): Shelf(each) for each in data.repositories}
        self._projects = {(each.owner.lower(), each.number): each for each in data.projects}
        self._graphql = GithubGraphql(self._shelves, self._projects)
        self._tokens = 0

    def handle(self, request: Request) -> Response:
        """Return GitHub's answer to *request*."""
        if not _is_authorised(request):
            return _refusal(401, "Bad credentials")
        try:
            answer = self._route(request)
        except _RefusedError as refused:
            answer = _refusal(refused.status, refused.message)
        return replace(answer, headers={**self._headers(), **answer.headers})

    def edit(
        self,
        full_name: str,
        number: int,
        at: datetime,
        *,
        event: RawObject | None = None,
        derive: bool = True,
        **changes: Any,
    ) -> None:
        """
        Change fields of one issue or pull request and set its ``updated_at`` to *at*, which must be aware.

        Its timeline gets *event* and, with *derive*, what GitHub would tell of a changed state, label, milestone or
        parent.

        Raises:
            KeyError: there is no such repository or number.
        """
        changes |= {"updated_at": github_time(at)}
        told = [] if event is None else [{"createdAt": github_time(at)} | event]
        self._shelves[full_name.lower()].edit(number, changes, told, derive=derive)

    def add(self, full_name: str, raw: RawObject) -> None:
        """
        Put one more raw issue or pull request into a repository.

        Raises:
            KeyError: there is no such repository.
            ValueError: its number is taken.
        """
        self._shelves[full_name.lower()].add(raw)

    def delete(self, full_name: str, number: int) -> None:
        """Delete an issue: lists leave it out, and its own address says 410."""
        shelf = self._shelves[full_name.lower()]
        shelf.take(number)
        shelf.deleted.add(number)

    def hide(self, full_name: str, number: int) -> None:
        """Take an item from sight: lists leave it out, and its own address says 404."""
        self._shelves[full_name.lower()].take(number)

    def transfer(self, full_name: str, number: int, to: str, new_number: int, at: datetime) -> None:
        """Transfer an issue: it gets another id and number, and its old address leads to the new one."""
        origin = self._shelves[full_name.lower()]
        raw, timeline = origin.take(number)
        target = self._shelves[to.lower()]
        told = {
            "__typename": "TransferredEvent",
            "id": f"TE_{raw['node_id']}_{len(timeline)}",
            "createdAt": github_time(at),
            "fromRepository": {"nameWithOwner": origin.full_name},
        }
        target.add(moved_to(target.full_name, new_number, raw, github_time(at)), [*timeline, told])
        origin.moved[number] = (target.full_name, new_number)

    def edit_project(self, owner: str, number: int, key: str, at: datetime, **changes: Any) -> None:
        """
        Change (or put) the item *key* on a project: ``values``, ``isArchived``; the issue's own update stays.

        Raises:
            KeyError: there is no such project.
        """
        project = self._projects[owner.lower(), number]
        project.items[key] = project.items.get(key, {}) | changes | {"updatedAt": github_time(at)}
        project.updated_at = max(project.updated_at, github_time(at))

    def _headers(self) -> dict[str, str]:
        core = self._rate_limit()["rate"]
        told = {f"X-RateLimit-{name.title()}": str(core[name]) for name in ("limit", "remaining", "used", "reset")}
        return told if self.scopes is None else told | {"X-OAuth-Scopes": self.scopes}

    def _route(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        match request.method, parts:
            case "GET", ["user" | "meta" | "rate_limit" as name]:
                return Response(200, self._of_the_site(name))
            case "GET", ["orgs" | "users", owner, "repos"]:
                return self._repositories(request, owner)
            case "GET", ["repos", owner, name, *below]:
                return self._in_repository(request, self._shelf(owner, name), below)
            case "POST", ["app", "installations", number, "access_tokens"] if number.isdecimal():
                return self._access_token(number)
            case "POST", ["graphql"]:
                return _graphql_answer(self._graphql, request)
        raise _RefusedError(404, "Not Found")

    def _in_repository(self, request: Request, shelf: Shelf, below: list[str]) -> Response:
        lead = _Lead(request.base_url, shelf.full_name, self._shelves)
        match below:
            case []:
                return Response(200, shelf.description(lead.repository))
            case ["issues"]:
                return _page(request, _select(shelf, request), lead)
            case ["milestones"]:
                return _page(request, _milestones(shelf, request), lead)
            case ["releases"]:
                return _page(request, shelf.repository.releases, lead)
            case ["issues", number]:
                return self._issue(shelf, number, lead)
            case ["pulls", number]:
                return Response(200, _pull_request(shelf, number, lead.repository))
        raise _RefusedError(404, "Not Found")

    def _issue(self, shelf: Shelf, number: str, lead: _Lead) -> Response:
        if number.isdecimal() and int(number) in shelf.moved:
            to, new = shelf.moved[int(number)]
            location = f"{lead.base_url}/repos/{to}/issues/{new}"
            return Response(301, {"message": "Moved Permanently", "url": location}, {"Location": location})
        return Response(200, lead.addressed(_issue(shelf, number)))

    def _repositories(self, request: Request, owner: str) -> Response:
        shelves = self._owned(owner)
        if not shelves:
            raise _RefusedError(404, "Not Found")
        lead = _Lead(request.base_url, shelves[0].full_name, self._shelves)
        return _page(
            request, [shelf.description(f"{lead.base_url}/repos/{shelf.full_name}") for shelf in shelves], lead
        )

    def _access_token(self, installation: str) -> Response:
        self._tokens += 1
        expires = github_time(self._clock() + timedelta(hours=1))
        token = f"ghs_installation{installation}number{self._tokens}"
        return Response(201, {"token": token, "expires_at": expires, "permissions": {"issues": "read"}})

    def _shelf(self, owner: str, name: str) -> Shelf:
        shelf = self._shelves.get(f"{owner}/{name}".lower())
        if shelf is None:
            raise _RefusedError(404, "Not Found")
        return shelf

    def _of_the_site(self, name: str) -> RawObject:
        if name == "rate_limit":
            return self._rate_limit()
        if name == "meta":
            return {"verifiable_password_authentication": True}
        return {"login": "sandbox", "id": 1, "node_id": "U_1", "type": "User", "name": "Sandbox"}

    def _rate_limit(self) -> RawObject:
        reset = int((self._clock() + timedelta(hours=1)).timestamp())
        core = {"limit": _LIMIT, "used": 0, "remaining": _LIMIT, "reset": reset}
        return {"resources": {"core": core, "graphql": core | {"resource": "graphql"}}, "rate": core}

    def _owned(self, owner: str) -> list[Shelf]:
        return [shelf for shelf in self._shelves.values() if shelf.full_name.lower().startswith(f"{owner.lower()}/")]


class _RefusedError(Exception):
    """The request gets an error answer; *status* and *message* are GitHub's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def _select(shelf: Shelf, request: Request) -> Sequence[RawObject]:
    """Return the objects that the list's parameters ask for, in their order."""
    index = shelf.index
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


def _milestones(shelf: Shelf, request: Request) -> list[RawObject]:
    state = request.argument("state", "open")
    return [each for each in shelf.repository.milestones if state in {"all", each["state"]}]


def _issue(shelf: Shelf, number: str) -> RawObject:
    raw = shelf.index.by_number.get(int(number)) if number.isdecimal() else None
    if raw is None and number.isdecimal() and int(number) in shelf.deleted:
        raise _RefusedError(410, "This issue was deleted")
    if raw is None:
        raise _RefusedError(404, "Not Found")
    return raw


def _pull_request(shelf: Shelf, number: str, api_address: str) -> RawObject:
    raw = _issue(shelf, number)
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
        "head": {"ref": shelf.branch(raw)},
    }


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


def _graphql_answer(graphql: GithubGraphql, request: Request) -> Response:
    try:
        operation = request.json()
    except ValueError:
        raise _RefusedError(400, "Problems parsing JSON") from None
    if not isinstance(operation, dict) or not isinstance(operation.get("query"), str):
        raise _RefusedError(400, "A query attribute must be specified and must be a string.")
    return Response(200, graphql.answer(operation["query"], operation.get("variables") or {}))


def _is_authorised(request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() in {"token", "bearer"} and token.strip() not in {"", "bad"}


def _refusal(status: int, message: str) -> Response:
    return Response(status, {"message": message, "documentation_url": _DOCS, "status": str(status)})
