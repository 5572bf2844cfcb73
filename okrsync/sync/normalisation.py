"""From raw items to versions that can be stored: normalised, with their events, and settled by them. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from okrsync.model.history import settled
from okrsync.model.plain import digest
from okrsync.model.work import EventField, EventOrigin, Item, ItemEvent, Size, Status
from okrsync.plugins.connector import HISTORY, Connector, FieldMap, HasHistory, HasReleases, HasUnrecorded, RawItem
from okrsync.plugins.text import without_people
from okrsync.store.codec import raw_content
from okrsync.store.records import DeadLetter, ItemVersion
from okrsync.sync.privacy import without_persons

_MOST_TOLD = 500


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A raw item without people, as it came from the tracker; *id* is empty where it names none."""

    id: str
    raw: RawItem
    content: bytes
    """It as canonical JSON, without a history."""

    @property
    def digest(self) -> bytes:
        """16 bytes that tell it from others."""
        return digest(self.content)

    @classmethod
    def of(cls, raw: Any) -> RawRecord:
        """
        What is kept of *raw*.

        Raises:
            TypeError: it is no JSON object.
        """
        kept = without_persons(raw)
        if not isinstance(kept, dict):
            raise TypeError(f"a {type(raw).__name__} instead of an object")
        return cls(id_of(raw), kept, raw_content(kept))


@dataclass(frozen=True, slots=True)
class Normaliser:
    """What the raw items of one partition mean."""

    connector: Connector
    source: str
    fields: FieldMap
    releases: Sequence[datetime] = ()
    """When the partition was released, ascending, where the source says that it ships apart."""
    history: HasHistory | None = field(init=False)
    unrecorded: HasUnrecorded | None = field(init=False)
    ships_by_release: bool = field(init=False)

    def __post_init__(self) -> None:
        # Asked once: whether an object fits a protocol is found out slowly.
        object.__setattr__(self, "history", self.connector if isinstance(self.connector, HasHistory) else None)
        object.__setattr__(self, "unrecorded", self.connector if isinstance(self.connector, HasUnrecorded) else None)
        by_release = bool(self.fields.mapping.delivered_on) and isinstance(self.connector, HasReleases)
        object.__setattr__(self, "ships_by_release", by_release)

    def versions(
        self,
        reads: Iterable[RawRecord],
        *,
        due: Iterable[str] = (),
        before: Mapping[str, Item] | None = None,
        now: datetime,
    ) -> tuple[list[ItemVersion], list[DeadLetter]]:
        """
        The versions of *reads*, and those that cannot be understood, with the reason.

        *due*: items whose history could not be read. *before*: what the store held of them; what a tracker keeps no
        history of becomes an event by the difference.
        """
        late = set(due)
        versions: list[ItemVersion] = []
        letters: list[DeadLetter] = []
        for read in reads:
            try:
                version = self.version(read, history_due=read.id in late)
            except Exception as error:  # noqa: BLE001 - one item that cannot be understood is counted, not fatal
                letters.append(_letter(self.source, read.id, _reason(error)))
                continue
            earlier = (before or {}).get(version.item.external_id)
            if earlier is not None:
                events = version.events + self._seen(earlier, version.item, now)
                version = ItemVersion.of(
                    version.item, read.raw, events, content=read.content, history_due=version.history_due
                )
            versions.append(version)
        return versions, letters

    def version(self, read: RawRecord, *, history_due: bool = False) -> ItemVersion:
        """
        The version of one raw item.

        Raises:
            Exception: whatever a connector raises for an item that does not have the tracker's shape.
        """
        item = self.connector.normalise(read.raw, self.fields)
        if item.source != self.source:
            raise ValueError(f"an item of source {item.source}")
        events: tuple[ItemEvent, ...] = ()
        if self.history is not None and HISTORY in read.raw:
            events = tuple(self.history.normalise_history(read.raw, self.fields))
            apart = self.fields.ships_apart and not self.ships_by_release
            item = settled(item, events, self.fields.status_of, ships_apart=apart)
        if self.ships_by_release:
            item = shipped(item, self.releases)
        # An untyped connector may leave text out, or times without a zone: that is the item's fault, not the store's,
        # so its rows are made here.
        return ItemVersion.of(item, read.raw, events, content=read.content, history_due=history_due)

    def _seen(self, before: Item, after: Item, now: datetime) -> tuple[ItemEvent, ...]:
        """What changed between two syncs, of what the tracker keeps no history of."""
        if self.unrecorded is None:
            return ()
        return tuple(filter(self.unrecorded.is_unrecorded, _differences(before, after, now)))


def reads_of(raws: Sequence[Any], source: str) -> tuple[list[RawRecord], list[DeadLetter]]:
    """*raws* without people, and those that are no JSON objects, with the reason."""
    reads: list[RawRecord] = []
    letters: list[DeadLetter] = []
    for raw in raws:
        try:
            reads.append(RawRecord.of(raw))
        except (TypeError, ValueError, RecursionError) as error:
            reason = f"it is no JSON object ({type(error).__name__}: {error})"
            letters.append(_letter(source, id_of(raw), reason))
    return reads, letters


def shipped(item: Item, releases: Sequence[datetime]) -> Item:
    """*item* delivered by the first of *releases* (ascending) at or after it was done; not yet where there is none."""
    if item.status is not Status.DONE or item.delivered is None:
        return item
    place = bisect_left(releases, item.delivered)
    if place == len(releases):
        return replace(item, status=Status.IN_PROGRESS, delivered=None)
    return replace(item, delivered=releases[place])


def id_of(raw: object) -> str:
    """The tracker's id in *raw*, cut to what the store takes; empty where there is none."""
    named = raw.get("id") if isinstance(raw, Mapping) else None
    return "" if named is None else str(named)[:64]


def _letter(source: str, external_id: str, reason: str) -> DeadLetter:
    return DeadLetter(source, external_id or "?", without_people(reason)[:_MOST_TOLD])


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f'it has no "{error.args[0]}"'
    return f"it is not what the tracker documents ({type(error).__name__}: {error})"


def _differences(before: Item, after: Item, now: datetime) -> Iterable[ItemEvent]:
    """Size and iterations of *after* that *before* had not, as events of some time between the two."""
    change = f"s{int(now.timestamp() * 1000)}"

    def event(part: str, field: EventField, old: tuple[str, str], new: tuple[str, str]) -> ItemEvent:
        return ItemEvent(
            source=after.source,
            external_id=after.external_id,
            key=f"{change}:{field.value}.{part}",
            field=field,
            at=before.updated,
            from_id=old[0],
            from_text=old[1],
            to_id=new[0],
            to_text=new[1],
            origin=EventOrigin.SNAPSHOT,
            at_most=now,
        )

    nothing = ("", "")
    if before.size != after.size:
        earlier, later = (_size_text(item.size) for item in (before, after))
        yield event("0", EventField.SIZE, (earlier, earlier), (later, later))
    held, holds = ({entry.id: entry.name for entry in item.iterations} for item in (before, after))
    for number, id_ in enumerate(sorted(held.keys() ^ holds.keys())):
        old, new = ((id_, held[id_]), nothing) if id_ in held else (nothing, (id_, holds[id_]))
        yield event(str(number), EventField.ITERATION, old, new)


def _size_text(size: Size | None) -> str:
    return "" if size is None else f"{size.value:g}"
