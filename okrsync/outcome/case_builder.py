"""From what is known of a project to what is asked of the statistics: one case for each key result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from okrsync.config.calendars import public_holidays
from okrsync.linking.delivered import WorkUnit, by_key_result, pieces
from okrsync.linking.placement import Placements
from okrsync.model.ledger import Observation
from okrsync.model.okrs import KeyResult, Metric, Okrs
from okrsync.model.placements import Placement
from okrsync.model.work import Status
from okrsync.outcome.cases import Case, Delivery, MetricSeries, Settings

_LEAST_AGE_DAYS = 7
"""A daily metric may pause over a long weekend before its verdicts are withheld."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one delivery was to change, in the metric's unit; *is_registered*: with its link, before the delivery."""

    change: float
    is_registered: bool
    unit: str = ""
    """The hypothesis, where that is the unit of delivery."""


HolidaysBetween = Callable[[str, date, date], frozenset[date]]
"""The public holidays of a calendar from one day to another, both included."""


@dataclass(frozen=True, slots=True)
class CaseInputs:
    """What the cases are made of; *expectations* by key result and item key."""

    okrs: Okrs
    linking: Placements
    observations: Mapping[str, Sequence[Observation]]
    zone: ZoneInfo
    as_of: date
    expectations: Mapping[tuple[str, str], Expectation] = field(default_factory=dict)
    within: frozenset[str] | None = None
    """The key results (qualified) that are asked about; ``None``: all of them."""
    holidays: HolidaysBetween = public_holidays


def cases_of(questions: CaseInputs) -> list[Case]:
    """One case for each key result asked about, in the order of the OKR files; its key is the qualified id."""
    linked = by_key_result(questions.linking)
    return [
        _case(key_result, linked.get(key_result.qualified_id, []), questions)
        for key_result in questions.okrs.key_results
        if questions.within is None or key_result.qualified_id in questions.within
    ]


def _case(key_result: KeyResult, placements: Sequence[Placement], questions: CaseInputs) -> Case:
    metric = questions.okrs.metrics_by_id.get(key_result.metric)
    found = pieces(placements, key_result.qualified_id, questions.zone, questions.as_of)
    sizes = _sizes(found)
    deliveries = tuple(
        made
        for piece, size in zip(found, sizes, strict=True)
        if (made := _delivery(piece, size, key_result, placements, questions)) is not None
    )
    return Case(
        key_result.qualified_id,
        _series(key_result.metric, questions),
        deliveries,
        tuple(_series(name, questions) for name in key_result.controls),
        settings_of(key_result, metric),
        change_until=questions.okrs.cycle(key_result.cycle).end,
    )


def settings_of(key_result: KeyResult, metric: Metric | None) -> Settings:
    """What *key_result* and its *metric* declare."""
    most = None if metric is None else metric.most_days
    return Settings(
        direction=key_result.direction,
        band=key_result.band,
        level=key_result.level,
        is_draft=key_result.state == "draft" or metric is None,
        min_effect=key_result.min_effect,
        lag_days=key_result.lag_days,
        window_days=key_result.window_days,
        settle_days=0 if metric is None else metric.settle_days,
        max_age_days=None if most is None else max(most, _LEAST_AGE_DAYS),
        baseline=None if key_result.baseline is None else key_result.baseline.date,
    )


def series_of(
    metric: Metric | None,
    observations: Iterable[Observation],
    as_of: date,
    holidays: HolidaysBetween = public_holidays,
) -> MetricSeries:
    """What was observed of *metric* up to *as_of*; empty without a metric."""
    if metric is None:
        return MetricSeries((), ())
    known = [entry for entry in observations if entry.day <= as_of]
    by_day = {entry.day: entry for entry in known}
    entries = [by_day[day] for day in sorted(by_day)]
    sizes = tuple(entry.n for entry in entries if entry.n is not None and entry.n > 0)
    return MetricSeries(
        tuple(entry.day for entry in entries),
        tuple(entry.value for entry in entries),
        sizes if len(sizes) == len(entries) else (),
        metric.bounds,
        metric.trailing_days,
        breaks=tuple(sorted(event.start for event in metric.events if event.kind == "break")),
        masked=_masked(metric, entries, holidays),
    )


def _masked(metric: Metric, entries: Sequence[Observation], holidays: HolidaysBetween) -> frozenset[date]:
    """The days of pulses, and the public holidays of its calendar."""
    pulses = frozenset(day for event in metric.events if event.kind == "pulse" for day in _days(event.start, event.end))
    # A point that stands for a week or a month is not its day's: one holiday in it does not make it another.
    if not entries or metric.cadence in {"weekly", "monthly"}:
        return pulses
    return pulses | holidays(metric.calendar, entries[0].day, entries[-1].day)


def _series(name: str, questions: CaseInputs) -> MetricSeries:
    metric, observations = questions.okrs.metrics_by_id.get(name), questions.observations.get(name, ())
    return series_of(metric, observations, questions.as_of, questions.holidays)


def _days(start: date, end: date) -> Iterable[date]:
    return (start + timedelta(days=number) for number in range((end - start).days + 1))


def _sizes(found: Sequence[WorkUnit]) -> list[float]:
    """The share of the work that each piece is; where a size is missing or its unit another, all count alike."""
    sizes = [piece.placement.item.size for piece in found]
    units = {size.unit if size is not None and size.value > 0 else None for size in sizes}
    if len(units) != 1 or None in units:
        return [piece.link.share for piece in found]
    return [size.value * piece.link.share for size, piece in zip(sizes, found, strict=True) if size is not None]


def _delivery(
    piece: WorkUnit, size: float, key_result: KeyResult, placements: Sequence[Placement], questions: CaseInputs
) -> Delivery | None:
    """*piece* as the statistics take it; ``None`` where nobody knows its day, or its declared unit is not yet whole."""
    item = piece.placement.item
    expectation = questions.expectations.get((key_result.qualified_id, item.key.casefold()))
    unit = _unit(piece, key_result, expectation)
    if piece.day is None or (unit and not _is_whole(unit, placements, key_result)):
        return None
    return Delivery(
        item.key,
        piece.day,
        size,
        unit,
        None if expectation is None else expectation.change,
        expectation is not None and expectation.is_registered,
    )


def _unit(piece: WorkUnit, key_result: KeyResult, expectation: Expectation | None) -> str:
    """The declared unit that *piece* belongs to; empty for a wave."""
    if key_result.unit_of_delivery == "hypothesis":
        return "" if expectation is None else expectation.unit
    return _belongs(piece.placement, key_result.unit_of_delivery)


def _belongs(placement: Placement, wanted: str) -> str:
    item = placement.item
    if wanted == "epic":
        return item.parent
    if wanted == "milestone":
        return item.iterations[-1].id if item.iterations else ""
    if wanted == "release":
        return "" if item.delivered is None else item.delivered.isoformat()
    return ""


def _is_whole(unit: str, placements: Sequence[Placement], key_result: KeyResult) -> bool:
    """Whether everything of *unit* that was not dropped is delivered."""
    return all(
        placement.item.is_delivered
        for placement in placements
        if placement.item.status is not Status.DROPPED and _belongs(placement, key_result.unit_of_delivery) == unit
    )
