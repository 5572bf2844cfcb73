"""Reads issues and pull requests of GitHub repositories, their history, milestones, projects and releases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from okrsync.errors import UnexpectedResponseError
from okrsync.model.work import EventField, Item, ItemEvent
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
from okrsync_github import events, normalise, releases, repositories
from okrsync_github.census import CensusReader
from okrsync_github.check import check
from okrsync_github.client import GithubClient
from okrsync_github.details import BATCH, DetailsReader
from okrsync_github.iterations import IterationsReader
from okrsync_github.settings import GithubSettings

_MILESTONES, _PROJECTS = "/milestones", "/projects/"


class GithubConnector:
    """GitHub.com and GitHub Enterprise Server, read through PyGithub."""

    api_version: ClassVar[int] = 1
    version: ClassVar[str] = "2"
    Settings: ClassVar[type[SourceSettings]] = GithubSettings
    overlap_seconds: ClassVar[int] = 120
    parallel: ClassVar[int] = 3
    history_apart: ClassVar[bool] = True
    history_batch: ClassVar[int] = BATCH
    census_days: ClassVar[float] = 7.0

    def __init__(self, settings: GithubSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._client = GithubClient(settings, context)
        self._details = DetailsReader(self._client, context)
        self._iterations = IterationsReader(self._client, context, settings.name)
        self._census = CensusReader(self._client, context)

    def discover(self) -> FieldMap:
        """GitHub's fields have fixed names, so nothing is asked of the site."""
        mapping = self._context.mapping
        return FieldMap(
            mapping=mapping,
            source=self._settings.name,
            team=self._settings.team,
            statuses=normalise.STATUSES,
            ships_apart=bool(mapping.delivered_on or mapping.delivered_field),
        )

    def raw_depends_on(self, fields: FieldMap) -> Sequence[str]:
        """The fields of projects whose texts are wanted; all other texts there may name people and are left alone."""
        return sorted({name.casefold() for name in fields.mapping.extra_fields})

    def partitions(self) -> Iterable[Partition]:
        """One a repository; names that differ only in case are one, and patterns stand for what is there today."""
        return [Partition(name) for name in self._repositories]

    def pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
        """Issues and pull requests from *since* on, ascending by update, people left out."""
        since = self._settings.not_before(since)

        def fetch(since: datetime | None, offset: int) -> Batch:
            return self._fetch(partition.id, since, offset)

        for items in keyset_batches(fetch, since, f"{self._settings.url}/repos/{partition.id}/issues"):
            yield Page(
                raws=tuple(normalise.without_extras(item.raw) for item in items),
                last_updated=items[-1].updated,
                server_time=self._client.server_time,
            )

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        """The item that *raw* stands for."""
        return normalise.normalise(raw, fields)

    def history(self, partition: Partition, raws: Sequence[RawItem], fields: FieldMap) -> Mapping[str, Any]:
        """Events, parent, closed issues and fields of projects, by REST id: one request for up to 200 items."""
        with self._context.requests.counted_as("history"):
            return self._details.read(partition.id, raws, fields.mapping.extra_fields)

    def normalise_history(self, raw: RawItem, fields: FieldMap) -> Sequence[ItemEvent]:
        """The events that *raw* carries."""
        return events.normalise_history(raw, fields)

    def is_unrecorded(self, event: ItemEvent) -> bool:
        """GitHub keeps no history of fields on projects; sizes come from there, or from labels by a rule of ours."""
        return event.field is EventField.SIZE or (
            event.field is EventField.ITERATION and _PROJECTS in (event.from_id or event.to_id)
        )

    def streams(self, fields: FieldMap) -> Iterable[Stream]:
        """Milestones of each repository (``owner/name/milestones``), and each named project (``owner/projects/7``)."""
        yield from (Stream(f"{name}{_MILESTONES}") for name in self._repositories)
        yield from (Stream(_PROJECTS.join(name.split("/"))) for name in self._settings.projects)

    def iterations(self, stream: Stream, cursor: str, fields: FieldMap) -> IterationsRead:
        """The iterations of *stream*; of a project also the items whose fields changed there since *cursor*."""
        with self._context.requests.counted_as("iterations"):
            if stream.id.endswith(_MILESTONES):
                return self._iterations.milestones(stream.id.removesuffix(_MILESTONES))
            owner, _, number = stream.id.partition(_PROJECTS)
            return self._iterations.project(owner, int(number), cursor)

    def census(self, partition: Partition) -> Iterator[Sequence[str]]:
        """
        Ids of everything in a repository, in pages; only what came before the end without an error is whole.

        Raises:
            ConnectorError: GitHub counts more than it lists.
        """
        return self._census.ids(partition.id, lambda since, offset: self._fetch(partition.id, since, offset))

    def resolve(self, partition: Partition, missing: Sequence[Missing]) -> Sequence[Resolution]:
        """What became of *missing*: one request each."""
        return list(self._census.resolve(partition.id, missing))

    def releases(self, partition: Partition, fields: FieldMap) -> Sequence[datetime]:
        """When the repository was released or deployed, as the source says that it ships; ascending."""
        match fields.mapping.delivered_on:
            case "release":
                return releases.published(self._client, partition.id)
            case "deployment":
                return releases.deployed(self._client, partition.id, fields.mapping.environment)
        return ()

    def check(self) -> Sequence[CheckLine]:
        """Reach, kind, clock, rights and limit; then each repository and project."""
        with self._context.requests.counted_as("setup"):
            return list(check(self._client, self._settings, self._context, lambda: self._repositories))

    @cached_property
    def _repositories(self) -> list[str]:
        with self._context.requests.counted_as("setup"):
            return repositories.repositories(self._client, self._settings)

    def _fetch(self, repository: str, since: datetime | None, offset: int) -> Batch:
        raws, more = self._client.issues(repository, since, offset)
        try:
            stamped = tuple(Stamped(str(raw["id"]), normalise.updated_at(raw), raw) for raw in raws)
        except (KeyError, TypeError, ValueError):
            where = f"{self._settings.url}/repos/{repository}/issues"
            raise UnexpectedResponseError("an issue without id or time of update", where=where) from None
        return Batch(stamped, more)
