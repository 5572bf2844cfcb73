"""Verdicts that the last sync computed, so that a report on the same day need not compute them again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from pydantic import TypeAdapter

from okrsync.answers.result_cache import ResultCache
from okrsync.outcome.cases import Case
from okrsync.outcome.judged import Evaluation
from okrsync.store.records import CacheEntry


class FitCache:
    """The fits *held* on the day *as_of*, by key result; those of *keeps* (qualified ids) are noted for the next."""

    def __init__(self, held: Mapping[str, CacheEntry], as_of: date, keeps: Collection[str] = ()) -> None:
        self._cache = ResultCache(held, "", _judged, keeps)
        self._as_of = as_of

    def recalled(self, case: Case) -> Evaluation | None:
        """Return what was found of *case*; ``None`` if it is not known, or was found of something else."""
        return self._cache.get(case.key, [self._as_of, case])

    def keep(self, case: Case, found: Evaluation) -> None:
        """Note what was *found* of *case*, if it is one of those to keep, and can be read back as it is."""
        self._cache.put(case.key, [self._as_of, case], found)

    def written(self) -> Iterator[CacheEntry]:
        """Yield everything that is to be held from now on, by key result."""
        return self._cache.entries()


def _judged() -> TypeAdapter[Evaluation]:
    return TypeAdapter(Evaluation)
