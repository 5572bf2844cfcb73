"""One key result with the work that serves it, and what its metric did around each delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from okrsync.linking.delivered import WorkUnit, pieces
from okrsync.model.ledger import Observation
from okrsync.model.okrs import DatedValue, Direction, KeyResult, Metric
from okrsync.model.placements import Placement
from okrsync.model.verdicts import KeyResultOutcome, ObservedChange, Verdict
from okrsync.model.work import Size
from okrsync.outcome.observed import observed_change
from okrsync.reports.counts import natural
from okrsync.reports.inputs import JudgedInputs, current_value


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivered item with the pull requests that implement it, on one key result."""

    key: str
    title: str
    url: str
    team: str
    pull_requests: tuple[str, ...]
    day: date | None
    """In the organisation's time zone; ``None`` where the tracker does not say when."""
    size: Size | None
    share: float
    via: str
    observed: ObservedChange | None
    """``None`` where there is no day or no metric."""
    verdict: Verdict | None = None
    """That of the check it is part of; ``None`` where it is in none."""
    is_linked_late: bool = False
    """It was tied to the key result only after it was delivered, when people may have known what the metric did."""


@dataclass(frozen=True, slots=True)
class KeyResultReport:
    """One key result with its work."""

    id: str
    cycle: str
    title: str
    objective: str
    kind: str
    level: str
    state: str
    metric: str
    unit: str
    baseline: DatedValue | None
    target: DatedValue | None
    band: tuple[float, float] | None
    """Where a key result that is to be maintained should stay."""
    current: DatedValue | None
    """The latest observation up to the report's day or the cycle's end; ``None``: never measured."""
    has_ended: bool
    stale_days: int | None
    """How many days old the latest observation is, where that is more than the metric may be; else ``None``."""
    direction: Direction
    deliveries: tuple[DeliveryRow, ...]
    open_items: int
    outcome: KeyResultOutcome | None
    """What the statistics say of it; ``None`` where they were not asked."""


def _stale_days(metric: Metric | None, observations: Sequence[Observation], as_of: date) -> int | None:
    latest = current_value(observations, as_of)
    if metric is None or latest is None or metric.most_days is None:
        return None
    age = (as_of - latest.date).days
    return age if age > metric.most_days else None


def key_result_report(entry: KeyResult, placements: Sequence[Placement], inputs: JudgedInputs) -> KeyResultReport:
    """*entry* with its work, delivered work newest first; *placements*: the items that serve it."""
    metric = inputs.okrs.metrics_by_id.get(entry.metric)
    observations = inputs.observations.get(entry.metric, ())
    delivered = pieces(placements, entry.qualified_id, inputs.zone, inputs.as_of)
    outcome = inputs.outcomes.get(entry.qualified_id)
    checks = () if outcome is None else outcome.checks
    verdicts = {member: check.verdict for check in checks for member in check.members}
    deliveries = [
        replace(made, verdict=verdicts.get(made.key))
        for made in (_delivery(piece, entry, observations, inputs) for piece in delivered)
    ]
    return KeyResultReport(
        id=entry.qualified_id,
        cycle=entry.cycle,
        title=entry.title,
        objective=inputs.okrs.objective_of(entry).title,
        kind=entry.kind,
        level=entry.level,
        state=entry.state,
        metric=entry.metric,
        unit=metric.unit if metric else "",
        baseline=entry.baseline,
        target=entry.target,
        band=entry.band,
        current=current_value(observations, min(inputs.as_of, inputs.okrs.cycle(entry.cycle).end)),
        has_ended=inputs.okrs.cycle(entry.cycle).end < inputs.as_of,
        stale_days=_stale_days(metric, observations, inputs.as_of),
        direction=entry.direction,
        deliveries=tuple(sorted(deliveries, key=lambda unit: (newest_first(unit.day), natural(unit.key)))),
        open_items=sum(1 for placement in placements if not placement.item.is_delivered and placement.is_piece),
        outcome=outcome,
    )


def _delivery(
    piece: WorkUnit, entry: KeyResult, observations: Sequence[Observation], inputs: JudgedInputs
) -> DeliveryRow:
    item, link, day = piece.placement.item, piece.link, piece.day
    measured = day is not None and entry.state != "draft" and bool(entry.metric)
    return DeliveryRow(
        key=item.key,
        title=item.title,
        url=item.url,
        team=item.team,
        pull_requests=tuple(sorted(piece.pull_requests, key=natural)),
        day=day,
        size=item.size,
        share=link.share,
        via=link.via,
        observed=observed_change(observations, day, entry, as_of=inputs.as_of) if measured and day else None,
        is_linked_late=(entry.qualified_id, item.key.casefold()) in inputs.late_links,
    )


def newest_first(day: date | None) -> int:
    """A sort key; work whose day nobody knows comes first."""
    return 0 if day is None else -day.toordinal()
