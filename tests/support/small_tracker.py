"""A tracker in memory with history, iterations, a census and releases, and a connector that reads it in small pages."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal

from okrsync.model.work import EventField, Item, ItemEvent, ItemKind, Iteration, IterationRecord, Size, Status
from okrsync.plugins.connector import (
    HISTORY,
    Fate,
    FieldMap,
    IterationsRead,
    Missing,
    Page,
    Partition,
    RawItem,
    Resolution,
    SourceSettings,
    Stream,
)
from okrsync.plugins.context import Context, WorkMapping
from okrsync.plugins.paging import Batch, Stamped, keyset_batches
from okrsync.plugins.secret import TokenReference
from okrsync.store.database import Store
from okrsync.sync.engine import ReconciliationPolicy, SourceRun, sync_source

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 10, 8, 6, tzinfo=UTC)
TODO, DOING, DONE = "1", "2", "3"
_STATUSES = {TODO: "todo", DOING: "in_progress", DONE: "done"}
_SCALARS = {"status": EventField.STATUS, "size": EventField.SIZE, "parent": EventField.PARENT, "key": EventField.KEY}
_LISTS = {"labels": EventField.LABEL, "sprints": EventField.ITERATION}
Raw = dict[str, Any]


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


@dataclass
class SmallTracker:
    """
    What is in the tracker, what was asked of it, and *on_request*, which may change it, or fail, at any request.

    Its clock stands still until something happens in it; it answers *idle* later.
    """

    partitions: Sequence[str] = ("a",)
    page_size: int = 2
    walk: Literal["keyset", "token"] = "keyset"
    on_request: Callable[[str, str], None] = lambda _purpose, _partition: None
    raws: dict[str, Raw] = field(default_factory=dict)
    histories: dict[str, list[Raw]] = field(default_factory=dict)
    fates: dict[str, Resolution] = field(default_factory=dict)
    restricted: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    """Items whose history is left out for now."""
    sprints: dict[str, IterationRecord] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)
    released: list[datetime] = field(default_factory=list)
    clock: datetime = NOON
    idle: timedelta = timedelta(seconds=2)
    asked: list[tuple[str, str]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _changes: int = 0

    def add(self, id_: str, partition: str = "a", *, minutes: float = 1, **more: Any) -> None:
        """One more item, made *minutes* after whatever happened last."""
        self._pass(minutes)
        now = self.clock.isoformat()
        raw: Raw = {"id": id_, "key": f"{partition.upper()}-{id_}", "project": partition, "title": f"item {id_}"}
        raw |= {"status": TODO, "labels": [], "size": None, "parent": "", "sprints": [], "created": now, "updated": now}
        self.raws[id_] = raw | more
        self.histories[id_] = []

    def edit(self, id_: str, *, minutes: float = 1, **changes: Any) -> None:
        """Change fields of an item, and write into its history what happened."""
        self._pass(minutes)
        before = self.raws[id_]
        for name, value in changes.items():
            if name in _SCALARS:
                self._note(id_, name, before[name], value)
            for gone in set(before[name]) - set(value) if name in _LISTS else ():
                self._note(id_, name, gone, None)
            for new in set(value) - set(before[name]) if name in _LISTS else ():
                self._note(id_, name, None, new)
        self.raws[id_] = before | changes | {"updated": self.clock.isoformat()}

    def delete(self, id_: str) -> None:
        """Take an item away; the tracker says so when it is asked."""
        del self.raws[id_]
        self.fates[id_] = Resolution(id_, Fate.GONE)

    def hide(self, id_: str) -> Raw:
        """Let nobody see an item any more, and return it."""
        self.fates.pop(id_, None)
        return self.raws.pop(id_)

    def move(self, id_: str, partition: str, new_id: str | None = None, *, minutes: float = 1) -> None:
        """Move an item to another partition, where it gets another key, and another id if one is given."""
        new = new_id or id_
        self.edit(id_, minutes=minutes, key=f"{partition.upper()}-{new}")
        self.raws[new] = self.raws.pop(id_) | {"id": new, "project": partition}
        self.histories[new] = self.histories.pop(id_)
        self.fates[id_] = Resolution(id_, Fate.MOVED, new, self.raws[new]["key"])

    def rows(self, partition: str) -> list[Raw]:
        """The items of *partition* by update, then id."""
        found = [raw for raw in list(self.raws.values()) if raw["project"] == partition]
        return sorted(found, key=lambda raw: (raw["updated"], raw["id"]))

    def count(self, purpose: str) -> int:
        """How many requests were made for *purpose*."""
        return sum(asked == purpose for asked, _ in self.asked)

    def request(self, purpose: str, partition: str) -> None:
        """One request arrives."""
        with self._lock:
            self.asked.append((purpose, partition))
        self.on_request(purpose, partition)

    def _pass(self, minutes: float) -> None:
        self.clock += timedelta(minutes=minutes)

    def _note(self, id_: str, name: str, old: Any, new: Any) -> None:
        self._changes += 1
        sides = {"from": "" if old is None else str(old), "to": "" if new is None else str(new)}
        self.histories[id_].append({"key": f"h{self._changes}:0", "at": self.clock.isoformat(), "name": name, **sides})


class SmallConnector:
    """Reads a SmallTracker as a connector with everything does; one call for history takes up to two pages."""

    api_version: ClassVar[int] = 1
    version: ClassVar[str] = "1"
    Settings: ClassVar[type[SourceSettings]] = SourceSettings
    overlap_seconds: ClassVar[int] = 0
    history_batch: ClassVar[int] = 4
    census_days: ClassVar[float] = 1.0
    words: Sequence[str] = ()

    def __init__(self, tracker: SmallTracker, context: Context) -> None:
        self._tracker = tracker
        self._context = context

    def discover(self) -> FieldMap:
        return FieldMap(mapping=self._context.mapping, statuses=dict(_STATUSES))

    def raw_depends_on(self, fields: FieldMap) -> Sequence[str]:
        return self.words

    def partitions(self) -> Iterator[Partition]:
        return (Partition(name) for name in self._tracker.partitions)

    def pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
        read = self._keyset_walk if self._tracker.walk == "keyset" else self._token_walk
        for items in read(partition.id, since):
            restricted = self._tracker.restricted
            yield Page(
                tuple(item.raw for item in items if item.id not in restricted),
                items[-1].updated,
                self._tracker.clock + self._tracker.idle,
                withheld=tuple(item.id for item in items if item.id in restricted),
            )

    def history(self, partition: Partition, raws: Sequence[RawItem], fields: FieldMap) -> Mapping[str, Any]:
        assert len(raws) <= self.history_batch
        self._ask("history", partition.id)
        tracker = self._tracker
        ids = {str(raw["id"]) for raw in raws} - tracker.silent
        return {id_: list(tracker.histories[id_]) for id_ in ids if id_ in tracker.raws}

    def streams(self, fields: FieldMap) -> Sequence[Stream]:
        return [Stream("board")] if self._tracker.sprints else []

    def iterations(self, stream: Stream, cursor: str, fields: FieldMap) -> IterationsRead:
        self._ask("iterations", stream.id)
        touched = self._tracker.touched[int(cursor or 0) :]
        return IterationsRead(tuple(self._tracker.sprints.values()), tuple(touched), str(len(self._tracker.touched)))

    def census(self, partition: Partition) -> Iterator[Sequence[str]]:
        self._ask("census", partition.id)
        ids = [raw["id"] for raw in self._tracker.rows(partition.id)]
        for start in range(0, max(len(ids), 1), self._tracker.page_size):
            if start:
                self._ask("census", partition.id)
            yield ids[start : start + self._tracker.page_size]

    def resolve(self, partition: Partition, missing: Sequence[Missing]) -> Sequence[Resolution]:
        if missing:
            self._ask("resolve", partition.id)
        return [self._tracker.fates[entry.id] for entry in missing if entry.id in self._tracker.fates]

    def releases(self, partition: Partition, fields: FieldMap) -> Sequence[datetime]:
        self._ask("releases", partition.id)
        return self._tracker.released

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        return Item(
            source="web",
            external_id=raw["id"],
            key=raw["key"],
            url="",
            kind=ItemKind.ISSUE,
            type="Task",
            title=raw["title"],
            status=fields.status_of(raw["status"], "") or Status.IN_PROGRESS,
            original_status=raw["status"],
            status_id=raw["status"],
            created=datetime.fromisoformat(raw["created"]),
            updated=datetime.fromisoformat(raw["updated"]),
            delivered=datetime.fromisoformat(raw["updated"]) if raw["status"] == DONE else None,
            size=None if raw["size"] is None else Size(raw["size"], "points"),
            project=raw["project"],
            team=fields.team,
            parent=raw["parent"],
            labels=tuple(raw["labels"]),
            iterations=tuple(Iteration(id_, f"sprint {id_}") for id_ in raw["sprints"]),
        )

    def normalise_history(self, raw: RawItem, fields: FieldMap) -> Sequence[ItemEvent]:
        """Sizes count where the mapping names their field, so that a mapping changes what a history says."""
        wanted = {**_SCALARS, **_LISTS}
        if not fields.mapping.size_field:
            del wanted["size"]
        return [
            ItemEvent(
                source="web",
                external_id=raw["id"],
                key=change["key"],
                field=wanted[change["name"]],
                at=datetime.fromisoformat(change["at"]),
                from_id=change["from"],
                from_text=_text(change["name"], change["from"]),
                to_id=change["to"],
                to_text=_text(change["name"], change["to"]),
            )
            for change in raw[HISTORY]
            if change["name"] in wanted
        ]

    def _keyset_walk(self, partition: str, since: datetime | None) -> Iterator[tuple[Stamped, ...]]:
        """As GitHub and Jira Data Center are read: again from the last update that was seen."""

        def fetch(since: datetime | None, offset: int) -> Batch:
            self._ask("items", partition)
            rows = [raw for raw in self._tracker.rows(partition) if since is None or _updated(raw) >= since]
            page = rows[offset : offset + self._tracker.page_size]
            return Batch(tuple(map(_stamped, page)), more=len(rows) > offset + len(page))

        yield from keyset_batches(fetch, since, "tracker")

    def _token_walk(self, partition: str, since: datetime | None) -> Iterator[tuple[Stamped, ...]]:
        """As Jira Cloud is read: a token stands for the place behind the last row of a page."""
        place: tuple[str, str] | None = None
        while True:
            self._ask("items", partition)
            rows = [raw for raw in self._tracker.rows(partition) if since is None or _updated(raw) >= since]
            start = 0 if place is None else bisect_right(rows, place, key=lambda raw: (raw["updated"], raw["id"]))
            page = rows[start : start + self._tracker.page_size]
            if page:
                yield tuple(map(_stamped, page))
                place = page[-1]["updated"], page[-1]["id"]
            if start + len(page) >= len(rows):
                return

    def _ask(self, purpose: str, partition: str) -> None:
        self._context.requests.add()
        self._tracker.request(purpose, partition)


class ParallelConnector(SmallConnector):
    """Lets three partitions be read at once."""

    parallel: ClassVar[int] = 3


def sync(
    store: Store,
    tracker: SmallTracker,
    *,
    now: datetime = NOW,
    mapping: WorkMapping | None = None,
    census: bool = False,
    allow_shrink: bool = False,
    connector: type[SmallConnector] = SmallConnector,
    words: Sequence[str] = (),
) -> SourceRun:
    """One run of the engine over *tracker*; *words* are what its raw items depend on."""

    def make(_: SourceSettings, context: Context) -> SmallConnector:
        made = connector(tracker, context)
        made.words = words
        return made

    settings = SourceSettings(name="web", connector="small", token=TokenReference(env="UNUSED"))
    context = Context(folder=Path(), mapping=mapping or WorkMapping())
    rule = ReconciliationPolicy(census, allow_shrink)
    return sync_source(store, settings, make, context, now=now, progress=lambda *_: None, census=rule)


def _updated(raw: Raw) -> datetime:
    return datetime.fromisoformat(raw["updated"])


def _stamped(raw: Raw) -> Stamped:
    return Stamped(raw["id"], _updated(raw), dict(raw))


def _text(name: str, value: str) -> str:
    return f"sprint {value}" if name == "sprints" and value else value
