"""The shape of ``okrs.yaml``, and its way into the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from okrsync.config.calendars import checked_calendar
from okrsync.config.document import Document
from okrsync.config.validation import YamlEntry
from okrsync.model import okrs as model
from okrsync.plugins.metric_source import ITEMS

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]


class ValueEntry(YamlEntry):
    """What the organisation stands for."""

    id: Id
    statement: str
    signs: Annotated[list[str], Field(description="How one can see that it is lived")] = []
    guardrails: Annotated[list[Id], Field(description="Metrics that must not get worse")] = []


class CycleEntry(YamlEntry):
    """A period that objectives run in; both days belong to it."""

    id: Id
    start: date
    end: date
    review_days: Annotated[int, Field(ge=0)] = 28


class EventEntry(YamlEntry):
    """A day or days on which a metric's series is not what it was."""

    date_: Annotated[date | None, Field(alias="date")] = None
    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None
    kind: Literal["break", "pulse"]
    note: str = ""

    @model_validator(mode="after")
    def _when(self) -> Self:
        span = self.from_ is not None and self.to is not None
        if (self.date_ is not None) == span or (self.from_ is None) != (self.to is None):
            raise ValueError("an event needs either a date, or from and to; write one of them")
        if self.kind == "break" and span:
            raise ValueError("a break happens on one day; write date instead of from and to")
        return self


class SourceEntry(YamlEntry):
    """Where a metric's observations come from; the metric source checks the rest."""

    model_config = ConfigDict(extra="allow")

    type: str


class LimitsEntry(YamlEntry):
    """Where a guardrail has to stay: at least, at most, or both."""

    least: float | None = None
    most: float | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.least is None and self.most is None:
            raise ValueError("limits need least, most or both; write for example {most: 4}")
        if self.least is not None and self.most is not None and self.least >= self.most:
            raise ValueError("least is not below most; swap or mend them")
        return self


class MetricEntry(YamlEntry):
    """A number that is measured over time."""

    id: Id
    definition: Annotated[str, Field(min_length=1, description="What exactly is counted")]
    unit: str
    source: SourceEntry
    cadence: Literal["daily", "weekly", "monthly", "irregular"]
    bounds: Pair | None = None
    limits: Annotated[LimitsEntry | None, Field(description="Where it has to stay as a guardrail")] = None
    trailing_days: Annotated[int, Field(ge=0)] = 0
    settle_days: Annotated[int, Field(ge=0)] = 0
    max_age_days: Annotated[int | None, Field(ge=1, description="Default: two cadences")] = None
    owner: str = ""
    review_by: date | None = None
    events: list[EventEntry] = []
    calendar: Annotated[str, AfterValidator(checked_calendar)] = ""


class DatedEntry(YamlEntry):
    """A value with its day."""

    value: float
    date: date


class ValueUse(YamlEntry):
    """A value that an objective serves, and why."""

    id: Id
    because: str = ""


class KeyResultEntry(YamlEntry):
    """The measure of an objective; a draft may lack metric, baseline and target."""

    id: Id
    title: Annotated[str, Field(min_length=1)]
    state: Literal["active", "draft"] = "active"
    metric: Id | None = None
    direction: Literal["increase", "decrease", "maintain"] | None = None
    baseline: DatedEntry | None = None
    target: DatedEntry | None = None
    band: Pair | None = None
    kind: Literal["leading", "lagging"]
    level: Literal["outcome", "output"] = "outcome"
    min_effect: Annotated[float | None, Field(gt=0)] = None
    lag_days: Annotated[int, Field(ge=0)] = 0
    window_days: Annotated[int, Field(ge=1)] = 28
    unit_of_delivery: Literal["wave", "epic", "milestone", "release", "hypothesis"] = "wave"
    controls: list[Id] = []
    review_every_days: Annotated[int, Field(ge=1)] = 30


class ObjectiveEntry(YamlEntry):
    """A goal of one cycle."""

    id: Id
    cycle: Id
    title: Annotated[str, Field(min_length=1)]
    owner: Annotated[str, Field(description="A team or role, never a person")] = ""
    theme: str = ""
    contributors: list[str] = []
    values: list[ValueUse] = []
    key_results: Annotated[list[KeyResultEntry], Field(min_length=1)]


class OkrsFile(YamlEntry):
    """One OKR file; several together must hold at least one cycle."""

    version: Literal[1]
    values: list[ValueEntry] = []
    cycles: list[CycleEntry] = []
    metrics: list[MetricEntry] = []
    objectives: list[ObjectiveEntry] = []


def to_model(files: Sequence[tuple[Document, OkrsFile]]) -> model.Okrs:
    """All *files* as one model, in their order; they have passed all checks."""
    outputs = {entry.id for _, file in files for entry in file.metrics if is_output(entry.source.model_dump())}
    return model.Okrs(
        values=tuple(_value(entry) for _, file in files for entry in file.values),
        cycles=tuple(
            model.Cycle(entry.id, entry.start, entry.end, entry.review_days)
            for _, file in files
            for entry in file.cycles
        ),
        metrics=tuple(_metric(entry, str(document.path.parent)) for document, file in files for entry in file.metrics),
        objectives=tuple(_objective(entry, outputs) for _, file in files for entry in file.objectives),
    )


def is_output(source: Mapping[str, Any]) -> bool:
    """Whether a metric with this *source* counts work itself, and the file does not say why that is an outcome."""
    return source.get("type") == ITEMS and not source.get("because")


def _value(entry: ValueEntry) -> model.Value:
    return model.Value(entry.id, entry.statement, tuple(entry.signs), tuple(entry.guardrails))


def _metric(entry: MetricEntry, folder: str) -> model.Metric:
    return model.Metric(
        id=entry.id,
        definition=entry.definition,
        unit=entry.unit,
        source_type=entry.source.type,
        source=entry.source.model_dump(),
        source_folder=folder,
        cadence=entry.cadence,
        bounds=_pair(entry.bounds),
        limits=(None, None) if entry.limits is None else (entry.limits.least, entry.limits.most),
        trailing_days=entry.trailing_days,
        settle_days=entry.settle_days,
        max_age_days=entry.max_age_days,
        owner=entry.owner,
        review_by=entry.review_by,
        events=tuple(_event(event) for event in entry.events),
        calendar=entry.calendar,
    )


def _event(entry: EventEntry) -> model.MetricEvent:
    start = entry.date_ or entry.from_
    end = entry.date_ or entry.to
    if start is None or end is None:
        raise AssertionError("a validated event has its days")
    return model.MetricEvent(entry.kind, start, end, entry.note)


def _objective(entry: ObjectiveEntry, outputs: Set[str]) -> model.Objective:
    return model.Objective(
        id=entry.id,
        cycle=entry.cycle,
        title=entry.title,
        owner=entry.owner,
        theme=entry.theme,
        contributors=tuple(entry.contributors),
        values=tuple(model.ValueReference(use.id, use.because) for use in entry.values),
        key_results=tuple(_key_result(key_result, entry, outputs) for key_result in entry.key_results),
    )


def _key_result(entry: KeyResultEntry, objective: ObjectiveEntry, outputs: Set[str]) -> model.KeyResult:
    return model.KeyResult(
        id=entry.id,
        cycle=objective.cycle,
        objective=objective.id,
        title=entry.title,
        state=entry.state,
        metric=entry.metric or "",
        direction=model.Direction(entry.direction or "increase"),
        baseline=_dated(entry.baseline),
        target=_dated(entry.target),
        band=_pair(entry.band),
        kind=entry.kind,
        level="output" if entry.metric in outputs and "level" not in entry.model_fields_set else entry.level,
        min_effect=entry.min_effect,
        lag_days=entry.lag_days,
        window_days=entry.window_days,
        unit_of_delivery=entry.unit_of_delivery,
        controls=tuple(entry.controls),
        review_every_days=entry.review_every_days,
    )


def _dated(entry: DatedEntry | None) -> model.DatedValue | None:
    return None if entry is None else model.DatedValue(entry.value, entry.date)


def _pair(values: list[float] | None) -> tuple[float, float] | None:
    return None if values is None else (values[0], values[1])
