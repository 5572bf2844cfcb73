"""Keyset paging over a list that moves while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.errors import UnexpectedResponseError
from okrsync.plugins import paging
from okrsync.plugins.paging import Batch, Stamped, keyset_batches
from support.examples import examples

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stamped(id_: int | str, seconds: float) -> Stamped:
    return Stamped(str(id_), at(seconds), {"id": str(id_), "updated": seconds})


@dataclass
class Tracker:
    """A list ascending by update; *touches* happen one by one between the answers, and move an item to the end."""

    items: list[Stamped]
    size: int
    touches: Iterator[int] = field(default_factory=lambda: iter(()))
    step: int = 1
    """Seconds that "since" is rounded down to."""
    cap: int = 1000
    asked: list[tuple[datetime | None, int]] = field(default_factory=list)

    def fetch(self, since: datetime | None, offset: int) -> Batch:
        self.asked.append((since, offset))
        assert len(self.asked) < self.cap, "paging does not come to its end"
        if since is not None:
            since -= timedelta(seconds=(since - START).total_seconds() % self.step)
        found = [item for item in self.items if since is None or item.updated >= since]
        page = tuple(found[offset : offset + self.size])
        more = len(found) > offset + self.size
        place = next(self.touches, None)
        if place is not None and self.items:
            self.touch(place)
        return Batch(page, more)

    def touch(self, place: int) -> None:
        item = self.items.pop(place % len(self.items))
        newest = max((each.updated for each in [*self.items, item]), default=START)
        self.items.append(Stamped(item.id, newest + timedelta(seconds=1), item.raw))

    def read(self, since: datetime | None = None) -> dict[str, datetime]:
        """The latest version of each item that came."""
        latest: dict[str, datetime] = {}
        for batch in keyset_batches(self.fetch, since, "here"):
            assert batch
            for item in batch:
                latest[item.id] = max(item.updated, latest.get(item.id, START))
        return latest

    @property
    def truth(self) -> dict[str, datetime]:
        return {item.id: item.updated for item in self.items}


SECONDS = st.lists(st.integers(0, 4) | st.integers(0, 400), max_size=40).map(sorted)


@settings(max_examples=examples(300), deadline=None)
@given(SECONDS, st.integers(1, 9), st.lists(st.integers(0, 40), max_size=12), st.sampled_from([1, 60]))
def test_a_run_and_the_next_one_miss_no_version_whatever_moves_meanwhile(
    seconds: list[int], size: int, touches: list[int], step: int
) -> None:
    tracker = Tracker([stamped(number, each) for number, each in enumerate(seconds)], size, iter(touches), step)

    first = tracker.read()
    tracker.touches = iter(())
    # What is touched after the end of the list was read is the next run's; it starts at the newest update seen.
    second = tracker.read(max(first.values(), default=None))

    assert first | second == tracker.truth


@settings(max_examples=examples(200), deadline=None)
@given(SECONDS, st.integers(1, 9), st.integers(0, 400), st.sampled_from([1, 60]))
def test_a_list_that_stands_still_is_read_whole_from_any_time(
    seconds: list[int], size: int, since: int, step: int
) -> None:
    tracker = Tracker([stamped(number, each) for number, each in enumerate(seconds)], size, step=step)

    found = tracker.read(at(since))

    wanted = {id_: updated for id_, updated in tracker.truth.items() if updated >= at(since)}
    assert wanted.items() <= found.items() <= tracker.truth.items()


def test_a_thousand_items_take_one_request_a_page_and_come_in_order() -> None:
    tracker = Tracker([stamped(number, number) for number in range(1000)], 100)

    came = [item for batch in keyset_batches(tracker.fetch, None, "here") for item in batch]

    assert [item.id for item in came] == [str(number) for number in range(1000)]
    assert len(tracker.asked) == 11
    assert all(offset == 0 for _, offset in tracker.asked)


def test_nothing_new_takes_one_request_and_gives_no_batch() -> None:
    tracker = Tracker([stamped(1, 5)], 100)

    assert list(keyset_batches(tracker.fetch, at(6), "here")) == []
    assert tracker.asked == [(at(6), 0)]


def test_an_item_touched_while_a_later_page_is_read_comes_in_both_versions() -> None:
    tracker = Tracker([stamped(number, number) for number in range(10)], 4, iter([0]))

    came = [(item.id, item.updated) for batch in keyset_batches(tracker.fetch, None, "here") for item in batch]

    assert (str(0), at(0)) in came
    assert (str(0), at(10)) in came
    assert len({id_ for id_, _ in came}) == 10


def test_pages_of_one_timestamp_are_read_by_offset() -> None:
    tracker = Tracker([stamped(number, 7) for number in range(250)] + [stamped(999, 8)], 100)

    assert tracker.read() == tracker.truth
    assert (at(7), 100) in tracker.asked
    assert (at(7), 200) in tracker.asked


def test_an_item_that_moves_to_an_earlier_page_of_one_timestamp_is_met_on_the_way_back() -> None:
    # After the first page was passed, one of its items leaves, and item 100 takes the last place of that page.
    tracker = Tracker([stamped(number, 7) for number in range(250)], 100)
    answers = 0

    def fetch(since: datetime | None, offset: int) -> Batch:
        nonlocal answers
        batch = tracker.fetch(since, offset)
        answers += 1
        if answers == 2:
            tracker.touch(0)
        return batch

    came = [item.id for batch in keyset_batches(fetch, None, "here") for item in batch]

    assert "100" in came
    assert len(set(came)) == 250


def test_a_server_that_rounds_down_to_the_minute_is_read_to_its_end() -> None:
    tracker = Tracker([stamped(number, number // 5) for number in range(900)], 40, step=60)

    assert tracker.read() == tracker.truth


def test_an_item_that_changed_while_its_page_was_put_together_hides_nothing_behind_it() -> None:
    items = [stamped(number, number) for number in range(10)]
    changed = Stamped("1", at(500), {})
    first = True

    def fetch(since: datetime | None, offset: int) -> Batch:
        nonlocal first
        rows = [item for item in [*items, changed] if since is None or item.updated >= since]
        if first:
            first = False
            rows[1] = changed
        page = rows[offset : offset + 4]
        return Batch(tuple(page), len(rows) > offset + 4)

    came = {item.id for batch in keyset_batches(fetch, None, "here") for item in batch}

    assert came == {str(number) for number in range(10)}


def test_an_empty_page_that_says_more_is_an_error() -> None:
    with pytest.raises(UnexpectedResponseError, match="here: an empty page that says there is more"):
        list(keyset_batches(lambda *_: Batch((), more=True), None, "here"))


@pytest.mark.parametrize("seconds", [[7, 7, 7], [7, 8, 9]])
def test_a_server_that_repeats_its_page_for_ever_is_an_error_and_not_a_loop(seconds: list[int]) -> None:
    page = Batch(tuple(stamped(number, each) for number, each in enumerate(seconds)), more=True)
    asked: list[int] = []

    with pytest.raises(UnexpectedResponseError, match="the same page again and again"):
        list(keyset_batches(lambda _, offset: asked.append(offset) or page, None, "here"))  # type: ignore[func-returns-value]

    assert len(asked) < 10


def endless() -> Callable[[datetime | None, int], Batch]:
    def fetch(since: datetime | None, _: int) -> Batch:
        seconds = 0.0 if since is None else (since - START).total_seconds() + 1
        return Batch((stamped(f"{seconds}", seconds),), more=True)

    return fetch


def test_a_list_without_an_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "_MAX_PAGES", 20)

    with pytest.raises(UnexpectedResponseError, match="more than 20 pages"):
        list(keyset_batches(endless(), None, "here"))


def test_pages_that_take_turns_without_an_end_are_an_error() -> None:
    pages = [Batch((stamped(number, number),), more=True) for number in (1, 2)]
    asked: list[int] = []

    def fetch(since: datetime | None, offset: int) -> Batch:
        asked.append(offset)
        return pages[len(asked) % 2]

    with pytest.raises(UnexpectedResponseError, match="again and again"):
        list(keyset_batches(fetch, None, "somewhere"))
    assert len(asked) < 2100
