"""
A cache of results in the store: what a sync computed is read back while all that it was computed from is the same.

Each result is stored with a digest of its inputs and of okrsync's version. A result whose digest differs is computed
anew; one that is read back equals what was computed, to the last digit.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from okrsync import __version__
from okrsync.model.plain import digest
from okrsync.store.records import CacheEntry

Result = TypeVar("Result")


class ResultCache(Generic[Result]):
    """
    The cached results of one kind, by key.

    Args:
        stored: what the store has, by its own keys.
        kind: stands before each key in the store; empty for verdicts.
        adapter: makes what reads and writes a result; called at the first use.
        keeps: keys whose results are noted for the next sync; ``None``: all of them.
    """

    def __init__(
        self,
        stored: Mapping[str, CacheEntry],
        kind: str,
        adapter: Callable[[], TypeAdapter[Result]],
        keeps: Collection[str] | None = (),
    ) -> None:
        self._stored = stored
        self._kind = kind
        self._adapter = cache(adapter)
        self._keeps = keeps
        self._noted: dict[str, CacheEntry] = {}

    def get(self, key: str, inputs: Any) -> Result | None:
        """Return the result for *key* that was computed from *inputs*; ``None`` if there is none."""
        name = self._kind + key
        entry = self._stored.get(name)
        if entry is None or entry.digest != _digest_of(inputs):
            return None
        self._noted[name] = entry
        return self._adapter().validate_json(zlib.decompress(entry.told))

    def put(self, key: str, inputs: Any, result: Result) -> None:
        """Note *result*, if *key* is one to keep and the result can be read back as it is."""
        if self._keeps is not None and key not in self._keeps:
            return
        text = self._adapter().dump_json(result)
        if self._is_readable(text, result):
            name = self._kind + key
            self._noted[name] = CacheEntry(name, _digest_of(inputs), zlib.compress(text, 1))

    def entries(self) -> Iterator[CacheEntry]:
        """Yield everything that the store is to have of this kind from now on, by key."""
        return (self._noted[name] for name in sorted(self._noted))

    def _is_readable(self, text: bytes, result: Result) -> bool:
        """Return whether *text* is read as *result*: JSON has no infinity, for example."""
        try:
            return bool(self._adapter().validate_json(text) == result)
        except ValidationError:
            return False


def _digest_of(inputs: Any) -> bytes:
    return digest(orjson.dumps([__version__, inputs], default=_sorted, option=orjson.OPT_SORT_KEYS))


def _sorted(value: Any) -> list[Any]:
    """Return the entries of a set in an order of their own."""
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"an input holds a {type(value).__name__}")
