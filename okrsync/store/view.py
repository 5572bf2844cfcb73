"""Reading: what one consistent view of the store can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from okrsync.model.ledger import Observation
from okrsync.model.work import Item
from okrsync.store import codec
from okrsync.store.records import DeadLetter, Fingerprints, RunRecord, Saved, Scope, StreamState
from okrsync.store.scoping import in_scope
from okrsync.store.tables import dead_letter, item, item_raw, metric_state, observation, stream_state, sync_run


class View:
    """One read transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def items(self, scopes: Sequence[Scope] | None = None) -> Iterator[Item]:
        """All items (of *scopes*, if they are given), by source and then by the tracker's id."""
        chosen = sa.select(item).order_by(item.c.source, sa.func.length(item.c.external_id), item.c.external_id)
        if scopes is not None:
            chosen = chosen.where(sa.or_(sa.false(), *(in_scope(scope) for scope in scopes)))
        for row in self._connection.execution_options(yield_per=1000).execute(chosen):
            yield codec.item_of(row)

    def raw(self, source: str, external_id: str) -> dict[str, Any] | None:
        """The latest raw form of an item."""
        body = self._connection.execute(
            sa.select(item_raw.c.body).join(item).where(item.c.source == source, item.c.external_id == external_id)
        ).scalar()
        return None if body is None else codec.unpacked(body)

    def stream(self, source: str, partition: str) -> StreamState | None:
        """Where the last sync of *partition* ended."""
        row = self._connection.execute(
            sa.select(stream_state).where(stream_state.c.source == source, stream_state.c.partition == partition)
        ).one_or_none()
        if row is None:
            return None
        high_water = None if row.high_water_ms is None else codec.from_ms(row.high_water_ms)
        return StreamState(Fingerprints(row.raw_fingerprint, row.fingerprint), high_water)

    def raws(self, source: str, partition: str, after: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
        """Up to *limit* stored raw items of *partition* with their row ids, by id, from the one behind *after* on."""
        rows = self._connection.execute(
            sa.select(item_raw.c.item_id, item_raw.c.body)
            .join(item)
            .where(item.c.source == source, item.c.partition == partition, item.c.id > after)
            .order_by(item.c.id)
            .limit(limit)
        )
        return [(row.item_id, codec.unpacked(row.body)) for row in rows]

    def observations(self, metric: str) -> list[Observation]:
        """The latest value of each day of *metric*, ascending; missing days are not in it."""
        latest: dict[str, Any] = {}
        for row in self._connection.execute(
            sa.select(observation)
            .where(observation.c.metric == metric)
            .order_by(observation.c.day, observation.c.recorded_ms)
        ):
            latest[row.day] = row
        return [
            Observation(metric, date.fromisoformat(day), row.value, codec.from_ms(row.recorded_ms), row.origin, row.n)
            for day, row in latest.items()
            if row.value is not None
        ]

    def last_runs(self) -> dict[str, RunRecord]:
        """The last recorded run of each source."""
        newest = sa.select(sa.func.max(sync_run.c.id)).group_by(sync_run.c.source)
        rows = self._connection.execute(
            sa.select(sync_run).where(sync_run.c.id.in_(newest)).order_by(sync_run.c.source)
        )
        return {row.source: _run(row) for row in rows}

    def failed_metrics(self) -> dict[str, list[str]]:
        """The metrics whose last reading failed, with the reasons."""
        rows = self._connection.execute(sa.select(metric_state).order_by(metric_state.c.metric))
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
            sa.select(dead_letter).order_by(dead_letter.c.source, dead_letter.c.external_id)
        )
        return [DeadLetter(row.source, row.external_id, row.error) for row in rows]


def _run(row: Any) -> RunRecord:
    return RunRecord(
        source=row.source,
        started=codec.from_ms(row.started_ms),
        finished=codec.from_ms(row.finished_ms),
        status=row.status,
        requests=row.requests,
        saved=Saved(row.items_seen, row.items_new, row.items_changed),
        error=row.error,
    )
