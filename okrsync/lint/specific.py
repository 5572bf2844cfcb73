"""Specific: who answers for it, and what exactly is meant."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import LintRule, Severity
from okrsync.lint.places import LocatedFinding
from okrsync.lint.words import is_blank, parts


def _objective_without_owner(facts: LintFacts) -> Iterator[LocatedFinding]:
    for objective in facts.okrs.objectives:
        if is_blank(objective.owner):
            yield facts.places.objective(objective).found(f'objective "{objective.id}" has no owner', "owner")


def _metric_without_owner(facts: LintFacts) -> Iterator[LocatedFinding]:
    for metric in facts.okrs.metrics:
        if is_blank(metric.owner):
            yield facts.places.metric(metric).found(f'metric "{metric.id}" has no owner', "owner")


def _unclear_definition(facts: LintFacts) -> Iterator[LocatedFinding]:
    fewest = facts.settings.fewest_definition_words
    for metric in facts.okrs.metrics:
        said = len(parts(metric.definition))
        if is_blank(metric.definition) or said < fewest:
            message = f'the definition of metric "{metric.id}" has {said} of at least {fewest} words'
            yield facts.places.metric(metric).found(message, "definition")


def _vague_objective(facts: LintFacts) -> Iterator[LocatedFinding]:
    for objective in facts.okrs.objectives:
        if facts.words.is_vague(objective.title):
            message = f'objective "{objective.id}" only says that something is to be better: "{objective.title}"'
            yield facts.places.objective(objective).found(message, "title")


RULES = (
    LintRule(
        "OKR101",
        Severity.WARNING,
        "An objective without an owner",
        "add `owner: TEAM`, a team or role that answers for it",
        _objective_without_owner,
    ),
    LintRule(
        "OKR102",
        Severity.WARNING,
        "A metric without an owner",
        "add `owner: TEAM`, whoever can say why the number is what it is",
        _metric_without_owner,
    ),
    LintRule(
        "OKR103",
        Severity.WARNING,
        "A metric whose definition says too little",
        "write what exactly is counted, over what, and when",
        _unclear_definition,
    ),
    LintRule(
        "OKR104",
        Severity.WARNING,
        "An objective that only says that something is to be better",
        "say for whom, and what will be different",
        _vague_objective,
    ),
)
