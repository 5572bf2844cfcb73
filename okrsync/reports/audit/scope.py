"""What a cycle's audit is about: the key results of the cycle, what was delivered on them in it, and its checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from okrsync.linking.delivered import WorkUnit, by_key_result, pieces
from okrsync.model.ledger import Ledger
from okrsync.model.okrs import Cycle, KeyResult, Metric, Objective
from okrsync.model.placements import Placement
from okrsync.model.verdicts import CheckKind, KeyResultOutcome, OutcomeCheck, Verdict
from okrsync.okrs.changes import OkrVersion
from okrsync.reports.hypotheses import HypothesesReport
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.stoplist import SizeOf, StopRules


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which part of the cycle is told: that of one key result (qualified), of one team, or all where both are empty."""

    key_result: str = ""
    team: str = ""

    def has(self, placement: Placement) -> bool:
        """Whether *placement* is the team's, where one is asked for."""
        return not self.team or placement.item.team.casefold() == self.team.casefold()


@dataclass(frozen=True, slots=True)
class AuditInputs:
    """What the audit of *cycle* is made of; the outcomes in *inputs* are those of everything, whatever *part* says."""

    inputs: JudgedInputs
    ledger: Ledger
    hypotheses: HypothesesReport
    versions: Sequence[OkrVersion]
    rules: StopRules
    cycle: Cycle
    part: AuditFilter = AuditFilter()

    @property
    def last_day(self) -> date:
        """The last day of the cycle that has come."""
        return min(self.inputs.as_of, self.cycle.end)


@dataclass(frozen=True, slots=True)
class KeyResultWork:
    """
    One key result with what was delivered on it in the cycle.

    *checks* are those with a member among *delivered*, by the day of their first delivery. *known*: every delivered
    piece on it, in the cycle or not, by key. *by_item*: the check that tells of each item, which is the set that it is
    a candidate of, else its wave or unit. *others*: how many checks are of work from outside the cycle.
    """

    key_result: KeyResult
    objective: Objective
    metric: Metric | None
    delivered: tuple[WorkUnit, ...]
    checks: tuple[OutcomeCheck, ...]
    known: Mapping[str, WorkUnit]
    by_item: Mapping[str, OutcomeCheck]
    others: int
    outcome: KeyResultOutcome | None

    @property
    def unit(self) -> str:
        """The metric's unit; empty without a metric."""
        return "" if self.metric is None else self.metric.unit


def served_in(given: AuditInputs) -> tuple[KeyResultWork, ...]:
    """The key results of the cycle that are asked for, in the order of the files."""
    linked = by_key_result(given.inputs.linking)
    return tuple(
        _served(entry, linked.get(entry.qualified_id, []), given)
        for entry in given.inputs.okrs.key_results
        if entry.cycle == given.cycle.id and given.part.key_result in {"", entry.qualified_id}
    )


def _served(entry: KeyResult, placements: Sequence[Placement], given: AuditInputs) -> KeyResultWork:
    inputs = given.inputs
    found = pieces(placements, entry.qualified_id, inputs.zone, inputs.as_of)
    delivered = [
        piece
        for piece in found
        if is_in_cycle(piece.day, given.cycle, inputs.as_of) and given.part.has(piece.placement)
    ]
    here = {piece.placement.item.key for piece in delivered}
    outcome = inputs.outcomes.get(entry.qualified_id)
    checks = () if outcome is None else outcome.checks
    chosen = sorted(
        (check for check in checks if not here.isdisjoint(check.members)),
        key=lambda check: (check.first, check.members),
    )
    inside = {piece.placement.item.key for piece in found if is_in_cycle(piece.day, given.cycle, inputs.as_of)}
    return KeyResultWork(
        entry,
        inputs.okrs.objective_of(entry),
        inputs.okrs.metrics_by_id.get(entry.metric),
        tuple(sorted(delivered, key=lambda piece: (piece.day or date.min, piece.placement.item.key))),
        tuple(chosen),
        {piece.placement.item.key: piece for piece in found},
        {
            member: check
            for check in sorted(chosen, key=lambda check: check.kind is CheckKind.SET)
            for member in check.members
        },
        sum(inside.isdisjoint(check.members) for check in checks),
        outcome,
    )


def is_in_cycle(day: date | None, cycle: Cycle, as_of: date) -> bool:
    """Whether *day* is one of *cycle*'s that has come; work without a day is never left out."""
    return day is None or (day <= as_of and cycle.contains(day))


def is_judged(check: OutcomeCheck, as_of: date) -> bool:
    """Whether *check* has its verdict for good, with an estimate behind it."""
    is_final = not check.is_provisional and check.evaluation <= as_of
    return check.estimate is not None and is_final and not check.verdict.is_silent


def is_open(check: OutcomeCheck) -> bool:
    """Whether the verdict of *check* is still to come."""
    return check.verdict is Verdict.TOO_EARLY or (check.estimate is not None and check.is_provisional)


def final_day(check: OutcomeCheck, metric: Metric | None) -> date:
    """When *check* has its verdict: on its evaluation date, or when the metric's last values have settled."""
    return check.evaluation + timedelta(days=0 if metric is None else metric.settle_days)


def size_of(found: Iterable[WorkUnit]) -> SizeOf:
    """How large *found* are together, each with the share that counts here; sizes by unit."""
    sizes: dict[str, float] = {}
    items = unsized = 0
    for piece in found:
        items += 1
        size = piece.placement.item.size
        if size is None:
            unsized += 1
        else:
            sizes[size.unit] = sizes.get(size.unit, 0.0) + size.value * piece.link.share
    return SizeOf(items, dict(sorted(sizes.items())), unsized)
