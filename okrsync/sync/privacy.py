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
    "committer", "contributors", "createdby", "creator", "displayname", "driver", "drivercontributors", "editor",
    "email", "emailaddress", "firstname", "followers", "fullname", "gravatarid", "lastname", "lead", "login",
    "members", "mergedby", "modifiedby", "nickname", "owner", "participants", "performedviagithubapp", "pusher",
    "realassignee", "realname", "reporter", "requestedby", "requestedreviewers", "requester", "resolvedby",
    "reviewers", "sender", "submitter", "updateauthor", "updatedby", "user", "userid", "username", "users",
    "voters", "votes", "watchers",
}  # fmt: skip

# How further ones end: `leadAccountId`, `ownerUserName`.
_PERSONAL_ENDS = ("accountid", "username", "displayname", "emailaddress")

# What has one of these is a person under whatever name it stands, for example in a custom field.
_OF_A_PERSON = {"accountid", "displayname", "emailaddress", "login", "username"}

# The letters at the end tell an address from the version of a package.
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")


def without_persons(value: Any) -> Any:
    """*value* without keys and entries that hold a person, at any depth, and without e-mail addresses in its text."""
    # Every value of every item passes here: what JSON is made of is told by its type, not by abstract classes.
    kind = type(value)
    if kind is str:
        return _without_addresses(value) if "@" in value else value
    if kind in _PLAIN:
        return value
    if isinstance(value, Mapping):
        personal = _shape(tuple(value))[1]
        kept = {}
        for name, entry in value.items():
            if name in personal:
                continue
            if type(entry) is str:
                kept[name] = _without_addresses(entry) if "@" in entry else entry
            elif type(entry) in _PLAIN:
                kept[name] = entry
            elif not (isinstance(entry, Mapping) and _is_person(entry)):
                kept[name] = without_persons(entry)
        return kept
    if isinstance(value, list | tuple):
        return [without_persons(entry) for entry in value if not (isinstance(entry, Mapping) and _is_person(entry))]
    return value


def _without_addresses(text: str) -> str:
    # Most have a mention and no address: an address has a letter on both sides of its "@".
    return _EMAIL.sub("someone@…", text) if _AROUND.search(text) else text


_AROUND = re.compile(r"@(?<=[\w.+-]@)[\w-]")
_PLAIN = {int, float, bool, type(None)}


def _is_person(value: Mapping[Any, Any]) -> bool:
    return _shape(tuple(value))[0]


@lru_cache(maxsize=4096)
def _shape(names: tuple[object, ...]) -> tuple[bool, frozenset[object]]:
    """Whether an entry with *names* is a person, and which of them hold one; objects of one kind share their names."""
    plain = {name: _plain(str(name)) for name in names}
    return (
        not _OF_A_PERSON.isdisjoint(plain.values()),
        frozenset(name for name, text in plain.items() if text in _PERSONAL or text.endswith(_PERSONAL_ENDS)),
    )


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
