"""
What the last sync has fitted, so that a report on the same day need not fit it again.

Kept with a digest of everything that it was made from: the series, the deliveries, what is declared, the verdicts on
record, the day, and the version. Whatever differs is fitted anew; what is kept is what was found, to the last digit.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter, ValidationError

from okrsync import __version__
from okrsync.model.plain import digest
from okrsync.outcome.cases import Case
from okrsync.store.records import Fit

if TYPE_CHECKING:
    from okrsync.outcome.single import Judged


class Fits:
    """The fits *held* on the day *as_of*, by key result; those of *keeps* (qualified ids) are noted for the next."""

    def __init__(self, held: Mapping[str, Fit], as_of: date, keeps: Collection[str] = ()) -> None:
        self._held = held
        self._as_of = as_of
        self._keeps = keeps
        self._written: dict[str, Fit] = {}

    def recalled(self, case: Case) -> Judged | None:
        """What was found of *case*; ``None`` where it is not known, or was found of something else."""
        held = self._held.get(case.key)
        if held is None or held.digest != self._digest(case):
            return None
        self._written[case.key] = held
        return _judged().validate_json(zlib.decompress(held.told))

    def keep(self, case: Case, found: Judged) -> None:
        """Note what was *found* of *case*, if it is one of those to keep, and can be read back as it is."""
        if case.key not in self._keeps:
            return
        told = _judged().dump_json(found)
        if _comes_back(told, found):
            self._written[case.key] = Fit(case.key, self._digest(case), zlib.compress(told, 1))

    def written(self) -> Iterator[Fit]:
        """Everything that is to be held from now on, by key result."""
        return (self._written[key] for key in sorted(self._written))

    def _digest(self, case: Case) -> bytes:
        told = [__version__, self._as_of, case]
        return digest(orjson.dumps(told, default=_sorted, option=orjson.OPT_SORT_KEYS))


def _comes_back(told: bytes, found: Judged) -> bool:
    """Whether *told* is read as *found*: JSON has no infinity, for example. What is not is fitted every time."""
    try:
        return bool(_judged().validate_json(told) == found)
    except ValidationError:
        return False


def _sorted(value: Any) -> list[Any]:
    """Sets, in an order of their own."""
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"a case holds a {type(value).__name__}")


@cache
def _judged() -> TypeAdapter[Judged]:
    # Imported here: it takes numpy along, and a store without a series needs neither.
    from okrsync.outcome.single import Judged  # noqa: PLC0415

    return TypeAdapter(Judged)
