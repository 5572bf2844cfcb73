"""Judgeable: whether the metric could tell, in this cycle, that delivered work moved it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import LintRule, Severity
from okrsync.lint.places import LocatedFinding
from okrsync.model.okrs import Direction, KeyResult

if TYPE_CHECKING:
    from okrsync.model.outlooks import Judgeability


def _too_late(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry, told in _asked(facts):
        cycle = facts.okrs.cycle(entry.cycle)
        last = cycle.end + timedelta(days=cycle.review_days)
        is_told_already = entry.lag_days + entry.window_days > (last - cycle.start).days  # OKR504
        if told.judged_on > last and not is_told_already:
            points = f"{told.missing} points are missing; " if told.missing else ""
            message = (
                f'key result "{entry.id}": {points}what is delivered on {told.delivery} can be judged on '
                f"{told.judged_on}, after the cycle and its {cycle.review_days} days of review"
            )
            yield facts.places.key_result(entry).found(message, "metric")


def _too_coarse(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry, told in _asked(facts):
        if entry.direction is Direction.MAINTAIN or entry.baseline is None or entry.target is None:
            continue
        wanted = abs(entry.target.value - entry.baseline.value)
        if told.smallest is not None and told.smallest > wanted:
            message = (
                f'key result "{entry.id}" is to change by {wanted:.4g}; in the noise of its metric, an effect of less '
                f"than {told.smallest:.3g} is hardly seen by {told.judged_on}"
            )
            yield facts.places.key_result(entry).found(message, "metric")


def _asked(facts: LintFacts) -> Iterator[tuple[KeyResult, Judgeability]]:
    """Outcomes of cycles that are not over, with what a delivery today (or when the cycle starts) would come to."""
    # Imported here: numpy takes a tenth of a second, and lint without a store does not need it.
    from okrsync.outcome.case_builder import series_of, settings_of  # noqa: PLC0415
    from okrsync.outcome.cases import Case  # noqa: PLC0415
    from okrsync.outcome.power import USUAL_STEPS, judgeability  # noqa: PLC0415

    observations = facts.observations or {}
    for entry in facts.key_results():
        cycle = facts.okrs.cycle(entry.cycle)
        if entry.level != "outcome" or cycle.end < facts.today:
            continue
        metric = facts.metric_of(entry)
        series = series_of(metric, observations.get(metric.id, ()), facts.today, facts.holidays)
        case = Case(entry.qualified_id, series, (), (), settings_of(entry, metric))
        day = max(facts.today, cycle.start)
        yield entry, judgeability(case, day, cycle.end, USUAL_STEPS.get(metric.cadence))


RULES = (
    LintRule(
        "OKR701",
        Severity.WARNING,
        "A key result on which nothing could be judged in time",
        "measure it more often, or choose a metric that leads it",
        _too_late,
        needs_history=True,
    ),
    LintRule(
        "OKR702",
        Severity.WARNING,
        "A key result smaller than what its metric's noise lets anybody see",
        "aim higher, or measure something steadier",
        _too_coarse,
        needs_history=True,
    ),
)
