"""Metrics from a database: one statement that only reads, with its parameters bound."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from okrsync.config.validation import Entry
from okrsync.errors import MetricError, Problem
from okrsync.metrics.patience import within
from okrsync.metrics.points import Points, plain
from okrsync.model.ledger import Observation
from okrsync.plugins.metric_source import MetricContext
from okrsync.plugins.secret import TokenReference, without_tokens

_COMMENTS = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)
_READS = re.compile(r"(?i)(?:select|with)\b")
_SQLITE_STEPS = 10_000
_SPARE_SECONDS = 2.0
"""The database's own time-out comes first: its words are the better ones."""


def _database(text: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError("not the address of a database; write sqlite:///FILE or postgresql://USER@HOST/NAME") from None
    if url.password is not None or any("pass" in name.casefold() for name in url.query):
        raise ValueError("a password must not stand in the file; write password: {env: NAME}")
    if url.get_backend_name() == "sqlite" and not url.database:
        raise ValueError("a SQLite database is a file; write sqlite:///FILE")
    return text


def _one_read(statement: str) -> str:
    # Where a text ends is for each database to say, so no text is looked into: none may hold a semicolon.
    text = statement.strip().removesuffix(";").rstrip()
    if ";" in text:
        raise ValueError("one statement alone is run: leave out the semicolon, and give a text with one as a parameter")
    if not _READS.match(_COMMENTS.sub("", text)):
        raise ValueError("a metric is only read; write SELECT ... or WITH ... SELECT")
    return text


def _plain_values(parameters: dict[str, Any]) -> dict[str, Any]:
    for name, value in parameters.items():
        if not isinstance(value, str | int | float | bool | date | datetime):
            # pydantic turns ValueError, and no TypeError, into a problem with its place.
            raise ValueError(  # noqa: TRY004
                f"parameter {name[:40]} is no single value; write a text, a number, a date, true or false"
            )
    return parameters


class SqlSettings(Entry):
    """``source: {type: sql, url: ..., statement: ...}``; the statement gives columns *date*, *value* and maybe *n*."""

    type: Literal["sql"]
    url: Annotated[str, AfterValidator(_database)]
    password: TokenReference | None = None
    statement: Annotated[str, Field(min_length=1), AfterValidator(_one_read)]
    parameters: Annotated[dict[str, Any], AfterValidator(_plain_values)] = {}
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    max_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000


@dataclass(frozen=True, slots=True)
class _Answer:
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


class SqlSource:
    """Reads one metric by one statement; it may well ask for the last weeks only."""

    Settings: ClassVar[type[BaseModel]] = SqlSettings
    is_window: ClassVar[bool] = True

    def read(self, metric: str, settings: Mapping[str, Any], context: MetricContext) -> Sequence[Observation]:
        """
        The statement's rows, ascending by day; a value that is NULL is missing.

        Raises:
            MetricError: the database refuses, or rows are no points: all of them.
            ConnectorError: the password cannot be read, or the database does not answer in time.
        """
        question = _Question(metric, SqlSettings.model_validate(settings), context)
        answer = within(question.settings.timeout_seconds + _SPARE_SECONDS, question.answer, question.place)
        at = question.columns(answer.columns)
        points = Points(metric, question.place, f"sql:{question.place}"[:200], context.now, context.zone)
        for number, row in enumerate(answer.rows, start=1):
            points.add(f"row {number}", row[at["date"]], row[at["value"]], row[at["n"]] if "n" in at else None)
        return points.observations()


class _Question:
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

    def answer(self) -> _Answer:
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

    def _rows(self, connection: sa.Connection) -> _Answer:
        self._restrain(connection)
        statement = sa.text(self.settings.statement).execution_options(stream_results=True, max_row_buffer=1000)
        with connection.execute(statement, self.settings.parameters) as result:
            columns = tuple(result.keys())
            rows = result.fetchmany(self.settings.max_rows + 1)
        if len(rows) > self.settings.max_rows:
            raise self._failure(f"more than {self.settings.max_rows:,} rows", "ask for a row a day, or raise max_rows")
        return _Answer(columns, rows)

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
