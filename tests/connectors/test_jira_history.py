"""What the Jira connector tells of the past: bulk changelogs on Cloud, changelogs inside a search on Data Center."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.errors import ConnectorError, UnexpectedResponseError
from okrsync.model.history import as_of, ordered
from okrsync.model.work import EventField, ItemEvent, Iteration, Size, Status
from okrsync.plugins.connector import HISTORY, FieldMap
from okrsync.plugins.context import WorkMapping
from okrsync.sandbox.http import Request, Response
from okrsync.sandbox.tracker_data import JiraData, JiraKind, RawObject
from okrsync_jira.history import event_fields, normalise_history
from support.examples import examples
from support.jira_desk import (
    CANARY,
    EPIC,
    ESTIMATE,
    POINTS,
    SPRINT,
    Desk,
    at,
    change,
    entry,
    issue,
    status,
    status_change,
    with_changelog,
)

Open = Callable[..., Desk]
both_kinds = pytest.mark.parametrize("kind", ["cloud", "datacenter"])
DONE = {"id": "9", "name": "Done"}
RESOLVED = change("resolution", (None, None), ("9", "Done"))
TAKEN_BACK = change("resolution", ("9", "Done"), (None, None))


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    opened: list[Desk] = []
    monkeypatch.setenv("JIRA_CANARY", "token-4711")

    def make(*issues: RawObject, kind: JiraKind = "cloud", mapping: WorkMapping | None = None, **data: Any) -> Desk:
        opened.append(Desk.at(JiraData([*issues], kind=kind, **data), tmp_path, mapping))
        return opened[-1]

    yield make
    for desk in opened:
        desk.close()


def worked_on(number: int, first: int) -> RawObject:
    """An issue with six entries in its changelog."""
    steps = ["1", "2", "1", "2", "1", "2", "3"]
    histories = [
        entry(first + place, number + place, status_change(before, after))
        for place, (before, after) in enumerate(pairwise(steps))
    ]
    return with_changelog(issue(number, status=status("3")), *histories)


def told(events: object) -> list[tuple[str, str, str]]:
    assert isinstance(events, list)
    return [(event.key, event.from_text, event.to_text) for event in events]


def test_a_thousand_cloud_issues_with_six_entries_each_take_sixteen_requests(open_desk: Open) -> None:
    desk = open_desk(*[worked_on(number, 10 * number) for number in range(1, 1001)])
    run = desk.run()

    found = run.read()

    assert len(found) == 1000
    assert {len(events) for _, events in found.values()} == {6}
    assert run.counts == {"setup": 3, "items": 10, "history": 6, "iterations": 1}
    again = desk.run()
    again.read(at(2000))
    assert again.counts == {"setup": 2, "items": 1}


def test_a_thousand_data_center_issues_bring_their_entries_along(open_desk: Open) -> None:
    run = open_desk(*[worked_on(number, 10 * number) for number in range(1, 1001)], kind="datacenter").run()

    found = run.read()

    assert {len(events) for _, events in found.values()} == {6}
    assert run.counts == {"setup": 3, "items": 1, "iterations": 1}


def test_an_issue_that_is_split_over_pages_is_put_together(open_desk: Open) -> None:
    long = [entry(each, each, status_change(*(("1", "2") if each % 2 else ("2", "1")))) for each in range(1, 1501)]
    other = with_changelog(issue(2, 9999), entry(5000, 3, status_change("1", "2")))
    run = open_desk(with_changelog(issue(1, 9999), *long), other).run()

    found = run.read()

    assert [event.key for event in found["PAY-1"][1]] == [f"h{number}:0" for number in range(1, 1501)]
    assert [event.key for event in found["PAY-2"][1]] == ["h5000:0"]
    assert run.counts["history"] == 2


@both_kinds
def test_two_hundred_and_fifty_entries_are_all_there(open_desk: Open, kind: JiraKind) -> None:
    steps = [entry(each, each, status_change(*(("1", "2") if each % 2 else ("2", "1")))) for each in range(1, 251)]

    found = open_desk(with_changelog(issue(1, 9999), *steps), kind=kind).run().read()

    assert len(found["PAY-1"][1]) == 250


@both_kinds
def test_entries_of_one_second_keep_the_order_of_their_ids(open_desk: Open, kind: JiraKind) -> None:
    histories = [
        entry(9, 5, status_change("1", "2")),
        entry(10, 5, status_change("2", "3"), RESOLVED),
        entry(11, 5, TAKEN_BACK, status_change("3", "2")),
    ]
    raw = with_changelog(issue(1, status=status("2")), *reversed(histories))

    item, events = open_desk(raw, kind=kind).run().read()["PAY-1"]

    assert [event.key for event in events] == ["h9:0", "h10:1", "h10:0", "h11:1", "h11:0"]
    assert [event.change for event in ordered(events)] == ["h9", "h10", "h10", "h11", "h11"]
    assert (item.status, item.first_done, item.reopened) == (Status.IN_PROGRESS, at(5), 1)


@both_kinds
def test_an_issue_that_was_done_twice_is_delivered_the_second_time(open_desk: Open, kind: JiraKind) -> None:
    raw = with_changelog(
        issue(1, 50, status=status("3"), resolution=DONE, resolutiondate="2026-02-01T00:00:00.000+0000"),
        entry(1, 10, status_change("1", "3"), RESOLVED),
        entry(2, 20, TAKEN_BACK, status_change("3", "2")),
        entry(3, 30, RESOLVED, status_change("2", "3")),
    )

    item, _ = open_desk(raw, kind=kind).run().read()["PAY-1"]

    assert (item.delivered, item.first_done, item.reopened) == (at(30), at(10), 1)


def test_a_resolution_that_delivers_nothing_is_known_to_the_field_map(open_desk: Open) -> None:
    fields = open_desk(issue(1)).run().connector.discover()

    assert fields.statuses == {"1": "todo", "2": "in_progress", "3": "done"}
    assert fields.status_of("3", "Won't Do") is Status.DROPPED
    assert fields.status_of("3", "Done") is Status.DONE
    assert fields.not_delivered == tuple(sorted(fields.not_delivered))


@both_kinds
def test_a_moved_issue_tells_its_former_key(open_desk: Open, kind: JiraKind) -> None:
    desk = open_desk(issue(1), issue(2), issue(3, None, "OPS"), kind=kind)
    desk.sites.jira.move("OPS-3", "PAY-9", at(60))

    item, events = desk.run().read()["PAY-9"]

    assert item.external_id == "50003"
    assert [(event.field, event.from_text, event.to_text) for event in events] == [(EventField.KEY, "OPS-3", "PAY-9")]


def sprint_change(before: tuple[str, str], after: tuple[str, str]) -> RawObject:
    return change("Sprint", before, after, fieldId=SPRINT, fieldtype="custom")


@both_kinds
def test_sprints_and_labels_come_and_go_one_by_one(open_desk: Open, kind: JiraKind) -> None:
    raw = with_changelog(
        issue(1, labels=["b", "c"], **{SPRINT: [{"id": 5, "name": "S5"}, {"id": 6, "name": "S6"}]}),
        entry(1, 1, sprint_change(("", ""), ("4, 5", "S4, S5"))),
        entry(2, 2, sprint_change(("4, 5", "S4, S5"), ("5, 6", "S5, S6")), change("labels", ("", "a b"), ("", "b c"))),
    )
    run = open_desk(raw, kind=kind).run()

    item, events = run.read()["PAY-1"]

    assert [(event.key, event.from_id, event.from_text, event.to_id, event.to_text) for event in events] == [
        ("h1:7.0", "", "", "4", "S4"),
        ("h1:7.1", "", "", "5", "S5"),
        ("h2:7.0", "4", "S4", "", ""),
        ("h2:7.1", "", "", "6", "S6"),
        ("h2:6.0", "a", "a", "", ""),
        ("h2:6.1", "", "", "c", "c"),
    ]
    past = as_of(item, events, at(1.5), lambda *_: None)
    assert past is not None
    assert set(past.labels) == {"a", "b"}
    assert set(past.iterations) == {Iteration("4", "S4"), Iteration("5", "S5")}


def test_parents_types_and_sizes_are_told_by_key_name_and_number(open_desk: Open) -> None:
    raw = with_changelog(
        issue(1, **{ESTIMATE: 5}),
        entry(1, 1, change("IssueParentAssociation", (None, None), ("77", "PAY-7"), fieldId=None)),
        entry(2, 2, change("Epic Link", ("77", "PAY-7"), ("78", "PAY-8"), fieldId=EPIC, fieldtype="custom")),
        entry(3, 3, change("issuetype", ("7", "Story"), ("8", "Bug"))),
        entry(4, 4, change("Estimate", (None, "3"), (None, "5"), fieldId=ESTIMATE, fieldtype="custom")),
        entry(5, 5, change("description", (None, "a"), (None, "b"))),
        entry(6, 6, change("assignee", (CANARY, CANARY), (CANARY, CANARY))),
    )

    _, events = open_desk(raw).run().read()["PAY-1"]

    assert [(event.key, event.field, event.from_text, event.to_text) for event in events] == [
        ("h1:4", EventField.PARENT, "", "PAY-7"),
        ("h2:4", EventField.PARENT, "PAY-7", "PAY-8"),
        ("h3:2", EventField.TYPE, "Story", "Bug"),
        ("h4:5", EventField.SIZE, "3", "5"),
    ]


@both_kinds
def test_no_person_is_kept_of_a_history(open_desk: Open, kind: JiraKind) -> None:
    labels = change("labels", ("", ""), ("", f"ask-@{CANARY} {CANARY}@example.com"))
    raw = with_changelog(issue(1), entry(1, 1, labels, change("assignee", (None, None), (CANARY, CANARY))))
    run = open_desk(raw, kind=kind).run()

    kept = run.raws(run.connector.discover())

    assert CANARY not in json.dumps(kept)
    assert kept[0][HISTORY][0].keys() == {"id", "created", "items"}


def test_only_fields_that_are_events_are_asked_for_ten_at_a_time(open_desk: Open) -> None:
    bodies: list[Any] = []
    mapping = WorkMapping(size_field="customfield_1")
    raw = with_changelog(
        issue(1, customfield_1=2),
        entry(1, 1, status_change("1", "2"), change("Own", (None, "1"), (None, "2"), fieldId="customfield_1")),
    )
    desk = open_desk(raw, mapping=mapping, fields=None)
    assert desk.data.fields is not None
    desk.data.fields = desk.data.fields + [
        {"id": f"customfield_2{n}", "name": "S", "custom": True, "schema": {"custom": kind}}
        for n, kind in enumerate(["com.pyxis.greenhopper.jira:gh-sprint"] * 3)
    ]
    desk.sites.server.faults.append(
        lambda _, request: bodies.append(request.json()) if request.method == "POST" else None
    )
    run = desk.run()

    _, events = run.read()["PAY-1"]

    assert [len(body["fieldIds"]) for body in bodies] == [10, 3]
    assert told(list(events)) == [("h1:5", "1", "2"), ("h1:0", "Open", "Doing")]
    assert run.counts["history"] == 2


def bulk(*answers: object) -> Callable[[str, Request], Response | None]:
    left = list(answers)

    def fault(_: str, request: Request) -> Response | None:
        if not request.path.endswith("/bulkfetch"):
            return None
        return Response(200, left.pop(0) if len(left) > 1 else left[0])

    return fault


def logs(number: int, **more: Any) -> RawObject:
    return {"issueChangeLogs": [{"issueId": "10001", "changeHistories": [entry(number, number)]}], **more}


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([logs(1, nextPageToken="a"), logs(2, nextPageToken="a")], "a page token that came before"),
        ([logs(1, nextPageToken="a"), logs(2, nextPageToken="b"), logs(3, nextPageToken="a")], "came before"),
        ([{"issueChangeLogs": [], "nextPageToken": "a"}], "an empty page that says there is more"),
        ([{}], "without histories"),
        ([[]], "without histories"),
        ([{"issueChangeLogs": [{"issueId": "10001"}]}], "of the wrong shape"),
        ([{"issueChangeLogs": [{"issueId": "10001", "changeHistories": [{}]}]}], "of the wrong shape"),
    ],
)
def test_a_history_that_cannot_be_whole_is_an_error(open_desk: Open, answers: list[object], words: str) -> None:
    desk = open_desk(issue(1))
    desk.sites.server.faults.append(bulk(*answers))

    with pytest.raises(UnexpectedResponseError, match=words):
        desk.run().read()


def test_a_site_that_knows_a_field_by_another_id_is_asked_for_all_of_them(open_desk: Open) -> None:
    raw = with_changelog(issue(1), entry(1, 1, status_change("1", "2"), change("summary", (None, "a"), (None, "b"))))
    desk = open_desk(raw)
    desk.sites.server.faults.append(
        lambda _, request: Response(400, {}) if request.method == "POST" and request.json()["fieldIds"] else None
    )
    run = desk.run()

    assert [event.key for event in run.read()["PAY-1"][1]] == ["h1:0"]
    assert [event.key for event in run.read()["PAY-1"][1]] == ["h1:0"]
    assert run.counts["history"] == 3


def test_a_request_for_histories_that_is_refused_anyway_is_an_error(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    desk.sites.server.faults.append(lambda _, request: Response(400, {}) if request.method == "POST" else None)

    with pytest.raises(UnexpectedResponseError, match="answered 400"):
        desk.run().read()


def test_a_busy_site_is_asked_for_histories_again(open_desk: Open) -> None:
    desk = open_desk(with_changelog(issue(1), entry(1, 1, status_change("1", "2"))))
    left = [Response(429, {}, {"Retry-After": "1"}), Response(503)]
    desk.sites.server.faults.append(
        lambda _, request: left.pop() if left and request.path.endswith("/bulkfetch") else None
    )

    assert len(desk.run().read()["PAY-1"][1]) == 1


def test_times_in_numbers_are_read_as_seconds_or_milliseconds() -> None:
    item = status_change("1", "2")
    raw = issue(1) | {
        HISTORY: [{"id": "1", "created": 1492070429, "items": [item]},
                  {"id": "2", "created": 1492070430000, "items": [item]}]
    }  # fmt: skip

    first, second = normalise_history(raw, FieldMap())

    assert (second.at - first.at).total_seconds() == 1


@pytest.mark.parametrize("created", [None, True, "x", 10**30, -(10**30)])
def test_a_history_without_a_time_is_refused(created: object) -> None:
    raw = issue(1) | {HISTORY: [{"id": "1", "created": created, "items": []}]}

    with pytest.raises((ValueError, TypeError, OverflowError)):
        normalise_history(raw, FieldMap())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "items", "from", "to"]), inner),
    max_leaves=4,
)
PARTS = st.sampled_from(["id", "created", "items"])
SIDES = st.sampled_from(["field", "fieldId", "from", "fromString", "to", "toString"])


@settings(max_examples=examples(300), deadline=None)
@given(st.dictionaries(PARTS, JSON, max_size=2), st.dictionaries(SIDES, JSON, max_size=3))
def test_whatever_a_history_holds_is_events_or_one_of_the_named_errors(whole: RawObject, part: RawObject) -> None:
    raw = issue(1) | {HISTORY: [entry(1, 1, status_change("1", "2") | part) | whole]}
    fields = FieldMap(roles={"sprint": (SPRINT,), "size": (POINTS,)})

    def result() -> object:
        try:
            return list(normalise_history(raw, fields))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return f"{type(error).__name__}: {error}"

    assert result() == result()


def test_an_issue_whose_history_is_not_known_has_no_events() -> None:
    assert list(normalise_history(issue(1), FieldMap())) == []


def test_keys_of_events_do_not_depend_on_what_else_was_asked_for() -> None:
    items = [
        change("Points", (None, "1"), (None, "2"), fieldId=POINTS),
        change("Estimate", (None, "3"), (None, "4"), fieldId=ESTIMATE),
        status_change("1", "2"),
    ]
    raw = issue(1, **{POINTS: 2}) | {HISTORY: [entry(1, 1, *items)]}
    few, many = FieldMap(roles={"size": (POINTS,)}), FieldMap(roles={"size": (POINTS, ESTIMATE)})

    def keyed(fields: FieldMap, given: RawObject) -> dict[str, ItemEvent]:
        return {event.key: event for event in normalise_history(given, fields)}

    assert keyed(few, raw) == keyed(many, raw) == keyed(many, raw | {HISTORY: [entry(1, 1, *reversed(items))]})
    assert set(keyed(few, raw)) == {"h1:0", "h1:5"}


def test_a_size_counts_only_in_the_field_that_the_issue_has_it_in(open_desk: Open) -> None:
    sizes = (
        change("A", (None, "1"), (None, "8"), fieldId=POINTS),
        change("B", (None, None), (None, "3"), fieldId=ESTIMATE),
    )
    mapping = WorkMapping(size_field=POINTS)

    desk = open_desk(with_changelog(issue(1, **{ESTIMATE: 3}), entry(1, 1, *sizes)), mapping=mapping)

    item, events = desk.run().read()["PAY-1"]

    assert item.size == Size(3.0, "points")
    assert told(list(events)) == [("h1:5", "", "3")]


def test_items_that_count_as_one_have_no_events_of_size() -> None:
    raw = issue(1) | {HISTORY: [entry(1, 1, change("A", (None, "1"), (None, "8"), fieldId=POINTS))]}

    assert not list(normalise_history(raw, FieldMap(WorkMapping(count_items=True, size_field=POINTS))))


def test_sprints_with_a_comma_in_their_names_keep_their_ids() -> None:
    raw = issue(1) | {HISTORY: [entry(1, 1, sprint_change(("", ""), ("4, 5", "A, b, S5")))]}
    one = issue(1) | {HISTORY: [entry(1, 1, sprint_change(("", ""), ("4", "A, b")))]}
    fields = FieldMap(roles={"sprint": (SPRINT,)})

    assert [(event.to_id, event.to_text) for event in normalise_history(raw, fields)] == [("4", ""), ("5", "")]
    assert [(event.to_id, event.to_text) for event in normalise_history(one, fields)] == [("4", "A, b")]


def test_a_changelog_that_a_data_center_search_cuts_is_read_page_by_page(open_desk: Open) -> None:
    steps = [entry(each, each, status_change(*(("1", "2") if each % 2 else ("2", "1")))) for each in range(1, 251)]
    desk = open_desk(with_changelog(issue(1, 9999), *steps), issue(2), kind="datacenter")
    _cut_searches(desk, 40)
    run = desk.run()

    found = run.read()

    assert [len(events) for _, events in found.values()] == [0, 250]
    assert run.counts["history"] == 3


def test_a_data_center_without_paged_changelogs_gives_that_of_one_issue(open_desk: Open) -> None:
    steps = [entry(each, each, status_change("1", "2")) for each in range(1, 61)]
    desk = open_desk(with_changelog(issue(1, 9999), *steps), kind="datacenter")
    _cut_searches(desk, 40)
    desk.sites.server.faults.append(
        lambda _, request: Response(404, {}) if request.path.endswith("/changelog") else None
    )

    assert len(desk.run().read()["PAY-1"][1]) == 60


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"values": [], "total": 60}, "an empty page that says there is more"),
        ({"values": []}, "a history of the wrong shape"),
        ({"total": 60}, "a history of the wrong shape"),
    ],
)
def test_a_paged_history_that_cannot_be_whole_is_an_error(open_desk: Open, answer: RawObject, words: str) -> None:
    steps = [entry(each, each, status_change("1", "2")) for each in range(1, 61)]
    desk = open_desk(with_changelog(issue(1, 9999), *steps), kind="datacenter")
    _cut_searches(desk, 40)
    desk.sites.server.faults.append(
        lambda _, request: Response(200, answer) if request.path.endswith("/changelog") else None
    )

    with pytest.raises(UnexpectedResponseError, match=words):
        desk.run().read()


def test_a_history_that_stays_cut_is_left_out_to_be_asked_for_again(open_desk: Open) -> None:
    steps = [entry(each, each, status_change("1", "2")) for each in range(1, 61)]
    desk = open_desk(with_changelog(issue(1, 9999), *steps), issue(2), kind="datacenter")
    _cut_searches(desk, 40)
    stays = {"changelog": {"histories": [], "total": 60}}
    desk.sites.server.faults.append(
        lambda _, request: (
            Response(*((404, {}) if request.path.endswith("/changelog") else (200, stays)))
            if "/issue/" in request.path
            else None
        )
    )
    run = desk.run()
    raws = run.raws(run.connector.discover())

    assert {raw["key"]: HISTORY in raw for raw in raws} == {"PAY-1": False, "PAY-2": True}


def test_issues_of_an_earlier_run_are_asked_for_by_id_on_data_center(open_desk: Open) -> None:
    raw = with_changelog(issue(1), entry(1, 1, status_change("1", "2")))
    desk = open_desk(raw, issue(2), kind="datacenter")
    run = desk.run()
    fields = run.connector.discover()

    found = run.connector.history(run.partition, [issue(1), issue(2), issue(77)], fields)

    assert {id_: len(log) for id_, log in found.items()} == {"10001": 1, "10002": 0}
    assert run.counts["history"] == 1


def test_an_old_server_that_names_no_field_ids_is_understood_by_names(open_desk: Open) -> None:
    items = [
        status_change("1", "2"),
        change("Story point estimate", (None, "1"), (None, "2"), fieldtype="custom"),
        change("Sprint", ("", ""), ("4", "S4"), fieldtype="custom"),
        change("Status", ("", ""), ("4", "S4"), fieldtype="custom"),
    ]
    bare = [{name: value for name, value in each.items() if name != "fieldId"} for each in items]
    desk = open_desk(with_changelog(issue(1, **{ESTIMATE: 2}), entry(1, 1, *bare)), kind="datacenter")

    _, events = desk.run().read()["PAY-1"]

    assert [event.key for event in events] == ["h1:5", "h1:7.0", "h1:0"]


def test_an_answer_that_is_too_large_is_asked_for_in_smaller_pages(open_desk: Open) -> None:
    desk = open_desk(*[issue(number) for number in range(1, 301)], kind="datacenter")
    sizes: list[int] = []

    def swollen(_: str, request: Request) -> Response | None:
        if request.path.endswith("/search"):
            sizes.append(int(request.argument("maxResults")))
            if sizes[-1] > 300:
                return Response(200, b"{" + b" " * (33 * 1024 * 1024) + b"}", {"Content-Type": "application/json"})
        return None

    desk.sites.server.faults.append(swollen)

    assert len(desk.run().read()) == 300
    assert sizes[:3] == [1000, 500, 250]


def test_more_than_ten_kinds_of_fields_are_known_by_their_roles() -> None:
    fields = FieldMap(WorkMapping(size_field="own"), {"sprint": ("a",), "epic": ("b",), "size:PAY": ("c",)})

    assert event_fields(fields) == {
        "status": EventField.STATUS,
        "resolution": EventField.RESOLUTION,
        "issuetype": EventField.TYPE,
        "issuekey": EventField.KEY,
        "parent": EventField.PARENT,
        "labels": EventField.LABEL,
        "a": EventField.ITERATION,
        "b": EventField.PARENT,
        "own": EventField.SIZE,
        "c": EventField.SIZE,
    }


def _cut_searches(desk: Desk, count: int) -> None:
    def fault(_: str, request: Request) -> Response | None:
        if not request.path.endswith("/search"):
            return None
        answer = desk.sites.jira.handle(request)
        assert isinstance(answer.payload, dict)
        for raw in answer.payload["issues"]:
            raw["changelog"] = raw["changelog"] | {"histories": raw["changelog"]["histories"][-count:]}
        return answer

    desk.sites.server.faults.append(fault)


def test_a_site_that_cannot_be_reached_gives_no_history(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    run = desk.run()
    fields = run.connector.discover()
    desk.sites.server.faults.append(lambda *_: Response(502))

    with pytest.raises(ConnectorError):
        run.connector.history(run.partition, [issue(1)], fields)
