"""No person passes the last gate before the store, under whatever name a connector brings one."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.sync.privacy import without_persons

JIRA_CLOUD_USER = {
    "self": "https://x.atlassian.net/rest/api/3/user?accountId=canary-id",
    "accountId": "canary-id",
    "displayName": "Canary Name",
    "active": True,
    "timeZone": "Europe/Berlin",
}
JIRA_DATA_CENTER_USER = {"name": "canary", "key": "JIRAUSER10100", "displayName": "Canary Name", "active": True}
GITHUB_USER = {"login": "canary", "id": 4711, "html_url": "https://github.com/canary", "type": "User"}
GITLAB_USER = {"id": 1, "username": "canary", "name": "Canary Name", "web_url": "https://gitlab.example/canary"}
USERS = [JIRA_CLOUD_USER, JIRA_DATA_CENTER_USER, GITHUB_USER, GITLAB_USER]


@pytest.mark.parametrize(
    "name",
    [
        "user", "User", "assignee", "assignees", "author", "updateAuthor", "update_author", "UPDATE-AUTHOR", "reporter",
        "creator", "closed_by", "mergedBy", "requested_reviewers", "author_association", "authorAssociation",
        "emailAddress", "email_address", "e-mail", "login", "accountId", "account_id", "displayName", "display_name",
        "avatar_url", "avatarUrls", "votes", "watchers", "performed_via_github_app", "owner", "lead", "committer",
        "first name", "userName",
    ],
)  # fmt: skip
def test_a_key_that_holds_a_person_is_taken_out_however_it_is_spelled(name: str) -> None:
    kept = without_persons({"id": 1, name: "canary", "deeper": [{"even": {name: ["canary"]}, "number": 2}]})

    assert set(kept) == {"id", "deeper"}
    assert kept["deeper"][0]["number"] == 2
    assert "canary" not in repr(kept)


@pytest.mark.parametrize("user", USERS)
def test_a_person_under_an_unsuspicious_name_is_taken_out_whole(user: dict[str, Any]) -> None:
    raw = {"customfield_10100": user, "customfield_10200": [user, {"value": "kept"}], "id": 1, "rows": [[user], 2]}

    assert without_persons(raw) == {"customfield_10200": [{"value": "kept"}], "id": 1, "rows": [[], 2]}


def test_a_raw_item_that_names_a_person_itself_keeps_its_other_parts() -> None:
    assert without_persons({"id": 1, "title": "a", "login": "canary"}) == {"id": 1, "title": "a"}


def test_addresses_in_text_are_taken_out() -> None:
    raw = {"title": "Ask canary@example.com, or c.a+n@sub.example.org", "notes": ["canary@example.com"]}

    assert without_persons(raw) == {"title": "Ask someone@…, or someone@…", "notes": ["someone@…"]}


@pytest.mark.parametrize(
    "raw",
    [
        {"title": "Bump @types/node", "labels": ["@frontend", "kr/KR1"], "package": "left-pad@1.3.0"},
        {"fields": {"summary": "x", "status": {"name": "Open", "statusCategory": {"key": "new"}}, "points": 3.5}},
        {"sprint": [{"id": 1, "name": "Sprint 1"}], "team": {"id": "t", "name": "Payments"}, "none": None},
        {"username_field_width": 3, "authors_note": "x", "blocked_by": ["WEB-1"], "useful": True},
    ],
)
def test_what_is_no_person_stays_as_it_is(raw: dict[str, Any]) -> None:
    assert without_persons(raw) == raw


def test_any_kind_of_mapping_and_sequence_is_looked_into() -> None:
    raw = MappingProxyType({"rows": ({"user": 1, "kept": 2}, MappingProxyType({"login": "canary"}))})

    assert without_persons(raw) == {"rows": [{"kept": 2}]}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_the_gate_lets_nothing_more_out_the_second_time(value: Any) -> None:
    once = without_persons(value)

    assert without_persons(once) == once


@given(json_values, st.sampled_from(USERS), st.lists(st.sampled_from(["in a list", "under a key"]), max_size=5))
def test_a_person_at_any_depth_is_taken_out(value: Any, user: dict[str, Any], path: list[str]) -> None:
    hidden: Any = {"assignee": user, "customfield_1": user, "items": [user, value]}
    for step in path:
        hidden = [value, hidden] if step == "in a list" else {"x": hidden, "y": value}

    assert "canary" not in repr(without_persons(hidden)).casefold()
