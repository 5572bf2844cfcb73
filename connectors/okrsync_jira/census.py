"""Lists the ids of everything that is there, and says what became of an issue that is not in the list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from okrsync.errors import AuthenticationError, ConnectorError, NotFoundError, UnexpectedResponseError
from okrsync.plugins.connector import Fate, Missing, Resolution
from okrsync.plugins.paging import Batch, Stamped, keyset_batches
from okrsync.plugins.timestamps import instant
from okrsync_jira.client import CLOUD_IDS_PAGE_SIZE, JiraClient, answered, is_forbidden
from okrsync_jira.jql import created_since

_AT_ONCE = 100
_MAX_PAGES = 10_000


class Census:
    """The ids of one source's issues."""

    def __init__(self, client: JiraClient) -> None:
        self._client = client

    def ids(self, found: str, *, takes_milliseconds: bool) -> Iterator[Sequence[str]]:
        """Ids of all issues that the condition *found* finds."""
        if self._client.is_cloud:
            yield from self._by_token(found)
        elif takes_milliseconds:
            yield from self._by_creation(found)
        else:
            yield from self._by_offset(found)

    def resolve(self, missing: Sequence[Missing]) -> list[Resolution]:
        """What became of *missing*: asked for together, and those that no search finds one by one."""
        keys: dict[str, str] = {}
        for start in range(0, len(missing), _AT_ONCE):
            keys |= self._found([each.id for each in missing[start : start + _AT_ONCE]])
        visible: dict[str, bool] = {}
        return [self._fate(each, keys.get(each.id), visible) for each in missing]

    def _by_token(self, found: str) -> Iterator[Sequence[str]]:
        token, used = None, set[str]()
        query = created_since(found, None)
        for _ in range(_MAX_PAGES):
            raws, token = self._client.search_page(query, ["id"], token, CLOUD_IDS_PAGE_SIZE)
            yield [self._id(raw) for raw in raws]
            if token is None:
                return
            if token in used:
                raise UnexpectedResponseError("a page token that came before", where=self._client.url)
            used.add(token)
        raise UnexpectedResponseError(f"more than {_MAX_PAGES} pages", where=self._client.url)

    def _by_creation(self, found: str) -> Iterator[Sequence[str]]:
        # An issue is created once: however many are deleted meanwhile, none can slip past the next page.
        def fetch(since: datetime | None, offset: int) -> Batch:
            raws, total = self._client.search_from(created_since(found, since), ["created"], offset)
            try:
                items = tuple(Stamped(self._id(raw), instant(raw["fields"]["created"]), raw) for raw in raws)
            except (KeyError, TypeError, ValueError):
                raise self._shapeless() from None
            return Batch(items, offset + len(raws) < total)

        for items in keyset_batches(fetch, None, self._client.url):
            yield [item.id for item in items]

    def _by_offset(self, found: str) -> Iterator[Sequence[str]]:
        seen: set[str] = set()
        start, expected = 0, None
        for _ in range(_MAX_PAGES):
            raws, total = self._client.search_from(created_since(found, None), ["id"], start)
            expected = total if expected is None else expected
            if total < expected or (not raws and start < total):
                raise UnexpectedResponseError(
                    "the list became shorter while it was read", where=self._client.url, next_step="try again later"
                )
            yield [self._id(raw) for raw in raws]
            seen.update(self._id(raw) for raw in raws)
            start += len(raws)
            if start >= total:
                break
        if len(seen) != start:
            raise UnexpectedResponseError("the same issue twice in a list of ids", where=self._client.url)

    def _found(self, ids: Sequence[str]) -> dict[str, str]:
        query = f"id in ({','.join(ids)}) ORDER BY key ASC"
        try:
            if self._client.is_cloud:
                raws, _ = self._client.search_page(query, ["id"], None)
            else:
                raws, _ = self._client.search_from(query, ["id"], 0, validates=False)
        except UnexpectedResponseError as error:
            if answered(error, 400):  # it may refuse to look for what is gone: then each is asked for
                return {}
            raise
        return {self._id(raw): str(raw.get("key") or "") for raw in raws}

    def _fate(self, missing: Missing, key: str | None, visible: dict[str, bool]) -> Resolution:
        if not key:
            try:
                key = str(self._client.issue(missing.id).get("key") or "")
            except NotFoundError:
                project = missing.key.rpartition("-")[0]
                if project not in visible:
                    visible[project] = self._is_visible(project)
                # Jira answers the same for what is deleted and for what may not be seen: the project tells them apart.
                return Resolution(missing.id, Fate.GONE if visible[project] else Fate.HIDDEN)
            except AuthenticationError as error:
                if not is_forbidden(error):
                    raise
                return Resolution(missing.id, Fate.HIDDEN)
        if key and key != missing.key:
            return Resolution(missing.id, Fate.MOVED, new_id=missing.id, new_key=key)
        return Resolution(missing.id, Fate.EXISTS)

    def _is_visible(self, project: str) -> bool:
        try:
            self._client.project(project)
        except NotFoundError:
            return False
        except AuthenticationError as error:
            if not is_forbidden(error):
                raise
            return False
        return True

    def _id(self, raw: dict[str, object]) -> str:
        try:
            return str(raw["id"])
        except (KeyError, TypeError):
            raise self._shapeless() from None

    def _shapeless(self) -> ConnectorError:
        return UnexpectedResponseError("an issue without id or time of creation", where=self._client.url)
