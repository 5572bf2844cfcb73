"""Which objective and key result of the files each row of a sheet means, and the ids of those that are new."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from okrsync.config.document import DataPath, Document, entries
from okrsync.errors import Problem
from okrsync.importing.sheet import SheetKeyResult, SheetObjective, same

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """A part of an OKR file that has an id, with where it stands."""

    document: Document
    path: DataPath
    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        """As the file writes it."""
        return str(self.data["id"])

    @property
    def title(self) -> str:
        """Its title, fit for comparing."""
        return same(str(self.data["title"]))


@dataclass(frozen=True, slots=True)
class Meant:
    """A row, the id it has or gets, and what the files hold of it already."""

    row: SheetKeyResult
    id: str
    known: SheetEntry | None


@dataclass(slots=True)
class MeantObjective:
    """An objective of the sheet in its cycle, with the id it has or gets."""

    sheet: SheetObjective
    cycle: str
    id: str = ""
    known: SheetEntry | None = None
    key_results: list[Meant] = field(default_factory=list)


def match(
    sheet: Sequence[tuple[SheetObjective, str]], documents: Iterable[Document], file: str, problems: list[Problem]
) -> list[MeantObjective]:
    """
    Everything in *sheet* (objectives with their cycles) with its id, in order; rows that cannot be go to *problems*.

    An id counts first, then the title within the cycle, then the title without its numbers. An objective whose title
    changed is found by its key results. New ids go on from the highest that there is, so that none is used again.
    """
    found = [MeantObjective(objective, cycle) for objective, cycle in sheet]
    known = list(documents)
    for cycle in dict.fromkeys(cycle for _, cycle in sheet):
        _Cycle(cycle, known, file, problems).match([entry for entry in found if entry.cycle == cycle])
    return found


def objectives_of(documents: Iterable[Document], cycle: str) -> Iterator[SheetEntry]:
    """The objectives of *cycle* in *documents*, which have passed the check of their shape."""
    for document in documents:
        for path, data in entries(document, "objectives"):
            if data["cycle"] == cycle:
                yield SheetEntry(document, path, data)


def key_results_of(objective: SheetEntry) -> list[SheetEntry]:
    """The key results of *objective*, in file order."""
    return [
        SheetEntry(objective.document, (*objective.path, "key_results", index), data)
        for index, data in enumerate(objective.data["key_results"])
    ]


class _Cycle:
    """One cycle of the files while rows are matched to it."""

    def __init__(self, cycle: str, documents: Sequence[Document], file: str, problems: list[Problem]) -> None:
        self._objectives = list(objectives_of(documents, cycle))
        self._holders = [(entry, objective) for objective in self._objectives for entry in key_results_of(objective)]
        self._file = file
        self._problems = problems
        self._taken: set[str] = set()

    def match(self, wanted: Sequence[MeantObjective]) -> None:
        for objective in wanted:
            self._claim(objective, [entry for entry in self._objectives if _is(entry, objective.sheet.id)])
        for objective in wanted:
            if objective.known is None and not objective.sheet.id:
                title = same(objective.sheet.title)
                self._claim(objective, [entry for entry in self._objectives if entry.title == title])
        for objective in wanted:
            if objective.known is None and not objective.sheet.id:
                self._claim(objective, self._by_key_results(objective.sheet))
        self._number_objectives(wanted)
        rows = [(objective, *pair) for objective in wanted for pair in self._rows_of(objective)]
        self._number_key_results(rows)

    def _claim(self, objective: MeantObjective, found: Sequence[SheetEntry]) -> None:
        free = [entry for entry in found if entry.id not in self._taken]
        if len(free) == 1:
            objective.known = free[0]
            self._taken.add(free[0].id)

    def _by_key_results(self, objective: SheetObjective) -> list[SheetEntry]:
        """The objectives that hold what the rows of *objective* name by id or title."""
        titles = {same(row.title) for row in objective.key_results if row.title}
        ids = {row.id.casefold() for row in objective.key_results if row.id}
        holders = {
            holder.id: holder
            for entry, holder in self._holders
            if entry.id.casefold() in ids or (entry.title in titles and not ids)
        }
        return list(holders.values())

    def _number_objectives(self, wanted: Sequence[MeantObjective]) -> None:
        used = [entry.id for entry in self._objectives] + [objective.sheet.id for objective in wanted]
        last = _highest(used, "O")
        for objective in wanted:
            objective.id = objective.known.id if objective.known else objective.sheet.id
            if not objective.id:
                last += 1
                objective.id = f"O{last}"

    def _rows_of(self, objective: MeantObjective) -> list[tuple[SheetKeyResult, SheetEntry | None]]:
        """The rows of *objective*, each with what the file holds of it: by id, by title, by title without numbers."""
        inside = key_results_of(objective.known) if objective.known else []
        found: dict[int, SheetEntry] = {}
        for row in objective.sheet.key_results:
            entry = self._by_id(row, objective)
            if entry is not None:
                found[row.line] = entry
        for plain in (same, _without_numbers):
            rows = [row for row in objective.sheet.key_results if not row.id and row.line not in found]
            free = [entry for entry in inside if entry not in found.values()]
            for row in rows:
                alike = [entry for entry in free if plain(entry.title) == plain(row.title)]
                is_alone = sum(plain(other.title) == plain(row.title) for other in rows) == 1
                if len(alike) == 1 and is_alone:
                    found[row.line] = alike[0]
        return [(row, found.get(row.line)) for row in objective.sheet.key_results]

    def _by_id(self, row: SheetKeyResult, objective: MeantObjective) -> SheetEntry | None:
        for entry, holder in self._holders:
            if _is(entry, row.id):
                if holder is objective.known:
                    return entry
                message = f'key result "{entry.id}" stands under objective {holder.id} in {entry.document.file}'
                fix = "move it there by hand, or give the row another id"
                self._problems.append(Problem(self._file, row.line, 1, message, fix))
        return None

    def _number_key_results(self, rows: Sequence[tuple[MeantObjective, SheetKeyResult, SheetEntry | None]]) -> None:
        used = [entry.id for entry, _ in self._holders] + [row.id for _, row, _ in rows]
        first: dict[str, int] = {}
        for objective, row, known in rows:
            id_ = known.id if known else row.id
            if not id_:
                stem = f"KR{objective.id[1:]}." if re.fullmatch(r"O\d+", objective.id) else f"{objective.id}."
                id_ = f"{stem}{_highest(used, stem) + 1}"
                used.append(id_)
            line = first.setdefault(id_.casefold(), row.line)
            if line != row.line:
                message = f'key result "{id_}" is there twice in its cycle (first in line {line})'
                self._problems.append(Problem(self._file, row.line, 1, message, "give one of them another id"))
            objective.key_results.append(Meant(row, id_, known))


def _is(entry: SheetEntry, id_: str) -> bool:
    return bool(id_) and entry.id.casefold() == id_.casefold()


def _highest(ids: Iterable[str], stem: str) -> int:
    """The highest whole number behind *stem* among *ids*; 0 where there is none."""
    pattern = re.compile(rf"{re.escape(stem)}(\d{{1,9}})", re.IGNORECASE | re.ASCII)
    return max((int(match[1]) for id_ in ids if (match := pattern.fullmatch(id_))), default=0)


def _without_numbers(title: str) -> str:
    return _NUMBER.sub("#", same(title))
