"""The last gate before the store: takes persons out of raw items, whatever connector they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PERSONAL = {
    "assignee", "assignees", "author", "authorassociation", "author_association", "closed_by", "creator",
    "requested_reviewers", "reporter", "sender", "user", "users", "watchers", "votes", "avatar_url",
    "displayname", "display_name", "email", "emailaddress", "email_address", "login", "accountid", "account_id",
    "performed_via_github_app",
}  # fmt: skip


def without_persons(value: Any) -> Any:
    """*value* without any key that holds a person, at any depth."""
    if isinstance(value, Mapping):
        return {
            name: without_persons(entry)
            for name, entry in value.items()
            if str(name).replace("-", "_").casefold() not in _PERSONAL
        }
    if isinstance(value, list | tuple):
        return [without_persons(entry) for entry in value]
    return value
