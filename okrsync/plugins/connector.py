"""
The seam for trackers: what a connector is, and what passes through it.

I/O methods return raw dicts; ``normalise`` is pure, so stored raw payloads replay after a change of mapping without
the API. History, iterations, census and resolution join this protocol with the work that needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Protocol, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from okrsync.model.work import Item
from okrsync.plugins.context import Context, WorkMapping
from okrsync.plugins.secret import TokenReference

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

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="Unique name of the source")]
    connector: Annotated[str, Field(min_length=1, description="Which connector reads it")]
    token: Annotated[TokenReference, Field(description="Where the token comes from; never the token itself")]
    since: Annotated[date | None, Field(description="Nothing older than this is read")] = None
    team: Annotated[str, Field(description="Team of its items where the tracker has no team field")] = ""

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
