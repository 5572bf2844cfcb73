"""Records as plain data (dicts, lists, texts, numbers), plain data as JSON, and digests of it."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import date, datetime
from enum import Enum
from functools import cache
from hashlib import blake2b
from typing import Any

import orjson

_PLAIN = {str, int, float, bool, type(None)}
# A terminal obeys C1 controls, and bidirectional marks reorder what a reader sees; JSON has another way to write both.
_OBEYED = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def to_plain(value: Any) -> Any:
    """*value* as dicts, lists, texts and numbers; dates in ISO 8601, properties of records left out."""
    kind: Any = type(value)
    if kind not in _PLAIN and dataclasses.is_dataclass(value) and kind is not type:
        return {name: to_plain(getattr(value, name)) for name in _names_of(kind)}
    return value if kind in _PLAIN else _plain_of(value)


def _plain_of(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): to_plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(entry) for entry in value]
    return value


@cache
def _names_of(kind: Any) -> tuple[str, ...]:
    return tuple(entry.name for entry in dataclasses.fields(kind))


def canonical(value: Any) -> bytes:
    """
    *value* as JSON that is the same whenever the value is.

    Raises:
        TypeError, ValueError: there is no JSON for it.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a lone surrogate, a number too large, nested too deep: the standard library takes more
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def digest(content: bytes) -> bytes:
    """16 bytes that tell contents apart."""
    return blake2b(content, digest_size=16).digest()


def dumped(document: Any) -> str:
    """*document* as indented JSON text, ending in a line break; nothing in it that a terminal would obey."""
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
