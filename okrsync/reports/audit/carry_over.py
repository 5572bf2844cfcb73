"""What the next cycle starts from: key results that are worth going on with, and hypotheses without an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.model.ledger import Decision
from okrsync.okrs.progress import Progress
from okrsync.reports.audit.scope import AuditInputs, KeyResultWork, is_open
from okrsync.reports.closing import build_closing
from okrsync.reports.hypotheses import HypothesisState


@dataclass(frozen=True, slots=True)
class CarriedKeyResult:
    """A key result that is short of its target, and that nobody decided to stop; *decision*: the last about it."""

    id: str
    title: str
    unit: str
    progress: Progress
    verdicts: Mapping[str, int]
    open_checks: int
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class CarriedHypothesis:
    """A hypothesis that is neither judged nor corrected; *evaluation*: when it is, ``None`` before the delivery."""

    id: str
    key_result: str
    unit: str
    items: tuple[str, ...]
    change: float
    because: str
    state: HypothesisState
    evaluation: date | None


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """What to carry into the cycle *following*, which *is_new* where the files do not have it."""

    following: str
    is_new: bool
    key_results: tuple[CarriedKeyResult, ...]
    hypotheses: tuple[CarriedHypothesis, ...]


def carried_over(served: Sequence[KeyResultWork], given: AuditInputs) -> CarriedOver:
    """What of *served* is still open."""
    closed = build_closing(given.inputs, given.ledger, given.hypotheses, given.cycle, "")
    by_name = {entry.key_result.qualified_id: entry for entry in served}
    return CarriedOver(
        closed.following.id,
        closed.is_new,
        tuple(
            CarriedKeyResult(
                name,
                each.key_result.title,
                each.unit,
                each.progress,
                each.verdicts,
                sum(map(is_open, by_name[name].checks)),
                each.decisions[-1] if each.decisions else None,
            )
            for _, entries in closed.objectives
            for each in entries
            if each.is_open and (name := each.key_result.qualified_id) in by_name
        ),
        tuple(
            CarriedHypothesis(
                line.id,
                line.key_result,
                line.unit,
                tuple(item.key for item in line.items),
                line.change,
                line.because,
                line.state,
                line.evaluation,
            )
            for line in closed.hypotheses
            if line.key_result in by_name
        ),
    )
