"""Reads the histories of many issues: on Cloud all at once, on Data Center with the issues themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from okrsync.errors import NotFoundError, UnexpectedResponseError
from okrsync.plugins.connector import FieldMap, RawItem
from okrsync_jira.client import BULK_FIELDS, BULK_ISSUES, JiraClient, answered
from okrsync_jira.history import event_fields, ids_by_name, merged, reduced

EXPANDED = "changelog"
# What is kept aside between a page and the question for its history; more than a page, and never without an end.
_MOST_ASIDE = 4 * BULK_ISSUES
# Ids in one address: it must stay short enough for a proxy.
_IDS_AT_ONCE = 200
_MAX_PAGES = 10_000
History = list[dict[str, Any]]


class Changelogs:
    """Histories of one source's issues, reduced to what events are made of."""

    def __init__(self, client: JiraClient) -> None:
        self._client = client
        self._aside: dict[str, History | None] = {}
        self._takes_field_ids = True
        self._has_pages = True
        self._keys: dict[str, str] = {}

    def put_aside(self, raw: RawItem, fields: FieldMap) -> None:
        """Keep the history that came with *raw* until it is asked for."""
        log = raw.get(EXPANDED)
        if not isinstance(log, Mapping):
            return
        histories = log.get("histories")
        total = log.get("total")
        is_whole = isinstance(histories, list) and isinstance(total, int) and len(histories) >= total
        self._aside.pop(str(raw["id"]), None)
        self._aside[str(raw["id"])] = self._reduced(histories or [], fields) if is_whole else None
        while len(self._aside) > _MOST_ASIDE:
            del self._aside[next(iter(self._aside))]

    def of(self, ids: Sequence[str], fields: FieldMap) -> dict[str, History]:
        """The histories of the issues *ids*; an issue that cannot be read is left out."""
        return self._from_cloud(ids, fields) if self._client.is_cloud else self._from_data_center(ids, fields)

    def _from_cloud(self, ids: Sequence[str], fields: FieldMap) -> dict[str, History]:
        wanted = sorted(event_fields(fields))
        groups = [wanted[start : start + BULK_FIELDS] for start in range(0, len(wanted), BULK_FIELDS)]
        if self._takes_field_ids:
            try:
                return self._in_passes(ids, groups, fields)
            except UnexpectedResponseError as error:
                if not answered(error, 400):
                    raise
        # It may know one of the ids by another name: then everything is asked for, and reduced here.
        found = self._in_passes(ids, [[]], fields)
        self._takes_field_ids = False
        return found

    def _in_passes(self, ids: Sequence[str], groups: Sequence[Sequence[str]], fields: FieldMap) -> dict[str, History]:
        found: dict[str, History] = {}
        for start in range(0, len(ids), BULK_ISSUES):
            some = ids[start : start + BULK_ISSUES]
            passes = [self._pass(some, group, fields) for group in groups]
            found |= {id_: merged([each.get(id_, []) for each in passes]) for id_ in some}
        return found

    def _pass(self, ids: Sequence[str], group: Sequence[str], fields: FieldMap) -> dict[str, History]:
        """All pages of one request; they go by date, so an issue may be on several of them."""
        found: dict[str, list[Any]] = {}
        for log in self._pages(ids, group):
            try:
                found.setdefault(str(log["issueId"]), []).extend(log["changeHistories"])
            except (KeyError, TypeError):
                raise self._shapeless() from None
        return {id_: self._reduced(histories, fields) for id_, histories in found.items()}

    def _pages(self, ids: Sequence[str], group: Sequence[str]) -> Iterator[dict[str, Any]]:
        token, used = "", set[str]()
        for _ in range(_MAX_PAGES):
            logs, token = self._client.bulk_changelogs(ids, group, token)
            yield from logs
            if not token:
                return
            if token in used:
                raise UnexpectedResponseError("a page token that came before", where=self._client.url)
            used.add(token)
        raise UnexpectedResponseError(f"more than {_MAX_PAGES} pages", where=self._client.url)

    def _from_data_center(self, ids: Sequence[str], fields: FieldMap) -> dict[str, History]:
        unknown = [id_ for id_ in ids if id_ not in self._aside]
        for start in range(0, len(unknown), _IDS_AT_ONCE):
            self._expand(unknown[start : start + _IDS_AT_ONCE], fields)
        held = {id_: self._aside.pop(id_) for id_ in ids if id_ in self._aside}
        found = {id_: self._one_by_one(id_, fields) if log is None else log for id_, log in held.items()}
        return {id_: log for id_, log in found.items() if log is not None}

    def _expand(self, ids: Sequence[str], fields: FieldMap) -> None:
        # Without validation an id that is gone does not spoil the others.
        query = f"id in ({','.join(ids)}) ORDER BY key ASC"
        raws, _ = self._client.search_from(query, ["id"], 0, expand=EXPANDED, validates=False)
        for raw in raws:
            try:
                self.put_aside(raw, fields)
                if str(raw["id"]) in ids:
                    # Some servers tell no history in a search: then each issue is asked for.
                    self._aside.setdefault(str(raw["id"]), None)
                    self._keys[str(raw["id"])] = str(raw.get("key") or raw["id"])
            except KeyError:
                raise self._shapeless() from None

    def _one_by_one(self, number: str, fields: FieldMap) -> History | None:
        """The history of one issue whose history inside a search was cut; ``None``: it cannot be read whole."""
        id_ = self._keys.pop(number, number)  # the key is fresh, and known to servers that take no id here
        if self._has_pages:
            try:
                return self._reduced(self._paged(id_), fields)
            except NotFoundError:
                self._has_pages = False  # not every Data Center has the path
        try:
            log = self._client.issue(id_, changelog=True).get(EXPANDED) or {}
        except NotFoundError:
            return None
        histories = log.get("histories") or []
        return self._reduced(histories, fields) if len(histories) >= log.get("total", 0) else None

    def _paged(self, id_: str) -> list[Any]:
        found: list[Any] = []
        for _ in range(_MAX_PAGES):
            page = self._client.issue_changelog(id_, len(found))
            found += page["values"]
            if len(found) >= page["total"]:
                return found
            if not page["values"]:
                break
        raise UnexpectedResponseError("an empty page that says there is more", where=self._client.url)

    def _reduced(self, histories: Sequence[Any], fields: FieldMap) -> History:
        try:
            return reduced(histories, event_fields(fields), ids_by_name(fields))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._shapeless() from None

    def _shapeless(self) -> UnexpectedResponseError:
        return UnexpectedResponseError("a history of the wrong shape", where=self._client.url)
