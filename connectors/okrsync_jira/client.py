"""Talks to Jira through the ``jira`` library: one request a call, plain dicts out, okrsync's errors only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import SecretStr

from okrsync.errors import ConnectorError, UnexpectedResponseError
from okrsync.plugins.context import Context
from okrsync.plugins.http import GuardedAdapter

CLOUD_PAGE_SIZE = 100
DATA_CENTER_PAGE_SIZE = 1000
Answer = TypeVar("Answer")


class JiraClient:
    """
    One connection to one Jira site; not for use by several threads.

    Opening it asks the site what it is (one request).
    """

    def __init__(self, url: str, user: str, token: SecretStr, context: Context) -> None:
        # Imported here: reading a configuration or printing help must not pay for it.
        from jira import JIRA  # noqa: PLC0415

        self.url = url
        self._adapter = GuardedAdapter(url, context)
        secret = token.get_secret_value()
        credentials: dict[str, Any] = {"basic_auth": (user, secret)} if user else {"token_auth": secret}
        # The constructor would send its first request before the guarded adapter is in place: so it sends none.
        # Its logger prints bodies and headers: it stays silent.
        self._jira: Any = JIRA(
            server=url, get_server_info=False, max_retries=0, timeout=30.0, logging=False, **credentials
        )
        self._jira._session.mount("https://", self._adapter)  # noqa: SLF001 - there is no public way to its session
        self._jira._session.mount("http://", self._adapter)  # noqa: SLF001
        self.is_cloud = self._learn_kind()

    @property
    def server_time(self) -> datetime | None:
        """Jira's clock at its last answer."""
        return self._adapter.server_time

    def fields(self) -> list[dict[str, Any]]:
        """The site's field catalogue."""
        catalogue = self._ask("field", self._jira.fields)
        if not isinstance(catalogue, list) or not all(isinstance(field, dict) and "id" in field for field in catalogue):
            raise UnexpectedResponseError("a field catalogue of the wrong shape", where=f"{self.url}/field")
        # Left to itself the library asks for the catalogue again and renames requested fields by it; ids need neither.
        self._jira._fields_cache_value = {"id": "id"}  # noqa: SLF001
        return catalogue

    def search_page(
        self, jql: str, fields: Sequence[str], token: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """One page of a Cloud search, and the token of the next one (``None`` on the last)."""

        def search() -> Any:
            return self._jira.enhanced_search_issues(
                jql, nextPageToken=token, maxResults=CLOUD_PAGE_SIZE, fields=list(fields), json_result=True
            )

        answer = self._ask("search/jql", search)
        issues = _issues(answer, f"{self.url}/search/jql")
        following = answer.get("nextPageToken")
        if answer.get("isLast") and following:
            following = None
        if not following and answer.get("isLast") is False:
            raise UnexpectedResponseError(
                "a page that is not the last, without a token", where=f"{self.url}/search/jql"
            )
        if following and not issues:
            raise UnexpectedResponseError("an empty page that says there is more", where=f"{self.url}/search/jql")
        if following and following == token:
            raise UnexpectedResponseError("the same page token twice", where=f"{self.url}/search/jql")
        return issues, following

    def search_from(self, jql: str, fields: Sequence[str], start: int) -> tuple[list[dict[str, Any]], bool]:
        """One page of a Data Center search from position *start*, and whether there is more."""

        def search() -> Any:
            return self._jira.search_issues(
                jql, startAt=start, maxResults=DATA_CENTER_PAGE_SIZE, fields=list(fields), json_result=True
            )

        answer = self._ask("search", search)
        issues = _issues(answer, f"{self.url}/search")
        total = answer.get("total")
        if not isinstance(total, int) or isinstance(total, bool):
            raise UnexpectedResponseError("a search answer without total", where=f"{self.url}/search")
        return issues, start + len(issues) < total

    def _learn_kind(self) -> bool:
        information = self._ask("serverInfo", self._jira.server_info)
        try:
            kind = information["deploymentType"]
            self._jira._version = tuple(information["versionNumbers"])  # noqa: SLF001
        except (KeyError, TypeError):
            raise UnexpectedResponseError(
                "serverInfo names no deployment type", where=self.url, next_step="check that this is a Jira site"
            ) from None
        self._jira.deploymentType = kind
        if kind == "Cloud":
            # Version 3 gives descriptions as documents, version 2 as wiki text; never both in one store.
            self._jira._options["rest_api_version"] = "3"  # noqa: SLF001
        return bool(kind == "Cloud")

    def _ask(self, what: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except ConnectorError:
            raise
        except Exception as error:  # noqa: BLE001 - see below
            kind = type(error).__name__
        # The library raises its own, requests' and plain errors, some with headers in them: only their kind is told,
        # and raised out here they are no context either.
        raise UnexpectedResponseError(f"could not be understood ({kind})", where=f"{self.url}/{what}")


def _issues(answer: Any, where: str) -> list[dict[str, Any]]:
    issues = answer.get("issues") if isinstance(answer, dict) else None
    if not isinstance(issues, list):
        # The library also answers None, without an error, where it takes the site for the other kind.
        raise UnexpectedResponseError("a search answer without issues", where=where)
    return issues


def epoch_milliseconds(moment: datetime) -> int:
    """*moment* as JQL takes it without a time zone: Jira reads quoted dates in the account's zone."""
    return int(moment.astimezone(UTC).timestamp() * 1000)
