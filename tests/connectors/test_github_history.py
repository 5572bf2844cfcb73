"""What the GitHub connector learns beside the issue list, asked of the loopback site."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.errors import RateLimitedError, UnexpectedResponseError, UnreachableError
from okrsync.model.history import settled
from okrsync.model.work import EventField, Item, ItemEvent, Iteration, Size, Status
from okrsync.plugins.connector import FieldMap, HasCensus, HasCheck, HasHistory, HasIterations, HasReleases, Partition
from okrsync.plugins.context import Context, WorkMapping
from okrsync.sandbox.github_site import github_time
from okrsync.sandbox.http import Request, Response
from okrsync.sandbox.tracker_data import GithubProject, GithubRepository, RawObject
from okrsync_github.events import normalise_history
from okrsync_github.normalise import STATUSES, normalise
from okrsync_github.queries import QueryLevel, details
from support.examples import examples
from support.github_desk import API, CANARY, NAME, NOW, START, Desk, at, closed, desk_at, issue, pull

Open = Callable[..., Desk]
PERSON = {"login": CANARY, "name": CANARY, "email": f"{CANARY}@example.com"}


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("GITHUB_CANARY", CANARY)
    with ExitStack() as stack:

        def make(*issues: RawObject, shelf: dict[str, Any] | None = None, **given: Any) -> Desk:
            shelves = [GithubRepository(NAME, list(issues), **shelf or {})]
            return stack.enter_context(desk_at(tmp_path, shelves, **given))

        yield make


def graphql_bodies(desk: Desk, answer: Callable[[RawObject], Response | None]) -> list[RawObject]:
    """All GraphQL operations from now on; *answer* may answer one in place of the site."""
    bodies: list[RawObject] = []

    def fault(_: str, request: Request) -> Response | None:
        if request.path != "/graphql":
            return None
        bodies.append(request.json())
        return answer(bodies[-1])

    desk.sites.server.faults.append(fault)
    return bodies


def sizes(bodies: Sequence[RawObject]) -> list[int]:
    return [len(body["variables"]["ids0"]) + len(body["variables"]["ids1"]) for body in bodies]


def told(desk: Desk, raw: RawObject) -> Sequence[ItemEvent]:
    return desk.connector.normalise_history(raw, desk.fields)


def whole(desk: Desk, raw: RawObject) -> Item:
    """The item with its dates of delivery, as the engine makes it."""
    item = desk.connector.normalise(raw, desk.fields)
    return settled(item, told(desk, raw), desk.fields.status_of, ships_apart=desk.fields.ships_apart)


def values(*found: tuple[str, str, Any]) -> list[RawObject]:
    """Values of project fields as GraphQL tells them: kind, field, value."""
    told: dict[str, Callable[[Any], RawObject]] = {
        "Number": lambda value: {"number": value},
        "SingleSelect": lambda value: {"name": value, "optionId": "o1"},
        "Text": lambda value: {"text": value},
        "Date": lambda value: {"date": value},
        "Iteration": lambda value: {"iterationId": value, "title": f"It {value}", "startDate": "2026-03-02"},
    }
    return [
        {"__typename": f"ProjectV2ItemField{kind}Value", "field": {"id": "f", "name": name}, "creator": PERSON}
        | told[kind](value)
        for kind, name, value in found
    ]


def board(*items: tuple[str, list[RawObject]], **more: Any) -> GithubProject:
    return GithubProject(
        "acme",
        7,
        "Board",
        github_time(START),
        [
            {
                "id": "f1",
                "name": "Sprint",
                "configuration": {
                    "completedIterations": [{"id": "a", "title": "One", "startDate": "2026-03-02", "duration": 14}],
                    "iterations": [
                        {"id": "b", "title": "Two", "startDate": "2026-03-30", "duration": 14},
                        {"id": "c", "title": "Three", "startDate": "2026-04-13", "duration": 14},
                    ],
                },
            },
            {},
        ],
        {key: {"updatedAt": github_time(START), "values": told} | more for key, told in items},
    )


def test_the_connector_has_all_that_a_connector_may_have(open_desk: Open) -> None:
    connector = open_desk().connector

    for protocol in (HasHistory, HasIterations, HasCensus, HasReleases, HasCheck):
        assert isinstance(connector, protocol)


def test_a_thousand_changed_items_take_eleven_requests_and_five_for_their_history(open_desk: Open) -> None:
    desk = open_desk(*[issue(number) for number in range(1, 501)], *[pull(number) for number in range(501, 1001)])

    raws = {raw["id"]: raw for raw in desk.raws()}

    assert len(raws) == 1000
    assert all("history" in raw for raw in raws.values())
    assert desk.context.requests.by_purpose == {"setup": 0, "items": 11, "history": 5, "iterations": 0, "census": 0}


def test_done_then_reopened_then_done_is_delivered_at_the_last(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    for day, state in ((5, "closed"), (6, "open"), (9, "closed")):
        when = START + timedelta(days=day)
        reason = {"closed": "completed", "open": "reopened"}[state]
        closing = github_time(when) if state == "closed" else None
        desk.sites.github.edit(NAME, 1, when, state=state, state_reason=reason, closed_at=closing)

    (raw,) = desk.raws()
    item = whole(desk, raw)

    days = [START + timedelta(days=day) for day in (5, 9)]
    assert (item.first_done, item.delivered, item.reopened) == (*days, 1)
    assert [(event.from_id, event.to_id) for event in told(desk, raw)] == [
        ("open", "closed"),
        ("closed", "open"),
        ("open", "closed"),
    ]


def test_what_was_not_planned_never_was_done(open_desk: Open) -> None:
    desk = open_desk(closed("not_planned"), closed("duplicate", number=2, id=2, node_id="I_2"))

    for raw, reason in zip(desk.raws(), ("duplicate", "not_planned"), strict=True):
        item = whole(desk, raw)
        (event,) = told(desk, raw)
        assert (item.status, item.status_id, item.delivered, item.first_done) == (
            Status.DROPPED,
            f"closed:{reason}",
            None,
            None,
        )
        assert event.to_id == item.status_id


def test_a_merge_closes_once_and_a_closed_pull_request_is_dropped(open_desk: Open) -> None:
    when = "2026-02-01T08:00:00Z"
    desk = open_desk(
        pull(1, merged=when, state="closed", closed_at=when), pull(2, state="closed", closed_at=when), pull(3)
    )

    merged, dropped, open_ = desk.raws()

    assert [(event.from_id, event.to_id) for event in told(desk, merged)] == [("open:pr", "merged")]
    assert whole(desk, merged).delivered == whole(desk, merged).first_done == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert [event.to_id for event in told(desk, dropped)] == ["closed:unmerged"]
    assert [whole(desk, raw).status_id for raw in (merged, dropped, open_)] == ["merged", "closed:unmerged", "open:pr"]
    assert whole(desk, dropped).status is Status.DROPPED


def test_every_status_id_stands_for_the_status_of_its_item(open_desk: Open) -> None:
    when = "2026-02-01T08:00:00Z"
    desk = open_desk(
        issue(1), closed(None, number=2, id=2, node_id="I_2"), closed("duplicate", number=3, id=3, node_id="I_3"),
        pull(4), pull(5, merged=when, state="closed"), pull(6, state="closed"),
    )  # fmt: skip

    for raw in desk.raws():
        item = desk.connector.normalise(raw, desk.fields)
        assert desk.fields.status_of(item.status_id, item.resolution) is item.status


def test_labels_milestones_parents_references_and_transfers_are_events(open_desk: Open) -> None:
    march = {"number": 4, "title": "March", "state": "open"}
    april = {"number": 5, "title": "April", "state": "open"}
    desk = open_desk(issue(1), shelf={"milestones": [march]})
    site = desk.sites.github
    site.edit(NAME, 1, at(10), labels=[{"name": "bug"}], milestone=march)
    site.edit(NAME, 1, at(20), labels=[{"name": "ui"}], milestone=april)
    site.edit(NAME, 1, at(30), parent_issue_url=f"{API}/issues/7")
    source = {"__typename": "PullRequest", "number": 9, "repository": {"nameWithOwner": "acme/web"}, "author": PERSON}
    site.edit(NAME, 1, at(40), event={"__typename": "CrossReferencedEvent", "source": source, "actor": PERSON})
    moved = {"__typename": "TransferredEvent", "fromRepository": {"nameWithOwner": "acme/old"}}
    site.edit(NAME, 1, at(50), event=moved)

    (raw,) = desk.raws()
    found = {(event.field, event.at, event.from_id, event.to_id) for event in told(desk, raw)}

    assert found == {
        (EventField.LABEL, at(10), "", "bug"),
        (EventField.ITERATION, at(10), "", "acme/shop/milestone/4"),
        (EventField.LABEL, at(20), "bug", ""),
        (EventField.LABEL, at(20), "", "ui"),
        (EventField.ITERATION, at(20), "acme/shop/milestone/4", ""),
        (EventField.ITERATION, at(20), "", "acme/shop/milestone/5"),  # the item's own, though the list lacks it
        (EventField.PARENT, at(30), "", "acme/shop#7"),
        (EventField.REFERENCE, at(40), "", "acme/web#9"),
        (EventField.KEY, at(50), "acme/old#?", "acme/shop#1"),
    }
    assert len({event.key for event in told(desk, raw)}) == len(found)
    assert not any(":" in event.key for event in told(desk, raw))


def test_a_milestone_that_is_gone_is_known_by_its_title(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    for minute, title in ((10, "Gone"), (20, None)):
        desk.sites.github.edit(NAME, 1, at(minute), milestone=title and {"number": 9, "title": title})

    (raw,) = desk.raws()

    assert {event.to_id or event.from_id for event in told(desk, raw)} == {"acme/shop/milestone-title/Gone"}


def test_more_than_fifty_events_are_followed_for_that_item_alone(open_desk: Open) -> None:
    events = [
        {"__typename": "LabeledEvent", "id": f"LE_{n}", "createdAt": github_time(at(n)), "label": {"name": f"l{n}"}}
        for n in range(260)
    ]
    desk = open_desk(issue(1), issue(2), shelf={"timelines": {1: events}})

    long, short = desk.raws()

    assert [event.key for event in told(desk, long)] == [f"LE_{n}" for n in range(260)]
    assert told(desk, short) == []
    assert desk.context.requests.by_purpose["history"] == 1 + 3


def test_the_same_history_is_told_with_the_same_keys(open_desk: Open) -> None:
    desk = open_desk(closed("completed", labels=[{"name": "a"}]))

    assert told(desk, desk.raws()[0]) == told(desk, desk.again().raws()[0])


def test_branch_and_linked_issues_are_what_a_pull_request_closes(open_desk: Open) -> None:
    desk = open_desk(pull(2), shelf={"branches": {2: f"{CANARY}-x/pay-7-fix"}, "closes": {2: ["acme/web#5"]}})

    (raw,) = desk.raws()

    assert set(desk.connector.normalise(raw, desk.fields).closes) >= {"PAY-7", "acme/web#5"}
    assert CANARY not in json.dumps(raw)


def test_the_parent_comes_with_the_history_where_the_list_has_none(open_desk: Open) -> None:
    desk = open_desk(issue(1), shelf={"parents": {1: "acme/goals#3"}})

    (raw,) = desk.raws()

    assert desk.connector.normalise(raw, desk.fields).parent == "acme/goals#3"


def test_fields_of_projects_are_size_status_iteration_and_extra_fields(open_desk: Open) -> None:
    told = values(
        ("Number", "Points", 5.0),
        ("SingleSelect", "Status", "In Review"),
        ("SingleSelect", "Area", "Checkout"),
        ("Text", "Notes", f"by {CANARY}"),
        ("Date", "Shipped", "2026-03-05"),
        ("Iteration", "Sprint", "b"),
    )
    mapping = WorkMapping(size_field="points", extra_fields=("area", "Points", "Sprint", "None"))
    desk = open_desk(issue(1), boards=[board((f"{NAME}#1", told))], mapping=mapping)

    (raw,) = desk.raws()
    item = desk.connector.normalise(raw, desk.fields)

    assert (item.size, item.status, item.original_status) == (Size(5.0, "points"), Status.IN_PROGRESS, "In Review")
    assert item.status_id == "open"
    assert item.iterations == (Iteration("acme/projects/7/b", "It b"),)
    assert item.fields == {"area": ("Checkout",), "Points": ("5",), "Sprint": ("It b",)}
    assert CANARY not in json.dumps(raw)
    assert desk.connector.raw_depends_on(desk.fields) == ["area", "none", "points", "sprint"]


@pytest.mark.parametrize(("status", "archived"), [("Todo", False), ("In Progress", True)])
def test_a_status_that_says_nothing_leaves_an_open_issue_to_do(open_desk: Open, status: str, archived: bool) -> None:
    project = board((f"{NAME}#1", values(("SingleSelect", "Status", status))), isArchived=archived)
    desk = open_desk(issue(1), boards=[project])

    item = desk.connector.normalise(desk.raws()[0], desk.fields)

    assert (item.status, item.original_status) == (Status.TODO, "open")


def test_a_date_field_may_say_when_users_got_it(open_desk: Open) -> None:
    project = board((f"{NAME}#1", values(("Date", "Shipped", "2026-03-05"))))
    desk = open_desk(closed("completed"), boards=[project], mapping=WorkMapping(delivered_field="shipped"))

    item = whole(desk, desk.raws()[0])

    assert desk.fields.ships_apart
    assert item.delivered == datetime(2026, 3, 5, tzinfo=UTC)
    assert item.first_done == datetime(2026, 2, 1, 8, tzinfo=UTC)


def test_no_person_of_any_payload_is_kept(open_desk: Open) -> None:
    events = [
        {"__typename": "ClosedEvent", "createdAt": github_time(at(5)), "stateReason": "COMPLETED", "actor": PERSON},
        {"__typename": "MilestonedEvent", "createdAt": github_time(at(4)), "milestoneTitle": f"For @{CANARY}"},
    ]
    project = board((f"{NAME}#1", values(("Text", "Owner", CANARY), ("SingleSelect", "DRI", CANARY))))
    raw = closed("completed", body=f"{CANARY} said", milestone={"number": 1, "title": f"@{CANARY}", "creator": PERSON})
    desk = open_desk(raw, shelf={"timelines": {1: events}}, boards=[project])

    assert CANARY not in json.dumps(desk.raws())


def test_ghosts_and_null_bodies_have_a_history(open_desk: Open) -> None:
    desk = open_desk(issue(1, user=None, assignees=[], assignee=None, closed_by=None, body=None))

    assert desk.raws()[0]["history"] == {"events": []}


# ---------------------------------------------------------------- when GitHub does not want to


def test_too_much_at_once_is_halved_and_the_size_is_remembered(open_desk: Open) -> None:
    desk = open_desk(*[issue(number, 5) for number in range(1, 91)])
    bodies = graphql_bodies(desk, lambda body: Response(502) if sizes([body])[0] > 60 else None)

    assert all("history" in raw for raw in desk.raws())

    assert sizes(bodies) == [90] * 4 + [45, 45]  # four attempts are the transport's
    later = desk.again()
    del bodies[:]
    assert all("history" in raw for raw in later.raws())
    assert sizes(bodies) == [45, 45]


@pytest.mark.parametrize("is_partial", [False, True])
def test_what_graphql_calls_too_slow_with_status_200_is_halved_as_well(open_desk: Open, is_partial: bool) -> None:
    desk = open_desk(*[issue(number, 5) for number in range(1, 61)])

    def slow(body: RawObject) -> Response | None:
        data = {"part0": [None] * sizes([body])[0], "part1": []} if is_partial else None
        errors = [{"message": "Something went wrong while executing your query."}]
        return Response(200, {"data": data, "errors": errors}) if sizes([body])[0] > 25 else None

    bodies = graphql_bodies(desk, slow)

    assert all("history" in raw for raw in desk.raws())
    assert sizes(bodies) == [60, 30, 15, 15, 15, 15]


def test_the_size_grows_back(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    desk.context.memory["details"] = {"size": 50, "good": 19}

    desk.raws()

    assert desk.context.memory["details"] == {"size": 100, "good": 0}


def test_halving_goes_on_however_often_it_takes(open_desk: Open) -> None:
    desk = open_desk(*[issue(number, 5) for number in range(1, 101)])
    bodies = graphql_bodies(desk, lambda body: Response(504) if sizes([body])[0] > 3 else None)

    assert all("history" in raw for raw in desk.raws())
    assert list(dict.fromkeys(sizes(bodies)))[:6] == [100, 50, 25, 12, 6, 3]


def test_a_server_that_is_down_is_not_taken_for_a_slow_one(open_desk: Open) -> None:
    desk = open_desk(issue(1), issue(2))
    (page,) = desk.pages()
    desk.sites.server.faults.append(lambda *_: Response(503))

    with pytest.raises(UnreachableError):
        desk.connector.history(Partition(NAME), page.raws, desk.fields)

    assert desk.context.memory == {}


def test_one_item_that_cannot_be_read_at_all_is_an_error(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    graphql_bodies(desk, lambda _: Response(502))

    with pytest.raises(UnreachableError):
        desk.raws()


def test_an_item_that_is_gone_or_forbidden_is_left_out(open_desk: Open) -> None:
    desk = open_desk(issue(1), issue(2), issue(3))
    (page,) = desk.pages()
    desk.sites.github.delete(NAME, 2)

    found = desk.connector.history(Partition(NAME), page.raws, desk.fields)

    assert set(found) == {"9001", "9003"}


def test_projects_that_a_token_may_not_read_are_left_out_for_a_day(open_desk: Open) -> None:
    refusal = {"errors": [{"type": "INSUFFICIENT_SCOPES", "message": "read:project is needed"}]}
    desk = open_desk(issue(1), shelf={"parents": {1: "acme/goals#3"}})
    bodies = graphql_bodies(desk, lambda body: Response(200, refusal) if "projectItems" in body["query"] else None)

    assert desk.raws()[0]["history"]["parent"] == "acme/goals#3"
    assert desk.again().raws()[0]["history"]["parent"] == "acme/goals#3"

    asked = ["projectItems" in body["query"] for body in bodies]
    assert asked == [True, False, False]
    tomorrow = desk.again()
    tomorrow.context.clock = lambda: NOW + timedelta(hours=25)
    tomorrow.raws()
    assert "projectItems" in bodies[3]["query"]


def test_a_project_that_takes_its_item_with_it_is_left_out_too(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    error = {"type": "FORBIDDEN", "path": ["part0", 0, "projectItems"], "message": "no"}
    answer = {"data": {"part0": [None], "part1": []}, "errors": [error]}
    graphql_bodies(desk, lambda body: Response(200, answer) if "projectItems" in body["query"] else None)

    assert "history" in desk.raws()[0]


def test_an_old_server_is_asked_a_leaner_query(open_desk: Open) -> None:
    unknown = {"errors": [{"message": "Field 'parent' doesn't exist", "extensions": {"code": "undefinedField"}}]}
    desk = open_desk(closed("completed"))
    bodies = graphql_bodies(desk, lambda body: Response(200, unknown) if "parent {" in body["query"] else None)

    (raw,) = desk.raws()

    assert [event.to_id for event in told(desk, raw)] == ["closed"]
    levels = (QueryLevel.FULL, QueryLevel.WITHOUT_PROJECTS, QueryLevel.LEAN)
    assert [body["query"] for body in bodies] == [details(level) for level in levels]


def test_a_server_that_refuses_every_query_is_an_error(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    graphql_bodies(desk, lambda _: Response(200, {"errors": [{"message": "no"}]}))

    with pytest.raises(UnexpectedResponseError, match="refuses the query"):
        desk.raws()


def test_a_server_without_graphql_has_no_history_and_is_asked_once_a_day(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    bodies = graphql_bodies(desk, lambda _: Response(404, {"message": "Not Found"}))

    assert desk.raws()[0]["history"] == {"events": []}, "there is none to wait for"
    assert desk.again().raws()[0]["history"] == {"events": []}
    assert len(bodies) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"data": None, "errors": []},
        {},
        [],
        {"data": []},
        {"data": {"part0": {}}},
        {"data": {"part0": [], "part1": []}},
        {"data": {"part0": [5], "part1": []}},
    ],
)
def test_no_graphql_data_at_all_is_an_error(open_desk: Open, answer: object) -> None:
    desk = open_desk(issue(1))
    graphql_bodies(desk, lambda _: Response(200, answer))

    with pytest.raises(UnexpectedResponseError, match="GraphQL gave"):
        desk.raws()


def test_a_graphql_limit_told_with_status_200_is_a_limit(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    limited = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    graphql_bodies(desk, lambda _: Response(200, limited))

    with pytest.raises(RateLimitedError):
        desk.raws()


def test_a_broken_answer_is_asked_for_again(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    answers = iter([Response(502)])
    graphql_bodies(desk, lambda _: next(answers, None))

    assert "history" in desk.raws()[0]
    assert desk.context.requests.by_purpose["history"] == 2


def test_an_empty_memory_of_another_shape_does_no_harm(open_desk: Open, tmp_path: Path) -> None:
    desk = open_desk(issue(1))
    desk.context.memory.update({"details": 5, "level": {"level": 99}})

    assert "history" in desk.raws()[0]
    assert isinstance(desk.context, Context)


# ---------------------------------------------------------------- whatever is stored


SCALAR = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
ANY = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner))
KINDS = st.sampled_from(
    ["closed", "reopened", "merged", "labeled", "milestoned", "transferred", "parent_added", "other"]
)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"id": st.text(max_size=3), "kind": KINDS, "at": st.just("2026-02-01T08:00:00Z") | SCALAR},
        optional=dict.fromkeys(("reason", "label", "milestone", "title", "item", "repository"), SCALAR),
    )
)


@settings(max_examples=examples(300), deadline=None)
@given(st.fixed_dictionaries({"events": EVENTS | ANY}, optional={"projects": ANY, "parent": ANY, "closes": ANY}) | ANY)
def test_whatever_history_holds_is_events_or_one_of_the_named_errors(history: object) -> None:
    raw = issue(1, history=history)
    mapping = WorkMapping(size_field="points", extra_fields=("area",), delivered_field="shipped")
    fields = FieldMap(mapping=mapping, statuses=STATUSES)

    for read in (normalise_history, normalise):
        try:
            read(raw, fields)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
