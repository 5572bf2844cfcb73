"""
The stop list: open work whose delivered siblings did not move their key result, with what it cost and would cost.

Siblings are the items of one epic on one key result; items without an epic are siblings on their key result. Evidence
decides, by rules that stand in the configuration and are printed with the list; people decide what becomes of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.config.settings_file import RulesSection
from okrsync.linking.delivered import by_key_result, pieces
from okrsync.model.ledger import Decision, Hypothesis, Ledger, latest
from okrsync.model.okrs import KeyResult
from okrsync.model.placements import Placement
from okrsync.model.verdicts import HypothesisVerdict, OutcomeCheck, Verdict
from okrsync.reports.counts import natural
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.words.verdict_table import VERDICTS


@dataclass(frozen=True, slots=True)
class StopRules:
    """After how many verdicts of a kind, with none that moved it, siblings are listed."""

    no_movement: int = 1
    inconclusive: int = 3

    @classmethod
    def from_settings(cls, rules: RulesSection) -> StopRules:
        """Return the rules that the ``rules`` section of a project's file sets."""
        return cls(rules.stop_after_no_movement, rules.stop_after_inconclusive)


@dataclass(frozen=True, slots=True)
class SizeOf:
    """How large some items are together, by unit, and how many have no size."""

    items: int
    sizes: Mapping[str, float]
    unsized: int


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Work that is still planned."""

    key: str
    title: str
    status: str


@dataclass(frozen=True, slots=True)
class StopLine:
    """Siblings whose evidence speaks against going on."""

    key_result: str
    key_result_title: str
    unit: str
    epic: str
    """Key of the epic; empty for items without one."""
    epic_title: str
    reasons: tuple[str, ...]
    verdicts: Mapping[str, int]
    check: OutcomeCheck
    """The latest of theirs that was judged."""
    spent: SizeOf
    planned: SizeOf
    open_items: tuple[OpenItem, ...]
    stop_if: tuple[str, ...]
    days_past: int | None
    """Days since the earliest date by which their hypotheses were to hold, where none did."""
    decision: Decision | None
    """The last that was decided about any of it."""


@dataclass(frozen=True, slots=True)
class Stoplist:
    """What ``okrsync stoplist`` says; *watched*: siblings with open work and a verdict that are not listed."""

    as_of: date
    rules: StopRules
    lines: tuple[StopLine, ...]
    watched: int


@dataclass(frozen=True, slots=True)
class _Siblings:
    key_result: KeyResult
    epic: str
    delivered: tuple[Placement, ...]
    open: tuple[Placement, ...]
    checks: tuple[OutcomeCheck, ...]


def build_stoplist(inputs: JudgedInputs, ledger: Ledger, rules: StopRules, cycles: Sequence[str]) -> Stoplist:
    """The stop list of the key results of *cycles* (ids) on the day of *inputs*, the most planned work first."""
    ledger = ledger.stated_by(inputs.as_of, inputs.zone)
    linked = by_key_result(inputs.linking)
    found = [
        siblings
        for entry in inputs.okrs.key_results
        # What only counts what is made can be moved by nothing but more of it: no evidence against any.
        if entry.cycle in cycles and entry.level == "outcome"
        for siblings in _siblings(entry, linked.get(entry.qualified_id, []), inputs)
        if siblings.open and siblings.checks
    ]
    lines = [line for siblings in found if (line := _line(siblings, inputs, ledger, rules)) is not None]
    ordered = sorted(lines, key=lambda line: (-line.planned.items, line.key_result, natural(line.epic)))
    return Stoplist(inputs.as_of, rules, tuple(ordered), len(found) - len(lines))


def _siblings(entry: KeyResult, placements: Sequence[Placement], inputs: JudgedInputs) -> Iterable[_Siblings]:
    delivered = [piece.placement for piece in pieces(placements, entry.qualified_id, inputs.zone, inputs.as_of)]
    still_open = [place for place in placements if place.item.status.is_open and place.is_piece]
    outcome = inputs.outcomes.get(entry.qualified_id)
    judged = [] if outcome is None else [check for check in outcome.checks if _is_judged(check, inputs.as_of)]
    for epic in sorted({place.item.parent for place in still_open}, key=natural):
        done = tuple(place for place in delivered if place.item.parent == epic)
        keys = {place.item.key for place in done}
        yield _Siblings(
            entry,
            epic,
            done,
            tuple(place for place in still_open if place.item.parent == epic),
            tuple(check for check in judged if not keys.isdisjoint(check.members)),
        )


def _is_judged(check: OutcomeCheck, as_of: date) -> bool:
    return check.estimate is not None and not check.is_provisional and check.evaluation <= as_of


def _line(siblings: _Siblings, inputs: JudgedInputs, ledger: Ledger, rules: StopRules) -> StopLine | None:
    hypotheses = _hypotheses(siblings, ledger.hypotheses)
    late = _days_past(siblings, hypotheses, inputs.as_of)
    reasons = _reasons(siblings, rules, late)
    if not reasons:
        return None
    entry = siblings.key_result
    metric = inputs.okrs.metrics_by_id.get(entry.metric)
    epic = inputs.linking.hierarchy.find(siblings.epic) if siblings.epic else None
    return StopLine(
        key_result=entry.qualified_id,
        key_result_title=entry.title,
        unit=metric.unit if metric else "",
        epic=siblings.epic,
        epic_title="" if epic is None else epic.title,
        reasons=reasons,
        verdicts=dict(sorted(Counter(check.verdict.value for check in siblings.checks).items())),
        check=max(siblings.checks, key=lambda check: (check.evaluation, check.members)),
        spent=_size_of(siblings.delivered),
        planned=_size_of(siblings.open),
        open_items=tuple(
            OpenItem(place.item.key, place.item.title, place.item.status.value)
            for place in sorted(siblings.open, key=lambda place: natural(place.item.key))
        ),
        stop_if=tuple(dict.fromkeys(entry.stop_if for entry in hypotheses if entry.stop_if)),
        days_past=late,
        decision=_last_decision(siblings, hypotheses, ledger.decisions),
    )


def _reasons(siblings: _Siblings, rules: StopRules, late: int | None) -> tuple[str, ...]:
    """Why the siblings are listed; nothing where one of them moved the key result, or where it held."""
    kinds = Counter(check.verdict for check in siblings.checks)
    if any(kind.is_win for kind in kinds):
        return ()
    refuted = sum(check.hypothesis is HypothesisVerdict.REFUTED for check in siblings.checks)
    against = sum(
        check.verdict.is_setback or check.hypothesis is HypothesisVerdict.REFUTED for check in siblings.checks
    )
    found = []
    if against >= rules.no_movement:
        for count, what in (
            *((kinds[kind], words.one) for kind, words in VERDICTS.items() if kind.is_setback),
            (refuted, "fell short of what was expected"),
        ):
            if count:
                found.append(f"{count} {'delivery' if count == 1 else 'deliveries'} {what}")
    if kinds[Verdict.INCONCLUSIVE] >= rules.inconclusive:
        found.append(f"{kinds[Verdict.INCONCLUSIVE]} deliveries, and none can be told from drift")
    if late is not None:
        found.append(f"what was expected was due {late:,} {'day' if late == 1 else 'days'} ago, and is not confirmed")
    return tuple(found)


def _hypotheses(siblings: _Siblings, hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    keys = {place.item.key.casefold() for place in (*siblings.delivered, *siblings.open)} | {siblings.epic.casefold()}
    replaced = {entry.replaces for entry in hypotheses}
    names = {siblings.key_result.qualified_id.casefold(), siblings.key_result.id.casefold()}
    return [
        entry
        for entry in hypotheses
        if entry.id not in replaced
        and entry.key_result.casefold() in names
        and not keys.isdisjoint(key.casefold() for key in entry.items)
    ]


def _days_past(siblings: _Siblings, hypotheses: Sequence[Hypothesis], as_of: date) -> int | None:
    """How long ago the first hypothesis with a stop rule was due, where no verdict confirms it."""
    due = [entry.due for entry in hypotheses if entry.stop_if and entry.due < as_of]
    is_confirmed = any(check.hypothesis is HypothesisVerdict.CONFIRMED for check in siblings.checks)
    return (as_of - min(due)).days if due and not is_confirmed else None


def _last_decision(
    siblings: _Siblings, hypotheses: Sequence[Hypothesis], decisions: Sequence[Decision]
) -> Decision | None:
    names = {siblings.key_result.qualified_id, siblings.epic, *(entry.id for entry in hypotheses)}
    names |= {place.item.key for place in (*siblings.delivered, *siblings.open)}
    return latest(entry for entry in decisions if entry.about in names)


def _size_of(placements: Sequence[Placement]) -> SizeOf:
    sizes: dict[str, float] = {}
    for place in placements:
        if place.item.size is not None:
            sizes[place.item.size.unit] = sizes.get(place.item.size.unit, 0.0) + place.item.size.value
    unsized = sum(place.item.size is None for place in placements)
    return SizeOf(len(placements), dict(sorted(sizes.items())), unsized)
