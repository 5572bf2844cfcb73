"""Copies a whole store into another one, of the other kind if wanted."""

from __future__ import annotations

from itertools import islice
from typing import Any

import sqlalchemy as sa

from okrsync.errors import StoreError
from okrsync.store.database import Store
from okrsync.store.tables import metadata

_CHUNK = 1000


def copy_store(source: Store, target: Store) -> dict[str, int]:
    """
    Copy every row of *source* into *target*, in one transaction; returns how many of each table.

    Raises:
        StoreError: *target* holds something, or cannot be written; then nothing was copied.
    """
    counts: dict[str, int] = {}
    with source.read() as view, target.write() as unit:
        into = unit.connection
        for table in metadata.sorted_tables:
            if into.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None:
                raise StoreError(f"{target.place}: not empty; copy into a new store")
        for table in metadata.sorted_tables:
            rows = view.rows(table)
            counts[table.name] = 0
            while part := [dict(row._mapping) for row in islice(rows, _CHUNK)]:  # noqa: SLF001 - its public name
                into.execute(sa.insert(table), part)
                counts[table.name] += len(part)
            _go_on_counting(into, table)
    return counts


def _go_on_counting(connection: sa.Connection, table: sa.Table) -> None:
    """Let new rows of *table* be numbered behind the copied ones; SQLite does so by itself."""
    column: sa.Column[Any] | None = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    last = connection.execute(sa.select(sa.func.max(column))).scalar()
    if last is not None:
        connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, column.name), last)))
