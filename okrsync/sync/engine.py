"""Reads one source into the store: what the site is, its iterations, its partitions, and what is no longer there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event, Lock
from typing import Protocol

from okrsync.errors import ConnectorError, LockHeldError, OkrsyncError, RateLimitedError, StoreError
from okrsync.plugins.connector import (
    Connector,
    FieldMap,
    HasCensus,
    HasHistory,
    HasIterations,
    Partition,
    SourceSettings,
    Stream,
    reads_history_apart,
    threads_of,
)
from okrsync.plugins.context import Context
from okrsync.plugins.text import without_people
from okrsync.store.database import Store
from okrsync.store.failpoints import failpoint
from okrsync.store.records import RunRecord, SaveCounts
from okrsync.sync.partitions import STOPS_ALL, PartitionReader
from okrsync.sync.reconciliation import is_due, take_census

Make = Callable[[SourceSettings, Context], Connector]


class ProgressCallback(Protocol):
    """Is told of each page that was stored; must not raise."""

    def __call__(self, source: str, partition: str, saved: SaveCounts) -> None:
        """*saved* is what this run has stored of *source* so far."""
        ...


@dataclass(frozen=True, slots=True)
class ReconciliationPolicy:
    """Whether the complete list of ids is read where it is not due yet, and whether much may vanish by it."""

    at_once: bool = False
    allow_shrink: bool = False


@dataclass(slots=True)
class SourceRun:
    """What became of one source in one sync. *status* is ``ok``, ``partial`` or ``failed``."""

    source: str
    saved: SaveCounts = field(default_factory=SaveCounts)
    buried: int = 0
    """Items of this source that are not understood, those of earlier runs among them."""
    partitions_read: int = 0
    error: OkrsyncError | None = None
    gone: int = 0
    """Items that were found to be deleted or moved away."""
    history_due: int = 0
    """Items whose history could not be read yet."""

    @property
    def status(self) -> str:
        """``failed``: no partition could be read to its end and nothing was stored; ``partial``: not all of it."""
        if self.error is None:
            return "partial" if self.buried or self.history_due else "ok"
        return "partial" if self.partitions_read or self.saved.seen else "failed"

    @property
    def resume(self) -> datetime | None:
        """When the tracker lets the next run go on, where it told us to wait."""
        return self.error.until if isinstance(self.error, RateLimitedError) else None


def sync_source(
    store: Store,
    settings: SourceSettings,
    make: Make,
    context: Context,
    *,
    now: datetime,
    progress: ProgressCallback,
    census: ReconciliationPolicy | None = None,
) -> SourceRun:
    """
    Read everything that changed in one source since its last sync, and record the run.

    A tracker's or plugin's failure ends this source alone, and is in the returned run; pages stored before it stay.
    So is it where another process reads the source: then nothing is read here.

    Raises:
        StoreError: the store cannot be written.
    """
    reader = _SourceReader(store, settings, make, context, now, progress, census or ReconciliationPolicy())
    try:
        with store.lock(settings.name, now):
            return reader.attempt()
    except LockHeldError as error:
        reader.run.error = error
        return reader.run  # not on record: the run that holds the lock will be


class _SourceReader:
    """One source while it is read, with what became of it so far."""

    def __init__(
        self,
        store: Store,
        settings: SourceSettings,
        make: Make,
        context: Context,
        now: datetime,
        progress: ProgressCallback,
        census: ReconciliationPolicy,
    ) -> None:
        self.run = SourceRun(settings.name)
        self._store = store
        self._settings = settings
        self._make = make
        self._context = context
        self._now = now
        self._progress = progress
        self._census = census
        self._writing = Lock()
        self._stopped = Event()

    def attempt(self) -> SourceRun:
        """Read the source, and put on record what became of it, whatever it was."""
        try:
            self._read()
        except StoreError:
            raise
        except OkrsyncError as error:
            self.run.error = error
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's bug must not take the other sources down
            self.run.error = self._bug(error)
        self._record()
        return self.run

    def _read(self) -> None:
        """Read every stream and partition; one that is gone or hidden does not hide the others."""
        with self._store.read() as view:
            self._context.memory.update(view.memory(self._settings.name))
        connector = self._make(self._settings, self._context)
        fields = replace(connector.discover(), source=self._settings.name)
        partitions = list(connector.partitions())
        with self._store.write() as unit:
            unit.save_fields(self._settings.connector, fields, self._context.memory)
            unit.set_scope(self._settings.name, [partition.id for partition in partitions])
        failpoint("discovered")
        errors = self._read_streams(connector, fields)
        if not any(error.exit_code in STOPS_ALL for error in errors):
            errors += self._read_partitions(connector, fields, partitions)
        with self._store.write() as unit:
            unit.remember(self._settings.name, self._context.memory)
        if errors:
            raise min(errors, key=lambda error: error.exit_code != 75)

    def _read_streams(self, connector: Connector, fields: FieldMap) -> list[ConnectorError]:
        """Read the iterations; they change without any item being updated."""
        if not isinstance(connector, HasIterations):
            return []
        errors: list[ConnectorError] = []
        with self._context.requests.counted_as("iterations"):
            try:
                for stream in connector.streams(fields):
                    self._read_stream(connector, stream, fields)
            except ConnectorError as error:
                errors.append(error)
        return errors

    def _read_stream(self, connector: HasIterations, stream: Stream, fields: FieldMap) -> None:
        source = self._settings.name
        with self._store.read() as view:
            cursor = view.iteration_cursor(source, stream.id)
        read = connector.iterations(stream, cursor, fields)
        with self._store.write() as unit:
            unit.save_iterations(source, stream.id, read.iterations, read.cursor)
            unit.items(source).note_due(read.touched)

    def _read_partitions(
        self, connector: Connector, fields: FieldMap, partitions: Sequence[Partition]
    ) -> list[ConnectorError]:
        """Read *partitions*, several at once where the connector allows it; returns what failed, in their order."""
        workers = min(threads_of(connector), len(partitions))
        if workers <= 1:
            worker = _Worker(self, connector, fields)
            found = [worker.read(partition) for partition in partitions]
        else:
            pool = _Workers(self, connector, fields)
            with ThreadPoolExecutor(workers, thread_name_prefix=f"okrsync-{self._settings.name}") as executor:
                found = list(executor.map(pool.read, partitions))
        return [error for error in found if error is not None]

    def reader(self, connector: Connector, fields: FieldMap) -> PartitionReader:
        """
        A reader of partitions that writes in turn with the others of this source.

        Where the connector needs nothing of its pages to read histories, another one reads these meanwhile.
        """
        return PartitionReader(
            self._store,
            self._settings,
            connector,
            fields,
            self._context,
            self._now,
            writing=self._writing,
            told=self._tell,
            historian=self.made() if reads_history_apart(connector) else None,
        )

    def attempt_partition(
        self, reader: PartitionReader, connector: Connector, partition: Partition
    ) -> ConnectorError | None:
        """Read one partition with all that belongs to it; returns what failed."""
        if self._stopped.is_set():
            return None
        try:
            with self._context.requests.counted_as("items"):
                reader.read(partition)
            with self._writing:
                self.run.partitions_read += 1
            self._read_due_history(reader, connector, partition)
            self._take_census(connector, partition)
        except ConnectorError as error:
            if error.exit_code in STOPS_ALL:  # a refused token or a limit concerns them all
                self._stopped.set()
            return error
        except StoreError:
            self._stopped.set()
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - see attempt()
            return self._bug(error)
        return None

    def made(self) -> Connector:
        """One more connector of this source, for another thread."""
        return self._make(self._settings, self._context)

    def _read_due_history(self, reader: PartitionReader, connector: Connector, partition: Partition) -> None:
        if not isinstance(connector, HasHistory):
            return
        with self._store.read() as view:
            due = view.history_due(self._settings.name)
        if due:
            reader.read_due_history(partition, due)

    def _take_census(self, connector: Connector, partition: Partition) -> None:
        if not isinstance(connector, HasCensus):
            return
        with self._store.read() as view:
            state = view.stream(self._settings.name, partition.id)
        if not (self._census.at_once or is_due(state, connector, self._now)):
            return
        with self._context.requests.counted_as("census"):
            gone = take_census(
                self._store,
                self._settings.name,
                connector,
                partition,
                self._now,
                allow_shrink=self._census.allow_shrink,
                writing=self._writing,
            )
        with self._writing:
            self.run.gone += gone

    def _tell(self, partition: str, saved: SaveCounts) -> None:
        with self._writing:
            self.run.saved += saved
        self._progress(self._settings.name, partition, self.run.saved)

    def _bug(self, error: BaseException) -> ConnectorError:
        return ConnectorError(
            f"the connector {self._settings.connector} failed with {type(error).__name__}",
            where=f"source {self._settings.name}",
            next_step="report this to whoever maintains it",
        )

    def _record(self) -> None:
        """Put the run on record, with how many items are not understood by now."""
        run = self.run
        with self._store.read() as view:
            run.buried = sum(letter.source == run.source for letter in view.dead_letters())
            run.history_due = len(view.history_due(run.source, is_late=True))
        record = RunRecord(
            source=run.source,
            started=self._now,
            finished=self._now,
            status=run.status,
            requests={str(purpose): count for purpose, count in self._context.requests.by_purpose.items()},
            saved=run.saved,
            error=without_people(str(run.error or "")),
            resume=run.resume,
        )
        with self._store.write() as unit:
            unit.save_run(record)
        failpoint("run-recorded")


class _Worker:
    """One connector with its reader."""

    def __init__(self, source: _SourceReader, connector: Connector, fields: FieldMap) -> None:
        self._source = source
        self._connector = connector
        self._reader = source.reader(connector, fields)

    def read(self, partition: Partition) -> ConnectorError | None:
        """What failed of *partition*."""
        return self._source.attempt_partition(self._reader, self._connector, partition)


class _Workers:
    """A worker a thread: client libraries are not for use by several."""

    def __init__(self, source: _SourceReader, connector: Connector, fields: FieldMap) -> None:
        self._source = source
        self._fields = fields
        self._free = [_Worker(source, connector, fields)]
        self._lock = Lock()

    def read(self, partition: Partition) -> ConnectorError | None:
        """What failed of *partition*, read by a worker that is free."""
        with self._lock:
            worker = self._free.pop() if self._free else None
        try:
            worker = worker or _Worker(self._source, self._source.made(), self._fields)
        except ConnectorError as error:
            return error
        try:
            return worker.read(partition)
        finally:
            with self._lock:
                self._free.append(worker)
