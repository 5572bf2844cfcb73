"""The last gate before the store: takes persons out of raw items, whatever connector they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

# Spelled as `_plain` leaves them: `updateAuthor`, `update_author` and `update-author` are one.
_PERSONAL = {
    "accountid", "accountname", "actor", "approvedby", "approvers", "assignedto", "assignee", "assignees", "author",
    "authorassociation", "authors", "avatar", "avatarurl", "avatarurls", "changedby", "closedby", "commenter",
    "committer", "contributors", "createdby", "creator", "displayname", "editor", "email", "emailaddress", "firstname",
    "followers", "fullname", "gravatarid", "lastname", "lead", "login", "members", "mergedby", "modifiedby",
    "nickname", "owner", "participants", "performedviagithubapp", "pusher", "realname", "reporter", "requestedby",
    "requestedreviewers", "requester", "resolvedby", "reviewers", "sender", "submitter", "updateauthor", "updatedby",
    "user", "userid", "username", "users", "voters", "votes", "watchers",
}  # fmt: skip

# What has one of these is a person under whatever name it stands, for example in a custom field.
_OF_A_PERSON = {"accountid", "displayname", "emailaddress", "login", "username"}

# The letters at the end tell an address from the version of a package.
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")


def without_persons(value: Any) -> Any:
    """*value* without keys and entries that hold a person, at any depth, and without e-mail addresses in its text."""
    if isinstance(value, Mapping):
        return {
            name: without_persons(entry)
            for name, entry in value.items()
            if _plain(str(name)) not in _PERSONAL and not _is_person(entry)
        }
    if isinstance(value, list | tuple):
        return [without_persons(entry) for entry in value if not _is_person(entry)]
    if isinstance(value, str) and "@" in value:
        return _EMAIL.sub("someone@…", value)
    return value


def _is_person(value: Any) -> bool:
    return isinstance(value, Mapping) and any(_plain(str(name)) in _OF_A_PERSON for name in value)


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
