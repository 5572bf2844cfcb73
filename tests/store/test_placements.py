"""Where items stand, as the store keeps it: what is written comes back, and what a report wants of it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from okrsync.model.placements import LinkStatus, Placement, UnlinkedCause
from okrsync.model.work import Item, ItemKind, Iteration, Link, LinkState, Status
from okrsync.store.database import Store
from okrsync.store.records import DeadLetter, Fingerprints, ItemFilter, PlacementCacheEntry, Scope
from okrsync.store.tables import placement
from support.stores import version_of

NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)
MADE = PlacementCacheEntry("stamp", '{"items": 3}')
SCOPE = [Scope("web")]


def item(number: int, status: Status = Status.TODO, **more: object) -> Item:
    made = Item(
        source="web",
        external_id=str(number),
        key=f"acme/Web#{number}",
        url="",
        kind=ItemKind.ISSUE,
        type="Story",
        title=f"Step {number}",
        status=status,
        original_status=status.value,
        created=NOON - timedelta(days=90),
        updated=NOON,
        delivered=NOON if status is Status.DONE else None,
        project="acme/web",
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of an item, as the caller names them


def linked(made: Item, *names: str, state: LinkState = LinkState.OK) -> Placement:
    links = tuple(
        Link(made.source, made.external_id, made.key, name, state, "rule 1", f"label kr/{name}", 1 / len(names), 0, "")
        for name in names
    )
    return Placement(made, LinkStatus.LINKED if state is LinkState.OK else LinkStatus.UNLINKED, links)


def unlinked(made: Item) -> Placement:
    return Placement(made, LinkStatus.UNLINKED, reason="no rule matches", cause=UnlinkedCause.NO_RULE)


def keep(store: Store, placements: Sequence[Placement], made: PlacementCacheEntry = MADE) -> None:
    with store.write() as unit:
        unit.items("web").save([version_of(one.item, {"key": one.item.key}) for one in placements], "acme/web", NOON)
        unit.save_stream("web", "acme/web", Fingerprints("raw", "item"), None)
        unit.save_links((link for one in placements for link in one.links), NOON)
        unit.save_placements(placements, made)


def wanted(store: Store, **what: object) -> list[Placement]:
    with store.read() as view:
        return view.placements(SCOPE, ItemFilter(**what))  # type: ignore[arg-type]  # fields of it, as a test names them


SERVING = linked(item(1), "2026Q4/KR1.1", "2026Q4/KR1.2")
EXEMPT = Placement(item(2, Status.DONE, delivered=NOON - timedelta(days=40)), LinkStatus.EXEMPT, exempt_class="run")
BROKEN = linked(item(3), "KR9", state=LinkState.BROKEN)
REQUEST = replace(
    unlinked(item(10, Status.DONE, kind=ItemKind.PULL_REQUEST, closes=("acme/web#1",))), implements=("acme/Web#1",)
)
DROPPED = unlinked(item(11, Status.DROPPED, iterations=(Iteration("5", "Sprint 5"),)))
ALL = [SERVING, EXEMPT, BROKEN, REQUEST, DROPPED]


def test_what_is_written_comes_back_as_it_was(store: Store) -> None:
    keep(store, ALL)

    assert wanted(store, keys=frozenset(one.item.key for one in ALL)) == ALL


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ({}, []),
        ({"key_results": frozenset({"2026Q4/KR1.2"})}, [SERVING]),
        ({"key_results": frozenset({"2026Q3/KR1.2"})}, []),
        ({"delivered": (NOON - timedelta(days=1), NOON)}, [REQUEST]),
        ({"delivered": (NOON - timedelta(days=50), NOON - timedelta(days=1))}, [EXEMPT]),
        ({"is_open": True}, [SERVING, BROKEN]),
        ({"has_trouble": True}, [BROKEN]),
        ({"keys": frozenset({"ACME/web#11"})}, [DROPPED]),
        ({"iterations": frozenset({("web", "5")})}, [DROPPED]),
        ({"iterations": frozenset({("jira", "5"), ("web", "55")})}, []),
    ],
)
def test_only_what_is_wanted_is_read(store: Store, what: dict[str, object], found: list[Placement]) -> None:
    keep(store, ALL)

    assert wanted(store, **what) == found


def test_an_item_that_is_open_again_and_one_that_came_on_no_known_day_are_never_left_out(store: Store) -> None:
    again = linked(item(4, reopened=1, first_done=NOON), "2026Q4/KR1.1")
    dayless = unlinked(item(5, Status.DONE, delivered=None))
    keep(store, [again, dayless])

    assert wanted(store, has_trouble=True) == [again]
    assert wanted(store, delivered=(NOON - timedelta(days=9), NOON - timedelta(days=8))) == [dayless]


def test_an_item_is_found_by_a_key_that_it_had(store: Store) -> None:
    keep(store, [SERVING])
    with store.write() as unit:
        unit.items("web").save([version_of(replace(item(1), key="acme/app#7"), {"key": "7"})], "acme/web", NOON)
    moved = linked(replace(item(1), key="acme/app#7", old_keys=("acme/Web#1",)), "2026Q4/KR1.1")
    with store.write() as unit:
        unit.save_placements([moved], MADE)

    assert wanted(store, keys=frozenset({"ACME/WEB#1"})) == [moved]
    with store.read() as view:
        for asked in ("Acme/app#7", "ACME/web#1"):
            assert view.items_called(SCOPE, [asked]) == view.placed_items_called(SCOPE, [asked]) == [moved.item]


def test_writing_again_keeps_what_is_the_same_and_takes_away_what_is_gone(store: Store) -> None:
    keep(store, ALL)
    other = replace(BROKEN, group=LinkStatus.EXEMPT, links=(), exempt_class="run")
    with store.write() as unit:
        unit.save_placements([SERVING, other], MADE)

    assert wanted(store, keys=frozenset(one.item.key for one in ALL)) == [SERVING, other]


def test_what_is_out_of_scope_or_gone_is_not_read(store: Store) -> None:
    keep(store, [SERVING, BROKEN])
    with store.write() as unit:
        unit.items("web").bury({"1": "deleted"}, NOON)

    assert wanted(store, is_open=True) == [BROKEN]
    with store.read() as view:
        assert view.placements([Scope("other")], ItemFilter(is_open=True)) == []


def test_the_placements_hold_until_something_is_written_to_the_items(store: Store) -> None:
    with store.read() as view:
        assert view.placing() is None
    keep(store, ALL)
    with store.write() as unit:
        unit.save_settled(["2026Q4/KR1.2", "2026Q4/KR1.1"])
    with store.read() as view:
        assert view.placing() == replace(MADE, settled=frozenset({"2026Q4/KR1.1", "2026Q4/KR1.2"}))
    with store.write() as unit:
        unit.bury([DeadLetter("web", "99", "not understood")], NOON)
    with store.read() as view:
        assert view.placing() is not None

    with store.write() as unit:
        unit.items("web").found_again(["1"])

    with store.read() as view:
        assert view.placing() is None


def test_a_source_that_is_narrowed_is_placed_anew(store: Store) -> None:
    keep(store, ALL)
    with store.write() as unit:
        unit.set_scope("web", [])
    with store.read() as view:
        assert view.placing() is None


def test_what_is_purged_leaves_no_word_of_itself(store: Store) -> None:
    keep(store, ALL)
    with store.write() as unit:
        unit.purge([])
    with store.read() as view:
        assert view.placements([Scope("web")], ItemFilter(keys=frozenset({"acme/Web#1"}))) == []
        assert list(view.rows(placement)) == []


def test_the_work_of_an_iteration_is_counted_by_project(store: Store) -> None:
    sprint = (Iteration("5", "Sprint 5"), Iteration("6", "Sprint 6"))
    keep(
        store,
        [
            linked(item(1, iterations=sprint), "2026Q4/KR1.1"),
            unlinked(item(2, iterations=sprint[:1], project="acme/app")),
            unlinked(item(3, iterations=sprint[1:])),
            DROPPED,
            replace(
                unlinked(item(12, kind=ItemKind.PULL_REQUEST, iterations=sprint, closes=("acme/web#1",))),
                implements=("acme/Web#1",),
            ),
        ],
    )

    with store.read() as view:
        assert view.work_in_iterations(SCOPE) == [
            ("web", "5", "acme/app", 1),
            ("web", "5", "acme/web", 1),
            ("web", "6", "acme/web", 2),
        ]


def test_the_delivered_work_of_a_key_result_is_told_by_its_links(store: Store) -> None:
    done = linked(item(6, Status.DONE), "2026Q4/KR1.1")
    keep(store, [SERVING, done, linked(item(7, Status.DONE), "2026Q4/KR1.1", state=LinkState.STALE)])

    with store.read() as view:
        assert view.delivered_links({"2026Q4/KR1.1", "2026Q4/KR1.2"}) == {("2026Q4/KR1.1", "acme/Web#6")}
        assert set(view.link_starts({"2026Q4/KR1.2"})) == {("web", "1", "2026Q4/KR1.2")}
