"""Folding events: an item as it was on any day is what it was on that day; deliveries are entries that still hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.model.history import as_of, delivery_of, ordered, settled
from okrsync.model.work import EventField, Item, ItemEvent, ItemKind, Iteration, Size, Status

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
STATUSES = {"1": Status.TODO, "2": Status.IN_PROGRESS, "3": Status.DONE, "4": Status.DONE}
NAMES = {"1": "To Do", "2": "In Progress", "3": "Done", "4": "Shipped", "9": "Gone long ago"}
F = EventField


def status_of(status_id: str, resolution: str) -> Status | None:
    status = STATUSES.get(status_id)
    return Status.DROPPED if status is Status.DONE and resolution == "Won't do" else status


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def an_item(**changes: Any) -> Item:
    plain = Item("web", "7", "WEB-7", "", ItemKind.ISSUE, "Story", "Pay", Status.TODO, "To Do", START, START)
    return replace(plain, status_id="1", **changes)


def event(number: int, at: float, field: EventField, before: str, after: str, part: int = 0) -> ItemEvent:
    texts = (NAMES.get(before, before), NAMES.get(after, after)) if field is F.STATUS else (before, after)
    return ItemEvent("web", "7", f"h{number}:{part}", field, day(at), before, texts[0], after, texts[1])


def done(at: str = "3") -> dict[str, Any]:
    return {"status": Status.DONE, "status_id": at, "original_status": NAMES[at]}


def test_delivered_is_the_last_entry_into_done_that_holds() -> None:
    item = replace(an_item(), **done(), delivered=day(99))
    events = [
        event(1, 1, F.STATUS, "1", "3"),
        event(2, 2, F.STATUS, "3", "2"),
        event(3, 5, F.STATUS, "2", "4"),
        event(4, 6, F.STATUS, "4", "3"),
    ]

    known = settled(item, events, status_of)

    assert known.delivered == day(5), "from one kind of done to another is no new entry"
    assert known.first_done == day(1)
    assert known.reopened == 1


def test_an_item_that_left_done_is_not_delivered_and_keeps_its_first_entry() -> None:
    item = replace(an_item(), status=Status.IN_PROGRESS, status_id="2")

    known = settled(item, [event(1, 1, F.STATUS, "1", "3"), event(2, 2, F.STATUS, "3", "2")], status_of)

    assert (known.delivered, known.first_done, known.reopened) == (None, day(1), 1)


def test_what_is_dropped_in_the_same_change_was_never_done() -> None:
    item = replace(an_item(), status=Status.DROPPED, status_id="3", resolution="Won't do")
    events = [event(1, 1, F.STATUS, "1", "3", 0), event(1, 1, F.RESOLUTION, "", "Won't do", 1)]

    known = settled(item, events, status_of)

    assert (known.delivered, known.first_done, known.reopened) == (None, None, 0)


def test_taken_up_again_from_dropped_is_delivered_then() -> None:
    item = replace(an_item(), **done(), resolution="Done")
    events = [
        event(1, 1, F.STATUS, "1", "3", 0),
        event(1, 1, F.RESOLUTION, "", "Won't do", 1),
        event(2, 4, F.RESOLUTION, "Won't do", "Done"),
    ]

    assert settled(item, events, status_of).delivered == day(4)


def test_created_as_done_was_delivered_when_it_was_created() -> None:
    events = [event(1, 3, F.STATUS, "3", "4")]

    assert settled(replace(an_item(), **done("4")), events, status_of).delivered == START


def test_without_status_events_the_trackers_date_stays() -> None:
    item = replace(an_item(), **done(), delivered=day(4))

    assert settled(item, [event(1, 1, F.LABEL, "", "a")], status_of) == item
    assert delivery_of(item, [], status_of) is None


def test_a_history_that_does_not_end_where_the_item_is_leaves_the_trackers_date() -> None:
    item = replace(an_item(), **done(), delivered=day(4))

    assert settled(item, [event(1, 1, F.STATUS, "1", "2")], status_of).delivered == day(4)


def test_a_status_that_is_no_longer_known_leaves_the_trackers_date_and_tells_the_rest() -> None:
    item = replace(an_item(), **done(), delivered=day(8))
    events = [
        event(1, 1, F.STATUS, "1", "3"),
        event(2, 2, F.STATUS, "3", "9"),
        event(3, 3, F.STATUS, "9", "3"),
    ]

    known = settled(item, events, status_of)

    assert (known.delivered, known.first_done) == (day(8), day(1))
    assert settled(replace(item, delivered=None), events, status_of).delivered == day(3)


def test_what_ships_apart_keeps_its_day() -> None:
    item = replace(an_item(), **done(), delivered=day(20))
    events = [event(1, 1, F.STATUS, "1", "3")]

    known = settled(item, events, status_of, ships_apart=True)
    assert (known.delivered, known.first_done) == (day(20), day(1))

    before = as_of(known, events, day(10), status_of)
    assert before is not None
    assert (before.status, before.delivered) == (Status.IN_PROGRESS, None), "done, and users had not got it"
    after = as_of(known, events, day(21), status_of)
    assert after is not None
    assert after.delivered == day(20)


def test_before_it_was_created_there_was_none() -> None:
    assert as_of(an_item(), [], START - timedelta(seconds=1), status_of) is None
    assert as_of(an_item(), [], START, status_of) == an_item()


def test_an_earlier_delivery_that_was_taken_back_counts_for_its_time() -> None:
    events = [
        event(1, 1, F.STATUS, "1", "3"),
        event(2, 5, F.STATUS, "3", "2"),
        event(3, 9, F.STATUS, "2", "3"),
    ]
    item = settled(replace(an_item(), **done()), events, status_of)

    then = {number: as_of(item, events, day(number), status_of) for number in (0, 3, 7, 10)}

    assert [(past.status, past.delivered) for past in then.values() if past] == [
        (Status.TODO, None),
        (Status.DONE, day(1)),
        (Status.IN_PROGRESS, None),
        (Status.DONE, day(9)),
    ]


def test_what_was_recorded_later_was_not_known_then() -> None:
    events = [event(1, 1, F.STATUS, "1", "2"), event(2, 2, F.STATUS, "2", "3")]
    item = settled(replace(an_item(), **done()), events, status_of)

    known = as_of(item, events, day(5), status_of, lambda one: one.key != "h2:0")

    assert known is not None
    assert (known.status, known.original_status, known.delivered) == (Status.IN_PROGRESS, "In Progress", None)


def test_events_of_one_second_keep_the_trackers_order() -> None:
    events = [event(10, 1, F.STATUS, "2", "3"), event(9, 1, F.STATUS, "1", "2"), event(9, 1, F.LABEL, "", "a", 7)]

    assert [one.key for one in ordered(events)] == ["h9:0", "h9:7", "h10:0"]


edits = st.lists(
    st.tuples(
        st.sampled_from(["status", "label", "unlabel", "sprint", "unsprint", "parent", "size", "type", "key"]),
        st.integers(1, 4),
        st.integers(0, 2),
    ),
    max_size=25,
)


@given(edits=edits, asked=st.integers(-1, 60).map(lambda halves: halves / 2))
def test_as_of_any_moment_the_item_is_what_it_was_then(edits: list[tuple[str, int, int]], asked: float) -> None:
    item, clock = an_item(labels=("l1",), size=Size(1.0, "points"), parent="EPIC-1"), 0.0
    events: list[ItemEvent] = []
    past: list[tuple[float, Item | None]] = [(-0.5, None), (0.0, item)]
    for number, (kind, value, pause) in enumerate(edits, start=1):
        clock += pause
        changed, made = _edited(item, kind, value, number, clock)
        item, events = changed, events + made
        past.append((clock, item))
    at = next((moment for moment, _ in reversed(past) if moment <= asked), None)
    wanted = [state for moment, state in past if moment == at][-1] if at is not None else None

    seen = as_of(item, events, day(asked), status_of)

    if wanted is None or seen is None:
        assert wanted is seen is None
        return
    assert _shown(seen) == _shown(wanted)


def _shown(item: Item) -> tuple[Any, ...]:
    held = (item.status, item.status_id, item.type, item.key, item.parent, item.size)
    return (*held, sorted(item.labels), sorted(entry.id for entry in item.iterations))


def _edited(item: Item, kind: str, value: int, number: int, clock: float) -> tuple[Item, list[ItemEvent]]:  # noqa: PLR0911
    """*item* after one edit, with the events that a tracker would tell of it."""
    text = f"{kind}-{value}"
    match kind:
        case "status":
            id_ = str(value)
            return (
                replace(item, status=STATUSES[id_], status_id=id_, original_status=NAMES[id_]),
                [event(number, clock, F.STATUS, item.status_id, id_)] if id_ != item.status_id else [],
            )
        case "label" if f"l{value}" not in item.labels:
            return replace(item, labels=(*item.labels, f"l{value}")), [event(number, clock, F.LABEL, "", f"l{value}")]
        case "unlabel" if f"l{value}" in item.labels:
            kept = tuple(name for name in item.labels if name != f"l{value}")
            return replace(item, labels=kept), [event(number, clock, F.LABEL, f"l{value}", "")]
        case "sprint" if all(entry.id != str(value) for entry in item.iterations):
            entry = Iteration(str(value), str(value))
            return (
                replace(item, iterations=(*item.iterations, entry)),
                [event(number, clock, F.ITERATION, "", str(value))],
            )
        case "unsprint" if any(entry.id == str(value) for entry in item.iterations):
            kept_sprints = tuple(entry for entry in item.iterations if entry.id != str(value))
            return replace(item, iterations=kept_sprints), [event(number, clock, F.ITERATION, str(value), "")]
        case "parent":
            return replace(item, parent=text), [event(number, clock, F.PARENT, item.parent, text)]
        case "type":
            return replace(item, type=text), [event(number, clock, F.TYPE, item.type, text)]
        case "key":
            return replace(item, key=text), [event(number, clock, F.KEY, item.key, text)]
        case "size":
            before = f"{item.size.value:g}" if item.size else ""
            return replace(item, size=Size(float(value), "points")), [event(number, clock, F.SIZE, before, str(value))]
    return item, []


@pytest.mark.parametrize("text", ["", "large"])
def test_a_size_that_was_none_is_none(text: str) -> None:
    item = an_item(size=Size(3.0, "points"))

    past = as_of(item, [event(1, 2, F.SIZE, text, "3")], day(1), status_of)

    assert past is not None
    assert past.size is None
