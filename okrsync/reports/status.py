"""The status report: what is in the store, how it stands to key results, and how fresh it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.model.okrs import DatedValue
from okrsync.reports.counts import (
    ExemptShare,
    InvalidLink,
    ItemCounts,
    StoreTotals,
    exempt_shares,
    faulty_links,
    natural,
)
from okrsync.reports.inputs import ReportInputs, SourceState, current_value


@dataclass(frozen=True, slots=True)
class KeyResultState:
    """Where one key result stands; *current* is its latest observation."""

    id: str
    title: str
    state: str
    unit: str
    baseline: DatedValue | None
    target: DatedValue | None
    current: DatedValue | None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What ``okrsync status`` says."""

    as_of: date
    sources: tuple[SourceState, ...]
    items: ItemCounts
    exempt: tuple[ExemptShare, ...]
    joined_issues: int
    unlinked_reasons: tuple[tuple[str, int], ...]
    faulty_links: tuple[InvalidLink, ...]
    stray_decisions: tuple[str, ...]
    not_understood: tuple[tuple[str, str, str], ...]
    """Source, id and reason of raw items that could not be understood."""
    key_results: tuple[KeyResultState, ...]
    failed_metrics: tuple[str, ...]


def _reasons(stock: StoreTotals) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(stock.causes.items(), key=lambda entry: (-entry[1], entry[0])))


def build_status(
    inputs: ReportInputs, cycles: Sequence[str], not_understood: Sequence[tuple[str, str, str]]
) -> StatusReport:
    """The status of everything, with the key results of *cycles* (ids)."""
    stock = inputs.stock
    metrics = inputs.okrs.metrics_by_id
    return StatusReport(
        as_of=inputs.as_of,
        sources=tuple(inputs.sources),
        items=stock.items,
        exempt=tuple(exempt_shares(stock, inputs.budgets)),
        joined_issues=stock.joined,
        unlinked_reasons=_reasons(stock),
        faulty_links=tuple(faulty_links(inputs.linking)),
        stray_decisions=tuple(sorted({record.item for record in inputs.linking.unread}, key=natural)),
        not_understood=tuple(not_understood),
        key_results=tuple(
            KeyResultState(
                entry.qualified_id,
                entry.title,
                entry.state,
                metrics[entry.metric].unit if entry.metric in metrics else "",
                entry.baseline,
                entry.target,
                current_value(inputs.observations.get(entry.metric, ()), inputs.as_of),
            )
            for entry in inputs.okrs.key_results
            if entry.cycle in cycles
        ),
        failed_metrics=tuple(inputs.failed_metrics),
    )
