"""Outcome checks and expectations in the store, which only ever grow; and fits, which a sync makes anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from functools import cache

import sqlalchemy as sa
from pydantic import TypeAdapter

from okrsync.model.expectations import RecordedExpectation
from okrsync.model.verdicts import OutcomeCheck
from okrsync.store import codec
from okrsync.store.item_writer import chunks
from okrsync.store.records import CacheEntry, RecordedCheck, StoredCheck
from okrsync.store.tables import expectation, fit, outcome_check


@cache
def _check() -> TypeAdapter[OutcomeCheck]:
    # Made at its first use: most commands read no verdicts.
    return TypeAdapter(OutcomeCheck)


def save_checks(connection: sa.Connection, checks: Sequence[RecordedCheck]) -> int:
    """Put *checks* on record, but those with a member that is on record already; returns how many."""
    held: dict[str, set[str]] = {}
    for entry in checks_on_record(connection):
        held.setdefault(entry.key_result, set()).update(entry.check.members)
    new = [entry for entry in checks if held.get(entry.key_result, set()).isdisjoint(entry.check.members)]
    if new:
        connection.execute(
            sa.insert(outcome_check),
            [
                {
                    "key_result": codec.storable(entry.key_result),
                    "evaluation": entry.check.evaluation.isoformat(),
                    "verdict": entry.check.verdict.value,
                    "told": codec.storable(_check().dump_json(entry.check).decode()),
                    "inputs": codec.packed(entry.inputs),
                    "recorded_ms": codec.to_ms(entry.recorded),
                }
                for entry in new
            ],
        )
    return len(new)


def checks_on_record(
    connection: sa.Connection,
    as_known: datetime | None = None,
    key_results: Collection[str] | None = None,
    since: date | None = None,
) -> list[StoredCheck]:
    """
    The checks on record, oldest first, without their inputs; *as_known*: those that were by then.

    *key_results*: those on them alone; *since*: those that were due on that day or later alone.
    """
    told = sa.select(outcome_check.c.id, outcome_check.c.key_result, outcome_check.c.told, outcome_check.c.recorded_ms)
    if as_known is not None:
        told = told.where(outcome_check.c.recorded_ms <= codec.to_ms(as_known))
    if since is not None:
        told = told.where(outcome_check.c.evaluation >= since.isoformat())
    if key_results is None:
        rows = list(connection.execute(told))
    else:
        parts = chunks(sorted(key_results))
        rows = [row for part in parts for row in connection.execute(told.where(outcome_check.c.key_result.in_(part)))]
    return [
        StoredCheck(row.key_result, _check().validate_json(row.told), codec.from_ms(row.recorded_ms))
        for row in sorted(rows, key=lambda row: row.id)
    ]


def save_fits(connection: sa.Connection, fits: Iterable[CacheEntry]) -> None:
    """Let *fits* be the ones that are held."""
    connection.execute(sa.delete(fit))
    rows = [{"key_result": entry.key_result, "digest": entry.digest, "told": entry.told} for entry in fits]
    if rows:
        connection.execute(sa.insert(fit), rows)


def fits_of(connection: sa.Connection, key_results: Collection[str]) -> dict[str, CacheEntry]:
    """What is held of *key_results*."""
    found = {}
    for part in chunks(sorted(key_results)):
        rows = connection.execute(
            sa.select(fit.c.key_result, fit.c.digest, fit.c.told).where(fit.c.key_result.in_(part))
        )
        found.update({row.key_result: CacheEntry(row.key_result, row.digest, row.told) for row in rows})
    return found


def fits_of_kind(connection: sa.Connection, kind: str) -> dict[str, CacheEntry]:
    """Return what is held under names that start with *kind*."""
    rows = connection.execute(
        sa.select(fit.c.key_result, fit.c.digest, fit.c.told).where(fit.c.key_result.startswith(kind, autoescape=True))
    )
    return {row.key_result: CacheEntry(row.key_result, row.digest, row.told) for row in rows}


def save_expectations(connection: sa.Connection, seen: Iterable[RecordedExpectation], now: datetime) -> int:
    """Keep what items say they expect, where it differs from what they said last; returns how many."""
    last = {(entry.source, entry.external_id, entry.key_result): entry for entry in expectations(connection)}
    new = [
        entry
        for entry in seen
        if (before := last.get((entry.source, entry.external_id, entry.key_result))) is None
        or not before.says_the_same(entry)
    ]
    if new:
        connection.execute(
            sa.insert(expectation),
            [
                {
                    "source": entry.source,
                    "external_id": entry.external_id,
                    "key_result": codec.storable(entry.key_result),
                    "change": entry.change,
                    "due": entry.due.isoformat(),
                    "because": codec.storable(entry.because),
                    "seen_ms": codec.to_ms(now),
                }
                for entry in new
            ],
        )
    return len(new)


def expectations(connection: sa.Connection) -> list[RecordedExpectation]:
    """Everything that items were ever seen to expect, oldest first."""
    return [
        RecordedExpectation(
            row.source,
            row.external_id,
            row.key_result,
            row.change,
            codec.day_of(row.due),
            row.because,
            codec.from_ms(row.seen_ms),
        )
        for row in connection.execute(sa.select(expectation).order_by(expectation.c.id))
    ]
