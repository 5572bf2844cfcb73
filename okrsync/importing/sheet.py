"""A spreadsheet of OKRs as objectives and key results, or everything in it that cannot be understood."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from okrsync.errors import ConfigError, Problem
from okrsync.importing import cells
from okrsync.importing.cells import Amount, CellError
from okrsync.importing.table import SheetTable, TableLine, read_table
from okrsync.plugins.text import without_people

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
# `O1: Title`, `KR 1.1 – Title`, `KR1.1 Title`, or the id alone.
_LED = re.compile(
    r"(?P<id>(?:O|KR) ?\d+(?:\.\d+)*)(?:(?: ?[:)–—] ?|\. | - |(?<=\d\.\d) )(?P<title>.+)|[:.)]?$)",
    re.IGNORECASE | re.ASCII,
)
_NUMBERS = ("baseline", "target", "current", "confidence")
_TITLES = {"", "-", "–", "—"}
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Aim:
    """From where to where a key result is to go, as far as it is known."""

    baseline: float | None
    target: float | None
    baseline_date: date | None
    due: date | None
    direction: str

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """What cannot be true of it at once, and what to do."""
        if self.baseline_date and self.due and self.due <= self.baseline_date:
            yield f"due on {self.due}, not after its baseline of {self.baseline_date}", "mend the dates"
        if self.direction == "maintain" or self.baseline is None or self.target is None:
            return
        if self.baseline == self.target:
            yield "the target equals the baseline", "write the value that is wanted, or direction maintain"
        elif self.direction and (self.target > self.baseline) != (self.direction == "increase"):
            message = f"to {self.direction} from {self.baseline:g} to {self.target:g} contradicts itself"
            yield message, "mend the target, or write the other direction"


@dataclass(frozen=True, slots=True)
class SheetKeyResult:
    """One row; what a cell does not say is empty or ``None``."""

    line: int
    id: str
    title: str
    metric: str = ""
    definition: str = ""
    unit: str = ""
    """As the column says."""
    seen_unit: str = ""
    """As it stood beside a number."""
    baseline: float | None = None
    baseline_date: date | None = None
    target: float | None = None
    due: date | None = None
    band: tuple[float, float] | None = None
    current: float | None = None
    confidence: float | None = None
    direction: str = ""
    kind: str = ""


@dataclass(slots=True)
class SheetObjective:
    """An objective with its rows; *cycle* is as written, a quarter as ``2026Q4``, and empty where nothing says it."""

    line: int
    id: str
    title: str
    cycle: str
    owners: list[str] = field(default_factory=list)
    key_results: list[SheetKeyResult] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says, in its order."""

    file: str
    objectives: tuple[SheetObjective, ...]
    ignored: tuple[str, ...]
    """Headings of columns that are not read."""
    notes: tuple[str, ...]
    """What was left out, and why."""


def read_sheet(path: Path) -> Sheet:
    """
    The objectives and key results in the CSV or Markdown file *path*.

    An empty objective or cycle continues the one above, as in merged cells; a row without a key result heads those
    below it.

    Raises:
        ConfigError: with every cell and row that cannot be understood.
    """
    return _Rows(read_table(path)).sheet()


def same(title: str) -> str:
    """*title* as two spellings of it compare equal: without case, spaces and final punctuation."""
    plain = " ".join(title.casefold().split())
    return plain.rstrip(" .!") or plain


class _Rows:
    """The rows of one table while they are read; gathers their problems."""

    def __init__(self, table: SheetTable) -> None:
        self._table = table
        self._problems: list[Problem] = []
        self._notes: list[str] = []
        self._objectives: list[SheetObjective] = []
        texts = [table.text(row, name) for row in table.rows for name in _NUMBERS]
        marks = cells.decimal_marks(texts)
        # Where commas are decimal, spreadsheets separate cells by semicolons; a lone `1,200` may be either there.
        usual = "" if table.separator == ";" or marks else "."
        self._mark = marks.pop() if len(marks) == 1 else usual

    def sheet(self) -> Sheet:
        above: SheetObjective | None = None
        for row in self._table.rows:
            above = self._objective(row, above)
            if above is not None:
                self._add(row, above)
        for objective in self._objectives:
            if not objective.key_results and not self._problems:
                self._note(objective.line, "objective", "this objective has no key result", "add a row, or remove it")
            self._refuse_repeats(objective)
        if self._problems:
            raise ConfigError(self._problems)
        return Sheet(self._table.file, tuple(self._objectives), self._table.ignored, tuple(self._notes))

    def _objective(self, row: TableLine, above: SheetObjective | None) -> SheetObjective | None:
        """The objective that *row* belongs to: its own, or the one *above*."""
        id_, title = self._named(row, "objective_id", "objective")
        if not id_ and not self._has_key_result(row):
            id_ = self._id(row, "id")
        cycle = self._cycle(row) or (above.cycle if above else "")
        if not id_ and not title:
            if above is None:
                self._refuse(row, "objective", "no objective stands here or above", "write one in the first row")
                return None
            id_, title = above.id, above.title
        found = self._found(row.number, id_, title, cycle)
        owner = self._text(row, "owner")
        if without_people(owner) != owner:
            self._notes.append(f"line {row.number}: the owner names a person and was left out; write a team or role")
        elif owner and owner not in found.owners:
            found.owners.append(owner)
        return found

    def _found(self, line: int, id_: str, title: str, cycle: str) -> SheetObjective:
        """The objective of this id, else of this title, or a new one."""
        for known in self._objectives:
            if known.cycle == cycle and (
                (id_ and known.id == id_) or (not (id_ and known.id) and title and same(known.title) == same(title))
            ):
                known.id, known.title = known.id or id_, known.title or title
                return known
        self._objectives.append(SheetObjective(line, id_, title, cycle))
        return self._objectives[-1]

    def _add(self, row: TableLine, objective: SheetObjective) -> None:
        id_, title = self._named(row, "id", "key_result")
        if self._has_key_result(row):
            objective.key_results.append(self._key_result(row, id_, title))
        elif self._is_measured(row):
            self._refuse(row, "key_result", "no key result stands here", "write its title, or empty the row")

    def _key_result(self, row: TableLine, id_: str, title: str) -> SheetKeyResult:
        baseline, target, current = (self._number(row, name) for name in ("baseline", "target", "current"))
        if baseline and target and baseline.unit and target.unit and baseline.unit != target.unit:
            message = f'the baseline is in "{baseline.unit}", the target in "{target.unit}"'
            self._refuse(row, "target", message, "write both in one unit")
        read = SheetKeyResult(
            line=row.number,
            id=id_,
            title=title,
            metric=self._text(row, "metric"),
            definition=self._text(row, "definition"),
            unit=self._text(row, "unit"),
            seen_unit=next((seen.unit for seen in (target, baseline, current) if seen and seen.unit), ""),
            baseline=baseline.value if baseline else None,
            baseline_date=self._cell(row, "baseline_date", cells.day),
            target=target.value if target else None,
            due=self._cell(row, "due", cells.day),
            band=self._cell(row, "band", lambda text: cells.band(text, self._mark)),
            current=current.value if current else None,
            confidence=self._cell(row, "confidence", lambda text: cells.share(text, self._mark)),
            direction=self._cell(row, "direction", lambda text: cells.choice(text, "direction")) or "",
            kind=self._cell(row, "kind", lambda text: cells.choice(text, "kind")) or "",
        )
        aim = Aim(read.baseline, read.target, read.baseline_date, read.due, read.direction)
        for message, fix in aim.contradictions():
            self._refuse(row, "target", message, fix)
        return read

    def _refuse_repeats(self, objective: SheetObjective) -> None:
        first: dict[str, int] = {}
        for entry in objective.key_results:
            name = entry.id or same(entry.title)
            if name in first:
                message = f'"{(entry.id or entry.title)[:60]}" is there twice (first in line {first[name]})'
                self._note(entry.line, "key_result", message, "keep one of them, or give each an id")
            first.setdefault(name, entry.line)

    def _named(self, row: TableLine, id_field: str, title_field: str) -> tuple[str, str]:
        """Id and title of a row; an id may lead the title instead of having a column."""
        id_, title = self._id(row, id_field), self._table.text(row, title_field)
        title = "" if title in _TITLES else title
        led = None if id_ else _LED.fullmatch(title)
        return (led["id"].replace(" ", "").upper(), led["title"] or "") if led else (id_, title)

    def _id(self, row: TableLine, name: str) -> str:
        text = self._text(row, name)
        written = text.rpartition("/")[2].replace(" ", "")
        if text and not _ID.fullmatch(written):
            self._refuse(row, name, f'"{text[:40]}" is no id', "write letters, digits, dots and dashes: KR1.1")
            return ""
        return written

    def _has_key_result(self, row: TableLine) -> bool:
        if self._table.text(row, "key_result") not in _TITLES:
            return True
        is_below = self._table.text(row, "objective") in _TITLES
        return bool(self._text(row, "id")) and (is_below or self._is_measured(row))

    def _is_measured(self, row: TableLine) -> bool:
        return any(self._text(row, name) for name in (*_NUMBERS, "metric", "due", "band"))

    def _cycle(self, row: TableLine) -> str:
        written = self._text(row, "cycle")
        period = cells.period(written)
        return period.id if period else written

    def _number(self, row: TableLine, name: str) -> Amount | None:
        return self._cell(row, name, lambda text: cells.amount(text, self._mark))

    def _cell(self, row: TableLine, name: str, read: Callable[[str], _Read]) -> _Read | None:
        text = self._text(row, name)
        if not text:
            return None
        try:
            return read(text)
        except CellError as error:
            self._refuse(row, name, f"{name.replace('_', ' ')}: {error}", error.fix)
            return None

    def _text(self, row: TableLine, name: str) -> str:
        text = self._table.text(row, name)
        if cells.is_broken(text):
            self._refuse(row, name, f"{text} is the error of a formula", "mend the formula and save the sheet again")
            return ""
        return "" if cells.is_empty(text) else text

    def _refuse(self, row: TableLine, name: str, message: str, fix: str) -> None:
        self._problems.append(self._table.problem(row, name, message, fix))

    def _note(self, number: int, name: str, message: str, fix: str) -> None:
        self._refuse(TableLine(number, ()), name, message, fix)
