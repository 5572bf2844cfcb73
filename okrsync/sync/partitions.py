"""Reads one partition into the store: page by page, history with it, each step one transaction with its cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

from okrsync.errors import ConnectorError
from okrsync.model.plain import canonical, digest
from okrsync.model.work import Item
from okrsync.plugins.connector import (
    HISTORY,
    Connector,
    FieldMap,
    HasHistory,
    HasReleases,
    HasUnrecorded,
    Page,
    Partition,
    SourceSettings,
    threads_of,
)
from okrsync.plugins.context import Context
from okrsync.store.codec import fields_to_json, to_ms
from okrsync.store.database import Store
from okrsync.store.failpoints import failpoint
from okrsync.store.records import (
    DeadLetter,
    Fingerprints,
    ItemVersion,
    PartitionState,
    SaveCounts,
    StoredDigests,
    StoredRaw,
)
from okrsync.store.unit_of_work import UnitOfWork
from okrsync.sync.cursor import advanced, start_of
from okrsync.sync.normalisation import Normaliser, RawRecord, id_of, reads_of
from okrsync.sync.prefetch import ahead
from okrsync.sync.privacy import without_persons

STOPS_ALL = frozenset({4, 75})
"""Exit codes of failures that concern every partition of a source: a refused token, a limit, the end of the time."""
_CHUNK = 500
# The coarsest clock of a tracker ticks once a second, and so does the time in its answers.
_TICK_MS = 1000
Result = TypeVar("Result")
Told = Callable[[str, SaveCounts], None]
"""Is told what was stored of a partition."""


class PartitionReader:
    """One connector at work on the partitions of one source; *writing* lets one thread write at a time."""

    def __init__(
        self,
        store: Store,
        settings: SourceSettings,
        connector: Connector,
        fields: FieldMap,
        context: Context,
        now: datetime,
        *,
        writing: Lock,
        told: Told,
        historian: Connector | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._source = settings.name
        self._connector = connector
        self._historian = historian or connector
        self._fields = fields
        self._context = context
        self._now = now
        self._writing = writing
        self._told = told
        self._history_error: ConnectorError | None = None
        self._late: set[str] = set()

    def read(self, partition: Partition) -> None:
        """
        Read all that changed in *partition* since its cursor.

        Raises:
            ConnectorError: it could not be read to its end; what was stored before stays.
        """
        self._history_error = None
        self._late = set()
        fingerprints = fingerprints_of(self._settings, self._connector, self._fields)
        with self._store.read() as view:
            state = view.stream(self._source, partition.id)
        # Raw items of another scope or shape are no use: then everything is read again.
        same_raw = state is not None and state.fingerprints.raw == fingerprints.raw
        high_water = state.high_water if state is not None and same_raw else None
        releases = self._read_releases(partition)
        task = _Task(
            partition,
            Normaliser(self._connector, self._source, self._fields, releases),
            fingerprints,
            is_whole=high_water is None or (state is not None and state.is_whole),
            is_first=state is None,
        )
        if state is not None and same_raw and self._means_more(state, fingerprints, releases):
            self._normalise_again(task)
            self._write(
                lambda unit: unit.save_stream(
                    self._source, partition.id, fingerprints, high_water, is_whole=task.is_whole
                )
            )
        since = start_of(high_water, self._connector.overlap_seconds)
        with self._batches(task, since) as batches:
            for batch in batches:
                high_water = self._store_batch(batch, task, high_water)
        if task.is_whole or releases != (() if state is None else state.releases):
            self._finish(task, high_water, releases)
        failpoint("partition-done")
        if self._history_error is not None:
            raise self._history_error

    def read_due_history(self, partition: Partition, due: Sequence[str]) -> None:
        """
        Read the history of those of *due* that *partition* holds, and take it into their items.

        Those that the tracker left out a moment ago, in :meth:`read`, are left to the next sync.

        Raises:
            ConnectorError: it could not be read; then it stays due.
        """
        connector = self._historian
        if not isinstance(connector, HasHistory):
            return
        self._history_error = None
        with self._store.read() as view:
            stored = view.stored(self._source, partition.id, [id_ for id_ in due if id_ not in self._late])
            state = view.stream(self._source, partition.id)
        releases = () if state is None else state.releases
        understanding = Normaliser(connector, self._source, self._fields, releases)
        for start in range(0, len(stored), connector.history_batch):
            part = [_without_history(entry) for entry in stored[start : start + connector.history_batch]]
            reads, late = self._with_history(part, partition)
            versions, letters = understanding.versions(reads, due=late, before=self._before(reads), now=self._now)
            self._save(versions, letters, partition)
            failpoint("due-history-written")
            if self._history_error is not None:
                raise self._history_error

    def _finish(self, task: _Task, high_water: datetime | None, releases: Sequence[datetime]) -> None:
        name = task.partition.id

        def save(unit: UnitOfWork) -> None:
            unit.save_stream(self._source, name, task.fingerprints, high_water)
            unit.save_releases(self._source, name, releases)
            if task.is_first:
                # Everything was listed in one go, and nothing was held before: there is nothing for a census to find.
                unit.save_census(self._source, name, self._now)

        self._write(save)

    def _means_more(self, state: PartitionState, fingerprints: Fingerprints, releases: Sequence[datetime]) -> bool:
        """Whether the stored raw items mean something else by now."""
        return state.fingerprints.item != fingerprints.item or tuple(releases) != state.releases

    def _read_releases(self, partition: Partition) -> tuple[datetime, ...]:
        if not isinstance(self._connector, HasReleases) or not self._fields.mapping.delivered_on:
            return ()
        with self._context.requests.counted_as("iterations"):
            return tuple(self._connector.releases(partition, self._fields))

    @contextmanager
    def _batches(self, task: _Task, since: datetime | None) -> Iterator[Iterator[_Batch]]:
        """What is read, step by step; one step ahead where the connector may be used in another thread."""

        def together() -> Iterator[tuple[Page, ...]]:
            with self._context.requests.counted_as("items"):
                yield from self._together(self._connector.pages(task.partition, since, self._fields))

        def read() -> Iterator[_Batch]:
            with self._context.requests.counted_as("items"):
                if self._historian is self._connector:
                    yield from self._read_batches(together(), task)
                    return
                with ahead(together) as groups:
                    yield from self._read_batches(groups, task)

        if threads_of(self._connector) == 1:
            yield read()
            return
        with ahead(read) as batches:
            yield batches

    def _together(self, pages: Iterator[Page]) -> Iterator[tuple[Page, ...]]:
        """*pages*, put together up to what one call for their history may ask for."""
        most = self._connector.history_batch if isinstance(self._connector, HasHistory) else 0
        held: list[Page] = []
        try:
            for page in pages:
                failpoint("page-read")
                held.append(page)
                if sum(len(each.raws) for each in held) + len(page.raws) > most:
                    yield tuple(held)
                    held = []
        except Exception as error:
            if isinstance(error, ConnectorError) and error.exit_code in STOPS_ALL:
                self._history_error = error  # nothing more is asked: their history is left to the next sync
            # What was read before the failure is worth storing: the next sync goes on behind it.
            if held:
                yield tuple(held)
            raise
        if held:
            yield tuple(held)

    def _read_batches(self, groups: Iterator[tuple[Page, ...]], task: _Task) -> Iterator[_Batch]:
        for pages in groups:
            batch = self._read_batch(pages, task)
            yield batch
            if batch.ends_all:
                return  # whoever stores it raises; this may be a step ahead of that, and must not ask for more

    def _read_batch(self, pages: tuple[Page, ...], task: _Task) -> _Batch:
        """*pages* with the history of what changed."""
        reads, letters = reads_of([raw for page in pages for raw in page.raws], self._source)
        with self._store.read() as view:
            held = view.held(self._source, [read.id for read in reads if read.id])
        # By version, not by id: an item may come as it was and, where it changed meanwhile, once more behind.
        changed = [read for read in reads if task.is_whole or not _is_same(read, held)]
        same = {read.id: held[read.id] for read in reads if read.id in held}
        for read in changed:
            same.pop(read.id, None)
        changed, late = self._with_history(changed, task.partition)
        self._late.update(late)
        return _Batch(pages, changed, letters, same, late, self._history_error)

    def _store_batch(self, batch: _Batch, task: _Task, high_water: datetime | None) -> datetime | None:
        """Store *batch* with the cursor behind it, which is returned."""
        for page in batch.pages:
            high_water = advanced(high_water, page.last_updated, page.server_time)
        versions, misunderstood = task.understanding.versions(
            batch.changed, due=batch.late, before=self._before(batch.changed), now=self._now
        )
        versions = [self._settling(version, batch) for version in versions]

        def save(unit: UnitOfWork) -> SaveCounts:
            items = unit.items(self._source)
            saved = items.save(versions, task.partition.id, self._now, replace_events=task.is_whole)
            items.found_again([id_ for id_, held in sorted(batch.same.items()) if held.is_missing])
            items.purge(_withheld(batch.pages))
            unit.bury(batch.letters + misunderstood, self._now)
            unit.save_stream(self._source, task.partition.id, task.fingerprints, high_water, is_whole=task.is_whole)
            failpoint("cursor-written")
            return saved + SaveCounts(seen=len(batch.same))

        self._told(task.partition.id, self._write(save))
        failpoint("committed")
        if batch.history_error is not None and batch.ends_all:
            raise batch.history_error
        return high_water

    def _settling(self, version: ItemVersion, batch: _Batch) -> ItemVersion:
        """*version*, noted where its last tick was not over: two changes there and back in it would show nowhere."""
        moment = batch.server_time
        if not version.history or moment is None or to_ms(moment) - version.row["updated_ms"] > _TICK_MS:
            return version
        self._late.add(version.item.external_id)
        return replace(version, is_settling=True)

    def _normalise_again(self, task: _Task) -> None:
        """Make the items of a partition anew from their stored raw form; no request is made."""
        after = 0
        while True:
            with self._store.read() as view:
                stored = view.raws(self._source, task.partition.id, after, _CHUNK)
            if not stored:
                return
            reads = [RawRecord(entry.external_id, entry.raw, entry.content) for entry in stored]
            versions, letters = task.understanding.versions(reads, now=self._now)
            saved = self._save(versions, letters, task.partition, again=True)
            failpoint("normalised-again")
            self._told(task.partition.id, SaveCounts(changed=saved.changed))
            after = stored[-1].row

    def _save(
        self,
        versions: Sequence[ItemVersion],
        letters: Sequence[DeadLetter],
        partition: Partition,
        *,
        again: bool = False,
    ) -> SaveCounts:
        def save(unit: UnitOfWork) -> SaveCounts:
            saved = unit.items(self._source).save(
                versions, partition.id, self._now, replace_events=again, same_raw=again, is_seen=False
            )
            unit.bury(letters, self._now)
            return saved

        return self._write(save)

    def _write(self, action: Callable[[UnitOfWork], Result]) -> Result:
        with self._writing:
            return self._store.written(action)

    def _before(self, reads: Sequence[RawRecord]) -> dict[str, Item]:
        if not isinstance(self._connector, HasUnrecorded):
            return {}
        with self._store.read() as view:
            return view.by_id(self._source, [read.id for read in reads])

    def _with_history(self, reads: Sequence[RawRecord], partition: Partition) -> tuple[list[RawRecord], list[str]]:
        """*reads* with their history, and the ids of those whose history could not be read this time."""
        if not reads or not isinstance(self._historian, HasHistory):
            return list(reads), []
        found = self._history_of(self._historian, reads, partition)
        late = [read.id for read in reads if read.id not in found]
        if late:
            # The last known history is better than none.
            with self._store.read() as view:
                stored = view.stored(self._source, partition.id, late)
            found = {**{entry.external_id: entry.raw[HISTORY] for entry in stored if HISTORY in entry.raw}, **found}
        return [
            RawRecord(read.id, {**read.raw, HISTORY: found[read.id]}, read.content) if read.id in found else read
            for read in reads
        ], late

    def _history_of(self, connector: HasHistory, reads: Sequence[RawRecord], partition: Partition) -> dict[str, Any]:
        found: dict[str, Any] = {}
        try:
            with self._context.requests.counted_as("history"):
                for start in range(0, len(reads), connector.history_batch):
                    if self._history_error is not None:
                        break  # it would fail for these too; they stay due
                    part = [read.raw for read in reads[start : start + connector.history_batch]]
                    found |= connector.history(partition, part, self._fields)
        except ConnectorError as error:
            self._history_error = error
        failpoint("history-read")
        return {id_: without_persons(history) for id_, history in found.items()}


@dataclass(frozen=True, slots=True)
class _Task:
    """A partition while it is read."""

    partition: Partition
    understanding: Normaliser
    fingerprints: Fingerprints
    is_whole: bool
    """Everything is read, whether or not it changed."""
    is_first: bool
    """Nothing of it was ever read."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Pages that are stored together: what changed (with its history), and what is stored already."""

    pages: tuple[Page, ...]
    changed: list[RawRecord]
    letters: list[DeadLetter]
    same: dict[str, StoredDigests]
    late: list[str]
    """Ids of those whose history could not be read this time."""
    history_error: ConnectorError | None

    @property
    def server_time(self) -> datetime | None:
        """The tracker's clock when it answered first; ``None`` where it does not tell."""
        return min((page.server_time for page in self.pages if page.server_time is not None), default=None)

    @property
    def ends_all(self) -> bool:
        """Whether its history met a failure behind which nothing more is to be asked."""
        return self.history_error is not None and self.history_error.exit_code in STOPS_ALL


def fingerprints_of(settings: SourceSettings, connector: Connector, fields: FieldMap) -> Fingerprints:
    """What raw items and items depend on beside the tracker's data."""
    scope = settings.model_dump(mode="json", exclude=set(settings.of_access))
    raw = [connector.version, scope, sorted(connector.raw_depends_on(fields))]
    return Fingerprints(digest(canonical(raw)).hex(), digest(canonical(fields_to_json(fields))).hex())


def _withheld(pages: Sequence[Page]) -> list[str]:
    """Ids of items that must not be kept; of one that was opened again while *pages* were read, the last one counts."""
    withheld: dict[str, None] = {}
    for page in pages:
        for raw in page.raws:
            withheld.pop(id_of(raw), None)
        withheld.update(dict.fromkeys(page.withheld))
    return list(withheld)


def _is_same(read: RawRecord, held: Mapping[str, StoredDigests]) -> bool:
    return bool(read.id) and read.id in held and held[read.id].raw_digest == read.digest


def _without_history(entry: StoredRaw) -> RawRecord:
    bare = {name: value for name, value in entry.raw.items() if name != HISTORY}
    return RawRecord(entry.external_id, bare, entry.content)
