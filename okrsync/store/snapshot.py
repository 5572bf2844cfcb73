"""Reading: what one consistent view of the store can tell."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any

import sqlalchemy as sa

from okrsync.model import history
from okrsync.model.expectations import RecordedExpectation
from okrsync.model.ledger import Observation
from okrsync.model.placements import Placement
from okrsync.model.work import Item, ItemEvent, IterationRecord
from okrsync.plugins.connector import FieldMap, Missing
from okrsync.store import codec
from okrsync.store.backends import in_byte_order
from okrsync.store.item_lookup import items_called, placed_items_called, placed_keys_ending
from okrsync.store.item_reader import ITEM_COLUMNS, ItemReader
from okrsync.store.item_writer import chunks, held_items
from okrsync.store.links import delivered_links, link_starts, served_by_open_work
from okrsync.store.outcome_records import checks_on_record, expectations, fits_of, fits_of_kind
from okrsync.store.placements import placements_of, placing_of, work_in_iterations
from okrsync.store.records import (
    CacheEntry,
    DeadLetter,
    Fingerprints,
    ItemFilter,
    PartitionState,
    PlacementCacheEntry,
    RunRecord,
    SaveCounts,
    Scope,
    StoredCheck,
    StoredDigests,
    StoredRaw,
)
from okrsync.store.scoping import in_any, in_scope
from okrsync.store.tables import (
    dead_letter,
    history_due,
    item,
    item_alias,
    item_event,
    item_raw,
    iteration,
    iteration_stream,
    metric_state,
    observation,
    okr_version,
    source_state,
    stream_state,
    sync_run,
)

_HAS_RAW = sa.and_(item_raw.c.source == item.c.source, item_raw.c.external_id == item.c.external_id)
_BIT_BY_BIT = {"yield_per": 1000}
"""Of one statement: options of a connection stay with it, and a transaction goes on to write."""


class Snapshot:
    """One read transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def items(
        self,
        scopes: Sequence[Scope] | None = None,
        *,
        as_of: datetime | None = None,
        as_known: datetime | None = None,
    ) -> Iterator[Item]:
        """
        All items that are there (of *scopes*, if they are given), by source and then by the tracker's id.

        *as_of*: as they were at that moment, by their history. *as_known*: by what the store knew at that moment alone.
        """
        chosen = sa.select(*ITEM_COLUMNS).order_by(
            self._by(item.c.source), sa.func.length(item.c.external_id), self._by(item.c.external_id)
        )
        if scopes is not None:
            chosen = chosen.where(in_any(scopes))
        moments = [moment for moment in (as_of, as_known) if moment is not None]
        gone_later = item.c.gone_ms > codec.to_ms(min(moments)) if moments else sa.false()
        chosen = chosen.where(sa.or_(item.c.gone_ms.is_(None), gone_later))
        if as_known is not None:
            chosen = chosen.where(item.c.recorded_ms <= codec.to_ms(as_known))
        reader = self._reader()
        for rows in self._connection.execute(chosen, execution_options=_BIT_BY_BIT).partitions():
            present = [reader.item(row) for row in rows]
            yield from present if not moments else self._past(present, min(moments), as_known)

    def _past(self, items: Sequence[Item], moment: datetime, as_known: datetime | None) -> Iterator[Item]:
        by_source: dict[str, list[str]] = {}
        for entry in items:
            by_source.setdefault(entry.source, []).append(entry.external_id)
        events: dict[tuple[str, str], list[ItemEvent]] = {}
        late: set[ItemEvent] = set()
        for source, external_ids in by_source.items():
            for event, recorded in self._recorded_events(source, external_ids):
                events.setdefault((source, event.external_id), []).append(event)
                if as_known is not None and recorded > as_known:
                    late.add(event)
        maps = {source: self.fields(source) for source in by_source}
        for entry in items:
            fields = maps[entry.source]
            status_of = fields.status_of if fields else _no_status
            of_item = events.get((entry.source, entry.external_id), [])
            past = history.as_of(entry, of_item, moment, status_of, lambda event: event not in late)
            if past is not None:
                yield past

    def has_changed_since(self, scopes: Sequence[Scope], moment: datetime) -> bool:
        """
        Return whether any item of *scopes* was created, changed, delivered or taken away after *moment*.

        Where none was, ``items(scopes, as_of=moment)`` are the items as they are now.
        """
        since = codec.to_ms(moment)
        later = sa.or_(item.c.created_ms > since, item.c.delivered_ms > since, item.c.gone_ms > since)
        changed = sa.select(sa.literal(1)).where(in_any(scopes), later).limit(1)
        sources = sorted({scope.source for scope in scopes})
        events = sa.select(sa.literal(1)).where(item_event.c.source.in_(sources), item_event.c.at_ms > since).limit(1)
        return any(self._connection.execute(question).first() is not None for question in (changed, events))

    def events(self, source: str, external_ids: Sequence[str]) -> dict[str, list[ItemEvent]]:
        """The events of items by their id, in the order in which they happened; one without any is left out."""
        found: dict[str, list[ItemEvent]] = {}
        for event, _ in self._recorded_events(source, external_ids):
            found.setdefault(event.external_id, []).append(event)
        return {external_id: history.ordered(entries) for external_id, entries in found.items()}

    def _recorded_events(self, source: str, external_ids: Sequence[str]) -> Iterator[tuple[ItemEvent, datetime]]:
        for part in chunks(external_ids):
            rows = self._connection.execute(
                sa.select(item_event).where(item_event.c.source == source, item_event.c.external_id.in_(part))
            )
            for row in rows:
                yield codec.event_of(row), codec.from_ms(row.recorded_ms)

    def _iteration_names(self) -> dict[str, dict[str, str]]:
        names: dict[str, dict[str, str]] = {}
        for row in self._connection.execute(sa.select(iteration.c.source, iteration.c.external_id, iteration.c.name)):
            names.setdefault(row.source, {})[row.external_id] = row.name
        return names

    def _old_keys(self) -> dict[tuple[str, str], tuple[str, ...]]:
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for row in self._connection.execute(sa.select(item_alias).order_by(self._by(item_alias.c.key))):
            place = (row.source, row.external_id)
            found[place] = (*found.get(place, ()), row.key)
        return found

    def iterations(self, source: str) -> list[IterationRecord]:
        """The iterations of *source*, by id."""
        rows = self._connection.execute(
            sa.select(iteration).where(iteration.c.source == source).order_by(self._by(iteration.c.external_id))
        )
        return [codec.iteration_of(row) for row in rows]

    def iteration_cursor(self, source: str, stream: str) -> str:
        """Where the last sync of an iteration stream ended; empty where there was none."""
        cursor = self._connection.execute(
            sa.select(iteration_stream.c.cursor).where(
                iteration_stream.c.source == source, iteration_stream.c.stream == stream
            )
        ).scalar()
        return cursor or ""

    def fields(self, source: str) -> FieldMap | None:
        """The field map that the last sync of *source* used."""
        held = self._connection.execute(
            sa.select(source_state.c.fields).where(source_state.c.source == source)
        ).scalar()
        return None if held is None else codec.fields_of(held)

    def memory(self, source: str) -> dict[str, Any]:
        """What the connector of *source* wanted to know again."""
        held: dict[str, Any] | None = self._connection.execute(
            sa.select(source_state.c.memory).where(source_state.c.source == source)
        ).scalar()
        return held or {}

    def held(self, source: str, external_ids: Sequence[str]) -> dict[str, StoredDigests]:
        """What is stored of items, as far as is needed to see whether they changed; a new one is left out."""
        return held_items(self._connection, source, external_ids)

    def by_id(self, source: str, external_ids: Sequence[str]) -> dict[str, Item]:
        """The stored items of *external_ids* by their id."""
        found: dict[str, Item] = {}
        reader = ItemReader({}, {})
        for part in chunks(external_ids):
            rows = self._connection.execute(
                sa.select(*ITEM_COLUMNS).where(item.c.source == source, item.c.external_id.in_(part))
            )
            found |= {row.external_id: reader.item(row) for row in rows}
        return found

    def present(self, source: str, partition: str) -> int:
        """How many items of *partition* are there."""
        return self._connection.execute(
            sa.select(sa.func.count()).where(
                item.c.source == source, item.c.partition == partition, item.c.gone_ms.is_(None)
            )
        ).scalar_one()

    def missing_from(self, source: str, partition: str, listed: Collection[str]) -> list[tuple[Missing, bool]]:
        """The items of *partition* that *listed* has not, each with whether it was missing before."""
        rows = self._connection.execute(
            sa.select(item.c.external_id, item.c.key, item.c.missing_since_ms)
            .where(item.c.source == source, item.c.partition == partition, item.c.gone_ms.is_(None))
            .order_by(item.c.id)
        )
        return [
            (Missing(row.external_id, row.key), row.missing_since_ms is not None)
            for row in rows
            if row.external_id not in listed
        ]

    def history_due(self, source: str, *, is_late: bool = False) -> list[str]:
        """Ids of the items in scope whose history is to be read again; *is_late*: only where it is known short."""
        due = (
            sa.select(item.c.external_id)
            .join(
                history_due,
                sa.and_(history_due.c.source == item.c.source, history_due.c.external_id == item.c.external_id),
            )
            .where(in_scope(Scope(source)), item.c.gone_ms.is_(None))
            .order_by(item.c.id)
        )
        return list(self._connection.execute(due.where(history_due.c.is_late) if is_late else due).scalars())

    def stored(self, source: str, partition: str, external_ids: Sequence[str]) -> list[StoredRaw]:
        """The stored raw form of those of *external_ids* that *partition* holds."""
        found: list[StoredRaw] = []
        for part in chunks(external_ids):
            rows = self._connection.execute(
                sa.select(item.c.id, item.c.external_id, item_raw.c.body)
                .join(item_raw, _HAS_RAW)
                .where(item.c.source == source, item.c.partition == partition, item.c.external_id.in_(part))
                .order_by(item.c.id)
            )
            found += [StoredRaw(row.id, row.external_id, *codec.unpacked(row.body)) for row in rows]
        return found

    def _by(self, column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
        return in_byte_order(self._connection, column)

    def contents(self, source: str, external_ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The ids and the latest raw forms, without history, of those of *external_ids* that have one."""
        for part in chunks(external_ids):
            rows = self._connection.execute(
                sa.select(item_raw.c.external_id, item_raw.c.body).where(
                    item_raw.c.source == source, item_raw.c.external_id.in_(part)
                )
            )
            for external_id, body in rows:
                yield external_id, codec.content(body)

    def raw(self, source: str, external_id: str) -> dict[str, Any] | None:
        """The latest raw form of an item."""
        body = self._connection.execute(
            sa.select(item_raw.c.body).where(item_raw.c.source == source, item_raw.c.external_id == external_id)
        ).scalar()
        return None if body is None else codec.unpacked(body)[0]

    def stream(self, source: str, partition: str) -> PartitionState | None:
        """Where the last sync of *partition* ended."""
        row = self._connection.execute(
            sa.select(stream_state).where(stream_state.c.source == source, stream_state.c.partition == partition)
        ).one_or_none()
        if row is None:
            return None
        high_water = None if row.high_water_ms is None else codec.from_ms(row.high_water_ms)
        return PartitionState(
            Fingerprints(row.raw_fingerprint, row.fingerprint),
            high_water,
            row.is_whole,
            None if row.census_ms is None else codec.from_ms(row.census_ms),
            tuple(map(codec.from_ms, row.released_ms)),
        )

    def raws(self, source: str, partition: str, after: int, limit: int) -> list[StoredRaw]:
        """Up to *limit* stored raw items of *partition*, by row, from the one behind the row *after* on."""
        rows = self._connection.execute(
            sa.select(item.c.id, item.c.external_id, item_raw.c.body)
            .join(item_raw, _HAS_RAW)
            .where(item.c.source == source, item.c.partition == partition, item.c.id > after)
            .order_by(item.c.id)
            .limit(limit)
        )
        return [StoredRaw(row.id, row.external_id, *codec.unpacked(row.body)) for row in rows]

    def observations(self, metric: str, *, as_known: datetime | None = None) -> list[Observation]:
        """
        The latest value of each day of *metric*, ascending; missing days are not in it.

        *as_known*: the latest of those that were recorded by then.
        """
        return self.observations_of([metric], as_known=as_known)[metric]

    def observations_of(
        self, metrics: Sequence[str], *, as_known: datetime | None = None
    ) -> dict[str, list[Observation]]:
        """As :meth:`observations`, of each of *metrics* by its name."""
        found: dict[str, list[Observation]] = {metric: [] for metric in metrics}
        for part in chunks(list(found)):
            for entry in self._observed(part, as_known):
                found[entry.metric].append(entry)
        return found

    def _observed(self, metrics: Sequence[str], as_known: datetime | None) -> Iterator[Observation]:
        columns = (observation.c.metric, observation.c.day, observation.c.recorded_ms)
        chosen = sa.select(*columns, observation.c.value, observation.c.origin, observation.c.n)
        chosen = chosen.where(observation.c.metric.in_(metrics)).order_by(*columns)
        if as_known is not None:
            chosen = chosen.where(observation.c.recorded_ms <= codec.to_ms(as_known))
        # Metrics share their days, and a sync records all of them at once: each is made once.
        days: dict[str, date] = {}
        moments: dict[int, datetime] = {}
        found = self._connection.execute(chosen, execution_options=_BIT_BY_BIT)
        rows = chain.from_iterable(found.partitions())
        last = next(rows, None)
        while last is not None:
            after = next(rows, None)
            metric, day, recorded, value, origin, n = last
            if value is not None and (after is None or after[1] != day or after[0] != metric):
                if day not in days:
                    days[day] = date.fromisoformat(day)
                if recorded not in moments:
                    moments[recorded] = codec.from_ms(recorded)
                yield Observation(metric, days[day], value, moments[recorded], sys.intern(origin), n)
            last = after

    def revisions(self, metric: str) -> int:
        """How often the value of a day of *metric* was changed after it was first known, or taken away."""
        counted = sa.select(sa.func.count(), sa.func.count(observation.c.day.distinct())).where(
            observation.c.metric == metric
        )
        rows, days = self._connection.execute(counted).one()
        return int(rows - days)

    def rows(self, table: sa.Table) -> Iterator[sa.Row[Any]]:
        """All rows of *table*, read bit by bit."""
        return iter(self._connection.execute(sa.select(table), execution_options=_BIT_BY_BIT))

    def orphans(self) -> list[str]:
        """A line for each kind of row that belongs to an item and has none, or that an item lacks."""
        without_item = (
            sa.select(sa.func.count()).select_from(item_raw.outerjoin(item, _HAS_RAW)).where(item.c.id.is_(None))
        )
        without_raw = (
            sa.select(sa.func.count())
            .select_from(item.outerjoin(item_raw, _HAS_RAW))
            .where(item_raw.c.source.is_(None))
        )
        found = []
        if count := self._connection.execute(without_item).scalar_one():
            found.append(f"{count:,} raw items belong to no item")
        if count := self._connection.execute(without_raw).scalar_one():
            found.append(f"{count:,} items have no raw form")
        return found

    def last_runs(self) -> dict[str, RunRecord]:
        """The last recorded run of each source."""
        newest = sa.select(sa.func.max(sync_run.c.id)).group_by(sync_run.c.source)
        rows = self._connection.execute(
            sa.select(sync_run).where(sync_run.c.id.in_(newest)).order_by(self._by(sync_run.c.source))
        )
        return {row.source: _run(row) for row in rows}

    def checks(
        self, as_known: datetime | None = None, key_results: Collection[str] | None = None, since: date | None = None
    ) -> list[StoredCheck]:
        """
        The outcome checks on record, oldest first; *as_known*: those that were by then.

        *key_results*: those on them alone; *since*: those that were due on that day or later alone.
        """
        return checks_on_record(self._connection, as_known, key_results, since)

    def fits(self, key_results: Collection[str]) -> dict[str, CacheEntry]:
        """What the last sync has fitted of *key_results*, by them."""
        return fits_of(self._connection, key_results)

    def fits_of_kind(self, kind: str) -> dict[str, CacheEntry]:
        """Return what the last sync has noted under names that start with *kind*, by them."""
        return fits_of_kind(self._connection, kind)

    def expectations(self) -> list[RecordedExpectation]:
        """Everything that items were ever seen to expect, oldest first."""
        return expectations(self._connection)

    def link_starts(self, key_results: Collection[str] | None = None) -> dict[tuple[str, str, str], datetime]:
        """When each link in force was first seen, by source, item and key result; *key_results*: of these alone."""
        return link_starts(self._connection, key_results)

    def placing(self) -> PlacementCacheEntry | None:
        """How the stored placements were made; ``None`` where something was written to the items since."""
        return placing_of(self._connection)

    def placements(self, scopes: Sequence[Scope], wanted: ItemFilter) -> list[Placement]:
        """The stored placements of what is *wanted* of *scopes*, in the order of :meth:`items`."""
        return placements_of(self._connection, scopes, wanted, self._reader())

    def items_called(self, scopes: Sequence[Scope], keys: Collection[str]) -> list[Item]:
        """The items of *scopes* that are or were called one of *keys*, in any case."""
        return items_called(self._connection, scopes, keys, self._old_keys(), self._reader())

    def placed_items_called(self, scopes: Sequence[Scope], keys: Collection[str]) -> list[Item]:
        """As :meth:`items_called`, and quicker over a large store, as long as the stored placements hold."""
        return placed_items_called(self._connection, scopes, keys, self._reader())

    def placed_keys_ending(self, ending: str) -> list[str]:
        """Return the keys (lower-cased) of the placed items whose key ends with *ending*, which is lower-cased too."""
        return placed_keys_ending(self._connection, ending)

    def work_in_iterations(self, scopes: Sequence[Scope]) -> list[tuple[str, str, str, int]]:
        """How many pieces of work of each project each iteration has or had: source, id, project, count."""
        return work_in_iterations(self._connection, scopes)

    def served_by_open_work(self, scopes: Sequence[Scope]) -> set[str]:
        """The key results (qualified) that open work of *scopes* serves, as stored."""
        return served_by_open_work(self._connection, scopes)

    def delivered_links(self, key_results: Collection[str]) -> set[tuple[str, str]]:
        """Key results and keys of the delivered items that serve them now, of *key_results*."""
        return delivered_links(self._connection, key_results)

    def _reader(self) -> ItemReader:
        return ItemReader(self._iteration_names(), self._old_keys())

    def okr_texts(self, as_known: datetime | None = None) -> list[tuple[datetime, str, str]]:
        """Every version of every OKR file that a sync saw: when first, its path and its text; oldest first."""
        chosen = sa.select(okr_version).order_by(okr_version.c.first_seen_ms, okr_version.c.id)
        if as_known is not None:
            chosen = chosen.where(okr_version.c.first_seen_ms <= codec.to_ms(as_known))
        return [
            (codec.from_ms(row.first_seen_ms), row.path, zlib.decompress(row.content).decode())
            for row in self._connection.execute(chosen)
        ]

    def failed_metrics(self) -> dict[str, list[str]]:
        """The metrics whose last reading failed, with the reasons."""
        rows = self._connection.execute(sa.select(metric_state).order_by(self._by(metric_state.c.metric)))
        return {row.metric: row.problems for row in rows if row.problems}

    def last_read(self, source: str) -> datetime | None:
        """When *source* was last read, wholly or in part."""
        milliseconds = self._connection.execute(
            sa.select(sa.func.max(sync_run.c.finished_ms)).where(
                sync_run.c.source == source, sync_run.c.status != "failed"
            )
        ).scalar()
        return None if milliseconds is None else codec.from_ms(milliseconds)

    def dead_letters(self) -> list[DeadLetter]:
        """Raw items that could not be understood, by source."""
        rows = self._connection.execute(
            sa.select(dead_letter).order_by(self._by(dead_letter.c.source), self._by(dead_letter.c.external_id))
        )
        return [DeadLetter(row.source, row.external_id, row.error) for row in rows]


def _run(row: Any) -> RunRecord:
    return RunRecord(
        source=row.source,
        started=codec.from_ms(row.started_ms),
        finished=codec.from_ms(row.finished_ms),
        status=row.status,
        requests=row.requests,
        saved=SaveCounts(row.items_seen, row.items_new, row.items_changed),
        error=row.error,
        resume=None if row.resume_ms is None else codec.from_ms(row.resume_ms),
    )


def _no_status(_status_id: str, _resolution: str) -> None:
    """What a source without a field map says of a status."""
