"""Reads when users got what was done: releases, or deployments to an environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from okrsync.errors import UnexpectedResponseError
from okrsync.plugins.timestamps import instant
from okrsync_github.client import GithubClient
from okrsync_github.queries import DEPLOYMENTS

_MAX_PAGES = 1000


def published(client: GithubClient, repository: str) -> list[datetime]:
    """When *repository* had a release, ascending; drafts and pre-releases are none."""
    path = f"/repos/{repository}/releases"
    found: list[datetime] = []
    for number in range(1, _MAX_PAGES):
        page, more = client.page(path, number)
        try:
            found += [
                instant(raw["published_at"])
                for raw in page
                if raw.get("published_at") and not raw.get("draft") and not raw.get("prerelease")
            ]
        except (TypeError, ValueError, AttributeError):
            raise UnexpectedResponseError("a release of another shape", where=f"{client.url}{path}") from None
        if not more:
            break
    return sorted(found)


def deployed(client: GithubClient, repository: str, environment: str) -> list[datetime]:
    """When *repository* was deployed to *environment* (empty: to any) with success, ascending."""
    try:
        return sorted(moment for each in _deployments(client, repository, environment) if (moment := _succeeded(each)))
    except (KeyError, TypeError, ValueError, AttributeError):
        where = f"{client.url}/repos/{repository}/deployments"
        raise UnexpectedResponseError("a deployment of another shape", where=where) from None


def _deployments(client: GithubClient, repository: str, environment: str) -> Iterator[Mapping[str, Any]]:
    owner, _, name = repository.partition("/")
    before: str | None = None
    for _ in range(_MAX_PAGES):
        answer = client.graphql(
            DEPLOYMENTS, owner=owner, name=name, environments=[environment] if environment else None, before=before
        )
        connection = answer.data["repository"]["deployments"]
        yield from (each for each in connection["nodes"] if each)
        if not connection["pageInfo"]["hasPreviousPage"]:
            return
        before = connection["pageInfo"]["startCursor"]


def _succeeded(deployment: Mapping[str, Any]) -> datetime | None:
    # The latest status of all but the newest is "inactive": the next deployment took its place.
    statuses = (deployment.get("statuses") or {}).get("nodes") or ()
    return min((instant(each["createdAt"]) for each in statuses if each and each["state"] == "SUCCESS"), default=None)
