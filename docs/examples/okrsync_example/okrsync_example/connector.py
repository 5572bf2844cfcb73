"""Reads tasks of Plainlist projects, their history, and the list of what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from okrsync.errors import ConnectorError, NotFoundError, UnexpectedResponseError
from okrsync.model.work import Item, ItemEvent
from okrsync.plugins.connector import (
    CheckLine,
    Fate,
    FieldMap,
    Missing,
    Page,
    Partition,
    RawItem,
    Resolution,
    SourceSettings,
)
from okrsync.plugins.context import Context
from okrsync.plugins.paging import Batch, Stamped, keyset_batches
from okrsync_example import normalise
from okrsync_example.client import PlainlistClient
from okrsync_example.settings import PlainlistSettings


class PlainlistConnector:
    """Plainlist, read through its JSON API."""

    api_version: ClassVar[int] = 1
    version: ClassVar[str] = "1"
    Settings: ClassVar[type[SourceSettings]] = PlainlistSettings
    overlap_seconds: ClassVar[int] = 60
    history_batch: ClassVar[int] = 50
    census_days: ClassVar[float] = 1.0

    def __init__(self, settings: PlainlistSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._client = PlainlistClient(settings, context)

    def discover(self) -> FieldMap:
        """Plainlist's fields have fixed names, so nothing is asked."""
        return FieldMap(
            mapping=self._context.mapping,
            source=self._settings.name,
            team=self._settings.team,
            statuses=normalise.STATUSES,
        )

    def raw_depends_on(self, fields: FieldMap) -> Sequence[str]:
        """The same is kept of every task, whatever the mapping says."""
        return []

    def partitions(self) -> Iterable[Partition]:
        """One a project."""
        return [Partition(key) for key in dict.fromkeys(self._settings.projects)]

    def pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
        """Tasks from *since* on, ascending by change, people left out."""
        since = self._settings.not_before(since)

        def fetch(since: datetime | None, offset: int) -> Batch:
            raws, more = self._client.tasks(partition.id, since, offset)
            return Batch(tuple(self._stamped(raw) for raw in raws), more)

        for items in keyset_batches(fetch, since, f"{self._settings.url}/projects/{partition.id}"):
            yield Page(
                raws=tuple(normalise.without_extras(item.raw) for item in items),
                last_updated=items[-1].updated,
                server_time=self._client.server_time,
            )

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        """The item that *raw* stands for."""
        return normalise.normalise(raw, fields)

    def history(self, partition: Partition, raws: Sequence[RawItem], fields: FieldMap) -> Mapping[str, Any]:
        """Changes of state by id: one request for up to 50 tasks."""
        found: dict[str, list[Mapping[str, Any]]] = {str(raw["id"]): [] for raw in raws}
        if not found:
            return {}
        try:
            for change in self._client.changes(partition.id, list(found)):
                found[change["task"]].append(change)
            return {id_: normalise.reduced(changes) for id_, changes in found.items()}
        except (KeyError, TypeError):
            raise UnexpectedResponseError("a change of another shape", where=self._settings.url) from None

    def normalise_history(self, raw: RawItem, fields: FieldMap) -> Sequence[ItemEvent]:
        """The events that *raw* carries."""
        return normalise.normalise_history(raw, fields)

    def census(self, partition: Partition) -> Iterator[Sequence[str]]:
        """Ids of all tasks; fewer than Plainlist counts are an error, and not a list."""
        ids, total = self._client.ids(partition.id)
        if len(set(ids)) != total:
            raise UnexpectedResponseError(f"{len(ids)} tasks are listed of {total}", where=self._settings.url)
        yield [str(id_) for id_ in ids]

    def resolve(self, partition: Partition, missing: Sequence[Missing]) -> Sequence[Resolution]:
        """What became of *missing*; Plainlist says the same of what is deleted and of what may not be seen."""
        return [Resolution(item.id, self._fate(partition, item)) for item in missing]

    def check(self) -> Sequence[CheckLine]:
        """Whether the token is good, and for reading alone."""
        try:
            rights = self._client.me().get("rights")
        except ConnectorError as error:
            return [CheckLine("fail", error.what, error.next_step or "try again later")]
        if rights != ["read"]:
            return [CheckLine("warn", "the token may do more than read", "make one that may only read")]
        return [CheckLine("ok", "the token may read, and nothing else")]

    def _fate(self, partition: Partition, missing: Missing) -> Fate:
        try:
            self._client.task(partition.id, missing.id)
        except NotFoundError:
            return Fate.HIDDEN
        return Fate.EXISTS

    def _stamped(self, raw: dict[str, Any]) -> Stamped:
        try:
            return Stamped(str(raw["id"]), normalise.moment(raw["changed"]), raw)
        except (KeyError, TypeError, ValueError):
            raise UnexpectedResponseError("a task without id or time of change", where=self._settings.url) from None
