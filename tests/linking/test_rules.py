"""What each kind of rule says of an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from linking.builders import (
    BY_BODY,
    BY_FIELD,
    BY_LABEL,
    BY_TITLE,
    INHERIT,
    first,
    item,
    links,
    place,
    settings,
    shares,
    states,
)
from okrsync.linking.conditions import Hierarchy
from okrsync.model.placements import LinkStatus, UnlinkedCause
from okrsync.model.work import Item

KR11, KR12, KR21 = "2026Q4/KR1.1", "2026Q4/KR1.2", "2026Q4/KR2.1"


def fixed(link: str = "KR1.1", **conditions: Any) -> Mapping[str, Any]:
    return {"if": conditions, "link": link}


# ---------------------------------------------------------------- from_label


def test_a_label_that_the_glob_matches_names_the_key_result() -> None:
    placed = first(item(labels=["urgent", "kr/KR1.1"]), settings(BY_LABEL))
    assert placed.group is LinkStatus.LINKED
    assert links(placed) == [(KR11, "rule 1", "label kr/KR1.1")]
    assert (placed.reason, placed.cause, placed.exempt_class, placed.implements) == ("", None, "", ())


def test_a_link_knows_its_item() -> None:
    (link,) = first(item(labels=["kr/KR1.1"]), settings(BY_LABEL)).links
    assert (link.source, link.external_id, link.key) == ("product", "id of PAY-1", "PAY-1")
    assert (link.share, link.depth, link.reason) == (1.0, 0, "")


def test_labels_match_in_any_case() -> None:
    assert shares(first(item(labels=["KR/kr1.1"]), settings(BY_LABEL))) == {KR11: 1.0}


@pytest.mark.parametrize("label", ["old-kr/KR1.1", "KR1.1", "okr/KR1.1"])
def test_the_glob_covers_the_whole_label(label: str) -> None:
    assert first(item(labels=[label]), settings(BY_LABEL)).cause is UnlinkedCause.NO_RULE
    placed = first(item(labels=[label, "kr/KR1.2"]), settings(BY_LABEL))
    assert states(placed) == {KR12: "ok"}


def test_several_labels_split_equally() -> None:
    placed = first(item(labels=["kr/KR1.1", "kr/KR2.1"]), settings(BY_LABEL))
    assert shares(placed) == {KR11: 0.5, KR21: 0.5}
    assert {link.via for link in placed.links} == {"label kr/KR1.1, label kr/KR2.1"}


def test_one_label_may_name_several_key_results() -> None:
    placed = first(item(labels=["kr/KR1.1, KR1.2;KR2.1"]), settings(BY_LABEL))
    assert shares(placed) == pytest.approx({KR11: 1 / 3, KR12: 1 / 3, KR21: 1 / 3})
    assert placed.links[0].via == "label kr/KR1.1, KR1.2;KR2.1"


def test_the_same_key_result_named_twice_counts_once() -> None:
    placed = first(item(labels=["kr/KR1.1", "kr/2026Q4/KR1.1", "kr/KR1.2"]), settings(BY_LABEL))
    assert shares(placed) == {KR11: 0.5, KR12: 0.5}


def test_a_label_without_a_name_behind_the_prefix_names_nothing() -> None:
    placed = first(item(labels=["kr/"]), settings(BY_LABEL))
    assert (placed.group, placed.cause, placed.reason) == (
        LinkStatus.UNLINKED,
        UnlinkedCause.NO_RULE,
        "no rule matches",
    )


def test_an_alias_label_stands_for_its_key_results() -> None:
    work = settings(BY_LABEL, aliases={"area/checkout": ["KR2.1", "KR1.2"]})
    placed = first(item(labels=["Area/Checkout"]), work)
    assert shares(placed) == {KR21: 0.5, KR12: 0.5}
    assert {link.via for link in placed.links} == {"label Area/Checkout"}


def test_an_alias_may_be_named_behind_the_prefix() -> None:
    work = settings(BY_LABEL, aliases={"checkout": "KR2.1"})
    assert shares(first(item(labels=["kr/checkout"]), work)) == {KR21: 1.0}


def test_an_alias_may_stand_in_a_list_of_names() -> None:
    work = settings(BY_BODY, aliases={"checkout": "KR2.1"})
    assert shares(first(item(directives=[("kr", "KR1.1, checkout")]), work)) == {KR11: 0.5, KR21: 0.5}


def test_an_alias_with_spaces_is_not_split_before_it_is_known() -> None:
    work = settings(BY_LABEL, aliases={"Pay by phone": "KR2.1"})
    assert shares(first(item(labels=["kr/pay by phone"]), work)) == {KR21: 1.0}


def test_without_a_rule_on_labels_an_alias_links_nothing() -> None:
    assert first(item(labels=["area/checkout"]), settings(BY_TITLE, aliases={"area/checkout": "KR2.1"})).links == ()


def test_several_patterns_of_one_rule_all_look_at_every_label() -> None:
    work = settings({"if": {"label": ["kr/*", "okr:*"]}, "link": "from_label"})
    assert shares(first(item(labels=["okr:KR1.2", "kr/KR1.1"]), work)) == {KR11: 0.5, KR12: 0.5}


def test_a_label_rule_holds_only_where_its_other_conditions_hold() -> None:
    work = settings({"if": {"label": "kr/*", "type": "Story"}, "link": "from_label"})
    assert shares(first(item(labels=["kr/KR1.1"]), work)) == {KR11: 1.0}
    assert first(item(labels=["kr/KR1.1"], type="Task"), work).links == ()


def test_a_regular_expression_captures_its_first_group() -> None:
    work = settings({"if": {"label": "re:goal-(KR[0-9.]+)-.*"}, "link": "from_label"})
    assert shares(first(item(labels=["goal-KR1.2-q4"]), work)) == {KR12: 1.0}


# ---------------------------------------------------------------- from_field


def test_a_field_names_key_results() -> None:
    placed = first(item(fields={"customfield_10999": ("KR1.1", "KR2.1")}), settings(BY_FIELD))
    assert shares(placed) == {KR11: 0.5, KR21: 0.5}
    assert placed.links[0].via == "field customfield_10999 KR1.1, field customfield_10999 KR2.1"


def test_a_field_is_split_like_any_list() -> None:
    placed = first(item(fields={"customfield_10999": ("KR1.1;KR2.1",)}), settings(BY_FIELD))
    assert shares(placed) == {KR11: 0.5, KR21: 0.5}


@pytest.mark.parametrize("fields", [{}, {"customfield_10999": ()}, {"customfield_1": ("KR1.1",)}])
def test_an_empty_field_names_nothing(fields: dict[str, tuple[str, ...]]) -> None:
    assert first(item(fields=fields), settings(BY_FIELD)).cause is UnlinkedCause.NO_RULE


# ---------------------------------------------------------------- from_body


def test_a_line_in_the_body_splits_equally() -> None:
    placed = first(item(directives=[("expect", "KR1.2 +2"), ("kr", "KR1.1, KR2.1")]), settings(BY_BODY))
    assert shares(placed) == {KR11: 0.5, KR21: 0.5}
    assert placed.links[0].via == "body KR: KR1.1, KR2.1"


def test_several_lines_in_the_body_add_up() -> None:
    placed = first(item(directives=[("kr", "KR1.1"), ("kr", "KR2.1")]), settings(BY_BODY))
    assert shares(placed) == {KR11: 0.5, KR21: 0.5}


@pytest.mark.parametrize("marker", ["KR", "KR:", "kr:"])
def test_the_marker_may_be_written_without_its_colon_and_in_any_case(marker: str) -> None:
    work = settings({"if": {"body": marker}, "link": "from_body"})
    assert shares(first(item(directives=[("kr", "KR1.1")]), work)) == {KR11: 1.0}


def test_a_line_with_another_word_names_nothing() -> None:
    assert first(item(directives=[("serves", "KR1.1")]), settings(BY_BODY)).links == ()


# ---------------------------------------------------------------- from_title


def test_a_bracket_in_the_title_names_the_key_result() -> None:
    placed = first(item(title="[KR1.1] Shorten the form"), settings(BY_TITLE))
    assert links(placed) == [(KR11, "rule 1", "title KR1.1")]


@pytest.mark.parametrize("bracket", ["web", "WIP", "KR", "2026", "krypton2", "1.1"])
def test_a_bracket_that_is_not_written_like_a_key_result_is_ignored(bracket: str) -> None:
    assert first(item(title=f"[{bracket}] Shorten"), settings(BY_TITLE)).cause is UnlinkedCause.NO_RULE
    assert states(first(item(title=f"[{bracket}] [KR1.1] Shorten"), settings(BY_TITLE))) == {KR11: "ok"}


@pytest.mark.parametrize("bracket", ["KR9", "kr9.3", "2026Q4/KR9"])
def test_a_bracket_written_like_a_key_result_that_is_none_is_broken(bracket: str) -> None:
    assert states(first(item(title=f"[{bracket}] Shorten"), settings(BY_TITLE))) == {bracket: "broken"}


def test_several_brackets_split_equally() -> None:
    placed = first(item(title="[KR1.1][KR2.1] Shorten [KR1.2]"), settings(BY_TITLE))
    assert shares(placed) == pytest.approx({KR11: 1 / 3, KR12: 1 / 3, KR21: 1 / 3})
    assert placed.links[0].via == "title KR1.1, title KR2.1, title KR1.2"


def test_words_beside_a_key_result_in_its_bracket_are_ignored() -> None:
    assert states(first(item(title="[Checkout KR1.1] Shorten"), settings(BY_TITLE))) == {KR11: "ok"}


def test_an_alias_in_a_bracket_stands_for_its_key_result() -> None:
    work = settings(BY_TITLE, aliases={"checkout": "KR2.1"})
    assert shares(first(item(title="[checkout] Shorten"), work)) == {KR21: 1.0}


def test_a_title_rule_whose_brackets_say_nothing_leaves_the_item_to_the_next_rule() -> None:
    placed = first(item(title="[web] Shorten"), settings(BY_TITLE, fixed("KR1.2", type="Story")))
    assert links(placed) == [(KR12, "rule 2", "type Story")]


# ---------------------------------------------------------------- a fixed key result

HOLDS: list[tuple[dict[str, Any], Item]] = [
    ({"type": "Story"}, item(type="Story")),
    ({"component": "Checkout"}, item(components=["Search", "Checkout"])),
    ({"milestone": "Sprint 12"}, item(milestones=["Sprint 11", "Sprint 12"])),
    ({"team": "growth"}, item(team="growth")),
    ({"source": "product"}, item(source="product")),
    ({"project": "PAY"}, item(project="PAY")),
    ({"title": "form"}, item(title="Shorten the form again")),
    ({"label": "area/checkout"}, item(labels=["x", "area/checkout"])),
    ({"body": "Serves:"}, item(directives=[("serves", "anything")])),
    ({"field": "customfield_1"}, item(fields={"customfield_1": ("yes",)})),
]
NOTHING = item(
    type="Task", source="elsewhere", project="GRO", title="Nothing", team="other", components=["Mail"], labels=["y"]
)


@pytest.mark.parametrize(("conditions", "fitting"), HOLDS, ids=[next(iter(conditions)) for conditions, _ in HOLDS])
def test_a_condition_holds_or_not(conditions: dict[str, Any], fitting: Item) -> None:
    work = settings(fixed("KR1.1", **conditions))
    ((name, value),) = conditions.items()
    assert links(first(fitting, work)) == [(KR11, "rule 1", f"{name} {value}")]
    assert first(NOTHING, work).cause is UnlinkedCause.NO_RULE


@pytest.mark.parametrize(
    ("name", "values", "fitting"),
    [
        ("type", ["Task", "Story"], item(type="Story")),
        ("component", ["Mail", "Checkout"], item(components=["Checkout"])),
        ("label", ["a", "b*"], item(labels=["bees"])),
        ("team", ["x", "y"], item(team="Y")),
        ("title", ["x", "form"], item()),
    ],
)
def test_a_list_of_values_means_any_of_them(name: str, values: list[str], fitting: Item) -> None:
    placed = first(fitting, settings(fixed("KR1.1", **{name: values})))
    assert links(placed) == [(KR11, "rule 1", f"{name} {' or '.join(values)}")]


def test_all_conditions_must_hold() -> None:
    work = settings(fixed("KR1.1", type="Story", component="Checkout", body="Serves", field="f", title="form"))
    everything: dict[str, Any] = {
        "components": ["Checkout"], "directives": [("serves", "x")], "fields": {"f": ("1",)}
    }  # fmt: skip
    placed = first(item(**everything), work)
    assert links(placed) == [(KR11, "rule 1", "type Story, component Checkout, title form, body Serves, field f")]
    for lacking in everything:
        assert first(item(**{**everything, lacking: ()}), work).links == (), lacking
    assert first(item(**everything, type="Task"), work).links == ()
    assert first(item(**everything, title="x"), work).links == ()


def test_but_for_the_title_a_condition_speaks_of_the_whole_value() -> None:
    assert first(item(components=["Checkout page"]), settings(fixed(component="Checkout"))).links == ()
    assert first(item(components=["Checkout page"]), settings(fixed(component="Checkout*"))).links != ()


# ---------------------------------------------------------------- parent_key

BELOW = fixed("KR2.1", parent_key="PAY-12")


def test_an_epic_and_all_below_it_are_linked() -> None:
    items = [
        item("PAY-14", parent="pay-13"),
        item("PAY-13", parent="PAY-12"),
        item("PAY-12"),
        item("PAY-11", parent="PAY-10"),
        item("PAY-10"),
    ]
    placements = place(items, settings(BELOW)).placements
    assert [shares(placement) for placement in placements] == [{KR21: 1.0}] * 3 + [{}] * 2
    assert links(placements[0]) == [(KR21, "rule 1", "below PAY-12")]


def test_items_below_an_epic_that_was_never_read_are_linked() -> None:
    items = [item("PAY-14", parent="PAY-13"), item("PAY-13", parent="pay-12")]
    assert [shares(placement) for placement in place(items, settings(BELOW)).placements] == [{KR21: 1.0}] * 2


def test_parent_key_in_any_case_and_any_of_a_list() -> None:
    work = settings(fixed("KR2.1", parent_key=["pay-12", "PAY-99"]))
    assert links(first(item("PAY-14", parent="PAY-12"), work)) == [(KR21, "rule 1", "below pay-12 or PAY-99")]
    assert first(item("PAY-99"), work).group is LinkStatus.LINKED
    assert first(item("PAY-98", parent="PAY-97"), work).group is LinkStatus.UNLINKED


def test_parent_key_with_another_condition_needs_both() -> None:
    work = settings(fixed("KR2.1", parent_key="PAY-12", type="Story"))
    assert first(item("PAY-14", parent="PAY-12"), work).group is LinkStatus.LINKED
    assert first(item("PAY-14", parent="PAY-12", type="Bug"), work).group is LinkStatus.UNLINKED
    assert first(item("PAY-14"), work).group is LinkStatus.UNLINKED


def test_parent_key_reads_a_hierarchy_that_runs_in_a_circle_to_its_end() -> None:
    items = [item("PAY-1", parent="PAY-2"), item("PAY-2", parent="PAY-1"), item("PAY-3", parent="PAY-1")]
    assert {placement.group for placement in place(items, settings(BELOW)).placements} == {LinkStatus.UNLINKED}
    work = settings(fixed("KR2.1", parent_key="PAY-2"))
    assert {placement.group for placement in place(items, work).placements} == {LinkStatus.LINKED}


# ---------------------------------------------------------------- inherit


def test_a_child_inherits_the_links_of_its_parent() -> None:
    items = [item("PAY-2", parent="pay-1"), item("PAY-1", labels=["kr/KR1.1", "kr/KR1.2"])]
    placed = first(items, settings(BY_LABEL, INHERIT))
    assert placed.group is LinkStatus.LINKED
    assert shares(placed) == {KR11: 0.5, KR12: 0.5}
    (one, _) = placed.links
    assert (one.key, one.rule, one.via, one.depth) == (
        "PAY-2",
        "rule 2",
        "parent PAY-1: label kr/KR1.1, label kr/KR1.2 (rule 1)",
        1,
    )


def test_without_the_rule_nothing_is_inherited() -> None:
    placed = first([item("PAY-2", parent="PAY-1"), item("PAY-1", labels=["kr/KR1.1"])], settings(BY_LABEL))
    assert (placed.group, placed.cause) == (LinkStatus.UNLINKED, UnlinkedCause.NO_RULE)


def test_the_nearest_linked_ancestor_counts() -> None:
    items = [
        item("PAY-4", parent="PAY-3"),
        item("PAY-3", parent="PAY-2"),
        item("PAY-2", parent="PAY-1", labels=["kr/KR1.2"]),
        item("PAY-1", labels=["kr/KR1.1"]),
    ]
    placements = place(items, settings(BY_LABEL, INHERIT)).placements
    assert [shares(placement) for placement in placements] == [{KR12: 1.0}] * 3 + [{KR11: 1.0}]
    assert [placement.links[0].depth for placement in placements] == [2, 1, 0, 0]


def chain(length: int) -> list[Item]:
    """A linked item and *length* below it, the lowest first."""
    below = [item(f"PAY-{number}", parent=f"PAY-{number - 1}") for number in range(length, 0, -1)]
    return [*below, item("PAY-0", labels=["kr/KR1.1"])]


@pytest.mark.parametrize("depth", [1, 3, 7, 49])
def test_inheritance_goes_up_as_many_steps_as_max_depth(depth: int) -> None:
    work = settings(BY_LABEL, {**INHERIT, "max_depth": depth})
    assert first(chain(depth), work).links[0].depth == depth
    assert first(chain(depth + 1), work).group is LinkStatus.UNLINKED


def test_inheritance_goes_up_five_steps_unless_told() -> None:
    work = settings(BY_LABEL, INHERIT)
    assert first(chain(5), work).group is LinkStatus.LINKED
    placed = first(chain(6), work)
    assert (placed.cause, placed.reason) == (UnlinkedCause.PARENT_UNLINKED, "parent PAY-5 serves no key result")


def test_an_inherit_rule_may_be_for_some_items_only() -> None:
    work = settings(BY_LABEL, {"if": {"parent": "linked", "type": "Sub-task"}, "link": "inherit"})
    parent = item("PAY-1", labels=["kr/KR1.1"])
    assert first([item("PAY-2", parent="PAY-1", type="Sub-task"), parent], work).group is LinkStatus.LINKED
    assert first([item("PAY-2", parent="PAY-1"), parent], work).group is LinkStatus.UNLINKED


def test_an_inherit_rule_may_be_for_what_lies_below_an_epic() -> None:
    work = settings(BY_LABEL, {"if": {"parent": "linked", "parent_key": "PAY-0"}, "link": "inherit"})
    story = item("PAY-1", parent="PAY-0", labels=["kr/KR1.1"])
    assert first([item("PAY-2", parent="PAY-1"), story, item("PAY-0")], work).group is LinkStatus.LINKED
    assert first([item("PAY-2", parent="PAY-1"), item("PAY-1", labels=["kr/KR1.1"])], work).group is LinkStatus.UNLINKED


def test_the_first_inherit_rule_that_holds_says_how_far() -> None:
    rules = [
        {"if": {"parent": "linked", "type": "Sub-task"}, "link": "inherit", "max_depth": 1},
        {"if": {"parent": "linked"}, "link": "inherit", "max_depth": 2},
    ]
    below = [item("PAY-2", parent="PAY-1"), item("PAY-1", parent="PAY-0"), item("PAY-0", labels=["kr/KR1.1"])]
    assert first(below, settings(BY_LABEL, *rules)).group is LinkStatus.LINKED
    below[0] = item("PAY-2", parent="PAY-1", type="Sub-task")
    assert first(below, settings(BY_LABEL, *rules)).group is LinkStatus.UNLINKED


def test_own_rules_come_before_inheritance_wherever_they_stand() -> None:
    items = [item("PAY-2", parent="PAY-1", labels=["kr/KR1.2"]), item("PAY-1", labels=["kr/KR1.1"])]
    assert shares(first(items, settings(INHERIT, BY_LABEL))) == {KR12: 1.0}


def test_a_hierarchy_that_runs_in_a_circle_ends() -> None:
    circle = [item("PAY-1", parent="PAY-2"), item("PAY-2", parent="PAY-3"), item("PAY-3", parent="PAY-1")]
    placements = place(circle, settings(BY_LABEL, INHERIT)).placements
    assert [placement.reason for placement in placements] == [
        "parent PAY-2 serves no key result",
        "parent PAY-3 serves no key result",
        "parent PAY-1 serves no key result",
    ]
    circle[2] = item("PAY-3", parent="PAY-1", labels=["kr/KR1.1"])
    placements = place(circle, settings(BY_LABEL, INHERIT)).placements
    assert [placement.links[0].depth for placement in placements] == [2, 1, 0]


def test_ancestors_come_nearest_first_and_each_once() -> None:
    circle = [item("PAY-1", parent="PAY-2"), item("PAY-2", parent="PAY-3"), item("PAY-3", parent="pay-2")]
    assert [above.key for above in Hierarchy(circle).ancestors(circle[0])] == ["PAY-2", "PAY-3"]


def test_an_item_that_is_its_own_parent_inherits_nothing() -> None:
    assert first(item("PAY-1", parent="pay-1"), settings(INHERIT)).cause is UnlinkedCause.NO_RULE


def test_a_child_of_a_parent_that_was_never_read_inherits_nothing() -> None:
    placed = first(item("PAY-2", parent="PAY-1"), settings(INHERIT))
    assert (placed.cause, placed.reason) == (UnlinkedCause.NO_RULE, "no rule matches")


def test_a_child_below_an_unlinked_parent_says_so() -> None:
    placed = first([item("PAY-2", parent="PAY-1"), item("PAY-1")], settings(BY_LABEL, INHERIT))
    assert (placed.cause, placed.reason) == (UnlinkedCause.PARENT_UNLINKED, "parent PAY-1 serves no key result")


def test_an_exempt_ancestor_passes_its_class_on() -> None:
    items = [
        item("PAY-3", parent="PAY-2"),
        item("PAY-2", parent="PAY-1"),
        item("PAY-1", type="Incident", parent="PAY-0"),
        item("PAY-0", labels=["kr/KR1.1"]),
    ]
    exempt = [{"id": "run", "if": {"type": "Incident"}}]
    placements = place(items, settings(BY_LABEL, INHERIT, exempt=exempt)).placements
    assert [(placement.group, placement.exempt_class) for placement in placements[:3]] == [
        (LinkStatus.EXEMPT, "run")
    ] * 3
    assert placements[0].links == ()


def test_a_broken_parent_passes_nothing_on() -> None:
    items = [item("PAY-2", parent="PAY-1"), item("PAY-1", labels=["kr/KR9"])]
    assert first(items, settings(BY_LABEL, INHERIT)).cause is UnlinkedCause.PARENT_UNLINKED


def test_only_links_that_count_are_inherited() -> None:
    items = [item("PAY-2", parent="PAY-1"), item("PAY-1", labels=["kr/KR9", "kr/KR1.1"])]
    placed = first(items, settings(BY_LABEL, INHERIT))
    assert states(placed) == {KR11: "ok"}
    assert shares(placed) == {KR11: 1.0}


def test_where_two_sites_hold_the_same_key_a_parent_is_that_of_the_own_site() -> None:
    items = [
        item("PAY-2", source="b", parent="PAY-1"),
        item("PAY-2", source="a", parent="PAY-1", external_id="other"),
        item("PAY-1", source="a", labels=["kr/KR1.1"]),
        item("PAY-1", source="b", labels=["kr/KR1.2"]),
    ]
    for order in (items, items[::-1]):
        found = {placed.item.source: shares(placed) for placed in place(order, settings(BY_LABEL, INHERIT)).placements
                 if placed.item.key == "PAY-2"}  # fmt: skip
        assert found == {"a": {KR11: 1.0}, "b": {KR12: 1.0}}
