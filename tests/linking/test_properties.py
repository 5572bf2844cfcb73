"""What holds for any items, rules, hierarchies and decisions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from linking.builders import OKRS, decision, item, place
from linking.builders import settings as work_settings
from okrsync.config.settings_file import Work
from okrsync.model.ledger import LinkDecision
from okrsync.model.placements import LinkStatus, Placement, UnlinkedCause
from okrsync.model.work import Item, ItemKind, LinkState, Status
from support.examples import examples

KEYS = ("PAY-1", "PAY-2", "PAY-3", "PAY-4", "acme/web#1", "acme/web#2", "acme/web#3")
NAMES = ("KR1.1", "KR1.2", "KR2.1", "KR0.9", "KR5.1", "2026Q3/KR1.1", "2026Q4/kr1.1", "KR9", "checkout")
COMPONENTS = ("Door", "Scanner")
TYPES = ("Story", "Bug", "Task")
MOMENTS = tuple(datetime(2026, month, 20, 12, tzinfo=UTC) for month in (5, 8, 11))


@dataclass(frozen=True)
class World:
    items: list[Item]
    work: Work
    decisions: list[LinkDecision]


conditions = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(TYPES),
        "component": st.lists(st.sampled_from(COMPONENTS), min_size=1, max_size=2),
        "parent_key": st.sampled_from(KEYS),
        "source": st.sampled_from(("web", "product")),
    },
).filter(bool)
explicit = st.sampled_from(
    (
        {"if": {"label": "kr/*"}, "link": "from_label"},
        {"if": {"body": "KR:"}, "link": "from_body"},
        {"if": {"title": "[*]"}, "link": "from_title"},
        {"if": {"field": "f"}, "link": "from_field"},
    )
)
fixed = st.builds(lambda held, name: {"if": held, "link": name}, conditions, st.sampled_from(NAMES))
inherit = st.integers(1, 4).map(lambda depth: {"if": {"parent": "linked"}, "link": "inherit", "max_depth": depth})
works = st.builds(
    lambda rules, exempt: work_settings(
        *rules,
        exempt=[{"id": f"class {number}", "if": held} for number, held in enumerate(exempt)],
        aliases={"checkout": ["KR2.1", "KR1.2"]},
    ),
    st.lists(st.one_of(explicit, fixed, inherit), max_size=6),
    st.lists(conditions, max_size=2),
)


@st.composite
def one_item(draw: st.DrawFn, key: str) -> Item:
    on_github = "#" in key
    pull = on_github and draw(st.booleans())
    names = st.lists(st.sampled_from(NAMES), max_size=3)
    keys = st.sampled_from((*KEYS, "PAY-99", ""))
    status = draw(st.sampled_from(Status))
    rest: dict[str, Any] = {"delivered": draw(st.sampled_from(MOMENTS))} if status is Status.DONE else {}
    return item(
        key,
        source="web" if on_github else "product",
        kind=ItemKind.PULL_REQUEST if pull else ItemKind.ISSUE,
        type=draw(st.sampled_from(TYPES)),
        status=status,
        updated=draw(st.sampled_from(MOMENTS)),
        parent=draw(keys),
        labels=[f"kr/{name}" for name in draw(names)],
        components=draw(st.lists(st.sampled_from(COMPONENTS), max_size=2)),
        directives=[("kr", ", ".join(draw(names)) or "none")] if draw(st.booleans()) else [],
        title="".join(f"[{name}]" for name in draw(names)) + " words",
        fields={"f": tuple(draw(names))},
        closes=draw(st.lists(keys.map(lambda key: draw(st.sampled_from((key, key.lower())))), max_size=3)),
        **rest,
    )


decisions = st.builds(
    decision, st.sampled_from(("link", "unlink")), st.sampled_from((*KEYS, "pay-1")), st.sampled_from(NAMES[:-1])
)
worlds = st.builds(
    World,
    st.tuples(*map(one_item, KEYS)).map(list),
    works,
    st.lists(decisions, max_size=5),
)
fast = settings(max_examples=examples(50), deadline=None, database=None, derandomize=True)


def placements_of(world: World, items: Sequence[Item] | None = None) -> tuple[Placement, ...]:
    return place(world.items if items is None else items, world.work, world.decisions).placements


@fast
@given(worlds)
def test_the_shares_of_a_linked_item_add_up_to_one_and_others_have_none(world: World) -> None:
    for placement in placements_of(world):
        counted = placement.counted_links
        total = math.fsum(link.share for link in counted)
        if placement.group is LinkStatus.LINKED:
            assert abs(total - 1) < 1e-9
            assert all(link.share > 0 for link in counted)
        else:
            assert counted == ()
        assert all(link.share == 0 for link in placement.links if link.state is not LinkState.OK)
        named = [link.key_result for link in placement.links]
        assert len(named) == len(set(named))


@fast
@given(worlds)
def test_every_item_is_in_exactly_one_group_and_says_why(world: World) -> None:
    placements = placements_of(world)
    assert [placement.item for placement in placements] == world.items
    for placement in placements:
        assert (placement.group is LinkStatus.LINKED) == bool(placement.counted_links)
        assert (placement.group is LinkStatus.EXEMPT) == bool(placement.exempt_class)
        assert (placement.group is LinkStatus.UNLINKED) == bool(placement.reason) == (placement.cause is not None)
        shown = {UnlinkedCause.BROKEN, UnlinkedCause.STALE, UnlinkedCause.AMBIGUOUS}
        assert (placement.group is LinkStatus.UNLINKED and bool(placement.links)) == (placement.cause in shown)


@fast
@given(worlds)
def test_every_link_names_its_item_its_rule_and_how(world: World) -> None:
    known = {entry.qualified_id for entry in OKRS.key_results}
    rules = {f"rule {number}" for number in range(1, len(world.work.rules) + 1)} | {"ledger", "closed issue"}
    for placement in placements_of(world):
        for link in placement.links:
            assert (link.key, link.external_id) == (placement.item.key, placement.item.external_id)
            assert link.rule in rules
            assert link.via
            assert (link.key_result in known) == (link.state is not LinkState.BROKEN)
            assert bool(link.reason) == (link.state is not LinkState.OK)


@fast
@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_the_items_changes_no_placement(world: World, random: Any) -> None:
    shuffled = list(world.items)
    random.shuffle(shuffled)
    before = {placement.item.key: placement for placement in placements_of(world)}
    assert {placement.item.key: placement for placement in placements_of(world, shuffled)} == before


@fast
@given(worlds)
def test_what_people_took_away_last_is_nowhere_on_the_item(world: World) -> None:
    taken = {key: decision("unlink", key, name) for key in KEYS for name in ("KR1.1",)}
    placements = place(world.items, world.work, [*world.decisions, *taken.values()]).placements
    for placement in placements:
        assert not [link for link in placement.links if link.key_result.endswith("/KR1.1")]


@fast
@given(worlds)
def test_what_people_linked_last_counts_unless_it_is_no_running_key_result(world: World) -> None:
    decisions_after = [*world.decisions, *(decision("link", key, "KR2.1") for key in KEYS)]
    for placement in place(world.items, world.work, decisions_after).placements:
        assert {link.rule for link in placement.links} == {"ledger"}
        assert "2026Q4/KR2.1" in {link.key_result for link in placement.links}


@fast
@given(worlds)
def test_pull_requests_close_only_issues_that_exist(world: World) -> None:
    issues = {one.key for one in world.items if one.kind is ItemKind.ISSUE}
    for placement in placements_of(world):
        assert set(placement.implements) <= issues
        assert placement.item.kind is ItemKind.PULL_REQUEST or placement.implements == ()
