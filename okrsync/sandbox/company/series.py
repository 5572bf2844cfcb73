"""Metric series with planted effects: weekday pattern, drift, autocorrelated noise, gaps, rounding."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from okrsync.sandbox.company.calendar import FIRST_DAY, LAST_METRIC_DAY
from okrsync.sandbox.company.plan import KEY_RESULTS

Effects: TypeAlias = Sequence[tuple[date, float]]
Gap: TypeAlias = Literal["row", "cell"]

_LEVEL_DAY: Final = date(2026, 6, 30)
_AUTOCORRELATION: Final = 0.25
_HOLIDAYS: Final = (date(2025, 12, 24), date(2026, 1, 1))
_WEEKDAYS: Final = (0.35, 0.1, 0.0, -0.1, -0.45, -0.6, 0.7)
"""Monday to Sunday, in units of a shape's strength; sums to zero."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a metric behaves when nobody touches it."""

    metric: str
    level: float
    """Without weekday and noise, on 30 June 2026."""
    sd: float
    """Standard deviation of the metric's own noise."""
    decimals: int
    step_days: int = 1
    year: float = 0.0
    """Drift over 365 days, in the metric's unit."""
    weekday: float = 0.0
    holiday: float = 0.0
    """Change during the days from Christmas to New Year."""
    sample: int | None = None
    """Mean count behind one value; written as column ``n``."""
    traffic: float = 0.0
    """Change for one sd of traffic."""
    first: date = FIRST_DAY
    gap: Gap = "row"
    gaps: float = 0.015
    low: float = 0.0
    high: float = math.inf


SHAPES: Final = (
    Shape("traffic", 21400, 1300, 0, year=1500, weekday=2600, holiday=-5200),
    Shape(
        "activation", 40.4, 1.6, 1, year=1.8, weekday=1.2, holiday=-5.0, sample=260, traffic=0.3, gap="cell", high=100
    ),
    Shape("signups", 116, 9, 0, year=6, weekday=14, holiday=-46, traffic=2.0),
    Shape("checkout_conversion", 57.8, 1.1, 2, year=0.9, weekday=0.9, traffic=-0.2, high=100),
    Shape("phone_checkout_seconds", 96.3, 4.0, 1, year=-1.5, weekday=2.0),
    Shape("payment_failures", 3.18, 0.22, 2, weekday=0.12, sample=5200, gap="cell", high=100),
    Shape("scan_latency", 399, 22, 0, year=45, weekday=-16),
    Shape("refund_hours", 25.6, 1.8, 1, year=1.2, weekday=1.4),
    Shape("search_success", 34.0, 1.1, 2, year=0.8, weekday=0.7, traffic=0.1, high=100),
    Shape("repeat_purchase", 6.1, 0.36, 2, year=0.2, weekday=0.25, gap="cell", high=100),
    Shape("onsale_errors", 14.0, 1.6, 1, year=-1.0, weekday=1.1),
    Shape("queue_minutes", 11.5, 1.1, 1, step_days=7, first=date(2026, 6, 22), gaps=0),
    Shape("page_seconds", 2.35, 0.11, 2, year=0.1, weekday=0.06),
    Shape("first_reply_hours", 5.4, 0.7, 1, year=0.5, weekday=0.8),
    Shape("self_service", 45.4, 1.7, 1, step_days=7, year=2.0, high=100),
    Shape("complaints", 3.1, 0.28, 2, step_days=7, year=0.1),
    Shape("unsubscribes", 0.42, 0.05, 2, step_days=7, high=100),
)
WIDE: Final = ("self_service", "services_on_pipeline", "complaints", "unsubscribes")
"""The columns of ``metrics/weekly.csv``."""
COMPLAINTS_RISE: Final = (date(2026, 10, 19), 1.7)
"""The guardrail of the value *trust* breaks its promise of fewer than 4 from this week on."""

_PIPELINE_START: Final = 9
_PIPELINE_WEEKS: Final = (date(2026, 10, 12), date(2026, 10, 26), date(2026, 11, 2), date(2026, 11, 9))


@dataclass(frozen=True, slots=True)
class CompanySeries:
    """The observed points of one metric; a missing value is ``None`` and a missing day has no point."""

    metric: str
    days: tuple[date, ...]
    values: tuple[float | None, ...]
    samples: tuple[int, ...] | None
    decimals: int


def noise_sd(metric: str) -> float | None:
    """Return the sd of a metric's own noise, or ``None`` where it has none (counts of services, check-ins)."""
    return next((shape.sd for shape in SHAPES if shape.metric == metric), None)


def planted_effects() -> dict[str, list[tuple[date, float]]]:
    """Return each metric's steps (day, change in its unit), those of the guardrail included."""
    effects: dict[str, list[tuple[date, float]]] = {"complaints": [COMPLAINTS_RISE]}
    for key_result in KEY_RESULTS:
        sd = noise_sd(key_result.metric) if key_result.metric else None
        for one in key_result.deliveries:
            if sd is not None and key_result.metric is not None and one.size:
                effects.setdefault(key_result.metric, []).append((one.day, effect_of(one.size, sd)))
    return effects


def effect_of(size: float, sd: float) -> float:
    """Return an effect of *size* sd in the metric's unit, as it is planted and as the truth states it."""
    return round(size * sd, 4)


def build_series(rng: np.random.Generator) -> dict[str, CompanySeries]:
    """Return every file-backed metric's series by name; weekly points lie on Mondays."""
    effects = planted_effects()
    found: dict[str, CompanySeries] = {}
    visits: Mapping[date, float] = {}
    for shape, own in zip(SHAPES, rng.spawn(len(SHAPES)), strict=True):
        days = _days(shape)
        noise = _noise(own, len(days))
        if shape.metric == "traffic":
            visits = dict(zip(days, noise.tolist(), strict=True))
        values = _values(shape, days, noise, effects.get(shape.metric, ()), visits)
        found[shape.metric] = _observed(own, shape, days, values)
    found["services_on_pipeline"] = _pipeline()
    return found


def _days(shape: Shape) -> list[date]:
    first = shape.first
    if shape.step_days == 7:
        first += timedelta(days=-first.weekday() % 7)
    count = (LAST_METRIC_DAY - first).days // shape.step_days + 1
    return [first + timedelta(days=i * shape.step_days) for i in range(count)]


def _noise(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return *count* values of a stationary AR(1) with sd 1."""
    shocks = rng.standard_normal(count)
    keep = math.sqrt(1 - _AUTOCORRELATION**2)
    noise = np.empty(count)
    noise[0] = shocks[0]
    for i in range(1, count):
        noise[i] = _AUTOCORRELATION * noise[i - 1] + keep * shocks[i]
    return noise


def _values(
    shape: Shape, days: Sequence[date], noise: NDArray[np.float64], effects: Effects, visits: Mapping[date, float]
) -> list[float]:
    values = []
    for day, wobble in zip(days, noise.tolist(), strict=True):
        value = shape.level + shape.year * (day - _LEVEL_DAY).days / 365 + shape.sd * wobble
        value += shape.traffic * visits.get(day, 0.0)
        if shape.step_days == 1:
            value += shape.weekday * _WEEKDAYS[day.weekday()]
        if _HOLIDAYS[0] <= day <= _HOLIDAYS[1]:
            value += shape.holiday
        value += sum(change for start, change in effects if day >= start)
        values.append(round(min(max(value, shape.low), shape.high), shape.decimals))
    return values


def _observed(rng: np.random.Generator, shape: Shape, days: Sequence[date], values: Sequence[float]) -> CompanySeries:
    """Take some days away; the first and the last are kept."""
    lost = (rng.random(len(days)) < shape.gaps) & (np.arange(len(days)) % (len(days) - 1) > 0)
    samples = tuple(int(n) for n in rng.poisson(shape.sample, len(days))) if shape.sample else None
    if shape.gap == "cell" or shape.step_days == 7:
        kept = tuple(None if gone else value for value, gone in zip(values, lost.tolist(), strict=True))
        return CompanySeries(shape.metric, tuple(days), kept, samples, shape.decimals)
    left = [i for i, gone in enumerate(lost.tolist()) if not gone]
    few = tuple(samples[i] for i in left) if samples else None
    return CompanySeries(
        shape.metric, tuple(days[i] for i in left), tuple(values[i] for i in left), few, shape.decimals
    )


def _pipeline() -> CompanySeries:
    days = _days(Shape("services_on_pipeline", 0, 0, 0, step_days=7))
    history = [max(2, _PIPELINE_START - (date(2026, 10, 1) - day).days // 60) for day in days]
    values = tuple(
        float(min(old, _PIPELINE_START) + sum(day >= week for week in _PIPELINE_WEEKS))
        for day, old in zip(days, history, strict=True)
    )
    return CompanySeries("services_on_pipeline", tuple(days), values, None, 0)


def csv_files(series: Mapping[str, CompanySeries]) -> dict[str, str]:
    """Return the text of each metrics file by its path: one sheet a metric, and one wide weekly sheet."""
    files = {f"metrics/{name}.csv": _sheet(one) for name, one in series.items() if name not in WIDE}
    files["metrics/weekly.csv"] = _wide([series[name] for name in WIDE])
    return files


def _sheet(one: CompanySeries) -> str:
    head = "date,value" if one.samples is None else "date,value,n"
    lines = [head]
    for i, (day, value) in enumerate(zip(one.days, one.values, strict=True)):
        cells = [day.isoformat(), _cell(value, one.decimals)]
        if one.samples is not None:
            cells.append("" if value is None else str(one.samples[i]))
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def _wide(columns: Sequence[CompanySeries]) -> str:
    lines = [",".join(["date", *(one.metric for one in columns)])]
    for i, day in enumerate(columns[0].days):
        lines.append(",".join([day.isoformat(), *(_cell(one.values[i], one.decimals) for one in columns)]))
    return "\n".join(lines) + "\n"


def _cell(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"
