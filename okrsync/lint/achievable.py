"""Achievable: not met already, not out of reach, not too much for one team."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import LintRule, Severity
from okrsync.lint.history import best_gain, best_mean
from okrsync.lint.places import LocatedFinding
from okrsync.model.okrs import DatedValue, Direction, KeyResult


def _met_before(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry, start, end, sign in _with_aim(facts):
        series = facts.history(entry).until(start.date).times(sign)
        best = best_mean(series, entry.window_days)
        if best is not None and best[1] >= sign * end.value:
            message = (
                f'key result "{entry.id}" is to reach {end.value:g}, and its metric was at '
                f"{sign * best[1]:.4g} on average over the {entry.window_days} days up to {best[0]}"
            )
            yield facts.places.key_result(entry).found(message, "target")


def _out_of_reach(facts: LintFacts) -> Iterator[LocatedFinding]:
    most = facts.settings.most_pace
    for entry, start, end, sign in _with_aim(facts):
        days = (end.date - start.date).days
        best = best_gain(facts.history(entry).times(sign), days)
        wanted = abs(end.value - start.value)
        if best is not None and wanted > most * best:
            way = "rise" if sign > 0 else "fall"
            message = (
                f'key result "{entry.id}" needs a {way} of {wanted:g} in {days} days; the largest of its metric '
                f"in so many days is {best:.3g}"
            )
            yield facts.places.key_result(entry).found(message, "target")


def _owner_with_too_much(facts: LintFacts) -> Iterator[LocatedFinding]:
    most = facts.settings.most_key_results_per_owner
    held: dict[tuple[str, str], list[KeyResult]] = defaultdict(list)
    for objective in facts.okrs.objectives:
        if objective.owner:
            active = [entry for entry in objective.key_results if entry.state != "draft"]
            held[objective.cycle, objective.owner.casefold()] += active
    for (_, owner), entries in held.items():
        if len(entries) > most:
            message = (
                f'"{owner}" answers for {len(entries)} key results in cycle {entries[0].cycle}; {most} are the most'
            )
            yield facts.places.key_result(entries[most]).found(message)


def _smaller_than_worth_having(facts: LintFacts) -> Iterator[LocatedFinding]:
    for entry, start, end, _ in _with_aim(facts):
        wanted = abs(end.value - start.value)
        if entry.min_effect is not None and wanted < entry.min_effect:
            message = (
                f'key result "{entry.id}" is to change by {wanted:.4g}, less than its smallest change worth having, '
                f"{entry.min_effect:g}"
            )
            yield facts.places.key_result(entry).found(message, "min_effect")


def _with_aim(facts: LintFacts) -> Iterator[tuple[KeyResult, DatedValue, DatedValue, int]]:
    """Key results with where they start and are to end; then 1 where more is better, -1 where less is."""
    for entry in facts.key_results():
        if entry.direction is not Direction.MAINTAIN and entry.baseline is not None and entry.target is not None:
            yield entry, entry.baseline, entry.target, -1 if entry.direction is Direction.DECREASE else 1


RULES = (
    LintRule(
        "OKR301",
        Severity.WARNING,
        "A target that the metric's history already met",
        "aim higher than what was there before, or say why it is hard this time",
        _met_before,
        needs_history=True,
    ),
    LintRule(
        "OKR302",
        Severity.WARNING,
        "A target far beyond the metric's best pace",
        "aim for less or later, or say what will make this time different",
        _out_of_reach,
        needs_history=True,
    ),
    LintRule(
        "OKR303",
        Severity.WARNING,
        "An owner with more key results than a team can work on",
        "drop some, or give them to another team",
        _owner_with_too_much,
    ),
    LintRule(
        "OKR304",
        Severity.ERROR,
        "A whole key result smaller than the smallest change worth having",
        "mend min_effect, or the target",
        _smaller_than_worth_having,
    ),
)
