"""The outcomes report: delivered work by key result, and what its metric did around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from okrsync.linking.placing import Group, Placement
from okrsync.model.ledger import Observation
from okrsync.model.okrs import Cycle, DatedValue, Direction, KeyResult, Metric
from okrsync.model.verdicts import KeyResultOutcome, ObservedChange, Verdict
from okrsync.model.work import ItemKind, Size
from okrsync.outcome.delivered import Piece, by_key_result, day_of, pieces
from okrsync.outcome.observed import observed_change
from okrsync.reports.counts import (
    ExemptShare,
    FaultyLink,
    ItemCounts,
    count_items,
    exempt_shares,
    faulty_links,
    joined_issues,
    natural,
)
from okrsync.reports.inputs import ReportInputs, SourceState, current_value


@dataclass(frozen=True, slots=True)
class Delivery:
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
    deliveries: tuple[Delivery, ...]
    open_items: int
    outcome: KeyResultOutcome | None
    """What the statistics say of it; ``None`` where they were not asked."""


@dataclass(frozen=True, slots=True)
class UnlinkedDelivery:
    """A delivered item that serves no key result, and why."""

    key: str
    title: str
    day: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class OutcomesReport:
    """Everything the report says; a renderer adds nothing."""

    as_of: date
    timezone: str
    cycles: tuple[str, ...]
    headline: str
    sources: tuple[SourceState, ...]
    items: ItemCounts
    exempt: tuple[ExemptShare, ...]
    joined_issues: int
    key_results: tuple[KeyResultReport, ...]
    unlinked: tuple[UnlinkedDelivery, ...]
    """Delivered in the report's cycles, newest first."""
    faulty_links: tuple[FaultyLink, ...]
    stray_decisions: tuple[str, ...]
    """Keys in the ledger of items that were never read."""
    failed_metrics: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every source is fresh and every metric could be read."""
        return all(source.is_fresh for source in self.sources) and not self.failed_metrics


def build_outcomes(inputs: ReportInputs, cycles: Sequence[str]) -> OutcomesReport:
    """The report on *cycles* (ids)."""
    linked = by_key_result(inputs.linking)
    key_results = tuple(
        _key_result(entry, linked.get(entry.qualified_id, []), inputs)
        for entry in inputs.okrs.key_results
        if entry.cycle in cycles
    )
    placements = inputs.linking.placements
    items = count_items(placements)
    periods = [cycle for cycle in inputs.okrs.cycles if cycle.id in cycles]
    unlinked = [_unlinked(placement, inputs.zone) for placement in placements if _is_unlinked_delivery(placement)]
    unlinked = [entry for entry in unlinked if _lies_in(entry.day, periods, inputs.as_of)]
    faults = tuple(faulty_links(inputs.linking))
    return OutcomesReport(
        as_of=inputs.as_of,
        timezone=inputs.zone.key,
        cycles=tuple(cycles),
        headline=_headline(key_results, items, len(unlinked), _exempt(placements, periods, inputs), periods),
        sources=tuple(inputs.sources),
        items=items,
        exempt=tuple(exempt_shares(placements, inputs.budgets)),
        joined_issues=joined_issues(inputs.linking),
        key_results=key_results,
        unlinked=tuple(sorted(unlinked, key=lambda entry: (_newest_first(entry.day), natural(entry.key)))),
        faulty_links=faults,
        stray_decisions=tuple(sorted({record.item for record in inputs.linking.unread}, key=natural)),
        failed_metrics=tuple(inputs.failed_metrics),
    )


def _stale_days(metric: Metric | None, observations: Sequence[Observation], as_of: date) -> int | None:
    latest = current_value(observations, as_of)
    if metric is None or latest is None or metric.most_days is None:
        return None
    age = (as_of - latest.date).days
    return age if age > metric.most_days else None


def _key_result(entry: KeyResult, placements: Sequence[Placement], inputs: ReportInputs) -> KeyResultReport:
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
        deliveries=tuple(sorted(deliveries, key=lambda unit: (_newest_first(unit.day), natural(unit.key)))),
        open_items=sum(1 for placement in placements if not placement.item.is_delivered and _counts(placement)),
        outcome=outcome,
    )


def _delivery(piece: Piece, entry: KeyResult, observations: Sequence[Observation], inputs: ReportInputs) -> Delivery:
    item, link, day = piece.placement.item, piece.link, piece.day
    measured = day is not None and entry.state != "draft" and bool(entry.metric)
    return Delivery(
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


def _counts(placement: Placement) -> bool:
    """Whether *placement* is a piece of work of its own: an issue, or a pull request that closes none."""
    return placement.item.status.value != "dropped" and not (
        placement.item.kind is ItemKind.PULL_REQUEST and placement.implements
    )


def _is_unlinked_delivery(placement: Placement) -> bool:
    return placement.group is Group.UNLINKED and placement.item.is_delivered and _counts(placement)


def _unlinked(placement: Placement, zone: ZoneInfo) -> UnlinkedDelivery:
    item = placement.item
    return UnlinkedDelivery(item.key, item.title, day_of(item.delivered, zone), placement.reason)


def _lies_in(day: date | None, periods: Sequence[Cycle], as_of: date) -> bool:
    """Whether *day* is one of the report's; work without a day is never left out."""
    return day is None or (day <= as_of and any(period.contains(day) for period in periods))


def _newest_first(day: date | None) -> int:
    return 0 if day is None else -day.toordinal()


def _exempt(placements: Sequence[Placement], periods: Sequence[Cycle], inputs: ReportInputs) -> int:
    """How many exempt pieces were delivered in the report's cycles."""
    return sum(
        placement.group is Group.EXEMPT
        and placement.item.is_delivered
        and _counts(placement)
        and _lies_in(day_of(placement.item.delivered, inputs.zone), periods, inputs.as_of)
        for placement in placements
    )


def _headline(
    key_results: Sequence[KeyResultReport], items: ItemCounts, unlinked: int, exempt: int, periods: Sequence[Cycle]
) -> str:
    delivered = {delivery.key: delivery.day for entry in key_results for delivery in entry.deliveries}
    inside = {key for key, day in delivered.items() if day is None or any(period.contains(day) for period in periods)}
    with_work = sum(1 for entry in key_results if inside & {delivery.key for delivery in entry.deliveries})
    units, outside = len(inside), len(delivered) - len(inside)
    if not items.total:
        return "Nothing has been read yet."
    if not key_results:
        return "No cycle runs on this day; name one with --cycle."
    return (
        f"{_plural(units, 'piece')} of delivered work {'serves' if units == 1 else 'serve'} {with_work} of "
        f"{_plural(len(key_results), 'key result')}; {unlinked:,} more delivered in the same time "
        f"{'serves' if unlinked == 1 else 'serve'} none, {exempt:,} {'is' if exempt == 1 else 'are'} exempt."
        + (f" {outside:,} came before or after." if outside else "")
    )


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
