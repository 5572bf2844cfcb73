"""The Jira connector, Cloud and Data Center: its requests against the loopback site, its items from raw shapes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from okrsync.errors import (
    AuthenticationError,
    ConnectorError,
    NotFoundError,
    RateLimitedError,
    UnexpectedResponseError,
    UnreachableError,
)
from okrsync.model.work import Directive, Item, ItemKind, Iteration, Size, Status
from okrsync.plugins.connector import FieldMap, Page, Partition
from okrsync.plugins.context import Context, WorkMapping
from okrsync.sandbox.http import LoggedRequest, Request, Response
from okrsync.sandbox.jira_site import jira_time
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, JiraData, JiraKind, RawObject
from okrsync_jira import normalise
from okrsync_jira.client import epoch_milliseconds
from okrsync_jira.connector import JiraConnector
from okrsync_jira.settings import JiraSettings
from support.examples import examples

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
CANARY = "canary-4711"
USER = "robot@example.com"
SPRINT, EPIC, POINTS, TEAM, PARENT = (f"customfield_1002{number}" for number in range(5))
ROLES = {"sprint": (SPRINT,), "epic": (EPIC,), "size": (POINTS,), "team": (TEAM,), "parent": (PARENT,)}
CUSTOM = {
    SPRINT: "com.pyxis.greenhopper.jira:gh-sprint",
    EPIC: "com.pyxis.greenhopper.jira:gh-epic-link",
    POINTS: "com.pyxis.greenhopper.jira:jsw-story-points",
    TEAM: "com.atlassian.teams:rm-teams-custom-field-team",
    PARENT: "com.atlassian.jpo:jpo-custom-field-parent",
}
LEGACY = "com.atlassian.greenhopper.service.sprint.Sprint@1f2a[id={id},rapidViewId=3,state=CLOSED,name={name},"


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def status(category: str = "new", name: str = "Open") -> RawObject:
    return {"id": "1", "name": name, "statusCategory": {"id": 2, "key": category, "name": "x"}}


def done(resolution: str | None = "Done", **fields: Any) -> RawObject:
    given = {"name": resolution, "id": "9"} if resolution is not None else None
    return with_fields({"status": status("done", "Shipped"), "resolution": given} | fields)


def with_fields(fields: RawObject) -> RawObject:
    raw = issue(1)
    return raw | {"fields": raw["fields"] | fields}


def issue(number: int, minutes: float | None = None, **fields: Any) -> RawObject:
    person = {"accountId": CANARY, "displayName": CANARY, "emailAddress": f"{CANARY}@example.com"}
    base: RawObject = {
        "summary": f"Item {number}",
        "created": jira_time(START),
        "updated": jira_time(at(number if minutes is None else minutes)),
        "status": status(),
        "resolution": None,
        "issuetype": {"id": "7", "name": "Story"},
        "project": {"id": "100", "key": "PAY", "name": "Pay", "lead": person},
        "labels": [],
        "assignee": person,
        "reporter": person,
        "watches": {"watchers": [person]},
    }
    raw = {"id": str(10000 + number), "key": f"PAY-{number}", "self": f"https://x/rest/api/3/issue/{10000 + number}"}
    return raw | {"fields": base | fields}


def field_map(**mapping: Any) -> FieldMap:
    work = WorkMapping(**{"body_words": ("expect", "kr"), **mapping})
    return FieldMap(mapping=work, roles=ROLES, site="https://jira.example", source="j", team="")


def item_of(raw: RawObject, fields: FieldMap | None = None) -> Item:
    fields = fields or field_map()
    item = normalise.normalise(raw, fields)
    # What the store keeps must say the same.
    kept = normalise.without_extras(raw, fields)
    assert CANARY not in json.dumps(kept)
    assert normalise.normalise(kept, fields) == item
    return item


def document(*nodes: RawObject) -> RawObject:
    return {"type": "doc", "version": 1, "content": list(nodes)}


def paragraph(*nodes: RawObject | str) -> RawObject:
    return {
        "type": "paragraph",
        "content": [{"type": "text", "text": each} if isinstance(each, str) else each for each in nodes],
    }


@dataclass
class Desk:
    """A connector at a site of its own."""

    sites: Sites
    connector: JiraConnector
    context: Context

    def pages(self, since: datetime | None = None, name: str = "PAY") -> Iterator[Page]:
        fields = self.connector.discover()
        with self.context.requests.counted_as("items"):
            yield from self.connector.pages(Partition(name), since, fields)

    def keys(self, since: datetime | None = None) -> list[str]:
        return [raw["key"] for page in self.pages(since) for raw in page.raws]

    @property
    def searches(self) -> list[LoggedRequest]:
        return [each for each in self.sites.server.log if "/search" in each.path]


Open = Callable[..., Desk]


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    opened: list[Sites] = []
    monkeypatch.setenv("JIRA_CANARY", CANARY)

    def make(
        *issues: RawObject,
        kind: JiraKind = "cloud",
        catalogue: list[RawObject] | None = None,
        mapping: WorkMapping | None = None,
        faults: tuple[Callable[[str, Request], Response | None], ...] = (),
        **given: Any,
    ) -> Desk:
        sites = Sites(GithubData(), JiraData([*issues], catalogue, kind=kind), clock=lambda: NOW)
        sites.server.start()
        sites.server.faults += faults
        opened.append(sites)
        context = Context(tmp_path, mapping=mapping or WorkMapping(), clock=lambda: NOW, sleep=lambda _: None)
        asked = {"name": "j", "connector": "jira", "token": {"env": "JIRA_CANARY"}, "projects": ["PAY"]}
        source = JiraSettings.model_validate(asked | {"url": sites.jira_url} | given)
        return Desk(sites, JiraConnector(source, context), context)

    yield make
    for sites in opened:
        sites.server.stop()
        assert sites.server.errors == []


both_kinds = pytest.mark.parametrize("kind", ["cloud", "datacenter"])


def test_every_field_of_an_item_comes_from_the_raw_issue() -> None:
    raw = done(
        statuscategorychangedate="2026-02-01T09:00:00.000+0100",
        resolutiondate="2026-01-20T09:00:00.000+0100",
        parent={"id": "1", "key": "PAY-7", "fields": {"summary": "Epic"}},
        labels=["kr-1", "web"],
        components=[{"id": "1", "name": "Checkout"}, {"id": "2"}],
        description=document(paragraph("KR: KR1.1")),
        customfield_10099={"value": "Retail"},
    )
    raw["fields"][SPRINT] = [{"id": 5, "name": "S5", "state": "active", "startDate": "2026-01-10T00:00:00Z"}]
    raw["fields"] |= {POINTS: 3, TEAM: {"id": "a", "name": "web"}}

    item = item_of(raw, field_map(extra_fields=("customfield_10099", "customfield_10098")))

    assert item == Item(
        source="j",
        external_id="10001",
        key="PAY-1",
        url="https://jira.example/browse/PAY-1",
        kind=ItemKind.ISSUE,
        type="Story",
        title="Item 1",
        status=Status.DONE,
        original_status="Shipped",
        created=START,
        updated=at(1),
        delivered=datetime(2026, 2, 1, 8, tzinfo=UTC),
        resolution="Done",
        size=Size(3.0, "points"),
        project="PAY",
        team="web",
        parent="PAY-7",
        labels=("kr-1", "web"),
        components=("Checkout",),
        iterations=(Iteration("5", "S5"),),
        directives=(Directive("kr", "KR1.1"),),
        status_id="1",
        fields={"customfield_10099": ("Retail",)},
    )


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("new", Status.TODO),
        ("undefined", Status.TODO),
        ("something else", Status.TODO),
        ("indeterminate", Status.IN_PROGRESS),
        ("done", Status.DONE),
    ],
)
@pytest.mark.parametrize("name", ["Done", "To Do", "已完成", ""])
def test_the_category_decides_and_never_the_name_of_a_status(category: str, expected: Status, name: str) -> None:
    item = item_of(issue(1, status=status(category, name), resolutiondate="2026-02-01T00:00:00.000+0000"))

    assert (item.status, item.original_status) == (expected, name)
    assert (item.delivered is not None) is (expected is Status.DONE)


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [
        ("Done", Status.DONE),
        ("Fixed", Status.DONE),
        (None, Status.DONE),
        ("", Status.DONE),
        ("Won't Do", Status.DROPPED),
        ("won’t do ", Status.DROPPED),
        ("Duplicate", Status.DROPPED),
        ("Cannot Reproduce", Status.DROPPED),
        ("不做", Status.DROPPED),
    ],
)
def test_resolutions_without_delivery_are_dropped(resolution: str | None, expected: Status) -> None:
    item = item_of(done(resolution), field_map(dropped=("不做",)))

    assert item.status is expected


CHANGED, RESOLVED = "2026-02-02T00:00:00.000+0000", "2026-02-03T00:00:00.000+0000"


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        ({"customfield_9": "2026-02-01", "statuscategorychangedate": CHANGED, "resolutiondate": RESOLVED}, 1),
        ({"customfield_9": "2026-02-01T02:00:00.000+0200", "statuscategorychangedate": CHANGED}, 1),
        ({"customfield_9": None, "statuscategorychangedate": CHANGED, "resolutiondate": RESOLVED}, 2),
        ({"statuscategorychangedate": CHANGED, "resolutiondate": RESOLVED}, 2),
        ({"resolutiondate": RESOLVED}, 3),
        ({}, None),
    ],
)
def test_the_delivery_is_dated_by_the_own_field_then_the_category_then_the_resolution(
    fields: RawObject, day: int | None
) -> None:
    item = item_of(done(**fields), field_map(delivered_field="customfield_9"))

    assert item.delivered == (None if day is None else datetime(2026, 2, day, tzinfo=UTC))


def legacy(number: int, name: str, rest: str) -> str:
    return LEGACY.format(id=number, name=name) + rest + "]"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ([], []),
        ({"id": 4, "name": "S4"}, [("4", "S4")]),
        ([{"id": 5, "name": "S5", "startDate": "2026-02-01"}, {"id": 4, "name": "S4", "startDate": "2026-01-01"}],
         [("4", "S4"), ("5", "S5")]),
        ([{"id": 6, "name": "later"}, {"id": 5, "name": "S5", "startDate": "2026-02-01"}],
         [("5", "S5"), ("6", "later")]),
        ([legacy(6, "Old six", "startDate=<null>,endDate=<null>,completeDate=<null>,sequence=6,goal=")],
         [("6", "Old six")]),
        ([legacy(7, "A, b & c", "startDate=2026-01-01T00:00:00.000Z,sequence=7,goal=Ship it, fast, now")],
         [("7", "A, b & c")]),
        ([legacy(8, "S8", "startDate=2026-01-01T00:00:00.000Z,goal=a,name=evil,id=99,state=x")], [("8", "S8")]),
        ([legacy(9, "S9", "goal=two\nlines, with = and ],startDate=2026-01-01T00:00:00.000Z,sequence=9")],
         [("9", "S9")]),
        ([legacy(2, "next", "startDate=<null>"), legacy(1, "now", "startDate=2026-01-01T00:00:00.000Z")],
         [("1", "now"), ("2", "next")]),
        (["a text", None, 5], []),
    ],
)  # fmt: skip
def test_sprints_are_read_as_objects_and_as_the_legacy_text_the_latest_last(
    value: object, expected: list[tuple[str, str]]
) -> None:
    item = item_of(with_fields({SPRINT: value}))

    assert [(each.id, each.name) for each in item.iterations] == expected


@pytest.mark.parametrize(
    ("fields", "parent"),
    [
        ({"parent": {"id": "1", "key": "PAY-7"}, EPIC: "PAY-8"}, "PAY-7"),
        ({EPIC: "PAY-8", PARENT: "PAY-9"}, "PAY-8"),
        ({EPIC: None, PARENT: "PAY-9"}, "PAY-9"),
        ({PARENT: {"key": "PAY-9", "id": 1}}, "PAY-9"),
        ({"parent": None}, ""),
        ({}, ""),
    ],
)
def test_the_parent_is_the_parent_then_the_epic_then_the_parent_link(fields: RawObject, parent: str) -> None:
    assert item_of(with_fields(fields)).parent == parent


@pytest.mark.parametrize(
    ("fields", "mapping", "size"),
    [
        ({POINTS: 3}, {}, Size(3.0, "points")),
        ({POINTS: 0.5}, {}, Size(0.5, "points")),
        ({POINTS: None}, {}, None),
        ({POINTS: True}, {}, None),
        ({POINTS: "3"}, {}, None),
        ({POINTS: 3, "customfield_9": 5}, {"size_field": "customfield_9"}, Size(5.0, "points")),
        ({POINTS: 3, "customfield_9": None}, {"size_field": "customfield_9"}, Size(3.0, "points")),
        ({POINTS: 3}, {"count_items": True}, Size(1.0, "items")),
        ({}, {}, None),
    ],
)
def test_the_size_is_the_configured_field_then_the_estimate(
    fields: RawObject, mapping: dict[str, Any], size: Size | None
) -> None:
    assert item_of(with_fields(fields), field_map(**mapping)).size == size


@pytest.mark.parametrize(
    ("value", "team"),
    [
        ({"id": "a", "name": "web"}, "web"),
        ({"id": "a", "title": "web"}, "web"),
        ("web", "web"),
        (None, "core"),
        ({}, "core"),
    ],
)
def test_the_team_is_the_fields_or_else_the_sources(value: object, team: str) -> None:
    fields = FieldMap(roles=ROLES, team="core")

    assert item_of(with_fields({TEAM: value}), fields).team == team


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("a", ("a",)),
        (3, ("3",)),
        (0.5, ("0.5",)),
        ({"value": "a", "child": {"value": "b"}}, ("a",)),
        ([{"value": "a"}, {"name": "b"}, "c"], ("a", "b", "c")),
        (True, ()),
        (None, ()),
        ([], ()),
    ],
)
def test_wanted_extra_fields_are_given_as_text(value: object, texts: tuple[str, ...]) -> None:
    item = item_of(
        issue(1, customfield_9=value, customfield_8="not wanted"), field_map(extra_fields=("customfield_9",))
    )

    assert item.fields == ({"customfield_9": texts} if texts else {})


def test_a_field_that_names_people_gives_none_of_them() -> None:
    people = [
        {"accountId": CANARY, "displayName": CANARY, "emailAddress": f"{CANARY}@example.com"},
        {"name": CANARY, "key": CANARY, "displayName": CANARY},
    ]
    fields = field_map(extra_fields=("customfield_9",))

    kept = normalise.without_extras(issue(1, customfield_9=people), fields)

    assert CANARY not in json.dumps(kept)
    assert CANARY not in str(normalise.normalise(kept, fields))


LINES = [Directive("kr", "KR1.1"), Directive("expect", "KR1.2 +1")]


@pytest.mark.parametrize(
    "description",
    [
        "KR: KR1.1\nexpect: KR1.2 +1",
        "h2. Why\r\n* KR: KR1.1\r\n* *expect:* KR1.2 +1",
        document(paragraph("KR: KR1.1"), paragraph("expect: ", "KR1.2 +1")),
        document(paragraph("KR: KR1.1", {"type": "hardBreak"}, "expect: KR1.2 +1")),
        document(
            {"type": "codeBlock", "content": [{"type": "text", "text": "KR: KR9.9"}]},
            {"type": "heading", "content": [{"type": "text", "text": "Why"}]},
            {
                "type": "bulletList",
                "content": [
                    {"type": "listItem", "content": [paragraph("KR: KR1.1")]},
                    {"type": "listItem", "content": [paragraph("expect: KR1.2 +1")]},
                ],
            },
        ),
    ],
)
def test_directives_are_read_from_wiki_text_and_documents(description: object) -> None:
    assert list(item_of(issue(1, description=description)).directives) == LINES


@pytest.mark.parametrize(
    "description",
    [
        "cc: Mona Lisa\nKR: KR1.1\nSigned-off-by: Mona Lisa",
        document(paragraph("cc: Mona Lisa"), paragraph("KR: KR1.1"), paragraph("Signed-off-by: Mona Lisa")),
    ],
)
def test_lines_with_other_words_are_not_kept(description: object) -> None:
    assert item_of(issue(1, description=description)).directives == (Directive("kr", "KR1.1"),)
    assert item_of(issue(1, description=description), field_map(body_words=())).directives == ()


def test_mentions_and_addresses_are_taken_out_of_all_text() -> None:
    mention = {"type": "mention", "attrs": {"id": CANARY, "text": f"@{CANARY}"}}
    raw = issue(
        1,
        summary=f"For @{CANARY}",
        description=document(paragraph("owner: ", mention, f" or {CANARY}@example.com [~accountid:{CANARY}]")),
    )

    kept = normalise.without_extras(raw, field_map())

    assert CANARY not in json.dumps(kept)
    assert normalise.plain_text(kept["fields"]["description"]).strip() == "owner: @someone or someone@… @someone"


def nested(depth: int, inside: RawObject) -> RawObject:
    for _ in range(depth):
        inside = {"type": "bulletList", "content": [{"type": "listItem", "content": [inside]}]}
    return document(inside)


@pytest.mark.parametrize("depth", [1, 24, 25, 26, 100, 240])
def test_the_depth_of_a_document_is_the_writers_choice(depth: int) -> None:
    mention = {"type": "mention", "attrs": {"text": f"@{CANARY}"}}
    raw = issue(1, description=nested(depth, paragraph("KR: KR1.1", {"type": "hardBreak"}, f"@{CANARY}", mention)))
    deep = field_map()

    kept = normalise.without_extras(raw, deep)

    assert normalise.normalise(kept, deep).directives == (Directive("kr", "KR1.1"),)
    assert CANARY not in json.dumps(kept)


@pytest.mark.parametrize(
    "change",
    [
        {"status": None},
        {"status": {"name": "x"}},
        {"created": "x"},
        {"created": "0001-01-01T00:00:00+1400"},
        {"updated": 5},
    ],
)
def test_a_raw_issue_of_another_shape_is_refused(change: RawObject) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        normalise.normalise(with_fields(change), field_map())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "key", "name", "x"]), inner),
    max_leaves=6,
)  # fmt: skip
FULL = with_fields(
    {
        "status": status("done"),
        "resolution": {"name": "Done"},
        "parent": {"key": "PAY-7"},
        "components": [{"name": "a"}],
        "description": document(paragraph("KR: KR1.1")),
        "statuscategorychangedate": CHANGED,
        "resolutiondate": RESOLVED,
        "customfield_9": "2026-02-01",
        SPRINT: [{"id": 5, "name": "S5"}, legacy(6, "S6", "goal=")],
        POINTS: 3,
        TEAM: "web",
        EPIC: "PAY-8",
        PARENT: "PAY-9",
    }
)
NAMES = st.sampled_from(sorted(FULL["fields"]))


@settings(max_examples=examples(400), deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=4), st.sets(NAMES, max_size=5))
def test_whatever_jira_sends_is_an_item_or_one_of_the_named_errors(change: RawObject, gone: set[str]) -> None:
    held = {name: value for name, value in (FULL["fields"] | change).items() if name not in gone}
    raw = FULL | {"fields": held}
    before = json.dumps(raw)
    fields = field_map(delivered_field="customfield_9", size_field="customfield_9", extra_fields=("labels", TEAM))

    def result() -> Item | str:
        try:
            return normalise.normalise(raw, fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return f"{type(error).__name__}: {error}"

    assert result() == result()
    assert json.dumps(raw) == before


def catalogue_entry(id_: str, custom: str | None, name: str) -> RawObject:
    schema = {"type": "any"} | ({"custom": custom} if custom else {"system": id_})
    return {"id": id_, "key": id_, "name": name, "custom": custom is not None, "clauseNames": [name], "schema": schema}


def known_roles(fields: FieldMap) -> dict[str, tuple[str, ...]]:
    """Roles but for those that tell what fields are called."""
    return {role: ids for role, ids in fields.roles.items() if not role.startswith("name:")}


def test_custom_fields_are_known_by_their_schema_whatever_they_are_called(open_desk: Open) -> None:
    entries = [catalogue_entry(id_, custom, "冲刺") for id_, custom in CUSTOM.items()]
    entries += [
        catalogue_entry("customfield_10099", CUSTOM[POINTS], "summary"),
        catalogue_entry("customfield_10001", "com.atlassian.jira.plugin.system.customfieldtypes:float", "Story Points"),
        catalogue_entry("customfield_10002", "other", "Sprint"),
        catalogue_entry("summary", None, "Sprint"),
        {"id": "thumbnail", "name": "Images"},
    ]
    desk = open_desk(with_fields({SPRINT: [{"id": 5, "name": "S5"}], POINTS: 2}), catalogue=entries)

    fields = desk.connector.discover()
    items = [desk.connector.normalise(raw, fields) for page in desk.pages() for raw in page.raws]

    assert known_roles(fields) == ROLES | {"size": (POINTS, "customfield_10099")}
    assert (fields.source, fields.site, fields.team) == ("j", desk.sites.jira_url, "")
    assert [(item.iterations, item.size) for item in items] == [((Iteration("5", "S5"),), Size(2.0, "points"))]


@pytest.mark.parametrize(("kind", "requests"), [("cloud", 10), ("datacenter", 1)])
def test_a_first_sync_of_a_thousand_issues_takes_three_requests_one_for_boards_and_one_a_page(
    open_desk: Open, kind: JiraKind, requests: int
) -> None:
    desk = open_desk(*[issue(number) for number in range(1000, 0, -1)], kind=kind)

    assert desk.keys() == [f"PAY-{number}" for number in range(1, 1001)]

    assert desk.context.requests.by_purpose == {
        "setup": 3, "items": requests, "history": 0, "iterations": 1, "census": 0,
    }  # fmt: skip
    assert desk.context.requests.total == len(desk.sites.server.log)


@both_kinds
def test_where_nothing_changed_one_request_for_items_is_all(open_desk: Open, kind: JiraKind) -> None:
    desk = open_desk(*[issue(number) for number in range(1, 301)], kind=kind)

    assert desk.keys(at(301)) == []
    assert desk.context.requests.by_purpose["items"] == 1


@both_kinds
def test_the_query_names_project_and_epoch_milliseconds_ascending_and_no_end(open_desk: Open, kind: JiraKind) -> None:
    desk = open_desk(issue(1), issue(2), issue(3), kind=kind)

    assert desk.keys(at(2)) == ["PAY-2", "PAY-3"]
    assert desk.keys(None) == ["PAY-1", "PAY-2", "PAY-3"]

    milliseconds = int(at(2).timestamp() * 1000)
    first, second = (each.query["jql"] for each in desk.searches)
    assert first == [f'project = "PAY" AND updated >= {milliseconds} ORDER BY updated ASC, key ASC']
    assert second == ['project = "PAY" ORDER BY updated ASC, key ASC']


@settings(deadline=None)
@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - made aware
def test_milliseconds_never_pass_the_moment_they_stand_for(moment: datetime) -> None:
    told = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_milliseconds(moment))

    assert timedelta() <= moment - told <= timedelta(milliseconds=1)


def test_only_what_normalisation_reads_is_asked_for(open_desk: Open) -> None:
    mapping = WorkMapping(size_field="customfield_9", delivered_field="duedate", extra_fields=("priority", "summary"))
    desk = open_desk(with_fields({SPRINT: [{"id": 5, "name": "S5", "state": "active", "boardId": 1}]}), mapping=mapping)

    (page,) = desk.pages()

    (search,) = desk.searches
    assert search.query["maxResults"] == ["100"]
    assert ",".join(search.query["fields"]).split(",") == [
        *normalise.STANDARD_FIELDS, SPRINT, "customfield_9", "duedate", "priority",
    ]  # fmt: skip
    assert CANARY not in json.dumps(page.raws)


@both_kinds
def test_people_are_not_in_raw_pages(open_desk: Open, kind: JiraKind) -> None:
    desk = open_desk(
        issue(
            1,
            summary=f"@{CANARY}",
            description=f"mail {CANARY}@example.com, ask [~{CANARY}] or @{CANARY}",
            parent={"key": "PAY-2", "fields": {"summary": f"for @{CANARY}", "assignee": {"accountId": CANARY}}},
            comment={"comments": [{"body": CANARY}]},
        ),
        kind=kind,
    )

    (page,) = desk.pages()

    assert CANARY not in json.dumps(page.raws)
    assert set(page.raws[0]) == {"id", "key", "self", "fields"}


@both_kinds
def test_issues_under_a_security_level_are_left_out(open_desk: Open, kind: JiraKind) -> None:
    desk = open_desk(issue(1), issue(2, security={"id": "1", "name": "Board"}), issue(3, security=None), kind=kind)

    (page,) = desk.pages()

    assert [raw["key"] for raw in page.raws] == ["PAY-1", "PAY-3"]
    assert page.last_updated == at(3)
    assert page.server_time == NOW


def test_a_page_of_restricted_issues_only_still_moves_the_cursor(open_desk: Open) -> None:
    (page,) = open_desk(issue(2, security={"id": "1"})).pages()

    assert (page.raws, page.last_updated) == ((), at(2))


def test_data_center_is_read_by_time_and_a_capped_page_loses_nothing(open_desk: Open) -> None:
    desk = open_desk(*[issue(number, number // 3) for number in range(1, 201)], kind="datacenter")

    def capped(_: str, request: Request) -> Response | None:
        if not request.path.endswith("/search"):
            return None
        return desk.sites.jira.handle(
            Request("GET", request.path, request.query | {"maxResults": ["50"]}, request.headers, b"", request.base_url)
        )

    desk.sites.server.faults.append(capped)

    assert set(desk.keys()) == {f"PAY-{number}" for number in range(1, 201)}
    assert {each.query["startAt"][0] for each in desk.searches} == {"0"}
    assert {each.query["maxResults"][0] for each in desk.searches} == {"1000"}


def test_an_issue_touched_while_a_later_page_is_read_hides_no_other_on_data_center(open_desk: Open) -> None:
    desk = open_desk(*[issue(number, 5 if number < 1500 else 6) for number in range(1, 2101)], kind="datacenter")
    came: list[str] = []

    for page in desk.pages():
        if not came:
            desk.sites.jira.edit("PAY-5", at(50))
        came += [raw["key"] for raw in page.raws]

    assert set(came) == {f"PAY-{number}" for number in range(1, 2101)}
    assert came.count("PAY-5") == 2


def test_a_touched_issue_comes_again_on_cloud(open_desk: Open) -> None:
    desk = open_desk(*[issue(number) for number in range(1, 301)])
    came: list[str] = []

    for page in desk.pages():
        if not came:
            desk.sites.jira.edit("PAY-150", at(500))
        came += [raw["key"] for raw in page.raws]

    assert set(came) == {f"PAY-{number}" for number in range(1, 301)}


def test_a_server_that_sends_more_than_was_asked_for_is_filtered(open_desk: Open) -> None:
    desk = open_desk(issue(1), issue(2), issue(3))
    everything = Response(200, {"issues": [issue(1), issue(3)], "isLast": True})
    desk.sites.server.faults.append(lambda _, request: everything if "/search" in request.path else None)

    assert desk.keys(at(2)) == ["PAY-3"]


def test_projects_are_partitions_in_capitals_once_each(open_desk: Open) -> None:
    desk = open_desk(projects=["pay", "GRO", "PAY"])

    assert [partition.id for partition in desk.connector.partitions()] == ["PAY", "GRO"]


@pytest.mark.parametrize(("since", "asked"), [(None, START), (at(-60), START), (at(5), at(5))])
def test_nothing_older_than_the_sources_since_is_asked_for(
    open_desk: Open, since: datetime | None, asked: datetime
) -> None:
    desk = open_desk(issue(1), since=date(2026, 1, 1))

    desk.keys(since)

    assert f"updated >= {epoch_milliseconds(asked)} " in desk.searches[0].query["jql"][0]


@pytest.mark.parametrize(
    ("user", "header"),
    [(USER, "Basic " + base64.b64encode(f"{USER}:{CANARY}".encode()).decode()), ("", f"Bearer {CANARY}")],
)
@both_kinds
def test_a_user_signs_in_with_basic_and_a_token_alone_as_bearer(
    open_desk: Open, user: str, header: str, kind: JiraKind
) -> None:
    seen: list[str | None] = []

    def note(_: str, request: Request) -> None:
        seen.append(request.headers.get("authorization"))

    desk = open_desk(issue(1), kind=kind, user=user, faults=(note,))

    assert desk.keys() == ["PAY-1"]
    assert set(seen) == {header}


@pytest.mark.parametrize(("kind", "version"), [("cloud", "3"), ("datacenter", "2")])
def test_cloud_speaks_version_three_and_data_center_two(open_desk: Open, kind: JiraKind, version: str) -> None:
    mapping = WorkMapping(body_words=("kr",))
    desk = open_desk(issue(1, description="KR: KR1.1\ncc: Mona Lisa"), kind=kind, mapping=mapping)
    fields = desk.connector.discover()

    (item,) = [desk.connector.normalise(raw, fields) for page in desk.pages() for raw in page.raws]

    assert desk.searches[0].path.startswith(f"/jira/rest/api/{version}/search")
    assert item.directives == (Directive("kr", "KR1.1"),)
    assert item.url == f"{desk.sites.jira_url}/browse/PAY-1"


def answering(part: str, *answers: Response) -> Callable[[str, Request], Response | None]:
    left = list(answers)

    def fault(_: str, request: Request) -> Response | None:
        if part not in request.path:
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    return fault


def page_of(*numbers: int, **more: Any) -> Response:
    return Response(200, {"issues": [issue(number) for number in numbers]} | more)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([page_of(1, nextPageToken="a"), page_of(2, nextPageToken="a")], "the same page token twice"),
        (
            [page_of(1, nextPageToken="a"), page_of(2, nextPageToken="b"), page_of(3, nextPageToken="a")],
            "a page token that came before",
        ),
        ([page_of(nextPageToken="a", isLast=False)], "an empty page that says there is more"),
        ([page_of(1, isLast=False)], "not the last, without a token"),
        ([Response(200, {"isLast": True})], "without issues"),
        ([Response(200, {"issues": None})], "without issues"),
        ([Response(200, {"issues": {}})], "without issues"),
        ([Response(200, [])], "search"),
        ([Response(200, {"issues": [{"id": "1", "fields": {}}]})], "without id or time"),
        ([Response(200, {"issues": [5]})], "without id or time"),
        ([Response(200, {"issues": [{"id": "1", "fields": []}]})], "without id or time"),
        ([Response(200, {"issues": [issue(1, updated="0001-01-01T00:00:00+1400")]})], "without id or time"),
    ],
)
def test_a_cloud_search_that_cannot_be_whole_is_an_error(open_desk: Open, answers: list[Response], words: str) -> None:
    desk = open_desk(issue(1), faults=(answering("/search/jql", *answers),))

    with pytest.raises(UnexpectedResponseError, match=words):
        list(desk.pages())

    assert len(desk.searches) <= 4


def test_the_last_page_may_come_without_is_last_or_with_a_token(open_desk: Open) -> None:
    answers = answering("/search/jql", page_of(1, nextPageToken="a"), page_of(2))
    assert open_desk(faults=(answers,)).keys() == ["PAY-1", "PAY-2"]
    answers = answering("/search/jql", page_of(1, nextPageToken="a", isLast=True))
    assert open_desk(faults=(answers,)).keys() == ["PAY-1"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"issues": []}, "without total"),
        ({"issues": [], "total": "5"}, "without total"),
        ({"issues": [], "total": True}, "without total"),
        ({"total": 0}, "without issues"),
        ({"issues": [], "total": 7}, "an empty page that says there is more"),
    ],
)
def test_a_data_center_search_that_cannot_be_whole_is_an_error(open_desk: Open, answer: RawObject, words: str) -> None:
    desk = open_desk(issue(1), kind="datacenter", faults=(answering("/search", Response(200, answer)),))

    with pytest.raises(UnexpectedResponseError, match=words):
        list(desk.pages())


@pytest.mark.parametrize("answer", [[], {}, {"deploymentType": "Cloud"}, {"versionNumbers": [1]}])
def test_a_site_that_does_not_say_what_it_is_is_no_jira(open_desk: Open, answer: object) -> None:
    desk = open_desk(faults=(answering("/serverInfo", Response(200, answer)),))

    with pytest.raises(UnexpectedResponseError, match=r"check that this is a Jira site|could not be understood"):
        desk.connector.discover()


@pytest.mark.parametrize("answer", [{}, [5], [{"name": "x"}], {"values": []}])
def test_a_field_catalogue_of_another_shape_is_an_error(open_desk: Open, answer: object) -> None:
    desk = open_desk(faults=(answering("/field", Response(200, answer)),))

    with pytest.raises(UnexpectedResponseError, match="a field catalogue of the wrong shape"):
        desk.connector.discover()


def chain(error: BaseException | None) -> Iterator[str]:
    if error is not None:
        yield f"{error} {error!r} {vars(error)}"
        yield from chain(error.__cause__)
        yield from chain(error.__context__)


def as_json(body: bytes) -> Response:
    return Response(200, body, {"Content-Type": "application/json", "Set-Cookie": f"session={CANARY}"})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Response(401, {"errorMessages": ["no"]}), AuthenticationError),
        (Response(403, {"errorMessages": ["no"]}), AuthenticationError),
        (Response(429, {}, {"Retry-After": "3600", "RateLimit-Reason": "jira-quota-tenant-based"}), RateLimitedError),
        (Response(429, {}, {"X-RateLimit-Reset": "2026-03-31T12:00Z"}), RateLimitedError),
        (Response(404, {}), NotFoundError),
        (Response(400, {"errorMessages": ["The value 'PAY' does not exist"]}), UnexpectedResponseError),
        (Response(410, {"errorMessages": ["removed"]}), UnexpectedResponseError),
        (Response(502), UnreachableError),
        (Response(200, b"<html>log in</html>", {"Content-Type": "text/html"}), UnexpectedResponseError),
        (as_json(b""), UnexpectedResponseError),
        (as_json(b"null"), UnexpectedResponseError),
        (as_json(b"{}"), UnexpectedResponseError),
        (as_json(b'{"issues": }'), UnexpectedResponseError),
        (as_json(b"[" * 5000 + b"]" * 5000), UnexpectedResponseError),
        (Response(302, [], {"Location": "https://elsewhere.example/login"}), UnexpectedResponseError),
        (Response(302, [], {"Location": "/jira/rest/api/3/search/jql?again=1"}), UnexpectedResponseError),
        (Response(200, b'{"issues', {"Content-Length": "99", "Connection": "close"}), UnreachableError),
    ],
)
@pytest.mark.parametrize("site", ["cloud", "datacenter"])
def test_what_is_no_search_answer_is_an_error_that_tells_no_secret(
    open_desk: Open, answer: Response, kind: type[ConnectorError], site: JiraKind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    desk = open_desk(issue(1), kind=site, user=USER, faults=(answering("/search", answer),))

    with pytest.raises(kind) as caught:
        list(desk.pages(at(0)))

    assert type(caught.value) is kind
    told = "\n".join(chain(caught.value)) + caplog.text
    for word in (CANARY, base64.b64encode(f"{USER}:{CANARY}".encode()).decode(), "Authorization", "jql=", "ORDER"):
        assert word not in told


def test_a_read_logs_no_token_header_or_query(open_desk: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    assert open_desk(issue(1)).keys(at(0)) == ["PAY-1"]

    for word in (CANARY, "Authorization", "jql=", "ORDER"):
        assert word not in caplog.text


PROJECT = "a project is named by its key; write for example PAY"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"projects": []}, r"write one of them, like projects: \[PAY\]"),
        ({"projects": ["PAY"], "jql": "project = PAY"}, "write one of them"),
        ({"projects": ["PAY"], "board": 3}, "write one of them"),
        ({"projects": [], "jql": "project = PAY", "board": 3}, "write one of them"),
        ({"projects": [], "board": -1}, "greater than or equal to 0"),
        ({"projects": [], "jql": " "}, "write for example project = PAY AND labels = okr"),
        ({"projects": [], "jql": "project = PAY Order  by created"}, "write the query without ORDER BY"),
        ({"projects": [], "jql": "project = PAY) OR (project = HR"}, "write each with its counterpart"),
        ({"projects": [], "jql": "(project = PAY"}, "write each with its counterpart"),
        ({"projects": [], "jql": 'summary ~ "a'}, "write each with its counterpart"),
        ({"site": "http://jira.example"}, "only sent over https"),
        ({"projects": ['PAY" OR project = "HR']}, PROJECT),
        ({"projects": ["1PAY"]}, PROJECT),
        ({"projects": ["PAY", "PAY\n"]}, PROJECT),
        ({"url": "http://jira.example"}, "only sent over https"),
        ({"url": ...}, "Field required"),
        ({"query": "project = PAY"}, "Extra inputs"),
    ],
)
def test_a_source_that_cannot_be_meant_is_refused(change: dict[str, Any], words: str) -> None:
    asked = {
        "name": "j",
        "connector": "jira",
        "token": {"env": "T"},
        "projects": ["PAY"],
        "url": "https://jira.example",
    }

    assert JiraSettings.model_validate(asked).user == ""
    with pytest.raises(ValidationError, match=words):
        JiraSettings.model_validate({name: value for name, value in (asked | change).items() if value is not ...})


def test_a_query_may_hold_brackets_and_any_word_in_quotation_marks() -> None:
    query = """project = PAY AND (labels = ":)" OR summary ~ 'order by')"""
    asked = {"name": "j", "connector": "jira", "token": {"env": "T"}, "url": "https://jira.example", "jql": query}

    settings = JiraSettings.model_validate(asked)

    assert (settings.jql, settings.reads()) == (query, frozenset())


def test_what_a_source_reads_goes_by_the_address_that_people_open() -> None:
    asked = {"name": "j", "connector": "jira", "token": {"env": "T"}, "projects": ["PAY"]}
    asked |= {"url": "https://api.atlassian.com/ex/jira/1-2", "site": "https://acme.atlassian.net"}

    assert JiraSettings.model_validate(asked).reads() == {"https://acme.atlassian.net/projects/pay"}


def test_what_a_source_reads_are_the_addresses_of_its_projects_in_small_letters() -> None:
    asked = {"name": "j", "connector": "jira", "token": {"env": "T"}, "url": "https://Jira.example/"}
    both = JiraSettings.model_validate(asked | {"projects": ["PAY", "GRO"]})
    again = JiraSettings.model_validate(asked | {"name": "k", "url": "https://jira.example", "projects": ["pay"]})

    assert both.reads() == {"https://jira.example/projects/pay", "https://jira.example/projects/gro"}
    assert again.reads() < both.reads()
