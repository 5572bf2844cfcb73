"""Writing: what one transaction may do to the store."""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from okrsync.model.expectations import RecordedExpectation
from okrsync.model.ledger import Observation
from okrsync.model.placements import Placement
from okrsync.model.plain import digest
from okrsync.model.work import IterationRecord, Link
from okrsync.plugins.connector import FieldMap
from okrsync.store import codec
from okrsync.store.backends import insert
from okrsync.store.failpoints import failpoint
from okrsync.store.item_writer import ItemWriter
from okrsync.store.outcome_records import save_checks, save_expectations, save_fits
from okrsync.store.placements import forget_placing, save_placements, save_settled
from okrsync.store.records import (
    CacheEntry,
    DeadLetter,
    Fingerprints,
    PlacementCacheEntry,
    RecordedCheck,
    RunRecord,
    Scope,
)
from okrsync.store.scoping import in_any
from okrsync.store.snapshot import Snapshot
from okrsync.store.tables import (
    dead_letter,
    history_due,
    item,
    item_alias,
    iteration,
    iteration_stream,
    link,
    metric_state,
    observation,
    okr_version,
    source_state,
    stream_state,
    sync_run,
)


class UnitOfWork:
    """One write transaction; whoever lends it commits it or rolls it back."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    @property
    def connection(self) -> sa.Connection:
        """What the transaction runs on."""
        return self._connection

    @property
    def view(self) -> Snapshot:
        """What is stored by now, this transaction's own writing included."""
        return Snapshot(self._connection)

    def items(self, source: str) -> ItemWriter:
        """The items of *source*, to be written; where they stood holds no longer."""
        forget_placing(self._connection)
        return ItemWriter(self._connection, source)

    def bury(self, letters: Iterable[DeadLetter], now: datetime) -> None:
        """Note raw items that could not be understood."""
        rows = [
            {
                "source": letter.source,
                "external_id": codec.storable(letter.external_id),
                "error": codec.storable(letter.error),
                "recorded_ms": codec.to_ms(now),
            }
            for letter in letters
        ]
        if rows:
            statement = insert(self._connection, dead_letter)
            values = {"error": statement.excluded.error, "recorded_ms": statement.excluded.recorded_ms}
            self._connection.execute(
                statement.on_conflict_do_update(index_elements=["source", "external_id"], set_=values), rows
            )

    def save_fields(self, connector: str, fields: FieldMap, memory: Mapping[str, Any] | None = None) -> None:
        """Keep the field map of a source, so that its raw items can be normalised again, and what it remembers."""
        self._put(
            source_state,
            ["source"],
            {
                "source": fields.source,
                "connector": connector,
                "fields": codec.fields_to_json(fields),
                "memory": dict(memory or {}),
            },
        )

    def remember(self, source: str, memory: Mapping[str, Any]) -> None:
        """Keep what the connector of *source* remembers."""
        self._connection.execute(
            sa.update(source_state).where(source_state.c.source == source).values(memory=dict(memory))
        )

    def save_stream(
        self,
        source: str,
        partition: str,
        fingerprints: Fingerprints,
        high_water: datetime | None,
        *,
        is_whole: bool = False,
    ) -> None:
        """Record where the next sync of this partition starts from; *is_whole*: it is still reading everything."""
        forget_placing(self._connection)
        milliseconds = None if high_water is None else codec.to_ms(high_water)
        self._put(
            stream_state,
            ["source", "partition"],
            {
                "source": source,
                "partition": partition,
                "raw_fingerprint": fingerprints.raw,
                "fingerprint": fingerprints.item,
                "high_water_ms": milliseconds,
                "in_scope": True,
                "is_whole": is_whole,
            },
        )

    def save_census(self, source: str, partition: str, when: datetime) -> None:
        """Note when the complete list of *partition* was read."""
        self._set_stream(source, partition, census_ms=codec.to_ms(when))

    def save_releases(self, source: str, partition: str, releases: Sequence[datetime]) -> None:
        """Keep when *partition* was released."""
        self._set_stream(source, partition, released_ms=[codec.to_ms(when) for when in releases])

    def save_iterations(self, source: str, stream: str, iterations: Sequence[IterationRecord], cursor: str) -> None:
        """Insert or update iterations, with where the next sync of their stream starts from."""
        rows = {entry.id: codec.iteration_row(entry) for entry in iterations}
        if rows:
            forget_placing(self._connection)
            statement = insert(self._connection, iteration)
            values = {
                name: statement.excluded[name] for name in ("name", "state", "start_ms", "end_ms", "completed_ms")
            }
            self._connection.execute(
                statement.on_conflict_do_update(index_elements=["source", "external_id"], set_=values),
                list(rows.values()),
            )
        self._put(iteration_stream, ["source", "stream"], {"source": source, "stream": stream, "cursor": cursor})
        failpoint("iterations-written")

    def _set_stream(self, source: str, partition: str, **values: Any) -> None:
        self._connection.execute(
            sa.update(stream_state)
            .where(stream_state.c.source == source, stream_state.c.partition == partition)
            .values(**values)
        )

    def set_scope(self, source: str, partitions: Sequence[str]) -> None:
        """Let only *partitions* of *source* count from now on; what others hold is kept, and not shown."""
        forget_placing(self._connection)
        self._connection.execute(
            sa.update(stream_state)
            .where(stream_state.c.source == source)
            .values(in_scope=stream_state.c.partition.in_(partitions))
        )

    def purge(self, scopes: Sequence[Scope]) -> int:
        """Delete what is out of *scopes* for good: items with their raw form and links; returns how many items."""
        forget_placing(self._connection)
        kept = in_any(scopes)
        gone: dict[str, list[str]] = {}
        for row in self._connection.execute(sa.select(item.c.source, item.c.external_id).where(~kept)):
            gone.setdefault(row.source, []).append(row.external_id)
        for source, external_ids in gone.items():
            self.items(source).purge(external_ids)
        names = [scope.source for scope in scopes]
        for table in (stream_state, source_state, dead_letter, iteration, iteration_stream, item_alias, history_due):
            self._connection.execute(sa.delete(table).where(table.c.source.not_in(names)))
        self._connection.execute(sa.delete(stream_state).where(stream_state.c.in_scope.is_(False)))
        return sum(map(len, gone.values()))

    def save_run(self, record: RunRecord) -> None:
        """Record a source's part of a sync."""
        self._connection.execute(
            sa.insert(sync_run).values(
                source=record.source,
                started_ms=codec.to_ms(record.started),
                finished_ms=codec.to_ms(record.finished),
                status=record.status,
                requests=dict(record.requests),
                items_seen=record.saved.seen,
                items_new=record.saved.new,
                items_changed=record.saved.changed,
                error=codec.storable(record.error),
                resume_ms=None if record.resume is None else codec.to_ms(record.resume),
            )
        )

    def save_links(self, links: Iterable[Link], now: datetime) -> tuple[int, int]:
        """Make *links* the ones in force; returns how many were added and how many ended. Old ones are kept."""
        wanted = {_link_identity(entry): entry for entry in links}
        current = self._connection.execute(sa.select(link).where(link.c.valid_to_ms.is_(None))).all()
        held = {_row_identity(row): row.id for row in current}
        ended = [id_ for identity, id_ in held.items() if identity not in wanted]
        added = [entry for identity, entry in wanted.items() if identity not in held]
        milliseconds = codec.to_ms(now)
        if ended:
            statement = sa.update(link).where(link.c.id == sa.bindparam("link_id")).values(valid_to_ms=milliseconds)
            self._connection.execute(statement, [{"link_id": id_} for id_ in ended])
        if added:
            self._connection.execute(
                sa.insert(link), [{**_link_row(entry), "valid_from_ms": milliseconds} for entry in added]
            )
        return len(added), len(ended)

    def save_placements(self, placements: Iterable[Placement], made: PlacementCacheEntry) -> None:
        """Keep where every item stands, *made* as told, until something is written to the items again."""
        save_placements(self._connection, placements, made)

    def save_settled(self, key_results: Collection[str]) -> None:
        """Note on which *key_results* every delivery is judged for good, beside the placements."""
        save_settled(self._connection, key_results)

    def save_observations(
        self, metric: str, observations: Sequence[Observation], now: datetime, *, is_window: bool = False
    ) -> int:
        """
        Add what is new in *observations*, the whole of what the metric's source holds; returns how many rows.

        A value that changed is a revision beside the old one; a day that the source no longer has is revised to
        "missing" until it has it again. Of two values recorded at the same moment, the one read later holds.
        *is_window*: they say nothing of the days before the first of them, which stay as they are.
        """
        entries = {
            (entry.day.isoformat(), codec.to_ms(entry.recorded)): entry
            for entry in observations
            if not math.isnan(entry.value)
        }
        newest = {day: entries[day, recorded] for day, recorded in sorted(entries)}
        held: dict[str, dict[int, tuple[float | None, float | None]]] = {}
        for row in self._connection.execute(
            sa.select(observation).where(observation.c.metric == metric).order_by(observation.c.recorded_ms)
        ):
            held.setdefault(row.day, {})[row.recorded_ms] = (row.value, row.n)
        told_from = min(newest, default="9999") if is_window else ""
        rows: list[dict[str, Any]] = []
        for (day, recorded), entry in entries.items():
            versions = held.setdefault(day, {})
            if _latest(versions, recorded) != (entry.value, entry.n):
                versions[recorded] = (entry.value, entry.n)
                rows.append(_observation_row(metric, day, recorded, entry.value, entry.n, entry.origin))
        for day, versions in held.items():
            is_missing = versions[max(versions)][0] is None
            recorded = max(codec.to_ms(now), *versions)
            if day in newest and is_missing:
                entry = newest[day]
                rows.append(_observation_row(metric, day, recorded, entry.value, entry.n, entry.origin))
            elif day not in newest and not is_missing and day >= told_from:
                rows.append(_observation_row(metric, day, recorded, None, None, "no longer in its source"))
        if rows:
            statement = insert(self._connection, observation)
            values = {name: statement.excluded[name] for name in ("value", "n", "origin")}
            self._connection.execute(
                statement.on_conflict_do_update(index_elements=["metric", "day", "recorded_ms"], set_=values), rows
            )
        return len(rows)

    def save_checks(self, checks: Sequence[RecordedCheck]) -> int:
        """Put *checks* on record, but those with a member that is on record already; returns how many."""
        return save_checks(self._connection, checks)

    def save_fits(self, fits: Iterable[CacheEntry]) -> None:
        """Let *fits* be all that is held of what was fitted."""
        save_fits(self._connection, fits)

    def save_expectations(self, seen: Sequence[RecordedExpectation], now: datetime) -> int:
        """Keep what items say they expect, where it differs from what they said last; returns how many."""
        return save_expectations(self._connection, seen, now)

    def save_metric_state(self, metric: str, problems: Sequence[str]) -> None:
        """Record whether the last reading of *metric* failed, and why; no *problems* means that it did not."""
        self._put(metric_state, ["metric"], {"metric": metric, "problems": list(problems)})

    def save_okr_text(self, path: str, text: str, now: datetime) -> bool:
        """Keep *text* as a version of the OKR file *path*; returns whether it differs from the last one."""
        content = text.encode()
        content_digest = digest(content)
        last = self._connection.execute(
            sa.select(okr_version.c.digest).where(okr_version.c.path == path).order_by(okr_version.c.id.desc()).limit(1)
        ).scalar()
        if last == content_digest:
            return False
        self._connection.execute(
            sa.insert(okr_version).values(
                path=path, digest=content_digest, content=zlib.compress(content), first_seen_ms=codec.to_ms(now)
            )
        )
        return True

    def _put(self, table: sa.Table, key: list[str], row: dict[str, Any]) -> None:
        statement = insert(self._connection, table).values(row)
        values = {name: statement.excluded[name] for name in row if name not in key}
        self._connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values))


def _latest(versions: Mapping[int, tuple[float | None, float | None]], at: int) -> tuple[float | None, float | None]:
    known = [recorded for recorded in versions if recorded <= at]
    return versions[max(known)] if known else (None, None)


def _observation_row(
    metric: str, day: str, recorded: int, value: float | None, n: float | None, origin: str
) -> dict[str, Any]:
    return {"metric": metric, "day": day, "recorded_ms": recorded, "value": value, "n": n, "origin": origin}


_LINK_COLUMNS = ("source", "external_id", "key", "key_result", "state", "rule", "via", "share", "depth", "reason")


def _link_row(entry: Link) -> dict[str, Any]:
    row = {name: getattr(entry, name) for name in _LINK_COLUMNS} | {"state": entry.state.value}
    return {name: codec.storable(value) if isinstance(value, str) else value for name, value in row.items()}


def _link_identity(entry: Link) -> tuple[Any, ...]:
    return tuple(_link_row(entry).values())


def _row_identity(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _LINK_COLUMNS)
