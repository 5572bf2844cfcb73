"""The text of items, out of their stored raw forms, whatever tracker they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from okrsync.plugins.connector import HISTORY
from okrsync.store.codec import unpacked
from okrsync.store.tables import item_raw
from okrsync.store.view import View

MAX_PROSE = 8000
"""Characters of one item's text, at most."""
_FEWEST_SPACES = 2  # names of states, labels and fields are shorter; sentences are not


def prose(view: View) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Source, id and passages of each stored item."""
    for row in view.rows(item_raw):
        raw, _ = unpacked(row.body)
        yield row.source, row.external_id, passages(raw)


def passages(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """What reads like sentences in *raw*, without its history; at most :data:`MAX_PROSE` characters."""
    found: list[str] = []
    left = MAX_PROSE
    # A stack of its own: how deep a document is nested is its writer's choice.
    pending: list[Any] = [value for name, value in reversed([*raw.items()]) if name != HISTORY]
    while pending and left > 0:
        value = pending.pop()
        if isinstance(value, str):
            if value.count(" ") >= _FEWEST_SPACES:
                found.append(value[:left])
                left -= len(value)
        elif isinstance(value, Mapping):
            pending.extend(reversed([*value.values()]))
        elif isinstance(value, list):
            pending.extend(reversed(value))
    return tuple(found)
