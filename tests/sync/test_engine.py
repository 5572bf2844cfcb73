"""The engine against small connectors made for one fault each: cursors, counts, isolation, kills, persons."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.errors import (
    AuthenticationError,
    ConnectorError,
    NotFoundError,
    OkrsyncError,
    RateLimitedError,
    StoreError,
    UnexpectedResponseError,
    UnreachableError,
)
from okrsync.model.work import Item, ItemKind, Status
from okrsync.plugins.connector import Connector, FieldMap, Page, Partition, RawItem, SourceSettings
from okrsync.plugins.context import Context, WorkMapping
from okrsync.plugins.secret import TokenReference
from okrsync.store.database import Store
from okrsync.store.records import SaveCounts
from okrsync.sync.engine import SourceRun, sync_source
from support.examples import examples
from support.stores import dump

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 10, 8, 6, tzinfo=UTC)
OVERLAP = 60


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def raw_item(number: int, minutes: float | None = None, **more: Any) -> dict[str, Any]:
    """The tracker's own form of an item, updated *minutes* after noon (its number, unless given)."""
    updated = at(number if minutes is None else minutes)
    return {"id": str(number), "title": f"item {number}", "updated": updated.isoformat(), **more}


class Tracker:
    """A connector for what is in *partitions*; it notes what was asked, and *on_page* may fail."""

    api_version: ClassVar[int] = 1
    version: ClassVar[str] = "1"
    Settings: ClassVar[type[SourceSettings]] = SourceSettings
    overlap_seconds: ClassVar[int] = OVERLAP

    def __init__(
        self,
        partitions: Mapping[str, Sequence[Mapping[str, Any]]] | Sequence[Mapping[str, Any]],
        *,
        page_size: int = 2,
        server_time: datetime | None = NOW,
        on_page: Callable[[str, int], None] = lambda _partition, _number: None,
        on_item: Callable[[RawItem], None] = lambda _raw: None,
    ) -> None:
        self.contents = partitions if isinstance(partitions, Mapping) else {"a": partitions}
        self.page_size = page_size
        self.server_time = server_time
        self.on_page = on_page
        self.on_item = on_item
        self.asked: list[tuple[str, datetime | None]] = []
        self.context: Context | None = None
        self.team = ""
        self.raw_words: list[str] = []

    def made(self, settings: SourceSettings, context: Context) -> Connector:
        self.context, self.team = context, settings.team
        return self

    def discover(self) -> FieldMap:
        assert self.context is not None
        self.context.requests.add()
        return FieldMap(mapping=self.context.mapping, source="web", team=self.team)

    def raw_depends_on(self, fields: FieldMap) -> Sequence[str]:
        return self.raw_words

    def partitions(self) -> Iterator[Partition]:
        return (Partition(name) for name in self.contents)

    def pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
        assert self.context is not None
        self.asked.append((partition.id, since))
        found = [raw for raw in self.contents[partition.id] if since is None or updated(raw) >= since]
        for number, start in enumerate(range(0, max(len(found), 1), self.page_size), start=1):
            self.context.requests.add()
            self.on_page(partition.id, number)
            part = tuple(found[start : start + self.page_size])
            with self.context.requests.counted_as("history"):
                self.context.requests.add()
            yield Page(part, max((updated(raw) for raw in part), default=None), self.server_time)

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        self.on_item(raw)
        return Item(
            source=fields.source,
            external_id=raw["id"],
            key=f"WEB-{raw['id']}",
            url="",
            kind=ItemKind.ISSUE,
            type="Task",
            title=raw["title"],
            status=Status.TODO,
            original_status="Open",
            created=NOON,
            updated=updated(raw),
            team=fields.team,
        )


def updated(raw: RawItem) -> datetime:
    return datetime.fromisoformat(raw["updated"])


def settings_of(**changes: Any) -> SourceSettings:
    given: dict[str, Any] = {"name": "web", "connector": "fake", "token": TokenReference(env="UNUSED"), **changes}
    return SourceSettings(**given)


def sync(
    store: Store,
    tracker: Tracker,
    *,
    mapping: WorkMapping | None = None,
    told: list[SaveCounts] | None = None,
    **changes: Any,
) -> SourceRun:
    def progress(source: str, partition: str, saved: SaveCounts) -> None:
        assert (source, partition in tracker.contents) == ("web", True)
        if told is not None:
            told.append(saved)

    context = Context(folder=Path(), mapping=mapping or WorkMapping())
    return sync_source(store, settings_of(**changes), tracker.made, context, now=NOW, progress=progress)


def cursor(store: Store, partition: str = "a") -> datetime | None:
    with store.read() as view:
        state = view.stream("web", partition)
    return state.high_water if state else None


def titles(store: Store) -> list[str]:
    with store.read() as view:
        return [item.title for item in view.items()]


def letters(store: Store) -> dict[str, str]:
    with store.read() as view:
        return {letter.external_id: letter.error for letter in view.dead_letters()}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/store.db")
    yield opened
    opened.close()


# Cursors


def test_a_first_sync_reads_everything_and_a_second_asks_from_the_cursor_less_the_overlap(store: Store) -> None:
    tracker = Tracker([raw_item(number) for number in range(1, 6)])
    told: list[SaveCounts] = []

    run = sync(store, tracker, told=told)
    assert (run.status, run.saved, run.error) == ("ok", SaveCounts(5, 5, 0), None)
    assert told == [SaveCounts(2, 2), SaveCounts(4, 4), SaveCounts(5, 5)]
    assert cursor(store) == at(5)

    run = sync(store, tracker)
    assert tracker.asked == [("a", None), ("a", at(4))]
    assert (run.status, run.saved) == ("ok", SaveCounts(2, 0, 0)), "inclusive: 4 and 5 are seen again, and none changed"


def test_a_change_within_the_overlap_that_was_shown_late_is_found(store: Store) -> None:
    contents = [raw_item(1), raw_item(5)]
    tracker = Tracker(contents)
    sync(store, tracker)

    contents.insert(1, raw_item(2, 4.5))
    run = sync(store, tracker)

    assert run.saved == SaveCounts(seen=2, new=1)
    assert titles(store) == ["item 1", "item 2", "item 5"]


def test_two_updates_in_the_same_millisecond_as_the_cursor_are_both_read(store: Store) -> None:
    contents = [raw_item(1)]
    tracker = Tracker(contents)
    sync(store, tracker)

    contents.append(raw_item(2, 1))
    sync(store, tracker)

    assert titles(store) == ["item 1", "item 2"]


def test_an_item_updated_in_2999_does_not_move_the_cursor_past_the_trackers_clock(store: Store) -> None:
    future = {**raw_item(9), "updated": "2999-01-01T00:00:00+00:00"}
    contents = [raw_item(1), future]
    tracker = Tracker(contents, server_time=at(30))
    sync(store, tracker)
    assert cursor(store) == at(30)

    contents.insert(1, raw_item(2, 31))
    tracker.server_time = at(40)
    assert sync(store, tracker).saved == SaveCounts(seen=2, new=1)
    assert cursor(store) == at(40)


def test_the_local_clock_plays_no_part_in_the_cursor(store: Store) -> None:
    ahead = NOW + timedelta(days=300)
    tracker = Tracker([{**raw_item(1), "updated": ahead.isoformat()}], server_time=ahead)
    sync(store, tracker)

    assert cursor(store) == ahead


def test_a_partition_without_items_has_no_cursor_and_is_asked_for_everything_again(store: Store) -> None:
    contents: list[dict[str, Any]] = []
    tracker = Tracker(contents)
    assert sync(store, tracker).status == "ok"

    contents.append(raw_item(1, -5000))
    assert sync(store, tracker).saved == SaveCounts(1, 1, 0)
    assert tracker.asked == [("a", None), ("a", None)]


@pytest.mark.parametrize(
    "change", [{"since": NOON.date()}, {"raw_words": ["branches"]}, {"version": "2"}], ids=["scope", "shape", "version"]
)
def test_raw_items_of_another_scope_shape_or_version_are_read_again(store: Store, change: dict[str, Any]) -> None:
    tracker = Tracker([raw_item(number) for number in range(1, 6)])
    sync(store, tracker)

    settings = {name: value for name, value in change.items() if name == "since"}
    for name in set(change) - set(settings):
        setattr(tracker, name, change[name])
    run = sync(store, tracker, **settings)
    assert (run.saved.seen, run.saved.changed) == (5, 0)
    sync(store, tracker, **settings)

    assert [since for _, since in tracker.asked] == [None, None, at(4)]


def test_another_mapping_makes_stored_items_anew_and_reads_only_what_changed(store: Store) -> None:
    tracker = Tracker([raw_item(number) for number in range(1, 6)])
    sync(store, tracker)
    sync(store, tracker)
    assert tracker.context is not None
    unchanged = tracker.context.requests.total

    run = sync(store, tracker, team="payments")
    assert run.saved.changed == 5
    assert tracker.context.requests.total == unchanged, "no request more than for a run without a change"
    sync(store, tracker, mapping=WorkMapping(count_items=True), team="payments")

    assert [since for _, since in tracker.asked] == [None, at(4), at(4), at(4)]
    with store.read() as view:
        assert {item.team for item in view.items()} == {"payments"}


def test_making_items_anew_gives_what_a_fresh_sync_gives(store: Store, tmp_path: Path) -> None:
    tracker = Tracker([raw_item(number) for number in range(1, 1203)], page_size=400)
    sync(store, tracker)
    assert sync(store, tracker, team="payments").saved.changed == 1202

    fresh = Store.open(f"sqlite:///{tmp_path / 'fresh.db'}")
    sync(fresh, tracker, team="payments")
    with store.read() as view, fresh.read() as other:
        assert list(view.items()) == list(other.items())
    fresh.close()


def test_a_stored_item_that_is_understood_no_more_is_told(store: Store) -> None:
    tracker = Tracker([raw_item(number) for number in range(1, 4)])
    sync(store, tracker)

    def refuse(raw: RawItem) -> None:
        if raw["id"] == "1":
            raise ValueError("not this one")

    tracker.on_item = refuse
    run = sync(store, tracker, team="payments")
    assert (run.status, run.buried) == ("partial", 1)


def test_another_token_is_no_other_scope(store: Store) -> None:
    tracker = Tracker([raw_item(1)])
    sync(store, tracker)
    sync(store, tracker, token=TokenReference(env="OTHER"))

    assert tracker.asked[1] == ("a", at(0))


def test_a_full_read_that_breaks_goes_on_where_it_stopped_and_under_the_new_mapping(store: Store) -> None:
    tracker = Tracker([raw_item(number) for number in range(1, 7)])
    sync(store, tracker)

    tracker.raw_words = ["branches"]
    tracker.on_page = failing_at(2, UnreachableError("no connection"))
    assert sync(store, tracker, team="payments").status == "partial"
    tracker.on_page = lambda _partition, _number: None
    sync(store, tracker, team="payments")

    assert tracker.asked[2] == ("a", at(1))
    with store.read() as view:
        assert {item.team for item in view.items()} == {"payments"}


# Failures


def failing_at(page: int, error: BaseException, partition: str = "a") -> Callable[[str, int], None]:
    def fail(name: str, number: int) -> None:
        if (name, number) == (partition, page):
            raise error

    return fail


@pytest.mark.parametrize(
    "error", [KeyError("x"), RuntimeError("a bug"), RecursionError(), MemoryError(), AssertionError(), SystemExit(3)]
)
@pytest.mark.parametrize("page", [1, 2])
def test_whatever_a_connector_raises_ends_this_source_alone(store: Store, error: BaseException, page: int) -> None:
    run = sync(store, Tracker([raw_item(1), raw_item(2), raw_item(3)], on_page=failing_at(page, error)))

    assert run.status == ("failed" if page == 1 else "partial")
    assert isinstance(run.error, ConnectorError)
    assert str(run.error) == (
        f"source web: the connector fake failed with {type(error).__name__}; report this to whoever maintains it"
    )
    assert titles(store) == ["item 1", "item 2"][: (page - 1) * 2]
    with store.read() as view:
        assert view.last_runs()["web"].status == run.status
        assert view.last_runs()["web"].error == str(run.error)


@pytest.mark.parametrize("place", ["made", "discover", "partitions"])
@pytest.mark.parametrize("error", [TypeError("a bug"), AuthenticationError("refused"), SystemExit(1)])
def test_a_connector_that_does_not_even_start_is_a_failed_run(
    store: Store, monkeypatch: pytest.MonkeyPatch, place: str, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    tracker = Tracker([raw_item(1)])
    monkeypatch.setattr(tracker, place, fail)
    run = sync(store, tracker)

    assert run.status == "failed"
    assert run.error is error if isinstance(error, OkrsyncError) else isinstance(run.error, ConnectorError)


def test_an_interruption_by_the_user_is_not_swallowed(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        sync(store, Tracker([raw_item(1)], on_page=failing_at(1, KeyboardInterrupt())))


@pytest.mark.parametrize("error", [AuthenticationError("refused"), RateLimitedError("wait")])
def test_a_refused_token_or_a_limit_stops_the_other_partitions(store: Store, error: ConnectorError) -> None:
    tracker = Tracker({name: [raw_item(number)] for number, name in enumerate("abc")})
    tracker.on_page = failing_at(1, error, "b")

    run = sync(store, tracker)

    assert [name for name, _ in tracker.asked] == ["a", "b"]
    assert (run.status, run.error, run.partitions_read) == ("partial", error, 1)
    assert titles(store) == ["item 0"]


@pytest.mark.parametrize("error", [NotFoundError("gone"), UnexpectedResponseError("HTML"), UnreachableError("timeout")])
def test_a_project_that_is_gone_does_not_hide_the_others(store: Store, error: ConnectorError) -> None:
    tracker = Tracker({name: [raw_item(number)] for number, name in enumerate("abc")})
    sync(store, tracker)
    tracker.on_page = failing_at(1, error, "b")

    run = sync(store, tracker)

    assert [name for name, _ in tracker.asked[3:]] == ["a", "b", "c"]
    assert (run.status, run.error, run.partitions_read) == ("partial", error, 2)
    assert titles(store) == ["item 0", "item 1", "item 2"], "its old items are kept"


def test_the_first_of_several_errors_is_told(store: Store) -> None:
    errors = {"a": NotFoundError("first"), "b": AuthenticationError("second")}

    def fail(partition: str, _: int) -> None:
        raise errors[partition]

    run = sync(store, Tracker({"a": [], "b": []}, on_page=fail))

    assert (run.status, run.error) == ("failed", errors["a"])


def test_a_page_that_fails_leaves_the_cursor_at_the_page_before(store: Store) -> None:
    tracker = Tracker([raw_item(number) for number in range(1, 7)])
    tracker.on_page = failing_at(3, UnreachableError("no connection"))
    sync(store, tracker)
    assert cursor(store) == at(4)

    tracker.on_page = lambda _partition, _number: None
    assert sync(store, tracker).saved == SaveCounts(seen=4, new=2)
    assert tracker.asked[1] == ("a", at(3))


def test_a_store_that_cannot_be_written_stops_the_sync(store: Store) -> None:
    def break_the_store(_: str, number: int) -> None:
        if number == 2:
            with store.write() as unit:
                unit._connection.exec_driver_sql("DROP TABLE stream_state")

    with pytest.raises(StoreError):
        sync(store, Tracker([raw_item(1), raw_item(2), raw_item(3)], on_page=break_the_store))

    assert titles(store) == ["item 1", "item 2"], "rows are not kept without their cursor"


# Items that cannot be understood


def test_an_item_that_cannot_be_understood_is_counted_and_the_others_are_kept(store: Store) -> None:
    tracker = Tracker([raw_item(1), {"id": "2", "updated": at(2).isoformat()}, raw_item(3)])

    run = sync(store, tracker)

    assert (run.status, run.buried, run.saved, run.error) == ("partial", 1, SaveCounts(2, 2, 0), None)
    assert letters(store) == {"2": 'it has no "title"'}
    assert cursor(store) == at(3)


def test_an_item_that_is_understood_later_is_no_dead_letter_any_more(store: Store) -> None:
    contents = [{"id": "2", "updated": at(2).isoformat()}]
    tracker = Tracker(contents)
    sync(store, tracker)

    contents[0] = raw_item(2, 3)
    run = sync(store, tracker)

    assert run.status == "ok"
    assert letters(store) == {}


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"x": value}
    return value


class Careless(Tracker):
    """Hands on whatever the test put into ``changes``, as an untyped plugin might."""

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        return replace(super().normalise(raw, fields), **raw.get("changes", {}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"title": None}, "TypeError"),
        ({"key": 5}, "TypeError"),
        ({"updated": datetime(2026, 10, 1)}, "TypeError"),  # noqa: DTZ001 - the fault under test
        ({"status": "todo"}, "AttributeError"),
        ({"labels": (None,)}, "TypeError"),
        ({"source": "another"}, "ValueError: an item of source another"),
    ],
)
def test_an_item_that_the_store_cannot_hold_is_a_dead_letter_too(
    store: Store, changes: dict[str, Any], reason: str
) -> None:
    tracker = Careless([raw_item(1), raw_item(2), raw_item(3)])
    tracker.contents["a"][1]["changes"] = changes  # type: ignore[index]  # the list holds dicts

    run = sync(store, tracker)

    assert (run.status, run.buried) == ("partial", 1)
    assert f"({reason}" in letters(store)["2"]
    assert titles(store) == ["item 1", "item 3"]


@pytest.mark.parametrize("odd", [None, "text", 5, ["list"]])
def test_a_raw_item_that_is_no_object_is_a_dead_letter(store: Store, odd: Any) -> None:
    class Odd(Tracker):
        def pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
            yield Page((odd, raw_item(1)), at(1), NOW)

    run = sync(store, Odd([]))

    assert (run.status, run.buried, run.saved) == ("partial", 1, SaveCounts(1, 1, 0))
    assert list(letters(store)) == ["?"]


def test_a_raw_item_nested_without_end_is_a_dead_letter(store: Store) -> None:
    run = sync(store, Tracker([raw_item(1, deep=nested(50_000)), raw_item(2, deep=nested(100))]))

    assert (run.status, run.buried, run.saved.seen) == ("partial", 1, 1)
    assert "(RecursionError" in letters(store)["1"]


def test_text_that_no_database_takes_does_not_stop_the_source(store: Store) -> None:
    run = sync(store, Tracker([raw_item(1, title="a\ud800b\x00c 🎟")]))

    assert run.status == "ok"
    assert titles(store) == ["a\ufffdb\ufffdc 🎟"]


# Requests


def test_requests_are_counted_by_what_they_were_for(store: Store) -> None:
    sync(store, Tracker({"a": [raw_item(number) for number in range(5)], "b": []}))

    with store.read() as view:
        assert view.last_runs()["web"].requests == {
            "setup": 1, "items": 4, "history": 4, "iterations": 0, "census": 0
        }  # fmt: skip


# Persons

CANARIES = ("canary-login", "canary@example.com", "Canary Name", "canary-account-id")


class Gossip(Tracker):
    """Forgets to leave people out, and repeats what it read in its errors."""

    def discover(self) -> FieldMap:
        return FieldMap(team=self.team)

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        if raw["id"] == "2":
            raise ValueError(f"cannot read {dict(raw)}, ask canary@example.com")
        if raw["id"] == "3":
            raise RuntimeError
        people = [str(raw.get(name)) for name in ("assignee", "customfield_1", "watched", "nickname")]
        return replace(super().normalise(raw, fields), labels=(*people, str(raw.get("comments"))))


def test_no_person_reaches_the_store_even_through_a_careless_connector(store: Store, tmp_path: Path) -> None:
    login, address, name, account = CANARIES
    person = {"login": login, "emailAddress": address, "displayName": name, "accountId": account}
    people: dict[str, Any] = {
        "assignee": person,
        "customfield_1": {"name": login, "accountId": account, "self": f"https://x.example/user?accountId={account}"},
        "watched": [person, {"by": [person]}],
        "nickname": login,
        "comments": [{"updateAuthor": name, "body": f"Hello {address}!"}],
    }
    tracker = Gossip([raw_item(number, **people, title=f"mail {address}") for number in (1, 2, 4)], page_size=3)
    tracker.on_page = failing_at(2, NotFoundError(f"{address} may not see this"))
    tracker.contents["a"].append(raw_item(5))  # type: ignore[attr-defined]  # the list that the test gave

    run = sync(store, tracker)

    assert (run.status, run.buried, run.saved.seen) == ("partial", 1, 2)
    with store.read() as view:
        raws = [view.raw("web", number) for number in ("1", "4")]
        told = repr([raws, list(view.items()), view.dead_letters(), view.last_runs()])
        bodies = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert (tmp_path / "store.db-wal").exists() or (tmp_path / "store.db").stat().st_size > 0
    assert raws[0] is not None
    assert raws[0]["comments"] == [{"body": "Hello someone@…!"}]
    for canary in CANARIES:
        assert canary not in told
        assert canary.encode() not in bodies


# Kills

PROGRAM = """
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("engine_tests", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.path.insert(0, os.path.dirname(os.path.dirname(sys.argv[1])))
sys.modules["engine_tests"] = module
spec.loader.exec_module(module)
for place, number in module.KILLS:
    pid = os.fork()  # everything is imported by now, and nothing opened
    if pid == 0:
        module.sync_and_die(sys.argv[2], place, number)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
KILLS = [("page", 1), ("rows", 1), ("page", 3), ("rows", 4), ("commit", 2), ("cursor", 3), ("page", 9), ("rows", 12),
         ("cursor", 6), ("commit", 5)]  # fmt: skip
ITEMS = 60


def backlog() -> Tracker:
    contents = {
        name: [raw_item(number) for number in range(first, first + ITEMS)] for name, first in PARTITIONS.items()
    }
    contents["a"][7].pop("title")
    return Tracker(contents, page_size=4)


PARTITIONS = {"a": 0, "b": ITEMS}


def sync_and_die(url: str, place: str, number: int) -> None:
    """Run in a process of its own: sync, and end without any farewell at the *number*-th time at *place*."""
    from okrsync.store.item_writer import ItemWriter  # noqa: PLC0415 - same
    from okrsync.store.unit_of_work import UnitOfWork  # noqa: PLC0415 - patched in this process alone

    times = 0

    def die(*_: object) -> None:
        nonlocal times
        times += 1
        if times == number:
            os._exit(9)

    def around(of: type, name: str, *, before: bool) -> None:
        real = getattr(of, name)

        def dying(*arguments: Any, **named: Any) -> Any:
            if before:
                die()
            result = real(*arguments, **named)
            if not before:
                die()
            return result

        setattr(of, name, dying)

    tracker, store = backlog(), Store.open(url)
    if place == "page":
        tracker.on_page = die
    if place == "rows":
        around(ItemWriter, "save", before=False)
    if place == "cursor":
        around(UnitOfWork, "save_stream", before=False)
    if place == "commit":
        sa.event.listen(store._backend.engine, "commit", die)
    sync(store, tracker)
    store.close()


def test_after_kills_at_any_place_the_next_sync_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/killed.db"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, __file__, url],
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=600,
    )
    codes = [int(line) for line in done.stdout.split()]
    assert len(codes) == len(KILLS)
    assert codes[:4] == [9] * 4, "these come early enough to be reached"
    assert codes.count(9) >= 8

    with closing(Store.open(url)) as killed, closing(Store.open(f"sqlite:///{tmp_path}/calm.db")) as calm:
        assert sync(killed, backlog()).error is None
        assert sync(calm, backlog()).error is None
        assert dump(killed, timeless=True) == dump(calm, timeless=True)
        with killed.read() as view:
            assert len(view.dead_letters()) == 1
            assert view._connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert len(list(view.items())) == 2 * ITEMS - 1


@given(
    breaks=st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 6)), max_size=4),
    size=st.integers(1, 5),
)
@settings(max_examples=examples(15), deadline=None)
def test_after_any_broken_pages_a_clean_sync_ends_as_if_nothing_had_happened(
    tmp_path_factory: pytest.TempPathFactory, breaks: list[tuple[str, int]], size: int
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    contents = {"a": [raw_item(number) for number in range(12)], "b": [raw_item(number) for number in range(12, 20)]}
    stores = [Store.open(f"sqlite:///{folder}/{name}.db") for name in ("broken", "calm")]
    for partition, page in breaks:
        failing = failing_at(page, UnreachableError("cut"), partition)
        sync(stores[0], Tracker(contents, page_size=size, on_page=failing))
    for store in stores:
        sync(store, Tracker(contents, page_size=size))
    first, second = (dump(store, timeless=True) for store in stores)
    for store in stores:
        store.close()

    assert first == second
