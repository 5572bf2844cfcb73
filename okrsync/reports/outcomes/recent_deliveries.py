"""What was delivered lately: whatever it serves, or of some cycles alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.linking.delivered import day_of
from okrsync.model.okrs import Cycle
from okrsync.model.verdicts import HypothesisVerdict
from okrsync.reports.counts import natural
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.key_results import KeyResultReport, newest_first


@dataclass(frozen=True, slots=True)
class RecentDelivery:
    """Work that was delivered since the report's *since*; *key_results*: what it serves, qualified."""

    key: str
    title: str
    day: date | None
    group: str
    """``linked``, ``exempt`` or ``unlinked``."""
    key_results: tuple[str, ...]
    is_expected: bool
    """Somebody stated what it is to change."""
    evaluation: date | None
    """When it is judged; ``None`` where it is not."""


def delivered_since(since: date, inputs: JudgedInputs, key_results: Sequence[KeyResultReport]) -> list[RecentDelivery]:
    """What was delivered after *since*, whatever it serves, newest first; *key_results* have the checks on it."""
    checks = {
        member: check
        for entry in key_results
        if entry.outcome is not None
        for check in entry.outcome.checks
        for member in check.members
    }
    found = []
    for placement in inputs.linking.placements:
        item = placement.item
        day = day_of(item.delivered, inputs.zone)
        if not (item.is_delivered and placement.is_piece and day is not None and since < day <= inputs.as_of):
            continue
        check = checks.get(item.key)
        found.append(
            RecentDelivery(
                item.key,
                item.title,
                day,
                placement.group.value,
                tuple(link.key_result for link in placement.counted_links),
                check is not None and check.hypothesis is not HypothesisVerdict.NOT_STATED,
                None if check is None else check.evaluation,
            )
        )
    return sorted(found, key=lambda entry: (newest_first(entry.day), natural(entry.key)))


def is_of(entry: RecentDelivery, cycles: Sequence[str], periods: Sequence[Cycle]) -> bool:
    """Whether *entry* was delivered in one of *cycles* (ids, and as *periods*), or serves a key result of theirs."""
    is_served = any(name.rpartition("/")[0] in cycles for name in entry.key_results)
    return is_served or any(entry.day is not None and period.contains(entry.day) for period in periods)
