"""Talks to GitHub through PyGithub: one request a call, plain dicts out, okrsync's errors only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from okrsync.errors import ConnectorError, RateLimitedError, UnexpectedResponseError
from okrsync.plugins.context import Context
from okrsync.plugins.http import GuardedAdapter

PAGE_SIZE = 100
_BRANCHES = "query PullRequestBranches($ids: [ID!]!) { nodes(ids: $ids) { ... on PullRequest { id headRefName } } }"


class GithubClient:
    """One connection to one GitHub; not for use by several threads."""

    def __init__(self, url: str, token: SecretStr, context: Context) -> None:
        # Imported here: reading a configuration or printing help must not pay for it.
        from github import Auth, Github  # noqa: PLC0415

        self.url = url
        self._adapter = GuardedAdapter(url, context, reading_posts=("/graphql",))
        # No pause between requests and no retry of its own: waiting is the adapter's, in one place.
        github = Github(
            auth=Auth.Token(token.get_secret_value()),
            base_url=url,
            lazy=True,
            per_page=PAGE_SIZE,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        self._requester = github.requester
        _mount(self._requester, self._adapter)

    @property
    def server_time(self) -> datetime | None:
        """GitHub's clock at its last answer."""
        return self._adapter.server_time

    def issues(self, repository: str, since: datetime | None, offset: int) -> tuple[list[dict[str, Any]], bool]:
        """
        One page of issues and pull requests, ascending by update from *since*; and whether there is more.

        GitHub counts in pages: an *offset* inside one, after a page that came short, means the one behind it.
        """
        parameters = {"state": "all", "sort": "updated", "direction": "asc", "per_page": PAGE_SIZE}
        if since is not None:
            parameters["since"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if offset:
            parameters["page"] = -(-offset // PAGE_SIZE) + 1
        path = f"/repos/{repository}/issues"
        headers, found = self._ask("GET", path, parameters=parameters)
        if not isinstance(found, list):
            raise UnexpectedResponseError("an issue list that is no list", where=f"{self.url}{path}")
        return found, 'rel="next"' in headers.get("link", "")

    def branches(self, node_ids: Sequence[str]) -> dict[str, str]:
        """Head branch by node id of pull requests; one that is gone or hidden is left out."""
        answer = self._ask(
            "POST", self._requester.graphql_url, input={"query": _BRANCHES, "variables": {"ids": list(node_ids)}}
        )[1]
        if _is_limited(answer):
            raise RateLimitedError("GraphQL rate limit used up", where=self._requester.graphql_url)
        data = answer.get("data") if isinstance(answer, dict) else None
        nodes = data.get("nodes") if isinstance(data, dict) else None
        # Partial data beside errors is normal (a deleted pull request); no data at all is not.
        if not isinstance(nodes, list):
            raise UnexpectedResponseError("GraphQL gave no data", where=self._requester.graphql_url)
        return {node["id"]: node["headRefName"] for node in nodes if node and node.get("headRefName")}

    def _ask(self, verb: str, path: str, **arguments: Any) -> tuple[dict[str, Any], Any]:
        where = path if path.startswith("http") else f"{self.url}{path}"
        try:
            return self._requester.requestJsonAndCheck(verb, path, **arguments)
        except ConnectorError:
            raise
        except Exception as error:  # noqa: BLE001 - see below
            kind = type(error).__name__
        # PyGithub raises its own, requests' and plain errors (AssertionError, RuntimeError, TypeError), some with
        # headers in them: only their kind is told, and raised out here they are no context either.
        raise UnexpectedResponseError(f"could not be understood ({kind})", where=where)


def _is_limited(answer: Any) -> bool:
    # GraphQL says so with status 200.
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return isinstance(errors, list) and any(
        isinstance(error, dict) and error.get("type") == "RATE_LIMITED" for error in errors
    )


def _mount(requester: Any, adapter: GuardedAdapter) -> None:
    """Put *adapter* into PyGithub's session, which it opens lazily and offers no public way to reach."""
    connection = requester._Requester__createConnection()  # noqa: SLF001
    connection.session.mount("https://", adapter)
    connection.session.mount("http://", adapter)
