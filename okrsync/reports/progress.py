"""How the key results of a cycle stand, and what could still be judged on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.model.ledger import CheckIn
from okrsync.model.okrs import DatedValue, KeyResult
from okrsync.okrs.progress import Health, Progress, health_of, progress_of, wanted_range
from okrsync.outcome.cases import Case
from okrsync.outcome.forecast import Forecast, forecast
from okrsync.outcome.judgeability import USUAL_STEPS, Judgeability, judgeability
from okrsync.reports.inputs import ReportInputs


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
            _key_result(entry, by_key[entry.qualified_id], check_ins, inputs)
            for entry in inputs.okrs.key_results
            if entry.cycle in cycles and (only is None or entry.qualified_id in only)
        ),
    )


def _key_result(entry: KeyResult, case: Case, check_ins: Sequence[CheckIn], inputs: ReportInputs) -> KeyResultProgress:
    metric = inputs.okrs.metrics_by_id.get(entry.metric)
    cycle = inputs.okrs.cycle(entry.cycle)
    made = progress_of(entry, cycle, inputs.observations.get(entry.metric, ()), inputs.as_of)
    is_open = metric is not None and entry.state != "draft" and inputs.as_of <= cycle.end
    least, most = wanted_range(entry)
    ahead = forecast(case, cycle.end, inputs.as_of, least=least, most=most) if is_open else None
    reaches = None if ahead is None else ahead.reaches
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
        forecast=ahead,
        judgeability=(
            judgeability(case, inputs.as_of, cycle.end, USUAL_STEPS.get(metric.cadence))
            if is_open and metric is not None and entry.level == "outcome"
            else None
        ),
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
    return max(told, key=lambda record: record.at, default=None)
