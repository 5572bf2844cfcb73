"""What a sheet of OKRs changes in an OKR file: edits for the file, and the same said for a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from okrsync.config.document import DataPath, Document, entries
from okrsync.config.okrs_edit import Edit
from okrsync.errors import ConfigError, Problem
from okrsync.importing.cells import SheetPeriod, period
from okrsync.importing.changes import DraftFile, EntryChange, Left, Reported, field_changes, field_edits, spaced, whole
from okrsync.importing.match import Meant, MeantObjective, SheetEntry, key_results_of, match, objectives_of
from okrsync.importing.sheet import Aim, Sheet, SheetKeyResult, same
from okrsync.plugins.metric_source import CHECK_IN

_SECTIONS = ("cycles", "metrics", "objectives")


@dataclass(frozen=True, slots=True)
class Merge:
    """Everything that an import does: ``edits`` to the file, in order, and what they mean."""

    edits: tuple[Edit, ...]
    changes: tuple[EntryChange, ...]
    unchanged: int
    """Key results that the sheet says nothing new about."""
    left: tuple[Left, ...]
    reported: tuple[Reported, ...]
    notes: tuple[str, ...]


def merge(sheet: Sheet, target: Document, others: Sequence[Document], cycle: str) -> Merge:
    """
    What *sheet* changes in *target*; *others* are the project's further OKR files, and *cycle* holds for rows without.

    All documents have passed the check of their shape. An empty cell takes nothing away.

    Raises:
        ConfigError: with every row that contradicts the files, or means nothing that can be written.
    """
    return _Merger(sheet, target, others).merge(cycle)


class _Merger:
    def __init__(self, sheet: Sheet, target: Document, others: Sequence[Document]) -> None:
        self._sheet = sheet
        self._target = target
        self._documents = (target, *others)
        self._edits: list[Edit] = []
        self._changes: list[EntryChange] = []
        self._problems: list[Problem] = []
        self._lengths = {name: len(list(entries(target, name))) for name in _SECTIONS}
        self._cycles = {
            str(data["id"]): SheetPeriod(str(data["id"]), data["start"], data["end"])
            for document in self._documents
            for _, data in entries(document, "cycles")
        }
        self._metrics = {
            str(data["id"]): SheetEntry(document, path, data)
            for document in self._documents
            for path, data in entries(document, "metrics")
        }
        self._new_metrics: dict[str, str] = {}
        self._said: dict[tuple[str, str], str] = {}
        self._lagging = 0

    def merge(self, cycle: str) -> Merge:
        in_cycles = [
            (objective, self._cycle(objective.cycle or cycle, objective.line)) for objective in self._sheet.objectives
        ]
        self._stop_on_problems()
        meant = match(in_cycles, self._documents, self._sheet.file, self._problems)
        self._stop_on_problems()
        for objective in meant:
            self._objective(objective)
        self._stop_on_problems()
        named = {entry.known.path for objective in meant for entry in objective.key_results if entry.known}
        touched = {change.id for change in self._changes if change.kind == "key_result"}
        rows = [(objective.cycle, entry) for objective in meant for entry in objective.key_results]
        return Merge(
            edits=tuple(self._edits),
            changes=tuple(self._changes),
            unchanged=sum(f"{in_cycle}/{entry.id}" not in touched for in_cycle, entry in rows),
            left=tuple(self._left({in_cycle for in_cycle, _ in rows}, named)),
            reported=tuple(
                Reported(f"{in_cycle}/{entry.id}", entry.row.current, entry.row.confidence)
                for in_cycle, entry in rows
                if entry.row.current is not None
            ),
            notes=tuple(self._notes()),
        )

    def _stop_on_problems(self) -> None:
        if self._problems:
            raise ConfigError(self._problems)

    def _left(self, cycles: Iterable[str], named: set[DataPath]) -> list[Left]:
        return [
            Left(f"{cycle}/{entry.id}", str(entry.data["title"]))
            for cycle in sorted(cycles)
            for objective in objectives_of([self._target], cycle)
            for entry in key_results_of(objective)
            if entry.path not in named
        ]

    def _notes(self) -> list[str]:
        notes = list(self._sheet.notes)
        if self._sheet.ignored:
            notes.append(f"columns that are not read: {', '.join(self._sheet.ignored)}")
        if self._lagging:
            notes.append(f"new key results taken for lagging: {self._lagging}; a column `kind` says leading or lagging")
        return notes

    # Cycles

    def _cycle(self, written: str, line: int) -> str:
        """The id of the cycle that is *written*; of the only one there is where nothing is."""
        if not written and len(self._cycles) == 1:
            return next(iter(self._cycles))
        if not written:
            self._refuse(line, "no cycle stands here", "add a column `cycle`, or name one with --cycle 2026Q4")
            return ""
        found = next((id_ for id_ in self._cycles if id_.casefold() == written.casefold()), "")
        wanted = period(written)
        if found or wanted is None:
            return found or self._no_cycle(written, line)
        days = (wanted.start, wanted.end)
        alike = [known.id for known in self._cycles.values() if (known.start, known.end) == days]
        return alike[0] if alike else self._new_cycle(wanted, line)

    def _no_cycle(self, written: str, line: int) -> str:
        close = get_close_matches(written, self._cycles, n=1, cutoff=0.6)
        fix = f'did you mean "{close[0]}"?' if close else "write a quarter such as 2026Q4, or define it under cycles"
        self._refuse(line, f'cycle "{written[:40]}" does not exist', fix)
        return ""

    def _new_cycle(self, wanted: SheetPeriod, line: int) -> str:
        self._cycles[wanted.id] = wanted
        self._append("cycles", {"id": wanted.id, "start": wanted.start, "end": wanted.end})
        self._changes.append(EntryChange("cycle", wanted.id, f"{wanted.start} to {wanted.end}", line, is_new=True))
        return wanted.id

    # Objectives

    def _objective(self, meant: MeantObjective) -> None:
        if meant.known is None:
            self._new_objective(meant)
            return
        known, sheet, draft = meant.known, meant.sheet, DraftFile(meant.known.data)
        if sheet.title and spaced(known.data["title"]) != sheet.title:
            draft.put("title", sheet.title)
        if sheet.owners:
            if spaced(known.data.get("owner", "")) != sheet.owners[0]:
                draft.put("owner", sheet.owners[0])
            contributors = list(known.data.get("contributors", []))
            more = [owner for owner in sheet.owners[1:] if owner not in map(spaced, contributors)]
            if more:
                draft.put("contributors", contributors + more)
        self._change("objective", f"{meant.cycle}/{meant.id}", sheet.line, known, draft)
        place = (*known.path, "key_results")
        added = 0
        for entry in meant.key_results:
            if entry.known is not None:
                self._change_key_result(entry, entry.known, meant.cycle)
            elif self._may_change(known, entry.row.line, meant.id):
                index = len(known.data["key_results"]) + added
                self._edits.append(Edit((*place, index), self._new_key_result(entry, meant.cycle)))
                added += 1

    def _new_objective(self, meant: MeantObjective) -> None:
        sheet = meant.sheet
        if not sheet.title:
            self._refuse(sheet.line, f'objective "{meant.id}" is new and has no title', "write one, or mend the id")
        data: dict[str, Any] = {"id": meant.id, "cycle": meant.cycle, "title": sheet.title}
        data |= {"owner": sheet.owners[0]} if sheet.owners else {}
        data |= {"contributors": sheet.owners[1:]} if sheet.owners[1:] else {}
        self._changes.append(
            EntryChange("objective", f"{meant.cycle}/{meant.id}", sheet.title, sheet.line, is_new=True)
        )
        data["key_results"] = [self._new_key_result(entry, meant.cycle) for entry in meant.key_results]
        self._append("objectives", data)

    # Key results

    def _new_key_result(self, meant: Meant, cycle: str) -> dict[str, Any]:
        row, draft = meant.row, DraftFile({})
        if not row.title:
            self._refuse(row.line, f'key result "{meant.id}" is new and has no title', "write one, or mend the id")
        draft.put("id", meant.id)
        draft.put("title", row.title)
        self._put_goal(draft, row, self._cycles[cycle])
        self._put_metric(draft, meant, cycle)
        missing = draft.missing()
        if missing:
            draft.put("state", "draft")
        draft.put("kind", row.kind or "lagging")
        self._lagging += not row.kind
        fields = [
            change
            for name in _SHOWN
            if name in draft.values
            for change in field_changes(name, None, draft.values[name])
        ]
        qualified = f"{cycle}/{meant.id}"
        self._changes.append(
            EntryChange("key_result", qualified, row.title, row.line, True, tuple(fields), tuple(missing))
        )
        return {name: draft.values[name] for name in _KEY_RESULT if name in draft.values}

    def _change_key_result(self, meant: Meant, known: SheetEntry, cycle: str) -> None:
        row, draft = meant.row, DraftFile(known.data)
        waswhole = not draft.missing()
        if row.title and spaced(known.data["title"]) != row.title:
            draft.put("title", row.title)
        self._put_goal(draft, row, self._cycles[cycle])
        self._put_metric(draft, meant, cycle)
        if row.kind and row.kind != known.data["kind"]:
            draft.put("kind", row.kind)
        if known.data.get("state") == "draft" and not waswhole and not draft.missing():
            draft.put("state", "active")
        self._change("key_result", f"{cycle}/{meant.id}", row.line, known, draft)

    def _put_goal(self, draft: DraftFile, row: SheetKeyResult, cycle: SheetPeriod) -> None:
        """Put what *row* says of baseline, target, band and direction; days it does not say are the cycle's."""
        draft.put_dated("baseline", row.baseline, row.baseline_date, cycle.start - timedelta(days=1))
        draft.put_dated("target", row.target, row.due, cycle.end)
        if row.band and list(row.band) != draft.values.get("band"):
            draft.put("band", [whole(value) for value in row.band])
        before, after = draft.values.get("baseline"), draft.values.get("target")
        direction = row.direction
        if not direction and "direction" not in draft.values and before and after:
            direction = "increase" if after["value"] > before["value"] else "decrease"
        # In the file increase is the default; what says nothing else there says that.
        if direction and direction != draft.values.get("direction", "increase" if draft.old else ""):
            draft.put("direction", direction)
        self._refuse_contradictions(draft, row.line)

    def _refuse_contradictions(self, draft: DraftFile, line: int) -> None:
        before, after = draft.values.get("baseline"), draft.values.get("target")
        if draft.changed and before and after:
            aim = Aim(before["value"], after["value"], before["date"], after["date"], draft.values.get("direction", ""))
            for message, fix in aim.contradictions():
                self._refuse(line, message, fix)
        if draft.values.get("direction") == "maintain" and not draft.values.get("band"):
            self._refuse(line, "to maintain needs a band", "add a column `band` with a cell such as 70 – 80")

    # Metrics

    def _put_metric(self, draft: DraftFile, meant: Meant, cycle: str) -> None:
        """Put the metric that a row names; one that is whole but for it gets a metric of its own."""
        row = meant.row
        own = f"{cycle}-{meant.id}"
        if row.metric:
            metric = self._named_metric(row, own)
        else:
            metric = str(draft.values.get("metric") or ("" if set(draft.missing()) - {"metric"} else own))
        if not metric:
            return
        words = list(self._new_words(metric, row))
        if metric in self._metrics:
            self._change_metric(self._metrics[metric], row, words)
        elif metric not in self._new_metrics:
            self._new_metric(metric, row, str(draft.values["title"]))
        if metric != draft.values.get("metric"):
            draft.put("metric", metric)

    def _named_metric(self, row: SheetKeyResult, own: str) -> str:
        """The id of the metric that *row* names by id or definition, or the id that a new one of this name gets."""
        wanted = same(row.metric)
        for id_, entry in self._metrics.items():
            if wanted in {id_.casefold(), same(str(entry.data["definition"]))}:
                return id_
        slug = _slug(row.metric) or own
        for id_ in self._metrics:
            if _squeezed(id_) == _squeezed(slug):
                return id_
        id_ = next((known for known in self._new_metrics if _squeezed(known) == _squeezed(slug)), slug)
        first = self._new_metrics.get(id_, row.metric)
        if same(first) != wanted:
            message = f'the metrics "{first[:40]}" and "{row.metric[:40]}" would both be called {id_}'
            self._refuse(row.line, message, "write different names, or the ids they are to have")
        return id_

    def _new_metric(self, id_: str, row: SheetKeyResult, title: str) -> None:
        self._new_metrics[id_] = row.metric
        definition, unit = row.definition or title, row.unit or row.seen_unit or "1"
        source = {"type": CHECK_IN}
        self._append(
            "metrics", {"id": id_, "definition": definition, "unit": unit, "source": source, "cadence": "irregular"}
        )
        self._changes.append(EntryChange("metric", id_, definition, row.line, is_new=True))

    def _new_words(self, metric: str, row: SheetKeyResult) -> Iterator[tuple[str, str]]:
        """Definition and unit of *metric* in *row*, where no row above said them; rows that disagree are refused."""
        for name, said in (("definition", row.definition), ("unit", row.unit)):
            first = self._said.setdefault((metric, name), said) if said else ""
            if first != said:
                message = f'{name} of metric {metric}: "{said[:40]}" here, "{first[:40]}" in a row above'
                self._refuse(row.line, message, "write the same in both")
            elif said:
                yield name, said

    def _change_metric(self, known: SheetEntry, row: SheetKeyResult, words: Iterable[tuple[str, str]]) -> None:
        draft = DraftFile(known.data)
        for name, said in words:
            if said != spaced(known.data[name]):
                draft.put(name, said)
        self._change("metric", known.id, row.line, known, draft)

    # What is written

    def _change(self, kind: str, id_: str, line: int, known: SheetEntry, draft: DraftFile) -> None:
        if not draft.changed or not self._may_change(known, line, known.id):
            return
        fields = []
        for name in draft.changed:
            old, new = draft.old.get(name), draft.values[name]
            self._edits += field_edits((*known.path, name), old, new)
            fields += field_changes(name, old, new)
        title = str(draft.values.get("title") or draft.values.get("definition", ""))
        self._changes.append(EntryChange(kind, id_, title, line, is_new=False, fields=tuple(fields)))

    def _may_change(self, known: SheetEntry, line: int, id_: str) -> bool:
        if known.document is self._target:
            return True
        self._refuse(line, f"{id_} stands in {known.document.file}", f"import it with --to {known.document.file}")
        return False

    def _append(self, section: str, entry: Mapping[str, Any]) -> None:
        if section not in self._target.data and self._lengths[section] == 0:
            self._edits.append(Edit((section,), []))
        self._edits.append(Edit((section, self._lengths[section]), entry))
        self._lengths[section] += 1

    def _refuse(self, line: int, message: str, fix: str) -> None:
        self._problems.append(Problem(self._sheet.file, line, 1, message, fix))


_SHOWN = ("metric", "direction", "baseline", "target", "band")
_KEY_RESULT = ("id", "title", "state", "metric", "direction", "baseline", "target", "band", "kind")


def _slug(name: str) -> str:
    """*name* as an id: lower case, ASCII, dashes; empty where nothing of it can be one."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name, re.ASCII):
        return name.lower()
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


def _squeezed(id_: str) -> str:
    """*id_* as two spellings of it compare equal: without case, dashes, dots and underscores."""
    return re.sub(r"[._-]", "", id_.casefold())
