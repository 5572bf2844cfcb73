"""
The seam for trackers: what a connector is, and what passes through it.

I/O methods return raw dicts; ``normalise*`` methods are pure, so stored raw payloads replay after a change of mapping
without the API. ``Connector`` is what every connector has. What only some trackers can tell is a protocol of its own,
and a connector that has its methods is asked: ``HasHistory``, ``HasIterations``, ``HasCensus``, ``HasReleases``,
``HasCheck``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from okrsync.model.work import Item, ItemEvent, IterationRecord, Status
from okrsync.plugins.context import Context, WorkMapping
from okrsync.plugins.secret import TokenReference
from okrsync.plugins.timestamps import start_of_day

CONNECTOR_GROUP = "okrsync.connectors"
CONNECTOR_API_VERSION = 1

RawItem: TypeAlias = Mapping[str, Any]

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def _tracker_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("a URL starts with https:// and names a host")
    _ = parts.port  # raises ValueError where it is no port
    if parts.username or parts.password:
        raise ValueError("a URL must not carry a user or token")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("a token is only sent over https (http is for this machine alone)")
    if parts.query or parts.fragment:
        raise ValueError("a URL ends with its path")
    return url.rstrip("/")


TrackerUrl = Annotated[str, AfterValidator(_tracker_url)]


class SourceSettings(BaseModel):
    """What every source in ``okrsync.yaml`` may say; a connector adds its own fields in a subclass."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    of_access: ClassVar[frozenset[str]] = frozenset({"token", "team", "ca", "proxy"})
    """Settings that change how or whether a partition is reached, and nothing about its raw items."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="Unique name of the source")]
    connector: Annotated[str, Field(min_length=1, description="Which connector reads it")]
    token: Annotated[TokenReference, Field(description="Where the token comes from; never the token itself")]
    since: Annotated[date | None, Field(description="Nothing older than this is read")] = None
    team: Annotated[str, Field(description="Team of its items where the tracker has no team field")] = ""
    ca: Annotated[str, Field(description="File with the certificates to trust, where the tracker has its own CA")] = ""
    proxy: Annotated[str, Field(description="Proxy to reach it by, instead of the environment's")] = ""

    @property
    def oldest(self) -> datetime | None:
        """Nothing that was last changed before is read (UTC); ``None``: everything is."""
        return None if self.since is None else start_of_day(self.since)

    def not_before(self, since: datetime | None) -> datetime | None:
        """Where to read from, asked for what changed at or after *since*: never from before :attr:`oldest`."""
        return max((moment for moment in (since, self.oldest) if moment is not None), default=None)

    def reads(self) -> frozenset[str]:
        """What it reads, each by a name that is the same in every source that reads it; empty where that is open."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class FieldMap:
    """
    What normalisation depends on beside the raw item: the site's field ids by role, and the user's mapping.

    Plain data: the store keeps it, so that raw items can be normalised again without the tracker.
    """

    mapping: WorkMapping = field(default_factory=WorkMapping)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Field ids by role, for example ``{"sprint": ("customfield_10020",)}``; several are tried in order."""
    site: str = ""
    """The address that people open, where it differs from what the raw item says."""
    source: str = ""
    team: str = ""
    statuses: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Status (``todo``, ``in_progress``, ``done``, ``dropped``) by the tracker's status id, as events name it."""
    not_delivered: tuple[str, ...] = ()
    """Resolutions, casefolded, that turn *done* into *dropped*, beside those of the user's mapping."""
    ships_apart: bool = False
    """``Item.delivered`` is when users got it, by a rule of the source: history must not replace it."""

    def status_of(self, status_id: str, resolution: str) -> Status | None:
        """The status that *status_id* with *resolution* stands for; ``None`` for an id that is not known."""
        status = self.statuses.get(status_id)
        if status is None:
            return None
        word = resolution.strip().casefold()
        if status == Status.DONE and (word in self.not_delivered or word in self.mapping.dropped):
            return Status.DROPPED
        return Status(status)


@dataclass(frozen=True, slots=True)
class Partition:
    """The unit of serial paging: one project or repository, by the tracker's own spelling."""

    id: str


@dataclass(frozen=True, slots=True)
class Page:
    """
    One page of raw items, ascending by update, without people.

    *last_updated* is the update of the page's last item, in the tracker's order: a run that starts from it again loses
    nothing, even where an item further up has changed meanwhile and is newer. *server_time* is the tracker's clock
    when it answered. An item may come twice; none that changed may be left out.
    """

    raws: tuple[RawItem, ...]
    last_updated: datetime | None
    server_time: datetime | None
    withheld: tuple[str, ...] = ()
    """Ids of items that must not be kept, for example because they were put under a security level."""


class Connector(Protocol):
    """
    Code that reads one tracker, found through the entry-point group ``okrsync.connectors``.

    The engine makes one object a source and run, and asks it serially.
    """

    api_version: ClassVar[int]
    version: ClassVar[str]
    """The connector's own; another one makes the next sync read everything again."""
    Settings: ClassVar[type[SourceSettings]]
    overlap_seconds: ClassVar[int]
    """How far each run looks back before its cursor, because the tracker may show an item late."""

    def __init__(self, settings: Any, context: Context) -> None: ...

    def discover(self) -> FieldMap:
        """Ask the site what normalisation needs to know of it (at most two requests)."""
        ...

    def raw_depends_on(self, fields: FieldMap) -> Sequence[str]:
        """
        What of *fields* the raw items depend on, in words of the connector's own; another answer needs new raw items.

        Whatever else changes in *fields*, the stored raw items are normalised again without asking the tracker.
        """
        ...

    def partitions(self) -> Iterable[Partition]:
        """The projects or repositories of this source."""
        ...

    def pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
        """Read what changed at or after *since*, ascending by update; ``None`` reads everything that is in scope."""
        ...

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        """
        Turn one raw item into an Item. Pure: no I/O and no clock.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: the raw item does not have the tracker's shape.
        """
        ...


def threads_of(connector: Connector) -> int:
    """
    How many threads may read partitions of one source at once, each with a connector of its own: its ``parallel``.

    1 where it says nothing: then it is asked in one thread alone, also for what could be read ahead.
    """
    return int(getattr(connector, "parallel", 1))


def reads_history_apart(connector: Connector) -> bool:
    """Whether another object of its class may read histories meanwhile, knowing nothing of its pages."""
    return bool(getattr(connector, "history_apart", False))


HISTORY = "history"
"""Where a raw item of a connector with history carries it: ``raw["history"]``, absent where it is not known yet."""


@runtime_checkable
class HasHistory(Protocol):
    """A connector that can tell when an item's fields changed, and whatever else the item list leaves out."""

    history_batch: ClassVar[int]
    """How many items one call asks for at most."""

    def history(self, partition: Partition, raws: Sequence[RawItem], fields: FieldMap) -> Mapping[str, Any]:
        """
        History by the tracker's item id, whole, without people, of up to *history_batch* items.

        An item that is left out could not be read this time, and is asked for again by the next sync.
        """
        ...

    def normalise_history(self, raw: RawItem, fields: FieldMap) -> Sequence[ItemEvent]:
        """
        The events in ``raw["history"]``. Pure; the same change has the same key whenever it is read.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it does not have the tracker's shape.
        """
        ...


@runtime_checkable
class HasUnrecorded(Protocol):
    """A connector whose tracker keeps no history of some fields; then the difference of two syncs becomes an event."""

    def is_unrecorded(self, event: ItemEvent) -> bool:
        """Whether the tracker has no history of what *event*, seen between two syncs, changed."""
        ...


@dataclass(frozen=True, slots=True)
class Stream:
    """A list of iterations that is read on its own: a board, a repository's milestones, a project."""

    id: str


@dataclass(frozen=True, slots=True)
class IterationsRead:
    """
    What a stream holds.

    *touched* are ids of items whose fields changed on the board without an update of the item itself; their history
    is read again. *cursor* is given back at the next sync, as it is; any text.
    """

    iterations: tuple[IterationRecord, ...]
    touched: tuple[str, ...] = ()
    cursor: str = ""


@runtime_checkable
class HasIterations(Protocol):
    """A connector whose tracker has sprints, milestones or the like; they change without any item being updated."""

    def streams(self, fields: FieldMap) -> Iterable[Stream]:
        """The streams of this source."""
        ...

    def iterations(self, stream: Stream, cursor: str, fields: FieldMap) -> IterationsRead:
        """What changed in *stream* since *cursor* (empty: everything); one request where nothing did."""
        ...


class Fate(StrEnum):
    """What became of an item that the complete list no longer has."""

    EXISTS = "exists"
    MOVED = "moved"
    GONE = "gone"
    HIDDEN = "hidden"
    """The tracker does not say whether it is there."""


@dataclass(frozen=True, slots=True)
class Missing:
    """An item that the complete list no longer has."""

    id: str
    key: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of the item *id*; *new_id* and *new_key* are what it is called now, where it moved."""

    id: str
    fate: Fate
    new_id: str = ""
    new_key: str = ""


@runtime_checkable
class HasCensus(Protocol):
    """A connector that can list everything that is there, cheaply, and say what became of what is not."""

    census_days: ClassVar[float]
    """How often the list is worth its requests."""

    def census(self, partition: Partition) -> Iterator[Sequence[str]]:
        """
        Ids of all items of *partition*, in any order, whatever their age.

        Raises:
            ConnectorError: the list is not complete; then nothing follows from what is missing in it.
        """
        ...

    def resolve(self, partition: Partition, missing: Sequence[Missing]) -> Sequence[Resolution]:
        """What became of *missing*; what is left out counts as hidden."""
        ...


@runtime_checkable
class HasReleases(Protocol):
    """A connector that can tell when users got what was done, where the source says that it ships apart."""

    def releases(self, partition: Partition, fields: FieldMap) -> Sequence[datetime]:
        """When *partition* was released or deployed, ascending; empty where the items say it themselves."""
        ...


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One thing that ``okrsync doctor`` looked at; *advice* says what to do where it is not ``ok``."""

    level: Literal["ok", "warn", "fail"]
    what: str
    advice: str = ""


@runtime_checkable
class HasCheck(Protocol):
    """A connector that can look at its own site, credentials and fields."""

    def check(self) -> Sequence[CheckLine]:
        """Reach, rights (too wide is a warning), kind and version, clock, the fields it discovered and chose."""
        ...
