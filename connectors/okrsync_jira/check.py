"""What ``okrsync doctor`` looks at: reach, account, rights, clock, fields and boards of one Jira source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from okrsync.errors import ConnectorError
from okrsync.plugins.connector import CheckLine, FieldMap
from okrsync.plugins.context import Context
from okrsync_jira.boards import Board
from okrsync_jira.client import JiraClient
from okrsync_jira.normalise import SIZE_ROLE, size_fields
from okrsync_jira.settings import JiraSettings

_MOST_SKEW_SECONDS = 60.0
_READS, _ADMINISTERS = "BROWSE_PROJECTS", "ADMINISTER"


class ConnectionCheck:
    """Looks at one source; what is wrong is a line, never an error."""

    def __init__(self, client: JiraClient, settings: JiraSettings, context: Context) -> None:
        self._client = client
        self._settings = settings
        self._context = context

    def lines(
        self, discover: Callable[[], FieldMap], boards: Callable[[], Sequence[Board]], first_page: Callable[[], int]
    ) -> Iterator[CheckLine]:
        """One line for each thing that was looked at; what stands behind a failed reach is not asked."""
        reached = self._reach()
        yield reached
        if reached.level == "fail":
            return
        yield self._clock()
        account = self._tried("account", self._account)
        yield account
        if account.level == "fail":
            return
        yield self._tried("rights", self._rights)
        yield from self._scope(first_page)
        yield from self._fields(discover)
        yield self._tried("boards", lambda: _boards(boards()))

    def _reach(self) -> CheckLine:
        def look() -> CheckLine:
            told = self._client.server_info()
            kind = "Cloud" if self._client.is_cloud else "Data Center"
            return CheckLine("ok", f"{self._client.url} is Jira {kind} {told.get('version', '')}".rstrip())

        return self._tried(f"{self._client.url} as a Jira site", look)

    def _account(self) -> CheckLine:
        self._client.myself()
        return CheckLine("ok", "the token is accepted")

    def _clock(self) -> CheckLine:
        told = self._client.server_time
        if told is None:
            return CheckLine("warn", "the site tells no time", "check the proxy: it takes the Date header away")
        skew = abs((told - self._context.clock()).total_seconds())
        if skew > _MOST_SKEW_SECONDS:
            return CheckLine(
                "warn", f"this clock and the site's are {skew:.0f} seconds apart", "set this machine's clock by NTP"
            )
        return CheckLine("ok", "this clock and the site's agree")

    def _rights(self) -> CheckLine:
        held = self._client.permissions((_ADMINISTERS, _READS))
        if not held[_READS]:
            return CheckLine("fail", "the account may read no project", "give it the right to browse projects")
        if held[_ADMINISTERS]:
            return CheckLine(
                "warn", "the account may administer the site", "use an account that may only browse these projects"
            )
        return CheckLine("ok", "the account may browse projects and does not administer the site")

    def _scope(self, first_page: Callable[[], int]) -> Iterator[CheckLine]:
        for key in dict.fromkeys(key.upper() for key in self._settings.projects):
            yield self._tried(f"project {key}", partial(self._project, key))
        if not self._settings.projects:
            what = f"board {self._settings.board}" if self._settings.board else "the query"
            yield self._tried(what, lambda: _found(what, first_page()))

    def _project(self, key: str) -> CheckLine:
        return CheckLine("ok", f"project {self._client.project(key)['key']} is there")

    def _fields(self, discover: Callable[[], FieldMap]) -> Iterator[CheckLine]:
        try:
            fields = discover()
        except ConnectorError as error:
            yield _failure("fields", error)
            return
        for role, name in (("sprint", "sprints"), ("epic", "epic links")):
            ids = ", ".join(fields.roles.get(role, ()))
            yield CheckLine("ok", f"field of {name}: {ids}" if ids else f"the site has no field of {name}")
        yield self._size(fields)

    def _size(self, fields: FieldMap) -> CheckLine:
        mapping = fields.mapping
        advice = f"write work: size: {self._settings.name}: field: customfield_... into okrsync.yaml"
        if mapping.count_items:
            return CheckLine("ok", "size: every item counts as one")
        if mapping.size_field:
            return CheckLine("ok", f"size: {mapping.size_field}, as configured")
        for role, ids in fields.roles.items():
            if role.startswith(SIZE_ROLE) and len(ids) > 1:
                project = role.removeprefix(SIZE_ROLE)
                return CheckLine("warn", f"boards of {project} estimate in {' and '.join(ids)}", advice)
        ids = size_fields(fields)
        if not ids:
            return CheckLine("warn", "no field holds a size", advice)
        if not any(role.startswith(SIZE_ROLE) for role in fields.roles) and len(ids) > 1:
            return CheckLine("warn", f"size may be any of {' and '.join(ids)}", advice)
        return CheckLine("ok", f"size: {', '.join(ids)}")

    def _tried(self, what: str, look: Callable[[], CheckLine]) -> CheckLine:
        try:
            return look()
        except ConnectorError as error:
            return _failure(what, error)
        except (KeyError, TypeError, AttributeError, ValueError):
            return CheckLine("fail", f"{what}: an answer of the wrong shape", "check that the url is the tracker's own")


def _failure(what: str, error: ConnectorError) -> CheckLine:
    return CheckLine("fail", f"{what}: {error.what}", error.next_step or "try again later")


def _found(what: str, number: int) -> CheckLine:
    if number:
        return CheckLine("ok", f"{what} finds issues")
    return CheckLine("warn", f"{what} finds nothing", "check it in Jira, signed in as this account")


def _boards(boards: Sequence[Board]) -> CheckLine:
    scrum = sum(board.has_sprints for board in boards)
    return CheckLine("ok", f"boards with sprints: {scrum}" if scrum else "no board with sprints: no sprint dates")
