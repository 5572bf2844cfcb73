"""The people of the trackers: animals with addresses that reach nobody. The program must strip them all."""

from __future__ import annotations

from typing import Any, Final

from okrsync.sandbox.tracker_data import JiraKind

_ANIMALS: Final = ("otter", "heron", "lynx", "marten", "plover", "badger", "osprey", "dormouse")


def handle(seed: int) -> str:
    """Return the handle of a person by any whole number."""
    return _ANIMALS[seed % len(_ANIMALS)]


def jira_user(base_url: str, kind: JiraKind, seed: int) -> dict[str, Any]:
    """Return a Jira user object; Cloud names people by account id, Data Center by user name."""
    name = handle(seed)
    mail = f"{name}@ferrywell.example"
    if kind == "datacenter":
        who = {
            "self": f"{base_url}/rest/api/2/user?username={name}",
            "name": name,
            "key": f"JIRAUSER{10100 + seed % 8}",
        }
        return {**who, "emailAddress": mail, "displayName": f"{name.capitalize()} Ferrywell", "active": True}
    account = f"557058:f0000000-0000-4000-8000-{seed % len(_ANIMALS):012d}"
    return {
        "self": f"{base_url}/rest/api/3/user?accountId={account}",
        "accountId": account,
        "emailAddress": mail,
        "avatarUrls": {"48x48": f"{base_url}/avatars/{name}.png"},
        "displayName": f"{name.capitalize()} Ferrywell",
        "active": True,
        "timeZone": "Europe/Berlin",
        "accountType": "atlassian",
    }


def github_user(seed: int) -> dict[str, Any]:
    """Return a GitHub user object."""
    login = f"fw-{handle(seed)}"
    number = 70_000_000 + seed % len(_ANIMALS)
    api = f"https://api.github.com/users/{login}"
    return {
        "login": login,
        "id": number,
        "node_id": f"U_fw{number}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "gravatar_id": "",
        "url": api,
        "html_url": f"https://github.com/{login}",
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": "User",
        "user_view_type": "public",
        "site_admin": False,
    }
