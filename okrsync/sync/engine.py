"""Reads one source into the store: page by page, each page one transaction with its cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from okrsync.errors import ConnectorError, LockHeldError, OkrsyncError, StoreError
from okrsync.model.work import Item
from okrsync.plugins.connector import Connector, FieldMap, Partition, RawItem, SourceSettings
from okrsync.plugins.context import Context
from okrsync.plugins.text import without_people
from okrsync.store.codec import canonical, digest, fields_to_json, item_row
from okrsync.store.database import Store
from okrsync.store.records import DeadLetter, Fingerprints, RunRecord, Saved
from okrsync.sync.privacy import without_persons
from okrsync.sync.window import advanced, start_of

_CHUNK = 500


class Progress(Protocol):
    """Is told of each page that was stored; must not raise."""

    def __call__(self, source: str, partition: str, saved: Saved) -> None:
        """*saved* is what this run has stored of *source* so far."""
        ...


@dataclass(slots=True)
class SourceRun:
    """What became of one source in one sync. *status* is ``ok``, ``partial`` or ``failed``."""

    source: str
    saved: Saved = field(default_factory=Saved)
    buried: int = 0
    """Items of this source that are not understood, those of earlier runs among them."""
    partitions_read: int = 0
    error: OkrsyncError | None = None

    @property
    def status(self) -> str:
        """``failed``: no partition could be read to its end and nothing was stored; ``partial``: not all of it."""
        if self.error is None:
            return "partial" if self.buried else "ok"
        return "partial" if self.partitions_read or self.saved.seen else "failed"


def sync_source(
    store: Store,
    settings: SourceSettings,
    make: Callable[[SourceSettings, Context], Connector],
    context: Context,
    *,
    now: datetime,
    progress: Progress,
) -> SourceRun:
    """
    Read everything that changed in one source since its last sync, and record the run.

    A tracker's or plugin's failure ends this source alone, and is in the returned run; pages stored before it stay.
    So is it where another process reads the source: then nothing is read here.

    Raises:
        StoreError: the store cannot be written.
    """
    reader = _SourceReader(store, settings, context, now, progress)
    try:
        with store.lock(settings.name, now):
            return reader.attempt(make)
    except LockHeldError as error:
        reader.run.error = error
        return reader.run  # not on record: the run that holds the lock will be


class _SourceReader:
    """One source while it is read, with what became of it so far."""

    def __init__(
        self, store: Store, settings: SourceSettings, context: Context, now: datetime, progress: Progress
    ) -> None:
        self.run = SourceRun(settings.name)
        self._store = store
        self._settings = settings
        self._context = context
        self._now = now
        self._progress = progress

    def attempt(self, make: Callable[[SourceSettings, Context], Connector]) -> SourceRun:
        """Read the source, and put on record what became of it, whatever it was."""
        try:
            self._read(make)
        except StoreError:
            raise
        except OkrsyncError as error:
            self.run.error = error
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's bug must not take the other sources down
            self.run.error = ConnectorError(
                f"the connector {self._settings.connector} failed with {type(error).__name__}",
                where=f"source {self._settings.name}",
                next_step="report this to whoever maintains it",
            )
        self._record()
        return self.run

    def _read(self, make: Callable[[SourceSettings, Context], Connector]) -> None:
        """Read every partition; one that is gone or hidden does not hide the others."""
        connector = make(self._settings, self._context)
        fields = replace(connector.discover(), source=self._settings.name)
        with self._store.write() as unit:
            unit.save_fields(self._settings.connector, fields)
        first_error: OkrsyncError | None = None
        partitions = list(connector.partitions())
        with self._store.write() as unit:
            unit.set_scope(self._settings.name, [partition.id for partition in partitions])
        for partition in partitions:
            try:
                with self._context.requests.counted_as("items"):
                    self._read_partition(connector, fields, partition)
            except ConnectorError as error:
                first_error = first_error or error
                if error.exit_code in {4, 75}:  # a refused token or a limit concerns them all
                    break
            else:
                self.run.partitions_read += 1
        if first_error is not None:
            raise first_error

    def _record(self) -> None:
        """Put the run on record, with how many items are not understood by now."""
        run = self.run
        with self._store.read() as view:
            run.buried = sum(letter.source == run.source for letter in view.dead_letters())
        record = RunRecord(
            source=run.source,
            started=self._now,
            finished=self._now,
            status=run.status,
            requests={str(purpose): count for purpose, count in self._context.requests.by_purpose.items()},
            saved=run.saved,
            error=without_people(str(run.error or "")),
        )
        with self._store.write() as unit:
            unit.save_run(record)

    def _read_partition(self, connector: Connector, fields: FieldMap, partition: Partition) -> None:
        source = self._settings.name
        fingerprints = _fingerprints(self._settings, connector, fields)
        with self._store.read() as view:
            state = view.stream(source, partition.id)
        # Raw items of another scope or shape are no use: then everything is read again.
        same_raw = state is not None and state.fingerprints.raw == fingerprints.raw
        high_water = state.high_water if state is not None and same_raw else None
        if state is not None and same_raw and state.fingerprints.item != fingerprints.item:
            self._normalise_again(connector, fields, partition)
            with self._store.write() as unit:
                unit.save_stream(source, partition.id, fingerprints, high_water)
        for page in connector.pages(partition, start_of(high_water, connector.overlap_seconds), fields):
            items, letters = _understood(connector, source, page.raws, fields)
            high_water = advanced(high_water, page.last_updated, page.server_time)
            with self._store.write() as unit:
                saved = unit.save_items(source, items, partition.id)
                unit.bury(letters, self._now)
                unit.save_stream(source, partition.id, fingerprints, high_water)
            self.run.saved += saved
            self._progress(source, partition.id, self.run.saved)
        if high_water is None:
            with self._store.write() as unit:
                unit.save_stream(source, partition.id, fingerprints, None)

    def _normalise_again(self, connector: Connector, fields: FieldMap, partition: Partition) -> None:
        """Make the items of *partition* anew from their stored raw form; no request is made."""
        source, after = self._settings.name, 0
        while True:
            with self._store.read() as view:
                stored = view.raws(source, partition.id, after, _CHUNK)
            if not stored:
                return
            items, letters = _understood(connector, source, [raw for _, raw in stored], fields)
            with self._store.write() as unit:
                saved = unit.save_items(source, items, partition.id)
                unit.bury(letters, self._now)
            self.run.saved += Saved(changed=saved.changed)
            after = stored[-1][0]


def _understood(
    connector: Connector, source: str, raws: Iterable[RawItem], fields: FieldMap
) -> tuple[list[tuple[Item, RawItem]], list[DeadLetter]]:
    items: list[tuple[Item, RawItem]] = []
    letters: list[DeadLetter] = []
    for raw in raws:
        try:
            kept = without_persons(raw)
            item = connector.normalise(kept, fields)
            _refuse_unstorable(item, source)
            items.append((item, kept))
        except Exception as error:  # noqa: BLE001 - one item that cannot be understood is counted, not fatal
            reason = without_people(_reason(error))
            letters.append(DeadLetter(source, _id_of(raw), reason[:500]))
    return items, letters


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f'it has no "{error.args[0]}"'
    return f"it is not what the tracker documents ({type(error).__name__}: {error})"


def _refuse_unstorable(item: Item, source: str) -> None:
    # An untyped connector may leave text out, or times without a zone: that is the item's fault, not the store's.
    if item_row(item)["source"] != source:
        raise ValueError(f"an item of source {item.source}")


def _id_of(raw: object) -> str:
    return str(raw.get("id", "?"))[:64] if isinstance(raw, Mapping) else "?"


def _fingerprints(settings: SourceSettings, connector: Connector, fields: FieldMap) -> Fingerprints:
    scope = settings.model_dump(mode="json", exclude={"token", "repositories", "projects", "team"})
    raw = [connector.version, scope, sorted(connector.raw_depends_on(fields))]
    return Fingerprints(digest(canonical(raw)).hex(), digest(canonical(fields_to_json(fields))).hex())
