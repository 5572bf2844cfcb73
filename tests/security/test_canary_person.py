"""No person passes through a sync: whatever a tracker tells of people, none of it is stored, reported or shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from okrsync.plugins.text import without_people
from okrsync.sandbox.http import Request, Response
from okrsync.sandbox.jira_site import jira_time
from okrsync.sandbox.tracker_data import GithubData, JiraData, JiraKind, RawObject
from support import github_desk, jira_desk
from support.canary import files_below, hits, rows_of
from support.projects import github_data, github_server, jira_data, jira_server, lay_out
from support.running import Run

LOGIN, MAIL, ACCOUNT, AVATAR = "canarylogin", "canary.person@example.com", "557058:canary-account", "canary-avatar"
FIRST, LAST = "Canaria", "Vanderveld"
NAME = f"{FIRST} {LAST}"
CANARIES = [text.lower().encode() for text in (LOGIN, MAIL, ACCOUNT, AVATAR, FIRST, LAST, "canary.person", "557058%3a")]
OKR = "customfield_10999"

GITHUB_USER: RawObject = {
    "login": LOGIN, "id": 4711, "name": NAME, "email": MAIL, "type": "User",
    "avatar_url": f"https://avatars.example/{AVATAR}", "html_url": f"https://github.com/{LOGIN}",
}  # fmt: skip
CLOUD_USER: RawObject = {
    "self": f"https://x.example/rest/api/3/user?accountId={ACCOUNT}", "accountId": ACCOUNT, "displayName": NAME,
    "emailAddress": MAIL, "avatarUrls": {"48x48": f"https://x.example/{AVATAR}"}, "active": True,
}  # fmt: skip
CENTER_USER: RawObject = {
    "self": f"https://x.example/rest/api/2/user?username={LOGIN}", "name": LOGIN, "key": f"JIRA-{LOGIN}",
    "displayName": NAME, "emailAddress": MAIL, "avatarUrls": {"48x48": f"https://x.example/{AVATAR}"},
}  # fmt: skip
PROSE = (
    f"Ask @{LOGIN}, (@{LOGIN}) or {MAIL}.\n\n[~{LOGIN}] and [~accountid:{ACCOUNT}] know.\nmailto:{MAIL}?cc={MAIL}\n"
    f"https://x.example/jira/people/{ACCOUNT} and https://x.example/secure/ViewProfile.jspa?name={LOGIN}\n\n"
    f"KR: KR1.1\n\nSigned-off-by: {NAME} <{MAIL}>\nCo-authored-by: {NAME} <{MAIL}>\nReviewed-By: {NAME}\n"
)
"""What a person writes of others; names without any sign around them cannot be told from other words."""
OWN = f"{NAME} wrote this for {LOGIN}; {PROSE}"
"""The same with the item's own people in prose, which GitHub's answers tell."""


def github_with_people() -> GithubData:
    data = github_data()
    (shelf,), (board,) = data.repositories, data.projects
    app = {"id": 1, "slug": "bot", "owner": GITHUB_USER}
    milestone = shelf.milestones[0] | {"creator": GITHUB_USER, "title": f"v1 @{LOGIN} {MAIL}", "description": OWN}
    shelf.milestones[:] = [milestone]
    for issue in shelf.issues:
        issue |= {
            "user": GITHUB_USER, "assignee": GITHUB_USER, "assignees": [GITHUB_USER], "closed_by": GITHUB_USER,
            "performed_via_github_app": app, "title": f"{OWN.splitlines()[0]} {issue['number']}", "body": OWN,
            "milestone": milestone, "labels": [{"name": "kr/KR1.1"}, {"name": f"ask {MAIL}"}],
            "reactions": {"url": f"https://x.example/{LOGIN}"}, "type": {"name": "Task", "creator": GITHUB_USER},
            "issue_dependencies_summary": {}, "author_association": "MEMBER", "pinned_comment": {"user": GITHUB_USER},
        }  # fmt: skip
        if issue.get("pull_request"):
            issue["pull_request"] |= {"merged_by": GITHUB_USER}
            issue |= {"merged_by": GITHUB_USER, "requested_reviewers": [GITHUB_USER], "head": {"user": GITHUB_USER}}
    shelf.branches[4] = f"{LOGIN}/PAY-1-by-{LOGIN}"
    at = {"createdAt": "2026-02-01T00:00:00Z", "actor": GITHUB_USER, "assignee": GITHUB_USER, "author": GITHUB_USER}
    shelf.timelines[1] = [
        at | {"__typename": "AssignedEvent", "id": "E0"},
        at | {"__typename": "LabeledEvent", "id": "E1", "label": {"name": f"ask {MAIL}", "creator": GITHUB_USER}},
        at | {"__typename": "MilestonedEvent", "id": "E2", "milestoneTitle": f"v0 @{LOGIN}"},
        at | {"__typename": "ClosedEvent", "id": "E3", "stateReason": "COMPLETED", "closer": GITHUB_USER},
        at | {"__typename": "CrossReferencedEvent", "id": "E4"}
        | {"source": {"number": 3, "author": GITHUB_USER, "repository": {"nameWithOwner": github_desk.NAME}}},
    ]  # fmt: skip
    shelf.releases.append({"published_at": "2026-02-02T00:00:00Z", "author": GITHUB_USER, "body": OWN, "name": OWN})
    configuration = {"iterations": [_iteration("i1")], "completedIterations": [_iteration("i0")]}
    board.title = f"Board of {NAME}"
    board.fields.append({"id": "F", "name": "Sprint", "configuration": configuration, "creator": GITHUB_USER})
    board.items[f"{github_desk.NAME}#1"] = {"updatedAt": "2026-03-01T00:00:00Z", "values": list(_values())}
    return data


def _iteration(number: str) -> RawObject:
    return {"id": number, "title": f"Week @{LOGIN} {MAIL}", "startDate": "2026-03-02", "duration": 7}


def _values() -> Iterator[RawObject]:
    def value(kind: str, of: str, **more: Any) -> RawObject:
        field = {"id": of, "name": of}
        return {"__typename": f"ProjectV2ItemField{kind}Value", "field": field, "creator": GITHUB_USER, **more}

    yield value("Text", "Reviewer", text=NAME)
    yield value("Text", "Goal", text=PROSE)
    yield value("SingleSelect", "Owner", name=NAME, optionId="1")
    yield value("SingleSelect", "Status", name=f"In progress @{LOGIN}", optionId="1")
    yield value("User", "People", users={"nodes": [GITHUB_USER]})
    yield value("Iteration", "Sprint", **{"iterationId" if k == "id" else k: v for k, v in _iteration("i1").items()})


def document(text: str, user: RawObject) -> RawObject:
    """*text* as Cloud's documents have it, with people in all their places."""
    mention = {"type": "mention", "attrs": {"id": ACCOUNT, "text": f"@{NAME}", "userType": "DEFAULT"}}
    link = {"type": "link", "attrs": {"href": f"mailto:{MAIL}"}}
    card = {"type": "inlineCard", "attrs": {"url": f"https://x.example/jira/people/{ACCOUNT}"}}
    task = {"type": "taskItem", "attrs": {"localId": "1", "assignee": user}, "content": [mention]}
    words = [{"type": "text", "text": line, "marks": [link]} for line in text.splitlines() if line]
    return {"type": "doc", "version": 1, "content": [
        *({"type": "paragraph", "content": [word]} for word in words),
        {"type": "paragraph", "content": [mention, card]}, {"type": "taskList", "content": [task]},
    ]}  # fmt: skip


def jira_with_people(kind: JiraKind) -> JiraData:
    data = jira_data(kind)
    user = CLOUD_USER if kind == "cloud" else CENTER_USER
    version = {
        "id": "1", "name": f"1.0 {MAIL}", "released": True, "releaseDate": "2026-02-01", "description": PROSE,
        "approvers": [user], "driver": ACCOUNT, "driverContributors": [user],
    }  # fmt: skip
    component = {
        "id": "1", "name": "Door", "description": PROSE, "lead": user, "leadAccountId": ACCOUNT, "leadUserName": LOGIN,
        "assignee": user, "realAssignee": user, "realAssigneeType": "PROJECT_LEAD",
    }  # fmt: skip
    sprint: Any = {"id": 5, "name": f"Sprint 5 @{LOGIN}", "state": "active", "goal": f"{NAME}: {PROSE}", "boardId": 4}
    if kind == "datacenter":
        sprint = (
            "com.atlassian.greenhopper.service.sprint.Sprint@1f[id=5,rapidViewId=4,state=ACTIVE,name=Sprint 5,"
            f"startDate=2026-03-02T00:00:00.000Z,endDate=<null>,completeDate=<null>,goal={NAME}, ask {MAIL}]"
        )
    comment = {"author": user, "updateAuthor": user, "body": PROSE}
    for raw in data.issues:
        raw["fields"] |= {
            "assignee": user, "reporter": user, "creator": user, "watches": {"watchers": [user]},
            "votes": {"voters": [user]},
            "comment": {"comments": [comment]}, "worklog": {"worklogs": [comment]}, "attachment": [{"author": user}],
            "customfield_10500": user, "customfield_10501": [user], OKR: [user, {"value": f"KR1.1 {MAIL}"}],
            "summary": f"{' '.join(PROSE.split()[:6])} [~{LOGIN}]", "components": [component], "fixVersions": [version],
            "description": document(PROSE, user) if kind == "cloud" else PROSE, jira_desk.SPRINT: [sprint],
            "project": raw["fields"]["project"] | {"lead": user, "name": "P"}, "labels": ["kr/KR1.1", MAIL],
            "parent": {"id": "1", "key": "PAY-9", "fields": {"summary": PROSE, "assignee": user}},
            "status": raw["fields"]["status"] | {"description": PROSE},
        }  # fmt: skip
        sides = [(None, None), (user.get("accountId") or user["name"], NAME)]
        raw["changelog"]["histories"] = [
            {
                "id": "7", "author": user, "created": jira_time(jira_desk.at(1)),
                "historyMetadata": {"actor": {"id": ACCOUNT, "displayName": NAME}, "description": PROSE},
                "items": [
                    jira_desk.status_change("1", "2"),
                    jira_desk.change("assignee", *sides),
                    jira_desk.change("description", (None, None), (None, PROSE)),
                    jira_desk.change("labels", ("", ""), ("", MAIL)),
                    jira_desk.change(jira_desk.SPRINT, ("", ""), ("5", f"Sprint 5 @{LOGIN}")),
                ],
            }
        ]  # fmt: skip
    (board,) = data.boards
    board |= {"name": f"Board of {NAME}", "admins": {"users": [user]}}
    board["location"] |= {"displayName": NAME, "userAccountId": ACCOUNT}
    board["sprints"][0] |= {"name": f"Sprint 5 @{LOGIN} {MAIL}", "goal": f"{NAME}: {PROSE}"}
    data.statuses = [{**each, "description": PROSE} for each in data.statuses or []]
    return data


LOOKS = (
    ["status"],
    ["outcomes", "--cycle", "all"],
    ["outcomes", "--cycle", "all", "--format", "markdown"],
    ["db", "check"],
)


def leaks_of(okrsync: Run, folder: Path, key: str, expected: int, source: RawObject, **delivered: str) -> list[str]:
    """Everything that shows a person after a sync of *source*, and after one more with the complete list."""
    rules = [
        {"if": {"label": "kr/*"}, "link": "from_label"},
        {"if": {"field": OKR}, "link": "from_field"},
        {"if": {"field": "Goal"}, "link": "from_field"},
        {"if": {"body": "KR:"}, "link": "from_body"},
    ]
    done = {source["name"]: delivered} if delivered else {}
    project = lay_out(folder / "project", [source], rules=rules, done=done)
    told: list[tuple[str, bytes]] = []

    def call(*line: str) -> int:
        ran = okrsync(*line)
        told.extend((f"{line} {name}", text.encode()) for name, text in (("stdout", ran.out), ("stderr", ran.err)))
        return ran.code

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.setenv("T", "a-token-of-the-test")
        assert call("sync") == expected
        assert call("sync", "--census", "--format", "json") == expected
        for line in (*LOOKS, ["why", key]):
            call(*line)
            call(*line, *([] if "markdown" in line else ["--format", "json"]))
    places = [*told, *files_below(folder, but=("debug.log",)), *rows_of(f"sqlite:///{project}/okrsync.db")]
    assert any(b"someone" in content for _, content in places), "the people were there to be taken out"
    return hits(CANARIES, places)


@pytest.mark.parametrize("delivered", [{}, {"delivered_on": "release"}], ids=str)
def test_no_person_of_github_is_kept_or_shown(okrsync: Run, tmp_path: Path, delivered: dict[str, str]) -> None:
    with github_server(github_with_people()) as server:
        source = {"name": "hub", "connector": "github", "token": {"env": "T"}, "url": f"{server.url}/github"}
        scope = {"repositories": [github_desk.NAME], "projects": ["acme/7"]}

        assert leaks_of(okrsync, tmp_path, "shop#1", 0, source | scope, **delivered) == []

        assert server.errors == []
        assert {"/github/graphql", f"/github/repos/{github_desk.NAME}/milestones"} <= {each.path for each in server.log}


@pytest.mark.parametrize("kind", ["cloud", pytest.param("datacenter", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "scope",
    [
        {"board": 4},
        *(pytest.param(other, marks=pytest.mark.long) for other in ({"projects": ["PAY"]}, {"jql": "project = PAY"})),
    ],
    ids=str,
)
def test_no_person_of_jira_is_kept_or_shown(okrsync: Run, tmp_path: Path, kind: JiraKind, scope: RawObject) -> None:
    delivered = {} if "board" in scope else {"delivered_on": "release"}
    with jira_server(jira_with_people(kind)) as server:
        source = {"name": "board", "connector": "jira", "token": {"env": "T"}, "url": f"{server.url}/jira"}

        assert leaks_of(okrsync, tmp_path, "PAY-1", 0, source | scope, **delivered) == []

        assert server.errors == []


def test_no_person_that_a_tracker_names_in_a_refusal_is_kept_or_shown(okrsync: Run, tmp_path: Path) -> None:
    words = f"{MAIL} and @{LOGIN} may not see [~accountid:{ACCOUNT}]"
    refusal = Response(403, {"message": words, "errorMessages": [words]})

    def refused(_mount: str, request: Request) -> Response | None:
        return refusal if "issues" in request.path or "search" in request.path else None

    with github_server(github_with_people()) as server:
        server.faults.append(refused)
        source = {"name": "hub", "connector": "github", "token": {"env": "T"}, "url": f"{server.url}/github"}

        assert leaks_of(okrsync, tmp_path, "shop#1", 4, source | {"repositories": [github_desk.NAME]}) == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"see https://x.example/jira/people/{ACCOUNT}", "see https://x.example/jira/people/someone"),
        (f"/secure/ViewProfile.jspa?name={LOGIN}&x=1", "/secure/ViewProfile.jspa?name=someone&x=1"),
        ("docs/people/onboarding.md is fine", "docs/people/onboarding.md is fine"),
        ("https://example.com/people-and-culture", "https://example.com/people-and-culture"),
    ],
)
def test_the_address_of_a_profile_loses_the_person_and_other_addresses_stay(text: str, kept: str) -> None:
    assert without_people(text) == kept
