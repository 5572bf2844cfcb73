"""How much planned work serves a key result: shares that add up, units that are never mixed, nothing counted twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.model.placements import Placement
from okrsync.reports.plan.balance import balance_of, exempt_planned
from okrsync.reports.plan.coverage import COUNT, coverage_of, pieces_of_work, whole_percents
from support.plan_case import exempt, item, key_result, linked, linking, okrs, unlinked

SIZES = st.none() | st.tuples(st.sampled_from(["points", "hours"]), st.floats(0, 100))


@st.composite
def work(draw: st.DrawFn) -> list[Placement]:
    found = []
    for number in range(draw(st.integers(0, 12))):
        told = draw(SIZES)
        entry = item(f"PAY-{number}") if told is None else item(f"PAY-{number}", told[1], unit=told[0])
        place = draw(st.sampled_from(["linked", "both", "exempt", "unlinked"]))
        makers = {
            "linked": lambda entry: linked(entry, "KR1"),
            "both": lambda entry: linked(entry, "KR1", "KR2"),
            "exempt": exempt,
            "unlinked": unlinked,
        }
        found.append(makers[place](entry))
    return found


@given(work())
def test_shares_add_up_to_one_in_every_unit_and_by_count(planned: list[Placement]) -> None:
    coverage = coverage_of(planned)

    for shares in (coverage.by_count, *coverage.by_size):
        parts = (shares.linked, shares.exempt, shares.unlinked)
        if shares.total:
            assert sum(part or 0.0 for part in parts) == pytest.approx(1)
            assert sum(whole_percents(shares)) == 100
        else:
            assert parts == (None, None, None)
            assert whole_percents(shares) == (0, 0, 0)


@given(work())
def test_values_themes_and_kinds_add_up_to_one_where_anything_is_linked(planned: list[Placement]) -> None:
    goals = okrs(key_result("KR1"), key_result("KR2", kind="lagging"), values=("trust", "speed"))
    balance = balance_of(planned, goals, COUNT, frozenset())

    is_linked = any(entry.counted_links for entry in planned)
    for portions in (balance.values, balance.themes, balance.kinds):
        assert sum(portion.share for portion in portions) == pytest.approx(1.0 if is_linked else 0.0)
    assert sum(portion.share for portion in balance.work) == pytest.approx(1.0 if planned else 0.0)


def test_sizes_of_different_units_are_never_summed() -> None:
    coverage = coverage_of([linked(item("PAY-1", 5), "KR1"), unlinked(item("PAY-2", 8, unit="hours"))])

    assert {shares.unit: shares.total for shares in coverage.by_size} == {"points": 5.0, "hours": 8.0}
    assert (coverage.items, coverage.sized) == (2, 2)


def test_it_goes_by_size_where_half_of_the_items_have_one_and_by_count_where_fewer_have() -> None:
    half = [linked(item("PAY-1", 9), "KR1"), unlinked(item("PAY-2"))]
    assert coverage_of(half).measure == "points"
    assert coverage_of(half).measured.serving == pytest.approx(1.0)

    fewer = [*half, unlinked(item("PAY-3"))]
    assert coverage_of(fewer).measure == COUNT
    assert coverage_of(fewer).measured.serving == pytest.approx(1 / 3)


def test_exempt_work_is_no_part_of_the_share_that_needs_a_key_result() -> None:
    coverage = coverage_of([linked(item("PAY-1", 3), "KR1"), unlinked(item("PAY-2", 1)), exempt(item("PAY-3", 4))])

    assert coverage.measured.serving == pytest.approx(0.75)
    assert coverage.measured.linked == pytest.approx(3 / 8)


def test_where_all_of_it_is_exempt_no_share_is_given() -> None:
    assert coverage_of([exempt(item("PAY-1", 3))]).measured.serving is None


def test_an_item_with_a_size_stands_for_those_below_it_that_have_none() -> None:
    placements = [linked(item("PAY-1", 5), "KR1"), linked(item("PAY-2", parent="PAY-1"), "KR1")]

    kept, parts = pieces_of_work(placements, linking(*placements).hierarchy)

    assert ([entry.item.key for entry in kept], parts) == (["PAY-1"], 1)


def test_an_item_without_a_size_is_stood_for_by_those_below_it() -> None:
    placements = [linked(item("PAY-1"), "KR1"), linked(item("PAY-2", 3, parent="PAY-1"), "KR1")]

    kept, parts = pieces_of_work(placements, linking(*placements).hierarchy)

    assert ([entry.item.key for entry in kept], parts) == (["PAY-2"], 1)


def test_work_below_an_item_that_serves_something_else_is_counted_by_itself() -> None:
    placements = [linked(item("PAY-1", 5), "KR1"), unlinked(item("PAY-2", parent="PAY-1"))]

    kept, _ = pieces_of_work(placements, linking(*placements).hierarchy)

    assert len(kept) == 2


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=10))
def test_of_what_lies_above_one_another_something_is_always_counted(told: list[tuple[int, bool]]) -> None:
    """Even where parents go in circles."""
    placements = [
        linked(item(f"PAY-{number}", 1.0 if is_sized else None, parent=f"PAY-{parent}"), "KR1")
        for number, (parent, is_sized) in enumerate(told)
    ]

    kept, parts = pieces_of_work(placements, linking(*placements).hierarchy)

    assert kept
    assert len(kept) + parts == len(placements)


def test_an_exempt_class_over_its_budget_is_told_by_size_and_by_count() -> None:
    planned = [exempt(item("PAY-1", 9)), linked(item("PAY-2", 1), "KR1"), unlinked(item("PAY-3", 2))]

    line, idle = exempt_planned(planned, [("run", 0.5), ("learning", None)], coverage_of(planned))

    assert line.share == pytest.approx(0.75)
    assert line.share_by_count == pytest.approx(1 / 3)
    assert line.is_over is True
    assert (idle.planned.items, idle.is_over) == (0, None)
