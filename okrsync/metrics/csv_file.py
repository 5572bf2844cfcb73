"""
Metrics from CSV, in a file or at a URL: long (``date,value[,n]``) or wide (a column a metric, or a row a metric).

A missing day or an empty cell is a missing value, never 0.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from okrsync.config.document import shown
from okrsync.errors import MetricError, Problem
from okrsync.metrics.access import WebAccess, WebAddress, refuse_open_secrets
from okrsync.metrics.points import plain
from okrsync.model.ledger import Observation
from okrsync.plugins.metric_source import MetricContext
from okrsync.plugins.origin import without_query

MAX_BYTES = 64 * 1024 * 1024
_MISSING = {"", "-", "–", "na", "n/a", "nan", "null", "none"}
_DATE_FIX = "write the date as YYYY-MM-DD"


def _path(path: str) -> str:
    if "://" in path:
        raise ValueError("a path is a file beside this one; write url: for an address")
    return path


class CsvSettings(WebAccess):
    """``source: {type: csv, path: ...}``, or ``url:``; *column* names the metric's column or row in a wide sheet."""

    type: Literal["csv"]
    path: Annotated[str, Field(min_length=1), AfterValidator(_path)] = ""
    url: WebAddress = ""
    column: Annotated[str | None, Field(min_length=1)] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if not self.path and not self.url:
            raise ValueError("it names neither a path nor a url; add path: metrics/NAME.csv")
        if self.path and self.url:
            raise ValueError("it is read from a path or from a url; keep one of them")
        if self.path and self.model_fields_set & set(WebAccess.model_fields):
            raise ValueError("a file needs no access; remove what belongs to url")
        refuse_open_secrets(self.url, self)
        return self


@dataclass(frozen=True, slots=True)
class _Cell:
    """A value with its day, and where it stood; *columns* tells where its companions did."""

    line: int
    column: int
    day: str
    text: str
    n: str = ""
    recorded: str = ""
    columns: Mapping[str, int] = field(default_factory=dict)


class CsvSource:
    """Reads one metric out of one file."""

    Settings: ClassVar[type[BaseModel]] = CsvSettings

    def read(self, metric: str, settings: Mapping[str, Any], context: MetricContext) -> Sequence[Observation]:
        """
        All observations of *metric*, ascending by day and then by when they were known.

        Raises:
            MetricError: the file is missing, too large or not a table, or cells are no dates or numbers: all of them.
            ConnectorError: the address could not be read.
        """
        checked = CsvSettings.model_validate(settings)
        if checked.url:
            from okrsync.metrics.http_client import fetch  # noqa: PLC0415 - imports an HTTP client

            place = without_query(checked.url)
            table = _Table(metric, place, _text(metric, place, fetch(checked.url, checked, context.folder)))
            return table.observations(checked.column, context.now)
        path = context.folder / checked.path.replace("\0", "?")
        if not path.resolve().is_relative_to(context.root.resolve()):
            raise _refusal(metric, checked.path, "leaves the project's folder", "keep it below okrsync.yaml")
        file = shown(path.resolve())
        table = _Table(metric, file, _text(metric, file, _content(metric, file, path.resolve())))
        return table.observations(checked.column, context.now)


def _content(metric: str, file: str, path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refusal(metric, file, "larger than 64 MiB", "split it by year", 1)
        return path.read_bytes()
    except OSError as error:
        has_backslash = "\\" in path.name  # on Windows no name has one
        fix = (
            "write / between folders, on every system"
            if has_backslash
            else "check the path; it starts at the OKR file that names it"
        )
        raise _refusal(metric, file, f"cannot be read: {error.strerror}", fix) from None


def _text(metric: str, file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refusal(metric, file, "not UTF-8 text", "export it as CSV in UTF-8") from None


def _refusal(metric: str, file: str, message: str, fix: str, line: int = 0) -> MetricError:
    return MetricError(metric, [Problem(file, line, line, message, fix)])


class _Table:
    """One CSV text while it is read; gathers its problems."""

    def __init__(self, metric: str, file: str, text: str) -> None:
        self._metric = metric
        self._file = file
        self._problems: list[Problem] = []
        header = next((line for line in text.splitlines() if line.strip()), "")
        self._delimiter = max(",;\t", key=header.count)
        reader = csv.reader(io.StringIO(text), delimiter=self._delimiter)
        try:
            self._rows = [(reader.line_num, row) for row in reader]
        except csv.Error as error:
            raise self._failure(reader.line_num, 1, f"not CSV: {error}", "close the quotes there") from None

    def observations(self, column: str | None, now: datetime) -> list[Observation]:
        rows = [(line, row) for line, row in self._rows if any(cell.strip() for cell in row)]
        if not rows:
            raise self._failure(1, 1, "the file is empty", "write a header line `date,value` and a line a day")
        header_line, header = rows[0][0], [cell.strip() for cell in rows[0][1]]
        for line, row in rows[1:]:
            if any(cell.strip() for cell in row[len(header) :]):
                fix = "put a number with a comma in quotes, or separate by semicolons"
                self._note(line, len(header) + 1, "more cells than the header has", fix)
        cells = self._cells(header_line, header, rows[1:], column)
        found = [observation for cell in cells if (observation := self._observation(cell, now))]
        self._refuse_repeats(cells)
        if self._problems:
            raise MetricError(self._metric, sorted(self._problems))
        return sorted(found, key=lambda observation: (observation.day, observation.recorded))

    def _cells(
        self, header_line: int, header: list[str], rows: list[tuple[int, list[str]]], column: str | None
    ) -> list[_Cell]:
        names = [name.casefold() for name in header]
        wanted = (column or self._metric).casefold()
        if "date" in names:
            value_name = wanted if column is not None or "value" not in names else "value"
            if value_name not in names:
                raise self._failure(
                    header_line,
                    1,
                    f'no column "{column or self._metric}"',
                    f"columns: {plain(', '.join(header))}; name one with column:",
                )
            for name in ("date", value_name, "n", "recorded_at"):
                if names.count(name) > 1:
                    place = names.index(name, names.index(name) + 1) + 1
                    self._note(header_line, place, f'column "{name}" is there twice', "keep one of them")
            return list(_down(rows, names, value_name))
        if len(header) > 1 and all(_day(name) for name in header[1:]):
            named = [row for row in rows if row[1][0].strip().casefold() == wanted]
            if not named:
                known = ", ".join(entry[1][0].strip() for entry in rows)
                raise self._failure(
                    header_line, 1, f'no row "{column or self._metric}"', f"rows: {plain(known)}; name one with column:"
                )
            for line, _ in named[1:]:
                fix = "keep one of them"
                self._note(line, 1, f'row "{column or self._metric}" is there twice (first in line {named[0][0]})', fix)
            return list(_across(named[0], header))
        raise self._failure(
            header_line, 1, 'no column "date", and no dates in the header', "start with the line `date,value`"
        )

    def _observation(self, cell: _Cell, now: datetime) -> Observation | None:
        if cell.text.casefold() in _MISSING:
            return None
        day = _day(cell.day)
        if day is None:
            self._note(cell.line, cell.columns.get("date", 1), f'"{plain(cell.day, 40)}" is no date', _DATE_FIX)
        value = self._number(cell.text)
        if value is None:
            self._note(
                cell.line,
                cell.column,
                f'"{plain(cell.text, 40)}" is no number',
                "write a number, or leave the cell empty",
            )
        size = self._number(cell.n) if cell.n else None
        if cell.n and (size is None or size <= 0):
            self._note(
                cell.line,
                cell.columns["n"],
                f'"{plain(cell.n, 40)}" is no sample size',
                "write a number above 0, or leave it empty",
            )
        recorded = self._recorded(cell, now)
        if day is None or value is None:
            return None
        return Observation(self._metric, day, value, recorded, f"csv:{Path(self._file).name}", size)

    def _recorded(self, cell: _Cell, now: datetime) -> datetime:
        if not cell.recorded:
            return now
        try:
            moment = datetime.fromisoformat(cell.recorded)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            fix = "write recorded_at as 2026-10-01T08:00:00Z"
            self._note(cell.line, cell.columns["recorded_at"], f'"{plain(cell.recorded, 40)}" is no time', fix)
            return now

    def _number(self, text: str) -> float | None:
        cleaned = text.removesuffix("%").strip()
        if self._delimiter != "," and "." not in cleaned:
            cleaned = cleaned.replace(",", ".")
        try:
            value = float(cleaned)
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def _refuse_repeats(self, cells: list[_Cell]) -> None:
        seen: dict[tuple[date, str], _Cell] = {}
        for cell in cells:
            day = _day(cell.day)
            if day is None or cell.text.casefold() in _MISSING:
                continue
            first = seen.setdefault((day, cell.recorded), cell)
            if first is not cell:
                place = f"line {first.line}" if first.line != cell.line else f"column {first.column}"
                self._note(
                    cell.line,
                    cell.columns.get("date", cell.column),
                    f"{day} is there twice (first in {place})",
                    "keep one, or add a column recorded_at",
                )

    def _note(self, line: int, column: int, message: str, fix: str) -> None:
        self._problems.append(Problem(self._file, line, column, message, fix))

    def _failure(self, line: int, column: int, message: str, fix: str) -> MetricError:
        return MetricError(self._metric, [*self._problems, Problem(self._file, line, column, message, fix)])


def _down(rows: list[tuple[int, list[str]]], names: list[str], value_name: str) -> Iterator[_Cell]:
    at = {name: names.index(name) for name in ("date", value_name, "n", "recorded_at") if name in names}
    columns = {name: index + 1 for name, index in at.items()}
    for line, row in rows:
        cell = {name: (row[index].strip() if index < len(row) else "") for name, index in at.items()}
        size = cell.get("n", "") if value_name == "value" else ""
        yield _Cell(
            line, at[value_name] + 1, cell["date"], cell[value_name], size, cell.get("recorded_at", ""), columns
        )


def _across(row: tuple[int, list[str]], header: list[str]) -> Iterator[_Cell]:
    line, cells = row
    for index, day in enumerate(header[1:], start=1):
        yield _Cell(line, index + 1, day, cells[index].strip() if index < len(cells) else "")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
