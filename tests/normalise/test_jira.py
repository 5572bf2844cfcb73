"""What an item is made of that Jira's search sends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from okrsync.model.work import Directive, Item, ItemKind, Iteration, Size, Status
from okrsync.plugins.connector import FieldMap
from okrsync.plugins.context import WorkMapping
from okrsync_jira.normalise import (
    NOT_DELIVERED,
    STANDARD_FIELDS,
    is_restricted,
    normalise,
    plain_text,
    requested_fields,
    roles,
    size_fields,
    statuses,
    updated_at,
    without_extras,
)

SPRINT, EPIC, POINTS, TEAM, PARENT = (f"customfield_{number}" for number in (10020, 10014, 10016, 10001, 10018))
ROLES = {"sprint": (SPRINT,), "epic": (EPIC,), "size": (POINTS,), "team": (TEAM,), "parent": (PARENT,)}
WORDS = ("expect", "kr")
FIELDS = FieldMap(WorkMapping(body_words=WORDS), ROLES, "https://acme.example", "product", "checkout")
ENTERED, RESOLVED = "2026-10-05T14:00:00.000+0200", "2026-10-04T14:00:00.000+0000"
DONE = {"name": "Closed", "statusCategory": {"key": "done"}}


def issue(**held: Any) -> dict[str, Any]:
    return {
        "id": 10042,
        "key": "PAY-12",
        "fields": {
            "summary": "Shorten the form",
            "status": {"name": "To Do", "statusCategory": {"key": "new"}},
            "issuetype": {"name": "Story"},
            "created": "2026-10-01T10:00:00.000+0200",
            "updated": "2026-10-05T14:30:00.000+0200",
            **held,
        },
    }


def delivered(**held: Any) -> dict[str, Any]:
    return issue(**{"status": DONE, "statuscategorychangedate": ENTERED, **held})


def mapped(**given: Any) -> FieldMap:
    return FieldMap(WorkMapping(**given), ROLES, source="product")


def read(**held: Any) -> Item:
    return normalise(issue(**held), FIELDS)


def test_a_whole_issue() -> None:
    raw = delivered(
        resolution={"name": "Done"},
        parent={"key": "PAY-1"},
        labels=["kr/KR1.1", "area/checkout"],
        components=[{"name": "Checkout"}, {"name": None}, {"name": "Door"}],
        description="Why.\n\nKR: KR1.1",
        customfield_10999={"value": "KR1.1"},
        **{POINTS: 3, TEAM: {"id": "7", "name": "Team Door"}, SPRINT: [{"id": 7, "name": "Sprint 7"}]},
    )
    mapping = WorkMapping(extra_fields=("customfield_10999", "customfield_1"), body_words=WORDS)
    fields = FieldMap(mapping, ROLES, "https://acme.example", "product", "x")
    assert normalise(raw, fields) == Item(
        source="product",
        external_id="10042",
        key="PAY-12",
        url="https://acme.example/browse/PAY-12",
        kind=ItemKind.ISSUE,
        type="Story",
        title="Shorten the form",
        status=Status.DONE,
        original_status="Closed",
        created=datetime(2026, 10, 1, 8, tzinfo=UTC),
        updated=datetime(2026, 10, 5, 12, 30, tzinfo=UTC),
        delivered=datetime(2026, 10, 5, 12, tzinfo=UTC),
        resolution="Done",
        size=Size(3.0, "points"),
        project="PAY",
        team="Team Door",
        parent="PAY-1",
        labels=("kr/KR1.1", "area/checkout"),
        components=("Checkout", "Door"),
        iterations=(Iteration("7", "Sprint 7"),),
        directives=(Directive("kr", "KR1.1"),),
        fields={"customfield_10999": ("KR1.1",)},
    )


def test_body_lines_with_other_words_are_not_kept() -> None:
    raw = issue(description="KR: KR1.1\ncc: Mona Lisa\nexpect: KR1.1 +2.0\n\nSigned-off-by: Mona Lisa")
    assert normalise(raw, FIELDS).directives == (Directive("kr", "KR1.1"), Directive("expect", "KR1.1 +2.0"))
    assert normalise(raw, mapped(body_words=("expect",))).directives == (Directive("expect", "KR1.1 +2.0"),)
    assert normalise(raw, mapped()).directives == ()


def test_a_bare_issue_has_empty_texts() -> None:
    raw = issue(summary=None, issuetype=None, labels=None, components=None, description=None, resolution=None)
    raw["fields"]["status"]["name"] = None
    item = normalise(raw, FieldMap())
    assert (item.title, item.type, item.original_status, item.resolution) == ("", "Issue", "", "")
    assert (item.url, item.parent, item.team, item.source) == ("", "", "", "")
    assert (item.labels, item.components, item.iterations, item.directives) == ((), (), (), ())
    assert (item.size, item.delivered, dict(item.fields)) == (None, None, {})


def test_nameless_types_and_resolutions() -> None:
    item = read(issuetype={"name": None}, resolution={"name": None})
    assert (item.type, item.resolution) == ("Issue", "")


def test_without_a_site_the_address_is_what_the_issue_says() -> None:
    assert normalise({**issue(), "self": "https://x/1"}, FieldMap()).url == "https://x/1"


def test_a_project_key_may_hold_anything_before_the_number() -> None:
    assert normalise({**issue(), "key": "A_B-C-12"}, FIELDS).project == "A_B-C"


# ---------------------------------------------------------------- status and delivery


@pytest.mark.parametrize(
    ("category", "status"),
    [
        ("new", Status.TODO),
        ("undefined", Status.TODO),
        ("indeterminate", Status.IN_PROGRESS),
        ("something else", Status.TODO),
        ("done", Status.DONE),
    ],
)
def test_the_status_is_that_of_the_category(category: str, status: Status) -> None:
    item = read(status={"name": "Own word", "statusCategory": {"key": category}})
    assert (item.status, item.original_status) == (status, "Own word")


@pytest.mark.parametrize("name", [*sorted(NOT_DELIVERED), "Won't Do", " DUPLICATE "])
def test_some_resolutions_mean_not_delivered(name: str) -> None:
    item = normalise(delivered(resolution={"name": name}), FIELDS)
    assert (item.status, item.delivered, item.resolution) == (Status.DROPPED, None, name)


@pytest.mark.parametrize("resolution", [{"name": "Done"}, {"name": "Fixed"}, {"name": None}, None])
def test_other_resolutions_mean_delivered(resolution: Mapping[str, Any] | None) -> None:
    assert normalise(delivered(resolution=resolution), FIELDS).status is Status.DONE


def test_a_site_may_have_its_own_resolutions_that_mean_not_delivered() -> None:
    raw = delivered(resolution={"name": "Parked"})
    assert normalise(raw, mapped(dropped=("parked",))).status is Status.DROPPED
    assert normalise(raw, FIELDS).status is Status.DONE


def test_a_resolution_on_an_open_issue_changes_nothing() -> None:
    assert read(resolution={"name": "Duplicate"}).status is Status.TODO


def test_an_issue_is_delivered_when_it_entered_done_not_when_it_was_resolved() -> None:
    item = normalise(delivered(resolutiondate=RESOLVED), FIELDS)
    assert item.delivered == datetime(2026, 10, 5, 12, tzinfo=UTC)


def test_where_the_entry_is_not_known_the_resolution_counts() -> None:
    item = normalise(delivered(statuscategorychangedate=None, resolutiondate=RESOLVED), FIELDS)
    assert item.delivered == datetime(2026, 10, 4, 14, tzinfo=UTC)


def test_a_status_is_told_by_its_id_for_its_history() -> None:
    assert read(status={"id": "7", "name": "x", "statusCategory": {"key": "new"}}).status_id == "7"
    assert read(status={"id": 7, "name": "x", "statusCategory": {"key": "new"}}).status_id == "7"
    assert read().status_id == ""


def test_statuses_are_known_by_id_and_category() -> None:
    listed: list[dict[str, Any]] = [
        {"id": "5", "name": "Done", "statusCategory": {"key": "indeterminate"}},
        {"id": 3, "statusCategory": {"key": "done"}},
        {"id": "4", "statusCategory": {"key": "undefined"}},
        {"id": "1", "statusCategory": {"key": "new"}},
        {"id": "2", "statusCategory": None},
        {"id": "6", "statusCategory": "done"},
    ]

    found = statuses(listed)

    assert found == {"1": "todo", "2": "todo", "3": "done", "4": "todo", "5": "in_progress", "6": "todo"}
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("versions", "status", "when"),
    [
        ([{"released": True, "releaseDate": "2026-10-09"}], Status.DONE, datetime(2026, 10, 9, tzinfo=UTC)),
        (
            [{"released": True, "releaseDate": "2026-10-09"}, {"released": True, "releaseDate": "2026-10-07"}],
            Status.DONE,
            datetime(2026, 10, 7, tzinfo=UTC),
        ),
        ([{"released": False, "releaseDate": "2026-10-01"}], Status.IN_PROGRESS, None),
        ([{"released": True}], Status.DONE, None),
        (None, Status.IN_PROGRESS, None),
    ],
)
def test_done_is_not_delivered_before_a_version_of_it_is_released(
    versions: Any, status: Status, when: datetime | None
) -> None:
    item = normalise(delivered(fixVersions=versions), mapped(delivered_on="release"))
    assert (item.status, item.delivered) == (status, when)
    assert normalise(delivered(fixVersions=versions), FIELDS).status is Status.DONE


def test_a_day_in_a_field_comes_before_that_of_a_release() -> None:
    fields = mapped(delivered_on="release", delivered_field="customfield_5")
    item = normalise(delivered(customfield_5="2026-10-09"), fields)
    assert (item.status, item.delivered) == (Status.DONE, datetime(2026, 10, 9, tzinfo=UTC))


def test_a_release_delivers_nothing_that_is_not_done_or_was_dropped() -> None:
    fields = mapped(delivered_on="release")
    released = [{"released": True, "releaseDate": "2026-10-09"}]
    dropped = delivered(resolution={"name": "Duplicate"}, fixVersions=released)
    assert normalise(issue(fixVersions=released), fields).delivered is None
    assert (normalise(dropped, fields).status, normalise(dropped, fields).delivered) == (Status.DROPPED, None)


def test_where_nothing_is_known_there_is_no_day() -> None:
    assert normalise(delivered(statuscategorychangedate=None), FIELDS).delivered is None


@pytest.mark.parametrize(
    ("value", "when"),
    [
        ("2026-10-09", datetime(2026, 10, 9, tzinfo=UTC)),
        ("2026-10-09T10:00:00.000+0200", datetime(2026, 10, 9, 8, tzinfo=UTC)),
        (None, datetime(2026, 10, 5, 12, tzinfo=UTC)),
    ],
)
def test_a_field_may_hold_the_day_on_which_users_got_it(value: str | None, when: datetime) -> None:
    raw = delivered(customfield_5=value)
    assert normalise(raw, mapped(delivered_field="customfield_5")).delivered == when


def test_an_open_issue_is_not_delivered_whatever_its_fields_say() -> None:
    raw = issue(customfield_5="2026-10-09", statuscategorychangedate=ENTERED, resolutiondate=RESOLVED)
    assert normalise(raw, mapped(delivered_field="customfield_5")).delivered is None


@pytest.mark.usefixtures("far_west")
def test_a_time_is_kept_in_utc() -> None:
    moment = updated_at(issue())
    assert (moment, moment.tzinfo) == (datetime(2026, 10, 5, 12, 30, tzinfo=UTC), UTC)


@pytest.mark.usefixtures("far_west")
def test_a_time_without_a_zone_is_taken_as_utc() -> None:
    assert updated_at(issue(updated="2026-10-05T14:00:00")) == datetime(2026, 10, 5, 14, tzinfo=UTC)


def test_a_time_outside_of_time_is_refused() -> None:
    with pytest.raises(ValueError, match="'0001-01-01T00:00:00\\+14:00' is no time in UTC"):
        updated_at(issue(updated="0001-01-01T00:00:00+14:00"))


# ---------------------------------------------------------------- size, team, parent


def test_a_size_comes_from_the_field_of_that_kind() -> None:
    assert read(**{POINTS: 2.5}).size == Size(2.5, "points")
    assert read(**{POINTS: 0}).size == Size(0.0, "points")


@pytest.mark.parametrize("value", [None, True, "3", ["3"]])
def test_what_is_no_number_is_no_size(value: Any) -> None:
    assert read(**{POINTS: value}).size is None


def test_the_configured_field_comes_first_and_the_others_follow_in_turn() -> None:
    fields = FieldMap(WorkMapping(size_field="own"), {"size": ("a", "b")})
    assert normalise(issue(own=1, a=2, b=3), fields).size == Size(1.0, "points")
    assert normalise(issue(own=None, a="x", b=3), fields).size == Size(3.0, "points")


def test_the_fields_of_the_projects_boards_come_between() -> None:
    fields = FieldMap(WorkMapping(size_field="own"), {"size": ("a",), "size:PAY": ("b", "c"), "size:OPS": ("d",)})
    assert size_fields(fields, "PAY") == ("own", "b", "c", "a")
    assert size_fields(fields, "HR") == ("own", "a")
    assert size_fields(fields) == ("own", "b", "c", "d", "a")
    assert normalise(issue(a=1, b=None, c=3, d=4), fields).size == Size(3.0, "points")
    assert normalise(issue(a=1, d=4), fields).size == Size(1.0, "points")


def test_every_item_may_count_as_one() -> None:
    assert normalise(issue(**{POINTS: 3}), mapped(count_items=True)).size == Size(1.0, "items")


def test_the_team_of_the_source_stands_in_for_a_missing_one() -> None:
    assert read().team == "checkout"
    assert read(**{TEAM: None}).team == "checkout"


def test_the_first_team_field_that_says_something_counts() -> None:
    fields = FieldMap(roles={"team": ("a", "b")}, team="x")
    assert normalise(issue(a=None, b={"title": "Door"}), fields).team == "Door"
    assert normalise(issue(a="Scan", b={"title": "Door"}), fields).team == "Scan"


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ({"parent": {"key": "PAY-1"}, EPIC: "PAY-2"}, "PAY-1"),
        ({"parent": {"id": "1"}, EPIC: "PAY-2"}, "PAY-2"),
        ({EPIC: "PAY-2", PARENT: {"key": "PAY-3"}}, "PAY-2"),
        ({EPIC: "", PARENT: {"key": "PAY-3"}}, "PAY-3"),
        ({EPIC: None, PARENT: {"data": {}, "key": ""}}, ""),
        ({PARENT: {"id": 3}}, ""),
        ({}, ""),
    ],
)
def test_the_parent_is_the_first_of_parent_epic_link_and_parent_link(held: dict[str, Any], wanted: str) -> None:
    assert read(**held).parent == wanted


# ---------------------------------------------------------------- sprints


def sprints(value: Any) -> list[tuple[str, str]]:
    return [(one.id, one.name) for one in read(**{SPRINT: value}).iterations]


def legacy(number: int, name: str, start: str, rest: str = "goal=") -> str:
    return (
        f"com.atlassian.greenhopper.service.sprint.Sprint@1a[id={number},rapidViewId=4,state=ACTIVE,name={name},"
        f"startDate={start},endDate={start},completeDate=<null>,sequence={number},{rest}]"
    )


def test_sprints_are_in_the_order_of_their_start_and_those_to_come_are_last() -> None:
    value = [
        {"id": 9, "name": "Next"},
        {"id": 8, "name": "Now", "startDate": "2026-11-09"},
        {"id": 3, "name": "Twin", "startDate": "2026-10-26"},
        {"id": 2, "name": "Then", "startDate": "2026-10-26"},
        {"id": 10, "name": None, "startDate": None},
    ]
    assert sprints(value) == [("2", "Then"), ("3", "Twin"), ("8", "Now"), ("9", "Next"), ("10", "")]


def test_sprints_written_as_java_objects() -> None:
    value = [legacy(12, "Now, really", "2026-11-09T10:00:00.000Z"), legacy(11, "Later", "<null>")]
    assert sprints(value) == [("12", "Now, really"), ("11", "Later")]


def test_a_goal_cannot_pass_for_another_property() -> None:
    assert sprints([legacy(12, "Now", "2026-11-09", "goal=ship it,name=Other,id=1")]) == [("12", "Now")]


def test_a_sprint_may_have_brackets_in_its_name() -> None:
    assert sprints([legacy(12, "Now [web]", "2026-11-09")]) == [("12", "Now [web]")]


def test_what_is_no_sprint_is_passed_over() -> None:
    assert sprints(["Sprint 12", 7, {"id": 1, "name": "One"}]) == [("1", "One")]
    assert sprints({"id": "1", "name": "One"}) == [("1", "One")]
    assert sprints(None) == []


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("KR1.1", ("KR1.1",)),
        (3.0, ("3",)),
        (2.5, ("2.5",)),
        (["a", {"value": "b"}, 4], ("a", "b", "4")),
        ({"value": "v", "name": "n"}, ("v",)),
        ({"name": "n", "title": "t"}, ("n",)),
        ({"title": "t", "key": "k"}, ("t",)),
        ({"key": "k", "id": "i"}, ("k",)),
        ({"id": "7"}, ("7",)),
        ({"value": "", "id": "7"}, ("7",)),
    ],
)
def test_an_extra_field_is_read_whatever_its_kind(value: Any, texts: tuple[str, ...]) -> None:
    assert normalise(issue(f=value), mapped(extra_fields=("f",))).fields == {"f": texts}


@pytest.mark.parametrize("value", [None, True, [], {}, {"other": "x"}, [None]])
def test_an_extra_field_without_text_is_left_out(value: Any) -> None:
    assert normalise(issue(f=value), mapped(extra_fields=("f",))).fields == {}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def block(kind: str, *content: Any) -> dict[str, Any]:
    return {"type": kind, "content": list(content)}


def test_a_document_has_one_line_a_block() -> None:
    document = block(
        "doc",
        block("heading", text("Why")),
        block("paragraph", text("a "), text("b"), {"type": "hardBreak"}, text("KR: KR1.1")),
        {"type": "rule"},
        block("bulletList", block("listItem", block("paragraph", text("c"))), block("listItem", text("d"))),
        block("codeBlock", text("KR: KR9")),
        block("blockquote", text("e")),
        block("table", block("tableRow", block("tableCell", text("f")))),
        {"type": "media"},
        {"type": "text", "text": None},
    )
    assert plain_text(document) == "Why\na b\nKR: KR1.1\n\nc\n\nd\ne\nf\n"
    assert read(description=document).directives == (Directive("kr", "KR1.1"),)


def test_wiki_text_is_kept_as_it_is() -> None:
    assert plain_text("h1. Why\n") == "h1. Why\n"


@pytest.mark.parametrize("document", [None, 7, {}, []])
def test_what_is_no_document_has_no_text(document: Any) -> None:
    assert plain_text(document) == ""


def test_texts_inside_a_list_are_read() -> None:
    assert plain_text(["a", text("b"), "c"]) == "abc"


def test_a_document_may_be_as_deep_as_it_likes() -> None:
    document: Any = text("deep")
    for _ in range(5000):
        document = {"type": "panel", "content": [document]}
    assert plain_text(document) == "deep"


# ---------------------------------------------------------------- fields


def test_fields_are_told_by_their_kind_not_their_name() -> None:
    kinds = {
        "customfield_2": "com.pyxis.greenhopper.jira:gh-sprint",
        "customfield_1": "com.pyxis.greenhopper.jira:gh-sprint",
        "customfield_3": "com.pyxis.greenhopper.jira:gh-epic-link",
        "customfield_4": "com.pyxis.greenhopper.jira:jsw-story-points",
        "customfield_5": "com.atlassian.teams:rm-teams-custom-field-team",
        "customfield_6": "com.atlassian.jpo:jpo-custom-field-parent",
        "customfield_7": "com.atlassian.jira.plugin.system.customfieldtypes:float",
    }
    catalogue: list[dict[str, Any]] = [{"id": id_, "schema": {"custom": kind}} for id_, kind in kinds.items()]
    catalogue += [{"id": "summary", "schema": {"system": "summary"}}, {"id": "thumbnail", "schema": None}, {"id": "x"}]
    catalogue += [{"id": "y", "schema": "text"}]
    found = roles(catalogue)
    assert found == {
        "epic": ("customfield_3",),
        "parent": ("customfield_6",),
        "size": ("customfield_4",),
        "sprint": ("customfield_1", "customfield_2"),
        "team": ("customfield_5",),
    }
    assert list(found) == sorted(found)


def test_only_fields_that_are_read_are_asked_for_each_once() -> None:
    mapping = WorkMapping(size_field=POINTS, delivered_field="d", extra_fields=("e", "d", "summary"))
    fields = FieldMap(mapping, {"size": (POINTS,), "sprint": (SPRINT,)})
    assert requested_fields(fields) == (*STANDARD_FIELDS, POINTS, SPRINT, "d", "e")
    assert requested_fields(FieldMap()) == STANDARD_FIELDS
    assert requested_fields(FieldMap(WorkMapping(delivered_on="release"))) == (*STANDARD_FIELDS, "fixVersions")
    assert requested_fields(FieldMap(roles={"size:PAY": ("b",)})) == (*STANDARD_FIELDS, "b")
    assert {"assignee", "reporter", "creator", "comment"}.isdisjoint(STANDARD_FIELDS)


def test_only_what_was_asked_for_is_kept_and_no_person() -> None:
    raw = issue(
        summary="For [~mona]",
        assignee={"displayName": "Mona"},
        labels=["a"],
        resolution=None,
        description=block("doc", {"type": "mention", "attrs": {"id": "1", "text": "@Mona"}}, text("mona@example.com")),
        issuetype={"name": "Story", "iconUrl": "x", "self": "y", "avatarId": 3},
        customfield_5=7,
    )
    raw["fields"][TEAM] = [{"accountId": "5b1", "name": "mona"}, {"name": "Door"}]
    raw["expand"] = "x"
    kept = without_extras({**raw, "self": "https://x/1"}, mapped(extra_fields=("customfield_5",)))
    assert kept == {
        "id": 10042,
        "key": "PAY-12",
        "self": "https://x/1",
        "fields": {
            "summary": "For @someone",
            "status": {"name": "To Do", "statusCategory": {"key": "new"}},
            "issuetype": {"name": "Story"},
            "labels": ["a"],
            "created": "2026-10-01T10:00:00.000+0200",
            "updated": "2026-10-05T14:30:00.000+0200",
            "description": block("doc", text("@someone"), text("someone@…")),
            "customfield_5": 7,
            TEAM: [text("@someone"), {"name": "Door"}],
        },
    }
    assert without_extras(raw, FieldMap())["self"] == ""


@pytest.mark.parametrize("name", ["accountId", "emailAddress", "displayName"])
def test_an_account_in_a_field_is_taken_out(name: str) -> None:
    kept = without_extras(issue(f={name: "Mona"}), mapped(extra_fields=("f",)))
    assert "Mona" not in str(kept["fields"]["f"])


@pytest.mark.parametrize("name", ["iconUrl", "avatarUrls", "avatarUrl", "avatarId", "self", "expand", "colorName"])
def test_decoration_is_taken_out(name: str) -> None:
    kept = without_extras(issue(f=[{name: "x", "value": "v"}]), mapped(extra_fields=("f",)))
    assert kept["fields"]["f"] == [{"value": "v"}]


def test_a_document_that_is_too_deep_becomes_text() -> None:
    document: Any = {"type": "paragraph", "content": [text("for [~mona]")]}
    for _ in range(300):
        document = {"type": "panel", "content": [document]}
    kept = without_extras(issue(description=document), FIELDS)["fields"]["description"]
    depth = 0
    while kept.get("content"):
        kept, depth = kept["content"], depth + 1
        kept = kept[0] if isinstance(kept, list) else kept
    assert kept == text("for @someone\n")
    assert 20 <= depth <= 60


def test_what_is_kept_makes_the_same_item() -> None:
    raw = delivered(resolution={"name": "Done"}, description=block("doc", block("paragraph", text("KR: KR1.1"))))
    assert normalise(without_extras(raw, FIELDS), FIELDS) == normalise(raw, FIELDS)


@pytest.mark.parametrize(("held", "restricted"), [({}, False), ({"security": None}, False), ({"security": {}}, True)])
def test_an_issue_under_a_security_level_is_restricted(held: dict[str, Any], restricted: bool) -> None:
    assert is_restricted(issue(**held)) is restricted
