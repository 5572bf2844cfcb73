"""The part of the contract about pages: whatever the list does while it is read, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from okrsync.errors import ConnectorError
from okrsync.model.work import Item
from okrsync.plugins.connector import HasCensus
from okrsync.sandbox.http import Handler, Request, Response
from okrsync.testing.bench import SOURCE, Bench, Run, at, refused, require
from okrsync.testing.site import NOW, Draft

OpenBench = Callable[..., Bench]

_PAGE_SIZES = (1, 2, 3, 7, 50)
_MOST_CHANGES = 12
_FUTURE = datetime(2999, 1, 1, tzinfo=UTC)
# In no order, and some at the same minute.
_MINUTES = (50, 10, 30, 30, 20, 60, 10, 40, 30, 70, 5, 80, 30, 15, 90)


class ReadsPages:
    """What ``pages`` promises."""

    @pytest.mark.parametrize("page_size", _PAGE_SIZES)
    def test_every_page_size_reads_every_item(self, open_bench: OpenBench, page_size: int) -> None:
        """All items come, whatever the tracker's page size and the order in which they were made."""
        bench = open_bench(page_size, _MINUTES)
        items = bench.run().read_items()
        require(
            set(items) == set(bench.ids),
            f"with pages of {page_size}, pages(partition, None, fields) must yield every item: "
            f"{sorted(set(bench.ids) - set(items))} are missing, {sorted(set(items) - set(bench.ids))} are unknown",
        )

    def test_items_carry_what_the_engine_joins_by(self, open_bench: OpenBench) -> None:
        """Id, source and times are those of the raw item."""
        bench = open_bench(50, _MINUTES)
        for id_, item in bench.run().read_items().items():
            expected = at(_MINUTES[bench.ids.index(id_)])
            require(item.external_id == id_, f'external_id must be str(raw["id"]): {item.external_id!r}, not {id_!r}')
            require(item.source == SOURCE, "source must be fields.source: reports join sources by it")
            require(item.title == f"Item {bench.ids.index(id_)}", f"another title than the tracker's: {item.title!r}")
            require(
                item.updated == expected and item.updated.utcoffset() == timedelta(),
                f"updated must be the tracker's time, aware and in UTC: {item.updated!r}, not {expected!r}",
            )

    @pytest.mark.parametrize("page_size", [2, 50])
    def test_pages_ascend_and_say_where_they_end(self, open_bench: OpenBench, page_size: int) -> None:
        """``last_updated`` is the update of the page's last item, and never goes back while nothing changes."""
        bench = open_bench(page_size, _MINUTES)
        run = bench.run()
        before = at(0)
        for page in run.pages():
            if not page.raws:
                continue
            last = run.connector.normalise(page.raws[-1], run.fields).updated
            require(
                page.withheld or page.last_updated == last,
                f"last_updated must be the update of the page's last item: {page.last_updated}, not {last}",
            )
            require(last >= before, f"pages must ascend by update: {last} came after {before}; sort by update")
            before = last

    def test_server_time_is_the_trackers_clock(self, open_bench: OpenBench) -> None:
        """The ``Date`` of the answer counts; this machine's clock may be hours off, and in the test it is."""
        bench = open_bench(50, [1])
        for page in bench.run().pages():
            require(
                page.server_time in {None, NOW},
                f"server_time must be the tracker's Date ({NOW}), not {page.server_time}; "
                "take GuardedAdapter.server_time, or None where the tracker tells no time",
            )

    def test_since_is_inclusive(self, open_bench: OpenBench) -> None:
        """An item that changed exactly at *since* is among the answers: its second may not be over yet."""
        bench = open_bench(3, [10, 20, 20, 30])
        for id_, minute in zip(bench.ids, [10, 20, 20, 30], strict=True):
            found = bench.run().read(at(minute))
            require(id_ in found, f"pages(since={at(minute)}) must yield the item that changed then; ask for >=, not >")

    def test_since_in_another_zone_is_the_same_moment(self, open_bench: OpenBench) -> None:
        """*since* is a moment: a tracker that reads dates in a zone of its own must be told UTC."""
        bench = open_bench(50, [10, 20])
        zone = datetime.fromisoformat("2026-01-01T00:00:00-11:00").tzinfo
        found = bench.run().read(at(20).astimezone(zone))
        require(bench.ids[1] in found, "since must be turned into UTC before it is written into a query")

    @pytest.mark.parametrize("page_size", [1, 3])
    def test_items_of_one_timestamp_fill_several_pages(self, open_bench: OpenBench, page_size: int) -> None:
        """A bulk edit gives thousands of items one time: there is no later time to ask from."""
        bench = open_bench(page_size, [20] * (page_size * 4 + 1) + [30])
        found = set(bench.run().read())
        require(
            found == set(bench.ids),
            f"items that share one update over several pages must all come; {len(found)} of {len(bench.ids)} did: "
            "okrsync.plugins.paging.keyset_batches reads on by offset where the time stands still",
        )

    def test_a_cursor_in_the_future_reads_nothing(self, open_bench: OpenBench) -> None:
        """A wrong clock somewhere must not break the run."""
        bench = open_bench(50, [10, 20])
        found = bench.run().read(_FUTURE)
        require(not found, f"pages(since={_FUTURE}) must yield nothing and raise nothing; it gave {sorted(found)}")

    def test_a_run_that_ends_behind_a_page_goes_on_there(self, open_bench: OpenBench) -> None:
        """From ``last_updated`` of any page, the next run finds all that the first one had left."""
        bench = open_bench(2, _MINUTES[:10])
        whole = bench.run()
        everything = whole.read_items()
        number = 1
        while True:
            first = bench.run(whole.context.memory)
            held, cursor = first.follow(most=number)
            rest = bench.run(whole.context.memory).read(cursor)
            found = first.items({**held, **rest})
            require(
                found == everything,
                f"a run that ended behind page {number} and went on from its last_updated ({cursor}) lost "
                f"{sorted(set(everything) - set(found))}",
            )
            if set(held) == set(everything):
                return
            number += 1

    @pytest.mark.parametrize("page_size", [2, 3])
    def test_an_edit_while_pages_are_read_loses_nothing(self, open_bench: OpenBench, page_size: int) -> None:
        """What was read and what is still to come both move to the end of the list; others slide forward."""
        bench = open_bench(page_size, [10 * number for number in range(1, 10)])
        # The first was read already; the sixth is not; with both gone to the end, the others stand elsewhere.
        changes = {2: bench.ids[0], 3: bench.ids[5]}
        asked = iter(range(1, 1000))

        def edit_between(request: Request, tracker: Handler) -> Response:
            number = next(asked)
            if number in changes:
                bench.site.edit(changes[number], f"Edited {number}", at(1000 + number))
            return tracker(request)

        _read_through(bench, edit_between)

    @pytest.mark.parametrize("seed", range(12))
    def test_a_list_that_moves_while_it_is_read_loses_nothing(self, open_bench: OpenBench, seed: int) -> None:
        """Items are edited, added and deleted before some answers; afterwards nothing is missing or old."""
        random = Random(seed)  # noqa: S311 - repeatable, not secret
        bench = open_bench(random.choice(_PAGE_SIZES[:4]), random.sample(range(1, 40), 8) + [20] * random.randint(0, 6))
        unrest = _Unrest(bench, random)
        _read_through(bench, unrest)

    @pytest.mark.parametrize("moment", [2, 3, 4])
    def test_a_page_that_comes_twice_loses_nothing_or_is_an_error(self, open_bench: OpenBench, moment: int) -> None:
        """A cache may give an earlier answer once; what should have been in its place is still to be read."""
        bench = open_bench(2, [10 * number for number in range(1, 10)])
        run = bench.run()
        run.discover()
        given: list[Response] = []

        def stutter(request: Request, tracker: Handler) -> Response:
            given.append(given[-1] if len(given) == moment - 1 else tracker(request))
            return given[-1]

        with bench.interfered(stutter):
            try:
                found = set(run.read())
            except ConnectorError:
                return
        require(
            found == set(bench.ids),
            f"answer {moment} was that of the request before, and {sorted(set(bench.ids) - found)} were lost: raise "
            "where an answer is not of the place that was asked for, or ask from the last update again",
        )

    def test_a_page_that_comes_again_and_again_is_an_error(self, open_bench: OpenBench) -> None:
        """A broken cache or token must end the run, and neither go round for ever nor pass for the end."""
        bench = open_bench(2, [10 * number for number in range(1, 8)])
        run = bench.run()
        run.discover()
        given: list[Response] = []

        def repeat(request: Request, tracker: Handler) -> Response:
            given.append(given[0] if given else tracker(request))
            return given[0]

        with (
            bench.interfered(repeat),
            refused(ConnectorError, "a page or token that was there before must raise UnexpectedResponseError"),
        ):
            run.read()
        require(
            not bench.is_endless, "a list that repeats itself was read for hundreds of requests; count, and give up"
        )


class _Unrest:
    """Changes the site before some of its answers, from the second on, until it has had enough."""

    def __init__(self, bench: Bench, random: Random) -> None:
        self._bench = bench
        self._random = random
        self._left = _MOST_CHANGES
        self._minute = 1000
        self._may_delete = isinstance(bench.run().connector, HasCensus)

    def __call__(self, request: Request, tracker: Handler) -> Response:
        for _ in range(self._random.randint(0, 2)):
            if self._left:
                self._left -= 1
                self._minute += self._random.randint(0, 1)
                self._change()
        return tracker(request)

    def _change(self) -> None:
        bench, ids = self._bench, self._bench.ids
        kind = self._random.choice(["edit", "edit", "add", "delete"] if self._may_delete else ["edit", "add"])
        if kind == "add":
            ids.append(bench.site.add(Draft(f"Added {self._minute}", at(self._minute))))
        elif kind == "delete" and len(ids) > 1:
            bench.site.delete(ids.pop(self._random.randrange(len(ids))))
        else:
            bench.site.edit(self._random.choice(ids), f"Edited {self._left}", at(self._minute))


def _read_through(bench: Bench, interference: Any) -> None:
    """Read while *interference* is at work, read on from the cursor, and compare with a reading from nothing."""
    first = bench.run()
    first.discover()
    with bench.interfered(interference):
        held, cursor = first.follow()
    second = bench.run(first.context.memory)
    found = second.items({**held, **second.read(cursor)})
    fresh = bench.run(first.context.memory).read_items()
    require(not bench.is_endless, "a list that changes a few times while it is read must come to an end")
    require(
        {id_: found.get(id_) for id_ in fresh} == fresh,
        "items that were edited while pages were read must come at their old or their new place, and all others must "
        f"not be skipped; {_difference(found, fresh)}. Ask from the last update that was seen, never by a page number "
        "alone (okrsync.plugins.paging.keyset_batches)",
    )
    _require_no_more(second, cursor)


def _require_no_more(run: Run, cursor: datetime | None) -> None:
    require(
        cursor is None or cursor <= NOW, f"the cursor {cursor} is past the tracker's clock: what changes next is lost"
    )


def _difference(found: dict[str, Item], fresh: dict[str, Item]) -> str:
    missing = sorted(set(fresh) - set(found))
    old = sorted(id_ for id_ in set(fresh) & set(found) if fresh[id_] != found[id_])
    return f"missing: {missing or 'none'}, old: {old or 'none'}"
