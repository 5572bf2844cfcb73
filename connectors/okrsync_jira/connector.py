"""Reads issues of Jira projects, from Jira Cloud and Jira Data Center."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Any, ClassVar

from okrsync.errors import UnexpectedResponseError
from okrsync.model.work import Item
from okrsync.plugins.connector import FieldMap, Page, Partition, RawItem, SourceSettings
from okrsync.plugins.context import Context
from okrsync.plugins.paging import Batch, Stamped, keyset_batches
from okrsync_jira import normalise
from okrsync_jira.client import JiraClient, epoch_milliseconds
from okrsync_jira.settings import JiraSettings

_MAX_PAGES = 100_000


class JiraConnector:
    """Jira, read through the ``jira`` library; the site says itself whether it is Cloud or Data Center."""

    api_version: ClassVar[int] = 1
    version: ClassVar[str] = "1"
    Settings: ClassVar[type[SourceSettings]] = JiraSettings
    # Cloud's search shows a change seconds to minutes late.
    overlap_seconds: ClassVar[int] = 600

    def __init__(self, settings: JiraSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._client = JiraClient(settings.url, settings.user, settings.token.resolve(context.folder), context)

    def discover(self) -> FieldMap:
        """Field ids by role, from the schema in the site's catalogue (one request)."""
        return FieldMap(
            mapping=self._context.mapping,
            roles=normalise.roles(self._client.fields()),
            site=self._settings.url,
            source=self._settings.name,
            team=self._settings.team,
        )

    def raw_depends_on(self, fields: FieldMap) -> Sequence[str]:
        """The fields that are asked for."""
        return normalise.requested_fields(fields)

    def partitions(self) -> Iterable[Partition]:
        """One a project."""
        return [Partition(key) for key in dict.fromkeys(key.upper() for key in self._settings.projects)]

    def pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
        """Issues from *since* on, ascending by update, people and restricted issues left out."""
        if self._settings.since is not None:
            oldest = datetime.combine(self._settings.since, time(), UTC)
            since = oldest if since is None else max(since, oldest)
        read = self._cloud_pages if self._client.is_cloud else self._data_center_pages
        for stamped in read(partition, since, normalise.requested_fields(fields)):
            # The server's filter is not trusted: some answer with more than was asked for.
            wanted = [item for item in stamped if since is None or item.updated >= since]
            yield Page(
                raws=tuple(
                    normalise.without_extras(item.raw, fields)
                    for item in wanted
                    if not normalise.is_restricted(item.raw)
                ),
                last_updated=wanted[-1].updated if wanted else None,
                server_time=self._client.server_time,
            )

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        """The item that *raw* stands for."""
        return normalise.normalise(raw, fields)

    def _cloud_pages(
        self, partition: Partition, since: datetime | None, fields: Sequence[str]
    ) -> Iterator[tuple[Stamped, ...]]:
        # Within a run the token is followed; what is stored to resume from is always a time.
        jql, token, used = _jql(partition.id, since), None, set[str]()
        for _ in range(_MAX_PAGES):
            raws, token = self._client.search_page(jql, fields, token)
            if raws:
                yield self._stamped(raws)
            if token is None:
                return
            if token in used:
                raise UnexpectedResponseError("a page token that came before", where=self._settings.url)
            used.add(token)
        raise UnexpectedResponseError(f"more than {_MAX_PAGES} pages", where=self._settings.url)

    def _data_center_pages(
        self, partition: Partition, since: datetime | None, fields: Sequence[str]
    ) -> Iterator[tuple[Stamped, ...]]:
        def fetch(since: datetime | None, offset: int) -> Batch:
            raws, more = self._client.search_from(_jql(partition.id, since), fields, offset)
            return Batch(self._stamped(raws), more)

        return keyset_batches(fetch, since, self._settings.url)

    def _stamped(self, raws: Sequence[dict[str, Any]]) -> tuple[Stamped, ...]:
        try:
            return tuple(Stamped(str(raw["id"]), normalise.updated_at(raw), raw) for raw in raws)
        except (KeyError, TypeError, ValueError):
            raise UnexpectedResponseError("an issue without id or time of update", where=self._settings.url) from None


def _jql(project: str, since: datetime | None) -> str:
    changed = "" if since is None else f" AND updated >= {epoch_milliseconds(since)}"
    return f'project = "{project}"{changed} ORDER BY updated ASC, key ASC'
