"""Keyset paging: reads a list that moves while it is read, and loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from okrsync.errors import UnexpectedResponseError
from okrsync.plugins.connector import RawItem

# The coarsest step that a tracker's "updated since" was seen to round down to (Jira: a minute).
_COARSEST_STEP = timedelta(minutes=2)
_MAX_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class Stamped:
    """A raw item with what paging needs to know of it."""

    id: str
    updated: datetime
    raw: RawItem


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request gave; *more* says that the tracker holds further items behind it."""

    items: tuple[Stamped, ...]
    more: bool


def keyset_batches(
    fetch: Callable[[datetime | None, int], Batch], since: datetime | None, where: str
) -> Iterator[tuple[Stamped, ...]]:
    """
    Yield the new items of each request, ascending by update, by asking again from the last update that was seen.

    ``fetch(since, offset)`` asks for items updated at or after *since*, skipping *offset* of them. Asking by offset
    alone would lose an item whenever another one is touched meanwhile and moves to the end. Where a whole page
    shares one timestamp there is no later place to ask from, so only there the offset moves on.

    Raises:
        UnexpectedResponseError: the tracker says that there is more and sends nothing, or never ends.
    """
    seen: dict[str, datetime] = {}
    offset = 0
    for _ in range(_MAX_PAGES):
        batch = fetch(since, offset)
        fresh = tuple(item for item in batch.items if seen.get(item.id) != item.updated)
        if fresh:
            yield fresh
        if not batch.more:
            return
        if not batch.items:
            raise UnexpectedResponseError(
                "an empty page that says there is more", where=where, next_step="try again; nothing was skipped"
            )
        last = max(item.updated for item in batch.items)
        seen.update((item.id, item.updated) for item in batch.items)
        if since is None or last > since:
            since, offset = last, 0
            seen = {id_: updated for id_, updated in seen.items() if updated >= last - _COARSEST_STEP}
        else:
            offset += len(batch.items)
    raise UnexpectedResponseError(f"more than {_MAX_PAGES} pages", where=where, next_step="narrow the scope")
