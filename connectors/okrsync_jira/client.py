"""Talks to Jira through the ``jira`` library: one request a call, plain dicts out, okrsync's errors only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from okrsync.errors import AuthenticationError, ConnectorError, UnexpectedResponseError
from okrsync.plugins.context import Context
from okrsync_jira.settings import JiraSettings

CLOUD_PAGE_SIZE, CLOUD_IDS_PAGE_SIZE = 100, 5000
DATA_CENTER_PAGE_SIZE = 1000
BULK_ISSUES, BULK_FIELDS = 1000, 10
_BULK_ENTRIES = 1000
_AGILE_PAGE_SIZE = 50
_REMEMBERED = "kind"
Answer = TypeVar("Answer")
Raw = dict[str, Any]


class JiraClient:
    """
    One connection to one Jira site; not for use by several threads.

    The first request of all asks the site what it is; later runs remember that.
    """

    def __init__(self, settings: JiraSettings, context: Context) -> None:
        # Imported here: reading a configuration or printing help must not pay for it.
        from jira import JIRA  # noqa: PLC0415

        from okrsync.plugins.http import GuardedAdapter, guard_session  # noqa: PLC0415

        self.url = url = settings.url
        self._context = context
        self._adapter = GuardedAdapter(
            url,
            context,
            reading_posts=("/changelog/bulkfetch",),  # it reads; a search is asked by GET alone
            ca=str(context.folder / settings.ca) if settings.ca else None,
            proxy=settings.proxy or None,
        )
        secret = settings.token.resolve(context.folder).get_secret_value()
        user = settings.user
        credentials: dict[str, Any] = {"basic_auth": (user, secret)} if user else {"token_auth": secret}
        # The constructor would send its first request before the guarded adapter is in place: so it sends none.
        # Its logger prints bodies and headers: it stays silent, whatever level others set.
        logging.getLogger("jira").setLevel(logging.CRITICAL)
        self._jira: Any = JIRA(
            server=url, get_server_info=False, max_retries=0, timeout=30.0, logging=False, **credentials
        )
        guard_session(self._jira._session, self._adapter)  # noqa: SLF001 - there is no public way to its session
        # Left to itself the library asks for the catalogue again and renames requested fields by it; ids need neither.
        self._jira._fields_cache_value = {"id": "id"}  # noqa: SLF001
        self._kind: str | None = None
        self._was_asked = False
        self._page_size = DATA_CENTER_PAGE_SIZE

    @property
    def is_cloud(self) -> bool:
        """Whether the site is Jira Cloud; asks it, where no earlier run did."""
        if self._kind is None:
            self._take_kind(self._remembered_kind() or self._asked_kind())
        return self._kind == "Cloud"

    @property
    def server_time(self) -> datetime | None:
        """Jira's clock at its last answer."""
        return self._adapter.server_time

    def learn_kind_again(self) -> bool:
        """Ask the site what it is, where that was only remembered; whether it is something else now."""
        if self._was_asked:
            return False
        before = self._kind
        self._take_kind(self._asked_kind())
        return self._kind != before

    def server_info(self) -> Raw:
        """What the site says of its kind, version and time."""
        return _object(self._ask("serverInfo", self._jira.server_info), f"{self.url}/serverInfo")

    def fields(self) -> list[Raw]:
        """The site's field catalogue."""
        return self._listed("field", "a field catalogue of the wrong shape")

    def statuses(self) -> list[Raw]:
        """All statuses of the site, each with its category."""
        return self._listed("status", "a list of statuses of the wrong shape")

    def myself(self) -> Raw:
        """The account; it holds a person's name."""
        return self._get("myself")

    def permissions(self, names: Sequence[str]) -> dict[str, bool]:
        """Which of the rights *names* the account has."""
        held = self._get("mypermissions", {"permissions": ",".join(names)}).get("permissions") or {}
        return {name: bool((held.get(name) or {}).get("havePermission")) for name in names}

    def project(self, key: str) -> Raw:
        """One project."""
        return self._get(f"project/{key}")

    def filter_query(self, number: str) -> str:
        """The JQL of a saved filter."""
        query = self._get(f"filter/{number}").get("jql")
        if not isinstance(query, str):
            raise UnexpectedResponseError("a filter without a query", where=f"{self.url}/filter/{number}")
        return query

    def issue(self, number: str, *, changelog: bool = False) -> Raw:
        """One issue by id, without its fields."""
        return self._get(f"issue/{number}", {"fields": "id"} | ({"expand": "changelog"} if changelog else {}))

    def issue_changelog(self, number: str, start: int) -> Raw:
        """One page of the history of one issue, oldest first: ``values`` and ``total``."""
        answer = self._get(f"issue/{number}/changelog", {"startAt": start, "maxResults": 100})
        if not isinstance(answer.get("values"), list) or not isinstance(answer.get("total"), int):
            raise UnexpectedResponseError("a history of the wrong shape", where=f"{self.url}/issue/{number}/changelog")
        return answer

    def bulk_changelogs(self, ids: Sequence[str], fields: Sequence[str], token: str | None) -> tuple[list[Raw], str]:
        """One page of the histories of up to 1000 issues on Cloud, and the token of the next one (empty: the last)."""
        body: Raw = {"issueIdsOrKeys": list(ids), "fieldIds": list(fields), "maxResults": _BULK_ENTRIES}
        if token:
            body["nextPageToken"] = token
        # The library has no call for it.
        answer = self._ask(
            "changelog/bulkfetch",
            lambda: self._jira._get_json("changelog/bulkfetch", params=body, use_post=True),  # noqa: SLF001
        )
        where = f"{self.url}/changelog/bulkfetch"
        logs = answer.get("issueChangeLogs") if isinstance(answer, dict) else None
        if not isinstance(logs, list):
            raise UnexpectedResponseError("an answer without histories", where=where)
        following = answer.get("nextPageToken") or ""
        if following and not logs:
            raise UnexpectedResponseError("an empty page that says there is more", where=where)
        return logs, str(following)

    def boards(self, project: str) -> list[Raw]:
        """All boards that show *project*."""
        return self._agile_pages("board", {"projectKeyOrId": project})

    def board(self, number: int) -> Raw:
        """One board."""
        return self._get(f"board/{number}", agile=True)

    def board_configuration(self, number: int) -> Raw:
        """What a board is made of: its filter, and how it estimates."""
        return self._get(f"board/{number}/configuration", agile=True)

    def board_sprints(self, number: int, states: str) -> list[Raw]:
        """Sprints of a board with one of *states*, separated by commas; empty: all."""
        return self._agile_pages(f"board/{number}/sprint", {"state": states} if states else {})

    def sprint(self, number: str) -> Raw:
        """One sprint."""
        return self._get(f"sprint/{number}", agile=True)

    def search_page(
        self, jql: str, fields: Sequence[str], token: str | None, size: int = CLOUD_PAGE_SIZE
    ) -> tuple[list[Raw], str | None]:
        """One page of a Cloud search, and the token of the next one (``None`` on the last)."""

        def search() -> Any:
            return self._jira.enhanced_search_issues(
                jql, nextPageToken=token, maxResults=size, fields=list(fields), json_result=True
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

    def search_from(
        self, jql: str, fields: Sequence[str], start: int, *, expand: str | None = None, validates: bool = True
    ) -> tuple[list[Raw], int]:
        """One page of a Data Center search from position *start*, and how many issues it finds in all."""

        def search() -> Any:
            return self._jira.search_issues(
                jql,
                startAt=start,
                maxResults=self._page_size,
                validate_query=validates,
                fields=[",".join(fields)],  # the library repeats the name for each, which not every server reads
                expand=expand,
                json_result=True,
            )

        answer = self._in_smaller_pages(lambda: self._ask("search", search))
        issues = _issues(answer, f"{self.url}/search")
        total = answer.get("total")
        if not isinstance(total, int) or isinstance(total, bool):
            raise UnexpectedResponseError("a search answer without total", where=f"{self.url}/search")
        if answer.get("startAt", start) != start:
            # A page that a cache repeats would be counted until the total is reached, and pass for the end.
            raise UnexpectedResponseError(
                "another page than was asked for", where=f"{self.url}/search", next_step="check the caches before it"
            )
        return issues, total

    def _in_smaller_pages(self, search: Callable[[], Answer]) -> Answer:
        """*search*, again with half the page where the answer is too large: histories make issues long."""
        while True:
            try:
                return search()
            except UnexpectedResponseError as error:
                if not error.what.startswith("an answer over") or self._page_size == 1:
                    raise
                self._page_size //= 2

    def _remembered_kind(self) -> Raw | None:
        held = self._context.memory.get(_REMEMBERED)
        return held if isinstance(held, dict) and {"type", "version"} <= held.keys() else None

    def _asked_kind(self) -> Raw:
        self._was_asked = True
        # The version that both kinds speak, whatever this one was taken for.
        self._jira._options["rest_api_version"] = "2"  # noqa: SLF001
        with self._context.requests.counted_as("setup"):
            information = self._call("serverInfo", self._jira.server_info)
        try:
            kind = {"type": str(information["deploymentType"]), "version": list(information["versionNumbers"])}
        except (KeyError, TypeError):
            raise UnexpectedResponseError(
                "serverInfo names no deployment type", where=self.url, next_step="check that this is a Jira site"
            ) from None
        self._context.memory[_REMEMBERED] = kind
        return kind

    def _take_kind(self, kind: Raw) -> None:
        self._kind = kind["type"]
        self._jira.deploymentType = self._kind
        self._jira._version = tuple(kind["version"])  # noqa: SLF001
        # Version 3 gives descriptions as documents, version 2 as wiki text; never both in one store.
        self._jira._options["rest_api_version"] = "3" if self._kind == "Cloud" else "2"  # noqa: SLF001

    def _listed(self, path: str, wrong: str) -> list[Raw]:
        entries = self._ask(path, lambda: self._jira._get_json(path))  # noqa: SLF001 - its own calls make objects of it
        if not isinstance(entries, list) or not all(isinstance(entry, dict) and "id" in entry for entry in entries):
            raise UnexpectedResponseError(wrong, where=f"{self.url}/{path}")
        return entries

    def _agile_pages(self, path: str, params: Mapping[str, str]) -> list[Raw]:
        found: list[Raw] = []
        while True:
            answer = self._get(path, {**params, "startAt": len(found), "maxResults": _AGILE_PAGE_SIZE}, agile=True)
            values = answer.get("values")
            if not isinstance(values, list) or not all(isinstance(each, dict) and "id" in each for each in values):
                raise UnexpectedResponseError("a list of the wrong shape", where=f"{self.url}/{path}")
            found += values
            if answer.get("isLast", len(values) < _AGILE_PAGE_SIZE):
                return found
            if not values:
                raise UnexpectedResponseError("an empty page that says there is more", where=f"{self.url}/{path}")

    def _get(self, path: str, params: Mapping[str, Any] | None = None, *, agile: bool = False) -> Raw:
        base = {"base": self._jira.AGILE_BASE_URL} if agile else {}
        answer = self._ask(path, lambda: self._jira._get_json(path, params=params, **base))  # noqa: SLF001 - see _listed
        return _object(answer, f"{self.url}/{path}")

    def _ask(self, what: str, call: Callable[[], Answer]) -> Answer:
        _ = self.is_cloud  # which version of the API is spoken depends on it
        return self._call(what, call)

    def _call(self, what: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except ConnectorError:
            raise
        except Exception as error:  # noqa: BLE001 - see below
            kind = type(error).__name__
        # The library raises its own, requests' and plain errors, some with headers in them: only their kind is told,
        # and raised out here they are no context either.
        raise UnexpectedResponseError(f"could not be understood ({kind})", where=f"{self.url}/{what}")


def answered(error: ConnectorError, *statuses: int) -> bool:
    """Whether *error* stands for an answer with one of *statuses*, as the guarded adapter words it."""
    return error.what.startswith(tuple(f"answered {status}" for status in statuses))


def is_forbidden(error: ConnectorError) -> bool:
    """Whether *error* stands for a missing right, and not for a token that is refused."""
    return isinstance(error, AuthenticationError) and "(403)" in error.what


def epoch_milliseconds(moment: datetime) -> int:
    """*moment* as JQL takes it without a time zone: Jira reads quoted dates in the account's zone."""
    return int(moment.astimezone(UTC).timestamp() * 1000)


def _object(answer: Any, where: str) -> Raw:
    if not isinstance(answer, dict):
        raise UnexpectedResponseError("an answer of the wrong shape", where=where)
    return answer


def _issues(answer: Any, where: str) -> list[Raw]:
    issues = answer.get("issues") if isinstance(answer, dict) else None
    if not isinstance(issues, list):
        # The library also answers None, without an error, where it takes the site for the other kind.
        raise UnexpectedResponseError("a search answer without issues", where=where)
    return issues
