"""How the key results of a cycle stand, and what could still be judged on them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.model.ledger import CheckIn, latest
from okrsync.model.okrs import DatedValue, KeyResult
from okrsync.model.outlooks import Forecast, Judgeability, Outlook
from okrsync.okrs.progress import Health, Progress, health_of, progress_of, wanted_range
from okrsync.outcome.cases import Case, OutlookQuestion
from okrsync.reports.inputs import ReportInputs

LookAhead = Callable[[OutlookQuestion], Outlook]
"""Answers a question about the days to come; a job remembers what the last sync found."""


@dataclass(frozen=True, slots=True)
class KeyResultProgress:
    """One key result; *forecast* is for the end of its cycle, *judgeability* that of a delivery today."""

    id: str
    title: str
    objective: str
    level: str
    kind: str
    metric: str
    unit: str
    direction: str
    baseline: DatedValue | None
    target: DatedValue | None
    band: tuple[float, float] | None
    progress: Progress
    health: Health
    forecast: Forecast | None
    judgeability: Judgeability | None
    confidence: float | None
    """As a person last reported it, 0 to 1."""
    confidence_date: date | None


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """What ``okrsync progress`` says; a renderer adds nothing."""

    as_of: date
    cycles: tuple[str, ...]
    key_results: tuple[KeyResultProgress, ...]


def build_progress(
    inputs: ReportInputs,
    cases: Sequence[Case],
    check_ins: Sequence[CheckIn],
    cycles: Sequence[str],
    look_ahead: LookAhead,
    only: Collection[str] | None = None,
) -> ProgressReport:
    """
    The report on *cycles* (ids); *cases* by key result as the statistics take them.

    *only*: no other key results (qualified) than these.
    """
    by_key = {case.key: case for case in cases}
    return ProgressReport(
        inputs.as_of,
        tuple(cycles),
        tuple(
            _key_result(entry, by_key[entry.qualified_id], check_ins, inputs, look_ahead)
            for entry in inputs.okrs.key_results
            if entry.cycle in cycles and (only is None or entry.qualified_id in only)
        ),
    )


def outlook_questions(
    inputs: ReportInputs, cases: Sequence[Case], cycles: Collection[str]
) -> Iterator[OutlookQuestion]:
    """Yield what a report on *cycles* (ids) asks about the days to come."""
    by_key = {case.key: case for case in cases}
    for entry in inputs.okrs.key_results:
        if entry.cycle in cycles and entry.qualified_id in by_key:
            question = _question(entry, by_key[entry.qualified_id], inputs)
            if question is not None:
                yield question


def _question(entry: KeyResult, case: Case, inputs: ReportInputs) -> OutlookQuestion | None:
    """Return what is asked about *entry*; ``None`` for a draft, and where its cycle is over."""
    metric = inputs.okrs.metrics_by_id.get(entry.metric)
    end = inputs.okrs.cycle(entry.cycle).end
    if metric is None or entry.state == "draft" or inputs.as_of > end:
        return None
    least, most = wanted_range(entry)
    return OutlookQuestion(case, inputs.as_of, end, least, most, metric.cadence, entry.level == "outcome")


def _key_result(
    entry: KeyResult, case: Case, check_ins: Sequence[CheckIn], inputs: ReportInputs, look_ahead: LookAhead
) -> KeyResultProgress:
    metric = inputs.okrs.metrics_by_id.get(entry.metric)
    cycle = inputs.okrs.cycle(entry.cycle)
    made = progress_of(entry, cycle, inputs.observations.get(entry.metric, ()), inputs.as_of)
    question = _question(entry, case, inputs)
    outlook = Outlook() if question is None else look_ahead(question)
    reaches = None if outlook.forecast is None else outlook.forecast.reaches
    told = _last_word(entry, check_ins, inputs)
    return KeyResultProgress(
        id=entry.qualified_id,
        title=entry.title,
        objective=inputs.okrs.objective_of(entry).title,
        level=entry.level,
        kind=entry.kind,
        metric=entry.metric,
        unit=metric.unit if metric else "",
        direction=entry.direction.value,
        baseline=entry.baseline,
        target=entry.target,
        band=entry.band,
        progress=made,
        health=health_of(entry, metric, cycle, made, reaches, inputs.as_of),
        forecast=outlook.forecast,
        judgeability=outlook.judgeability,
        confidence=None if told is None else told.confidence,
        confidence_date=None if told is None else told.at.astimezone(inputs.zone).date(),
    )


def _last_word(entry: KeyResult, check_ins: Sequence[CheckIn], inputs: ReportInputs) -> CheckIn | None:
    told = [
        record
        for record in check_ins
        if record.key_result == entry.qualified_id
        and record.confidence is not None
        and record.at.astimezone(inputs.zone).date() <= inputs.as_of
    ]
    return latest(told)
