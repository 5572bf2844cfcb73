"""Public holidays, read from the cache where the last sync computed them: importing them takes a tenth of a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.metadata import version

from pydantic import TypeAdapter

from okrsync.answers.result_cache import ResultCache
from okrsync.answers.workspace import Workspace
from okrsync.config.calendars import public_holidays
from okrsync.store.records import CacheEntry

_KIND = "holidays "


class HolidayCache:
    """The holidays that are *stored*, a year of a calendar each; *is_kept*: new ones are noted for the next sync."""

    def __init__(self, stored: Mapping[str, CacheEntry], *, is_kept: bool = False) -> None:
        self._cache = ResultCache(stored, _KIND, lambda: TypeAdapter(frozenset[date]), None if is_kept else ())
        self._of_year = cache(self._in_year)

    def between(self, calendar: str, first: date, last: date) -> frozenset[date]:
        """Return the public holidays of *calendar* from *first* to *last*, both included; none without a name."""
        if not calendar:
            return frozenset()
        years = range(first.year, last.year + 1)
        return frozenset(day for year in years for day in self._of_year(calendar, year) if first <= day <= last)

    def entries(self) -> Iterator[CacheEntry]:
        """Yield what the store is to have from now on."""
        return self._cache.entries()

    def _in_year(self, calendar: str, year: int) -> frozenset[date]:
        key = f"{calendar} {year}"
        inputs = [_installed_version(), key]
        known = self._cache.get(key, inputs)
        if known is None:
            known = public_holidays(calendar, date(year, 1, 1), date(year, 12, 31))
            self._cache.put(key, inputs, known)
        return known


@cache
def _installed_version() -> str:
    return version("holidays")


def stored_holidays(workspace: Workspace, *, is_kept: bool = False) -> HolidayCache:
    """Return the holidays that the store has; *is_kept*: those that are computed are noted."""
    with workspace.reading() as view:
        return HolidayCache(view.fits_of_kind(_KIND), is_kept=is_kept)
