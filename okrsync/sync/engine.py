"""Reads one source into the store: page by page, each page one transaction with its cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from okrsync.errors import ConnectorError, OkrsyncError, StoreError
from okrsync.model.work import Item
from okrsync.plugins.connector import Connector, FieldMap, Page, Partition, RawItem, SourceSettings
from okrsync.plugins.context import Context
from okrsync.plugins.text import without_people
from okrsync.store.codec import canonical, digest, fields_to_json, item_row
from okrsync.store.database import Store
from okrsync.store.records import DeadLetter, RunRecord, Saved
from okrsync.sync.privacy import without_persons
from okrsync.sync.window import advanced, start_of

# Raised when normalisation changes what it makes of the same raw item: the next sync then reads everything again.
NORMALISATION_VERSION = 1


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

    Raises:
        StoreError: the store cannot be written.
    """
    run = SourceRun(settings.name)
    try:
        _read(store, settings, make, context, run, now, progress)
    except StoreError:
        raise
    except OkrsyncError as error:
        run.error = error
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's bug must not take the other sources down
        run.error = ConnectorError(
            f"the connector {settings.connector} failed with {type(error).__name__}",
            where=f"source {settings.name}",
            next_step="report this to whoever maintains it",
        )
    record = RunRecord(
        source=settings.name,
        started=now,
        finished=now,
        status=run.status,
        requests={str(purpose): count for purpose, count in context.requests.by_purpose.items()},
        saved=run.saved,
        error=without_people(str(run.error or "")),
    )
    with store.write() as unit:
        unit.save_run(record)
    return run


def _read(
    store: Store,
    settings: SourceSettings,
    make: Callable[[SourceSettings, Context], Connector],
    context: Context,
    run: SourceRun,
    now: datetime,
    progress: Progress,
) -> None:
    connector = make(settings, context)
    fields = replace(connector.discover(), source=settings.name)
    with store.write() as unit:
        unit.save_fields(settings.connector, fields)
    first_error: OkrsyncError | None = None
    for partition in connector.partitions():
        try:
            with context.requests.counted_as("items"):
                _read_partition(store, settings, connector, fields, partition, run, now, progress)
        except ConnectorError as error:
            # One project that is gone or hidden must not hide the others; a refused token concerns them all.
            first_error = first_error or error
            if error.exit_code in {4, 75}:
                break
        else:
            run.partitions_read += 1
    if first_error is not None:
        raise first_error


def _read_partition(
    store: Store,
    settings: SourceSettings,
    connector: Connector,
    fields: FieldMap,
    partition: Partition,
    run: SourceRun,
    now: datetime,
    progress: Progress,
) -> None:
    fingerprint = _fingerprint(settings, fields)
    with store.read() as view:
        state = view.stream(settings.name, partition.id)
    # Another scope or mapping makes other items of the same raw ones: everything is read again.
    high_water = state.high_water if state is not None and state.fingerprint == fingerprint else None
    pages = connector.pages(partition, start_of(high_water, connector.overlap_seconds), fields)
    for page in pages:
        items, letters = _understood(connector, settings.name, page, fields)
        high_water = advanced(high_water, page.last_updated, page.server_time)
        with store.write() as unit:
            saved = unit.save_items(settings.name, items)
            unit.bury(letters, now)
            unit.save_stream(settings.name, partition.id, fingerprint, high_water)
        run.saved += saved
        run.buried += len(letters)
        progress(settings.name, partition.id, run.saved)
    if high_water is None:
        with store.write() as unit:
            unit.save_stream(settings.name, partition.id, fingerprint, None)


def _understood(
    connector: Connector, source: str, page: Page, fields: FieldMap
) -> tuple[list[tuple[Item, RawItem]], list[DeadLetter]]:
    items: list[tuple[Item, RawItem]] = []
    letters: list[DeadLetter] = []
    for raw in page.raws:
        try:
            kept = without_persons(raw)
            item = connector.normalise(kept, fields)
            _refuse_unstorable(item, source)
            items.append((item, kept))
        except Exception as error:  # noqa: BLE001 - one item that cannot be understood is counted, not fatal
            reason = without_people(f"{type(error).__name__}: {error}")
            letters.append(DeadLetter(source, _id_of(raw), reason[:500]))
    return items, letters


def _refuse_unstorable(item: Item, source: str) -> None:
    # An untyped connector may leave text out, or times without a zone: that is the item's fault, not the store's.
    if item_row(item)["source"] != source:
        raise ValueError(f"an item of source {item.source}")


def _id_of(raw: object) -> str:
    return str(raw.get("id", "?"))[:64] if isinstance(raw, Mapping) else "?"


def _fingerprint(settings: SourceSettings, fields: FieldMap) -> str:
    scope = settings.model_dump(mode="json", exclude={"token", "repositories", "projects"})
    return digest(canonical([NORMALISATION_VERSION, scope, fields_to_json(fields)])).hex()
