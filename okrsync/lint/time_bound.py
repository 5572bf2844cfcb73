"""Time-bound: dates that lie in the cycle, and definitions that are looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import LintRule, Severity
from okrsync.lint.places import LocatedFinding


def _target_outside_cycle(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry in facts.key_results():
        cycle = facts.okrs.cycle(entry.cycle)
        if entry.target is not None and not cycle.contains(entry.target.date):
            message = f'key result "{entry.id}" is due on {entry.target.date}, outside {cycle.start} to {cycle.end}'
            yield facts.places.key_result(entry).found(message, "target", "date")


def _baseline_from_elsewhere(facts: LintFacts) -> Iterator[LocatedFinding]:
    most = facts.settings.most_baseline_days
    for entry in facts.key_results():
        cycle = facts.okrs.cycle(entry.cycle)
        if entry.baseline is None:
            continue
        away = (cycle.start - entry.baseline.date).days
        if abs(away) > most:
            side = "before" if away > 0 else "after"
            message = f'the baseline of key result "{entry.id}" is of {abs(away)} days {side} the start of its cycle'
            yield facts.places.key_result(entry).found(message, "baseline", "date")


def _review_overdue(facts: LintFacts) -> Iterator[LocatedFinding]:
    for metric in facts.okrs.metrics:
        if metric.review_by is not None and metric.review_by < facts.today:
            message = f'metric "{metric.id}" was to be reviewed by {metric.review_by}'
            yield facts.places.metric(metric).found(message, "review_by")


def _window_longer_than_cycle(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry in facts.key_results():
        cycle = facts.okrs.cycle(entry.cycle)
        needed = entry.lag_days + entry.window_days
        there = (cycle.end + timedelta(days=cycle.review_days) - cycle.start).days
        if entry.level == "outcome" and needed > there:
            message = (
                f'key result "{entry.id}" sees a delivery after {needed} days (lag and window); its cycle and review '
                f"last {there}"
            )
            yield facts.places.key_result(entry).found(message, "window_days")


RULES = (
    LintRule(
        "OKR501",
        Severity.ERROR,
        "A target date outside the cycle",
        "write a day of the cycle, or move the key result to the cycle of that day",
        _target_outside_cycle,
    ),
    LintRule(
        "OKR502",
        Severity.WARNING,
        "A baseline from another time",
        "measure it again when the cycle starts",
        _baseline_from_elsewhere,
    ),
    LintRule(
        "OKR503",
        Severity.WARNING,
        "A metric whose review is overdue",
        "check that the definition still holds, then move review_by",
        _review_overdue,
    ),
    LintRule(
        "OKR504",
        Severity.WARNING,
        "A window that no delivery of the cycle can fill",
        "shorten lag_days or window_days, or choose a metric that moves sooner",
        _window_longer_than_cycle,
    ),
)
