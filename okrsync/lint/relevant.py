"""Relevant: what it serves, why, and what must not suffer for it."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import LintRule, Severity
from okrsync.lint.places import LocatedFinding
from okrsync.lint.words import is_blank
from okrsync.model.okrs import Objective

_TEAM = "team"


def _objective_without_value(facts: LintFacts) -> Iterator[LocatedFinding]:
    for objective in facts.okrs.objectives if facts.okrs.values else ():
        if not objective.values:
            yield facts.places.objective(objective).found(f'objective "{objective.id}" serves no value', "values")


def _value_without_because(facts: LintFacts) -> Iterator[LocatedFinding]:
    for objective in facts.okrs.objectives:
        for index, use in enumerate(objective.values):
            if is_blank(use.because):
                message = f'objective "{objective.id}" does not say how it serves value "{use.id}"'
                yield facts.places.objective(objective).found(message, "values", index)


def _objective_without_theme(facts: LintFacts) -> Iterator[LocatedFinding]:
    for objective in facts.okrs.objectives:
        if is_blank(objective.theme):
            yield facts.places.objective(objective).found(f'objective "{objective.id}" has no theme', "theme")


def _value_without_guardrail(facts: LintFacts) -> Iterator[LocatedFinding]:
    for value in facts.okrs.values:
        if not value.guardrails:
            yield facts.places.value(value).found(f'value "{value.id}" has no guardrail', "guardrails")


def _one_function_only(facts: LintFacts) -> Iterator[LocatedFinding]:
    for objective in facts.okrs.objectives:
        functions = _functions(facts, objective)
        if not is_blank(objective.owner) and facts.outcomes_of(objective) and len(functions) == 1:
            message = f'in objective "{objective.id}" nobody has a say but "{objective.owner}"'
            yield facts.places.objective(objective).found(message, "contributors")


def _functions(facts: LintFacts, objective: Objective) -> set[str]:
    """All who own it, contribute to it, or own what it is measured and guarded by; ``team-x`` is ``x``."""
    metrics = facts.okrs.metrics_by_id
    served = {use.id for use in objective.values}
    guards = [name for value in facts.okrs.values if value.id in served for name in value.guardrails]
    measures = [entry.metric for entry in objective.key_results if entry.metric]
    owners = [metrics[name].owner for name in (*guards, *measures)]
    named = {name.casefold().strip() for name in (objective.owner, *objective.contributors, *owners)}
    return {name.removeprefix(_TEAM).strip(" -_") for name in named if not is_blank(name)}


RULES = (
    LintRule(
        "OKR401",
        Severity.WARNING,
        "An objective that serves no value",
        'add `values: [{id: ..., because: "..."}]`',
        _objective_without_value,
    ),
    LintRule(
        "OKR402",
        Severity.WARNING,
        "A value that is named without saying why",
        'add `because: "..."` to the value',
        _value_without_because,
    ),
    LintRule(
        "OKR403",
        Severity.HINT,
        "An objective without a theme",
        "add `theme: NAME`, the part of the strategy that it belongs to",
        _objective_without_theme,
    ),
    LintRule(
        "OKR404",
        Severity.WARNING,
        "A value without a guardrail",
        "add `guardrails: [METRIC]`, what would show that it is broken",
        _value_without_guardrail,
    ),
    LintRule(
        "OKR405",
        Severity.HINT,
        "An objective of one function only",
        "add `contributors: [...]`, or a guardrail that others watch",
        _one_function_only,
    ),
)
