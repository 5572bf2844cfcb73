"""One statement to one database, which is asked to refuse to write."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from okrsync.errors import MetricError, Problem
from okrsync.metrics.points import plain
from okrsync.metrics.sql import SqlSettings
from okrsync.plugins.metric_source import MetricContext
from okrsync.plugins.secret import without_tokens

_SQLITE_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a statement gave, and the names of their columns."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


class SqlQuery:
    """One statement to one database."""

    def __init__(self, metric: str, settings: SqlSettings, context: MetricContext) -> None:
        self.metric = metric
        self.settings = settings
        url = make_url(settings.url)
        self._is_sqlite = url.get_backend_name() == "sqlite"
        self.place = str(url.database) if self._is_sqlite else f"{url.host or 'localhost'}/{url.database or ''}"
        self._file = self._own_file(context, str(url.database)) if self._is_sqlite else None
        self._url = _with_driver(url)
        if settings.password is not None:
            self._url = self._url.set(password=settings.password.resolve(context.folder).get_secret_value())

    def answer(self) -> Rows:
        """
        Return what the statement gives.

        Raises:
            MetricError: no driver is installed, or the database refuses.
        """
        try:
            engine = self._engine()
        except (NoSuchModuleError, ImportError):
            driver = self._url.drivername
            raise self._failure(f"no driver for {driver} is installed", "install its Python package") from None
        try:
            with engine.connect() as connection:
                return self._rows(connection)
        except DBAPIError as error:
            told, fix = self._told(error), "try the statement there, and check what the user may read"
        except SQLAlchemyError as error:
            told, fix = f"the statement cannot be run ({type(error).__name__})", self._advice(error)
        finally:
            engine.dispose()
        # Raised out here: the library's exception holds statement, parameters and address.
        raise self._failure(told, fix)

    def columns(self, names: Sequence[str]) -> dict[str, int]:
        """Where *date*, *value* and *n* stand."""
        folded = [name.casefold() for name in names]
        for name in ("date", "value"):
            if name not in folded:
                listed = plain(", ".join(names), 120) or "none"
                raise self._failure(f'no column "{name}" (columns: {listed})', f"write ... AS {name}")
        return {name: folded.index(name) for name in ("date", "value", "n") if name in folded}

    def _engine(self) -> sa.Engine:
        if self._file is None:
            arguments = {"connect_timeout": max(2, int(self.settings.timeout_seconds))}
            is_known = self._url.get_backend_name() == "postgresql"
            return sa.create_engine(self._url, poolclass=NullPool, connect_args=arguments if is_known else {})
        address = f"file:{quote(str(self._file))}?mode=ro"
        return sa.create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(address, uri=True, timeout=self.settings.timeout_seconds),
            poolclass=NullPool,
        )

    def _rows(self, connection: sa.Connection) -> Rows:
        self._restrain(connection)
        statement = sa.text(self.settings.statement).execution_options(stream_results=True, max_row_buffer=1000)
        with connection.execute(statement, self.settings.parameters) as result:
            columns = tuple(result.keys())
            rows = result.fetchmany(self.settings.max_rows + 1)
        if len(rows) > self.settings.max_rows:
            raise self._failure(f"more than {self.settings.max_rows:,} rows", "ask for a row a day, or raise max_rows")
        return Rows(columns, rows)

    def _restrain(self, connection: sa.Connection) -> None:
        """Let the database itself refuse to write, and to work for longer than allowed."""
        if self._file is not None:
            until = time.monotonic() + self.settings.timeout_seconds
            raw: Any = connection.connection.dbapi_connection
            raw.set_progress_handler(lambda: time.monotonic() > until, _SQLITE_STEPS)
        elif connection.dialect.name == "postgresql":
            milliseconds = max(1, int(self.settings.timeout_seconds * 1000))
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")

    def _own_file(self, context: MetricContext, name: str) -> Path:
        path = (context.folder / name.replace("\0", "?")).resolve()
        if not path.is_relative_to(context.root.resolve()):
            raise self._failure("leaves the project's folder", "keep it below okrsync.yaml")
        if not path.is_file():
            raise self._failure("no such file", "check the path; it starts at the OKR file that names it")
        return path

    def _told(self, error: DBAPIError) -> str:
        # Beside its message PostgreSQL quotes values of rows.
        primary = getattr(getattr(error.orig, "diag", None), "message_primary", None)
        words = str(primary or error.orig or type(error).__name__)
        if self._url.password:
            words = words.replace(str(self._url.password), "…")
        if words == "interrupted":
            words = f"no answer within {self.settings.timeout_seconds:g} seconds"
        return f"the database says: {plain(without_tokens(words))}"

    def _advice(self, error: SQLAlchemyError) -> str:
        wanted = sorted(sa.text(self.settings.statement).compile().params)
        lacking = [name for name in wanted if name not in self.settings.parameters]
        if lacking:
            return f"give parameters: {{{lacking[0]}: ...}}"
        return "write a statement that gives rows" if "rows" in str(error) else "check url and statement"

    def _failure(self, message: str, fix: str) -> MetricError:
        return MetricError(self.metric, [Problem(self.place, 0, 0, message, fix)])


def _with_driver(url: URL) -> URL:
    # The driver that okrsync's own store uses, whatever a version of the library takes by default.
    return url.set(drivername="postgresql+psycopg") if url.drivername in {"postgresql", "postgres"} else url
