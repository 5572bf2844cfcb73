"""What SQLite and PostgreSQL do differently; everything else is one code."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from okrsync.errors import LockHeldError, StoreError
from okrsync.store.lock import file_lock

_BUSY_SECONDS = 30
_BUSY_STEP_SECONDS = 0.02
_BEGIN = "okrsync_begin"
_MOST_IN_NAME = 63  # PostgreSQL cuts application_name there


class SqliteBackend:
    """A file; WAL mode, so that reports can be made while a sync writes."""

    def __init__(self, url: str) -> None:
        self.path = Path(url.removeprefix("sqlite:///"))
        self.place = str(self.path)
        # Made of its parts: in the text of a URL, a "?" in the path would start options.
        self.engine = sa.create_engine(
            sa.URL.create("sqlite", database=self.place),
            connect_args={"timeout": _BUSY_SECONDS},
            json_deserializer=orjson.loads,
        )
        event.listen(self.engine, "connect", _prepare_sqlite)
        event.listen(self.engine, "begin", _begin_sqlite)

    writing: ClassVar[dict[str, Any]] = {_BEGIN: "BEGIN IMMEDIATE"}
    reading: ClassVar[dict[str, Any]] = {_BEGIN: "BEGIN"}

    def prepare(self) -> None:
        """Its folder must be there."""
        if not self.path.parent.is_dir():
            raise StoreError(f"{self.place}: the folder does not exist; make it, or name another store")

    def settle(self) -> None:
        """Set the mode: it is written into the file, and changes outside transactions only."""
        until = time.monotonic() + _BUSY_SECONDS
        with self.engine.connect().execution_options(**{_BEGIN: ""}) as connection:
            while True:
                try:
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                except OperationalError as error:
                    # While another one writes, SQLite refuses this at once: its own waiting is for statements.
                    if "locked" not in str(error.orig) or time.monotonic() > until:
                        raise
                    time.sleep(_BUSY_STEP_SECONDS)
                else:
                    return

    def begin_write(self, connection: sa.Connection) -> None:
        """BEGIN IMMEDIATE has waited already."""

    @contextmanager
    def lock(self, source: str, now: datetime) -> Iterator[None]:
        """Hold a lock file beside the store."""
        with file_lock(self.path, source, now):
            yield

    def faults(self) -> list[str]:
        """What ``integrity_check`` says."""
        with self.engine.connect() as connection, connection.begin():
            told = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        return [str(line) for line in told if line != "ok"]

    def backup(self, path: Path) -> None:
        """Write a whole copy to *path*, also while others write."""
        with self.engine.connect().execution_options(**{_BEGIN: ""}) as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(path),))

    def next_step(self, reason: str) -> str:
        """What to do about SQLite's *reason*."""
        steps = {
            "locked": "another okrsync is writing; try again when it is done",
            "full": "free some disk space and run again",
            "not a database": "name another store, or delete this file: it can be rebuilt by a sync",
            "malformed": "delete the file: it can be rebuilt by a sync",
            "readonly": "check the file's permissions",
            "unable to open": "check the path and its permissions",
        }
        return next((step for words, step in steps.items() if words in reason), "check the file and its disk")


class PostgresBackend:
    """A database of a PostgreSQL server, reached with psycopg; a plain role that may create tables is enough."""

    def __init__(self, url: str) -> None:
        parts = make_url(url).set(drivername="postgresql+psycopg")
        self.place = f"postgresql://{parts.host or 'localhost'}/{parts.database or ''}"
        try:
            self.engine = sa.create_engine(
                parts, pool_pre_ping=True, connect_args={"connect_timeout": 10}, json_deserializer=orjson.loads
            )
        except ModuleNotFoundError:
            raise StoreError(
                f"{self.place}: the driver is not installed; run pip install 'okrsync[postgresql]'"
            ) from None

    writing: ClassVar[dict[str, Any]] = {}
    reading: ClassVar[dict[str, Any]] = {"isolation_level": "REPEATABLE READ"}

    def prepare(self) -> None:
        """The server says itself what is wrong."""

    def settle(self) -> None:
        """Nothing is left to do."""

    def begin_write(self, connection: sa.Connection) -> None:
        """One writer at a time, as in SQLite: links are made from everything that is stored."""
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _number("writer")})

    @contextmanager
    def lock(self, source: str, now: datetime) -> Iterator[None]:
        """Hold an advisory lock; the server frees it when the connection ends, however that comes."""
        key = _number(f"source {source}")
        holder = f"okrsync {os.getpid()}@{socket.gethostname()} since {now:%Y-%m-%d %H:%M} UTC"[:_MOST_IN_NAME]
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("SELECT set_config('application_name', :name, false)"), {"name": holder}).close()
            if not connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar():
                raise LockHeldError(source, self._holder(connection, key))
            try:
                yield
            finally:
                # A connection that broke has given it back already.
                if not connection.invalidated:
                    self._unlock(connection, key)

    def _unlock(self, connection: sa.Connection, key: int) -> None:
        try:
            connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": key})
            connection.execute(sa.text("SELECT set_config('application_name', 'okrsync', false)"))
        except DBAPIError:
            connection.invalidate()  # the server ends the lock with the connection

    def _holder(self, connection: sa.Connection, key: int) -> str:
        # A role sees only its own sessions' names.
        name = connection.execute(
            sa.text(
                "SELECT activity.application_name FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid) "
                "WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1 "
                "AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                "AND held.classid = :high AND held.objid = :low"
            ),
            {"high": (key >> 32) & 0xFFFFFFFF, "low": key & 0xFFFFFFFF},
        ).scalar()
        if not name or not str(name).startswith("okrsync "):
            return "another process"
        place, _, since = str(name).removeprefix("okrsync ").partition(" since ")
        pid, _, host = place.partition("@")
        return f"process {pid} on {host} since {since}"

    def faults(self) -> list[str]:
        """A server checks its own pages; that it answers is what can be said here."""
        with self.engine.connect() as connection, connection.begin():
            connection.execute(sa.text("SELECT 1"))
        return []

    def backup(self, path: Path) -> None:
        """
        Refuse: a server's backup is its own.

        Raises:
            StoreError: always.
        """
        raise StoreError(
            f"{self.place}: back a server's database up with pg_dump, or run okrsync db copy --to sqlite:///{path}"
        )

    def next_step(self, reason: str) -> str:
        """What to do about the server's *reason*."""
        steps = {
            "password": "set PGPASSWORD, or write the password into ~/.pgpass",
            "does not exist": "make the database and the role, or mend the url",
            "permission denied": "let the role create tables in this database",
            "Connection refused": "check that the server runs, and the url",
            "could not translate": "check the host in the url",
            "resolve host": "check the host in the url",
            "timeout": "check the host in the url, and the network",
        }
        return next((step for words, step in steps.items() if words in reason), "check the server and its log")


def backend_of(url: str) -> SqliteBackend | PostgresBackend:
    """The backend of a store's *url*."""
    return SqliteBackend(url) if url.startswith("sqlite:///") else PostgresBackend(url)


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """An insert into *table* that knows what to do on a conflict, in the dialect of *connection*."""
    # Imported here: the one that is not in use takes 40 ms.
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    return sqlite.insert(table)


class BulkUpsert:
    """
    Writes many rows of one table with one statement, which is made once.

    SQLAlchemy's own way to many rows works out every parameter of every row again, at several times the cost. A row is
    a tuple in the order of *columns*, JSON already as text; *kept* columns are written by the first insert alone.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str], key: Sequence[str], kept: Collection[str]) -> None:
        self.columns = tuple(columns)
        told = [name for name in columns if name not in {*key, *kept}]
        self._text = (
            f"INSERT INTO {table.name} ({', '.join(_quoted(columns))}) VALUES ({{marks}}) "  # noqa: S608 - our own names
            f"ON CONFLICT ({', '.join(_quoted(key))}) DO UPDATE SET "
            + ", ".join(f"{name} = excluded.{name}" for name in _quoted(told))
        )

    def __call__(self, connection: sa.Connection, rows: list[tuple[Any, ...]]) -> None:
        """Insert *rows*, or update those that are there but for the kept columns."""
        mark = "%s" if connection.dialect.name == "postgresql" else "?"
        connection.exec_driver_sql(self._text.format(marks=", ".join([mark] * len(self.columns))), rows)


def _quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def in_byte_order(connection: sa.Connection, column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """*column* to order by, the same in every database: a server's own order is that of its language."""
    return column.collate("C") if connection.dialect.name == "postgresql" else column


def _number(name: str) -> int:
    """A lock's number for *name*, signed, 64 bits."""
    return int.from_bytes(hashlib.blake2b(f"okrsync {name}".encode(), digest_size=8).digest(), signed=True)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction handling would commit before DDL; SQLAlchemy's "begin" event opens ours instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "cache_size=-65536", "wal_autocheckpoint=4000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer takes the lock at once: upgrading a read lock later can fail in the middle of a page.
    statement = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if statement:
        connection.exec_driver_sql(statement)
