"""Outcomes rather than outputs; both kinds of measures; few enough of each to remember."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import LintRule, Severity
from okrsync.lint.places import LocatedFinding
from okrsync.lint.words import is_blank
from okrsync.model.okrs import Objective
from okrsync.plugins.metric_source import ITEMS


def _title_counts_output(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry in facts.key_results():
        said = facts.words.counts_output(entry.title) if entry.level == "outcome" else ""
        if said:
            message = f'the title of key result "{entry.id}" counts what is made, not what it changes ("{said}")'
            yield facts.places.key_result(entry).found(message, "title")


def _metric_counts_output(facts: LintFacts) -> Iterator[LocatedFinding]:
    # In the model a key result on the trackers' own count is an output already; what counts is what its author wrote.
    measured = {
        entry.metric for entry in facts.key_results() if facts.places.key_result(entry).written("level") != "output"
    }
    for metric in facts.okrs.metrics:
        if metric.id not in measured:
            continue
        if said := facts.words.counts_output(metric.definition):
            message = f'metric "{metric.id}" counts what is made ("{said}"), and an outcome is measured with it'
            yield facts.places.metric(metric).found(message, "definition")
        elif metric.source_type == ITEMS and is_blank(str(metric.source.get("because", ""))):
            message = (
                f'metric "{metric.id}" counts items of the trackers, so what is measured with it is taken for an output'
            )
            yield facts.places.metric(metric).found(message, "source")


def _one_kind_only(facts: LintFacts) -> Iterator[LocatedFinding]:
    for objective in facts.okrs.objectives:
        kinds = [entry.kind for entry in facts.outcomes_of(objective)]
        if len(kinds) > 1 and len(set(kinds)) == 1:
            other = "leading" if kinds[0] == "lagging" else "lagging"
            message = f'objective "{objective.id}" has {len(kinds)} {kinds[0]} key results and no {other} one'
            yield facts.places.objective(objective).found(message)


def _too_many_objectives(facts: LintFacts) -> Iterator[LocatedFinding]:
    most = facts.settings.most_objectives
    held: dict[tuple[str, str], list[Objective]] = defaultdict(list)
    for objective in facts.okrs.objectives:
        held[objective.cycle, objective.owner.casefold()].append(objective)
    for (cycle, owner), objectives in held.items():
        if len(objectives) > most:
            who = f'"{owner}" has' if owner else "without an owner there are"
            message = f"{who} {len(objectives)} objectives in cycle {cycle}; {most} are the most"
            yield facts.places.objective(objectives[most]).found(message)


def _too_many_key_results(facts: LintFacts) -> Iterator[LocatedFinding]:
    most = facts.settings.most_key_results
    for objective in facts.okrs.objectives:
        count = len(objective.key_results)
        if count > most:
            message = f'objective "{objective.id}" has {count} key results; {most} are the most'
            yield facts.places.key_result(objective.key_results[most]).found(message)


def _outputs_only(facts: LintFacts) -> Iterator[LocatedFinding]:
    for objective in facts.okrs.objectives:
        active = [entry for entry in objective.key_results if entry.state != "draft"]
        if active and not facts.outcomes_of(objective):
            message = f'all key results of objective "{objective.id}" are outputs'
            yield facts.places.objective(objective).found(message)


RULES = (
    LintRule(
        "OKR601",
        Severity.WARNING,
        "A key result that counts what is made",
        "name what it is to change, or write `level: output`",
        _title_counts_output,
    ),
    LintRule(
        "OKR602",
        Severity.WARNING,
        "An outcome measured by what is made",
        "measure what people do with it, or write `level: output` (a source `items`: `because: ...`)",
        _metric_counts_output,
    ),
    LintRule(
        "OKR603",
        Severity.WARNING,
        "An objective with leading or lagging key results only",
        "add one of the other kind",
        _one_kind_only,
    ),
    LintRule(
        "OKR604",
        Severity.WARNING,
        "More objectives than anybody remembers",
        "keep those that matter most in this cycle",
        _too_many_objectives,
    ),
    LintRule(
        "OKR605",
        Severity.WARNING,
        "More key results than an objective needs",
        "keep those without which it would not be reached",
        _too_many_key_results,
    ),
    LintRule(
        "OKR606",
        Severity.WARNING,
        "An objective of outputs only",
        "add a key result for what they are to change",
        _outputs_only,
    ),
)
