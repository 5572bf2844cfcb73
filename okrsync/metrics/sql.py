"""Metrics from a database: one statement that only reads, with its parameters bound."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, Field

from okrsync.config.validation import YamlEntry
from okrsync.metrics.points import Points
from okrsync.metrics.timeouts import within
from okrsync.model.ledger import Observation
from okrsync.plugins.metric_source import MetricContext
from okrsync.plugins.secret import TokenReference

_COMMENTS = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)
_READS = re.compile(r"(?i)(?:select|with)\b")
_SPARE_SECONDS = 2.0
"""The database's own time-out comes first: its words are the better ones."""


def _database(text: str) -> str:
    # Imported here and below: only a project with such a metric pays for it.
    from sqlalchemy.engine import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

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


class SqlSettings(YamlEntry):
    """``source: {type: sql, url: ..., statement: ...}``; the statement gives columns *date*, *value* and maybe *n*."""

    type: Literal["sql"]
    url: Annotated[str, AfterValidator(_database)]
    password: TokenReference | None = None
    statement: Annotated[str, Field(min_length=1), AfterValidator(_one_read)]
    parameters: Annotated[dict[str, Any], AfterValidator(_plain_values)] = {}
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    max_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000


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
        from okrsync.metrics.sql_query import SqlQuery  # noqa: PLC0415

        query = SqlQuery(metric, SqlSettings.model_validate(settings), context)
        answer = within(query.settings.timeout_seconds + _SPARE_SECONDS, query.answer, query.place)
        at = query.columns(answer.columns)
        points = Points(metric, query.place, f"sql:{query.place}"[:200], context.now, context.zone)
        for number, row in enumerate(answer.rows, start=1):
            points.add(f"row {number}", row[at["date"]], row[at["value"]], row[at["n"]] if "n" in at else None)
        return points.observations()
