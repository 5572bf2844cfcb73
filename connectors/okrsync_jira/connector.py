"""Reads issues of Jira projects, queries and boards, from Jira Cloud and Jira Data Center."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, TypeVar

from okrsync.errors import ConnectorError, NotFoundError, UnexpectedResponseError
from okrsync.model.work import Item, ItemEvent
from okrsync.plugins.connector import (
    CheckLine,
    FieldMap,
    IterationsRead,
    Missing,
    Page,
    Partition,
    RawItem,
    Resolution,
    SourceSettings,
    Stream,
)
from okrsync.plugins.context import Context
from okrsync.plugins.paging import Batch, Stamped, keyset_batches
from okrsync_jira import history, jql, normalise
from okrsync_jira.boards import Board, BoardReader, board_filter
from okrsync_jira.census import Census
from okrsync_jira.changelogs import EXPANDED, Changelogs
from okrsync_jira.check import ConnectionCheck
from okrsync_jira.client import BULK_ISSUES, JiraClient, answered
from okrsync_jira.daily_cache import Daily
from okrsync_jira.settings import JiraSettings

_MAX_PAGES = 100_000
# Rows read twice where pages are counted: as many may leave their place meanwhile, and none is lost.
_READ_TWICE = 100
_DATES, _QUOTED = "dates", "quoted"
_PROJECTS, _MOST_PROJECTS = "projects", 50
Answer = TypeVar("Answer")


class JiraConnector:
    """
    Jira, read through the ``jira`` library; the site says itself whether it is Cloud or Data Center.

    ``Context.memory`` keeps what the site is, its boards for a day, and whether its JQL takes epoch milliseconds.
    """

    api_version: ClassVar[int] = 1
    version: ClassVar[str] = "2"
    parallel: ClassVar[int] = 3
    Settings: ClassVar[type[SourceSettings]] = JiraSettings
    # Cloud's search shows a change seconds to minutes late.
    overlap_seconds: ClassVar[int] = 600
    history_batch: ClassVar[int] = BULK_ISSUES
    census_days: ClassVar[float] = 1.0

    def __init__(self, settings: JiraSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._client = JiraClient(settings, context)
        self._boards = BoardReader(self._client, settings, context)
        self._changelogs = Changelogs(self._client)
        self._filter_query: str | None = None
        self._daily_statuses = Daily(context, "statuses")

    def discover(self) -> FieldMap:
        """
        Field ids by role and statuses by id (two requests), and once a day the boards, for what they estimate in.

        Of a source that reads a board, its filter is asked for besides, and the statuses once a day only.
        """
        catalogue, statuses = self._of_right_kind(lambda: (self._client.fields(), self._statuses()))
        boards = self._boards.all(self._projects())
        if self._settings.board:
            self._filter_query = self._client.filter_query(board_filter(boards, self._settings.url))
        mapping = self._context.mapping
        fields = FieldMap(
            mapping=mapping,
            roles=self._roles(catalogue, boards),
            site=self._settings.address,
            source=self._settings.name,
            team=self._settings.team,
            statuses=statuses,
            not_delivered=tuple(sorted(normalise.NOT_DELIVERED)),
            ships_apart=bool(mapping.delivered_on == normalise.RELEASE or mapping.delivered_field),
        )
        return replace(fields, roles={**fields.roles, **history.named(catalogue, history.event_fields(fields))})

    def raw_depends_on(self, fields: FieldMap) -> Sequence[str]:
        """The fields that are asked for, and the query, be it the source's own or that of its board's filter."""
        asked = normalise.requested_fields(fields)
        if not self._settings.board:
            return (*asked, self._settings.jql) if self._settings.jql else asked
        if self._filter_query is None:
            self._filter_query = self._client.filter_query(self._filter_id())
        return (*asked, self._filter_query)

    def partitions(self) -> Iterable[Partition]:
        """One a project; a query or a board is one as a whole."""
        return jql.partitions(self._settings)

    def pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
        """Issues from *since* on, ascending by update, people and restricted issues left out."""
        since = self._settings.not_before(since)
        try:
            yield from self._pages(partition, since, fields)
        except ConnectorError as error:
            if not self._was_wrong_kind(error):
                raise
            # From the start: nothing was read by the other kind's search.
            yield from self._pages(partition, since, fields)

    def history(self, partition: Partition, raws: Sequence[RawItem], fields: FieldMap) -> Mapping[str, Any]:
        """Histories by issue id; on Data Center they came with the issues."""
        with self._context.requests.counted_as("history"):
            return self._changelogs.of([str(raw["id"]) for raw in raws], fields)

    def streams(self, fields: FieldMap) -> Iterable[Stream]:
        """One a board with sprints."""
        return [Stream(str(board.id)) for board in self._boards.all(self._projects()) if board.has_sprints]

    def iterations(self, stream: Stream, cursor: str, fields: FieldMap) -> IterationsRead:
        """The sprints of a board; *cursor* names those that were open."""
        return self._boards.sprints(int(stream.id), cursor, fields.source)

    def census(self, partition: Partition) -> Iterator[Sequence[str]]:
        """Ids of everything in scope, whatever its age."""
        takes_milliseconds = self._context.memory.get(_DATES) != _QUOTED
        lists = Census(self._client).ids(self._condition(partition), takes_milliseconds=takes_milliseconds)
        while True:
            # Not around the whole: what the caller asks between two lists is counted as its own.
            with self._context.requests.counted_as("census"):
                ids = next(lists, None)
            if ids is None:
                return
            yield ids

    def resolve(self, partition: Partition, missing: Sequence[Missing]) -> Sequence[Resolution]:
        """What became of issues that the census no longer has."""
        with self._context.requests.counted_as("census"):
            return Census(self._client).resolve(missing)

    def check(self) -> Sequence[CheckLine]:
        """Reach, clock, account, rights, scope, fields and boards."""
        check = ConnectionCheck(self._client, self._settings, self._context)
        return list(check.lines(self.discover, lambda: self._boards.all(self._projects()), self._first_page))

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        """The item that *raw* stands for."""
        return normalise.normalise(raw, fields)

    def normalise_history(self, raw: RawItem, fields: FieldMap) -> Sequence[ItemEvent]:
        """The events in ``raw["history"]``."""
        return history.normalise_history(raw, fields)

    def _statuses(self) -> dict[str, str]:
        of = [f"board/{self._settings.board}"]
        held = self._daily_statuses.held(of) if self._settings.board else None
        if isinstance(held, dict):
            return held
        statuses = normalise.statuses(self._client.statuses())
        if self._settings.board:
            self._daily_statuses.keep(of, statuses)
        return statuses

    def _roles(self, catalogue: Sequence[Mapping[str, Any]], boards: Sequence[Board]) -> dict[str, tuple[str, ...]]:
        roles = normalise.roles(catalogue)
        known = {str(field["id"]) for field in catalogue}
        of_boards = {
            role: kept
            for role, ids in self._boards.size_roles(boards).items()
            if (kept := tuple(id_ for id_ in ids if id_ in known))
        }
        if self._settings.board and of_boards:
            # The board's filter may find issues of any project: it is one team's measure all the same.
            first = [id_ for ids in of_boards.values() for id_ in ids]
            roles["size"] = tuple(dict.fromkeys([*first, *roles.get("size", ())]))
        return dict(sorted((roles | of_boards).items()))

    def _pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
        read = self._cloud_pages if self._client.is_cloud else self._data_center_pages
        for stamped in read(self._condition(partition), since, normalise.requested_fields(fields)):
            # The server's filter is not trusted: some answer with more than was asked for.
            wanted = [item for item in stamped if since is None or item.updated >= since]
            open_to_all = [item.raw for item in wanted if not normalise.is_restricted(item.raw)]
            self._note_projects(open_to_all)
            for raw in open_to_all:
                self._changelogs.put_aside(raw, fields)
            yield Page(
                raws=tuple(normalise.without_extras(raw, fields) for raw in open_to_all),
                withheld=tuple(str(item.raw["id"]) for item in wanted if normalise.is_restricted(item.raw)),
                last_updated=wanted[-1].updated if wanted else None,
                server_time=self._client.server_time,
            )

    def _cloud_pages(self, found: str, since: datetime | None, fields: Sequence[str]) -> Iterator[tuple[Stamped, ...]]:
        # Within a run the token is followed; what is stored to resume from is always a time.
        token, used = None, set[str]()
        for _ in range(_MAX_PAGES):
            raws, token = self._dated(found, since, partial(self._client.search_page, fields=fields, token=token))
            if raws:
                yield self._stamped(raws)
            if token is None:
                return
            if token in used:
                raise UnexpectedResponseError("a page token that came before", where=self._settings.url)
            used.add(token)
        raise UnexpectedResponseError(f"more than {_MAX_PAGES} pages", where=self._settings.url)

    def _data_center_pages(
        self, found: str, since: datetime | None, fields: Sequence[str]
    ) -> Iterator[tuple[Stamped, ...]]:
        places: dict[datetime | None, int] = {}

        def ask(since: datetime | None, start: int) -> tuple[tuple[Stamped, ...], int]:
            search = partial(self._client.search_from, fields=fields, start=start, expand=EXPANDED)
            raws, total = self._dated(found, since, search)
            return self._stamped(raws), total

        def fetch(since: datetime | None, offset: int) -> Batch:
            start = places.get(since, 0) + offset
            while True:
                items, total = ask(since, start)
                more = start + len(items) < total
                # A quoted date finds a day too much: that is passed over to where there is something new.
                fresh = items if not self._is_quoted else tuple(i for i in items if since is None or i.updated >= since)
                if fresh or not more or not items:
                    break
                start += max(len(items) - _READ_TWICE, len(items) // 2, 1)
            if not offset:
                places[since] = start + len(items) - len(fresh)
            return Batch(fresh, more)

        return keyset_batches(fetch, since, self._settings.url)

    @property
    def _is_quoted(self) -> bool:
        return self._context.memory.get(_DATES) == _QUOTED

    def _dated(self, found: str, since: datetime | None, ask: Callable[[str], Answer]) -> Answer:
        """*ask* with a date as this server takes it: some refuse what all others take, and that is remembered."""
        try:
            return ask(jql.changed_since(found, since, quoted=self._is_quoted))
        except ConnectorError as error:
            if self._is_quoted or since is None or not answered(error, 400, 500):
                raise
            refusal = error
        try:
            answer = ask(jql.changed_since(found, since, quoted=True))
        except ConnectorError:
            raise refusal from None
        self._context.memory[_DATES] = _QUOTED
        return answer

    def _stamped(self, raws: Sequence[dict[str, Any]]) -> tuple[Stamped, ...]:
        try:
            return tuple(Stamped(str(raw["id"]), normalise.updated_at(raw), raw) for raw in raws)
        except (KeyError, TypeError, ValueError):
            raise UnexpectedResponseError("an issue without id or time of update", where=self._settings.url) from None

    def _of_right_kind(self, ask: Callable[[], Answer]) -> Answer:
        try:
            return ask()
        except ConnectorError as error:
            if not self._was_wrong_kind(error):
                raise
            return ask()

    def _was_wrong_kind(self, error: ConnectorError) -> bool:
        """Whether *error* comes from taking the site for what it was in an earlier run."""
        is_sign = isinstance(error, NotFoundError) or answered(error, 410)
        return is_sign and self._client.learn_kind_again()

    def _condition(self, partition: Partition) -> str:
        return jql.condition(self._settings, partition, self._filter_id() if self._settings.board else "")

    def _filter_id(self) -> str:
        return board_filter(self._boards.all(self._projects()), self._settings.url)

    def _first_page(self) -> int:
        (partition,) = self.partitions()
        query = jql.changed_since(self._condition(partition), None)
        raws: Sequence[Any]
        if self._client.is_cloud:
            raws, _ = self._client.search_page(query, ["id"], None, 1)
        else:
            raws, _ = self._client.search_from(query, ["id"], 0)
        return len(raws)

    def _projects(self) -> list[str]:
        """The projects in scope; of a query those whose issues earlier runs have met."""
        if not self._settings.jql:
            return [key.upper() for key in self._settings.projects]
        held = self._context.memory.get(_PROJECTS)
        return [str(key) for key in held] if isinstance(held, list) else []

    def _note_projects(self, raws: Sequence[RawItem]) -> None:
        if self._settings.jql:
            met = {*self._projects(), *(str(raw["key"]).rpartition("-")[0] for raw in raws)}
            self._context.memory[_PROJECTS] = sorted(met)[:_MOST_PROJECTS]
