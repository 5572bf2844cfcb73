"""Opens the store, brings its schema up to date, and lends transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from okrsync.errors import StoreError, StoreTooNewError
from okrsync.files import delete, replace
from okrsync.store.backends import backend_of
from okrsync.store.failpoints import failpoint
from okrsync.store.snapshot import Snapshot
from okrsync.store.tables import metadata
from okrsync.store.unit_of_work import UnitOfWork

SCHEMA_REVISION = "0004"
_OWN_TABLE = "stream_state"
# Alembic's own table, as it would make it.
_VERSION = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
Result = TypeVar("Result")


class Store:
    """One open store, in SQLite or PostgreSQL. Reading and writing happen in transactions that it lends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._backend = backend_of(url)

    @classmethod
    def open(cls, url: str) -> Store:
        """
        The store at *url*, made if there is none, migrated if it is older.

        Raises:
            StoreTooNewError: a newer okrsync wrote it.
            StoreError: it cannot be opened, or is no store.
        """
        store = cls(url)
        try:
            store.migrated()
        except BaseException:
            store.close()
            raise
        return store

    @property
    def place(self) -> str:
        """What the store is called in messages; without user and password."""
        return self._backend.place

    @property
    def kind(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._backend.engine.dialect.name

    @contextmanager
    def lock(self, source: str, now: datetime) -> Iterator[None]:
        """
        Let no other process read *source* into this store meanwhile.

        Raises:
            LockHeldError: another one does.
        """
        with self._guarded(), self._backend.lock(source, now):
            yield

    def close(self) -> None:
        """Give back all connections."""
        self._backend.engine.dispose()

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """One transaction: all of what is done inside is kept, or nothing."""
        with (
            self._guarded(),
            self._backend.engine.connect().execution_options(**self._backend.writing) as connection,
            connection.begin(),
        ):
            self._backend.begin_write(connection)
            yield UnitOfWork(connection)
            failpoint("before-commit")

    def written(self, action: Callable[[UnitOfWork], Result]) -> Result:
        """
        What *action* returns, done in one transaction; once more where the connection broke meanwhile.

        Raises:
            StoreError: it cannot be written; then nothing of it is kept.
        """
        try:
            with self.write() as unit:
                return action(unit)
        except _BrokenConnectionError:
            with self.write() as unit:
                return action(unit)

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """One consistent view."""
        with (
            self._guarded(),
            self._backend.engine.connect().execution_options(**self._backend.reading) as connection,
            connection.begin(),
        ):
            yield Snapshot(connection)

    def faults(self) -> list[str]:
        """What the database's own check finds wrong, and rows that belong to nothing; empty for a sound one."""
        with self._guarded():
            found = self._backend.faults()
        if found:
            return found  # what it reads may be wrong too
        with self.read() as view:
            return view.orphans()

    def backup(self, path: Path) -> None:
        """
        Write a whole copy of the store to *path*, also while others write.

        Raises:
            StoreError: there is something at *path*, it cannot be written, or the store is not a file.
        """
        if path.exists():
            raise StoreError(f"{path}: there already; name another file")
        with self._guarded():
            self._backend.backup(path)

    def migrated(self) -> str | None:
        """
        Do what :meth:`open` does; returns the revision that the schema had, ``None`` where there was none.

        Raises:
            StoreError: as :meth:`open`.
        """
        with self._guarded():
            self._backend.prepare()
            before = self._migrate()
            self._backend.settle()
        return before

    def _migrate(self) -> str | None:
        """Bring the schema up to date in one transaction; a file is copied beside itself first."""
        before, is_current = self._revision_before()
        if is_current:
            return before
        if before is not None and before < SCHEMA_REVISION and self.kind == "sqlite":
            self._keep_copy(before)
            failpoint("copied")
        with (
            self._backend.engine.connect().execution_options(**self._backend.writing) as connection,
            connection.begin(),
        ):
            self._backend.begin_write(connection)
            self._upgrade(connection)
        return before

    def _revision_before(self) -> tuple[str | None, bool]:
        # Asked without the write lock, so that reports can be made beside a sync and from a file that is read-only.
        with self._backend.engine.connect() as connection, connection.begin():
            tables = sa.inspect(connection).get_table_names()
            revision = _revision(connection) if "alembic_version" in tables else None
            return revision, _OWN_TABLE in tables and revision == SCHEMA_REVISION

    def _keep_copy(self, revision: str) -> None:
        copy = Path(f"{self.place}.{revision}.bak")
        if _OWN_TABLE in self._tables() and not copy.exists():
            # Under its own name only once it is whole: what a kill leaves behind must not pass for a copy.
            part = copy.with_name(f"{copy.name}.part")
            delete(part)
            self._backend.backup(part)
            replace(part, copy)

    def _tables(self) -> list[str]:
        with self._backend.engine.connect() as connection, connection.begin():
            return sa.inspect(connection).get_table_names()

    def _upgrade(self, connection: sa.Connection) -> None:
        tables = sa.inspect(connection).get_table_names()
        revision = _revision(connection) if "alembic_version" in tables else None
        # Others use Alembic too, and call their revisions 0001.
        if tables and (revision is None or _OWN_TABLE not in tables):
            raise StoreError(f"{self.place}: a database of something else; name another store")
        if revision == SCHEMA_REVISION:
            return
        if not tables:
            # What all migrations together make; a test holds the two in step.
            metadata.create_all(connection)
            _VERSION.create(connection)
            connection.execute(sa.insert(_VERSION).values(version_num=SCHEMA_REVISION))
            failpoint("migrated")
            return
        # Imported here: a store that is new or up to date does not pay for it.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from alembic.script import ScriptDirectory  # noqa: PLC0415

        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if revision is not None and revision not in known:
            raise StoreTooNewError(
                f"{self.place}: a newer okrsync wrote this store (schema {revision}); update okrsync"
            )
        command.upgrade(config, "head")
        failpoint("migrated")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            # The library's sentence quotes statement and parameters: only the driver's own words are told.
            told = _told_by(error.orig)
            kind = _BrokenConnectionError if error.connection_invalidated else StoreError
            raise kind(f"{self.place}: {told}; {self._backend.next_step(told)}") from None
        except SQLAlchemyError as error:
            raise StoreError(f"{self.place}: {type(error).__name__}; report this with the command you ran") from error


class _BrokenConnectionError(StoreError):
    """The server went away in the middle; nothing of the transaction was kept."""


def _told_by(error: BaseException | None) -> str:
    """The driver's own words on one line; what PostgreSQL tells beside its message quotes values of rows."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    return " ".join(str(primary or error).split())


def _revision(connection: sa.Connection) -> str | None:
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
