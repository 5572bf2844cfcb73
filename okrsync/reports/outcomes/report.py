"""The outcomes report: delivered work by key result, what it moved, and what has to be decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from okrsync.linking.delivered import by_key_result, day_of
from okrsync.model.okrs import Cycle
from okrsync.model.placements import LinkStatus, Placement
from okrsync.reports.counts import (
    ExemptShare,
    InvalidLink,
    ItemCounts,
    exempt_shares,
    faulty_links,
    natural,
)
from okrsync.reports.hypotheses import HypothesesReport
from okrsync.reports.inputs import JudgedInputs, SourceState
from okrsync.reports.key_results import KeyResultReport, key_result_report, newest_first
from okrsync.reports.outcomes.attention import AttentionLine, attention
from okrsync.reports.outcomes.due_checks import DecisionContext, DueCheck, Subject, UpcomingCheck, coming, matured
from okrsync.reports.outcomes.recent_deliveries import RecentDelivery, delivered_since, is_of
from okrsync.reports.progress import KeyResultProgress, ProgressReport
from okrsync.reports.words.verdict_table import VERDICTS


@dataclass(frozen=True, slots=True)
class UnlinkedDelivery:
    """A delivered item that serves no key result, and why."""

    key: str
    title: str
    day: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class DeliveredWork:
    """
    How many pieces of work were delivered in the report's cycles: those that serve a key result, and the others.

    *with_work*: key results that have one. *outside*: pieces on the same key results from before or after the cycles.
    """

    pieces: int
    with_work: int
    unlinked: int
    exempt: int
    outside: int


@dataclass(frozen=True, slots=True)
class OutcomesReport:
    """Everything the report says; a renderer adds nothing."""

    as_of: date
    timezone: str
    cycles: tuple[str, ...]
    headline: str
    served: DeliveredWork
    sources: tuple[SourceState, ...]
    items: ItemCounts
    exempt: tuple[ExemptShare, ...]
    joined_issues: int
    key_results: tuple[KeyResultReport, ...]
    unlinked: tuple[UnlinkedDelivery, ...]
    """Delivered in the report's cycles, newest first."""
    faulty_links: tuple[InvalidLink, ...]
    stray_decisions: tuple[str, ...]
    """Keys in the ledger of items that were never read."""
    failed_metrics: tuple[str, ...]
    since: date
    """What came after this day is new."""
    fresh: tuple[RecentDelivery, ...]
    """Delivered since then, newest first, whatever it serves; where all cycles are over, of them alone."""
    is_past: bool
    """All of its cycles are over."""
    is_since_asked: bool
    """Somebody asked for *since*; else it is the usual day."""
    matured: tuple[DueCheck, ...]
    """Every check of the cycles that has come due."""
    coming: tuple[UpcomingCheck, ...]
    progress: tuple[KeyResultProgress, ...]
    attention: tuple[AttentionLine, ...]

    @property
    def tells_fresh(self) -> bool:
        """Whether *fresh* is to be told, be it empty: of cycles that are over only where somebody asked since when."""
        return bool(self.fresh) or self.is_since_asked or not self.is_past

    @property
    def is_complete(self) -> bool:
        """Whether every source is fresh and every metric could be read."""
        return all(source.is_fresh for source in self.sources) and not self.failed_metrics


@dataclass(frozen=True, slots=True)
class RelatedReports:
    """What the report takes from other reports on the same *inputs*."""

    progress: ProgressReport
    hypotheses: HypothesesReport
    """The overdue ones."""
    known: DecisionContext


def build_outcomes(
    inputs: JudgedInputs, cycles: Sequence[str], since: date, beside: RelatedReports, *, is_since_asked: bool = False
) -> OutcomesReport:
    """The report on *cycles* (ids); what came after *since*, which somebody asked for or is the usual day, is new."""
    linked = by_key_result(inputs.linking)
    key_results = tuple(
        key_result_report(entry, linked.get(entry.qualified_id, []), inputs)
        for entry in inputs.okrs.key_results
        if entry.cycle in cycles
    )
    placements = inputs.linking.placements
    stock = inputs.stock
    items = stock.items
    periods = [cycle for cycle in inputs.okrs.cycles if cycle.id in cycles]
    unlinked = [_unlinked(placement, inputs.zone) for placement in placements if _is_unlinked_delivery(placement)]
    unlinked = [entry for entry in unlinked if _lies_in(entry.day, periods, inputs.as_of)]
    faults = tuple(faulty_links(inputs.linking))
    subjects = [_subject(entry) for entry in key_results if entry.outcome is not None]
    judged = tuple(matured(subjects, beside.known, since, inputs.as_of))
    is_past = bool(periods) and all(period.end < inputs.as_of for period in periods)
    fresh = [
        entry for entry in delivered_since(since, inputs, key_results) if not is_past or is_of(entry, cycles, periods)
    ]
    return OutcomesReport(
        as_of=inputs.as_of,
        timezone=inputs.zone.key,
        cycles=tuple(cycles),
        headline=_headline(judged, items, key_results, periods),
        served=_served(key_results, len(unlinked), _exempt(placements, periods, inputs), periods),
        sources=tuple(inputs.sources),
        items=items,
        exempt=tuple(exempt_shares(stock, inputs.budgets)),
        joined_issues=stock.joined,
        key_results=key_results,
        unlinked=tuple(sorted(unlinked, key=lambda entry: (newest_first(entry.day), natural(entry.key)))),
        faulty_links=faults,
        stray_decisions=tuple(sorted({record.item for record in inputs.linking.unread}, key=natural)),
        failed_metrics=tuple(inputs.failed_metrics),
        since=since,
        fresh=tuple(fresh),
        is_past=is_past,
        is_since_asked=is_since_asked,
        matured=judged,
        coming=tuple(coming(subjects, inputs.as_of)),
        progress=beside.progress.key_results,
        attention=attention(
            inputs,
            [entry for entry in inputs.okrs.key_results if entry.cycle in cycles],
            faults,
            beside.hypotheses.hypotheses,
        ),
    )


def _is_unlinked_delivery(placement: Placement) -> bool:
    return placement.group is LinkStatus.UNLINKED and placement.item.is_delivered and placement.is_piece


def _unlinked(placement: Placement, zone: ZoneInfo) -> UnlinkedDelivery:
    item = placement.item
    return UnlinkedDelivery(item.key, item.title, day_of(item.delivered, zone), placement.reason)


def _lies_in(day: date | None, periods: Sequence[Cycle], as_of: date) -> bool:
    """Whether *day* is one of the report's; work without a day is never left out."""
    return day is None or (day <= as_of and any(period.contains(day) for period in periods))


def _exempt(placements: Sequence[Placement], periods: Sequence[Cycle], inputs: JudgedInputs) -> int:
    """How many exempt pieces were delivered in the report's cycles."""
    return sum(
        placement.group is LinkStatus.EXEMPT
        and placement.item.is_delivered
        and placement.is_piece
        and _lies_in(day_of(placement.item.delivered, inputs.zone), periods, inputs.as_of)
        for placement in placements
    )


@dataclass(frozen=True, slots=True)
class News:
    """What came after the day *since*: items that were delivered, and checks that came due."""

    since: date
    delivered: int
    due: int

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.delivered or self.due)


def news_since(report: OutcomesReport, day: date) -> News:
    """What of *report* came after *day*, or after the day from which on things are new to it, if that is later."""
    since = max(day, report.since)
    return News(
        since,
        sum(entry.day is not None and entry.day > since for entry in report.fresh),
        sum(entry.check.evaluation > since for entry in report.matured),
    )


def _served(
    key_results: Sequence[KeyResultReport], unlinked: int, exempt: int, periods: Sequence[Cycle]
) -> DeliveredWork:
    delivered = {delivery.key: delivery.day for entry in key_results for delivery in entry.deliveries}
    inside = {key for key, day in delivered.items() if day is None or any(period.contains(day) for period in periods)}
    with_work = sum(1 for entry in key_results if inside & {delivery.key for delivery in entry.deliveries})
    return DeliveredWork(len(inside), with_work, unlinked, exempt, len(delivered) - len(inside))


def _headline(
    judged: Sequence[DueCheck],
    items: ItemCounts,
    key_results: Sequence[KeyResultReport],
    periods: Sequence[Cycle],
) -> str:
    if not items.total:
        return "Nothing has been read yet."
    if not periods:
        return "No cycle runs on this day; name one with --cycle."
    if not key_results:
        return "The cycle has no key results yet."
    if not judged:
        return "No check has come due yet: nothing can be said of what delivered work moved."
    counts = Counter(entry.check.verdict for entry in judged)
    parts = [
        f"{counts[verdict]:,} {words.sentence(counts[verdict])}"
        for verdict, words in VERDICTS.items()
        if counts[verdict] and words.one
    ]
    checks = "1 check that came due" if len(judged) == 1 else f"{len(judged):,} checks that came due"
    return f"Of {checks}, {listed(parts)}."


def listed(parts: Sequence[str]) -> str:
    """*parts* as a sentence lists them: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _subject(entry: KeyResultReport) -> Subject:
    checks = () if entry.outcome is None else entry.outcome.checks
    titles = {delivery.key: delivery.title for delivery in entry.deliveries}
    return Subject(entry.id, entry.title, entry.unit, checks, titles)
