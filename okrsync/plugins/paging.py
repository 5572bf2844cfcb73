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
_MAX_REPEATS = 5
_MAX_WITHOUT_NEWS = 2000


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
    shares one timestamp there is no later place to ask from, so only there the offset moves on; its pages are then
    read once more backwards, because what moved to an earlier page meanwhile is still to be met on that way.

    Raises:
        UnexpectedResponseError: the tracker says that there is more and sends nothing, repeats itself or never ends.
    """
    seen: dict[str, datetime] = {}
    offset, passed = 0, list[int]()
    before, repeats, without_news = Batch((), more=True), 0, 0

    def fresh(batch: Batch) -> tuple[Stamped, ...]:
        items = tuple(item for item in batch.items if seen.get(item.id) != item.updated)
        seen.update((item.id, item.updated) for item in batch.items)
        return items

    for _ in range(_MAX_PAGES):
        batch = fetch(since, offset)
        if batch.more and not batch.items:
            raise UnexpectedResponseError(
                "an empty page that says there is more", where=where, next_step="try again; nothing was skipped"
            )
        repeats = repeats + 1 if batch.more and _same(batch, before) else 0
        is_new = any(seen.get(item.id) != item.updated for item in batch.items)
        without_news = 0 if is_new else without_news + 1
        # Pages may also take turns; a server that rounds "since" down repeats some, and not without an end.
        if repeats == _MAX_REPEATS or (batch.more and without_news == _MAX_WITHOUT_NEWS):
            raise UnexpectedResponseError("the same page again and again", where=where, next_step="try again later")
        before = batch
        # The last in the tracker's order, not the newest: an item that changed while the page was put together stands
        # at its old place with its new time, and items between the two are still to come.
        last = batch.items[-1].updated if batch.items else None
        if batch.more and since is not None and last is not None and last <= since:
            if items := fresh(batch):
                yield items
            passed.append(offset)
            offset += len(batch.items)
            continue
        for earlier in reversed(passed):
            if items := fresh(fetch(since, earlier)):
                yield items
        if items := fresh(batch):
            yield items
        if not batch.more or last is None:
            return
        since, offset, passed = last, 0, []
        seen = {id_: updated for id_, updated in seen.items() if updated >= last - _COARSEST_STEP}
    raise UnexpectedResponseError(f"more than {_MAX_PAGES} pages", where=where, next_step="narrow the scope")


def _same(one: Batch, other: Batch) -> bool:
    return [(item.id, item.updated) for item in one.items] == [(item.id, item.updated) for item in other.items]
