"""Reading a list that moves while it is read loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.errors import UnexpectedResponseError
from okrsync.plugins.paging import Batch, Stamped, keyset_batches
from support.examples import examples

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


class Tracker:
    """A list of items by update, in pages of *size*; *touch* items between two requests."""

    def __init__(
        self, minutes: Sequence[float], size: int, *, step: float = 0, touches: Sequence[tuple[int, int]] = ()
    ) -> None:
        self.updated = {f"i{number}": at(minute) for number, minute in enumerate(minutes)}
        self.asked: list[tuple[datetime | None, int]] = []
        self._size = size
        self._step = step
        self._touches = list(touches)
        self._clock = max(self.updated.values(), default=START)

    def fetch(self, since: datetime | None, offset: int) -> Batch:
        self.asked.append((since, offset))
        for request, number in self._touches:
            if request == len(self.asked):
                self._clock += timedelta(minutes=1)
                self.updated[f"i{number % len(self.updated)}"] = self._clock
        # Some trackers round "updated since" down to a step.
        least = since - timedelta(minutes=self._step) if since else None
        rows = sorted((when, id_) for id_, when in self.updated.items() if least is None or when >= least)
        page = rows[offset : offset + self._size]
        return Batch(tuple(Stamped(id_, when, {"id": id_}) for when, id_ in page), more=len(rows) > offset + self._size)


def read(
    fetch: Callable[[datetime | None, int], Batch], since: datetime | None = None
) -> list[list[tuple[str, datetime]]]:
    return [[(item.id, item.updated) for item in batch] for batch in keyset_batches(fetch, since, "https://x/issues")]


def ids(batches: Sequence[Sequence[tuple[str, datetime]]]) -> list[list[str]]:
    return [[id_ for id_, _ in batch] for batch in batches]


def test_one_page_is_one_request() -> None:
    tracker = Tracker([1, 2], 5)
    assert ids(read(tracker.fetch)) == [["i0", "i1"]]
    assert tracker.asked == [(None, 0)]


def test_nothing_is_yielded_where_there_is_nothing() -> None:
    assert read(Tracker([], 5).fetch) == []


def test_the_next_page_is_asked_for_from_the_last_update() -> None:
    tracker = Tracker([1, 2, 3, 4, 5], 2)
    assert ids(read(tracker.fetch, at(0))) == [["i0", "i1"], ["i2"], ["i3"], ["i4"]]
    assert tracker.asked == [(at(0), 0), (at(2), 0), (at(3), 0), (at(4), 0)]


def test_what_was_yielded_unchanged_is_not_yielded_again() -> None:
    tracker = Tracker([1, 2, 3], 2, step=1)
    found = [id_ for batch in ids(read(tracker.fetch)) for id_ in batch]
    assert found == sorted(set(found))


def test_a_page_that_shares_one_moment_is_left_by_its_offset() -> None:
    tracker = Tracker([1, 1, 1, 1, 1, 2], 2)
    found = [id_ for batch in ids(read(tracker.fetch)) for id_ in batch]
    assert sorted(found) == ["i0", "i1", "i2", "i3", "i4", "i5"]
    assert (at(1), 2) in tracker.asked
    assert (at(1), 4) in tracker.asked


def test_an_item_that_changed_is_yielded_again() -> None:
    tracker = Tracker([1, 2, 3, 4], 2, touches=[(2, 0)])
    seen = [item for batch in read(tracker.fetch) for item in batch]
    assert ("i0", at(1)) in seen
    assert ("i0", at(5)) in seen


def pages(*answers: Batch) -> Callable[[datetime | None, int], Batch]:
    answer = iter(answers)
    return lambda since, offset: next(answer)


def stamped(*ids_and_minutes: tuple[str, float]) -> tuple[Stamped, ...]:
    return tuple(Stamped(id_, at(minute), {}) for id_, minute in ids_and_minutes)


def test_a_page_that_is_empty_and_says_that_there_is_more_is_refused() -> None:
    batches = keyset_batches(pages(Batch(stamped(("a", 1)), more=True), Batch((), more=True)), None, "https://x/issues")
    assert [item.id for item in next(batches)] == ["a"]
    with pytest.raises(UnexpectedResponseError) as caught:
        next(batches)
    assert caught.value.what == "an empty page that says there is more"
    assert (caught.value.where, caught.value.next_step) == ("https://x/issues", "try again; nothing was skipped")


def test_a_tracker_that_never_ends_is_left() -> None:
    def fetch(since: datetime | None, offset: int) -> Batch:
        return Batch(stamped(("a", 1), ("b", 2)), more=True)

    with pytest.raises(UnexpectedResponseError) as caught:
        read(fetch)
    assert caught.value.what == "the same page again and again"
    assert (caught.value.where, caught.value.next_step) == ("https://x/issues", "try again later")


def test_the_same_page_may_come_a_few_times() -> None:
    same = Batch(stamped(("a", 1), ("b", 1)), more=True)
    batches = read(pages(same, same, same, same, same, Batch(stamped(("c", 1)), more=False), *[same] * 4))
    assert ids(batches)[-1] == ["c"]


def test_pages_without_end_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrsync.plugins.paging._MAX_PAGES", 3)

    def counted() -> Iterator[Batch]:
        for number in range(10):
            yield Batch(stamped((f"i{number}", number)), more=True)

    with pytest.raises(UnexpectedResponseError) as caught:
        read(pages(*counted()))
    assert caught.value.what == "more than 3 pages"
    assert (caught.value.where, caught.value.next_step) == ("https://x/issues", "narrow the scope")


def test_exactly_as_many_pages_as_may_be_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrsync.plugins.paging._MAX_PAGES", 4)
    assert len(read(Tracker([1, 2, 3, 4, 5], 2).fetch)) == 4


@settings(max_examples=examples(100), deadline=None, database=None, derandomize=True)
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=12),
    st.integers(2, 4),
    st.sampled_from((None, at(0))),
    st.lists(st.tuples(st.integers(2, 6), st.integers(0, 11)), max_size=3),
)
def test_whatever_is_touched_meanwhile_nothing_is_lost(
    minutes: list[int], size: int, since: datetime | None, touches: list[tuple[int, int]]
) -> None:
    tracker = Tracker(minutes, size, touches=touches)
    found = [item for batch in read(tracker.fetch, since) for item in batch]
    newest = max(when for _, when in found)
    # What changes behind the newest update that was met is for the next run, which asks from there.
    assert {id_: min(when, newest) for id_, when in tracker.updated.items()} == dict(found) | {
        id_: newest for id_, when in tracker.updated.items() if when > newest
    }
    assert {id_ for id_, _ in found} == set(tracker.updated)
    assert len(found) == len(set(found))
