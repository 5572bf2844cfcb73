"""Forecasts and judgeability of key results, read from the cache where the last sync computed them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from pydantic import TypeAdapter

from okrsync.answers.result_cache import ResultCache
from okrsync.answers.workspace import Workspace
from okrsync.model.outlooks import Outlook
from okrsync.outcome.cases import OutlookQuestion
from okrsync.store.records import CacheEntry

_KIND = "outlook "


class OutlookCache:
    """The outlooks that are *stored*; those of *keeps* (qualified ids of key results) are noted for the next sync."""

    def __init__(self, stored: Mapping[str, CacheEntry], keeps: Collection[str] = ()) -> None:
        self._cache = ResultCache(stored, _KIND, lambda: TypeAdapter(Outlook), keeps)

    def look_ahead(self, question: OutlookQuestion) -> Outlook:
        """Return the outlook that *question* asks for, computed only if the store does not have it."""
        key = question.case.key
        known = self._cache.get(key, question)
        if known is not None:
            return known
        from okrsync.outcome.looking_ahead import look_ahead  # noqa: PLC0415 - imports numpy

        found = look_ahead(question)
        self._cache.put(key, question, found)
        return found

    def entries(self) -> Iterator[CacheEntry]:
        """Yield what the store is to have from now on."""
        return self._cache.entries()


def stored_outlooks(workspace: Workspace, key_results: Iterable[str], *, is_kept: bool = False) -> OutlookCache:
    """Return the outlooks of *key_results* (qualified ids) that the store has; *is_kept*: new ones are noted."""
    names = list(key_results)
    with workspace.reading() as view:
        return OutlookCache(view.fits([_KIND + name for name in names]), names if is_kept else ())
