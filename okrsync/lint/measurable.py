"""Measurable: a number, the same everywhere, in a unit, from a source that answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import LintRule, Severity
from okrsync.lint.history import FEWEST_POINTS
from okrsync.lint.numbers import fits, has_number
from okrsync.lint.places import LocatedFinding
from okrsync.lint.words import is_blank

_BASELINE_DAYS = 28
_SLACK = 0.1


def _title_without_number(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry in facts.key_results():
        if not has_number(entry.title) and not facts.words.has_number_word(entry.title):
            part = facts.places.key_result(entry)
            yield part.found(f'the title of key result "{entry.id}" has no number', "title")


def _title_against_target(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry in facts.key_results():
        if entry.target is not None and has_number(entry.title) and not fits(entry.title, entry):
            message = f'no number in the title of key result "{entry.id}" is its target {entry.target.value:g}'
            yield facts.places.key_result(entry).found(message, "title")


def _metric_without_unit(facts: LintFacts) -> Iterator[LocatedFinding]:
    for metric in facts.okrs.metrics:
        if is_blank(metric.unit):
            yield facts.places.metric(metric).found(f'metric "{metric.id}" has no unit', "unit")


def _no_least_effect(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry in facts.key_results():
        if entry.level == "outcome" and entry.min_effect is None:
            message = f'key result "{entry.id}" does not say which change is too small to matter'
            yield facts.places.key_result(entry).found(message)


def _never_measured(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry in facts.key_results():
        if not (facts.observations or {}).get(entry.metric):
            message = f'metric "{entry.metric}" of key result "{entry.id}" was never measured'
            yield facts.places.key_result(entry).found(message, "metric")


def _baseline_nobody_measured(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry in facts.key_results():
        if entry.baseline is None or entry.target is None:
            continue
        day = entry.baseline.date
        near = facts.history(entry).until(day).since(day - timedelta(days=_BASELINE_DAYS)).points
        values = [value for _, value in near]
        if len(values) < FEWEST_POINTS:
            continue
        low, high = min(values), max(values)
        slack = max(high - low, _SLACK * abs(entry.target.value - entry.baseline.value))
        if not low - slack <= entry.baseline.value <= high + slack:
            message = (
                f'key result "{entry.id}" starts from {entry.baseline.value:g}, but its metric was between {low:g} and '
                f"{high:g} in the four weeks up to {day}"
            )
            yield facts.places.key_result(entry).found(message, "baseline")


RULES = (
    LintRule(
        "OKR201",
        Severity.WARNING,
        "A key result whose title has no number",
        "say in the title from what to what",
        _title_without_number,
    ),
    LintRule(
        "OKR202",
        Severity.WARNING,
        "A title that promises another number than the target",
        "make title and target say the same",
        _title_against_target,
    ),
    LintRule(
        "OKR203",
        Severity.WARNING,
        "A metric without a unit",
        'add `unit: "%"`, or what it counts',
        _metric_without_unit,
    ),
    LintRule(
        "OKR204",
        Severity.HINT,
        "A key result without a smallest change worth having",
        "add `min_effect: NUMBER` in the metric's unit",
        _no_least_effect,
    ),
    LintRule(
        "OKR205",
        Severity.WARNING,
        "A key result on a metric that was never measured",
        "feed the metric and run `okrsync sync`, or write `state: draft`",
        _never_measured,
        needs_history=True,
    ),
    LintRule(
        "OKR206",
        Severity.WARNING,
        "A baseline that nobody measured",
        "write the value that was measured on that day",
        _baseline_nobody_measured,
        needs_history=True,
    ),
)
