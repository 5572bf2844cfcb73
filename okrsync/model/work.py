"""Work: items as trackers hold them, and the links that tie them to key results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

_NO_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class ItemKind(StrEnum):
    """A pull request, or anything else that a tracker tracks."""

    ISSUE = "issue"
    PULL_REQUEST = "pull_request"


class Status(StrEnum):
    """Tracker-neutral status. ``DROPPED`` is closed without being delivered: not planned, won't do, duplicate."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    DROPPED = "dropped"

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self in {Status.TODO, Status.IN_PROGRESS}


@dataclass(frozen=True, slots=True)
class Iteration:
    """A sprint or milestone that an item is in; *id* is the tracker's, unique within the source."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class IterationRecord:
    """A sprint, milestone or project iteration as its tracker describes it; times are UTC, where the tracker says."""

    source: str
    id: str
    name: str
    state: str
    """``future``, ``active`` or ``closed``."""
    start: datetime | None = None
    end: datetime | None = None
    """When it is to end; *completed* is when it did."""
    completed: datetime | None = None


class EventField(StrEnum):
    """What an event changed. ``LABEL`` and ``ITERATION`` events add or take away one entry; the others replace."""

    STATUS = "status"
    RESOLUTION = "resolution"
    TYPE = "type"
    KEY = "key"
    PARENT = "parent"
    SIZE = "size"
    LABEL = "label"
    ITERATION = "iteration"
    REFERENCE = "reference"
    """Another item, or a pull request, named this one; never taken away."""


class EventOrigin(StrEnum):
    """``SOURCE``: the tracker's own history; ``SNAPSHOT``: seen as a difference between two syncs."""

    SOURCE = "source"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True)
class ItemEvent:
    """
    One change of one field of an item. Carries no person.

    ``*_id`` is the tracker's id of a value (a status, a sprint), or the value itself where it has none; ``*_text`` is
    what people read. Empty: no value.
    """

    source: str
    external_id: str
    key: str
    """Unique within the item and the same whenever it is read: the tracker's history id, and ``:n`` for its parts."""
    field: EventField
    at: datetime
    """When it happened, UTC; of a snapshot, when the item was last seen without it."""
    from_id: str = ""
    from_text: str = ""
    to_id: str = ""
    to_text: str = ""
    origin: EventOrigin = EventOrigin.SOURCE
    at_most: datetime | None = None
    """Of a snapshot: when it was seen, so it happened between *at* and this."""

    @property
    def change(self) -> str:
        """Which change of the tracker's it is part of: what one change did is taken together."""
        return self.key.rpartition(":")[0] or self.key


@dataclass(frozen=True, slots=True)
class Directive:
    """A body line of the form ``word: value``, for example ``KR: KR1.1`` or ``expect: KR1.1 +2.0 by ...``."""

    word: str
    """Casefolded, without the colon."""
    value: str


@dataclass(frozen=True, slots=True)
class Size:
    """How large an item is; sizes of different units are never summed."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Item:
    """An issue, pull request or epic, tracker-neutral. Carries no person."""

    source: str
    external_id: str
    """The tracker's own id, unique within the source; survives a change of key."""
    key: str
    url: str
    kind: ItemKind
    type: str
    title: str
    status: Status
    original_status: str
    created: datetime
    updated: datetime
    delivered: datetime | None = None
    """When it last entered *done* (or shipped, by the source's rule), if it is still there; ``None``: not said."""
    resolution: str = ""
    size: Size | None = None
    project: str = ""
    """Project key or repository: the partition it was read from."""
    team: str = ""
    parent: str = ""
    """Key of the parent, in the parent's own spelling; may be an item that was never read."""
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    iterations: tuple[Iteration, ...] = ()
    """In the tracker's order; the last one is the current one."""
    closes: tuple[str, ...] = ()
    """Keys that this item (a pull request) says it closes or implements; may name items that do not exist."""
    directives: tuple[Directive, ...] = ()
    old_keys: tuple[str, ...] = ()
    """Keys that it had before it was moved; what people wrote down under one still means this item."""
    status_id: str = ""
    """The tracker's id of its own status, as status events name it; empty where the connector reads no history."""
    first_done: datetime | None = None
    """When it entered *done* for the first time, where its history is known."""
    reopened: int = 0
    """How often it left *done* again."""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_FIELDS)
    """Values of the extra fields that the configuration asks for, as text."""

    @property
    def is_delivered(self) -> bool:
        """Whether it entered *done* and is still there."""
        return self.status is Status.DONE


class LinkState(StrEnum):
    """``OK`` counts as linked; the other three are shown by name and count as unlinked."""

    OK = "ok"
    BROKEN = "broken"
    STALE = "stale"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Link:
    """
    One item tied to one key result, with the rule that tied it.

    The shares of an item's ``OK`` links add up to 1; links in any other state have share 0.
    """

    source: str
    external_id: str
    key: str
    key_result: str
    """Qualified (``2026Q4/KR1.1``); as written where it is broken."""
    state: LinkState
    rule: str
    """Which rule made it, for example ``rule 3`` or ``ledger``."""
    via: str
    """How, in words, for example ``label kr/KR1.1`` or ``parent PAY-12``."""
    share: float = 0.0
    depth: int = 0
    """Steps up the hierarchy to where the link was found; 0 is the item itself."""
    reason: str = ""
    """Why the state is not ``OK``, or why a person made the link."""
