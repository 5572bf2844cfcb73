"""Opens the store, brings its schema up to date, and lends transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from okrsync.errors import StoreError, StoreTooNewError
from okrsync.store.lock import source_lock
from okrsync.store.unit import Unit
from okrsync.store.view import View

SCHEMA_REVISION = "0001"
_BUSY_SECONDS = 30
_BEGIN = "okrsync_begin"
_OWN_TABLE = "stream_state"


class Store:
    """
    One open store. Reading and writing happen in transactions that it lends.

    SQLite runs in WAL mode, so reports can be made while a sync writes.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._place = url.removeprefix("sqlite:///")
        # Made of its parts: in the text of a URL, a "?" in the path would start options.
        place = sa.URL.create("sqlite", database=self._place)
        self._engine = sa.create_engine(place, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)

    @classmethod
    def open(cls, url: str) -> Store:
        """
        The store at *url*, made if there is none, migrated if it is older.

        Raises:
            StoreTooNewError: a newer okrsync wrote it.
            StoreError: it cannot be opened, or is no store.
        """
        store = cls(url)
        if not Path(store._place).parent.is_dir():
            raise StoreError(f"{store._place}: the folder does not exist; make it, or name another store")
        try:
            with store._guarded():
                store._migrate()
                store._keep_wal()
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def lock(self, source: str, now: datetime) -> Iterator[None]:
        """
        Let no other process read *source* into this store meanwhile.

        Raises:
            LockHeldError: another one does.
        """
        with source_lock(Path(self._place), source, now):
            yield

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """One transaction: all of what is done inside is kept, or nothing."""
        with (
            self._guarded(),
            self._engine.connect().execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}) as connection,
            connection.begin(),
        ):
            yield Unit(connection)

    @contextmanager
    def read(self) -> Iterator[View]:
        """One consistent view."""
        with self._guarded(), self._engine.connect() as connection, connection.begin():
            yield View(connection)

    def faults(self) -> list[str]:
        """What SQLite's own check finds wrong in the file; empty for a sound one."""
        with self._guarded(), self._engine.connect() as connection, connection.begin():
            told = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return [str(line) for line in told if line != "ok"] + [f"a row of {row[0]} points to nothing" for row in broken]

    def backup(self, path: Path) -> None:
        """
        Write a whole copy of the store to *path*, also while others write.

        Raises:
            StoreError: there is something at *path*, or it cannot be written.
        """
        if path.exists():
            raise StoreError(f"{path}: there already; name another file")
        with self._guarded(), self._engine.connect().execution_options(**{_BEGIN: ""}) as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(path),))

    def _is_current(self) -> bool:
        # Asked without the write lock, so that reports can be made beside a sync and from a file that is read-only.
        with self._engine.connect() as connection, connection.begin():
            tables = sa.inspect(connection).get_table_names()
            return {"alembic_version", _OWN_TABLE} <= set(tables) and _revision(connection) == SCHEMA_REVISION

    def _migrate(self) -> None:
        if self._is_current():
            return
        immediate = {_BEGIN: "BEGIN IMMEDIATE"}
        with self._engine.connect().execution_options(**immediate) as connection, connection.begin():
            tables = sa.inspect(connection).get_table_names()
            revision = _revision(connection) if "alembic_version" in tables else None
            # Others use Alembic too, and call their revisions 0001.
            if tables and (revision is None or _OWN_TABLE not in tables):
                raise StoreError(f"{self._place}: a database of something else; name another store")
            if revision == SCHEMA_REVISION:
                return
            # Imported here: a store that is up to date does not pay for it.
            from alembic import command  # noqa: PLC0415
            from alembic.config import Config  # noqa: PLC0415
            from alembic.script import ScriptDirectory  # noqa: PLC0415

            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.set_main_option("path_separator", "os")
            known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
            if revision is not None and revision not in known:
                raise StoreTooNewError(
                    f"{self._place}: a newer okrsync wrote this store (schema {revision}); update okrsync"
                )
            command.upgrade(config, "head")

    def _keep_wal(self) -> None:
        # Only once the file is known to be a store: the mode is written into it, and changes outside transactions.
        with self._engine.connect().execution_options(**{_BEGIN: ""}) as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            # The library's sentence quotes statement and parameters: only the driver's own words are told.
            raise StoreError(f"{self._place}: {error.orig}; {_next_step(str(error.orig))}") from None
        except SQLAlchemyError as error:
            raise StoreError(f"{self._place}: {type(error).__name__}; report this with the command you ran") from error


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own transaction handling would commit before DDL; SQLAlchemy's "begin" event opens ours instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # A writer takes the lock at once: upgrading a read lock later can fail in the middle of a page.
    statement = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if statement:
        connection.exec_driver_sql(statement)


def _revision(connection: sa.Connection) -> str | None:
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _next_step(reason: str) -> str:
    steps = {
        "locked": "another okrsync is writing; try again when it is done",
        "full": "free some disk space and run again",
        "not a database": "name another store, or delete this file: it can be rebuilt by a sync",
        "malformed": "delete the file: it can be rebuilt by a sync",
        "readonly": "check the file's permissions",
        "unable to open": "check the path and its permissions",
    }
    return next((step for words, step in steps.items() if words in reason), "check the file and its disk")
