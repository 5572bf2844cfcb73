"""What suggestions are made from: everything in a small store, a bounded and steady choice in a large one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linking.builders import BERLIN, BY_LABEL, OKRS, RUN, TODAY, done, goals, item, place, settings
from okrsync.model.work import Item
from okrsync.suggesting import sampling
from okrsync.suggesting.features import FeatureExtractor
from okrsync.suggesting.sampling import Sample, sample

START = datetime(2026, 10, 5, 9, tzinfo=UTC)


def chosen(items: Sequence[Item], cycles: Sequence[str] = ("2026Q4",), only: Sequence[str] | None = None) -> Sample:
    linking = place(items, settings(BY_LABEL, exempt=[RUN]))
    wanted = None if only is None else [entry for entry in linking.placements if entry.item.key in only]
    return sample(linking, OKRS, (), cycles=cycles, today=TODAY, zone=BERLIN, only=wanted)


def delivered(number: int, label: str = "kr/KR1.1", **rest: str) -> Item:
    """An item of the day *number*."""
    return done(f"PAY-{number}", on=START + timedelta(hours=number), labels=[label] if label else [], **rest)


def keys(made: Sample) -> list[str]:
    return [entry.item.key for entry in made.examples]


def test_a_small_store_is_learned_from_whole() -> None:
    items = [delivered(number) for number in range(1, 40)]
    assert keys(chosen(items)) == [one.key for one in items]


def test_of_too_many_the_latest_count_and_none_with_few_links_is_crowded_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_EXAMPLES", 5)
    items = [delivered(1, "kr/KR2.1"), delivered(2, "kr/KR2.1"), *(delivered(number) for number in range(3, 20))]
    asked = item("PAY-99")
    assert keys(chosen([*items, asked])) == ["PAY-1", "PAY-2", "PAY-17", "PAY-18", "PAY-19"]


def test_what_may_be_suggested_goes_before_key_results_whose_cycle_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_EXAMPLES", 4)
    before = datetime(2026, 8, 3, 9, tzinfo=UTC)
    old = [done(f"PAY-{number}", on=before, labels=["kr/KR0.9"]) for number in range(30, 36)]
    items = [*old, *(delivered(number) for number in range(1, 4)), item("PAY-99")]
    assert keys(chosen(items)) == ["PAY-35", "PAY-1", "PAY-2", "PAY-3"]


def test_exempt_items_are_cut_as_much_as_linked_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_EXAMPLES", 10)
    items = [delivered(number) for number in range(1, 41)]
    bugs = [delivered(number, "", type="Bug") for number in range(41, 61)]
    made = chosen([*items, *bugs, item("PAY-99")])
    assert (len(made.examples), made.of_linked, len(made.exempt), made.of_exempt) == (10, 40, 5, 20)
    assert [one.key for one in made.exempt] == ["PAY-56", "PAY-57", "PAY-58", "PAY-59", "PAY-60"]


def test_unlinked_work_is_seen_by_some_from_all_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_BESIDE", 5)
    items = [delivered(number, "") for number in range(100)]
    made = chosen(items)
    assert [one.key for one in made.beside] == ["PAY-0", "PAY-20", "PAY-40", "PAY-60", "PAY-80"]
    assert len(made.unlinked) == len(made.asked) == 100
    assert [one.key for one in chosen(items[:3]).beside] == ["PAY-0", "PAY-1", "PAY-2"]


def test_some_alone_can_be_asked_about_beside_all_others() -> None:
    items = [item(f"PAY-{number}") for number in range(1, 9)]
    made = chosen(items, only=["PAY-3"])
    assert [entry.item.key for entry in made.asked] == ["PAY-3"]
    assert len(made.unlinked) == 8


@given(st.permutations(range(12)), st.integers(1, 12))
def test_the_order_of_items_decides_nothing(order: list[int], most: int) -> None:
    items = [delivered(number // 3, "kr/KR1.1" if number % 2 else "kr/KR2.1", source=f"s{number}") for number in order]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "MOST_EXAMPLES", most)
        found = chosen(items).examples
        again = chosen(sorted(items, key=lambda one: one.source)).examples
    assert len(found) == most
    assert Counter(one.item.source for one in found) == Counter(one.item.source for one in again)


NAMES = ["KR1", "KR1.1", "KR1.10", "kr2-a", "O_9", "7"]


@given(st.lists(st.sampled_from([*NAMES, "kr1.1", "2026Q4", "/", ".", " ", "x", "é", "-", "9"]), max_size=14))
def test_names_are_found_as_a_pattern_of_all_of_them_finds_them(parts: list[str]) -> None:
    okrs = goals({"2026Q4": NAMES})
    ids = {name for entry in okrs.key_results for name in (entry.id, entry.qualified_id)}
    either = "|".join(re.escape(name) for name in sorted(ids, key=lambda name: (-len(name), name)))
    text = "".join(parts)
    plain = re.sub(rf"(?<!\w)(?:{either})(?!\.?\w)", " ", text, flags=re.IGNORECASE)
    words = re.findall(r"[^\W_]{2,}", plain.casefold())
    described = FeatureExtractor([], place([], settings()).hierarchy, okrs).item(item("PAY-1", title=text))
    assert {name for name in described if ":" not in name and " " not in name} == set(words)
