"""Which delivered work moved the key result: one key result, or all of a store's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from statistics import NormalDist

from okrsync.model.verdicts import CheckKind, KeyResultOutcome, OutcomeCheck
from okrsync.outcome.cases import Case, Delivery, MetricSeries, Settings
from okrsync.outcome.decision_rule import ALPHA, FALSE_DISCOVERIES, MDE_FACTOR, concluded
from okrsync.outcome.judged import ALL, Evaluation, EvaluationOptions
from okrsync.outcome.multiplicity import false_discovery_rates, thresholds

Place = tuple[int, int]
Month = tuple[int, int]
"""Year, and month from 1."""
Others = Callable[[Collection[Month]], Iterable[OutcomeCheck]]
"""Checks on record whose evaluation date lies in one of some months."""
_ELSEWHERE = (-1, -1)
_EDGE = 1.3


def attribute(
    series: MetricSeries,
    deliveries: Sequence[Delivery],
    controls: Sequence[MetricSeries] = (),
    *,
    as_of: date,
    settings: Settings | None = None,
) -> KeyResultOutcome:
    """
    Judge one key result on what is known on *as_of*; nothing that was observed later counts.

    Each wave is fitted with all others on the observations up to its own evaluation date. Multiplicity is that of its
    own waves alone; :func:`attribute_all` counts those of all key results.

    Raises:
        OutcomeInputError: the input is not finite, not ascending, or names something twice.
    """
    case = Case("", series, tuple(deliveries), tuple(controls), settings or Settings())
    return attribute_all([case], as_of=as_of)[0]


def attribute_all(
    cases: Iterable[Case],
    *,
    as_of: date,
    processes: int = 1,
    asked: EvaluationOptions = ALL,
    others: Others | None = None,
) -> list[KeyResultOutcome]:
    """
    Judge all *cases* on what is known on *as_of*, in their order; by *processes* with one thread each.

    A claim has to hold at a false-discovery rate of 10 % among all waves, of all cases, whose evaluation date lies in
    the same calendar month; those not yet judged count as found nothing.

    *asked*: how much is wanted; verdicts are the same whatever that is. *others*: gives the checks on record of key
    results that are not among *cases*.

    Raises:
        OutcomeInputError: as :func:`attribute`.
    """
    judged = _judged_apart(list(cases), as_of, processes, asked)
    counted = _counted(judged, others)
    found: list[KeyResultOutcome] = []
    for place, entry in enumerate(judged):
        checks = [
            check if check.recorded else _at_edge(concluded(counted.get((place, row), check), settings, level))
            for row, (check, level, settings) in enumerate(
                zip(entry.outcome.checks, entry.levels, entry.settings, strict=True)
            )
        ]
        found.append(replace(entry.outcome, checks=tuple(checks)))
    return found


def _judged_apart(cases: Sequence[Case], as_of: date, processes: int, asked: EvaluationOptions) -> list[Evaluation]:
    """Return each of *cases* judged by itself, in their order; what is known already is not fitted again."""
    known = [asked.known(case, as_of) for case in cases]
    unknown = [case for case, found in zip(cases, known, strict=True) if found is None]
    if not unknown:
        return [found for found in known if found is not None]
    # Imported here: it takes numpy along.
    from okrsync.outcome.evaluation import judged_apart  # noqa: PLC0415

    fitted = iter(judged_apart(unknown, as_of, processes, asked))
    return [next(fitted) if found is None else found for found in known]


def _at_edge(check: OutcomeCheck) -> OutcomeCheck:
    told = check.estimate
    alarm = _edge_alarm(told.effect, told.low, told.high) if told is not None and check.verdict.is_claim else ""
    return replace(check, warnings=(*check.warnings, alarm)) if alarm else check


def _counted(judged: Sequence[Evaluation], others: Others | None = None) -> dict[Place, OutcomeCheck]:
    """Each check that is one of its month's, with q and with the effect that could have been claimed among them."""
    months: dict[Month, list[tuple[Place, OutcomeCheck]]] = {}
    for place, entry in enumerate(judged):
        for row, check in enumerate(entry.outcome.checks):
            if _is_counted(check):
                months.setdefault(_month(check), []).append(((place, row), check))
    told = {
        month
        for month, entries in months.items()
        if any(check.estimate is not None and not check.recorded for _, check in entries)
    }
    for check in others(told) if others is not None and told else ():
        if _is_counted(check) and _month(check) in told:
            months[_month(check)].append((_ELSEWHERE, check))
    normal = NormalDist()
    usual = normal.inv_cdf(1 - ALPHA / 2)
    found: dict[Place, OutcomeCheck] = {}
    for entries in months.values():
        family = [1.0 if check.estimate is None or check.is_provisional else check.estimate.p for _, check in entries]
        rates = false_discovery_rates(family)
        limits = thresholds(family, ALPHA, FALSE_DISCOVERIES)
        for (where, check), rate, limit in zip(entries, rates, limits, strict=True):
            if check.estimate is None or check.recorded:
                continue
            stricter = normal.inv_cdf(1 - limit / 2) - usual
            mde = check.estimate.standard_error * (MDE_FACTOR + stricter)
            q = None if check.is_provisional else rate
            found[where] = replace(check, q=q, estimate=replace(check.estimate, mde=mde))
    return found


def _is_counted(check: OutcomeCheck) -> bool:
    return check.kind is not CheckKind.SET and not check.is_in_stream


def _month(check: OutcomeCheck) -> Month:
    return check.evaluation.year, check.evaluation.month


def _edge_alarm(effect: float, low: float, high: float) -> str:
    """Whether a claim only just holds: such effects are overstated, about 1.3 times at the edge of detection."""
    nearest = min(abs(low), abs(high))
    if low * high > 0 and nearest < abs(effect) / 3:
        return f"claimed at the edge of detection: such effects come out up to {_EDGE} times too large"
    return ""
