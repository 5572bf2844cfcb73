"""Sprints, estimates and scopes by boards: what the Jira connector reads of Jira Software, and how often."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from okrsync.errors import ConnectorError, UnexpectedResponseError
from okrsync.model.work import IterationRecord, Size, Status
from okrsync.plugins.connector import IterationsRead, Partition, Stream
from okrsync.plugins.context import WorkMapping
from okrsync.sandbox.http import Request, Response
from okrsync.sandbox.tracker_data import JiraData, JiraKind, RawObject
from support.jira_desk import CANARY, EPIC, ESTIMATE, POINTS, SPRINT, Desk, Run, at, issue, status

Open = Callable[..., Desk]
both_kinds = pytest.mark.parametrize("kind", ["cloud", "datacenter"])


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    opened: list[Desk] = []
    monkeypatch.setenv("JIRA_CANARY", "token-4711")

    def make(data: JiraData, mapping: WorkMapping | None = None, **given: Any) -> Desk:
        opened.append(Desk.at(data, tmp_path, mapping, **given))
        return opened[-1]

    yield make
    for desk in opened:
        desk.close()


def sprint(number: int, state: str, **more: Any) -> RawObject:
    return {"id": number, "name": f"S{number}", "state": state, "goal": f"@{CANARY}", **more}


def board(
    number: int, *sprints: RawObject, project: str = "PAY", kind: str = "scrum", size: str = ESTIMATE, query: str = "1"
) -> RawObject:
    configuration = {
        "id": number,
        "filter": {"id": query},
        "estimation": {"type": "field", "field": {"fieldId": size, "displayName": "x"}},
        "columnConfig": {"columns": []},
        "subQuery": {"query": "fixVersion in unreleasedVersions()"},
    }
    return {
        "id": number,
        "name": f"Board {number}",
        "type": kind,
        "location": {"projectKey": project, "projectId": sum(project.encode())},
        "configuration": configuration,
        "sprints": list(sprints),
    }


def three_sprints() -> list[RawObject]:
    started = "2026-02-02T09:00:00.000+01:00"
    return [
        sprint(1, "closed", startDate=started, endDate=started, completeDate="2026-02-16T08:00:00.000Z"),
        sprint(2, "active", startDate=started),
        sprint(3, "future"),
    ]


def read(run: Run, cursor: str = "") -> IterationsRead:
    fields = run.connector.discover()
    (stream,) = run.connector.streams(fields)
    return run.connector.iterations(stream, cursor, fields)


def states(read: IterationsRead) -> dict[str, tuple[str, str]]:
    return {each.id: (each.name, each.state) for each in read.iterations}


@both_kinds
def test_the_first_read_of_a_board_gives_all_its_sprints(open_desk: Open, kind: JiraKind) -> None:
    run = open_desk(JiraData([issue(1)], boards=[board(3, *three_sprints())], kind=kind)).run()

    first = read(run)

    start = datetime(2026, 2, 2, 8, tzinfo=UTC)
    assert first.iterations == (
        IterationRecord("j", "1", "S1", "closed", start, start, datetime(2026, 2, 16, 8, tzinfo=UTC)),
        IterationRecord("j", "2", "S2", "active", start),
        IterationRecord("j", "3", "S3", "future"),
    )
    assert json.loads(first.cursor) == ["2", "3"]
    assert first.touched == ()
    # One for the boards, one for the board's configuration, one for its sprints.
    assert run.counts == {"setup": 3, "iterations": 3}


def test_a_later_run_asks_a_board_once_and_closed_sprints_one_by_one(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)], boards=[board(3, *three_sprints())]))
    cursor = read(desk.run()).cursor
    quiet = desk.run()

    assert states(read(quiet, cursor)) == {"2": ("S2", "active"), "3": ("S3", "future")}
    assert quiet.counts == {"setup": 2, "iterations": 1}

    desk.sites.jira.edit_sprint(2, state="closed", completeDate="2026-03-01T00:00:00.000Z")
    desk.sites.jira.edit_sprint(3, state="active", name="Renamed")
    later = desk.run()
    found = read(later, cursor)

    assert states(found) == {"3": ("Renamed", "active"), "2": ("S2", "closed")}
    assert found.iterations[-1].completed == datetime(2026, 3, 1, tzinfo=UTC)
    assert json.loads(found.cursor) == ["3"]
    assert later.counts == {"setup": 2, "iterations": 2}


def test_a_sprint_that_was_renamed_or_closed_updates_no_issue(open_desk: Open) -> None:
    held = {SPRINT: [sprint(2, "active")]}
    desk = open_desk(JiraData([issue(1, **held)], boards=[board(3, *three_sprints())]))
    cursor = read(desk.run()).cursor

    desk.sites.jira.edit_sprint(2, name="Other", state="closed")

    assert desk.run().read(at(5)) == {}
    assert states(read(desk.run(), cursor))["2"] == ("Other", "closed")
    item, _ = desk.run().read()["PAY-1"]
    assert [each.name for each in item.iterations] == ["Other"]


def test_a_sprint_that_was_deleted_is_passed_over(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)], boards=[board(3, *three_sprints())]))
    cursor = read(desk.run()).cursor
    del desk.data.boards[0]["sprints"][1]

    assert states(read(desk.run(), cursor)) == {"3": ("S3", "future")}


def test_many_sprints_are_read_page_by_page(open_desk: Open) -> None:
    sprints = [sprint(number, "closed") for number in range(1, 121)]
    run = open_desk(JiraData([issue(1)], boards=[board(3, *sprints)])).run()

    assert len(read(run).iterations) == 120
    assert run.counts["iterations"] == 2 + 3


@pytest.mark.parametrize("cursor", ["", "x", "{}", "null"])
def test_a_cursor_that_says_nothing_reads_everything(open_desk: Open, cursor: str) -> None:
    run = open_desk(JiraData([issue(1)], boards=[board(3, *three_sprints())])).run()

    assert set(states(read(run, cursor))) == {"1", "2", "3"}


def test_kanban_boards_have_no_sprints_and_are_not_asked(open_desk: Open) -> None:
    run = open_desk(JiraData([issue(1)], boards=[board(3, kind="kanban"), board(4, project="OPS")])).run()

    assert list(run.connector.streams(run.connector.discover())) == []
    assert run.counts == {"setup": 3, "iterations": 1}


def test_a_team_managed_board_without_sprints_is_asked_once_a_day(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)], boards=[board(3, kind="simple")]))
    refusal = Response(400, {"errorMessages": ["The board does not support sprints"]})
    desk.sites.server.faults.append(lambda _, request: refusal if request.path.endswith("3/sprint") else None)

    assert read(desk.run()) == IterationsRead(())
    again = desk.run()
    assert list(again.connector.streams(again.connector.discover())) == []
    assert again.counts == {"setup": 2}


def test_boards_are_asked_for_again_after_a_day(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)], boards=[board(3)]))
    desk.run().connector.discover()
    desk.data.boards.append(board(4))
    early = desk.run()
    assert list(early.connector.streams(early.connector.discover())) == [Stream("3")]

    desk.now += timedelta(hours=24)
    late = desk.run()

    assert list(late.connector.streams(late.connector.discover())) == [Stream("3"), Stream("4")]
    assert (early.counts, late.counts) == ({"setup": 2}, {"setup": 2, "iterations": 3})
    assert json.loads(json.dumps(desk.memory)) == desk.memory


@both_kinds
def test_a_site_without_jira_software_has_no_boards(open_desk: Open, kind: JiraKind) -> None:
    run = open_desk(JiraData([issue(1)], kind=kind, has_software=False)).run()

    assert list(run.connector.streams(run.connector.discover())) == []
    assert list(run.read()) == ["PAY-1"]


def test_boards_that_may_not_be_seen_are_none(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)], boards=[board(3)]))
    desk.sites.server.faults.append(lambda _, request: Response(403, {}) if "/agile/" in request.path else None)

    assert list(desk.run().read()) == ["PAY-1"]


def test_a_board_that_is_listed_and_may_not_be_seen_hides_no_other(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)], boards=[board(3), board(4)]))
    desk.sites.server.faults.append(
        lambda _, request: Response(403, {}) if request.path.endswith("3/configuration") else None
    )
    connector = desk.run().connector

    assert list(connector.streams(connector.discover())) == [Stream("4")]


def test_a_board_that_was_deleted_since_it_was_listed_tells_nothing(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)], boards=[board(3, *three_sprints())]))
    cursor = read(desk.run()).cursor
    desk.data.boards.clear()

    assert read(desk.run(), cursor) == IterationsRead((), cursor=cursor)
    connector = desk.run().connector
    assert list(connector.streams(connector.discover())) == []


def test_each_project_is_sized_by_the_field_that_its_board_estimates_in(open_desk: Open) -> None:
    both = {ESTIMATE: 3, POINTS: 8}
    issues = [issue(1, **both), issue(2, None, "OPS", **both), issue(3, None, "OPS", **{ESTIMATE: 5})]
    boards = [board(3, size=POINTS), board(4, project="OPS", kind="simple"), board(5, size="timeoriginalestimate")]
    run = open_desk(JiraData(issues, boards=boards), projects=["PAY", "OPS"]).run()
    fields = run.connector.discover()

    parts = [run.connector.pages(part, None, fields) for part in run.connector.partitions()]
    raws = [raw for pages in parts for page in pages for raw in page.raws]

    sizes = {raw["key"]: run.connector.normalise(raw, fields).size for raw in raws}
    assert sizes == {"PAY-1": Size(8.0, "points"), "OPS-2": Size(3.0, "points"), "OPS-3": Size(5.0, "points")}
    assert {role: ids for role, ids in fields.roles.items() if not role.startswith("name:")} == {
        "epic": (EPIC,), "size": (ESTIMATE,), "size:OPS": (ESTIMATE,), "size:PAY": (POINTS,), "sprint": (SPRINT,),
    }  # fmt: skip


def test_the_configured_size_comes_before_that_of_the_board(open_desk: Open) -> None:
    raw = issue(1, customfield_7=1, **{ESTIMATE: 3, POINTS: 8})
    desk = open_desk(JiraData([raw], boards=[board(3, size=POINTS)]), WorkMapping(size_field="customfield_7"))

    assert desk.run().read()["PAY-1"][0].size == Size(1.0, "points")


def test_a_board_is_read_by_its_filter_and_not_by_what_it_shows(open_desk: Open) -> None:
    shipped = issue(2, status=status("3"), fixVersions=[{"id": "1", "released": True}])
    data = JiraData(
        [issue(1), shipped, issue(3, None, "OPS", labels=["x"])],
        boards=[board(3, *three_sprints(), query="100", size=POINTS)],
        filters={"100": "project = PAY OR key = OPS-3 ORDER BY key"},
    )
    desk = open_desk(data, board=3)
    run = desk.run()

    assert list(run.connector.partitions()) == [Partition("board/3")]
    assert set(run.read()) == {"PAY-1", "PAY-2", "OPS-3"}
    assert set(run.read(at(2))) == {"PAY-2", "OPS-3"}
    assert desk.queries[0] == "filter = 100 ORDER BY updated ASC, key ASC"
    assert not any(path.endswith("/issue") for path in desk.paths)
    assert run.connector.discover().roles["size"] == (POINTS, ESTIMATE)
    assert set(states(read(run))) == {"1", "2", "3"}


def test_a_kanban_board_is_read_whole_and_has_no_sprints(open_desk: Open) -> None:
    boards = [board(3, kind="kanban", query="100")]
    run = open_desk(JiraData([issue(1)], boards=boards, filters={"100": "project = PAY"}), board=3).run()

    assert set(run.read()) == {"PAY-1"}
    assert list(run.connector.streams(run.connector.discover())) == []


def test_another_query_in_a_boards_filter_needs_everything_anew(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)], boards=[board(3)], filters={"1": "project = PAY"}), board=3)

    def depends() -> list[str]:
        connector = desk.run().connector
        return list(connector.raw_depends_on(connector.discover()))

    before, again = depends(), depends()
    desk.data.filters["1"] = "project = PAY AND type = Story"

    assert before == again != depends()


def test_a_source_that_reads_a_board_asks_two_requests_before_it_reads_and_its_statuses_once_a_day(
    open_desk: Open,
) -> None:
    desk = open_desk(JiraData([issue(1)], boards=[board(3)], filters={"1": "project = PAY"}), board=3)
    first, second = desk.run(), desk.run()
    fields = first.connector.discover()

    assert second.connector.discover() == fields
    assert second.counts["setup"] == 2
    assert json.loads(json.dumps(desk.memory)) == desk.memory
    desk.now += timedelta(hours=25)
    later = desk.run()
    assert later.connector.discover() == fields
    assert later.counts["setup"] == 3


def test_the_filter_of_a_board_is_asked_for_where_nothing_was_discovered(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)], boards=[board(3)], filters={"1": "project = PAY"}), board=3)
    fields = desk.run().connector.discover()

    assert desk.run().connector.raw_depends_on(fields)[-1] == "project = PAY"


@pytest.mark.parametrize("boards", [[], [board(3, query="")], [board(3, query="9")]])
def test_a_board_that_cannot_be_read_is_an_error(open_desk: Open, boards: list[RawObject]) -> None:
    with pytest.raises(ConnectorError):
        open_desk(JiraData([issue(1)], boards=boards), board=3).run().connector.discover()


def test_a_query_is_read_in_brackets_with_the_date_outside(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1), issue(2), issue(3, None, "OPS")]), jql="project = PAY OR key = OPS-3")
    run = desk.run()

    assert list(run.connector.partitions()) == [Partition("jql")]
    assert set(run.read(at(2))) == {"PAY-2", "OPS-3"}
    assert desk.queries[0].startswith("(project = PAY OR key = OPS-3) AND updated >= 17")
    assert run.connector.raw_depends_on(run.connector.discover())[-1] == "project = PAY OR key = OPS-3"


def test_the_boards_of_a_query_are_those_of_the_projects_it_met(open_desk: Open) -> None:
    boards = [board(3), board(4, project="OPS"), board(5, project="X")]
    desk = open_desk(JiraData([issue(1), issue(3, None, "OPS")], boards=boards), jql="project in (PAY, OPS)")
    first = desk.run()
    first.read()

    second = desk.run()

    assert "iterations" not in first.counts
    assert list(second.connector.streams(second.connector.discover())) == [Stream("4"), Stream("3")]


RELEASED = {"id": "1", "name": "1.0", "released": True, "releaseDate": "2026-02-10"}


@pytest.mark.parametrize(
    ("versions", "expected", "day"),
    [
        ([RELEASED], Status.DONE, 10),
        ([RELEASED, RELEASED | {"releaseDate": "2026-02-05"}], Status.DONE, 5),
        ([RELEASED, {"id": "2", "released": False, "releaseDate": "2026-02-01"}], Status.DONE, 10),
        ([{"id": "2", "released": False, "releaseDate": "2026-02-01"}], Status.IN_PROGRESS, None),
        ([{"id": "2", "released": True}], Status.DONE, None),
        ([], Status.IN_PROGRESS, None),
    ],
)
def test_where_users_get_it_by_release_the_first_released_version_counts(
    open_desk: Open, versions: list[RawObject], expected: Status, day: int | None
) -> None:
    raw = issue(1, status=status("3"), fixVersions=versions, resolutiondate="2026-01-05T00:00:00.000+0000")
    run = open_desk(JiraData([raw]), WorkMapping(delivered_on="release")).run()

    item, _ = run.read()["PAY-1"]

    assert run.connector.discover().ships_apart
    assert item.status is expected
    assert item.delivered == (day and datetime(2026, 2, day, tzinfo=UTC))


def test_versions_are_asked_for_only_where_they_count(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)]))
    fields = desk.run().connector.discover()

    assert "fixVersions" not in desk.run().connector.raw_depends_on(fields)
    assert not fields.ships_apart


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"values": [5]},
        {"values": [], "isLast": False},
        {"values": [{"id": 3, "location": "x"}], "isLast": True},
    ],
)
def test_a_list_of_boards_of_another_shape_is_an_error(open_desk: Open, answer: object) -> None:
    desk = open_desk(JiraData([issue(1)]))
    desk.sites.server.faults.append(lambda _, request: Response(200, answer) if "/agile/" in request.path else None)

    with pytest.raises(UnexpectedResponseError):
        desk.run().connector.discover()


def test_a_later_run_knows_what_the_site_is(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)]))
    desk.run().read()
    desk.sites.server.clear_log()

    desk.run().read(at(5))

    assert desk.paths == ["GET api/3/field", "GET api/3/status", "GET api/3/search/jql"]


@pytest.mark.parametrize(("before", "after"), [("datacenter", "cloud"), ("cloud", "datacenter")])
def test_a_site_that_became_another_kind_is_asked_again(open_desk: Open, before: JiraKind, after: JiraKind) -> None:
    old = open_desk(JiraData([issue(1)], kind=before))
    old.run().read()
    new = open_desk(JiraData([issue(1)], kind=after))
    new.memory = old.memory

    assert list(new.run().read()) == ["PAY-1"]
    assert new.memory["kind"]["type"] == ("Cloud" if after == "cloud" else "Server")


def test_a_project_that_is_not_there_is_not_taken_for_another_kind(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)]))
    desk.run().read()
    desk.sites.server.faults.append(lambda _, request: Response(404, {}) if "/search" in request.path else None)

    with pytest.raises(ConnectorError, match="404"):
        desk.run().read()


@pytest.mark.parametrize("refusal", [400, 500])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@both_kinds
def test_a_server_that_refuses_milliseconds_is_asked_by_the_minute(
    open_desk: Open, kind: JiraKind, zone: str, refusal: int
) -> None:
    issues = [issue(number, 60 * number) for number in range(1, 101)]
    data = JiraData(issues, kind=kind, time_zone=zone, refuses_milliseconds_with=refusal)
    desk = open_desk(data)

    assert set(desk.run().read(at(60 * 90))) == {f"PAY-{number}" for number in range(90, 101)}
    assert desk.memory["dates"] == "quoted"
    desk.sites.server.clear_log()

    assert set(desk.run().read(at(60 * 99))) == {"PAY-99", "PAY-100"}
    assert desk.queries == ['project = "PAY" AND updated >= "2026/01/04 01:00" ORDER BY updated ASC, key ASC']


def test_a_whole_project_is_read_from_a_server_that_refuses_milliseconds(open_desk: Open) -> None:
    issues = [issue(number, number / 10) for number in range(1, 3501)]
    desk = open_desk(JiraData(issues, kind="datacenter", refuses_milliseconds_with=400))

    assert len(desk.run().read()) == 3500
    assert len(desk.queries) < 30


def test_a_query_that_is_refused_anyway_is_told_as_it_was(open_desk: Open) -> None:
    desk = open_desk(JiraData([issue(1)]), projects=["NONE"])

    with pytest.raises(UnexpectedResponseError, match="The value 'NONE' does not exist"):
        desk.run().read(at(0))

    assert "dates" not in desk.memory


@pytest.mark.parametrize("user", ["", "robot@example.com"])
def test_a_scoped_token_goes_to_the_gateway_and_links_to_the_site(open_desk: Open, user: str) -> None:
    seen: list[str] = []

    def note(_: str, request: Request) -> None:
        seen.append(request.headers["authorization"].partition(" ")[0])

    desk = open_desk(JiraData([issue(1)]), site="https://acme.atlassian.net", user=user)
    desk.sites.server.faults.append(note)

    item, _ = desk.run().read()["PAY-1"]

    assert item.url == "https://acme.atlassian.net/browse/PAY-1"
    assert set(seen) == {"Basic" if user else "Bearer"}
