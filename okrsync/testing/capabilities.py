"""The part of the contract about what only some trackers can tell; a connector without an ability skips its tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from okrsync.errors import ConnectorError
from okrsync.model.work import EventField, EventOrigin, ItemEvent
from okrsync.plugins.connector import HISTORY, Fate, HasCensus, HasHistory, HasIterations, IterationsRead, Missing
from okrsync.sandbox.http import Handler, Request, Response
from okrsync.testing.bench import SOURCE, Bench, Run, at, lacks, require

OpenBench = Callable[..., Bench]


class TellsHistory:
    """What ``history`` and ``normalise_history`` promise."""

    def test_the_same_change_has_the_same_key_whenever_it_is_read(self, open_bench: OpenBench) -> None:
        """Events are kept for ever; one with another key would be there twice."""
        bench = open_bench(50, [10, 20])
        bench.site.finish(bench.ids[0], at(100), bench.person)
        before = _events(bench.run())
        bench.site.edit(bench.ids[0], "Edited", at(200))
        bench.site.finish(bench.ids[1], at(300), bench.person)
        after = _events(bench.run())
        for id_, events in before.items():
            known = {event.key: event for event in after[id_]}
            lost = [event.key for event in events if known.get(event.key) != event]
            require(not lost, f"events {lost} of item {id_} are other ones at the next reading; use the tracker's ids")

    def test_keys_are_unique_and_times_are_utc(self, open_bench: OpenBench) -> None:
        """An event is known by its item and key."""
        bench = open_bench(50, [10, 20])
        bench.site.finish(bench.ids[0], at(100), bench.person)
        for id_, events in _events(bench.run()).items():
            keys = [event.key for event in events]
            require(len(set(keys)) == len(keys), f"two events of item {id_} have one key: {sorted(keys)}")
            for event in events:
                require(event.external_id == id_ and event.source == SOURCE, f"an event of another item: {event}")
                require(event.at.utcoffset() == timedelta(), f"event times are aware and in UTC: {event.at!r}")
                require(event.origin is EventOrigin.SOURCE, "what the tracker tells has EventOrigin.SOURCE")

    def test_finishing_is_in_the_history(self, open_bench: OpenBench) -> None:
        """When an item entered *done* is what delivered work is dated by."""
        bench = open_bench(50, [10, 20])
        bench.site.finish(bench.ids[0], at(100), bench.person)
        run = bench.run()
        events = [event for event in _events(run)[bench.ids[0]] if event.field is EventField.STATUS]
        require(
            any(event.at == at(100) for event in events), f"no status event at {at(100)}, when the item was finished"
        )
        status = run.fields.status_of(events[-1].to_id, "")
        require(status is not None, f"FieldMap.statuses must know the status {events[-1].to_id!r} that events lead to")

    def test_the_size_of_a_batch_changes_nothing(self, open_bench: OpenBench) -> None:
        """One by one or all at once, and asked for by a connector that did not read the pages."""
        bench = open_bench(2, [10, 20, 30, 40, 50])
        bench.site.finish(bench.ids[3], at(100), bench.person)
        run = bench.run()
        raws = list(run.read().values())
        together = run.histories(raws)
        later = bench.run(run.context.memory)
        require(set(together) == set(bench.ids), "history must give each item's history by id, also an empty one")
        for batch in (1, 2):
            require(later.histories(raws, batch) == together, f"in parts of {batch}, histories are other ones")
        require(run.histories([]) == {}, "history of no items must be empty")


class TakesCensus:
    """What ``census`` and ``resolve`` promise: the list is whole, or it is an error."""

    def test_the_census_is_what_a_full_reading_finds(self, open_bench: OpenBench) -> None:
        """Whatever the page size, and also where items share one time."""
        for page_size in (2, 50):
            bench = open_bench(page_size, [30, 10, 20, 20, 20, 20, 40])
            run = bench.run()
            listed = _census(run)
            require(
                listed == set(run.read()),
                f"the census must list the ids of a full reading; they differ by {sorted(listed ^ set(run.read()))}",
            )

    def test_a_deleted_item_is_not_in_the_census(self, open_bench: OpenBench) -> None:
        """It is the only way to learn of it, and ``resolve`` must not say that it is there."""
        bench = open_bench(50, [10, 20, 30])
        run = bench.run()
        items = run.read_items()
        _census(run)
        gone, kept = bench.ids[1], bench.ids[2]
        bench.site.delete(gone)
        later = bench.run(run.context.memory)
        listed = _census(later)
        require(gone not in listed and kept in listed, f"after item {gone} was deleted the census lists {listed}")
        connector = later.connector
        if isinstance(connector, HasCensus):
            asked = [Missing(id_, items[id_].key) for id_ in (gone, kept)]
            fates = {told.id: told.fate for told in connector.resolve(later.partition, asked)}
            require(
                fates.get(gone, Fate.HIDDEN) in {Fate.GONE, Fate.HIDDEN}, f"resolve says that {gone} is {fates[gone]}"
            )
            require(
                fates.get(kept, Fate.HIDDEN) is Fate.EXISTS,
                f"resolve must say that {kept}, which is there, exists: {fates}",
            )
            require(list(connector.resolve(later.partition, [])) == [], "resolve of nothing is nothing")

    def test_a_census_that_breaks_off_is_an_error(self, open_bench: OpenBench) -> None:
        """What a broken list lacks would be taken for deleted."""
        for broken in range(1, 5):
            bench = open_bench(2, [10 * number for number in range(1, 8)])
            run = bench.run()
            run.discover()
            answered: list[int] = []

            def spoil(
                request: Request, tracker: Handler, answered: list[int] = answered, broken: int = broken
            ) -> Response:
                answered.append(1)
                return Response(502, b"upstream") if len(answered) >= broken else tracker(request)

            with bench.interfered(spoil):
                try:
                    listed = _census(run)
                except ConnectorError:
                    continue
            require(len(answered) < broken, f"answer {broken} of a census failed and no ConnectorError was raised")
            require(listed == set(bench.ids), "a census that ends without an error must be whole")
            return

    def test_a_census_that_shrinks_while_it_is_read_is_whole_or_an_error(self, open_bench: OpenBench) -> None:
        """Items that were there all the time are listed, or nothing is."""
        for moment in range(1, 5):
            bench = open_bench(2, [10 * number for number in range(1, 10)])
            run = bench.run()
            run.discover()
            answered: list[int] = []

            def shrink(
                request: Request,
                tracker: Handler,
                answered: list[int] = answered,
                moment: int = moment,
                bench: Bench = bench,
            ) -> Response:
                answered.append(1)
                if len(answered) == moment:
                    bench.site.delete(bench.ids[0])
                    bench.site.delete(bench.ids[2])
                return tracker(request)

            stayed = {id_ for place, id_ in enumerate(bench.ids) if place not in {0, 2}}
            with bench.interfered(shrink):
                try:
                    listed = _census(run)
                except ConnectorError:
                    continue
            require(
                stayed <= listed,
                f"two items were deleted before answer {moment}, and the census lost {sorted(stayed - listed)} with "
                "them: page by something that does not move, such as the time of creation, or raise",
            )


class TellsIterations:
    """What ``streams`` and ``iterations`` promise."""

    def test_a_cursor_is_good_for_the_next_run(self, open_bench: OpenBench) -> None:
        """It is given back as it was, and where nothing changed one request is enough."""
        bench = open_bench(50, [10, 20])
        run = bench.run()
        run.read()
        first = _iterations(run, {})
        if not first:
            lacks("a stream of iterations at this site")
        later = bench.run(run.context.memory)
        later.discover()
        for stream, read in first.items():
            before = bench.counted()
            again = _iterations(later, {stream: read.cursor}, only=stream)[stream]
            asked = bench.counted() - before
            known = {entry.id: entry for entry in read.iterations}
            changed = [entry.id for entry in again.iterations if known.get(entry.id) != entry]
            require(asked <= 1, f"stream {stream}: {asked} requests where nothing had changed; one is enough")
            require(not changed, f"stream {stream}: iterations {changed} are other ones although nothing changed")
            require(not again.touched, f"stream {stream}: items {again.touched} are touched although nothing changed")

    def test_iterations_are_of_this_source_and_in_utc(self, open_bench: OpenBench) -> None:
        """Id, state and times, as the model says."""
        bench = open_bench(50, [10])
        run = bench.run()
        for stream, read in _iterations(run, {}).items():
            for entry in read.iterations:
                require(entry.source == SOURCE, f"stream {stream}: source must be fields.source, not {entry.source!r}")
                require(entry.state in {"future", "active", "closed"}, f"{entry.state!r} is no state of an iteration")
                for moment in (entry.start, entry.end, entry.completed):
                    require(
                        moment is None or moment.utcoffset() == timedelta(), f"times are aware and in UTC: {moment!r}"
                    )


class AsksLittle:
    """What a run may cost."""

    def test_discovering_again_takes_two_requests_at_most(self, open_bench: OpenBench) -> None:
        """``context.memory`` keeps what need not be asked every time."""
        bench = open_bench(50, [10])
        first = bench.run()
        first.discover()
        before = bench.counted()
        bench.run(first.context.memory).discover()
        asked = bench.counted() - before
        require(asked <= 2, f"discover asked {asked} times in the second run; keep what is known in context.memory")

    def test_a_run_where_nothing_changed_asks_once_for_items(self, open_bench: OpenBench) -> None:
        """One request a partition is what a scheduled sync costs most of the time."""
        bench = open_bench(50, [10, 20, 30])
        first = bench.run()
        _, cursor = first.follow()
        later = bench.run(first.context.memory)
        later.discover()
        before = bench.counted()
        later.read(cursor)
        asked = bench.counted() - before
        require(asked == 1, f"{asked} requests for pages where nothing had changed; one is enough")

    def test_the_class_says_what_the_engine_asks_of_it(self, open_bench: OpenBench) -> None:
        """Version, overlap and the sizes of batches."""
        bench = open_bench(50, [])
        connector = bench.run().connector
        require(connector.api_version == 1, "api_version is the seam's version: 1")
        require(connector.version and isinstance(connector.version, str), "version is the connector's own, as text")
        require(connector.overlap_seconds >= 0, "overlap_seconds is how far a run looks back: 0 or more")
        require(
            not isinstance(connector, HasHistory) or connector.history_batch >= 1, "history_batch must be 1 or more"
        )
        require(not isinstance(connector, HasCensus) or connector.census_days > 0, "census_days must be above 0")
        depends = list(connector.raw_depends_on(bench.run().fields))
        require(all(isinstance(word, str) for word in depends), "raw_depends_on gives words")

    def test_an_empty_project_has_no_items_and_no_error(self, open_bench: OpenBench) -> None:
        """Nothing there is an answer as well."""
        bench = open_bench(50, [])
        require(bench.run().read() == {}, "a project without items must yield none, and raise nothing")


def _events(run: Run) -> dict[str, list[ItemEvent]]:
    connector = run.connector
    if not isinstance(connector, HasHistory):
        lacks("history")
    raws = run.with_history(run.read())
    return {id_: list(connector.normalise_history(raw, run.fields)) for id_, raw in raws.items() if HISTORY in raw}


def _census(run: Run) -> set[str]:
    connector = run.connector
    if not isinstance(connector, HasCensus):
        lacks("a census")
    run.discover()
    with run.context.requests.counted_as("census"):
        return {id_ for ids in connector.census(run.partition) for id_ in ids}


def _iterations(run: Run, cursors: dict[str, str], only: str = "") -> dict[str, IterationsRead]:
    connector = run.connector
    if not isinstance(connector, HasIterations):
        lacks("iterations")
    streams = [stream for stream in connector.streams(run.fields) if only in {"", stream.id}]
    return {stream.id: connector.iterations(stream, cursors.get(stream.id, ""), run.fields) for stream in streams}
