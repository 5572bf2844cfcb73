"""
Reports as CSV: one table for each list of records in a report, at any depth; numbers as numbers, texts as no formula.

What a record holds in turn becomes columns (a record in it) or a table of its own (a list in it). Rows are numbered;
those of such a table begin with the number and the name of the row that they belong to.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from okrsync.model.plain import to_plain

Row = dict[str, Any]
_FORMULA = re.compile(r"^[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""Spreadsheets take a text that begins so for a formula, whatever is not seen before it; a quote keeps it a text."""
_AFTER_SEMICOLON = re.compile(r";([\s\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a comma stands for a decimal point, a spreadsheet takes what follows a semicolon for the next cell."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNNAMED = re.compile(r"[^A-Za-z0-9]+")
"""What has no place in the name of a table, and so in that of a file: names of fields can come from trackers."""
_NAMES = ("id", "key", "key_result", "name", "concern", "period.id")
"""What a row is called by, the best first."""
_ROW = "row"
_JOINED = "; "


def tables_of(kind: str, report: Any) -> dict[str, list[Row]]:
    """The tables of *report* by name, the summary first; each is named after *kind* and where it stands."""
    found: dict[str, list[Row]] = {}
    _add(found, kind, {}, to_plain(report))
    return found


def csv_text(rows: Sequence[Row]) -> str:
    """*rows* as CSV with a header; a row that lacks a column has nothing there."""
    stream = io.StringIO()
    names = _columns(rows)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(map(safe_text, names))
    writer.writerows([_written(row.get(name)) for name in names] for row in rows)
    return stream.getvalue()


def safe_text(text: str) -> str:
    """*text* on one line, so that no spreadsheet runs it: with a quote before it where it looks like a formula."""
    clean = _AFTER_SEMICOLON.sub(r";\1'", _CONTROLS.sub(" ", text))
    return f"'{clean}" if _FORMULA.match(clean) else clean


def _columns(rows: Sequence[Row]) -> list[str]:
    """The names of the columns of *rows*; not that of a record which is missing in one row and columns in another."""
    told = dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    above = {name[:end] for name in told for end, character in enumerate(name) if character == "."}
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if name in told or name not in above]


def _add(found: dict[str, list[Row]], name: str, parent: Row, record: Mapping[str, Any]) -> None:
    """Put *record* into the table *name*, and what it lists into tables of their own."""
    rows = found.setdefault(name, [])
    # The summary is one row: what is below it belongs to nothing else.
    below = name.partition("-")[2]
    row = {**parent, _ROW: len(rows) + 1} if below else {}
    lists = []
    for column, value in _flat("", record):
        if _is_records(value):
            lists.append((column, value))
        else:
            row[column] = value
    rows.append(row)
    called = next((column for column in _NAMES if column in row), _ROW)
    named = {**parent, **{f"{below}.{column}": row[column] for column in (_ROW, called)}} if below else {}
    for column, records in lists:
        for entry in records:
            _add(found, f"{name}-{_UNNAMED.sub('-', column).strip('-').lower()}", named, entry)


def _flat(prefix: str, record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields of *record* with those of the records in it; series side by side as records, one a point."""
    for name, value in record.items():
        if isinstance(value, dict) and _is_series(value):
            points = zip(*value.values(), strict=True)
            yield f"{prefix}{name}", [dict(zip(value, point, strict=True)) for point in points]
        elif isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value


def _is_series(record: Mapping[str, Any]) -> bool:
    """Whether *record* is nothing but lists of the same length, with something in them."""
    lengths = {len(value) if isinstance(value, list) else 0 for value in record.values()}
    return len(record) > 1 and len(lengths) == 1 and lengths != {0}


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)


def _written(value: Any) -> Any:
    if isinstance(value, list):
        return safe_text(_JOINED.join(str(entry) for entry in value))
    if isinstance(value, bool):
        return str(value).lower()
    return safe_text(value) if isinstance(value, str) else value
