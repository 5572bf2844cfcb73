"""
What an item's events say: when it was delivered, and what it was on another day. Pure.

Events are folded in the order in which they happened. What one change of the tracker's did (a status together with its
resolution) counts as one step, so an item is never seen half changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, pairwise
from operator import attrgetter
from typing import TypeVar

from okrsync.model.work import EventField, Item, ItemEvent, Iteration, Size, Status

_TELLING = (EventField.STATUS, EventField.RESOLUTION)
Entry = TypeVar("Entry")
StatusOf = Callable[[str, str], Status | None]
"""Status by the tracker's status id and resolution; ``None`` for an id that is not known."""


@dataclass(frozen=True, slots=True)
class CompletionHistory:
    """
    When an item was done: *first* and *last* entry, how often it left again, and what its history ends with.

    Not *is_certain*: it was in a status that is no longer known (deleted since), and counts as at work for that time.
    """

    first: datetime | None
    last: datetime | None
    reopened: int
    ends_as: Status
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class ItemPast:
    """An item with the statuses that it went through, oldest first, each with the moment from which it held (UTC)."""

    item: Item
    statuses: tuple[tuple[datetime, Status], ...]


def delivery_of(item: Item, events: Iterable[ItemEvent], status_of: StatusOf) -> CompletionHistory | None:
    """
    When *item* entered *done*, by its status and resolution events; ``None`` where they do not tell.

    They do not where there are none, and where what they end with is not known.
    """
    told = statuses_of(item, events, status_of)
    if not told:
        return None
    is_certain = all(known is not None for _, known in told)
    created, known = told[0]
    status = known or Status.IN_PROGRESS
    # Created as done: the entry is its creation.
    first = last = created if status is Status.DONE else None
    reopened = 0
    for moment, known in told[1:]:
        following = known or Status.IN_PROGRESS
        if following is Status.DONE and status is not Status.DONE:
            last = moment
            first = first or last
        elif status is Status.DONE and following.is_open:
            reopened += 1
        status = following
    return None if known is None else CompletionHistory(first, last, reopened, status, is_certain)


def statuses_of(item: Item, events: Iterable[ItemEvent], status_of: StatusOf) -> list[tuple[datetime, Status | None]]:
    """
    The statuses of *item* since its creation, each with the moment from which it held; empty where events do not tell.

    ``None``: a status that is no longer known.
    """
    telling = [event for event in events if event.field in _TELLING]
    steps = [list(step) for _, step in groupby(ordered(telling), key=attrgetter("change"))]
    if not any(event.field is EventField.STATUS for step in steps for event in step):
        return []
    status_id = _initial(steps, EventField.STATUS, lambda event: event.from_id, item.status_id)
    resolution = _initial(steps, EventField.RESOLUTION, lambda event: event.from_text, item.resolution)
    found = [(item.created, status_of(status_id, resolution))]
    for step in steps:
        for event in step:
            if event.field is EventField.STATUS:
                status_id = event.to_id
            else:
                resolution = event.to_text
        found.append((step[-1].at, status_of(status_id, resolution)))
    return found


def past_of(item: Item, events: Iterable[ItemEvent], status_of: StatusOf) -> ItemPast:
    """*item* with its past; without a history it was open until it was delivered or, dropped, last changed."""
    told = statuses_of(item, events, status_of)
    if told:
        return ItemPast(item, tuple((moment, status or Status.IN_PROGRESS) for moment, status in told))
    if item.status.is_open:
        return ItemPast(item, ((item.created, item.status),))
    return ItemPast(item, ((item.created, Status.TODO), (item.delivered or item.updated, item.status)))


def settled(item: Item, events: Sequence[ItemEvent], status_of: StatusOf, *, ships_apart: bool = False) -> Item:
    """
    *item* with its dates of delivery taken from its history, where that is whole.

    *ships_apart*: users get it on another day than that on which it was done, so its own date stays.
    """
    delivery = delivery_of(item, events, status_of)
    if delivery is None:
        return item
    delivered = item.delivered
    # An end that is not the item's own: the history is not whole, and the tracker's date is the better one.
    is_own = item.status is Status.DONE and delivery.ends_as is Status.DONE
    if is_own and not ships_apart and (delivery.is_certain or delivered is None):
        delivered = delivery.last
    if (delivered, delivery.first, delivery.reopened) == (item.delivered, item.first_done, item.reopened):
        return item
    return replace(item, delivered=delivered, first_done=delivery.first, reopened=delivery.reopened)


def as_of(
    item: Item,
    events: Sequence[ItemEvent],
    moment: datetime,
    status_of: StatusOf,
    is_known: Callable[[ItemEvent], bool] = lambda _event: True,
) -> Item | None:
    """
    *item* as it was at *moment*, by those of its events that *is_known* lets count; ``None`` before its creation.

    Title, body lines and whatever else has no history stay as they are now.
    """
    if item.created > moment:
        return None
    everything = ordered(events)
    counting = [event for event in everything if event.at <= moment and is_known(event)]
    if len(counting) == len(everything) and (item.delivered is None or item.delivered <= moment):
        return item
    by_field = _by_field(everything)
    scalar = {
        field: _value_then(by_field.get(field, ()), counting)
        for field in (
            EventField.STATUS,
            EventField.RESOLUTION,
            EventField.TYPE,
            EventField.KEY,
            EventField.PARENT,
            EventField.SIZE,
        )
    }
    resolution = _text(scalar[EventField.RESOLUTION], item.resolution)
    status_then = scalar[EventField.STATUS]
    status_id = status_then[0] if status_then else item.status_id
    status = (status_of(status_id, resolution) if status_then or scalar[EventField.RESOLUTION] else None) or item.status
    past = replace(
        item,
        status=status,
        status_id=status_id,
        original_status=_text(status_then, item.original_status),
        resolution=resolution,
        type=_text(scalar[EventField.TYPE], item.type),
        key=_text(scalar[EventField.KEY], item.key),
        parent=_text(scalar[EventField.PARENT], item.parent),
        size=_size_then(item.size, scalar[EventField.SIZE]),
        labels=tuple(_entries_then(item.labels, EventField.LABEL, by_field, counting, _label)),
        iterations=tuple(_entries_then(item.iterations, EventField.ITERATION, by_field, counting, Iteration)),
        delivered=None,
        first_done=None,
        reopened=0,
    )
    if past.status is not Status.DONE:
        return past
    delivery = delivery_of(past, counting, status_of)
    shipped = item.delivered
    if delivery is not None and delivery.ends_as is Status.DONE:
        past = replace(past, first_done=delivery.first, reopened=delivery.reopened)
        in_the_end = delivery_of(item, everything, status_of)
        is_other = in_the_end is None or in_the_end.last != delivery.last or item.status is not Status.DONE
        if is_other or not delivery.is_certain:
            return replace(past, delivered=delivery.last)  # an earlier delivery: it was taken back since
    if shipped is not None and shipped > moment:
        # It was done, and users had not got it yet.
        return replace(past, status=Status.IN_PROGRESS)
    return replace(past, delivered=shipped)


def ordered(events: Iterable[ItemEvent]) -> list[ItemEvent]:
    """*events* in the order in which they happened; of one moment, in the tracker's own order."""
    by_time = sorted(events, key=attrgetter("at"))
    if all(earlier.at < later.at for earlier, later in pairwise(by_time)):
        return by_time
    return sorted(by_time, key=lambda event: (event.at, _numbered(event.key)))


def _numbered(key: str) -> tuple[tuple[int, int, str], ...]:
    # h9:0 comes before h10:0.
    parts = key.replace("h", "", 1).split(":") if key.startswith("h") else key.split(":")
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def _initial(
    steps: Sequence[Sequence[ItemEvent]], field: EventField, before: Callable[[ItemEvent], str], current: str
) -> str:
    return next((before(event) for step in steps for event in step if event.field is field), current)


def _by_field(events: Iterable[ItemEvent]) -> dict[EventField, list[ItemEvent]]:
    found: dict[EventField, list[ItemEvent]] = {}
    for event in events:
        found.setdefault(event.field, []).append(event)
    return found


def _value_then(of_field: Sequence[ItemEvent], counting: Sequence[ItemEvent]) -> tuple[str, str] | None:
    """Id and text at that time: what the last counting event left, else what the first of all found; none: as now."""
    if not of_field:
        return None
    before = [event for event in of_field if event in counting]
    if before:
        return before[-1].to_id, before[-1].to_text
    return of_field[0].from_id, of_field[0].from_text


def _text(value: tuple[str, str] | None, now: str) -> str:
    return now if value is None else value[1]


def _size_then(now: Size | None, value: tuple[str, str] | None) -> Size | None:
    if value is None:
        return now
    try:
        return Size(float(value[1]), now.unit if now else "points")
    except ValueError:  # it had none
        return None


def _entries_then(
    now: Sequence[Entry],
    field: EventField,
    by_field: Mapping[EventField, Sequence[ItemEvent]],
    counting: Sequence[ItemEvent],
    make: Callable[[str, str], Entry],
) -> Iterator[Entry]:
    """The labels or iterations at that time: undo all of their events, then redo those that count."""
    events = by_field.get(field, ())
    entries = {_identity(entry): entry for entry in now}
    held = dict.fromkeys(entries)
    for event in reversed(events):
        _redo(held, event.to_id, event.from_id)
    for event in events:
        for id_, text in ((event.from_id, event.from_text), (event.to_id, event.to_text)):
            if id_:
                entries.setdefault(id_, make(id_, text))
        if event in counting:
            _redo(held, event.from_id, event.to_id)
    return (entries[id_] for id_ in held)


def _label(_id: str, text: str) -> str:
    return text


def _redo(held: dict[str, None], removed: str, added: str) -> None:
    if removed:
        held.pop(removed, None)
    if added:
        held[added] = None


def _identity(entry: object) -> str:
    return entry.id if isinstance(entry, Iteration) else str(entry)
