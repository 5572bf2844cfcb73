"""Talks to GitHub through PyGithub: one request a call, plain dicts out, okrsync's errors only."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from okrsync.errors import ConnectorError, NotFoundError, RateLimitedError, UnexpectedResponseError, UnreachableError
from okrsync.plugins.context import Context
from okrsync_github.settings import GithubSettings

if TYPE_CHECKING:
    from okrsync.plugins.http import GuardedAdapter

PAGE_SIZE = 100
# What GraphQL says, with status 200, when a query was more than it could do in its time.
_TOO_MUCH = ("something went wrong", "timeout", "timed out", "took too long")
_TOO_MUCH_TYPES = {"MAX_NODE_LIMIT_EXCEEDED", "RESOURCE_LIMITS_EXCEEDED", "TIMEOUT"}


class TooMuchError(UnreachableError):
    """GraphQL could not do this much at once; half of it may work."""


class RefusedQueryError(UnexpectedResponseError):
    """GraphQL refuses the query as a whole: a field it does not know, or one that this token may not ask for."""


@dataclass(frozen=True, slots=True)
class GraphqlAnswer:
    """*data* and the *errors* that may stand beside it: partial data is normal."""

    data: Mapping[str, Any]
    errors: tuple[Mapping[str, Any], ...]

    @property
    def was_too_much(self) -> bool:
        """Whether a part is missing because it took too long."""
        return any(_is_too_much(error) for error in self.errors)


class GithubClient:
    """One connection to one GitHub; not for use by several threads."""

    def __init__(self, settings: GithubSettings, context: Context) -> None:
        # Imported here: reading a configuration or printing help must not pay for it.
        from github import Auth  # noqa: PLC0415

        from okrsync.plugins.http import GuardedAdapter  # noqa: PLC0415

        # Its logger prints addresses, headers and bodies, an installation's token among them.
        logging.getLogger("github").setLevel(logging.CRITICAL)
        self.url = settings.url
        self._adapter = GuardedAdapter(
            settings.url,
            context,
            reading_posts=("/graphql", "/access_tokens"),
            ca=str(context.folder / settings.ca) if settings.ca else None,
            proxy=settings.proxy or None,
        )
        if settings.app is None:
            auth: Any = Auth.Token(settings.token.resolve(context.folder).get_secret_value())
        else:
            auth = self._installation_auth(settings, context)
        self._requester = self._requester_with(auth)

    def _installation_auth(self, settings: GithubSettings, context: Context) -> Any:
        from okrsync_github import app  # noqa: PLC0415 - imports the library

        if settings.app is None:
            raise AssertionError("only asked for where there is an app")
        key = app.private_key(settings.token, context.folder)
        as_app = self._requester_with(app.app_auth(settings.app, key))
        return app.InstallationAuth(settings.app, lambda path: self._ask("POST", path, requester=as_app)[1], context)

    def _requester_with(self, auth: Any) -> Any:
        from github import Github  # noqa: PLC0415 - as above

        # No pause between requests and no retry of its own: waiting is the adapter's, in one place.
        github = Github(
            auth=auth,
            base_url=self.url,
            lazy=True,
            per_page=PAGE_SIZE,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        _mount(github.requester, self._adapter)
        return github.requester

    @property
    def server_time(self) -> datetime | None:
        """GitHub's clock at its last answer."""
        return self._adapter.server_time

    def issues(self, repository: str, since: datetime | None, offset: int) -> tuple[list[dict[str, Any]], bool]:
        """
        One page of issues and pull requests, ascending by update from *since*; and whether there is more.

        GitHub counts in pages: an *offset* inside one, after a page that came short, means the one behind it.
        """
        parameters: dict[str, Any] = {"state": "all", "sort": "updated", "direction": "asc"}
        if since is not None:
            parameters["since"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self.page(f"/repos/{repository}/issues", -(-offset // PAGE_SIZE) + 1, **parameters)

    def page(self, path: str, number: int = 1, **parameters: Any) -> tuple[list[dict[str, Any]], bool]:
        """Page *number* (from 1) of the list at *path*, and whether there is more."""
        asked = {**parameters, "per_page": PAGE_SIZE} | ({"page": number} if number > 1 else {})
        headers, found = self._ask("GET", path, parameters=asked)
        if not isinstance(found, list):
            raise UnexpectedResponseError("a list that is no list", where=f"{self.url}{path}")
        return found, 'rel="next"' in headers.get("link", "")

    def look(self, path: str) -> tuple[dict[str, str], Mapping[str, Any]]:
        """The headers (in small letters) and the object at *path*."""
        headers, found = self._ask("GET", path)
        if not isinstance(found, dict):
            raise UnexpectedResponseError("an answer that is no object", where=f"{self.url}{path}")
        return headers, found

    def is_answering(self) -> bool:
        """
        Whether the server answers a small question, where it left a large one without an answer.

        It tells a query that is too much from a server that is down; and the transport, which stops asking after
        several requests without an answer, learns from it as well.
        """
        try:
            self.look("/meta")
        except UnreachableError:
            return False
        except ConnectorError:  # a refusal is an answer
            return True
        return True

    def graphql(self, query: str, **variables: Any) -> GraphqlAnswer:
        """
        The answer to *query*.

        Raises:
            RateLimitedError: as GraphQL says it, with status 200.
            TooMuchError: it took too long.
            RefusedQueryError: there is no data, and it says why.
        """
        where = self._requester.graphql_url
        answer = self._ask("POST", where, input={"query": query, "variables": variables})[1]
        errors = _errors(answer)
        if any(error.get("type") == "RATE_LIMITED" for error in errors):
            raise RateLimitedError("GraphQL rate limit used up", where=where)
        data = answer.get("data") if isinstance(answer, dict) else None
        if isinstance(data, dict) and any(part is not None for part in data.values()):
            return GraphqlAnswer(data, errors)
        if any(_is_too_much(error) for error in errors):
            raise TooMuchError("GraphQL took too long", where=where, next_step="try again later")
        if any(error.get("type") == "NOT_FOUND" for error in errors):
            raise NotFoundError("not found, or hidden from this token", where=where, next_step="check name and rights")
        if errors:
            raise RefusedQueryError("GraphQL gave no data", where=where, next_step="check the rights of the token")
        raise UnexpectedResponseError("GraphQL gave no data", where=where)

    def _ask(self, verb: str, path: str, requester: Any = None, **arguments: Any) -> tuple[dict[str, Any], Any]:
        where = path if path.startswith("http") else f"{self.url}{path}"
        try:
            answer: tuple[dict[str, Any], Any] = (requester or self._requester).requestJsonAndCheck(
                verb, path, **arguments
            )
            return answer  # noqa: TRY300 - the only way out of the try without an error
        except ConnectorError:
            raise
        except Exception as error:  # noqa: BLE001 - see below
            kind = type(error).__name__
        # PyGithub raises its own, requests' and plain errors (AssertionError, RuntimeError, TypeError), some with
        # headers in them: only their kind is told, and raised out here they are no context either.
        raise UnexpectedResponseError(f"could not be understood ({kind})", where=where)


def _errors(answer: Any) -> tuple[Mapping[str, Any], ...]:
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return tuple(error for error in errors if isinstance(error, dict)) if isinstance(errors, list) else ()


def _is_too_much(error: Mapping[str, Any]) -> bool:
    message = str(error.get("message") or "").casefold()
    return error.get("type") in _TOO_MUCH_TYPES or any(words in message for words in _TOO_MUCH)


def _mount(requester: Any, adapter: GuardedAdapter) -> None:
    """Put *adapter* into PyGithub's session, which it opens lazily and offers no public way to reach."""
    from okrsync.plugins.http import guard_session  # noqa: PLC0415 - as above

    connection = requester._Requester__createConnection()  # noqa: SLF001
    guard_session(connection.session, adapter)
