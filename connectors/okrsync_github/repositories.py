"""Which repositories a source reads: those it names, and those its patterns stand for today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from okrsync.errors import NotFoundError, UnexpectedResponseError
from okrsync_github.client import GithubClient
from okrsync_github.settings import GithubSettings, is_pattern

_MAX_PAGES = 1000


def repositories(client: GithubClient, settings: GithubSettings) -> list[str]:
    """Each repository once, as the source spells it, or else GitHub; names that differ only in case are one."""
    found: dict[str, str] = {}
    listed: dict[str, list[Mapping[str, Any]]] = {}
    for name in settings.repositories:
        if not is_pattern(name):
            found[name.casefold()] = name
            continue
        owner = name.partition("/")[0]
        if owner.casefold() not in listed:
            listed[owner.casefold()] = list(_of_owner(client, owner))
        for repository in listed[owner.casefold()]:
            if _is_named(repository, name, settings):
                found.setdefault(str(repository["full_name"]).casefold(), str(repository["full_name"]))
    return list(found.values())


def _of_owner(client: GithubClient, owner: str) -> Iterator[Mapping[str, Any]]:
    # A person's repositories are listed elsewhere than an organisation's.
    path = f"/orgs/{owner}/repos"
    try:
        page, more = client.page(path, type="all")
    except NotFoundError:
        path = f"/users/{owner}/repos"
        page, more = client.page(path, type="all")
    for number in range(2, _MAX_PAGES):
        if not all(isinstance(each, dict) and each.get("full_name") for each in page):
            raise UnexpectedResponseError("a repository without a name", where=f"{client.url}{path}")
        yield from page
        if not more:
            return
        page, more = client.page(path, number, type="all")


def _is_named(repository: Mapping[str, Any], pattern: str, settings: GithubSettings) -> bool:
    name = str(repository["full_name"])
    if not fnmatchcase(name.casefold(), pattern.casefold()) or settings.excludes(name) or repository.get("disabled"):
        return False
    if repository.get("archived") and not settings.archived:
        return False
    topics = {str(topic).casefold() for topic in repository.get("topics") or ()}
    return not settings.topics or any(topic.casefold() in topics for topic in settings.topics)
