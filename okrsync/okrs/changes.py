"""What changed in the goals themselves from one version of the OKR files to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from okrsync.model.okrs import DatedValue, KeyResult, Metric, Okrs

_OF_KEY_RESULT = (
    "title", "state", "metric", "direction", "baseline", "target", "band", "kind", "level", "min_effect", "lag_days",
    "window_days", "unit_of_delivery", "controls",
)  # fmt: skip
_OF_METRIC = ("definition", "unit", "source_type", "cadence", "bounds", "trailing_days", "settle_days", "events")
_FIELDS = {"cycle": ("start", "end"), "metric": _OF_METRIC, "key result": _OF_KEY_RESULT}


@dataclass(frozen=True, slots=True)
class OkrVersion:
    """The goals as they stood from *since* (UTC) on, by what the syncs saw."""

    since: datetime
    okrs: Okrs


@dataclass(frozen=True, slots=True)
class GoalChange:
    """
    One field of a key result, metric or cycle that changed, or one that came or went (*field* is empty then).

    *seen*: when a sync first saw it, UTC. *before* and *after* are as people write them; empty where there was none.
    """

    seen: datetime
    what: str
    """``key result``, ``metric`` or ``cycle``."""
    name: str
    field: str
    before: str
    after: str


def goal_changes(versions: Sequence[OkrVersion]) -> list[GoalChange]:
    """All changes between successive *versions*, oldest first."""
    return [
        GoalChange(new.since, what, *difference)
        for old, new in pairwise(versions)
        for what, fields in _FIELDS.items()
        for difference in _differences(_parts(old.okrs, what), _parts(new.okrs, what), fields)
    ]


def key_result_at(
    versions: Sequence[OkrVersion], name: str, moment: datetime
) -> tuple[KeyResult, Metric | None] | None:
    """
    The key result *name* (qualified) and its metric as they stood at *moment*.

    Before the first version that has it, as in that one: nobody saw another. ``None``: no version has it.
    """
    having = [version for version in versions if name in _by_name(version.okrs)]
    if not having:
        return None
    standing = next((version for version in reversed(having) if version.since <= moment), having[0])
    found = _by_name(standing.okrs)[name]
    return found, standing.okrs.metrics_by_id.get(found.metric)


def _parts(okrs: Okrs, what: str) -> Mapping[str, Any]:
    if what == "cycle":
        return {entry.id: entry for entry in okrs.cycles}
    return okrs.metrics_by_id if what == "metric" else _by_name(okrs)


def _by_name(okrs: Okrs) -> Mapping[str, KeyResult]:
    return {entry.qualified_id: entry for entry in okrs.key_results}


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any], fields: Sequence[str]
) -> Iterator[tuple[str, str, str, str]]:
    for name in dict.fromkeys([*old, *new]):
        if name not in new or name not in old:
            yield name, "", "" if name not in old else "there", "" if name not in new else "there"
            continue
        for field in fields:
            before, after = getattr(old[name], field), getattr(new[name], field)
            if before != after:
                yield name, field, _told(before), _told(after)


def _told(value: object) -> str:
    """*value* as people write it in the file."""
    match value:
        case None:
            return ""
        case DatedValue():
            return f"{value.value:g} on {value.date}"
        case tuple():
            return ", ".join(_told(entry) for entry in value)
        case float():
            return f"{value:g}"
        case _ if hasattr(value, "note"):
            return f"{value.kind} {value.start}"  # type: ignore[attr-defined]  # a metric's event
        case _:
            return str(value)
