"""Finds the table of OKRs in a CSV or Markdown file: which line is the header, and which column says what."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from okrsync.config.document import MAX_BYTES, not_utf8, shown
from okrsync.errors import ConfigError, Problem
from okrsync.plugins.secret import looks_like_token

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "objective": ("objective", "objectives", "objective title", "objective name", "goal", "o"),
    "objective_id": ("objective id", "objective no", "objective number", "objective #", "objective key", "o id", "o #"),
    "key_result": ("key result", "key results", "key result title", "key result name", "kr", "krs", "kr title"),
    "id": ("id", "key result id", "key result no", "key result number", "key result #", "kr id", "kr no", "kr #", "#"),
    "owner": ("owner", "owners", "team", "objective owner", "responsible", "accountable", "dri", "lead"),
    "metric": ("metric", "metrics", "metric id", "metric name", "kpi", "indicator"),
    "definition": ("definition", "metric definition", "how measured", "how we measure", "measurement", "formula"),
    "unit": ("unit", "units", "unit of measure", "measured in"),
    "baseline": ("baseline", "baseline value", "start", "start value", "starting value", "starting point", "from"),
    "baseline_date": ("baseline date", "baseline day", "baseline as of", "start date", "measured on"),
    "target": ("target", "target value", "goal value", "end value", "to"),
    "due": ("due", "due date", "deadline", "target date", "end date", "due by", "by"),
    "band": ("band", "range", "corridor", "keep between"),
    "current": ("current", "current value", "actual", "actual value", "latest", "latest value", "now", "today"),
    "confidence": ("confidence", "confidence level", "confidence score"),
    "cycle": ("cycle", "okr cycle", "quarter", "period", "time frame", "timeframe"),
    "direction": ("direction", "desired direction", "trend"),
    "kind": ("kind", "indicator type", "leading lagging", "leading or lagging", "lead lag"),
}
"""What a column says, and how people head it; case, spaces, punctuation and what stands in brackets do not count."""

_BY_SPELLING = {spelling: field for field, spellings in COLUMNS.items() for spelling in spellings}
_NEEDED = {"objective", "key_result"}
_NO_TABLE = (
    "no line has a column `objective` and a column `key result`",
    "head the columns so: objective, key result, baseline, target, unit, due, owner, metric, cycle",
)
_SEPARATORS = ",;\t"
_MARKDOWN = {".md", ".markdown"}
# Control characters move cursors, bidirectional ones reorder what is read: neither belongs in a title.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]+")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_RULE = re.compile(r" {0,3}\|?[ :]*-+[ :]*(?:\|[ :]*-+[ :]*)*\|?\s*")
_SPLIT = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"(?<!\\)\[((?:\\.|[^\[\]\\])*)\]\([^()]*\)")
_EMPHASIS = re.compile(r"(?<!\\)(?:\*\*|__|[*`]|(?<!\w)_|_(?!\w))|<br ?/?>")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line of a table; *number* counts from 1 in its file."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A table whose header names objectives and key results; cells are on one line, without control characters."""

    file: str
    header: TableLine
    rows: tuple[TableLine, ...]
    columns: Mapping[str, int]
    """Index of the column by field, as in ``COLUMNS``."""
    ignored: tuple[str, ...]
    """Headings of columns that are not read."""
    separator: str

    def text(self, row: TableLine, field: str) -> str:
        """What *row* says in the column of *field*; empty where it has none."""
        index = self.columns.get(field, len(row.cells))
        return row.cells[index] if index < len(row.cells) else ""

    def problem(self, row: TableLine, field: str, message: str, fix: str) -> Problem:
        """A problem of *row*, in the column of *field*; columns count cells, from 1."""
        return Problem(self.file, row.number, self.columns.get(field, 0) + 1, message, fix)


def read_table(path: Path) -> SheetTable:
    """
    The first table in *path* that has columns for objectives and key results.

    Markdown goes by the name of the file; everything else is separated by commas, semicolons or tabs, and whichever
    yields the most known columns counts.

    Raises:
        ConfigError: the file cannot be read, has no such table, or has lines that do not fit its header.
    """
    file = shown(path)
    text = _text(path, file)
    is_markdown = path.suffix.casefold() in _MARKDOWN
    read = _markdown_tables(text) if is_markdown else _separated(text)
    found = [table for lines, separator in read if (table := _table(file, lines, separator))]
    if not found:
        raise ConfigError([next(_unclosed(text, file), Problem(file, 1, 1, *_NO_TABLE))])
    table = found[0] if is_markdown else max(found, key=lambda table: len(table.columns))
    problems = [*_stray(table), *_misfits(table)]
    if problems:
        raise ConfigError(problems)
    return table


def _text(path: Path, file: str) -> str:
    try:
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        raise ConfigError([Problem(file, 0, 0, f"cannot be read: {error.strerror}", "check the path")]) from None
    if content is None:
        raise ConfigError([Problem(file, 0, 0, f"larger than {MAX_BYTES // 1024} KiB", "import it in parts")])
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ConfigError([Problem(file, 0, 0, "a workbook, not a table as text", "save the sheet as CSV in UTF-8")])
    try:
        # Spreadsheets call UTF-16 with a byte order mark "Unicode text".
        return content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([not_utf8(file, content, error)]) from None


def _separated(text: str) -> Iterator[tuple[list[TableLine], str]]:
    """The lines of *text* under each separator that reads it without a fault."""
    for separator in _SEPARATORS:
        with suppress(csv.Error):  # a quote that fits one separator is a fault under the others
            yield list(_csv_lines(text, separator)), separator


def _unclosed(text: str, file: str) -> Iterator[Problem]:
    """The fault that keeps *text* from being read, where its header could be."""
    for separator in _SEPARATORS:
        if _header(list(_rough_lines(text, separator))) is not None:
            try:
                list(_csv_lines(text, separator))
            except csv.Error as error:
                reason, number = error.args
                yield Problem(file, number, 1, f"not CSV: {reason}", "close the quotes of that row")


def _csv_lines(text: str, separator: str) -> Iterator[TableLine]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    start = 1
    try:
        for cells in reader:
            yield TableLine(start, tuple(map(_clean, cells)))
            start = reader.line_num + 1
    except csv.Error as error:
        raise csv.Error(str(error), start) from None


def _rough_lines(text: str, separator: str) -> Iterator[TableLine]:
    for number, line in enumerate(text.splitlines(), start=1):
        yield TableLine(number, tuple(_clean(cell) for cell in line.split(separator)))


def _markdown_tables(text: str) -> Iterator[tuple[list[TableLine], str]]:
    """The pipe tables of *text*, outside of code blocks."""
    lines = text.splitlines()
    fence = ""
    for index, line in enumerate(lines):
        if mark := _FENCE.match(line):
            fence = "" if fence == mark[1] else fence or mark[1]
        elif not fence and index and "|" in line and _RULE.fullmatch(line) and "|" in lines[index - 1]:
            yield list(_pipe_lines(lines, index)), "|"


def _pipe_lines(lines: Sequence[str], rule: int) -> Iterator[TableLine]:
    """The header above the line *rule*, and the rows below it."""
    for index in (rule - 1, *range(rule + 1, len(lines))):
        if "|" not in lines[index]:
            return
        cells = _SPLIT.split(lines[index].strip())
        cells = cells[1:] if cells[0] == "" else cells
        cells = cells[:-1] if cells and not cells[-1].strip() else cells
        yield TableLine(index + 1, tuple(_clean(_plain(cell)) for cell in cells))


def _plain(cell: str) -> str:
    """*cell* without Markdown's marks: links, emphasis, code, escapes."""
    return _ESCAPED.sub(r"\1", _EMPHASIS.sub(lambda mark: " " if mark[0][0] == "<" else "", _LINK.sub(r"\1", cell)))


def _clean(cell: str) -> str:
    return " ".join(_UNSAFE.sub(" ", cell).split())


def _table(file: str, lines: list[TableLine], separator: str) -> SheetTable | None:
    at = _header(lines)
    if at is None:
        return None
    header = lines[at]
    fields = [_field(cell) for cell in header.cells]
    rows = tuple(line for line in lines[at + 1 :] if any(line.cells))
    ignored = tuple(cell for cell, field in zip(header.cells, fields, strict=True) if cell and not field)
    # A field that is there twice is refused later; until then its first column stands for it.
    columns = {field: index for index, field in reversed(list(enumerate(fields))) if field}
    return SheetTable(file, header, rows, columns, ignored, separator)


def _header(lines: Sequence[TableLine]) -> int | None:
    """Which of *lines* is the header: the first that has all needed columns; titles may stand above it."""
    for index, line in enumerate(lines):
        if {_field(cell) for cell in line.cells} >= _NEEDED:
            return index
    return None


def _field(heading: str) -> str:
    """The field that *heading* stands for, or an empty text."""
    bare = re.sub(r"\(.*?\)|\[.*?\]", " ", heading.casefold())
    return _BY_SPELLING.get(" ".join(re.sub(r"[^\w#]|_", " ", bare).split()), "")


def _stray(table: SheetTable) -> Iterator[Problem]:
    for line in (table.header, *table.rows):
        for index, cell in enumerate(line.cells):
            if looks_like_token(cell):
                message, fix = "this looks like an access token", "revoke it, and take it out of the sheet"
                yield Problem(table.file, line.number, index + 1, message, fix)


def _misfits(table: SheetTable) -> Iterator[Problem]:
    for index, cell in enumerate(table.header.cells):
        field = _field(cell)
        if field and table.columns[field] != index:
            first = table.header.cells[table.columns[field]]
            message = f'"{cell}" and "{first}" both stand for {field.replace("_", " ")}'
            yield Problem(table.file, table.header.number, index + 1, message, "rename one, or take it out")
    if not table.rows:
        yield Problem(table.file, table.header.number, 1, "nothing stands below the header", "write a row a key result")
    width = len(table.header.cells)
    fix = {"|": "write a | inside a cell as \\|", ",": "put a cell with a comma in quotes"}.get(table.separator, "")
    for line in table.rows:
        if any(line.cells[width:]):
            message = "more cells than the header has"
            yield Problem(table.file, line.number, width + 1, message, fix or "give that column a heading")
