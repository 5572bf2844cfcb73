"""How the goals themselves were changed, with the reasons that are on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from okrsync.model.ledger import Decision
from okrsync.okrs.changes import GoalChange, OkrVersion, goal_changes

_REASON_DAYS = 7
"""A decision so many days before or after a change was first seen may be its reason."""


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One change; *day*: when a sync first saw it. *reason* is empty where none is on record."""

    day: date
    what: str
    name: str
    field: str
    before: str
    after: str
    reason: str
    decision: str
    """Id of the decision that gives the reason."""


@dataclass(frozen=True, slots=True)
class GoalsReport:
    """What ``okrsync changes`` says, oldest first; *versions*: how many versions of the files were seen."""

    as_of: date
    versions: int
    changes: tuple[ToldChange, ...]


def build_goals(
    versions: Sequence[OkrVersion], decisions: Sequence[Decision], as_of: date, zone: ZoneInfo, wanted: str = ""
) -> GoalsReport:
    """The changes between *versions*; of *wanted* alone, a key result, metric or cycle, where it is given."""
    changes = [
        _told(change, decisions, zone)
        for change in goal_changes(versions)
        if not wanted or change.name.casefold() == wanted.casefold()
    ]
    return GoalsReport(as_of, len(versions), tuple(change for change in changes if change.day <= as_of))


def _told(change: GoalChange, decisions: Sequence[Decision], zone: ZoneInfo) -> ToldChange:
    near = timedelta(days=_REASON_DAYS)
    reasons = [
        decision
        for decision in decisions
        if decision.about.casefold() == change.name.casefold() and abs(decision.at - change.seen) <= near
    ]
    reason = min(reasons, key=lambda decision: abs(decision.at - change.seen), default=None)
    return ToldChange(
        change.seen.astimezone(zone).date(),
        change.what,
        change.name,
        change.field,
        change.before,
        change.after,
        "" if reason is None else reason.because,
        "" if reason is None else reason.id,
    )
