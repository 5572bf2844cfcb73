"""Where each part of the OKR files stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from okrsync.config.document import DataPath, Document, entries
from okrsync.model.okrs import Cycle, KeyResult, Metric, Objective, Okrs, Value


@dataclass(frozen=True, slots=True)
class LocatedFinding:
    """What a rule found: its place, the line where the entry begins that it belongs to, and a sentence."""

    file: str
    line: int
    column: int
    entry_line: int
    subject: str
    cycles: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """One entry of one file; *cycles* are those that it belongs to."""

    document: Document
    path: DataPath
    subject: str
    cycles: tuple[str, ...]

    def found(self, message: str, *field: str | int) -> LocatedFinding:
        """*message*, at this entry's *field*, or where the entry begins if it has no such field."""
        line, column = self.document.at((*self.path, *field))
        entry_line, _ = self.document.at(self.path)
        return LocatedFinding(self.document.file, line, column, entry_line, self.subject, self.cycles, message)

    def written(self, field: str) -> object:
        """What the file itself has in this entry's *field*; ``None`` where it says nothing."""
        entry = self.document.data
        for step in self.path:
            entry = entry[step]
        return entry.get(field)


class Places:
    """Finds the entry of each part of the model again."""

    def __init__(self, documents: Sequence[Document], okrs: Okrs) -> None:
        self._okrs = okrs
        self._at: dict[tuple[str, str], tuple[Document, DataPath]] = {}
        for document in documents:
            for section in ("values", "cycles", "metrics"):
                for path, entry in entries(document, section):
                    self._at[section, entry["id"]] = (document, path)
            for path, entry in entries(document, "objectives"):
                self._at["objectives", f"{entry['cycle']}/{entry['id']}"] = (document, path)
                for index, key_result in enumerate(entry["key_results"]):
                    place = (document, (*path, "key_results", index))
                    self._at["key_results", f"{entry['cycle']}/{key_result['id']}"] = place

    def value(self, value: Value) -> FilePart:
        """Its entry; it belongs to the cycles of the objectives that serve it."""
        return self._part("values", value.id, self._cycles_with(value.id))

    def cycle(self, cycle: Cycle) -> FilePart:
        """Its entry."""
        return self._part("cycles", cycle.id, (cycle.id,))

    def metric(self, metric: Metric) -> FilePart:
        """Its entry; it belongs to the cycles that measure, control or guard something with it."""
        measured = {entry.cycle for entry in self._okrs.key_results if metric.id in {entry.metric, *entry.controls}}
        guarded = {
            cycle
            for value in self._okrs.values
            if metric.id in value.guardrails
            for cycle in self._cycles_with(value.id)
        }
        return self._part("metrics", metric.id, tuple(sorted(measured | guarded)))

    def objective(self, objective: Objective) -> FilePart:
        """Its entry."""
        return self._part("objectives", f"{objective.cycle}/{objective.id}", (objective.cycle,))

    def key_result(self, key_result: KeyResult) -> FilePart:
        """Its entry."""
        return self._part("key_results", key_result.qualified_id, (key_result.cycle,))

    def _cycles_with(self, value: str) -> tuple[str, ...]:
        serving = (entry for entry in self._okrs.objectives if value in {use.id for use in entry.values})
        return tuple(sorted({objective.cycle for objective in serving}))

    def _part(self, section: str, subject: str, cycles: tuple[str, ...]) -> FilePart:
        document, path = self._at[section, subject]
        return FilePart(document, path, subject, cycles)
