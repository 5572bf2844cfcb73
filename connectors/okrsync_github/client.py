"""Talks to GitHub through PyGithub: one request a call, plain dicts out, okrsync's errors only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from okrsync.errors import ConnectorError, UnexpectedResponseError
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

        *offset* is a multiple of the page size.
        """
        parameters = {"state": "all", "sort": "updated", "direction": "asc", "per_page": PAGE_SIZE}
        if since is not None:
            parameters["since"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if offset:
            parameters["page"] = offset // PAGE_SIZE + 1
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
        nodes = (answer.get("data") or {}).get("nodes") if isinstance(answer, dict) else None
        # Partial data beside errors is normal (a deleted pull request); no data at all is not.
        if nodes is None:
            raise UnexpectedResponseError("GraphQL gave no data", where=self._requester.graphql_url)
        return {node["id"]: node["headRefName"] for node in nodes if node and node.get("headRefName")}

    def _ask(self, verb: str, path: str, **arguments: Any) -> tuple[dict[str, Any], Any]:
        where = path if path.startswith("http") else f"{self.url}{path}"
        try:
            return self._requester.requestJsonAndCheck(verb, path, **arguments)
        except ConnectorError:
            raise
        except Exception as error:  # noqa: BLE001 - see below
            # PyGithub raises its own, requests' and plain errors (AssertionError, RuntimeError, TypeError), some with
            # headers in them: only their kind is told.
            raise UnexpectedResponseError(f"could not be understood ({type(error).__name__})", where=where) from None


def _mount(requester: Any, adapter: GuardedAdapter) -> None:
    """Put *adapter* into PyGithub's session, which it opens lazily and offers no public way to reach."""
    connection = requester._Requester__createConnection()  # noqa: SLF001
    connection.session.mount("https://", adapter)
    connection.session.mount("http://", adapter)
