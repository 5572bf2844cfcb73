"""What the store tells of its own runs, and what it is told of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from okrsync.model.plain import canonical
from okrsync.model.verdicts import OutcomeCheck
from okrsync.model.work import Item, ItemEvent
from okrsync.plugins.connector import HISTORY, RawItem
from okrsync.store import codec


@dataclass(frozen=True, slots=True)
class Scope:
    """What counts of one source: the partitions of its last sync, and nothing that was last changed before *since*."""

    source: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlacementCacheEntry:
    """
    How the stored placements were made.

    *stamp* tells what they depend on beside the items; *stock* is the whole of the store in numbers, as JSON;
    *settled*: key results on which every delivery is judged for good.
    """

    stamp: str
    stock: str
    settled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """What was found of a key result, compressed, with a digest of everything that it was found from."""

    key_result: str
    digest: bytes
    told: bytes


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """
    Which items are to be read: those of which anything holds.

    They serve one of *key_results* (qualified), or were ever seen to expect something of it; they were *delivered* in
    that time (UTC, both ends included), or nobody knows when; they are open (*is_open*); a link of theirs does not
    count, or they are open again (*has_trouble*); they are or were called one of *keys*, in any case; they are in one
    of *iterations* (source and id), or were.
    """

    key_results: frozenset[str] = frozenset()
    delivered: tuple[datetime, datetime] | None = None
    is_open: bool = False
    has_trouble: bool = False
    keys: frozenset[str] = frozenset()
    iterations: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What a partition's raw items depend on (*raw*), and what its items depend on beside them (*item*)."""

    raw: str
    item: str


@dataclass(frozen=True, slots=True)
class PartitionState:
    """Where the last sync of a partition ended, and what its raw items and its items were made under."""

    fingerprints: Fingerprints
    high_water: datetime | None
    is_whole: bool = False
    """It was reading everything, whether or not it had changed, and had not come to the end."""
    census: datetime | None = None
    """When its complete list was last read."""
    releases: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemVersion:
    """One item as it was read, with what becomes of it in the store."""

    item: Item
    row: Mapping[str, Any]
    """Its row, JSON as text."""
    content: bytes
    """Its raw form without the history, as canonical JSON."""
    history: bytes
    """Its history, as canonical JSON; empty where it is not known."""
    events: tuple[ItemEvent, ...] = ()
    event_rows: tuple[tuple[Any, ...], ...] = ()
    history_due: bool = False
    """Its history could not be read this time."""
    is_settling: bool = False
    """It changed at the very moment it was read: what happens within that tick of the tracker's clock shows nowhere."""

    @classmethod
    def of(
        cls,
        item: Item,
        raw: RawItem,
        events: Sequence[ItemEvent] = (),
        *,
        content: bytes | None = None,
        history_due: bool = False,
    ) -> ItemVersion:
        """
        The version of *item*, with the rows that it becomes; *content* is that of *raw*, where it is known already.

        Raises:
            AttributeError, OverflowError, TypeError, ValueError: a part is not of the type that Item or ItemEvent says.
        """
        rows = tuple(map(codec.event_row, events))
        history = canonical(raw[HISTORY]) if HISTORY in raw else b""
        content = codec.raw_content(raw) if content is None else content
        return cls(item, codec.item_row(item), content, history, tuple(events), rows, history_due)


@dataclass(frozen=True, slots=True)
class StoredDigests:
    """What the store holds of an item: enough to see whether it changed."""

    raw_digest: bytes | None
    events_digest: bytes | None
    digest: bytes
    updated_ms: int
    key: str
    is_missing: bool


@dataclass(frozen=True, slots=True)
class StoredRaw:
    """A stored raw item with its row's number."""

    row: int
    external_id: str
    raw: RawItem
    content: bytes
    """The raw item without its history, as canonical JSON."""


@dataclass(frozen=True, slots=True)
class SaveCounts:
    """How many items of a page were seen, were new, and had changed."""

    seen: int = 0
    new: int = 0
    changed: int = 0

    def __add__(self, other: SaveCounts) -> SaveCounts:
        return SaveCounts(self.seen + other.seen, self.new + other.new, self.changed + other.changed)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One source's part of one sync."""

    source: str
    started: datetime
    finished: datetime
    status: str
    requests: Mapping[str, int]
    saved: SaveCounts
    error: str = ""
    resume: datetime | None = None
    """When the tracker lets us go on, where it told us to wait."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A raw item that could not be understood; it is counted, never skipped in silence."""

    source: str
    external_id: str
    error: str


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """An outcome check on record, and when it was put there."""

    key_result: str
    check: OutcomeCheck
    recorded: datetime


@dataclass(frozen=True, slots=True)
class RecordedCheck:
    """An outcome check on record, with what it was made from as JSON."""

    key_result: str
    check: OutcomeCheck
    inputs: bytes
    recorded: datetime
