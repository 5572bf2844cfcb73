"""The complete list of ids, what became of issues that are not in it, and what a check says of a Jira source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from okrsync.errors import AuthenticationError, ConnectorError, UnexpectedResponseError
from okrsync.plugins.connector import (
    CheckLine,
    Fate,
    HasCensus,
    HasCheck,
    HasHistory,
    HasIterations,
    Missing,
    Resolution,
)
from okrsync.plugins.context import WorkMapping
from okrsync.sandbox.http import Request, Response
from okrsync.sandbox.tracker_data import JiraData, JiraKind, RawObject
from support.jira_desk import CATALOGUE, ESTIMATE, NOW, POINTS, Desk, Run, at, issue

Open = Callable[..., Desk]
both_kinds = pytest.mark.parametrize("kind", ["cloud", "datacenter"])


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    opened: list[Desk] = []
    monkeypatch.setenv("JIRA_CANARY", "token-4711")

    def make(
        *issues: RawObject,
        mapping: WorkMapping | None = None,
        settings: dict[str, Any] | None = None,
        **data: Any,
    ) -> Desk:
        opened.append(Desk.at(JiraData([*issues], **data), tmp_path, mapping, **(settings or {})))
        return opened[-1]

    yield make
    for desk in opened:
        desk.close()


def many(count: int) -> list[RawObject]:
    return [issue(number, created=f"2026-01-01T00:{number // 100:02d}:00.000+0000") for number in range(1, count + 1)]


def counted(run: Run) -> list[str]:
    return [id_ for ids in run.connector.census(run.partition) for id_ in ids]


def test_the_connector_has_all_that_a_jira_can_tell(open_desk: Open) -> None:
    connector = open_desk(issue(1)).run().connector

    for able in (HasHistory, HasIterations, HasCensus, HasCheck):
        assert isinstance(connector, able)


@pytest.mark.parametrize(("kind", "requests"), [("cloud", 2), ("datacenter", 6)])
def test_the_ids_of_all_issues_take_few_requests(open_desk: Open, kind: JiraKind, requests: int) -> None:
    desk = open_desk(*many(5500), issue(1, None, "OPS"), kind=kind, settings={"since": date(2027, 1, 1)})
    desk.run().connector.discover()
    run = desk.run()

    ids = counted(run)

    assert (len(ids), set(ids)) == (5500, {str(10_000 + number) for number in range(1, 5501)})
    assert run.counts == {"census": requests}


def test_ids_are_counted_without_milliseconds_where_the_server_takes_none(open_desk: Open) -> None:
    desk = open_desk(*many(2500), kind="datacenter", refuses_milliseconds_with=400)
    desk.memory["dates"] = "quoted"

    assert len(set(counted(desk.run()))) == 2500


def test_an_issue_that_is_deleted_meanwhile_hides_no_other_on_data_center(open_desk: Open) -> None:
    desk = open_desk(*many(2500), kind="datacenter")
    run = desk.run()
    ids: list[str] = []

    for some in run.connector.census(run.partition):
        if not ids:
            desk.sites.jira.delete("PAY-1")
            desk.sites.jira.delete("PAY-2")
        ids += some

    assert len(set(ids)) == 2500


def test_a_list_that_becomes_shorter_while_it_is_counted_is_not_complete(open_desk: Open) -> None:
    desk = open_desk(*many(2500), kind="datacenter", refuses_milliseconds_with=400)
    desk.memory["dates"] = "quoted"
    run = desk.run()
    lists = run.connector.census(run.partition)
    next(lists)
    desk.sites.jira.delete("PAY-1")

    with pytest.raises(UnexpectedResponseError, match="became shorter"):
        list(lists)


def ids_page(*numbers: int, **more: Any) -> Response:
    return Response(200, {"issues": [{"id": str(number)} for number in numbers], **more})


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([ids_page(1, nextPageToken="a"), ids_page(2, nextPageToken="a")], "the same page token twice"),
        (
            [ids_page(1, nextPageToken="a"), ids_page(2, nextPageToken="b"), ids_page(3, nextPageToken="a")],
            "came before",
        ),
        ([ids_page(1, isLast=False)], "without a token"),
        ([ids_page(nextPageToken="a")], "an empty page"),
        ([Response(200, {"issues": [{"key": "PAY-1"}]})], "without id"),
        ([ids_page(1, nextPageToken="a"), Response(400, {})], "answered 400"),
        ([ids_page(1, nextPageToken="a"), Response(502)], "answered 502"),
    ],
)
def test_a_census_in_doubt_is_an_error(open_desk: Open, answers: list[Response], words: str) -> None:
    desk = open_desk(issue(1))
    left = list(answers)

    def fault(_: str, request: Request) -> Response | None:
        if "/search" not in request.path:
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    desk.sites.server.faults.append(fault)

    with pytest.raises(ConnectorError, match=words):
        counted(desk.run())


@pytest.mark.parametrize(
    ("dates", "answer", "words"),
    [
        ("", {"issues": [{"id": "1", "fields": {}}], "total": 1}, "without id or time of creation"),
        ("", {"issues": [], "total": 5}, "an empty page"),
        ("quoted", {"issues": [], "total": 5}, "became shorter"),
        ("quoted", {"issues": [{"id": "1"}, {"id": "1"}], "total": 2}, "the same issue twice"),
        ("quoted", {"issues": [{}], "total": 1}, "without id"),
    ],
)
def test_a_data_center_census_in_doubt_is_an_error(open_desk: Open, dates: str, answer: RawObject, words: str) -> None:
    desk = open_desk(issue(1), kind="datacenter")
    desk.memory["dates"] = dates
    desk.sites.server.faults.append(lambda _, request: Response(200, answer) if "/search" in request.path else None)

    with pytest.raises(UnexpectedResponseError, match=words):
        counted(desk.run())


def test_what_the_caller_asks_between_two_lists_is_its_own(open_desk: Open) -> None:
    desk = open_desk(*many(5500))
    desk.run().connector.discover()
    run = desk.run()

    for _ in run.connector.census(run.partition):
        run.context.requests.add()

    assert run.counts == {"setup": 2, "census": 2}


def missing(*numbers: int, project: str = "PAY") -> list[Missing]:
    return [Missing(str(10_000 + number), f"{project}-{number}") for number in numbers]


@both_kinds
def test_issues_that_are_missed_are_there_moved_gone_or_hidden(open_desk: Open, kind: JiraKind) -> None:
    desk = open_desk(*[issue(number) for number in range(1, 6)], issue(1, None, "OPS"), kind=kind)
    desk.run().connector.discover()
    desk.sites.jira.move("PAY-2", "OPS-9", at(90))
    desk.sites.jira.delete("PAY-3")
    run = desk.run()

    found = run.connector.resolve(run.partition, [*missing(1, 2, 3), Missing("77", "HR-1"), Missing("78", "HR-2")])

    assert list(found) == [
        Resolution("10001", Fate.EXISTS),
        Resolution("10002", Fate.MOVED, "10002", "OPS-9"),
        Resolution("10003", Fate.GONE),
        Resolution("77", Fate.HIDDEN),
        Resolution("78", Fate.HIDDEN),
    ]
    # One for all, one for each that it did not find, and one for each of their projects.
    assert run.counts == {"census": 1 + 3 + 2}
    assert sum(path.endswith("project/HR") for path in desk.paths) == 1


def test_an_issue_that_may_no_longer_be_seen_looks_like_one_that_is_gone(open_desk: Open) -> None:
    desk = open_desk(issue(1), issue(2))
    desk.sites.jira.hide("PAY-1")
    run = desk.run()

    assert counted(run) == ["10002"]
    assert [each.fate for each in run.connector.resolve(run.partition, missing(1))] == [Fate.GONE]


@both_kinds
def test_many_are_asked_for_a_hundred_at_a_time(open_desk: Open, kind: JiraKind) -> None:
    desk = open_desk(*[issue(number) for number in range(1, 251)], kind=kind)
    desk.run().connector.discover()
    run = desk.run()

    found = run.connector.resolve(run.partition, missing(*range(1, 251)))

    assert {each.fate for each in found} == {Fate.EXISTS}
    assert run.counts == {"census": 3}


def test_a_search_that_refuses_what_is_gone_is_done_without(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    refusal = Response(400, {"errorMessages": ["An issue with id 10002 does not exist"]})
    desk.sites.server.faults.append(lambda _, request: refusal if "/search" in request.path else None)
    run = desk.run()

    found = run.connector.resolve(run.partition, missing(1, 2))

    assert [each.fate for each in found] == [Fate.EXISTS, Fate.GONE]


@pytest.mark.parametrize("path", ["/issue/", "/project/"])
def test_what_may_not_be_read_is_hidden_and_a_refused_token_is_an_error(open_desk: Open, path: str) -> None:
    desk = open_desk(issue(1))
    answers = [Response(403, {}), Response(401, {})]
    desk.sites.server.faults.append(lambda _, request: answers[0] if path in request.path else None)
    run = desk.run()

    assert [each.fate for each in run.connector.resolve(run.partition, missing(2))] == [Fate.HIDDEN]
    answers.pop(0)
    with pytest.raises(AuthenticationError):
        run.connector.resolve(run.partition, missing(2))


def levels(lines: object) -> list[str]:
    assert isinstance(lines, list)
    assert all(line.advice for line in lines if line.level != "ok")
    return [line.level for line in lines]


SIZED = [*CATALOGUE, {"id": "customfield_9", "schema": {"custom": "com.pyxis.greenhopper.jira:jsw-story-points"}}]


@both_kinds
def test_a_check_says_what_it_found(open_desk: Open, kind: JiraKind) -> None:
    desk = open_desk(issue(1), kind=kind)

    lines = list(desk.run().connector.check())

    assert set(levels(lines)) == {"ok"}
    said = "\n".join(line.what for line in lines)
    for words in (
        f"{desk.sites.jira_url} is Jira {'Cloud 1001' if kind == 'cloud' else 'Data Center 9.12.0'}",
        "clock and the site's agree",
        "the token is accepted",
        "does not administer",
        "project PAY is there",
        "field of sprints: customfield_10020",
        "field of epic links: customfield_10014",
        f"size: {ESTIMATE}",
        "no board with sprints",
    ):
        assert words in said


def lines_of(desk: Desk) -> list[CheckLine]:
    lines = list(desk.run().connector.check())
    levels(lines)
    return [line for line in lines if line.level != "ok"]


def test_rights_that_are_too_wide_are_a_warning(open_desk: Open) -> None:
    (line,) = lines_of(open_desk(issue(1), rights=["BROWSE_PROJECTS", "ADMINISTER"]))

    assert (line.level, line.advice) == ("warn", "use an account that may only browse these projects")


def test_an_account_that_may_read_nothing_is_a_failure(open_desk: Open) -> None:
    (line,) = lines_of(open_desk(issue(1), rights=[]))

    assert (line.level, line.what) == ("fail", "the account may read no project")


@pytest.mark.parametrize(("seconds", "found"), [(60, 0), (61, 1), (-61, 1)])
def test_clocks_that_differ_by_over_a_minute_are_a_warning(open_desk: Open, seconds: int, found: int) -> None:
    desk = open_desk(issue(1))
    desk.now = NOW + timedelta(seconds=seconds)

    assert [line.what for line in lines_of(desk)] == ["this clock and the site's are 61 seconds apart"] * found


def test_sizes_that_may_be_in_several_fields_are_a_warning_that_says_what_to_write(open_desk: Open) -> None:
    (line,) = lines_of(open_desk(issue(1), fields=SIZED))

    assert line.what == f"size may be any of {ESTIMATE} and customfield_9"
    assert line.advice == "write work: size: j: field: customfield_... into okrsync.yaml"


def test_boards_of_one_project_that_estimate_in_two_fields_are_a_warning(open_desk: Open) -> None:
    boards = [
        {
            "id": number,
            "type": "scrum",
            "name": "B",
            "location": {"projectKey": "PAY"},
            "configuration": {"estimation": {"field": {"fieldId": field}}},
            "sprints": [],
        }
        for number, field in ((1, POINTS), (2, ESTIMATE))
    ]

    (line,) = lines_of(open_desk(issue(1), boards=boards))

    assert line.what == f"boards of PAY estimate in {POINTS} and {ESTIMATE}"


@pytest.mark.parametrize("mapping", [WorkMapping(count_items=True), WorkMapping(size_field=POINTS)])
def test_a_size_that_is_configured_is_no_question(open_desk: Open, mapping: WorkMapping) -> None:
    assert lines_of(open_desk(issue(1), fields=SIZED, mapping=mapping)) == []


def test_a_site_without_any_field_of_size_is_a_warning(open_desk: Open) -> None:
    (line,) = lines_of(open_desk(issue(1), fields=[]))

    assert line.what == "no field holds a size"


def test_a_project_that_is_not_there_is_a_failure(open_desk: Open) -> None:
    (line,) = lines_of(open_desk(issue(1), settings={"projects": ["PAY", "NONE"]}))

    assert (line.level, line.what) == ("fail", "project NONE: not found (404), or hidden from this token")


@both_kinds
@pytest.mark.parametrize(
    ("query", "found"), [("project = PAY", []), ("project = PAY AND key = PAY-1 AND type = Bug", 1)]
)
def test_a_query_that_finds_nothing_is_a_warning(open_desk: Open, kind: JiraKind, query: str, found: object) -> None:
    data = [issue(1), issue(2, issuetype={"id": "8", "name": "Bug"})]
    lines = lines_of(open_desk(*data, kind=kind, settings={"jql": query}))

    assert [line.what for line in lines] == (["the query finds nothing"] if found else [])


def test_a_board_that_is_not_there_is_a_failure(open_desk: Open) -> None:
    lines = lines_of(open_desk(issue(1), settings={"board": 7}))

    assert {line.level for line in lines} == {"fail"}
    assert lines[0].what.startswith("board 7: not found")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("", Response(502)),
        ("/serverInfo", Response(200, [])),
        ("/myself", Response(401, {})),
        ("/mypermissions", Response(200, {"permissions": []})),
        ("/mypermissions", Response(403, {})),
        ("/project/PAY", Response(200, {})),
        ("/field", Response(200, {})),
        ("/status", Response(200, [{"name": "x"}])),
        ("/status", Response(500)),
    ],
)
def test_what_fails_is_a_line_and_never_an_error(open_desk: Open, path: str, answer: Response) -> None:
    desk = open_desk(issue(1))
    desk.sites.server.faults.append(lambda _, request: answer if request.path.endswith(path) else None)

    assert [line.level for line in lines_of(desk)] in (["fail"], ["fail", "fail"])


def test_a_site_that_tells_no_time_is_a_warning(open_desk: Open) -> None:
    desk = open_desk(issue(1))
    # An empty date is none.
    desk.sites.server.date = lambda: ""  # type: ignore[method-assign]

    assert [line.what for line in lines_of(desk)] == ["the site tells no time"]
