"""Key results with their part of a plan: pace, need, planned work, the last verdict, and what can be judged. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from okrsync.linking.delivered import by_key_result, pieces
from okrsync.model.okrs import KeyResult
from okrsync.model.placements import Placement
from okrsync.model.verdicts import OutcomeCheck
from okrsync.okrs.progress import Health
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.plan.coverage import WorkAmount, amount_of, share_of, weight_of
from okrsync.reports.plan.scope import Chosen, PlanScope
from okrsync.reports.progress import KeyResultProgress, ProgressReport

_BEHIND = {Health.OFF_TRACK: 0, Health.AT_RISK: 1}
Pairs = Sequence[tuple[Placement, float]]
"""Work with its share (0 to 1) for one key result."""


@dataclass(frozen=True, slots=True)
class PlanKeyResult:
    """
    One key result with its part of the plan.

    *planned*: work on two key results counts by its share for each; *share*: of all planned work that is linked, by
    the measure of the coverage, ``None`` where there is none. *elsewhere*: open pieces of work outside this plan.
    *judged_on*: when work that is delivered on the plan's last day (today, where it has none) can be judged.
    """

    standing: KeyResultProgress
    state: str
    days_left: int
    planned: WorkAmount
    share: float | None
    elsewhere: int
    last_delivered: date | None
    last_check: OutcomeCheck | None
    is_behind: bool
    judged_on: date | None
    is_judgeable: bool | None
    """Before its cycle ends; ``None`` where that cannot be said."""


def planned_key_results(
    progress: ProgressReport, inputs: JudgedInputs, chosen: Chosen, work: Sequence[Placement], unit: str
) -> tuple[PlanKeyResult, ...]:
    """
    Those with planned work first, in file order; then those without, the ones that are behind first.

    *unit* is the measure of the plan's coverage.
    """
    serving: dict[str, list[tuple[Placement, float]]] = {}
    for entry in work:
        for link in entry.counted_links:
            serving.setdefault(link.key_result, []).append((entry, link.share))
    builder = _Builder(inputs, chosen, unit, sum(_measured(held, unit) for held in serving.values()))
    found = [builder.line(standing, serving.get(standing.id, ())) for standing in progress.key_results]
    return tuple(sorted(found, key=_place))


class _Builder:
    def __init__(self, inputs: JudgedInputs, chosen: Chosen, unit: str, whole: float) -> None:
        self._inputs = inputs
        self._scope = chosen.scope
        self._here = {(place.item.source, place.item.external_id) for place in chosen.placements}
        self._unit = unit
        self._whole = whole
        self._everywhere = by_key_result(inputs.linking)
        self._known: Mapping[str, KeyResult] = {entry.qualified_id: entry for entry in inputs.okrs.key_results}

    def line(self, standing: KeyResultProgress, planned: Pairs) -> PlanKeyResult:
        entry, inputs = self._known[standing.id], self._inputs
        end = inputs.okrs.cycle(entry.cycle).end
        judged_on = _judged_on(standing, self._scope)
        everywhere = self._everywhere.get(standing.id, [])
        delivered = [piece.day for piece in pieces(everywhere, standing.id, inputs.zone, inputs.as_of) if piece.day]
        return PlanKeyResult(
            standing=standing,
            state=entry.state,
            days_left=max(0, (end - inputs.as_of).days),
            planned=amount_of(planned),
            share=share_of(_measured(planned, self._unit), self._whole),
            elsewhere=sum(self._is_elsewhere(place) for place in everywhere),
            last_delivered=max(delivered, default=None),
            last_check=self._last_check(standing.id),
            is_behind=standing.health in _BEHIND,
            judged_on=judged_on,
            is_judgeable=None if judged_on is None else judged_on <= end,
        )

    def _is_elsewhere(self, placement: Placement) -> bool:
        is_here = (placement.item.source, placement.item.external_id) in self._here
        return placement.item.status.is_open and placement.is_piece and not is_here

    def _last_check(self, key_result: str) -> OutcomeCheck | None:
        outcome = self._inputs.outcomes.get(key_result)
        if outcome is None:
            return None
        told = [
            check for check in outcome.checks if check.evaluation <= self._inputs.as_of and not check.is_provisional
        ]
        return max(told, key=lambda check: (check.evaluation, check.members), default=None)


def _place(line: PlanKeyResult) -> int:
    return -1 if line.planned.items else _BEHIND.get(line.standing.health, len(_BEHIND))


def _measured(planned: Pairs, unit: str) -> float:
    return sum(weight_of(place, unit) * share for place, share in planned)


def _judged_on(standing: KeyResultProgress, scope: PlanScope) -> date | None:
    """A delivery on the scope's last day is judged as much later as it comes later than one today."""
    told = standing.judgeability
    if told is None:
        return None
    later = scope.last - told.delivery if scope.last is not None else timedelta(0)
    return told.judged_on + max(later, timedelta(0))
