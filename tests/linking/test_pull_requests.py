"""A pull request serves what the issue serves that it closes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from linking.builders import (
    BY_LABEL,
    INHERIT,
    RUN,
    first,
    item,
    linked,
    links,
    place,
    pull_request,
    settings,
    shares,
    states,
)
from okrsync.model.placements import LinkStatus, UnlinkedCause
from okrsync.model.work import Item, ItemKind, Status

KR11, KR12, KR21 = "2026Q4/KR1.1", "2026Q4/KR1.2", "2026Q4/KR2.1"
WORK = settings(BY_LABEL, INHERIT, exempt=[RUN])


@pytest.mark.parametrize(
    ("key", "written"),
    [("acme/web#3", "acme/web#3"), ("acme/web#3", "Acme/Web#3"), ("PAY-3", "PAY-3"), ("Pay-3", "pAY-3")],
)
def test_it_follows_the_issue_that_it_closes_in_this_and_the_other_tracker(key: str, written: str) -> None:
    issue = item(key, source="web" if "#" in key else "product", labels=["kr/KR1.1"])
    placed = first([pull_request(closes=[written]), issue], WORK)
    assert placed.group is LinkStatus.LINKED
    assert links(placed) == [(KR11, "closed issue", f"closes {key}")]
    assert shares(placed) == {KR11: 1.0}
    assert placed.implements == (key,)


def test_its_links_are_its_own() -> None:
    (link,) = first([pull_request(closes=["PAY-3"]), item("PAY-3", labels=["kr/KR1.1"])], WORK).links
    assert (link.source, link.external_id, link.key, link.depth) == ("web", "id of acme/web#7", "acme/web#7", 0)
    assert link.reason == ""


def test_it_follows_an_exempt_issue() -> None:
    placed = first([pull_request(closes=["PAY-3"]), item("PAY-3", type="Bug")], WORK)
    assert (placed.group, placed.exempt_class, placed.links) == (LinkStatus.EXEMPT, "run", ())
    assert placed.implements == ("PAY-3",)


def test_it_follows_an_issue_that_inherits() -> None:
    items = [pull_request(closes=["PAY-3"]), item("PAY-3", parent="PAY-1"), item("PAY-1", labels=["kr/KR1.1"])]
    assert links(first(items, WORK)) == [(KR11, "closed issue", "closes PAY-3")]


def test_its_own_explicit_link_wins() -> None:
    items = [pull_request(closes=["PAY-3"], labels=["kr/KR1.2"]), item("PAY-3", labels=["kr/KR1.1"])]
    placed = first(items, WORK)
    assert links(placed) == [(KR12, "rule 1", "label kr/KR1.2")]
    assert placed.implements == ("PAY-3",)


def test_its_own_link_by_hand_wins() -> None:
    items = [pull_request(closes=["PAY-3"]), item("PAY-3", labels=["kr/KR1.1"])]
    assert shares(first(items, WORK, [linked("acme/web#7", "KR1.2")])) == {KR12: 1.0}


def test_its_own_explicit_link_wins_also_where_it_is_broken() -> None:
    items = [pull_request(closes=["PAY-3"], labels=["kr/KR9"]), item("PAY-3", labels=["kr/KR1.1"])]
    placed = first(items, WORK)
    assert (placed.group, states(placed), placed.cause) == (
        LinkStatus.UNLINKED,
        {"KR9": "broken"},
        UnlinkedCause.BROKEN,
    )


def test_the_closed_issue_beats_its_attributes_and_its_exempt_class() -> None:
    by_type = {"if": {"type": "Pull request"}, "link": "KR1.2"}
    work = settings(by_type, BY_LABEL, exempt=[{"id": "run", "if": {"label": "bug"}}])
    issue = item("PAY-3", labels=["kr/KR1.1"])
    assert states(first([pull_request(closes=["PAY-3"]), issue], work)) == {KR11: "ok"}
    assert states(first([pull_request(closes=["PAY-3"], labels=["bug"]), issue], work)) == {KR11: "ok"}


def test_where_its_issue_serves_nothing_its_own_attributes_count() -> None:
    by_type = {"if": {"type": "Pull request"}, "link": "KR1.2"}
    placed = first([pull_request(closes=["PAY-3"]), item("PAY-3")], settings(by_type))
    assert (shares(placed), placed.implements) == ({KR12: 1.0}, ("PAY-3",))


def test_where_its_issue_serves_nothing_its_own_exempt_class_counts() -> None:
    work = settings(BY_LABEL, exempt=[{"id": "run", "if": {"label": "bug"}}])
    placed = first([pull_request(closes=["PAY-3"], labels=["bug"]), item("PAY-3")], work)
    assert (placed.group, placed.exempt_class, placed.implements) == (LinkStatus.EXEMPT, "run", ("PAY-3",))


def test_its_own_exempt_class_comes_before_that_of_its_issue() -> None:
    work = settings(BY_LABEL, exempt=[RUN, {"id": "upkeep", "if": {"label": "upkeep"}}])
    placed = first([pull_request(closes=["PAY-3"], labels=["upkeep"]), item("PAY-3", type="Bug")], work)
    assert (placed.group, placed.exempt_class, placed.implements) == (LinkStatus.EXEMPT, "upkeep", ("PAY-3",))


def test_where_its_issues_serve_nothing_it_says_so() -> None:
    placed = first([pull_request(closes=["PAY-3", "PAY-4"]), item("PAY-3"), item("PAY-4")], WORK)
    assert (placed.group, placed.cause) == (LinkStatus.UNLINKED, UnlinkedCause.CLOSED_ISSUE_UNLINKED)
    assert placed.reason == "closes PAY-3, PAY-4, which serves no key result"


def test_an_ambiguous_attribute_of_its_own_is_shown_where_its_issue_serves_nothing() -> None:
    rules = [
        {"if": {"type": "Pull request"}, "link": "KR1.2"},
        {"if": {"project": "acme/web"}, "link": "KR1.1"},
    ]
    placed = first([pull_request(closes=["PAY-3"]), item("PAY-3")], settings(*rules))
    assert (placed.cause, states(placed)) == (UnlinkedCause.AMBIGUOUS, {KR12: "ambiguous"})


def test_closing_several_issues_is_the_union_with_shares_that_add_up() -> None:
    issues = [item("PAY-3", labels=["kr/KR1.1"]), item("PAY-4", labels=["kr/KR1.1", "kr/KR1.2"]), item("PAY-5")]
    placed = first([pull_request(closes=["PAY-3", "PAY-4", "PAY-5"]), *issues], WORK)
    assert shares(placed) == {KR11: 0.75, KR12: 0.25}
    assert links(placed) == [(KR11, "closed issue", "closes PAY-3"), (KR12, "closed issue", "closes PAY-4")]
    assert placed.implements == ("PAY-3", "PAY-4", "PAY-5")


def test_a_linked_issue_beats_an_exempt_one() -> None:
    items = [pull_request(closes=["PAY-3", "PAY-4"]), item("PAY-3", type="Bug"), item("PAY-4", labels=["kr/KR1.1"])]
    assert shares(first(items, WORK)) == {KR11: 1.0}


def test_an_issue_named_twice_counts_once() -> None:
    issues = [item("PAY-3", labels=["kr/KR1.1"]), item("PAY-4", labels=["kr/KR1.2"])]
    placed = first([pull_request(closes=["PAY-3", "pay-3", "PAY-4"]), *issues], WORK)
    assert shares(placed) == {KR11: 0.5, KR12: 0.5}
    assert placed.implements == ("PAY-3", "PAY-4")


OPEN_EPIC = item("PAY-1", labels=["kr/KR1.1"])
AUGUST, OCTOBER = (datetime(2026, month, 3, tzinfo=UTC) for month in (8, 10))


@pytest.mark.parametrize(
    "issues",
    [[item("PAY-3", labels=["kr/KR1.1"])], [item("PAY-3", parent="PAY-1"), OPEN_EPIC]],
    ids=["its own name", "that of its epic"],
)
def test_delivered_while_its_issue_is_open_a_bare_name_means_what_it_did_on_that_day(issues: list[Item]) -> None:
    """Else work of August would count as delivered in a cycle that began in October."""
    shipped = pull_request(closes=["PAY-3"], status=Status.DONE, delivered=AUGUST)
    still_open = pull_request("acme/web#8", closes=["PAY-3"])
    old, new, issue = place([shipped, still_open, *issues], WORK).placements[:3]

    assert (shares(old), old.implements) == ({"2026Q3/KR1.1": 1.0}, ("PAY-3",))
    assert shares(new) == shares(issue) == {KR11: 1.0}


def test_delivered_while_its_issue_is_open_it_serves_a_cycle_that_was_not_yet_over() -> None:
    shipped = pull_request(closes=["PAY-3"], status=Status.DONE, delivered=AUGUST)
    placed, issue = place([shipped, item("PAY-3", labels=["kr/2026Q3/KR1.1"])], WORK).placements

    assert states(issue) == {"2026Q3/KR1.1": "stale"}
    assert shares(placed) == {"2026Q3/KR1.1": 1.0}


def test_once_its_issue_is_delivered_the_two_are_one_piece_on_the_day_of_the_issue() -> None:
    shipped = pull_request(closes=["PAY-3"], status=Status.DONE, delivered=AUGUST)
    issue = item("PAY-3", status=Status.DONE, delivered=OCTOBER, labels=["kr/KR1.1"])

    assert shares(first([shipped, issue], WORK)) == {KR11: 1.0}


def test_closing_what_does_not_exist_changes_nothing() -> None:
    plain, closing = pull_request(labels=["kr/KR1.1"]), pull_request(labels=["kr/KR1.1"], closes=["UTF-8", "PAY-99"])
    assert links(first(closing, WORK)) == links(first(plain, WORK))
    assert first(closing, WORK).implements == ()
    placed = first(pull_request(closes=["UTF-8"]), WORK)
    assert (placed.cause, placed.reason) == (UnlinkedCause.NO_RULE, "no rule matches")


def test_beside_what_does_not_exist_the_rest_still_counts() -> None:
    placed = first([pull_request(closes=["UTF-8", "PAY-3"]), item("PAY-3", labels=["kr/KR1.1"])], WORK)
    assert (shares(placed), placed.implements) == ({KR11: 1.0}, ("PAY-3",))


def test_it_never_closes_itself_or_another_pull_request() -> None:
    other = pull_request("acme/web#8", labels=["kr/KR1.1"])
    placed = first([pull_request(closes=["acme/web#7", "acme/web#8"]), other], WORK)
    assert (placed.group, placed.implements, placed.cause) == (LinkStatus.UNLINKED, (), UnlinkedCause.NO_RULE)


def test_without_an_issue_it_is_placed_like_any_item() -> None:
    work = settings(BY_LABEL, {"if": {"project": "acme/*"}, "link": "KR2.1"})
    assert shares(first(pull_request(), work)) == {KR21: 1.0}


def test_an_issue_that_closes_something_does_not_follow_it() -> None:
    items = [item("PAY-2", kind=ItemKind.ISSUE, closes=["PAY-3"]), item("PAY-3", labels=["kr/KR1.1"])]
    assert (first(items, WORK).group, first(items, WORK).implements) == (LinkStatus.UNLINKED, ())


def test_where_two_sources_hold_the_issue_it_follows_that_of_its_own() -> None:
    items = [
        pull_request(closes=["acme/web#3"]),
        item("acme/web#3", source="another", labels=["kr/KR1.1"]),
        item("acme/web#3", source="web", labels=["kr/KR1.2"]),
    ]
    for order in (items, [items[0], items[2], items[1]]):
        assert shares(first(order, WORK)) == {KR12: 1.0}


def test_placements_come_in_the_order_of_the_items_and_are_found_by_key() -> None:
    items = [pull_request(closes=["PAY-3"]), item("PAY-3", labels=["kr/KR1.1"]), item("PAY-1")]
    linking = place(items, WORK)
    assert [placement.item for placement in linking.placements] == items
    assert linking.by_key["pay-3"] is linking.placements[1]
    assert set(linking.by_key) == {"acme/web#7", "pay-3", "pay-1"}
    assert [link.key for link in linking.links] == ["acme/web#7", "PAY-3"]
    assert linking.hierarchy.find("pay-1") == items[2]
