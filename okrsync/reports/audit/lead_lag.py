"""Whether what was to lead did: pairs of a leading and a lagging key result of one objective, and which moved first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from okrsync.model.verdicts import Verdict
from okrsync.reports.audit.scope import AuditInputs, KeyResultWork, is_judged


class Order(StrEnum):
    """What moved first; without both there is no order."""

    LEADING_FIRST = "leading_first"
    LAGGING_FIRST = "lagging_first"
    SAME_DAY = "same_day"
    LEADING_ONLY = "leading_only"
    LAGGING_ONLY = "lagging_only"
    NEITHER = "neither"
    NOT_JUDGED = "not_judged"
    """Nothing on either of them has a verdict."""


@dataclass(frozen=True, slots=True)
class LeadingPair:
    """
    A leading and a lagging key result of one objective.

    *leading_moved* and *lagging_moved*: the day of the first delivery after which each moved the right way; *lag_days*
    from the one to the other, ``None`` unless both did.
    """

    objective: str
    objective_title: str
    leading: str
    lagging: str
    leading_moved: date | None
    lagging_moved: date | None
    lag_days: int | None
    order: Order


def leading_pairs(served: Sequence[KeyResultWork], given: AuditInputs) -> tuple[LeadingPair, ...]:
    """A pair for each leading and each lagging key result of an objective, in the order of the files."""
    sides = [_side(entry, given) for entry in served]
    lagging: dict[str, list[_Side]] = {}
    for side in sides:
        if side.served.key_result.kind == "lagging":
            lagging.setdefault(side.served.objective.id, []).append(side)
    return tuple(
        _pair(side, other)
        for side in sides
        if side.served.key_result.kind == "leading"
        for other in lagging.get(side.served.objective.id, ())
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """One key result of a pair; *moved*: the day of the first delivery after which it moved the right way."""

    served: KeyResultWork
    moved: date | None
    is_judged: bool


def _side(entry: KeyResultWork, given: AuditInputs) -> _Side:
    judged = [check for check in entry.checks if is_judged(check, given.inputs.as_of)]
    moved = min((check.first for check in judged if check.verdict is Verdict.MOVED), default=None)
    return _Side(entry, moved, bool(judged))


def _pair(one: _Side, other: _Side) -> LeadingPair:
    leading, lagging, first, then = one.served, other.served, one.moved, other.moved
    lag = None if first is None or then is None else (then - first).days
    return LeadingPair(
        leading.objective.id,
        leading.objective.title,
        leading.key_result.qualified_id,
        lagging.key_result.qualified_id,
        first,
        then,
        lag,
        _order(first, then) if one.is_judged or other.is_judged else Order.NOT_JUDGED,
    )


def _order(first: date | None, then: date | None) -> Order:
    if first is None or then is None:
        return Order.NEITHER if first is then else Order.LAGGING_ONLY if first is None else Order.LEADING_ONLY
    return Order.SAME_DAY if first == then else Order.LEADING_FIRST if first < then else Order.LAGGING_FIRST
