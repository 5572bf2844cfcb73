"""The next cycle's OKR file to start from, as YAML text with what was learned as comments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from okrsync.model.okrs import KeyResult, Objective
from okrsync.reports.closing import ClosedCycle, ClosedKeyResult
from okrsync.reports.words import formatting
from okrsync.reports.words.statement_text import hypothesis_title

_DEFAULTS = {"lag_days": 0, "window_days": 28, "unit_of_delivery": "wave", "review_every_days": 30}


def render_starter(closed: ClosedCycle, carry: Sequence[str]) -> str:
    """The file; *carry*: ``learnings`` as comments, ``open`` key results as drafts."""
    lines = [
        f"# {closed.following.id}, to start from: what {closed.cycle.id} left behind by {closed.as_of}.",
        "# Add this file to `okrs:` in okrsync.yaml. A draft becomes active with its target.",
    ]
    if "learnings" in carry:
        lines += [f"# {line}".rstrip() for line in _learnings(closed)]
    lines.append("version: 1")
    if closed.is_new:
        cycle = closed.following
        entry = f"id: {cycle.id}, start: {cycle.start}, end: {cycle.end}, review_days: {cycle.review_days}"
        lines.append(f"cycles:\n  - {{{entry}}}")
    if "open" in carry:
        lines += _objectives(closed)
    return "\n".join(lines) + "\n"


def _learnings(closed: ClosedCycle) -> Iterator[str]:
    for objective, key_results in closed.objectives:
        yield ""
        yield f"{objective.id} {formatting.harmless(objective.title)}"
        for entry in key_results:
            yield f"  {_outcome(entry)}"
            for decision in entry.decisions:
                because = formatting.harmless(decision.because)
                yield f"    {formatting.harmless(decision.about)}: {decision.choice}, because {because} ({decision.id})"
    if closed.hypotheses:
        yield ""
        yield "Still open:"
        for hypothesis in closed.hypotheses:
            yield f"  {hypothesis_title(hypothesis)}"


def _outcome(entry: ClosedKeyResult) -> str:
    made = entry.progress
    where = "never measured" if made.current is None else formatting.dated(made.current, entry.unit)
    score = "" if made.score is None else f", score {made.score:.1f} ({made.zone})"
    verdicts = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in entry.verdicts.items())
    told = f"{entry.key_result.id} {formatting.harmless(entry.key_result.title)}: {where}{score}"
    return told + (f"; verdicts: {verdicts}" if verdicts else "")


def _objectives(closed: ClosedCycle) -> Iterator[str]:
    carried = [
        (objective, [entry for entry in key_results if entry.is_open]) for objective, key_results in closed.objectives
    ]
    if any(entries for _, entries in carried):
        yield "objectives:"
    for objective, entries in carried:
        if entries:
            yield from _objective(objective, closed)
            for entry in entries:
                yield from _key_result(entry, closed)


def _objective(objective: Objective, closed: ClosedCycle) -> Iterator[str]:
    yield f"  - id: {closed.free_id(objective.id)}"
    yield f"    cycle: {closed.following.id}"
    yield f"    title: {_text(objective.title)}"
    for name, value in (("owner", objective.owner), ("theme", objective.theme)):
        if value:
            yield f"    {name}: {_text(value)}"
    if objective.contributors:
        yield f"    contributors: {_text(list(objective.contributors))}"
    if objective.values:
        yield f"    values: {_text([{'id': use.id, 'because': use.because} for use in objective.values])}"
    yield "    key_results:"


def _key_result(entry: ClosedKeyResult, closed: ClosedCycle) -> Iterator[str]:
    told, made = entry.key_result, entry.progress
    yield f"      - id: {closed.free_id(told.id)}"
    yield f"        title: {_text(told.title)}"
    yield "        state: draft                # set its target, then take this line out"
    if told.metric:
        yield f"        metric: {told.metric}"
    yield f"        direction: {told.direction.value}"
    if made.current is not None and told.band is None:
        yield f"        baseline: {{value: {_number(made.current.value)}, date: {made.current.date}}}  # as measured"
    if told.band is not None:
        yield f"        band: [{_number(told.band[0])}, {_number(told.band[1])}]"
    yield f"        kind: {told.kind}"
    yield f"        level: {told.level}"
    yield from _more(told)


def _more(told: KeyResult) -> Iterator[str]:
    if told.min_effect is not None:
        yield f"        min_effect: {_number(told.min_effect)}"
    for name, default in _DEFAULTS.items():
        if getattr(told, name) != default:
            yield f"        {name}: {getattr(told, name)}"
    if told.controls:
        yield f"        controls: {_text(list(told.controls))}"


def _text(value: Any) -> str:
    """*value* as YAML on one line: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    return f"{value:.10g}"
