"""The GitHub site, asked over loopback HTTP as a client would."""

from __future__ import annotations

import json
import threading
import timeit
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import requests
from github import Auth, Github

from okrsync.sandbox.http import Headers, Request, Response
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, GithubRepository, JiraData, RawObject
from support.recorded_data import recorded_github_issues

NAME = "acme/shop"
START = datetime(2026, 1, 1, tzinfo=UTC)
TODAY = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)


def stamp(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def issue(number: int, *, updated: int | None = None, **more: Any) -> RawObject:
    address = "https://api.github.com/repos/origin/name"
    return {
        "id": 1000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "title": f"Item {number}",
        "state": "open",
        "url": f"{address}/issues/{number}",
        "repository_url": address,
        "labels_url": f"{address}/issues/{number}/labels{{/name}}",
        "html_url": f"https://github.com/origin/name/issues/{number}",
        "created_at": stamp(number),
        "updated_at": stamp(number if updated is None else updated),
        "labels": [],
        "milestone": None,
    } | more


def pull_request(number: int, **more: Any) -> RawObject:
    links = {"url": f"https://api.github.com/repos/origin/name/pulls/{number}", "merged_at": stamp(number)}
    return issue(number, node_id=f"PR_{number}", pull_request=links, state="closed", **more)


def repository() -> GithubRepository:
    beta = {"number": 2, "title": "Beta", "state": "closed"}
    issues = [issue(number) for number in range(1, 8)]
    issues.append(pull_request(8))
    issues.append(issue(9, labels=[{"name": "Bug"}, {"name": "ui"}], milestone=beta))
    issues.append(issue(10, labels=[{"name": "bug"}]))
    milestones: list[RawObject] = [{"number": 1, "title": "Alpha", "state": "open"}, beta]
    return GithubRepository(NAME, issues, branches={8: "feature/shop-8"}, milestones=milestones)


@pytest.fixture
def sites() -> Iterator[Sites]:
    with Sites(GithubData([repository()]), JiraData(), clock=lambda: TODAY) as running:
        yield running
        assert running.server.errors == []


def ask(sites: Sites, path: str, authorization: str = "token good", **query: Any) -> requests.Response:
    return requests.get(sites.github_url + path, params=query, headers={"Authorization": authorization}, timeout=10)


def numbers(sites: Sites, **query: Any) -> list[int]:
    answer = ask(sites, f"/repos/{NAME}/issues", **query)
    assert answer.status_code == 200, answer.text
    return [each["number"] for each in answer.json()]


def graphql(sites: Sites, query: str, **variables: Any) -> Any:
    answer = requests.post(
        sites.github_url + "/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": "bearer good"},
        timeout=10,
    )
    assert answer.status_code == 200
    return answer.json()


DETAILS = "query Details($ids0: [ID!]!, $ids1: [ID!]!) { ... on ClosedEvent ... on LabeledEvent projectItems }"


@pytest.mark.parametrize("token", ["", "token bad", "Bearer bad", "token ", "Basic Z29vZDpnb29k"])
def test_a_wrong_token_gets_401(sites: Sites, token: str) -> None:
    answer = ask(sites, "/user", token)

    assert answer.status_code == 401
    assert answer.json()["message"] == "Bad credentials"
    assert answer.json()["documentation_url"]


@pytest.mark.parametrize("token", ["token good", "Bearer good", "bearer good"])
def test_any_other_token_is_accepted(sites: Sites, token: str) -> None:
    assert ask(sites, "/user", token).json()["login"] == "sandbox"


def test_the_rate_limit_is_full_and_resets_after_the_sites_own_time(sites: Sites) -> None:
    core = ask(sites, "/rate_limit").json()["resources"]["core"]

    assert core["remaining"] == core["limit"] == 5000
    assert core["reset"] > TODAY.timestamp()


def test_the_date_header_is_the_sites_own_time(sites: Sites) -> None:
    assert ask(sites, "/user").headers["Date"] == "Tue, 31 Mar 2026 09:30:00 GMT"


def test_a_repository_is_found_whatever_the_case_of_its_name(sites: Sites) -> None:
    assert ask(sites, "/repos/ACME/Shop").json()["full_name"] == NAME


@pytest.mark.parametrize(
    "path",
    [
        "/repos/acme/nothing",
        "/repos/acme/nothing/issues",
        f"/repos/{NAME}/issues/99",
        f"/repos/{NAME}/issues/one",
        f"/repos/{NAME}/pulls/1",
        f"/repos/{NAME}/commits",
        "/elsewhere",
    ],
)
def test_what_is_not_there_gets_404(sites: Sites, path: str) -> None:
    answer = ask(sites, path)

    assert answer.status_code == 404
    assert answer.json()["message"] == "Not Found"


def test_the_list_holds_open_items_newest_first_unless_asked_otherwise(sites: Sites) -> None:
    assert numbers(sites) == [10, 9, 7, 6, 5, 4, 3, 2, 1]
    assert numbers(sites, state="closed") == [8]
    assert numbers(sites, state="all", direction="asc") == list(range(1, 11))


def test_since_is_inclusive_and_may_come_in_any_time_zone(sites: Sites) -> None:
    assert numbers(sites, state="all", sort="updated", direction="asc", since=stamp(8)) == [8, 9, 10]
    elsewhere = (START + timedelta(minutes=9)).astimezone(timezone(timedelta(hours=-5))).isoformat()
    assert numbers(sites, state="all", since=elsewhere) == [10, 9]


def test_a_since_that_is_no_time_is_refused(sites: Sites) -> None:
    assert ask(sites, f"/repos/{NAME}/issues", since="yesterday").status_code == 422


def test_labels_must_all_be_there_without_case(sites: Sites) -> None:
    assert numbers(sites, labels="bug") == [10, 9]
    assert numbers(sites, labels="BUG,ui") == [9]


def test_a_milestone_filters_by_number_any_or_none(sites: Sites) -> None:
    assert numbers(sites, milestone="2") == [9]
    assert numbers(sites, milestone="*") == [9]
    assert 9 not in numbers(sites, milestone="none")


def test_items_of_one_second_are_ordered_by_id(sites: Sites) -> None:
    for number in (5, 3, 7):
        sites.github.edit(NAME, number, START + timedelta(hours=1))

    assert numbers(sites, sort="updated", direction="asc")[-3:] == [3, 5, 7]
    assert numbers(sites, sort="updated", direction="desc")[:3] == [7, 5, 3]


def test_links_lead_through_all_pages_with_all_parameters_kept(sites: Sites) -> None:
    answer = ask(sites, f"/repos/{NAME}/issues", state="all", sort="updated", direction="asc", per_page=4, page=2)

    assert [each["number"] for each in answer.json()] == [5, 6, 7, 8]
    assert list(answer.links) == ["prev", "next", "last", "first"]
    assert answer.links["next"]["url"].startswith(f"{sites.github_url}/repos/{NAME}/issues?state=all&sort=updated")
    assert [answer.links[name]["url"][-7:] for name in answer.links] == ["&page=1", "&page=3", "&page=3", "&page=1"]


def test_the_first_page_has_no_way_back_and_the_last_none_forward(sites: Sites) -> None:
    assert set(ask(sites, f"/repos/{NAME}/issues", per_page=5).links) == {"next", "last"}
    assert set(ask(sites, f"/repos/{NAME}/issues", per_page=5, page=2).links) == {"prev", "first"}
    assert "Link" not in ask(sites, f"/repos/{NAME}/issues").headers


def test_a_page_holds_thirty_items_and_a_hundred_at_most() -> None:
    many = GithubRepository(NAME, [issue(number) for number in range(1, 251)])
    with Sites(GithubData([many]), JiraData()) as sites:
        assert len(numbers(sites)) == 30
        assert len(numbers(sites, per_page=1000)) == 100


def test_a_page_beyond_ten_thousand_rows_gets_422(sites: Sites) -> None:
    answer = ask(sites, f"/repos/{NAME}/issues", per_page=100, page=101)

    assert answer.status_code == 422
    assert "Pagination with the page parameter is not supported" in answer.json()["message"]
    assert ask(sites, f"/repos/{NAME}/issues", per_page=100, page=100).json() == []


def test_api_addresses_lead_to_this_site_and_browser_addresses_stay(sites: Sites) -> None:
    served = ask(sites, f"/repos/{NAME}/issues/8").json()

    assert served["url"] == f"{sites.github_url}/repos/{NAME}/issues/8"
    assert served["repository_url"] == f"{sites.github_url}/repos/{NAME}"
    assert served["labels_url"] == f"{sites.github_url}/repos/{NAME}/issues/8/labels{{/name}}"
    assert served["pull_request"]["url"] == f"{sites.github_url}/repos/{NAME}/pulls/8"
    assert served["html_url"] == "https://github.com/origin/name/issues/8"


def test_a_parent_in_another_served_repository_stays_there() -> None:
    parent = "https://api.github.com/repos/acme/goals/issues/4"
    shelves = [GithubRepository(NAME, [issue(1, parent_issue_url=parent)]), GithubRepository("acme/goals", [])]
    with Sites(GithubData(shelves), JiraData()) as sites:
        served = ask(sites, f"/repos/{NAME}/issues/1").json()

    assert served["parent_issue_url"] == f"{sites_address(served)}/repos/acme/goals/issues/4"


def sites_address(served: RawObject) -> str:
    return str(served["url"]).partition("/repos/")[0]


def test_serving_leaves_the_shelf_as_it_was() -> None:
    shelf = repository()
    before = json.dumps(shelf.issues)
    with Sites(GithubData([shelf]), JiraData()) as sites:
        numbers(sites, state="all")

    assert json.dumps(shelf.issues) == before


def test_milestones_are_open_unless_asked_otherwise(sites: Sites) -> None:
    titles = {state: ask(sites, f"/repos/{NAME}/milestones", state=state).json() for state in ("open", "all")}

    assert [each["title"] for each in titles["open"]] == ["Alpha"]
    assert [each["title"] for each in titles["all"]] == ["Alpha", "Beta"]


def test_a_pull_request_tells_its_branch_and_merge(sites: Sites) -> None:
    served = ask(sites, f"/repos/{NAME}/pulls/8").json()

    assert served["head"] == {"ref": "feature/shop-8"}
    assert served["merged_at"] == stamp(8)
    assert (served["number"], served["title"], served["state"]) == (8, "Item 8", "closed")


def test_details_are_read_by_node_with_partial_data_for_unknown_nodes(sites: Sites) -> None:
    answer = graphql(sites, DETAILS, ids0=["PR_8", "PR_gone"], ids1=["I_1"])

    (pull, gone), (plain,) = answer["data"]["part0"], answer["data"]["part1"]
    assert (pull["__typename"], pull["headRefName"], gone) == ("PullRequest", "feature/shop-8", None)
    assert (plain["__typename"], plain["parent"]) == ("Issue", None)
    assert [(each["type"], each["path"]) for each in answer["errors"]] == [("NOT_FOUND", ["part0", 1])]


def test_details_of_known_nodes_come_without_errors(sites: Sites) -> None:
    assert "errors" not in graphql(sites, DETAILS, ids0=["PR_8"], ids1=[])


def test_more_than_a_hundred_nodes_are_refused(sites: Sites) -> None:
    answer = graphql(sites, DETAILS, ids0=["PR_8"] * 101, ids1=[])

    assert answer["errors"][0]["type"] == "ARGUMENT_LIMIT"


def test_any_other_query_is_an_error_and_not_an_empty_answer(sites: Sites) -> None:
    assert graphql(sites, "{ viewer { login } }") == {"errors": [{"message": "not served by the sandbox"}]}


def test_details_without_a_list_of_nodes_are_an_error(sites: Sites) -> None:
    assert "Variable $ids0" in graphql(sites, DETAILS)["errors"][0]["message"]


def test_a_body_that_is_not_json_gets_400(sites: Sites) -> None:
    answer = requests.post(
        sites.github_url + "/graphql", data=b"{", headers={"Authorization": "token good"}, timeout=10
    )

    assert answer.status_code == 400


def test_an_edit_moves_the_item_to_its_new_time(sites: Sites) -> None:
    assert numbers(sites, sort="updated", direction="asc")[0] == 1

    sites.github.edit(NAME, 1, START + timedelta(days=1), state="closed", state_reason="not_planned")

    assert numbers(sites, state="all", since=stamp(60)) == [1]
    served = ask(sites, f"/repos/{NAME}/issues/1").json()
    assert (served["state_reason"], served["updated_at"]) == ("not_planned", "2026-01-02T00:00:00Z")


def test_an_edit_of_an_unknown_number_is_an_error(sites: Sites) -> None:
    with pytest.raises(KeyError):
        sites.github.edit(NAME, 99, START)


def test_an_added_item_is_listed_and_a_taken_number_is_an_error(sites: Sites) -> None:
    sites.github.add(NAME, issue(11))

    assert numbers(sites)[0] == 11
    with pytest.raises(ValueError, match="already has a number 11"):
        sites.github.add(NAME, issue(11))


def test_items_may_be_edited_while_they_are_listed(sites: Sites) -> None:
    def edit_all() -> None:
        for minute in range(200):
            sites.github.edit(NAME, minute % 10 + 1, START + timedelta(minutes=minute))

    editor = threading.Thread(target=edit_all)
    editor.start()
    while editor.is_alive():
        assert sorted(numbers(sites, state="all")) == list(range(1, 11))
    editor.join()


def test_a_fault_answers_before_the_site_and_both_are_logged(sites: Sites) -> None:
    def busy(mount: str, request: Request) -> Response | None:
        is_first = mount == "github" and request.path == "/user" and not sites.server.log
        return Response(503, {"message": "busy"}, {"Retry-After": "1"}) if is_first else None

    sites.server.faults.append(busy)

    answers = [ask(sites, "/user", page=1) for _ in range(2)]

    assert [each.status_code for each in answers] == [503, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert [(each.method, each.path, each.query, each.status) for each in sites.server.log] == [
        ("GET", "/github/user", {"page": ["1"]}, 503),
        ("GET", "/github/user", {"page": ["1"]}, 200),
    ]


def test_pygithub_lists_everything_in_order(sites: Sites) -> None:
    client = Github(
        base_url=sites.github_url, auth=Auth.Token("good"), lazy=True, per_page=100, seconds_between_requests=None
    )
    try:
        found = client.get_repo(NAME).get_issues(state="all", sort="updated", direction="asc", since=START)
        assert [each.number for each in found] == list(range(1, 11))
    finally:
        client.close()

    assert [each.path for each in sites.server.log] == [f"/github/repos/{NAME}/issues"]


@pytest.mark.shared
def test_the_recorded_repository_is_listed_fully_in_73_pages() -> None:
    recorded = recorded_github_issues()

    with Sites(GithubData([GithubRepository("huggingface/datasets", recorded)]), JiraData()) as sites:
        client = Github(
            base_url=sites.github_url, auth=Auth.Token("good"), lazy=True, per_page=100, seconds_between_requests=None
        )
        try:
            repo = client.get_repo("huggingface/datasets")
            ids = [each.id for each in repo.get_issues(state="all", sort="updated", direction="asc")]
        finally:
            client.close()
        assert sites.server.errors == []
        assert len(sites.server.log) == 73

    assert len(ids) == len(set(ids)) == 7258
    assert ids == [each["id"] for each in sorted(recorded, key=lambda each: (each["updated_at"], each["id"]))]


# ---------------------------------------------------------------- what happened to items


def events_of(sites: Sites, node: str, **more: Any) -> list[tuple[str, str]]:
    (found,) = graphql(sites, EVERY_EVENT, ids0=[node], ids1=[], **more)["data"]["part0"]
    return [(each["__typename"], each["createdAt"]) for each in found["timelineItems"]["nodes"]]


KINDS = (
    "ClosedEvent", "ReopenedEvent", "MergedEvent", "LabeledEvent", "UnlabeledEvent", "MilestonedEvent",
    "DemilestonedEvent", "ParentIssueAddedEvent", "ParentIssueRemovedEvent", "TransferredEvent",
)  # fmt: skip
EVERY_EVENT = "query Details($ids0: [ID!]!) { " + " ".join(f"... on {kind}" for kind in KINDS) + " }"
LATER = START + timedelta(days=1)


def test_a_timeline_is_made_up_from_what_an_item_says(sites: Sites) -> None:
    assert events_of(sites, "PR_8") == [("MergedEvent", stamp(8)), ("ClosedEvent", stamp(8))]
    assert events_of(sites, "I_9") == [
        ("LabeledEvent", stamp(9)),
        ("LabeledEvent", stamp(9)),
        ("MilestonedEvent", stamp(9)),
    ]
    assert events_of(sites, "I_1") == []


def test_an_edit_is_told_in_the_timeline(sites: Sites) -> None:
    later = [LATER + timedelta(hours=hour) for hour in range(4)]
    sites.github.edit(NAME, 10, later[0], state="closed", state_reason="completed")
    sites.github.edit(
        NAME, 10, later[1], state="open", labels=[], parent_issue_url="https://x/repos/acme/shop/issues/1"
    )
    sites.github.edit(NAME, 10, later[2], title="New", parent_issue_url=None)
    sites.github.edit(NAME, 10, later[3], state="closed", derive=False, event={"__typename": "MergedEvent"})

    stamps = [each.strftime("%Y-%m-%dT%H:%M:%SZ") for each in later]
    assert events_of(sites, "I_10") == [
        ("LabeledEvent", stamp(10)),
        ("ClosedEvent", stamps[0]),
        ("ReopenedEvent", stamps[1]),
        ("UnlabeledEvent", stamps[1]),
        ("ParentIssueAddedEvent", stamps[1]),
        ("ParentIssueRemovedEvent", stamps[2]),
        ("MergedEvent", stamps[3]),
    ]


def test_only_events_that_are_asked_for_come(sites: Sites) -> None:
    (found,) = graphql(sites, "query Details { ... on MergedEvent }", ids0=["PR_8"], ids1=[])["data"]["part0"]

    assert [each["__typename"] for each in found["timelineItems"]["nodes"]] == ["MergedEvent"]
    assert "projectItems" not in found


def test_a_deleted_item_is_gone_and_a_hidden_one_not_found(sites: Sites) -> None:
    sites.github.delete(NAME, 1)
    sites.github.hide(NAME, 2)

    assert [ask(sites, f"/repos/{NAME}/issues/{number}").status_code for number in (1, 2)] == [410, 404]
    assert {1, 2}.isdisjoint(numbers(sites, state="all"))
    assert graphql(sites, DETAILS, ids0=["I_1"], ids1=["I_2"])["data"]["part0"] == [None]
    with pytest.raises(KeyError):
        sites.github.delete(NAME, 1)


def test_a_transferred_item_has_a_new_id_and_its_old_address_leads_there() -> None:
    shelves = [repository(), GithubRepository("acme/goals", [])]
    with Sites(GithubData(shelves), JiraData()) as sites:
        sites.github.transfer(NAME, 10, "ACME/goals", 1, LATER)

        answer = requests.get(
            f"{sites.github_url}/repos/{NAME}/issues/10",
            headers={"Authorization": "token good"}, timeout=10, allow_redirects=False,
        )  # fmt: skip
        moved = ask(sites, "/repos/acme/goals/issues/1").json()

        assert (answer.status_code, answer.headers["Location"]) == (301, moved["url"])
        assert moved["id"] != 1010
        assert moved["repository_url"].endswith("/repos/acme/goals")
        assert events_of(sites, moved["node_id"])[-1] == ("TransferredEvent", moved["updated_at"])
        assert 10 not in numbers(sites, state="all")


def test_every_answer_tells_the_rate_limit_and_a_classic_tokens_scopes(sites: Sites) -> None:
    sites.github.scopes = "repo"

    answers = [ask(sites, "/user"), ask(sites, "/elsewhere"), ask(sites, f"/repos/{NAME}/issues")]

    assert {each.headers["X-RateLimit-Remaining"] for each in answers} == {"5000"}
    assert {each.headers["X-OAuth-Scopes"] for each in answers} == {"repo"}


def test_an_owners_repositories_are_listed_with_topics_and_state() -> None:
    shelves = [repository(), GithubRepository("acme/old", [], archived=True, topics=["x"]), GithubRepository("b/c", [])]
    with Sites(GithubData(shelves), JiraData()) as sites:
        found = ask(sites, "/orgs/ACME/repos").json()
        assert [(each["full_name"], each["archived"], each["topics"]) for each in found] == [
            (NAME, False, []),
            ("acme/old", True, ["x"]),
        ]
        assert ask(sites, "/users/nobody/repos").status_code == 404


def test_two_hundred_details_are_answered_in_a_few_milliseconds() -> None:
    many = [issue(number, labels=[{"name": "a"}]) for number in range(1, 5001)]
    with Sites(GithubData([GithubRepository(NAME, many)]), JiraData()) as sites:
        ids = [f"I_{number}" for number in range(1, 201)]
        body = json.dumps({"query": EVERY_EVENT, "variables": {"ids0": ids[:100], "ids1": ids[100:]}}).encode()
        headers = Headers({"Authorization": "bearer good"})
        request = Request("POST", "/graphql", headers=headers, body=body)
        sites.github.handle(request)

        seconds = min(timeit.repeat(lambda: sites.github.handle(request), number=1, repeat=5))

    assert seconds < 0.05
