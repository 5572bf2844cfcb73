"""Which delivered work moved the key result: one key result, or all of a store's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from statistics import NormalDist

from okrsync.model.verdicts import CheckKind, KeyResultOutcome, OutcomeCheck
from okrsync.outcome.alarms import edge_alarm
from okrsync.outcome.cases import Case, Delivery, MetricSeries, Settings
from okrsync.outcome.fitting import MDE_FACTOR
from okrsync.outcome.judging import ALPHA, FALSE_DISCOVERIES, concluded
from okrsync.outcome.multiplicity import false_discovery_rates, threshold
from okrsync.outcome.single import Judged, judged_apart

Place = tuple[int, int]


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


def attribute_all(cases: Iterable[Case], *, as_of: date, processes: int = 1) -> list[KeyResultOutcome]:
    """
    Judge all *cases* on what is known on *as_of*, in their order; by *processes* with one thread each.

    A claim has to hold at a false-discovery rate of 10 % among all waves, of all cases, whose evaluation date lies in
    the same calendar month; those not yet judged count as found nothing.

    Raises:
        OutcomeInputError: as :func:`attribute`.
    """
    judged = judged_apart(list(cases), as_of, processes)
    months = _months(judged)
    found: list[KeyResultOutcome] = []
    for place, entry in enumerate(judged):
        checks = [
            check if check.recorded else concluded(_counted(check, (place, row), months), entry.case.settings, level)
            for row, (check, level) in enumerate(zip(entry.outcome.checks, entry.levels, strict=True))
        ]
        found.append(replace(entry.outcome, checks=tuple(map(_at_edge, checks))))
    return found


def _at_edge(check: OutcomeCheck) -> OutcomeCheck:
    told = None if check.recorded else check.estimate
    alarm = edge_alarm(told.effect, told.low, told.high) if told is not None and check.verdict.is_claim else ""
    return replace(check, warnings=(*check.warnings, alarm)) if alarm else check


def _months(judged: Sequence[Judged]) -> dict[Place, tuple[Place, list[tuple[Place, float]]]]:
    """For each check that has a p of its own and is counted: its month, with all that are judged in it."""
    months: dict[Place, list[tuple[Place, float]]] = {}
    for place, entry in enumerate(judged):
        for row, check in enumerate(entry.outcome.checks):
            if check.kind is CheckKind.SET or check.is_in_stream:
                continue
            p = 1.0 if check.estimate is None or check.is_provisional else check.estimate.p
            months.setdefault((check.evaluation.year, check.evaluation.month), []).append(((place, row), p))
    return {where: (month, entries) for month, entries in months.items() for where, _ in entries}


def _counted(
    check: OutcomeCheck, where: Place, months: Mapping[Place, tuple[Place, list[tuple[Place, float]]]]
) -> OutcomeCheck:
    """*check* with q among those of its month, and with the effect that could have been claimed beside them."""
    if where not in months or check.estimate is None:
        return check
    entries = months[where][1]
    others = [p for other, p in entries if other != where]
    rate = false_discovery_rates([check.estimate.p, *others])[0]
    alpha = threshold(others, ALPHA, FALSE_DISCOVERIES)
    normal = NormalDist()
    stricter = normal.inv_cdf(1 - alpha / 2) - normal.inv_cdf(1 - ALPHA / 2)
    mde = check.estimate.standard_error * (MDE_FACTOR + stricter)
    return replace(check, q=rate, estimate=replace(check.estimate, mde=mde))
