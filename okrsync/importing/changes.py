"""The changes that an import makes to one entry of an OKR file, as edits and as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from okrsync.config.document import DataPath
from okrsync.config.okrs_edit import Edit

_GOAL = {"direction", "baseline", "target", "band"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that the sheet changes; *old* is empty where there was none. *is_goal*: a goal that was set moves."""

    field: str
    old: str
    new: str
    is_goal: bool


@dataclass(frozen=True, slots=True)
class EntryChange:
    """A cycle, metric, objective or key result that is new, or whose *fields* change."""

    kind: str
    id: str
    title: str
    line: int
    is_new: bool
    fields: tuple[FieldChange, ...] = ()
    missing: tuple[str, ...] = ()
    """Why a new key result is a draft."""


@dataclass(frozen=True, slots=True)
class Left:
    """A key result of the file that no row names; it stays."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Reported:
    """A current value in the sheet: what ``okrsync checkin`` records, and no OKR file holds."""

    key_result: str
    value: float
    confidence: float | None


@dataclass(slots=True)
class DraftFile:
    """An entry as it will be: what was there, and what was put."""

    old: Mapping[str, Any]
    values: dict[str, Any] = field(init=False)
    changed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values = dict(self.old)

    def put(self, name: str, value: Any) -> None:
        """Let *name* be *value*."""
        self.values[name] = value
        self.changed.append(name)

    def put_dated(self, name: str, value: float | None, day: date | None, usual: date) -> None:
        """Put a value with its day; what is not said stays, and a new one has its *usual* day."""
        old: Mapping[str, Any] = self.values.get(name) or {}
        if value is None and (not old or day is None):
            return
        new = {
            "value": whole(old["value"] if value is None else value),
            "date": day or old.get("date", usual),
        }
        if new != old:
            self.put(name, new)

    def missing(self) -> list[str]:
        """What an active key result needs and this one has not."""
        return [name for name in ("metric", "baseline", "target") if self.values.get(name) is None]


def field_edits(path: DataPath, old: Any, new: Any) -> list[Edit]:
    """Edits of single values where *old* has them, so that the layout around them stays."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [Edit((*path, name), value) for name, value in new.items() if old.get(name) != value]
    return [Edit(path, new)]


def field_changes(name: str, old: Any, new: Any) -> list[FieldChange]:
    """What *name* becomes, as a person reads it: a value and its day apart."""
    is_goal = name in _GOAL and old is not None
    if not isinstance(new, dict):
        return [FieldChange(name, _said(old), _said(new), is_goal)]
    before: Mapping[str, Any] = old or {}
    labels = {"value": name, "date": f"{name} date"}
    return [
        FieldChange(labels[part], _said(before.get(part)), _said(value), is_goal)
        for part, value in new.items()
        if before.get(part) != value
    ]


def _said(value: Any) -> str:
    """*value* in a line of text; empty where there is none."""
    if isinstance(value, int | float):
        return f"{whole(value):,}"
    if isinstance(value, list):
        is_band = all(isinstance(entry, int | float) for entry in value)
        return (" to " if is_band else ", ").join(map(_said, value))
    return "" if value is None else spaced(value)


def whole(value: float) -> float:
    """*value* as people write it: 55, not 55.0."""
    return int(value) if abs(value) < 1e15 and value == int(value) else value


def spaced(text: object) -> str:
    """*text* with single spaces."""
    return " ".join(str(text).split())
