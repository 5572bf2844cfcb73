"""The text of items, out of their stored raw forms, whatever tracker they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from okrsync.plugins.connector import HISTORY
from okrsync.store.snapshot import Snapshot

MAX_PROSE = 8000
"""Characters of one item's text, at most."""
_FEWEST_SPACES = 2  # names of states, labels and fields are shorter; sentences are not


def prose(view: Snapshot, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """The passages of the items at *places* (source and id); without those whose raw form is not stored."""
    wanted: dict[str, list[str]] = {}
    for source, external_id in places:
        wanted.setdefault(source, []).append(external_id)
    return {
        (source, external_id): passages(raw)
        for source, ids in wanted.items()
        for external_id, raw in view.contents(source, ids)
    }


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
