"""What somebody has to look after before the reports can be trusted in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from okrsync.model.okrs import KeyResult
from okrsync.model.placements import LinkStatus, Placement
from okrsync.reports.counts import InvalidLink, natural
from okrsync.reports.hypotheses import HypothesisLine
from okrsync.reports.inputs import JudgedInputs, current_value


class Trouble(StrEnum):
    """What is the matter."""

    SOURCE = "source"
    """A source could not be read, not wholly, or not lately."""
    METRIC_FAILED = "metric_failed"
    METRIC_STALE = "metric_stale"
    OVERDUE = "overdue"
    """An expectation is past its date, without a delivery or without a verdict."""
    REOPENED = "reopened"
    """Work was delivered and is open again: its checks are withdrawn until it is delivered once more."""
    LINK = "link"
    """A link that does not count."""
    STRAY = "stray"
    """Linked by hand, and never read from a tracker."""


@dataclass(frozen=True, slots=True)
class AttentionLine:
    """One thing to look after: *subject* is what it is about, *detail* what is the matter in trackers' words or ids."""

    trouble: Trouble
    subject: str
    detail: str = ""
    days: int | None = None
    """How old a stale metric is, or how long something is overdue."""


def attention(
    inputs: JudgedInputs,
    key_results: Sequence[KeyResult],
    faults: Iterable[InvalidLink],
    overdue: Iterable[HypothesisLine],
) -> tuple[AttentionLine, ...]:
    """Everything to look after, what makes most of a report doubtful first."""
    return (
        *(
            AttentionLine(Trouble.SOURCE, entry.name, entry.error or entry.status, entry.age_days)
            for entry in inputs.sources
            if not entry.is_fresh
        ),
        *(AttentionLine(Trouble.METRIC_FAILED, name) for name in inputs.failed_metrics),
        *_stale(inputs, key_results),
        *(AttentionLine(Trouble.OVERDUE, line.id, line.key_result, _days_late(line, inputs.as_of)) for line in overdue),
        *_reopened(inputs.linking.placements),
        *(AttentionLine(Trouble.LINK, fault.key, f"{fault.key_result}: {fault.reason}") for fault in faults),
        *(
            AttentionLine(Trouble.STRAY, key)
            for key in sorted({record.item for record in inputs.linking.unread}, key=natural)
        ),
    )


def _days_late(line: HypothesisLine, as_of: date) -> int | None:
    """Since when something should have been said of *line*; ``None``: delivered, and nothing tells of it."""
    due = line.due if line.evaluation is None else line.evaluation
    return (as_of - due).days if due <= as_of else None


def _stale(inputs: JudgedInputs, key_results: Sequence[KeyResult]) -> Iterator[AttentionLine]:
    wanted = {entry.metric for entry in key_results if inputs.okrs.cycle(entry.cycle).contains(inputs.as_of)}
    for metric in inputs.okrs.metrics:
        latest = current_value(inputs.observations.get(metric.id, ()), inputs.as_of)
        if metric.id in wanted and latest is not None and metric.most_days is not None:
            age = (inputs.as_of - latest.date).days
            if age > metric.most_days:
                yield AttentionLine(Trouble.METRIC_STALE, metric.id, "", age)


def _reopened(placements: Iterable[Placement]) -> Iterator[AttentionLine]:
    found = [
        placement.item
        for placement in placements
        if placement.item.reopened
        and placement.item.first_done is not None
        and placement.item.status.is_open
        and placement.group is LinkStatus.LINKED
    ]
    for item in sorted(found, key=lambda item: natural(item.key)):
        yield AttentionLine(Trouble.REOPENED, item.key, item.title)
