"""Which of several rules, people and classes has the last word on an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from linking.builders import (
    BY_BODY,
    BY_FIELD,
    BY_LABEL,
    BY_TITLE,
    INHERIT,
    RUN,
    done,
    first,
    item,
    linked,
    links,
    place,
    pull_request,
    settings,
    shares,
    states,
    unlinked,
)
from okrsync.model.ledger import LinkDecision
from okrsync.model.placements import LinkStatus, UnlinkedCause
from okrsync.model.work import Item

KR11, KR12, KR21 = "2026Q4/KR1.1", "2026Q4/KR1.2", "2026Q4/KR2.1"
STORY: Mapping[str, Any] = {"if": {"type": "Story"}, "link": "KR1.1"}
DOOR: Mapping[str, Any] = {"if": {"component": "Door"}, "link": "KR1.2"}
WORK = settings(BY_LABEL, INHERIT)


# ---------------------------------------------------------------- rules among themselves


@pytest.mark.parametrize(("rules", "wanted"), [((BY_LABEL, BY_BODY), KR11), ((BY_BODY, BY_LABEL), KR12)])
def test_the_first_rule_that_matches_wins(rules: Sequence[Mapping[str, Any]], wanted: str) -> None:
    placed = first(item(labels=["kr/KR1.1"], directives=[("kr", "KR1.2")]), settings(*rules))
    assert states(placed) == {wanted: "ok"}
    assert placed.links[0].rule == "rule 1"


def test_a_rule_that_does_not_match_leaves_the_item_to_the_next() -> None:
    placed = first(item(directives=[("kr", "KR1.2")]), settings(BY_LABEL, BY_FIELD, BY_BODY))
    assert links(placed) == [(KR12, "rule 3", "body KR: KR1.2")]


def test_an_attribute_rule_before_an_explicit_one_wins() -> None:
    assert shares(first(item(labels=["kr/KR1.2"]), settings(STORY, BY_LABEL))) == {KR11: 1.0}


def test_two_attribute_rules_of_the_same_rank_that_disagree_are_ambiguous() -> None:
    placed = first(item(components=["Door"]), settings(STORY, DOOR))
    assert (placed.group, placed.cause) == (LinkStatus.UNLINKED, UnlinkedCause.AMBIGUOUS)
    assert states(placed) == {KR11: "ambiguous"}
    (link,) = placed.links
    assert (link.share, link.rule, link.via) == (0.0, "rule 1", "type Story")
    assert link.reason == "rule 1 says KR1.1, rule 2 says KR1.2"
    assert placed.reason == "ambiguous: rule 1 says KR1.1, rule 2 says KR1.2"


@pytest.mark.parametrize("same", ["KR1.1", "kr1.1", "2026Q4/KR1.1"])
def test_two_attribute_rules_that_name_the_same_key_result_agree(same: str) -> None:
    placed = first(item(components=["Door"]), settings(STORY, {**DOOR, "link": same}))
    assert states(placed) == {KR11: "ok"}


def test_a_bare_and_a_qualified_name_disagree_where_they_mean_different_cycles() -> None:
    placed = first(item(components=["Door"]), settings(STORY, {**DOOR, "link": "2027Q1/KR1.1"}))
    assert states(placed) == {KR11: "ambiguous"}


@pytest.mark.parametrize(
    "other",
    [
        {"if": {"component": "Door", "team": "x"}, "link": "KR1.2"},
        {"if": {"component": "Elsewhere"}, "link": "KR1.2"},
        {"if": {"parent_key": "PAY-1"}, "link": "KR1.2"},
        BY_LABEL,
        INHERIT,
    ],
    ids=["another rank", "does not hold", "an epic", "explicit", "inherit"],
)
def test_a_rule_of_another_kind_or_rank_does_not_disagree(other: Mapping[str, Any]) -> None:
    placed = first(item("PAY-1", components=["Door"], team="x", labels=["kr/KR1.2"]), settings(STORY, other))
    assert states(placed) == {KR11: "ok"}


def test_a_rule_that_disagrees_is_found_behind_rules_that_do_not() -> None:
    work = settings(STORY, BY_LABEL, {"if": {"team": "x"}, "link": "KR1.1"}, INHERIT, DOOR)
    placed = first(item(components=["Door"], team="x"), work)
    assert placed.links[0].reason == "rule 1 says KR1.1, rule 5 says KR1.2"


def test_the_rank_of_a_rule_is_the_number_of_its_conditions() -> None:
    two = {"if": {"type": "Story", "component": "Door"}, "link": "KR2.1"}
    other = {"if": {"type": "Story", "team": "x"}, "link": "KR1.2"}
    assert states(first(item(components=["Door"], team="x"), settings(two, STORY, other))) == {KR21: "ambiguous"}
    assert states(first(item(components=["Door"]), settings(two, STORY, other))) == {KR21: "ok"}


def test_an_epic_rule_is_not_questioned_by_attribute_rules() -> None:
    epic = {"if": {"parent_key": "PAY-1"}, "link": "KR2.1"}
    assert states(first(item("PAY-1"), settings(epic, STORY))) == {KR21: "ok"}


# ---------------------------------------------------------------- exempt classes

EXPLICIT = settings(
    BY_LABEL, BY_FIELD, BY_BODY, BY_TITLE, {"if": {"type": "Bug"}, "link": "KR1.1"}, INHERIT, exempt=[RUN]
)


@pytest.mark.parametrize(
    "named",
    [
        {"labels": ["kr/KR1.2"]},
        {"fields": {"customfield_10999": ("KR1.2",)}},
        {"directives": [("kr", "KR1.2")]},
        {"title": "[KR1.2] Wrong total"},
    ],
    ids=["label", "field", "body", "title"],
)
def test_what_the_item_itself_names_beats_its_exempt_class(named: dict[str, Any]) -> None:
    assert shares(first(item(type="Bug", **named), EXPLICIT)) == {KR12: 1.0}


def test_a_link_by_hand_beats_the_exempt_class() -> None:
    placed = first(item(type="Bug"), EXPLICIT, [linked("PAY-1", "KR1.2")])
    assert (placed.group, shares(placed)) == (LinkStatus.LINKED, {KR12: 1.0})


def test_an_exempt_class_beats_attribute_rules_and_inheritance() -> None:
    items = [item("PAY-2", type="Bug", parent="PAY-1"), item("PAY-1", labels=["kr/KR1.2"])]
    placed = first(items, EXPLICIT)
    assert (placed.group, placed.exempt_class, placed.links) == (LinkStatus.EXEMPT, "run", ())
    assert (placed.reason, placed.cause) == ("", None)


def test_an_exempt_class_beats_an_epic_rule() -> None:
    work = settings({"if": {"parent_key": "PAY-1"}, "link": "KR1.1"}, exempt=[RUN])
    placements = place([item("PAY-2", parent="PAY-1", type="Bug"), item("PAY-3", parent="PAY-1")], work).placements
    assert [placement.group for placement in placements] == [LinkStatus.EXEMPT, LinkStatus.LINKED]


def test_the_first_exempt_class_that_holds_counts() -> None:
    exempt = [
        {"id": "none", "if": {"type": "Task"}},
        {"id": "learning", "if": {"label": "spike"}},
        {"id": "run", "if": {"type": "Bug"}},
    ]
    placed = first(item(type="Bug", labels=["spike"]), settings(exempt=exempt))
    assert placed.exempt_class == "learning"


def test_an_epic_may_be_exempt_with_all_below_it() -> None:
    work = settings(STORY, exempt=[{"id": "run", "if": {"parent_key": "PAY-1"}}])
    placements = place([item("PAY-2", parent="PAY-1"), item("PAY-3")], work).placements
    assert [placement.group for placement in placements] == [LinkStatus.EXEMPT, LinkStatus.LINKED]


# ---------------------------------------------------------------- people's own links


def test_a_link_by_hand_beats_every_rule() -> None:
    placed = first(item(labels=["kr/KR1.1"]), WORK, [linked("pay-1", "KR1.2", "we know better")])
    assert links(placed) == [(KR12, "ledger", "by hand: we know better")]


def test_a_link_by_hand_without_a_reason() -> None:
    assert links(first(item(), WORK, [linked("PAY-1", "KR1.2")])) == [(KR12, "ledger", "by hand")]


def test_several_links_by_hand_split_equally() -> None:
    placed = first(item(), WORK, [linked("PAY-1", "KR1.1"), linked("PAY-1", "KR1.2"), linked("PAY-2", "KR2.1")])
    assert shares(placed) == {KR11: 0.5, KR12: 0.5}


def test_a_link_by_hand_to_nothing_is_broken() -> None:
    placed = first(item(labels=["kr/KR1.1"]), WORK, [linked("PAY-1", "KR9")])
    assert (placed.group, placed.cause, states(placed)) == (
        LinkStatus.UNLINKED,
        UnlinkedCause.BROKEN,
        {"KR9": "broken"},
    )


def test_children_inherit_a_link_by_hand() -> None:
    placed = first([item("PAY-2", parent="PAY-1"), item("PAY-1")], WORK, [linked("PAY-1", "KR1.2")])
    assert links(placed) == [(KR12, "rule 2", "parent PAY-1: by hand (ledger)")]


def test_unlinking_takes_a_rules_link_away() -> None:
    placed = first(item(labels=["kr/KR1.1"]), WORK, [unlinked("PAY-1", "KR1.1", "a wish of one partner")])
    assert (placed.group, placed.cause, placed.links) == (LinkStatus.UNLINKED, UnlinkedCause.TAKEN_AWAY, ())
    assert placed.reason == "taken away by hand: a wish of one partner"


def test_unlinking_one_of_two_leaves_the_other_whole() -> None:
    placed = first(item(labels=["kr/KR1.1", "kr/KR1.2"]), WORK, [unlinked("PAY-1", "KR1.1")])
    assert shares(placed) == {KR12: 1.0}


def test_the_reasons_given_are_those_of_the_links_that_were_taken_away() -> None:
    decisions = [
        unlinked("PAY-1", "KR1.1"),
        unlinked("PAY-1", "KR1.2", "no"),
        unlinked("PAY-1", "KR2.1", "another matter"),
    ]
    placed = first(item(labels=["kr/KR1.1", "kr/KR1.2"]), WORK, decisions)
    assert placed.reason == "taken away by hand: no reason given; no"


def test_unlinking_what_nothing_links_changes_nothing() -> None:
    assert first(item(), WORK, [unlinked("PAY-1", "KR1.1")]).cause is UnlinkedCause.NO_RULE
    assert shares(first(item(labels=["kr/KR1.1"]), WORK, [unlinked("PAY-1", "KR1.2")])) == {KR11: 1.0}
    assert shares(first(item(labels=["kr/KR1.1"]), WORK, [unlinked("PAY-2", "KR1.1")])) == {KR11: 1.0}


def test_an_attribute_rules_link_can_be_taken_away() -> None:
    placed = first(item(), settings(STORY), [unlinked("PAY-1", "kr1.1")])
    assert (placed.cause, placed.links) == (UnlinkedCause.TAKEN_AWAY, ())


def test_a_bug_whose_label_was_taken_away_is_exempt_like_any_bug() -> None:
    placed = first(item(type="Bug", labels=["kr/KR1.1"]), EXPLICIT, [unlinked("PAY-1", "KR1.1")])
    assert (placed.group, placed.exempt_class, placed.links) == (LinkStatus.EXEMPT, "run", ())


LINK, UNLINK = linked("PAY-1", "KR1.2"), unlinked("PAY-1", "KR1.2")


@pytest.mark.parametrize(
    ("decisions", "wanted"),
    [
        ([LINK, UNLINK], {KR11: 1.0}),
        ([UNLINK, LINK], {KR12: 1.0}),
        ([LINK, UNLINK, LINK], {KR12: 1.0}),
        ([LINK, unlinked("pay-1", "kr1.2")], {KR11: 1.0}),
        ([LINK, unlinked("PAY-1", KR12)], {KR11: 1.0}),
        ([linked("PAY-1", KR12), UNLINK], {KR11: 1.0}),
        ([unlinked("PAY-1", "KR1.1"), linked("PAY-1", KR11)], {KR11: 1.0}),
        ([LINK, linked("PAY-1", "KR2.1"), UNLINK], {KR21: 1.0}),
        ([LINK, unlinked("PAY-1", "KR1.1")], {KR12: 1.0}),
        ([unlinked("PAY-1", KR11)], {}),
        ([unlinked("PAY-1", "2026Q3/KR1.1")], {KR11: 1.0}),
    ],
)
def test_later_records_beat_earlier_ones(decisions: list[LinkDecision], wanted: dict[str, float]) -> None:
    assert shares(first(item(labels=["kr/KR1.1"]), WORK, decisions)) == wanted


def test_a_link_taken_back_and_made_again_is_not_held_against_the_item() -> None:
    decisions = [unlinked("PAY-1", "KR1.1"), linked("PAY-1", "KR1.1"), linked("PAY-1", "KR1.2")]
    assert shares(first(item(), WORK, decisions)) == {KR11: 0.5, KR12: 0.5}
    again = [*decisions, unlinked("PAY-1", "KR1.2")]
    assert shares(first(item(), WORK, again)) == {KR11: 1.0}


def test_a_bare_name_in_the_ledger_takes_away_what_it_linked_in_another_cycle() -> None:
    shipped = done(on=datetime(2026, 8, 3, 9, tzinfo=UTC))
    decisions = [linked("PAY-1", KR11), unlinked("PAY-1", "KR1.1")]
    assert first(shipped, WORK, decisions).links == ()


def test_a_qualified_name_takes_away_what_a_bare_one_linked_on_the_items_day() -> None:
    shipped = done(on=datetime(2026, 8, 3, 9, tzinfo=UTC))
    by_hand = linked("PAY-1", "KR1.1")
    assert first(shipped, WORK, [by_hand, unlinked("PAY-1", "2026Q3/KR1.1")]).links == ()
    assert shares(first(shipped, WORK, [by_hand, unlinked("PAY-1", KR11)])) == {"2026Q3/KR1.1": 1.0}


def test_decisions_about_items_that_were_never_read_are_kept_apart() -> None:
    known, unknown = linked("pay-1", "KR1.1"), linked("PAY-9", "KR1.1")
    assert place(item(), WORK, [known, unknown]).unread == (unknown,)


# ---------------------------------------------------------------- what was taken away does not come back

EPIC = item("PAY-1", labels=["kr/KR1.1"])


def test_what_was_taken_from_a_child_does_not_come_back_from_its_parent() -> None:
    placed = first([item("PAY-2", parent="PAY-1"), EPIC], WORK, [unlinked("PAY-2", "KR1.1", "no")])
    assert (placed.group, placed.links) == (LinkStatus.UNLINKED, ())
    assert (placed.cause, placed.reason) == (UnlinkedCause.TAKEN_AWAY, "taken away by hand: no")


def test_a_childs_own_label_that_was_taken_away_does_not_come_back_from_its_parent() -> None:
    items = [item("PAY-2", parent="PAY-1", labels=["kr/KR1.1"]), EPIC]
    placed = first(items, WORK, [unlinked("PAY-2", "KR1.1", "no")])
    assert (placed.cause, placed.reason, placed.links) == (UnlinkedCause.TAKEN_AWAY, "taken away by hand: no", ())


def test_a_child_still_inherits_what_was_not_taken_away() -> None:
    epic = item("PAY-1", labels=["kr/KR1.1", "kr/KR1.2"])
    placed = first([item("PAY-2", parent="PAY-1"), epic], WORK, [unlinked("PAY-2", "KR1.1")])
    assert shares(placed) == {KR12: 1.0}


def test_a_child_whose_label_was_taken_away_keeps_that_reason_below_an_unlinked_parent() -> None:
    items = [item("PAY-2", parent="PAY-1", labels=["kr/KR1.1"]), item("PAY-1")]
    assert first(items, WORK, [unlinked("PAY-2", "KR1.1")]).cause is UnlinkedCause.TAKEN_AWAY


def test_what_was_taken_from_a_story_does_not_reach_its_subtasks_either() -> None:
    items = [item("PAY-3", parent="PAY-2"), item("PAY-2", parent="PAY-1"), EPIC]
    placed = first(items, WORK, [unlinked("PAY-2", "KR1.1", "no")])
    assert (placed.cause, placed.reason, placed.links) == (UnlinkedCause.TAKEN_AWAY, "taken away by hand: no", ())


def test_the_reasons_of_all_who_took_something_away_are_given() -> None:
    epic = item("PAY-1", labels=["kr/KR1.1", "kr/KR1.2"])
    decisions = [unlinked("PAY-3", "KR1.1", "not this"), unlinked("PAY-2", "KR1.2", "nor that")]
    items = [item("PAY-3", parent="PAY-2"), item("PAY-2", parent="PAY-1"), epic]
    assert first(items, WORK, decisions).reason == "taken away by hand: not this; nor that"
    decisions = [unlinked("acme/web#7", "KR1.1", "not this"), unlinked("acme/web#7", "KR1.2", "nor that")]
    issues = [item("PAY-1", labels=["kr/KR1.1"]), item("PAY-2", labels=["kr/KR1.2"])]
    placed = first([pull_request(closes=["PAY-1", "PAY-2"]), *issues], WORK, decisions)
    assert placed.reason == "taken away by hand: not this; nor that"


def test_what_was_taken_from_the_childs_own_label_is_the_reason_before_what_it_would_inherit() -> None:
    decisions = [unlinked("PAY-2", "KR1.2", "own"), unlinked("PAY-2", "KR1.1", "above")]
    placed = first([item("PAY-2", parent="PAY-1", labels=["kr/KR1.2"]), EPIC], WORK, decisions)
    assert placed.reason == "taken away by hand: own"


def test_a_bare_name_takes_away_what_a_child_inherits_in_another_cycle() -> None:
    child = done("PAY-2", parent="PAY-1", on=datetime(2026, 8, 3, 9, tzinfo=UTC))
    epic = item("PAY-1", labels=[f"kr/{KR11}"])
    assert shares(first([child, epic], WORK)) == {KR11: 1.0}
    assert first([child, epic], WORK, [unlinked("PAY-2", "KR1.1")]).cause is UnlinkedCause.TAKEN_AWAY


@pytest.mark.parametrize(
    "epic",
    [EPIC, done("PAY-1", labels=["kr/KR1.1"], on=datetime(2026, 11, 3, 9, tzinfo=UTC))],
    ids=["open", "delivered later"],
)
def test_a_delivered_child_stays_with_the_cycle_that_it_came_in_however_long_its_epic_goes_on(epic: Item) -> None:
    came_before = done("PAY-2", parent="PAY-1", on=datetime(2026, 8, 3, 9, tzinfo=UTC))
    came_now = done("PAY-3", parent="PAY-1", on=datetime(2026, 11, 2, 9, tzinfo=UTC))
    still_open = item("PAY-4", parent="PAY-1")

    named = [shares(first([child, epic], WORK)) for child in (came_before, came_now, still_open)]

    assert named == [{"2026Q3/KR1.1": 1.0}, {KR11: 1.0}, {KR11: 1.0}]


def test_what_was_taken_from_a_pull_request_does_not_come_back_from_the_issue_it_closes() -> None:
    items = [pull_request(closes=["PAY-1"]), EPIC]
    placed = first(items, WORK, [unlinked("acme/web#7", "KR1.1", "a refactoring")])
    assert (placed.group, placed.links, placed.implements) == (LinkStatus.UNLINKED, (), ("PAY-1",))
    assert (placed.cause, placed.reason) == (UnlinkedCause.TAKEN_AWAY, "taken away by hand: a refactoring")


def test_a_pull_requests_own_label_that_was_taken_away_does_not_come_back_from_the_issue() -> None:
    items = [pull_request(closes=["PAY-1"], labels=["kr/KR1.1"]), EPIC]
    placed = first(items, WORK, [unlinked("acme/web#7", "KR1.1")])
    assert (placed.cause, placed.links) == (UnlinkedCause.TAKEN_AWAY, ())


def test_a_pull_requests_label_that_was_taken_away_is_the_reason_also_where_its_issue_serves_nothing() -> None:
    items = [pull_request(closes=["PAY-1"], labels=["kr/KR1.1"]), item("PAY-1")]
    placed = first(items, WORK, [unlinked("acme/web#7", "KR1.1", "no")])
    assert (placed.cause, placed.reason) == (UnlinkedCause.TAKEN_AWAY, "taken away by hand: no")


def test_a_pull_request_follows_in_what_was_not_taken_away() -> None:
    issues = [item("PAY-1", labels=["kr/KR1.1", "kr/KR1.2"]), item("PAY-2", labels=["kr/KR1.1"])]
    placed = first([pull_request(closes=["PAY-1", "PAY-2"]), *issues], WORK, [unlinked("acme/web#7", "KR1.1")])
    assert shares(placed) == {KR12: 1.0}


def test_a_pull_request_whose_issue_was_unlinked_by_hand_is_unlinked() -> None:
    placed = first([pull_request(closes=["PAY-1"]), EPIC], WORK, [unlinked("PAY-1", "KR1.1")])
    assert (placed.group, placed.cause) == (LinkStatus.UNLINKED, UnlinkedCause.CLOSED_ISSUE_UNLINKED)
