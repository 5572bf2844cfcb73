"""The Jira site, Cloud and Data Center, asked over loopback HTTP as a client would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from jira import JIRA

from okrsync.sandbox.field_catalogue import EPIC_LINK, SPRINT
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, JiraData, JiraKind, RawObject
from support.recorded_data import recorded_jira_issues

START = datetime(2026, 1, 1, tzinfo=UTC)
TODAY = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
GOOD = ("me@example.com", "good")
DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": "First "}, {"type": "text", "text": "line"}]},
        {"type": "bulletList", "content": [{"type": "listItem", "content": [{"type": "paragraph", "content": []}]}]},
        {"type": "paragraph", "content": [{"type": "text", "text": "a"}, {"type": "hardBreak"}]},
    ],
}
LEGACY = "com.atlassian.greenhopper.service.sprint.Sprint@1f[id=6,rapidViewId=3,state=CLOSED,name=Old six,goal=]"


def stamp(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def histories(count: int) -> RawObject:
    entries = [{"id": str(each), "created": stamp(each // 2), "items": []} for each in range(count)]
    return {"histories": entries}


def issue(number: int, project: str = "SHOP", **fields: Any) -> RawObject:
    status = {"id": "1", "name": "Open", "self": "elsewhere", "statusCategory": {"key": "new"}}
    base = {
        "summary": f"Item {number}",
        "created": stamp(number),
        "updated": stamp(number),
        "status": status,
        "issuetype": {"id": "7", "name": "Story"},
        "project": {"id": "100" if project == "SHOP" else "200", "key": project, "name": f"The {project}"},
        "assignee": {"displayName": "Someone"},
        "description": DOCUMENT,
    }
    offset = 0 if project == "SHOP" else 500
    raw = {"id": str(10000 + offset + number), "key": f"{project}-{number}", "self": "elsewhere"}
    return raw | {"fields": base | fields}


def boards() -> list[RawObject]:
    location = {"projectKey": "SHOP", "projectId": 100}
    configuration = {"id": 3, "estimation": {"field": {"fieldId": "customfield_10016"}}}
    sprints = [
        {"id": 4 + each, "name": f"Sprint {each}", "state": state} for each, state in enumerate(["closed", "active"])
    ]
    scrum = {"id": 3, "name": "Shop board", "type": "scrum", "location": location}
    kanban = {"id": 9, "name": "Flow", "type": "kanban", "location": {"projectKey": "OPS", "projectId": 200}}
    return [scrum | {"configuration": configuration, "sprints": sprints}, kanban]


def shelf(kind: JiraKind = "cloud") -> JiraData:
    issues = [issue(number) for number in range(1, 13)]
    issues[0]["fields"]["customfield_10020"] = [{"id": 4, "name": "Sprint 0", "state": "closed", "boardId": 3}]
    issues[1]["changelog"] = histories(150)
    issues.append(issue(1, "OPS"))
    return JiraData(issues, boards=boards(), kind=kind)


@pytest.fixture
def cloud() -> Iterator[Sites]:
    with Sites(GithubData(), shelf(), clock=lambda: TODAY) as running:
        yield running
        assert running.server.errors == []


@pytest.fixture
def datacenter() -> Iterator[Sites]:
    with Sites(GithubData(), shelf("datacenter"), clock=lambda: TODAY) as running:
        yield running
        assert running.server.errors == []


def ask(sites: Sites, path: str, **query: Any) -> requests.Response:
    return requests.get(f"{sites.jira_url}/rest/{path}", params=query, auth=GOOD, timeout=10)


def search(sites: Sites, jql: str, **query: Any) -> Any:
    answer = ask(sites, "api/3/search/jql", jql=jql, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["errors"] == {}
    return answer.status_code, body["errorMessages"][0]


def walk(sites: Sites, jql: str, **query: Any) -> list[str]:
    keys: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = search(sites, jql, **query, **token)
        keys += [each["key"] for each in page["issues"]]
        assert page["isLast"] == ("nextPageToken" not in page)
        if page["isLast"]:
            return keys
        token = {"nextPageToken": page["nextPageToken"]}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer bad"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic bWU6"},
        {"Authorization": "Basic bWU6YmFk"},
        {"Authorization": "Basic ???"},
        {"Authorization": "token good"},
    ],
)
def test_a_wrong_token_gets_401_and_says_so_in_a_header(cloud: Sites, headers: dict[str, str]) -> None:
    answer = requests.get(f"{cloud.jira_url}/rest/api/3/myself", headers=headers, timeout=10)

    assert refused(answer) == (401, "Client must be authenticated to access this resource.")
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"


def test_a_bearer_token_is_accepted(datacenter: Sites) -> None:
    headers = {"Authorization": "Bearer good"}
    answer = requests.get(f"{datacenter.jira_url}/rest/api/2/myself", headers=headers, timeout=10)

    assert (answer.json()["name"], answer.json()["timeZone"]) == ("sandbox", "UTC")


def test_the_server_says_its_kind_and_time_without_a_token(cloud: Sites, datacenter: Sites) -> None:
    told = [requests.get(f"{sites.jira_url}/rest/api/2/serverInfo", timeout=10).json() for sites in (cloud, datacenter)]

    assert [each["deploymentType"] for each in told] == ["Cloud", "Server"]
    assert [each["versionNumbers"] for each in told] == [[1001, 0, 0], [9, 12, 0]]
    assert told[0]["serverTime"] == "2026-03-31T09:30:00.000+0000"
    assert told[0]["baseUrl"] == cloud.jira_url


def test_version_3_is_the_clouds_alone(cloud: Sites, datacenter: Sites) -> None:
    answers = [requests.get(f"{sites.jira_url}/rest/api/3/serverInfo", timeout=10) for sites in (cloud, datacenter)]

    assert [answer.status_code for answer in answers] == [200, 404]


def test_projects_and_statuses_are_those_of_the_issues(cloud: Sites) -> None:
    assert [each["key"] for each in ask(cloud, "api/3/project").json()] == ["OPS", "SHOP"]
    assert ask(cloud, "api/3/project/shop").json()["name"] == "The SHOP"
    assert ask(cloud, "api/3/project/200").json()["self"] == f"{cloud.jira_url}/rest/api/3/project/200"
    assert [each["self"] for each in ask(cloud, "api/2/status").json()] == [f"{cloud.jira_url}/rest/api/2/status/1"]


def test_an_unknown_project_gets_404(cloud: Sites) -> None:
    assert refused(ask(cloud, "api/3/project/NOPE")) == (404, "No project could be found with key 'NOPE'.")


@pytest.mark.parametrize("path", ["api/3/nowhere", "api/4/myself", "agile/1.0/epic/1", "agile/1.0/board/77"])
def test_an_unknown_path_gets_404(cloud: Sites, path: str) -> None:
    assert refused(ask(cloud, path))[0] == 404


def test_the_old_search_is_gone_from_cloud(cloud: Sites) -> None:
    for answer in (
        ask(cloud, "api/3/search", jql="project = SHOP"),
        requests.post(f"{cloud.jira_url}/rest/api/2/search", json={"jql": "project = SHOP"}, auth=GOOD, timeout=10),
    ):
        status, message = refused(answer)
        assert status == 410
        assert message.startswith(
            "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API"
        )


def test_the_new_search_is_unknown_to_data_center(datacenter: Sites) -> None:
    assert refused(ask(datacenter, "api/2/search/jql", jql="project = SHOP"))[0] == 404


def test_cloud_gives_only_ids_unless_asked_for_more(cloud: Sites) -> None:
    found = search(cloud, "key = SHOP-3")["issues"][0]

    assert (found["id"], found["key"]) == ("10003", "SHOP-3")
    assert found["self"] == f"{cloud.jira_url}/rest/api/3/issue/10003"
    assert "fields" not in found


def test_only_the_asked_fields_are_returned_so_people_only_on_request(cloud: Sites) -> None:
    listed = search(cloud, "key = SHOP-3", fields=["summary", "status"])["issues"][0]
    joined = search(cloud, "key = SHOP-3", fields="summary, updated")["issues"][0]
    everything = search(cloud, "key = SHOP-3", fields="*all,-summary")["issues"][0]

    assert set(listed["fields"]) == {"summary", "status"}
    assert set(joined["fields"]) == {"summary", "updated"}
    assert "assignee" in everything["fields"]
    assert "summary" not in everything["fields"]


def test_tokens_lead_through_all_pages_without_a_total(cloud: Sites) -> None:
    first = search(cloud, "project = SHOP ORDER BY updated DESC", maxResults=5)

    assert set(first) == {"issues", "isLast", "nextPageToken"}
    assert walk(cloud, "project = SHOP ORDER BY updated DESC", maxResults=5) == [
        f"SHOP-{number}" for number in range(12, 0, -1)
    ]


def test_a_page_that_is_full_and_the_last_says_so(cloud: Sites) -> None:
    assert search(cloud, "project = SHOP", maxResults=12)["isLast"] is True


def test_an_issue_touched_during_a_walk_is_seen_again_and_none_is_lost(cloud: Sites) -> None:
    jql = "project = SHOP ORDER BY updated ASC"
    first = search(cloud, jql, maxResults=5)

    cloud.jira.edit("SHOP-5", START + timedelta(days=1))
    rest = search(cloud, jql, maxResults=100, nextPageToken=first["nextPageToken"])

    assert [each["key"] for each in rest["issues"]] == [*(f"SHOP-{number}" for number in range(6, 13)), "SHOP-5"]


def test_a_token_that_is_unknown_or_of_another_query_gets_400(cloud: Sites) -> None:
    token = search(cloud, "project = SHOP", maxResults=5)["nextPageToken"]

    for jql, given in (("project = SHOP", "made up"), ("project = OPS", token)):
        status, message = refused(ask(cloud, "api/3/search/jql", jql=jql, nextPageToken=given))
        assert (status, "nextPageToken" in message) == (400, True)


def test_a_cloud_page_is_long_for_ids_and_short_for_fields() -> None:
    many = JiraData([issue(number) for number in range(1, 5103)])
    with Sites(GithubData(), many) as sites:
        assert len(search(sites, "project = SHOP")["issues"]) == 50
        assert len(search(sites, "project = SHOP", maxResults=9000)["issues"]) == 5000
        assert len(search(sites, "project = SHOP", maxResults=9000, fields="id,key")["issues"]) == 5000
        assert len(search(sites, "project = SHOP", maxResults=9000, fields="updated")["issues"]) == 100


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"jql": "project = NOPE"}, "The value 'NOPE' does not exist for the field 'project'."),
        ({"jql": "project in (SHOP, Nope)"}, "The value 'Nope' does not exist for the field 'project'."),
        ({"jql": "type = Saga"}, "The value 'Saga' does not exist for the field 'issuetype'."),
        ({"jql": "sprint = 77"}, "The value '77' does not exist for the field 'sprint'."),
        ({"jql": "ORDER BY updated"}, "Unbounded JQL queries are not allowed here."),
        ({}, "Unbounded JQL queries are not allowed here."),
        ({"jql": "NOT project = SHOP"}, "Field 'NOT' does not exist"),
        ({"jql": "filter = 7"}, "A value with ID '7' does not exist for the field 'filter'."),
        ({"jql": "project = SHOP", "maxResults": "many"}, "maxResults"),
        ({"jql": "project = SHOP", "maxResults": "0"}, "maxResults"),
    ],
)
def test_a_wrong_search_gets_400_and_never_everything(cloud: Sites, query: dict[str, str], said: str) -> None:
    status, message = refused(ask(cloud, "api/3/search/jql", **query))

    assert (status, said in message) == (400, True), message


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_json_object_gets_400(cloud: Sites, body: bytes) -> None:
    answer = requests.post(f"{cloud.jira_url}/rest/api/3/search/jql", data=body, auth=GOOD, timeout=10)

    assert refused(answer)[0] == 400


def test_a_posted_search_is_the_same_search(cloud: Sites) -> None:
    body = {"jql": "project = SHOP", "fields": ["summary"], "maxResults": 2, "nextPageToken": None, "properties": None}
    answer = requests.post(f"{cloud.jira_url}/rest/api/3/search/jql", json=body, auth=GOOD, timeout=10).json()

    assert answer == search(cloud, "project = SHOP", fields="summary", maxResults=2)


def test_a_sprint_of_a_board_may_be_searched_even_when_it_is_empty(cloud: Sites) -> None:
    assert walk(cloud, "sprint = 4") == ["SHOP-1"]
    assert walk(cloud, "sprint = 5") == []


def test_the_clouds_inline_changelog_is_cut_to_the_newest_hundred(cloud: Sites) -> None:
    found = search(cloud, "key in (SHOP-2, SHOP-3)", fields="updated", expand="changelog")["issues"]

    log = found[0]["changelog"]
    assert (log["total"], len(log["histories"])) == (150, 100)
    assert [each["id"] for each in log["histories"][:3]] == ["149", "148", "147"]
    assert found[1]["changelog"] == {"startAt": 0, "maxResults": 0, "total": 0, "histories": []}
    assert "changelog" not in search(cloud, "key = SHOP-2", fields="*all")["issues"][0]


def test_data_centers_inline_changelog_is_complete_and_oldest_first(datacenter: Sites) -> None:
    found = ask(datacenter, "api/2/search", jql="key = SHOP-2", expand="changelog").json()["issues"][0]

    assert [each["id"] for each in found["changelog"]["histories"]] == [str(each) for each in range(150)]


def test_data_center_pages_by_offset_with_a_total(datacenter: Sites) -> None:
    page = ask(datacenter, "api/2/search", jql="project = SHOP ORDER BY key", startAt=10, maxResults=5).json()

    assert (page["startAt"], page["maxResults"], page["total"]) == (10, 5, 12)
    assert [each["key"] for each in page["issues"]] == ["SHOP-11", "SHOP-12"]
    assert "assignee" in page["issues"][0]["fields"]
    assert ask(datacenter, "api/2/search", maxResults=5000).json()["maxResults"] == 1000


def test_data_center_takes_a_posted_search_with_a_list_of_expansions(datacenter: Sites) -> None:
    body = {"jql": "key = SHOP-2", "fields": ["summary"], "expand": ["names", "changelog"]}
    answer = requests.post(f"{datacenter.jira_url}/rest/api/2/search", json=body, auth=GOOD, timeout=10).json()

    assert set(answer["issues"][0]["fields"]) == {"summary"}
    assert answer["issues"][0]["changelog"]["total"] == 150


def test_data_center_refuses_a_key_that_is_gone_unless_asked_not_to_validate(datacenter: Sites) -> None:
    jql = "key in (SHOP-1, SHOP-99)"

    assert refused(ask(datacenter, "api/2/search", jql=jql)) == (
        400,
        "An issue with key 'SHOP-99' does not exist for field 'key'.",
    )
    assert ask(datacenter, "api/2/search", jql=jql, validateQuery="false").json()["total"] == 1


def test_cloud_leaves_out_an_id_that_is_gone(cloud: Sites) -> None:
    assert walk(cloud, "id in (10001, 99999)") == ["SHOP-1"]


def test_a_description_is_a_document_in_version_3_and_text_elsewhere(cloud: Sites, datacenter: Sites) -> None:
    asked = {"jql": "key = SHOP-3", "fields": "description"}
    paths = [(cloud, "api/3/search/jql"), (cloud, "api/2/search/jql"), (datacenter, "api/2/search")]

    told = [ask(sites, path, **asked).json()["issues"][0]["fields"]["description"] for sites, path in paths]

    assert told == [DOCUMENT, "First line\n\na\n", "First line\n\na\n"]


def test_a_recorded_plain_description_becomes_a_document_in_version_3() -> None:
    with Sites(GithubData(), JiraData([issue(1, description="one\n\ntwo")])) as sites:
        told = search(sites, "key = SHOP-1", fields="description")["issues"][0]["fields"]["description"]

    assert [paragraph["content"] for paragraph in told["content"]] == [
        [{"type": "text", "text": "one"}],
        [],
        [{"type": "text", "text": "two"}],
    ]


@pytest.mark.parametrize(
    ("values", "custom"),
    [
        ([None, [], [{"id": 1, "name": "S", "state": "active", "startDate": "2026-01-01"}]], SPRINT),
        ([[LEGACY]], SPRINT),
        (["K5-4", None], EPIC_LINK),
        ([3, 2.5], "com.atlassian.jira.plugin.system.customfieldtypes:float"),
        (["2026-01-02T10:00:00.000+0800"], "com.atlassian.jira.plugin.system.customfieldtypes:datetime"),
        (["2026-01-02"], "com.atlassian.jira.plugin.system.customfieldtypes:datepicker"),
        ([{"id": "1", "value": "Team A"}], "com.atlassian.jira.plugin.system.customfieldtypes:select"),
        (["words"], "com.atlassian.jira.plugin.system.customfieldtypes:textfield"),
        (["K5-4", "words"], "com.atlassian.jira.plugin.system.customfieldtypes:textfield"),
        ([True], "com.atlassian.jira.plugin.system.customfieldtypes:textfield"),
        ([None], "com.atlassian.jira.plugin.system.customfieldtypes:textfield"),
        ([[{"id": 1}]], "com.atlassian.jira.plugin.system.customfieldtypes:textfield"),
    ],
)
def test_the_kind_of_a_custom_field_is_inferred_from_its_values(values: list[Any], custom: str) -> None:
    issues = [issue(number, customfield_10077=value) for number, value in enumerate(values, start=1)]
    with Sites(GithubData(), JiraData(issues)) as sites:
        catalogue = {each["id"]: each for each in ask(sites, "api/3/field").json()}

    field = catalogue["customfield_10077"]
    assert (field["schema"]["custom"], field["schema"]["customId"]) == (custom, 10077)
    assert (field["name"], field["clauseNames"]) == ("Custom field 10077", ["cf[10077]"])
    assert catalogue["summary"]["schema"] == {"type": "string", "system": "summary"}


def test_a_given_catalogue_is_served_as_it_is() -> None:
    fields: list[RawObject] = [{"id": "customfield_1", "schema": {"custom": SPRINT}}]
    with Sites(GithubData(), JiraData([issue(1, customfield_1=[LEGACY])], fields=fields)) as sites:
        assert ask(sites, "api/2/field").json() == fields
        assert walk(sites, 'sprint = "Old six"') == ["SHOP-1"]


def test_boards_are_found_by_project_and_kind_without_their_insides(cloud: Sites) -> None:
    page = ask(cloud, "agile/1.0/board", projectKeyOrId="SHOP").json()

    assert (page["maxResults"], page["startAt"], page["isLast"]) == (50, 0, True)
    assert [set(each) for each in page["values"]] == [{"id", "name", "type", "location", "self"}]
    assert [each["id"] for each in ask(cloud, "agile/1.0/board", type="kanban").json()["values"]] == [9]
    assert [each["id"] for each in ask(cloud, "agile/1.0/board", projectKeyOrId="200").json()["values"]] == [9]
    assert ask(cloud, "agile/1.0/board/3").json()["name"] == "Shop board"


def test_a_board_tells_its_estimation_field(cloud: Sites) -> None:
    told = ask(cloud, "agile/1.0/board/3/configuration").json()

    assert told["estimation"]["field"]["fieldId"] == "customfield_10016"


def test_sprints_are_paged_and_filtered_by_state(cloud: Sites) -> None:
    first = ask(cloud, "agile/1.0/board/3/sprint", maxResults=1).json()
    second = ask(cloud, "agile/1.0/board/3/sprint", maxResults=1, startAt=1).json()

    assert [(page["isLast"], page["values"][0]["id"]) for page in (first, second)] == [(False, 4), (True, 5)]
    active = ask(cloud, "agile/1.0/board/3/sprint", state="active,future").json()["values"]
    assert [each["id"] for each in active] == [5]
    assert ask(cloud, "agile/1.0/sprint/4").json()["self"] == f"{cloud.jira_url}/rest/agile/1.0/sprint/4"


def test_a_kanban_board_refuses_to_list_sprints(cloud: Sites) -> None:
    assert refused(ask(cloud, "agile/1.0/board/9/sprint")) == (400, "The board does not support sprints")
    assert refused(ask(cloud, "agile/1.0/sprint/77"))[0] == 404


def bulk(sites: Sites, **body: Any) -> requests.Response:
    return requests.post(f"{sites.jira_url}/rest/api/3/changelog/bulkfetch", json=body, auth=GOOD, timeout=10)


def entry(number: int, minutes: int, *fields: str) -> RawObject:
    items = [{"field": name, "fieldId": name, "from": "1", "to": "2"} for name in fields]
    return {"id": str(number), "created": stamp(minutes), "items": items}


@pytest.fixture
def long_past() -> Iterator[Sites]:
    issues = [issue(number) for number in (1, 2)]
    issues[0]["changelog"] = {"histories": [entry(each, each, "status", "labels") for each in range(9, 0, -1)]}
    issues[1]["changelog"] = {"histories": [entry(20, 4, "status"), entry(21, 5, "summary")]}
    with Sites(GithubData(), JiraData(issues), clock=lambda: TODAY) as running:
        yield running
        assert running.server.errors == []


def test_changelogs_of_many_issues_go_by_date_so_that_a_page_may_split_one(long_past: Sites) -> None:
    body = {"issueIdsOrKeys": ["SHOP-2", "10001", "GONE-1"], "fieldIds": ["status"], "maxResults": 4}

    first = bulk(long_past, **body).json()
    second = bulk(long_past, **body, nextPageToken=first["nextPageToken"]).json()
    third = bulk(long_past, **body, nextPageToken=second["nextPageToken"]).json()

    pages = [
        {log["issueId"]: [each["id"] for each in log["changeHistories"]] for log in page["issueChangeLogs"]}
        for page in (first, second, third)
    ]
    assert pages == [
        {"10001": ["1", "2", "3", "4"]},
        {"10002": ["20"], "10001": ["5", "6", "7"]},
        {"10001": ["8", "9"]},
    ]
    assert "nextPageToken" not in third
    assert [item["fieldId"] for item in first["issueChangeLogs"][0]["changeHistories"][0]["items"]] == ["status"]


def test_without_field_ids_everything_is_told(long_past: Sites) -> None:
    logs = bulk(long_past, issueIdsOrKeys=["SHOP-2"]).json()["issueChangeLogs"]

    assert [each["id"] for each in logs[0]["changeHistories"]] == ["20", "21"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "issueIdsOrKeys must hold 1 to 1000 entries"),
        ({"issueIdsOrKeys": ["A-1"] * 1001}, "issueIdsOrKeys must hold 1 to 1000 entries"),
        ({"issueIdsOrKeys": ["A-1"], "fieldIds": [str(each) for each in range(11)]}, "up to 10 entries"),
        ({"issueIdsOrKeys": ["A-1"], "fieldIds": ["status", "status"]}, "each once"),
        ({"issueIdsOrKeys": ["A-1"], "maxResults": 0}, "maxResults must be 1 to 10000"),
        ({"issueIdsOrKeys": ["A-1"], "nextPageToken": "x"}, "nextPageToken is invalid"),
    ],
)
def test_a_request_for_changelogs_that_is_wrong_gets_400(long_past: Sites, body: RawObject, said: str) -> None:
    status, message = refused(bulk(long_past, **body))

    assert (status, said in message) == (400, True)


def test_a_token_for_changelogs_is_of_its_own_request(long_past: Sites) -> None:
    token = bulk(long_past, issueIdsOrKeys=["SHOP-1"], maxResults=2).json()["nextPageToken"]

    assert refused(bulk(long_past, issueIdsOrKeys=["SHOP-2"], maxResults=2, nextPageToken=token))[0] == 400


def test_data_center_has_no_changelogs_of_many_issues(datacenter: Sites) -> None:
    answer = requests.post(
        f"{datacenter.jira_url}/rest/api/2/changelog/bulkfetch",
        json={"issueIdsOrKeys": ["SHOP-1"]},
        auth=GOOD,
        timeout=10,
    )

    assert refused(answer)[0] == 404


def test_the_changelog_of_one_issue_is_paged_oldest_first(cloud: Sites) -> None:
    first = ask(cloud, "api/3/issue/SHOP-2/changelog", maxResults=500).json()
    second = ask(cloud, "api/3/issue/10002/changelog", startAt=100).json()

    assert [(len(page["values"]), page["total"], page["isLast"]) for page in (first, second)] == [
        (100, 150, False),
        (50, 150, True),
    ]
    assert [each["id"] for each in first["values"][:2]] == ["0", "1"]


def test_one_issue_is_found_by_key_or_id_with_the_asked_fields(cloud: Sites) -> None:
    told = [ask(cloud, f"api/3/issue/{name}", fields="summary").json() for name in ("SHOP-3", "shop-3", "10003")]

    assert {each["key"] for each in told} == {"SHOP-3"}
    assert told[0]["fields"] == {"summary": "Item 3"}
    assert ask(cloud, "api/3/issue/SHOP-2", expand="changelog").json()["changelog"]["total"] == 150


@pytest.mark.parametrize("path", ["issue/SHOP-99", "issue/99", "issue/SHOP-99/changelog"])
def test_an_issue_that_is_not_there_gets_404(cloud: Sites, path: str) -> None:
    assert refused(ask(cloud, f"api/3/{path}")) == (
        404,
        "Issue does not exist or you do not have permission to see it.",
    )


def test_a_deleted_issue_is_nowhere(cloud: Sites) -> None:
    assert "SHOP-3" in walk(cloud, "project = SHOP")

    cloud.jira.delete("SHOP-3")

    assert ask(cloud, "api/3/issue/SHOP-3").status_code == ask(cloud, "api/3/issue/10003").status_code == 404
    assert "SHOP-3" not in walk(cloud, "project = SHOP")
    cloud.jira.edit("SHOP-4", START + timedelta(days=9), summary="still found")
    assert ask(cloud, "api/3/issue/SHOP-4", fields="summary").json()["fields"] == {"summary": "still found"}
    with pytest.raises(KeyError):
        cloud.jira.delete("SHOP-3")


def test_a_hidden_issue_is_nowhere_for_this_account(cloud: Sites) -> None:
    cloud.jira.hide("SHOP-3")

    assert ask(cloud, "api/3/issue/10003").status_code == 404
    assert "SHOP-3" not in walk(cloud, "project = SHOP")
    assert bulk(cloud, issueIdsOrKeys=["SHOP-3"]).json() == {"issueChangeLogs": []}


def test_a_moved_issue_keeps_its_id_and_its_old_key_leads_to_it(cloud: Sites) -> None:
    cloud.jira.move("SHOP-3", "OPS-7", START + timedelta(days=2))

    found = [ask(cloud, f"api/3/issue/{name}", expand="changelog").json() for name in ("SHOP-3", "OPS-7", "10003")]

    assert {(each["id"], each["key"]) for each in found} == {("10003", "OPS-7")}
    fields = found[0]["fields"]
    assert (fields["project"]["name"], fields["updated"]) == ("The OPS", "2026-01-03T00:00:00.000+0000")
    (history,) = found[0]["changelog"]["histories"]
    assert [(each["field"], each["fromString"], each["toString"]) for each in history["items"]] == [
        ("project", "The SHOP", "The OPS"),
        ("Key", "SHOP-3", "OPS-7"),
    ]
    assert walk(cloud, "project = OPS ORDER BY key") == ["OPS-1", "OPS-7"]
    with pytest.raises(ValueError, match="already has an issue OPS-7"):
        cloud.jira.move("SHOP-4", "OPS-7", START)


def test_a_sprint_that_changes_updates_no_issue() -> None:
    held = {"customfield_10020": [{"id": 4, "name": "Sprint 0", "state": "active", "boardId": 3}]}
    old = {"customfield_10020": [LEGACY.replace("id=6", "id=4")]}
    with Sites(GithubData(), JiraData([issue(1, "SHOP", **held), issue(2, "SHOP", **old)], boards=boards())) as sites:
        sites.jira.edit_sprint(4, name="New name", state="closed")

        assert ask(sites, "agile/1.0/sprint/4").json()["name"] == "New name"
        told = search(sites, 'sprint = "New name"', fields="customfield_10020,updated")["issues"]
        assert [each["fields"]["updated"] for each in told] == [stamp(1), stamp(2)]
        assert told[0]["fields"]["customfield_10020"][0]["state"] == "closed"
        assert ",state=closed,name=New name," in told[1]["fields"]["customfield_10020"][0]
        with pytest.raises(KeyError):
            sites.jira.edit_sprint(77, name="x")


def test_filters_rights_and_statuses_are_served_as_given() -> None:
    data = JiraData([issue(1)], filters={"100": "project = SHOP"}, statuses=[{"id": "9"}], rights=["ADMINISTER"])
    with Sites(GithubData(), data) as sites:
        assert ask(sites, "api/3/filter/100").json()["jql"] == "project = SHOP"
        assert refused(ask(sites, "api/3/filter/7"))[0] == 400
        assert walk(sites, "filter = 100 AND updated >= 0") == ["SHOP-1"]
        rights = ask(sites, "api/3/mypermissions", permissions="ADMINISTER,BROWSE_PROJECTS").json()["permissions"]
        assert {name: right["havePermission"] for name, right in rights.items()} == {
            "ADMINISTER": True,
            "BROWSE_PROJECTS": False,
        }
        assert refused(ask(sites, "api/3/mypermissions"))[0] == 400
        assert [each["id"] for each in ask(sites, "api/3/status").json()] == ["9"]


def test_a_site_without_jira_software_knows_no_board() -> None:
    with Sites(GithubData(), JiraData([issue(1)], boards=boards(), has_software=False)) as sites:
        assert refused(ask(sites, "agile/1.0/board"))[0] == 404


@pytest.mark.parametrize(("refusal", "status"), [(400, 400), (500, 500)])
def test_an_old_server_refuses_milliseconds_and_reads_minutes_in_the_profiles_zone(refusal: int, status: int) -> None:
    data = JiraData(
        [issue(each) for each in (1, 2, 3)],
        kind="datacenter",
        time_zone="Pacific/Kiritimati",
        refuses_milliseconds_with=refusal,
    )
    with Sites(GithubData(), data) as sites:
        assert refused(ask(sites, "api/2/search", jql="updated >= 1767322800000"))[0] == status
        found = ask(sites, "api/2/search", jql='updated >= "2026/01/01 14:02" ORDER BY key').json()["issues"]
        assert [each["key"] for each in found] == ["SHOP-2", "SHOP-3"]
        assert ask(sites, "api/2/myself").json()["timeZone"] == "Pacific/Kiritimati"


def test_a_search_finds_the_same_through_an_index_as_without(cloud: Sites) -> None:
    assert walk(cloud, "id in (10001, 10002) AND project = OPS") == []
    assert walk(cloud, "key in (SHOP-2, OPS-1) AND project in (OPS, SHOP) ORDER BY key") == ["OPS-1", "SHOP-2"]
    assert walk(cloud, "(project = OPS OR key = SHOP-2) ORDER BY key") == ["OPS-1", "SHOP-2"]


def test_an_edit_shows_in_the_next_search_with_its_history(cloud: Sites) -> None:
    at = START + timedelta(days=2)
    cloud.jira.edit("SHOP-1", at, history={"id": "9", "created": stamp(9), "items": []}, summary="New words")

    found = search(cloud, 'updated >= "2026-01-03"', fields="summary,updated", expand="changelog")["issues"]

    assert [each["key"] for each in found] == ["SHOP-1"]
    assert found[0]["fields"] == {"summary": "New words", "updated": "2026-01-03T00:00:00.000+0000"}
    assert [each["id"] for each in found[0]["changelog"]["histories"]] == ["9"]
    with pytest.raises(KeyError):
        cloud.jira.edit("SHOP-99", at)


def test_an_added_issue_brings_its_project_and_its_fields(cloud: Sites) -> None:
    cloud.jira.add(issue(1, "NEW", customfield_10099=[{"id": 44, "name": "S", "state": "active", "boardId": 1}]))

    assert walk(cloud, "project = NEW") == walk(cloud, "sprint = 44") == ["NEW-1"]
    assert "customfield_10099" in {each["id"] for each in ask(cloud, "api/3/field").json()}
    with pytest.raises(ValueError, match="already has an issue NEW-1"):
        cloud.jira.add(issue(1, "NEW"))


def test_an_issue_that_lacks_its_times_is_named() -> None:
    with pytest.raises(ValueError, match="issue SHOP-1"):
        Sites(GithubData(), JiraData([{"id": "1", "key": "SHOP-1", "fields": {}}]))


def test_the_jira_library_reads_a_cloud_page_by_page(cloud: Sites) -> None:
    keys: list[str] = []
    token: str | None = None
    options: dict[str, Any] = {"rest_api_version": "3"}
    with closing(JIRA(cloud.jira_url, basic_auth=GOOD, max_retries=0, options=options)) as client:
        while True:
            page: Any = client.enhanced_search_issues(
                "project = SHOP ORDER BY updated ASC",
                nextPageToken=token,
                maxResults=5,
                fields=["summary", "status"],
                expand="changelog",
                json_result=True,
            )
            keys += [each["key"] for each in page["issues"]]
            token = page.get("nextPageToken")
            if page["isLast"]:
                break
        assert [each.id for each in client.boards(projectKeyOrID="SHOP")] == [3]
        assert [each.id for each in client.sprints(3, state="closed")] == [4]
        assert client.project("SHOP").key == "SHOP"

    assert keys == [f"SHOP-{number}" for number in range(1, 13)]


def test_the_jira_library_reads_data_center_page_by_page(datacenter: Sites) -> None:
    with closing(JIRA(datacenter.jira_url, token_auth="good", max_retries=0)) as client:
        page: Any = client.search_issues("project = SHOP ORDER BY key", startAt=10, maxResults=5, json_result=True)

    assert page["total"] == 12
    assert [each["key"] for each in page["issues"]] == ["SHOP-11", "SHOP-12"]


@pytest.mark.shared
def test_the_recorded_jira_issues_are_served_whole() -> None:
    recorded = recorded_jira_issues()

    with Sites(GithubData(), JiraData(recorded)) as sites:
        jql = "project in (EE, K5) ORDER BY updated ASC, key ASC"
        keys = walk(sites, jql, maxResults=10, fields="*all", expand="changelog")
        kinds = {each["id"]: each["schema"].get("custom") for each in ask(sites, "api/3/field").json()}
        assert sites.server.errors == []

    assert sorted(keys) == sorted(each["key"] for each in recorded)
    assert len(keys) == 33
    assert (kinds["customfield_10020"], kinds["customfield_10014"]) == (SPRINT, EPIC_LINK)
