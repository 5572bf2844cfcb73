"""Rows into files, bit by bit: CSV, JSON lines and Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from okrsync.errors import OkrsyncError, UsageError
from okrsync.files import open_replacement
from okrsync.formats.as_csv import safe_text
from okrsync.model.plain import canonical
from okrsync.store.codec import storable

FORMATS = ("csv", "jsonl", "parquet")
_BATCH = 10_000


def write_table(path: Path, columns: Mapping[str, type], rows: Iterable[Sequence[Any]], output: str) -> int:
    """
    Put *rows* into *path*, in one step at the end; returns how many there are.

    Raises:
        OkrsyncError: it cannot be written; what was there before stays.
        UsageError: *output* is parquet, and what writes it is not installed.
    """
    writers = {"csv": _csv, "jsonl": _json_lines, "parquet": _parquet}
    with _whole(path) as stream:
        return writers[output](stream, columns, map(_readable, rows))


def _readable(row: Sequence[Any]) -> list[Any]:
    """*row* as every reader takes it: UTF-8 has no lone surrogates, and some stop at a NUL."""
    return [storable(value) if isinstance(value, str) else value for value in row]


def _csv(stream: IO[bytes], columns: Mapping[str, type], rows: Iterable[Sequence[Any]]) -> int:
    writer = csv.writer(_Encoded(stream), lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        count += 1
    return count


def _json_lines(stream: IO[bytes], columns: Mapping[str, type], rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    for row in rows:
        named = {name: _plain(value) for name, value in zip(columns, row, strict=True)}
        stream.write(canonical(named) + b"\n")
        count += 1
    return count


def _parquet(stream: IO[bytes], columns: Mapping[str, type], rows: Iterable[Sequence[Any]]) -> int:
    try:
        # Imported here: an extra, and 40 MB.
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError:
        raise UsageError("Parquet needs pyarrow; install okrsync[parquet], or take csv or jsonl") from None
    kinds = {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
        date: pa.date32(),
        datetime: pa.timestamp("ms", tz="UTC"),
    }
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    count = 0
    with pq.ParquetWriter(stream, schema) as writer:
        for batch in _batches(rows):
            count += len(batch)
            series = [
                pa.array(values, kinds[kind])
                for values, kind in zip(zip(*batch, strict=True), columns.values(), strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(series, schema=schema))
    return count


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield batch


class _Encoded:
    """A text stream over a binary one, as the csv module needs it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write *text* as UTF-8."""
        return self._stream.write(text.encode())


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return safe_text(value) if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    try:
        with open_replacement(path) as stream:
            yield stream
    except OSError as error:
        raise OkrsyncError(f"{path}: cannot be written ({error.strerror}); the old file is untouched") from None
