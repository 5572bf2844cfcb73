"""Items in the store: nothing lost, nothing repeated, never an older version over a newer one."""

from __future__ import annotations

import zlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.model.work import Directive, Item, ItemKind, Iteration, Size, Status
from okrsync.store import codec
from okrsync.store.database import Store
from okrsync.store.records import DeadLetter, Fingerprints, SaveCounts
from okrsync.store.tables import item_raw
from support.examples import examples
from support.stores import version_of

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def an_item(external_id: str = "1", **changes: Any) -> Item:
    plain = Item(
        source="web",
        external_id=external_id,
        key=f"acme/web#{external_id}",
        url="https://tracker.example/1",
        kind=ItemKind.ISSUE,
        type="Story",
        title="Pay by card",
        status=Status.TODO,
        original_status="Open",
        created=NOON,
        updated=NOON,
    )
    return replace(plain, **changes)


def save(store: Store, *items: Item, raw: dict[str, Any] | None = None) -> SaveCounts:
    with store.write() as unit:
        return unit.items("web").save(
            [version_of(entry, {"id": entry.external_id} if raw is None else raw) for entry in items], "", NOON
        )


def held(store: Store) -> list[Item]:
    with store.read() as view:
        return list(view.items())


whole_milliseconds = st.integers(-(10**12), 10**13).map(codec.from_ms)
any_moment = st.datetimes(
    min_value=datetime(1900, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001 - same
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
any_text = st.text(st.characters(exclude_categories=()), max_size=12)
storable_text = any_text.map(codec.storable)


def items_of(text: st.SearchStrategy[str], moment: st.SearchStrategy[datetime]) -> st.SearchStrategy[Item]:
    texts = st.lists(text, max_size=3).map(tuple)
    return st.builds(
        Item,
        source=st.just("web"),
        external_id=text,
        key=text,
        url=text,
        kind=st.sampled_from(ItemKind),
        type=text,
        title=text,
        status=st.sampled_from(Status),
        original_status=text,
        created=moment,
        updated=moment,
        delivered=st.none() | moment,
        resolution=text,
        size=st.none() | st.builds(Size, st.floats(allow_nan=False, allow_infinity=False), text),
        project=text,
        team=text,
        parent=text,
        labels=texts,
        components=texts,
        iterations=st.lists(st.builds(Iteration, text, text), max_size=2).map(tuple),
        closes=texts,
        directives=st.lists(st.builds(Directive, text, text), max_size=2).map(tuple),
        fields=st.dictionaries(text, texts, max_size=2),
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=10,
)


def emptied(store: Store) -> None:
    with store.write() as unit:
        for table in ("item_raw", "item", "dead_letter"):
            unit._connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - a name from the line above


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    store = Store.open(f"sqlite:///{tmp_path_factory.mktemp('items')}/store.db")
    yield store
    store.close()


@given(item=items_of(storable_text, whole_milliseconds))
@settings(max_examples=examples(150), deadline=None)
def test_every_field_comes_back_as_it_was_saved(shared_store: Store, item: Item) -> None:
    emptied(shared_store)

    assert save(shared_store, item) == SaveCounts(seen=1, new=1)

    assert held(shared_store) == [item]
    assert save(shared_store, item) == SaveCounts(seen=1)


@given(
    items=st.lists(items_of(any_text, any_moment), max_size=3), raw=st.dictionaries(any_text, json_values, max_size=4)
)
@settings(max_examples=examples(150), deadline=None)
def test_whatever_a_tracker_sends_is_stored_and_can_be_shown(
    shared_store: Store, items: list[Item], raw: dict[str, Any]
) -> None:
    emptied(shared_store)

    saved = save(shared_store, *items, raw=raw)

    back = held(shared_store)
    assert saved.seen == saved.new == len(back) == len({codec.storable(entry.external_id) for entry in items})
    repr(back).encode("utf-8")
    for entry in back:
        "".join([entry.title, *entry.labels, *entry.fields]).encode("utf-8")
        with shared_store.read() as view:
            assert view.raw("web", entry.external_id) == raw


@given(moment=any_moment)
def test_a_moment_is_exact_to_the_millisecond_whatever_its_zone(moment: datetime) -> None:
    back = codec.from_ms(codec.to_ms(moment))

    assert timedelta() <= moment - back < timedelta(milliseconds=1)
    assert back.tzinfo is UTC
    assert codec.to_ms(back) == codec.to_ms(moment)


def test_nul_and_lone_surrogates_become_replacement_characters_and_nothing_else_changes() -> None:
    assert codec.storable("a\x00b\ud83dc\udc00") == "a\ufffdb\ufffdc\ufffd"
    assert codec.storable("größer 🎟\ufe0f \u202e\t\n") == "größer 🎟\ufe0f \u202e\t\n"


def test_every_field_of_an_item_has_a_column() -> None:
    names = set(codec.item_row(an_item()))

    assert names - {"created_ms", "updated_ms", "delivered_ms", "first_done_ms", "size_unit"} == {
        entry.name for entry in fields(Item)
    } - {"created", "updated", "delivered", "first_done", "old_keys"}


def test_an_unchanged_item_is_seen_and_not_written(store: Store) -> None:
    assert save(store, an_item(), an_item("2")) == SaveCounts(seen=2, new=2)
    assert save(store, an_item(), an_item("2", title="Pay by invoice")) == SaveCounts(seen=2, changed=1)
    assert [entry.title for entry in held(store)] == ["Pay by card", "Pay by invoice"]


def test_a_change_that_the_item_does_not_show_is_kept_in_its_raw_form(store: Store) -> None:
    save(store, an_item(), raw={"id": 1})

    assert save(store, an_item(), raw={"id": 1, "points": 3}) == SaveCounts(seen=1, changed=1)
    with store.read() as view:
        assert view.raw("web", "1") == {"id": 1, "points": 3}
        assert view.raw("web", "2") is None


def test_the_order_of_keys_in_a_raw_item_is_no_change(store: Store) -> None:
    save(store, an_item(), raw={"a": 1, "b": {"c": 2, "d": 3}})

    assert save(store, an_item(), raw={"b": {"d": 3, "c": 2}, "a": 1}) == SaveCounts(seen=1)


def test_an_older_version_never_replaces_a_newer_one(store: Store) -> None:
    save(store, an_item(title="new", updated=NOON), raw={"title": "new"})

    older = an_item(title="old", updated=NOON - timedelta(milliseconds=1))
    assert save(store, older, raw={"title": "old"}) == SaveCounts(seen=1)

    assert [entry.title for entry in held(store)] == ["new"]
    with store.read() as view:
        assert view.raw("web", "1") == {"title": "new"}


def test_another_reading_of_the_same_version_replaces_it(store: Store) -> None:
    save(store, an_item(team=""))

    assert save(store, an_item(team="payments")) == SaveCounts(seen=1, changed=1)


@given(
    versions=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4)), min_size=1, max_size=12),
    pages=st.lists(st.integers(1, 4), min_size=12, max_size=12),
)
@settings(max_examples=examples(60), deadline=None)
def test_any_order_and_repetition_of_pages_ends_with_the_newest_versions(
    shared_store: Store, versions: list[tuple[str, int]], pages: list[int]
) -> None:
    emptied(shared_store)
    rest = [an_item(name, title=f"{name}{age}", updated=NOON + timedelta(hours=age)) for name, age in versions]
    new = 0
    for size in pages:
        page, rest = rest[:size], rest[size:]
        new += save(shared_store, *page).new

    newest = {name: max(age for other, age in versions if other == name) for name, _ in versions}
    assert {entry.title for entry in held(shared_store)} == {f"{name}{age}" for name, age in newest.items()}
    assert new == len(newest)


def test_of_an_item_twice_on_a_page_the_newer_one_counts_once(store: Store) -> None:
    newer = an_item(title="newer", updated=NOON + timedelta(seconds=1))

    assert save(store, newer, an_item(title="older")) == SaveCounts(seen=1, new=1)
    assert [entry.title for entry in held(store)] == ["newer"]


def test_of_two_with_the_same_time_the_later_on_the_page_counts(store: Store) -> None:
    save(store, an_item(title="first"), an_item(title="second"))

    assert [entry.title for entry in held(store)] == ["second"]


def test_the_same_id_in_two_sources_is_two_items(store: Store) -> None:
    save(store, an_item())
    with store.write() as unit:
        assert unit.items("app").save([version_of(an_item(source="app"), {})], "", NOON) == SaveCounts(seen=1, new=1)

    assert [entry.source for entry in held(store)] == ["app", "web"]


def test_items_come_by_source_and_then_in_the_order_of_their_numbers(store: Store) -> None:
    save(store, *(an_item(name) for name in ("10", "9", "100", "1")))

    assert [entry.external_id for entry in held(store)] == ["1", "9", "10", "100"]


def test_a_page_of_1500_items_is_saved_whole_and_updated_whole(store: Store) -> None:
    page = [an_item(str(number)) for number in range(1500)]
    assert save(store, *page) == SaveCounts(seen=1500, new=1500)

    changed = [*page[:1499], an_item("1499", title="changed"), an_item("1500")]
    assert save(store, *changed) == SaveCounts(seen=1501, new=1, changed=1)
    assert len(held(store)) == 1501
    everything = [replace(entry, status=Status.DONE) for entry in page]
    assert save(store, *everything) == SaveCounts(seen=1500, changed=1500)


def test_an_empty_page_changes_nothing(store: Store) -> None:
    assert save(store) == SaveCounts()


def test_counts_add_up() -> None:
    assert SaveCounts(3, 2, 1) + SaveCounts(1, 0, 1) == SaveCounts(4, 2, 2)


def test_a_raw_item_is_kept_compressed(store: Store) -> None:
    raw = {"id": 1, "body": "the same words " * 10_000, "float": 0.1, "none": None, "many": [1, [2, {"x": "é"}]]}
    save(store, an_item(), raw=raw)

    with store.read() as view:
        body = view._connection.execute(item_raw.select()).one().body
        assert view.raw("web", "1") == raw
    assert len(body) < 2_000
    assert zlib.decompress(body).startswith(b'{"body":')


def test_a_size_that_is_no_number_is_missing(store: Store) -> None:
    save(store, an_item(size=Size(float("nan"), "points")))

    assert [entry.size for entry in held(store)] == [None]


def test_a_failure_inside_a_transaction_leaves_neither_rows_nor_cursor(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as unit:  # noqa: PT012 - the failure comes after the writing
        unit.items("web").save([version_of(an_item(), {})], "", NOON)
        unit.bury([DeadLetter("web", "2", "ValueError")], NOON)
        unit.save_stream("web", "a", Fingerprints("f", "i"), NOON)
        raise RuntimeError

    with store.read() as view:
        assert list(view.items()) == []
        assert view.dead_letters() == []
        assert view.stream("web", "a") is None


def test_a_view_does_not_see_what_is_written_after_it_began(store: Store) -> None:
    with store.read() as view:
        assert list(view.items()) == []
        save(store, an_item())
        assert list(view.items()) == []

    assert len(held(store)) == 1


def test_a_dead_letter_is_kept_once_and_ends_when_its_item_is_understood(store: Store) -> None:
    with store.write() as unit:
        unit.bury([DeadLetter("web", "1", "KeyError: a\ud800"), DeadLetter("app", "1", "other")], NOON)
    with store.write() as unit:
        unit.bury([DeadLetter("web", "1", "KeyError: b"), DeadLetter("web", "2", "x")], NOON)
    with store.read() as view:
        assert view.dead_letters() == [
            DeadLetter("app", "1", "other"),
            DeadLetter("web", "1", "KeyError: b"),
            DeadLetter("web", "2", "x"),
        ]

    save(store, an_item())

    with store.read() as view:
        assert view.dead_letters() == [DeadLetter("app", "1", "other"), DeadLetter("web", "2", "x")]


def test_a_dead_letter_ends_also_where_the_item_is_as_it_was_before(store: Store) -> None:
    save(store, an_item())
    with store.write() as unit:
        unit.bury([DeadLetter("web", "1", "a broken version of the connector")], NOON)

    assert save(store, an_item()) == SaveCounts(seen=1)

    with store.read() as view:
        assert view.dead_letters() == []
