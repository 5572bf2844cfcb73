"""
What serves which value, and what breaks it: objectives, delivered work, verdicts, and guardrails.

A guardrail is broken while its observations since a delivery lie beyond its limits on average, and did not before. A
win that breaks a guardrail of a value that its objective serves is flagged: the verdict stands, and so does the flag.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

from okrsync.linking.delivered import WorkUnit, by_key_result, pieces
from okrsync.model.ledger import Observation
from okrsync.model.okrs import DatedValue, KeyResult, Metric, Objective, Value
from okrsync.model.verdicts import OutcomeCheck, Verdict
from okrsync.reports.inputs import JudgedInputs

WINDOW_DAYS = 28
"""Days before a delivery, and up to the report's day, whose mean is held against the limits."""
_LEAST = 2


@dataclass(frozen=True, slots=True)
class Guardrail:
    """
    One guardrail metric: *least* and *most* as declared, *mean* of its last 28 days.

    *is_broken*: that mean lies beyond a limit; ``None`` without a limit, or without two observations.
    """

    metric: str
    unit: str
    least: float | None
    most: float | None
    latest: DatedValue | None
    mean: float | None
    is_broken: bool | None


@dataclass(frozen=True, slots=True)
class ServingObjective:
    """An objective that serves the value, and why."""

    id: str
    cycle: str
    title: str
    because: str


@dataclass(frozen=True, slots=True)
class FlaggedWin:
    """A delivery that moved its key result while a guardrail broke: means before and since, in the guardrail's unit."""

    key_result: str
    members: tuple[str, ...]
    since: date
    metric: str
    unit: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class ValueReport:
    """One value with what serves it; *sizes* by unit, never summed across units."""

    id: str
    statement: str
    signs: tuple[str, ...]
    objectives: tuple[ServingObjective, ...]
    delivered: int
    sizes: Mapping[str, float]
    verdicts: Mapping[str, int]
    guardrails: tuple[Guardrail, ...]
    flagged: tuple[FlaggedWin, ...]


@dataclass(frozen=True, slots=True)
class ValuesReport:
    """What ``okrsync values`` says; *unserved*: objectives that name no value."""

    as_of: date
    cycles: tuple[str, ...]
    values: tuple[ValueReport, ...]
    unserved: tuple[str, ...]


def build_values(inputs: JudgedInputs, cycles: Sequence[str]) -> ValuesReport:
    """The report on the objectives of *cycles* (ids)."""
    chosen = [objective for objective in inputs.okrs.objectives if objective.cycle in cycles]
    return ValuesReport(
        inputs.as_of,
        tuple(cycles),
        tuple(_value(value, chosen, inputs) for value in inputs.okrs.values),
        tuple(f"{objective.cycle}/{objective.id}" for objective in chosen if not objective.values),
    )


def _value(value: Value, chosen: Sequence[Objective], inputs: JudgedInputs) -> ValueReport:
    serving = [objective for objective in chosen if any(use.id == value.id for use in objective.values)]
    key_results = [entry for objective in serving for entry in objective.key_results]
    work = _delivered(key_results, inputs)
    sizes: dict[str, float] = {}
    for piece in work.values():
        if piece.placement.item.size is not None:
            size = piece.placement.item.size
            sizes[size.unit] = sizes.get(size.unit, 0.0) + size.value
    return ValueReport(
        id=value.id,
        statement=value.statement,
        signs=value.signs,
        objectives=tuple(
            ServingObjective(
                objective.id,
                objective.cycle,
                objective.title,
                next(use.because for use in objective.values if use.id == value.id),
            )
            for objective in serving
        ),
        delivered=len(work),
        sizes=dict(sorted(sizes.items())),
        verdicts=_verdicts(key_results, inputs),
        guardrails=tuple(
            _guardrail(metric, inputs) for name in value.guardrails if (metric := _metric(name, inputs)) is not None
        ),
        flagged=tuple(
            win
            for entry in key_results
            for check in _wins(entry, inputs)
            for name in value.guardrails
            if (win := _flagged(entry, check, _metric(name, inputs), inputs)) is not None
        ),
    )


def _metric(name: str, inputs: JudgedInputs) -> Metric | None:
    return inputs.okrs.metrics_by_id.get(name)


def _delivered(key_results: Sequence[KeyResult], inputs: JudgedInputs) -> dict[str, WorkUnit]:
    """Each delivered piece once, however many of *key_results* it serves."""
    linked = by_key_result(inputs.linking)
    return {
        piece.placement.item.key: piece
        for entry in key_results
        for piece in pieces(linked.get(entry.qualified_id, []), entry.qualified_id, inputs.zone, inputs.as_of)
        if piece.day is None or inputs.okrs.cycle(entry.cycle).contains(piece.day)
    }


def _verdicts(key_results: Sequence[KeyResult], inputs: JudgedInputs) -> dict[str, int]:
    outcomes = (inputs.outcomes.get(entry.qualified_id) for entry in key_results)
    counts = Counter(check.verdict.value for outcome in outcomes if outcome is not None for check in outcome.checks)
    return dict(sorted(counts.items()))


def _wins(entry: KeyResult, inputs: JudgedInputs) -> list[OutcomeCheck]:
    outcome = inputs.outcomes.get(entry.qualified_id)
    return [] if outcome is None else [check for check in outcome.checks if check.verdict is Verdict.MOVED]


def _guardrail(metric: Metric, inputs: JudgedInputs) -> Guardrail:
    known = [seen for seen in inputs.observations.get(metric.id, ()) if seen.day <= inputs.as_of]
    mean = _mean(known, inputs.as_of - timedelta(days=WINDOW_DAYS - 1), inputs.as_of)
    least, most = metric.limits
    has_limit = least is not None or most is not None
    return Guardrail(
        metric.id,
        metric.unit,
        least,
        most,
        DatedValue(known[-1].value, known[-1].day) if known else None,
        mean,
        _is_beyond(mean, metric) if has_limit and mean is not None else None,
    )


def _flagged(entry: KeyResult, check: OutcomeCheck, metric: Metric | None, inputs: JudgedInputs) -> FlaggedWin | None:
    """*check* as a flagged win, where *metric* kept its limits before the delivery and has not since."""
    if metric is None or metric.limits == (None, None):
        return None
    known = [seen for seen in inputs.observations.get(metric.id, ()) if seen.day <= inputs.as_of]
    before = _mean(known, check.first - timedelta(days=WINDOW_DAYS), check.first - timedelta(days=1))
    after = _mean(known, check.first, inputs.as_of)
    if before is None or after is None or _is_beyond(before, metric) or not _is_beyond(after, metric):
        return None
    return FlaggedWin(entry.qualified_id, check.members, check.first, metric.id, metric.unit, before, after)


def _mean(known: Sequence[Observation], first: date, last: date) -> float | None:
    values = [seen.value for seen in known if first <= seen.day <= last]
    return fmean(values) if len(values) >= _LEAST else None


def _is_beyond(value: float, metric: Metric) -> bool:
    least, most = metric.limits
    return (least is not None and value < least) or (most is not None and value > most)
