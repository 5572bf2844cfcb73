"""Metrics of the work itself, computed from the items that were synced: how many, how large, how old, how long."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import fsum
from statistics import median
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, model_validator

from okrsync.config.settings_file import Conditions
from okrsync.config.validation import YamlEntry
from okrsync.errors import MetricError, Problem
from okrsync.linking.conditions import Hierarchy, hold
from okrsync.model.history import ItemPast
from okrsync.model.ledger import Observation
from okrsync.plugins.metric_source import MetricContext

_END_OF_DAY = time(23, 59, 59)
_DAY_SECONDS = 86_400


class ItemsSettings(YamlEntry):
    """``source: {type: items, measure: ..., of: ..., if: {...}}``; *because* says why it is an outcome, if it is."""

    type: Literal["items"]
    measure: Literal["count", "sum", "median_age", "median_lead_time"]
    of: Literal["open", "created", "delivered"] | None = None
    condition: Annotated[Conditions | None, Field(alias="if")] = None
    over_days: Annotated[int, Field(ge=1, le=366)] = 1
    history_days: Annotated[int, Field(ge=1, le=3660)] = 365
    because: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        fixed = {"median_age": "open", "median_lead_time": "delivered"}.get(self.measure)
        if fixed and self.of not in {None, fixed}:
            raise ValueError(f"{self.measure} is of {fixed} items; remove of")
        if fixed is None and self.of is None:
            raise ValueError(f"{self.measure} of what; write of: open, created or delivered")
        if self.over_days > 1 and (self.of == "open" or self.measure == "median_age"):
            raise ValueError("open items are those of the day's end; remove over_days")
        for name in ("parent", "field", "body"):
            if self.condition is not None and name in self.condition.given:
                raise ValueError(f"the condition {name} is for links alone; filter by label, type, project or another")
        return self

    @property
    def subject(self) -> str:
        """Which items count on a day: *open*, *created* or *delivered*."""
        return self.of or ("open" if self.measure == "median_age" else "delivered")


@dataclass(frozen=True, slots=True)
class _Span:
    """From *first* to the day before *after*, one item counts with *weight*."""

    first: date
    after: date
    weight: float


class ItemsSource:
    """Computes one metric of the items that are in the store."""

    Settings: ClassVar[type[BaseModel]] = ItemsSettings
    is_window: ClassVar[bool] = True

    def read(self, metric: str, settings: Mapping[str, Any], context: MetricContext) -> Sequence[Observation]:
        """
        A value for each whole day since the first item, at most ``history_days`` back, ascending.

        Ages and lead times are in days; a median of nothing is missing, a count of nothing is 0.

        Raises:
            MetricError: sizes in several units are to be added.
        """
        checked = ItemsSettings.model_validate(settings)
        pasts = context.items()
        if not pasts:
            return []
        hierarchy = Hierarchy([past.item for past in pasts])
        chosen = [past for past in pasts if checked.condition is None or hold(checked.condition, past.item, hierarchy)]
        if checked.measure == "sum":
            _refuse_mixed_units(metric, chosen)
        begin = min(_day(past.item.created, context.zone) for past in pasts)
        spans = [span for past in chosen for span in _spans(past, checked, context.zone)]
        is_median = checked.measure.startswith("median")
        days = list(_whole_days(begin, checked.history_days, context))
        return [
            Observation(metric, day, value, context.now, f"items:{checked.measure}", n if is_median else None)
            for day, value, n in _swept(spans, days, _measure(checked, context.zone))
        ]


def _refuse_mixed_units(metric: str, pasts: Sequence[ItemPast]) -> None:
    units = sorted({past.item.size.unit for past in pasts if past.item.size is not None})
    if len(units) > 1:
        what = f"sizes in {len(units)} units ({', '.join(units)[:120]}) cannot be added"
        raise MetricError(metric, [Problem(f"metric {metric}", 0, 0, what, "narrow `if` to one source")])


def _spans(past: ItemPast, settings: ItemsSettings, zone: ZoneInfo) -> Iterator[_Span]:
    item = past.item
    if settings.measure == "sum" and item.size is None:
        return
    size = item.size.value if settings.measure == "sum" and item.size is not None else 1.0
    if settings.subject == "open":
        weight = item.created.timestamp() if settings.measure == "median_age" else size
        for start, end in _open_times(past):
            yield _Span(_day(start, zone), date.max if end is None else _day(end, zone), weight)
        return
    moment = item.created if settings.subject == "created" else item.delivered
    if moment is None or (settings.subject == "delivered" and not item.is_delivered):
        return
    weight = (moment - item.created).total_seconds() / _DAY_SECONDS if settings.measure == "median_lead_time" else size
    first = _day(moment, zone)
    yield _Span(first, first + timedelta(days=settings.over_days), weight)


def _open_times(past: ItemPast) -> Iterator[tuple[datetime, datetime | None]]:
    opened: datetime | None = None
    for moment, status in past.statuses:
        if status.is_open and opened is None:
            opened = moment
        elif not status.is_open and opened is not None:
            yield opened, moment
            opened = None
    if opened is not None:
        yield opened, None


def _whole_days(begin: date, most: int, context: MetricContext) -> Iterator[date]:
    """The days that are over by now: half a day would be counted anew each time."""
    today = _day(context.now, context.zone)
    is_over = context.now >= _end_of(today, context.zone)
    last = today if is_over else today - timedelta(days=1)
    day = max(begin, last - timedelta(days=most - 1))
    while day <= last:
        yield day
        day += timedelta(days=1)


def _swept(
    spans: Sequence[_Span], days: Sequence[date], measure: Callable[[Sequence[float], date], float | None]
) -> Iterator[tuple[date, float, float]]:
    """Each of *days* on which there is a value, with it and how many items count."""
    coming = sorted((span for span in spans if span.first < span.after), key=lambda span: (span.first, span.weight))
    going = sorted(coming, key=lambda span: (span.after, span.weight))
    held: list[float] = []
    came = went = 0
    for day in days:
        while came < len(coming) and coming[came].first <= day:
            insort(held, coming[came].weight)
            came += 1
        while went < len(going) and going[went].after <= day:
            del held[bisect_left(held, going[went].weight)]
            went += 1
        value = measure(held, day)
        if value is not None:
            yield day, value, float(len(held))


def _measure(settings: ItemsSettings, zone: ZoneInfo) -> Callable[[Sequence[float], date], float | None]:
    """What is told of a day by the weights of the items that count on it, ascending."""

    def age(weights: Sequence[float], day: date) -> float | None:
        return (_end_of(day, zone).timestamp() - median(weights)) / _DAY_SECONDS if weights else None

    def lead_time(weights: Sequence[float], _day: date) -> float | None:
        return median(weights) if weights else None

    def total(weights: Sequence[float], _day: date) -> float:
        return fsum(weights)

    return {"count": total, "sum": total, "median_age": age, "median_lead_time": lead_time}[settings.measure]


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, _END_OF_DAY, zone).astimezone(UTC)
