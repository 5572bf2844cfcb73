"""The engine with a connector that has history, iterations, a census and releases; page by page, in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from okrsync.errors import AuthenticationError, ConnectorError, RateLimitedError, ShrinkError, UnreachableError
from okrsync.model.work import EventField, Item, IterationRecord, Status
from okrsync.plugins.connector import Fate, Partition, Resolution
from okrsync.plugins.context import WorkMapping
from okrsync.store.database import Store
from okrsync.store.item_writer import ItemWriter
from okrsync.store.tables import item_event
from support.small_tracker import (
    DOING,
    DONE,
    NOW,
    ParallelConnector,
    SmallConnector,
    SmallTracker,
    at,
    sync,
)
from support.stores import dump

LATER = NOW + timedelta(days=2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/store.db")
    yield opened
    opened.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Store]:
    """Another store, to compare with."""
    opened = Store.open(f"sqlite:///{tmp_path}/fresh.db")
    yield opened
    opened.close()


def tracker_of(count: int, **given: object) -> SmallTracker:
    tracker = SmallTracker(**given)  # type: ignore[arg-type]  # the test's own words
    for number in range(1, count + 1):
        tracker.add(str(number), tracker.partitions[number % len(tracker.partitions)])
    return tracker


def items(store: Store, as_of: datetime | None = None, as_known: datetime | None = None) -> dict[str, Item]:
    with store.read() as view:
        return {item.external_id: item for item in view.items(as_of=as_of, as_known=as_known)}


def event_keys(store: Store) -> set[tuple[str, str]]:
    with store.read() as view:
        return {(row.external_id, row.key) for row in view.rows(item_event)}


def failing(purpose: str, error: BaseException, *, after: int = 0, partition: str = "") -> Callable[[str, str], None]:
    """Fail requests for *purpose* (in *partition*, if one is named) from the one behind the first *after* on."""
    seen = 0

    def on_request(asked: str, where: str) -> None:
        nonlocal seen
        if asked == purpose and where.startswith(partition):
            seen += 1
            if seen > after:
                raise error

    return on_request


def calm(_purpose: str, _partition: str) -> None:
    """Every request is answered."""


def same_items(one: Store, other: Store) -> bool:
    """Whether both hold the same items, raw forms, events, and what is still due."""
    tables = ("item", "item_raw", "item_event", "history_due", "dead_letter", "iteration")
    first, second = dump(one, timeless=True), dump(other, timeless=True)
    return all(first[name] == second[name] for name in tables)


# History


def test_an_item_and_its_events_are_stored_in_one_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = tracker_of(1)
    tracker.edit("1", status=DOING)

    def fail(*_: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(ItemWriter, "_save_events", fail)
        assert sync(store, tracker).status == "failed"
    assert (items(store), event_keys(store)) == ({}, set())

    assert sync(store, tracker).status == "ok"
    assert (list(items(store)), event_keys(store)) == (["1"], {("1", "h1:0")})


def test_unchanged_items_cost_no_request_for_history(store: Store) -> None:
    tracker = tracker_of(5)
    sync(store, tracker)
    assert tracker.count("history") == 2, "five items, up to four a call"

    tracker.asked.clear()
    assert sync(store, tracker).status == "ok"
    assert tracker.count("history") == 0

    tracker.edit("2", status=DONE)
    sync(store, tracker)
    assert tracker.count("history") == 1


def test_two_changes_there_and_back_within_the_tick_of_a_sync_are_found_by_the_next(store: Store, fresh: Store) -> None:
    """The raw item is as it was, to its last update: only its history tells."""
    tracker = tracker_of(3)
    tracker.edit("2", status=DOING)
    tracker.idle = timedelta(0)
    run = sync(store, tracker)
    assert (run.status, run.history_due) == ("ok", 0), "nothing is known to be missing"
    tracker.edit("2", minutes=0, status=DONE)
    tracker.edit("2", minutes=0, status=DOING)

    tracker.clock += timedelta(minutes=1)
    tracker.asked.clear()
    assert sync(store, tracker).status == "ok"
    assert tracker.count("history") == 1
    sync(fresh, tracker)
    assert event_keys(store) == event_keys(fresh) == {("2", "h1:0"), ("2", "h2:0"), ("2", "h3:0")}
    assert same_items(store, fresh)

    tracker.asked.clear()
    sync(store, tracker)
    assert tracker.count("history") == 0


def test_history_that_is_left_out_is_due_and_the_next_sync_reads_it(store: Store) -> None:
    tracker = tracker_of(3)
    tracker.edit("2", status=DOING)
    tracker.silent = {"2"}
    run = sync(store, tracker)
    assert (run.status, run.history_due, run.error) == ("partial", 1, None)
    assert tracker.count("history") == 1, "what was left out a moment ago is not asked for again at once"
    assert set(items(store)) == {"1", "2", "3"}
    assert event_keys(store) == set()

    tracker.silent = set()
    run = sync(store, tracker)
    assert (run.status, run.history_due) == ("ok", 0)
    assert event_keys(store) == {("2", "h1:0")}


def test_history_that_is_due_is_still_due_after_a_change_of_mapping(store: Store, fresh: Store) -> None:
    tracker = tracker_of(3)
    tracker.edit("2", status=DOING)
    tracker.silent = {"2"}
    sync(store, tracker)

    mapping = WorkMapping(size_field="size")
    assert sync(store, tracker, mapping=mapping).history_due == 1
    tracker.silent = set()
    assert sync(store, tracker, mapping=mapping).status == "ok"

    sync(fresh, tracker, mapping=mapping)
    assert same_items(store, fresh)


def test_known_history_stays_where_the_new_one_is_left_out(store: Store) -> None:
    tracker = tracker_of(1)
    tracker.edit("1", status=DONE)
    sync(store, tracker)

    tracker.silent = {"1"}
    tracker.edit("1", title="Another")
    assert sync(store, tracker).status == "partial"

    assert items(store)["1"].title == "Another"
    assert items(store)["1"].delivered == at(2)
    assert event_keys(store) == {("1", "h1:0")}


@pytest.mark.parametrize("error", [UnreachableError("cut"), RateLimitedError("wait")])
def test_a_failing_call_for_history_keeps_items_and_cursor(store: Store, error: ConnectorError) -> None:
    tracker = tracker_of(6)
    tracker.edit("6", status=DONE)
    tracker.on_request = failing("history", error, after=1)
    run = sync(store, tracker)
    assert (run.status, run.error) == ("partial", error)
    assert run.history_due == 2
    assert len(items(store)) == 6

    tracker.on_request = calm
    tracker.asked.clear()
    assert sync(store, tracker).status == "ok"
    assert tracker.count("items") <= 2, "the cursor stands behind what was stored"
    assert tracker.count("history") <= 2
    assert event_keys(store) == {("6", "h1:0")}


def test_a_whole_read_that_breaks_goes_on_as_whole(store: Store, fresh: Store) -> None:
    tracker = tracker_of(8)
    tracker.edit("8", status=DONE)
    sync(store, tracker)
    # An event that the tracker takes back: only a whole read may see that.
    tracker.histories["8"] = []
    tracker.on_request = failing("items", UnreachableError("cut"), after=2)
    assert sync(store, tracker, words=["more"]).status == "partial"

    tracker.on_request = calm
    assert sync(store, tracker, words=["more"]).status == "ok"
    assert event_keys(store) == set(), "unchanged as they are, those behind the break were read as new"
    sync(fresh, tracker, words=["more"])
    assert same_items(store, fresh)


def test_another_mapping_makes_events_anew_without_a_request(store: Store, fresh: Store) -> None:
    tracker = tracker_of(5)
    tracker.edit("2", size=3.0)
    tracker.edit("4", size=5.0, status=DOING)
    sync(store, tracker)
    tracker.asked.clear()
    sync(store, tracker)
    unchanged = list(tracker.asked)
    assert event_keys(store) == {("4", "h3:0")}

    tracker.asked.clear()
    mapping = WorkMapping(size_field="size")
    assert sync(store, tracker, mapping=mapping).status == "ok"
    assert tracker.asked == unchanged
    assert event_keys(store) == {("2", "h1:0"), ("4", "h2:0"), ("4", "h3:0")}
    sync(fresh, tracker, mapping=mapping)
    assert same_items(store, fresh)

    sync(store, tracker)
    assert event_keys(store) == {("4", "h3:0")}, "and back"


def test_a_restricted_item_is_purged_with_all_that_belongs_to_it(store: Store) -> None:
    tracker = tracker_of(3)
    tracker.edit("2", status=DONE, title="the-secret")
    sync(store, tracker)
    assert ("2", "h1:0") in event_keys(store)

    tracker.restricted = {"2"}
    tracker.edit("2", minutes=1)
    sync(store, tracker)

    held = dump(store)
    assert set(items(store)) == {"1", "3"}
    assert event_keys(store) == set()
    for table in ("item", "item_raw", "item_event", "item_alias", "history_due"):
        assert not any("2" in row[:3] for row in held[table])


def test_an_item_that_is_opened_again_while_it_is_read_is_kept(store: Store) -> None:
    tracker = tracker_of(4)
    sync(store, tracker)
    tracker.restricted = {"1"}
    for number in ("1", "2", "3", "4"):
        tracker.edit(number)

    def open_behind_the_first_page(purpose: str, _: str) -> None:
        if purpose == "items" and tracker.count("items") == 2:
            tracker.restricted = set()
            tracker.edit("1", title="Open again")
            tracker.add("5")

    tracker.asked.clear()
    tracker.on_request = open_behind_the_first_page
    sync(store, tracker, connector=InOneBatch)
    assert items(store)["1"].title == "Open again"


class InOneBatch(SmallConnector):
    """Takes many pages together."""

    history_batch = 100


def test_a_restricted_item_is_no_dead_letter_any_more(store: Store) -> None:
    tracker = tracker_of(2)
    del tracker.raws["2"]["title"]
    assert sync(store, tracker).buried == 1

    tracker.restricted = {"2"}
    tracker.raws["2"]["updated"] = at(9).isoformat()
    run = sync(store, tracker)
    assert (run.status, run.buried) == ("ok", 0)


def test_an_item_that_comes_unchanged_and_then_changed_in_one_batch_is_read_as_changed(store: Store) -> None:
    tracker = tracker_of(3)
    sync(store, tracker)

    def edit_behind_the_first_page(purpose: str, _: str) -> None:
        if tracker.count("items") == 2 and purpose == "items":
            tracker.on_request = calm
            tracker.edit("3", title="Changed meanwhile")

    tracker.edit("1")
    tracker.edit("2")
    tracker.asked.clear()
    tracker.on_request = edit_behind_the_first_page
    sync(store, tracker)

    assert items(store)["3"].title == "Changed meanwhile"


def test_releases_that_are_no_longer_asked_for_are_forgotten_once(store: Store, fresh: Store) -> None:
    tracker = tracker_of(2)
    tracker.edit("1", status=DONE)
    tracker.released = [at(30)]
    by_release = WorkMapping(delivered_on="release")
    sync(store, tracker, mapping=by_release)
    assert items(store)["1"].delivered == at(30)

    tracker.released = [at(20), at(30)]
    sync(store, tracker, mapping=by_release)
    assert items(store)["1"].delivered == at(20)

    assert sync(store, tracker).saved.changed == 1
    with store.read() as view:
        state = view.stream("web", "a")
    assert state is not None
    assert state.releases == ()
    sync(fresh, tracker)
    assert same_items(store, fresh)


# The census


def partition_of(count: int = 40) -> SmallTracker:
    return tracker_of(count, page_size=10)


def test_an_item_that_is_missing_once_is_still_there_and_twice_is_gone(store: Store) -> None:
    tracker = partition_of()
    sync(store, tracker)
    tracker.hide("7")

    run = sync(store, tracker, census=True)
    assert (run.status, run.gone) == ("ok", 0)
    assert "7" in items(store)

    run = sync(store, tracker, census=True)
    assert (run.status, run.gone) == ("ok", 1)
    assert "7" not in items(store)


def test_an_item_that_the_tracker_says_is_deleted_is_gone_at_once(store: Store) -> None:
    tracker = partition_of()
    tracker.edit("7", status=DONE)
    sync(store, tracker)
    tracker.delete("7")

    assert sync(store, tracker, census=True).gone == 1
    assert "7" not in items(store)
    assert event_keys(store) == {("7", "h1:0")}, "its history stays"


def test_an_item_that_is_listed_again_must_be_missing_twice_again(store: Store) -> None:
    tracker = partition_of()
    sync(store, tracker)
    hidden = tracker.hide("7")
    sync(store, tracker, census=True)

    tracker.raws["7"] = hidden
    sync(store, tracker, census=True)
    tracker.hide("7")
    sync(store, tracker, census=True)
    assert "7" in items(store)


@pytest.mark.parametrize("how", ["edited", "read as a whole"])
def test_a_gone_item_that_comes_back_is_there_again(store: Store, how: str) -> None:
    tracker = partition_of()
    sync(store, tracker)
    hidden = tracker.hide("7")
    for _ in range(2):
        sync(store, tracker, census=True)
    assert "7" not in items(store)

    tracker.raws["7"] = hidden
    if how == "edited":
        tracker.edit("7", title="Back")
    sync(store, tracker, words=["more"] if how == "read as a whole" else [])
    assert "7" in items(store)


def test_a_gone_item_is_not_back_by_being_listed_alone(store: Store) -> None:
    tracker = partition_of()
    sync(store, tracker)
    hidden = tracker.hide("7")
    for _ in range(2):
        sync(store, tracker, census=True)

    # It may have been restricted since: only its own page can tell.
    tracker.raws["7"] = hidden
    tracker.restricted = {"7"}
    sync(store, tracker, census=True)
    assert "7" not in items(store)


def test_another_mapping_does_not_bring_a_gone_item_back(store: Store) -> None:
    tracker = partition_of()
    tracker.edit("7", size=2.0)
    tracker.edit("8", size=2.0)
    sync(store, tracker)
    tracker.delete("7")
    tracker.hide("8")
    sync(store, tracker, census=True)
    assert "7" not in items(store)

    sync(store, tracker, mapping=WorkMapping(size_field="size"))
    assert "7" not in items(store)
    sync(store, tracker, mapping=WorkMapping(size_field="size"), census=True)
    assert "8" not in items(store), "missing once before the mapping changed, and once after"


def test_an_item_whose_history_is_due_can_still_go_missing(store: Store) -> None:
    tracker = partition_of()
    tracker.silent = {"7"}
    sync(store, tracker)
    tracker.hide("7")
    for _ in range(2):
        sync(store, tracker, census=True)

    assert "7" not in items(store)
    assert sync(store, tracker).status == "ok"


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")], ids=["left first", "entered first"])
@pytest.mark.parametrize("new_id", [None, "900"], ids=["same id", "new id"])
def test_a_moved_item_is_kept_with_its_past_and_its_old_key(
    store: Store, new_id: str | None, order: tuple[str, str]
) -> None:
    tracker = tracker_of(40, partitions=("a", "b"), page_size=10)
    tracker.edit("8", status=DOING)
    tracker.partitions = order
    sync(store, tracker)
    old_key = items(store)["8"].key

    tracker.move("8", "b", new_id)
    sync(store, tracker, census=True)

    found = items(store)
    assert len(found) == 40
    item = found[new_id or "8"]
    assert (item.project, item.key) == ("b", f"B-{new_id or 8}")
    assert item.old_keys == (old_key,)
    assert {key for id_, key in event_keys(store) if id_ == item.external_id} == {"h1:0", "h2:0"}


@pytest.mark.parametrize("new_id", [None, "900"], ids=["same id", "new id"])
def test_an_item_that_moved_out_of_sight_is_gone_and_comes_back_with_its_new_place(
    store: Store, new_id: str | None
) -> None:
    tracker = tracker_of(40, page_size=10)
    sync(store, tracker)
    tracker.move("7", "elsewhere", new_id)
    assert sync(store, tracker, census=True).gone == 1
    assert len(items(store)) == 39

    tracker.partitions = ("a", "elsewhere")
    sync(store, tracker)
    assert items(store)[new_id or "7"].old_keys == ("A-7",)


def test_more_than_a_twentieth_that_vanishes_needs_a_persons_word(store: Store) -> None:
    tracker = partition_of()
    sync(store, tracker)
    before = dump(store)
    for number in (3, 5, 7):
        tracker.delete(str(number))

    run = sync(store, tracker, census=True)
    assert isinstance(run.error, ShrinkError)
    assert run.status == "partial"
    assert dump(store)["item"] == before["item"]

    run = sync(store, tracker, census=True, allow_shrink=True)
    assert (run.status, run.gone) == ("ok", 3)
    assert len(items(store)) == 37


def test_a_twentieth_may_vanish_and_so_may_moved_items_of_any_number(store: Store) -> None:
    tracker = tracker_of(40, partitions=("a", "b"), page_size=10)
    sync(store, tracker)
    for number in range(2, 40, 2):
        tracker.move(str(number), "b")
    tracker.delete("40")

    assert sync(store, tracker, census=True).error is None
    assert len(items(store)) == 39


@pytest.mark.parametrize("purpose", ["census", "resolve"])
def test_a_census_that_fails_half_way_takes_nothing_for_gone(store: Store, purpose: str) -> None:
    tracker = partition_of()
    sync(store, tracker)
    before = dump(store)
    tracker.delete("39")
    tracker.hide("40")
    tracker.on_request = failing(purpose, UnreachableError("cut"), after=2 if purpose == "census" else 0)

    assert sync(store, tracker, census=True).status == "partial"
    assert dump(store)["item"] == before["item"]

    tracker.on_request = calm
    assert sync(store, tracker, census=True).gone == 1


def test_a_census_is_taken_when_it_is_due_and_not_behind_a_first_read(store: Store) -> None:
    tracker = partition_of()
    sync(store, tracker)
    sync(store, tracker)
    assert tracker.count("census") == 0

    sync(store, tracker, now=LATER)
    assert tracker.count("census") == 4
    sync(store, tracker, now=LATER)
    assert tracker.count("census") == 4


def test_a_whole_read_of_what_was_held_before_is_no_census(store: Store) -> None:
    tracker = partition_of()
    sync(store, tracker)
    tracker.delete("7")
    assert sync(store, tracker, now=LATER, words=["more"]).gone == 1, "it is due as it was"


def test_an_item_that_another_partition_meets_during_the_census_is_not_buried(store: Store) -> None:
    tracker = tracker_of(40, partitions=("b", "a"), page_size=10)
    sync(store, tracker)

    def move_behind_the_reading_of_b(purpose: str, partition: str) -> None:
        if (purpose, partition) == ("census", "a") and tracker.raws["7"]["project"] == "a":
            tracker.move("7", "b")

    tracker.on_request = move_behind_the_reading_of_b

    class Slow(SmallConnector):
        """While partition a asks what became of the item, another thread reads partition b."""

        def resolve(self, partition: Partition, missing: object) -> list[Resolution]:
            if partition.id == "a":
                other = replace(tracker, partitions=("b",), on_request=calm)
                sync_of_b(store, other)
            return [Resolution("7", Fate.MOVED, "7", "B-7")] if partition.id == "a" else []

    assert sync(store, tracker, census=True, connector=Slow).error is None
    assert items(store)["7"].project == "b"


def sync_of_b(store: Store, tracker: SmallTracker) -> None:
    """Store partition b as a parallel worker would: without the lock of the source, and without its scope."""
    from contextlib import nullcontext  # noqa: PLC0415
    from unittest.mock import patch  # noqa: PLC0415

    with (
        patch.object(Store, "lock", lambda *_: nullcontext()),
        patch("okrsync.store.unit_of_work.UnitOfWork.set_scope"),
    ):
        sync(store, tracker)


# Other days


def test_an_item_is_told_as_it_was(store: Store) -> None:
    tracker = tracker_of(1, partitions=("a",))
    tracker.edit("1", minutes=9, status=DOING, labels=["kr/1"], sprints=["s1"], size=3.0, parent="A-9")  # 10
    tracker.edit("1", minutes=10, status=DONE, labels=["kr/2"], sprints=["s2"], size=5.0, parent="")  # 20
    sync(store, tracker, mapping=WorkMapping(size_field="size"))

    def told(minutes: float) -> tuple[object, ...]:
        item = items(store, as_of=at(minutes))["1"]
        names = [entry.name for entry in item.iterations]
        return item.status, item.labels, names, item.size and item.size.value, item.parent, item.delivered

    assert told(5) == (Status.TODO, (), [], None, "", None)
    assert told(15) == (Status.IN_PROGRESS, ("kr/1",), ["sprint s1"], 3.0, "A-9", None)
    assert told(25) == (Status.DONE, ("kr/2",), ["sprint s2"], 5.0, "", at(20))
    assert items(store, as_of=at(0.5)) == {}, "before its creation"


def test_what_was_done_opened_and_done_again_was_delivered_twice(store: Store) -> None:
    tracker = tracker_of(1)
    for status in (DONE, DOING, DONE):  # at 11, 21, 31
        tracker.edit("1", minutes=10, status=status)
    sync(store, tracker)

    item = items(store)["1"]
    assert (item.first_done, item.delivered, item.reopened) == (at(11), at(31), 1)
    assert {m: items(store, as_of=at(m))["1"].delivered for m in (10, 15, 25, 35)} == {
        10: None,
        15: at(11),
        25: None,
        35: at(31),
    }


def test_what_was_recorded_later_was_not_known_before(store: Store) -> None:
    tracker = tracker_of(1)
    sync(store, tracker)
    tracker.edit("1", status=DONE)
    tracker.add("2")
    sync(store, tracker, now=LATER)

    known = items(store, as_known=NOW)
    assert list(known) == ["1"]
    assert (known["1"].status, known["1"].delivered) == (Status.TODO, None)
    assert items(store, as_of=NOW)["1"].status is Status.DONE, "by what is known today, it was done by then"
    assert items(store, as_known=LATER)["1"].status is Status.DONE


def test_an_item_that_is_gone_was_there_on_days_before(store: Store) -> None:
    tracker = partition_of()
    sync(store, tracker)
    tracker.delete("7")
    sync(store, tracker, now=LATER, census=True)

    assert "7" in items(store, as_of=NOW)
    assert "7" not in items(store, as_of=LATER)


# Iterations


def sprint(name: str) -> IterationRecord:
    return IterationRecord("web", "s1", name, "active")


def test_a_renamed_iteration_shows_its_new_name_without_an_update_of_an_item(store: Store) -> None:
    tracker = tracker_of(2)
    tracker.sprints["s1"] = sprint("Spring")
    tracker.edit("1", sprints=["s1"])
    sync(store, tracker)
    assert items(store)["1"].iterations[0].name == "Spring"

    tracker.sprints["s1"] = sprint("Summer")
    tracker.asked.clear()
    assert sync(store, tracker).saved.changed == 0
    assert items(store)["1"].iterations[0].name == "Summer"
    assert (tracker.count("iterations"), tracker.count("history")) == (1, 0)


def test_items_that_were_touched_on_a_board_get_their_history_read(store: Store) -> None:
    tracker = tracker_of(6)
    tracker.sprints["s1"] = sprint("Spring")
    sync(store, tracker)
    tracker.asked.clear()

    unmoved = tracker.raws["2"]
    tracker.edit("2", sprints=["s1"])
    tracker.raws["2"] = unmoved  # the item itself counts as unchanged
    tracker.touched.append("2")
    assert sync(store, tracker).status == "ok"
    assert tracker.count("history") == 1
    with store.read() as view:
        (event,) = view.events("web", ["2"])["2"]
    assert (event.field, event.to_id) == (EventField.ITERATION, "s1")

    tracker.asked.clear()
    sync(store, tracker)
    assert tracker.count("history") == 0, "the cursor stands behind it"


@pytest.mark.parametrize("error", [UnreachableError("cut"), AuthenticationError("refused")])
def test_iterations_that_cannot_be_read_leave_items_to_be_read_unless_nothing_can(
    store: Store, error: ConnectorError
) -> None:
    tracker = tracker_of(2)
    tracker.sprints["s1"] = sprint("Spring")
    tracker.on_request = failing("iterations", error)
    run = sync(store, tracker)

    is_refused = isinstance(error, AuthenticationError)
    assert run.error is error
    assert run.status == ("failed" if is_refused else "partial")
    assert len(items(store)) == (0 if is_refused else 2)


# Several partitions at once


def wide(count: int = 60) -> SmallTracker:
    tracker = tracker_of(count, partitions=tuple("abcdef"))
    for number in range(1, count + 1, 3):
        tracker.edit(str(number), status=DONE)
    return tracker


def test_partitions_that_are_read_at_once_give_what_they_give_in_turn(store: Store, fresh: Store) -> None:
    tracker = wide()
    running, most = 0, 0
    lock, together = threading.Lock(), threading.Event()

    def meet(purpose: str, _: str) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if most == 3:
            together.set()
        if purpose == "items":
            together.wait(5)
        with lock:
            running -= 1

    tracker.on_request = meet
    assert sync(store, tracker, connector=ParallelConnector).status == "ok"
    assert most == 3
    tracker.on_request = calm
    sync(fresh, tracker)
    assert dump(store, timeless=True) == dump(fresh, timeless=True)


def test_a_partition_that_fails_does_not_stop_the_others_that_are_read_at_once(store: Store) -> None:
    tracker = wide()
    error = UnreachableError("cut")
    tracker.on_request = failing("items", error, after=1, partition="c")
    run = sync(store, tracker, connector=ParallelConnector)

    assert (run.status, run.error, run.partitions_read) == ("partial", error, 5)
    found = [item.project for item in items(store).values()]
    assert {name: found.count(name) for name in "abcdef"} == dict.fromkeys("abdef", 10) | {"c": 2}


@pytest.mark.parametrize("error", [AuthenticationError("refused"), RateLimitedError("wait")])
def test_a_refused_token_stops_all_with_at_most_two_further_requests(store: Store, error: ConnectorError) -> None:
    tracker = wide()
    lock = threading.Lock()
    answered: list[str] = []
    refused: list[str] = []

    def revoke(purpose: str, partition: str) -> None:
        with lock:
            if len(answered) >= 8:
                refused.append(purpose)
                raise error
            answered.append(partition)

    tracker.on_request = revoke
    run = sync(store, tracker, connector=ParallelConnector)
    assert (run.status, run.error) == ("partial", error)
    assert 1 <= len(refused) <= 3, "the refusal, and what two other threads were about to ask"

    tracker.on_request = calm
    assert sync(store, tracker, connector=ParallelConnector).status == "ok"
    assert len(items(store)) == 60
