"""How metrics stand: where each comes from, how old it is, and its last points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.model.ledger import Observation
from okrsync.model.okrs import Metric, MetricEvent

LAST_POINTS = 10


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One observation: its day, its value in the metric's unit, and the sample size where that is known."""

    day: date
    value: float
    n: float | None
    origin: str


@dataclass(frozen=True, slots=True)
class MetricReport:
    """
    One metric. *age_days* is how old its latest observation is; *most_days* how old it may be (``None``: any age).

    *problems* are those of the last reading, where that failed; *revisions* how often a day's value was changed
    afterwards, where it was counted.
    """

    id: str
    definition: str
    unit: str
    source_type: str
    source: Mapping[str, object]
    cadence: str
    calendar: str
    owner: str
    review_by: date | None
    events: tuple[MetricEvent, ...]
    observations: int
    latest: MetricPoint | None
    age_days: int | None
    most_days: int | None
    is_stale: bool
    problems: tuple[str, ...]
    last: tuple[MetricPoint, ...]
    revisions: int | None


@dataclass(frozen=True, slots=True)
class MetricsReport:
    """All metrics, in file order."""

    as_of: date
    metrics: tuple[MetricReport, ...]


def build_metrics(metrics: Sequence[MetricReport], as_of: date) -> MetricsReport:
    """The report on *metrics*."""
    return MetricsReport(as_of, tuple(metrics))


def build_metric(
    metric: Metric,
    observations: Sequence[Observation],
    failed: Mapping[str, Sequence[str]],
    today: date,
    revisions: int | None = None,
) -> MetricReport:
    """How *metric* stands on *today*; one that was never measured is stale where it may not have any age."""
    known = [entry for entry in observations if entry.day <= today]
    points = tuple(MetricPoint(entry.day, entry.value, entry.n, entry.origin) for entry in known[-LAST_POINTS:])
    latest = points[-1] if points else None
    age = (today - latest.day).days if latest else None
    most = metric.most_days
    return MetricReport(
        id=metric.id,
        definition=metric.definition,
        unit=metric.unit,
        source_type=metric.source_type,
        source={name: value for name, value in metric.source.items() if name != "type"},
        cadence=metric.cadence,
        calendar=metric.calendar,
        owner=metric.owner,
        review_by=metric.review_by,
        events=metric.events,
        observations=len(known),
        latest=latest,
        age_days=age,
        most_days=most,
        is_stale=most is not None and (age is None or age > most),
        problems=tuple(failed.get(metric.id, ())),
        last=points,
        revisions=revisions,
    )
