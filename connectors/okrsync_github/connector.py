"""Reads issues and pull requests of GitHub repositories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Any, ClassVar

from okrsync.errors import UnexpectedResponseError
from okrsync.model.work import Item
from okrsync.plugins.connector import FieldMap, Page, Partition, RawItem, SourceSettings
from okrsync.plugins.context import Context
from okrsync.plugins.paging import Batch, Stamped, keyset_batches
from okrsync_github import normalise
from okrsync_github.client import GithubClient
from okrsync_github.settings import GithubSettings


class GithubConnector:
    """GitHub.com and GitHub Enterprise Server, read through PyGithub."""

    api_version: ClassVar[int] = 1
    version: ClassVar[str] = "1"
    Settings: ClassVar[type[SourceSettings]] = GithubSettings
    overlap_seconds: ClassVar[int] = 120

    def __init__(self, settings: GithubSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._client = GithubClient(settings.url, settings.token.resolve(context.folder), context)

    def discover(self) -> FieldMap:
        """GitHub's fields have fixed names, so nothing is asked of the site."""
        return FieldMap(mapping=self._context.mapping, source=self._settings.name, team=self._settings.team)

    def raw_depends_on(self, fields: FieldMap) -> Sequence[str]:
        """Branches are asked for only beside another tracker; all else is always the same."""
        return ["branches"] if self._context.other_trackers else []

    def partitions(self) -> Iterable[Partition]:
        """One a repository; names that differ only in case are one."""
        return [Partition(name) for name in {name.casefold(): name for name in self._settings.repositories}.values()]

    def pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
        """Issues and pull requests from *since* on, ascending by update, people left out."""
        if self._settings.since is not None:
            oldest = datetime.combine(self._settings.since, time(), UTC)
            since = oldest if since is None else max(since, oldest)

        def fetch(since: datetime | None, offset: int) -> Batch:
            return self._fetch(partition.id, since, offset)

        for items in keyset_batches(fetch, since, f"{self._settings.url}/repos/{partition.id}/issues"):
            raws = [dict(item.raw) for item in items]
            if self._context.other_trackers:
                self._add_branches(raws)
            yield Page(
                raws=tuple(normalise.without_extras(raw) for raw in raws),
                last_updated=items[-1].updated,
                server_time=self._client.server_time,
            )

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        """The item that *raw* stands for."""
        return normalise.normalise(raw, fields)

    def _fetch(self, repository: str, since: datetime | None, offset: int) -> Batch:
        raws, more = self._client.issues(repository, since, offset)
        try:
            stamped = tuple(Stamped(str(raw["id"]), normalise.updated_at(raw), raw) for raw in raws)
        except (KeyError, TypeError, ValueError):
            where = f"{self._settings.url}/repos/{repository}/issues"
            raise UnexpectedResponseError("an issue without id or time of update", where=where) from None
        return Batch(stamped, more)

    def _add_branches(self, raws: list[dict[str, Any]]) -> None:
        # The issue list has no branches; they are worth a request only where another tracker's keys are in them.
        node_ids = [raw["node_id"] for raw in raws if raw.get("pull_request")]
        if node_ids:
            with self._context.requests.counted_as("history"):
                branches = self._client.branches(node_ids)
            for raw in raws:
                raw["head_branch"] = branches.get(raw["node_id"])
