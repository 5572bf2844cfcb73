"""What is wanted: values, cycles, metrics, objectives and key results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Direction(StrEnum):
    """Which way a key result is meant to move its metric."""

    INCREASE = "increase"
    DECREASE = "decrease"
    MAINTAIN = "maintain"


@dataclass(frozen=True, slots=True)
class Value:
    """What the organisation stands for, with its observable signs and guardrail metrics."""

    id: str
    statement: str
    signs: tuple[str, ...] = ()
    guardrails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueReference:
    """Which value an objective serves, and why."""

    id: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A quarter or any other period that objectives run in; both days belong to it."""

    id: str
    start: date
    end: date
    review_days: int = 28

    def contains(self, day: date) -> bool:
        """Whether *day* lies in the cycle."""
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True)
class MetricEvent:
    """A ``break`` (new definition on *start*) or a ``pulse`` (masked days *start* to *end*) in a metric's series."""

    kind: str
    start: date
    end: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that is measured over time, and where it comes from."""

    id: str
    definition: str
    unit: str
    source_type: str
    source: Mapping[str, Any]
    """Settings of the metric source, its type among them."""
    source_folder: str
    """The folder that relative paths in *source* start from."""
    cadence: str
    bounds: tuple[float, float] | None = None
    limits: tuple[float | None, float | None] = (None, None)
    """Least and most that are acceptable where it is a guardrail; ``None``: no limit on that side."""
    trailing_days: int = 0
    settle_days: int = 0
    max_age_days: int | None = None
    owner: str = ""
    review_by: date | None = None
    events: tuple[MetricEvent, ...] = ()
    calendar: str = ""

    @property
    def most_days(self) -> int | None:
        """How old its latest observation may be, in days: as configured, else two cadences; ``None``: any age."""
        return self.max_age_days or {"daily": 2, "weekly": 14, "monthly": 62}.get(self.cadence)


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A value with the day it holds for."""

    value: float
    date: date


@dataclass(frozen=True, slots=True)
class KeyResult:
    """The measure of an objective. A draft may lack metric, baseline and target."""

    id: str
    """As written: unique in its cycle."""
    cycle: str
    objective: str
    title: str
    state: str
    metric: str
    """Metric id; empty for a draft without one."""
    direction: Direction
    baseline: DatedValue | None
    target: DatedValue | None
    band: tuple[float, float] | None
    kind: str
    level: str
    min_effect: float | None = None
    lag_days: int = 0
    window_days: int = 28
    unit_of_delivery: str = "wave"
    controls: tuple[str, ...] = ()
    review_every_days: int = 30

    @property
    def qualified_id(self) -> str:
        """Unique everywhere: ``2026Q4/KR1.1``."""
        return f"{self.cycle}/{self.id}"


@dataclass(frozen=True, slots=True)
class Objective:
    """A goal of one cycle, with its key results."""

    id: str
    cycle: str
    title: str
    owner: str = ""
    theme: str = ""
    contributors: tuple[str, ...] = ()
    values: tuple[ValueReference, ...] = ()
    key_results: tuple[KeyResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Okrs:
    """Everything that the OKR files say, ids unique, in file order."""

    values: tuple[Value, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    metrics: tuple[Metric, ...] = ()
    objectives: tuple[Objective, ...] = ()

    @property
    def key_results(self) -> tuple[KeyResult, ...]:
        """All key results of all objectives, in file order."""
        return tuple(key_result for objective in self.objectives for key_result in objective.key_results)

    def cycle(self, cycle_id: str) -> Cycle:
        """The cycle with this id; validated files never name another."""
        return next(cycle for cycle in self.cycles if cycle.id == cycle_id)

    def objective_of(self, key_result: KeyResult) -> Objective:
        """The objective that *key_result* belongs to."""
        wanted = (key_result.cycle, key_result.objective)
        return next(objective for objective in self.objectives if (objective.cycle, objective.id) == wanted)

    @property
    def metrics_by_id(self) -> Mapping[str, Metric]:
        """Metrics by their id."""
        return MappingProxyType({metric.id: metric for metric in self.metrics})
