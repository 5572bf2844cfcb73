"""What was decided in a cycle: by which values, what was taken back, and what went against the evidence of its day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.model.ledger import Decision
from okrsync.model.verdicts import OutcomeCheck
from okrsync.reports.audit.scope import AuditInputs, KeyResultWork, is_judged

GOING_ON, ENDING = {"persevere", "scale"}, {"stop", "revert"}


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """
    One decision about the cycle's work or key results.

    *verdicts*: those that were known on its day, of what it is about. *is_against*: it goes on although none of it
    moved and something spoke against it, or ends what moved. *reversed*: the decision that it takes back.
    """

    day: date
    key_results: tuple[str, ...]
    decision: Decision
    verdicts: tuple[str, ...]
    is_against: bool
    reversed: Decision | None


@dataclass(frozen=True, slots=True)
class ValueDecisions:
    """What was decided in the name of one value: how often each choice; *id* is empty for those that name none."""

    id: str
    statement: str
    choices: Mapping[str, int]
    decisions: tuple[str, ...]


def decisions_of(served: Sequence[KeyResultWork], given: AuditInputs) -> tuple[DecisionLine, ...]:
    """The decisions about *served* and work on it, by day."""
    by_id = {entry.id: entry for entry in given.ledger.decisions}
    subjects: dict[str, list[KeyResultWork]] = {}
    for each in served:
        for name in _names(each, given):
            subjects.setdefault(name, []).append(each)
    lines = []
    for entry in given.ledger.decisions:
        day = entry.at.astimezone(given.inputs.zone).date()
        about = subjects.get(entry.about, [])
        if not about or day > given.inputs.as_of:
            continue
        known = [check for each in about for check in _checks(each, entry.about, given) if is_judged(check, day)]
        lines.append(
            DecisionLine(
                day,
                tuple(each.key_result.qualified_id for each in about),
                entry,
                tuple(sorted(check.verdict.value for check in known)),
                _is_against(entry.choice, known),
                by_id.get(entry.reverses),
            )
        )
    return tuple(sorted(lines, key=lambda line: (line.day, line.decision.id)))


def by_value(lines: Sequence[DecisionLine], given: AuditInputs) -> tuple[ValueDecisions, ...]:
    """The decisions in the name of each value, in the order of the files; then those that name none."""
    names = [(value.id, value.statement) for value in given.inputs.okrs.values]
    found = [
        _of_value(id_, statement, [line for line in lines if id_ in line.decision.values]) for id_, statement in names
    ]
    nameless = [line for line in lines if not line.decision.values]
    return (*found, _of_value("", "", nameless)) if nameless else tuple(found)


def _of_value(id_: str, statement: str, lines: Sequence[DecisionLine]) -> ValueDecisions:
    choices = Counter(line.decision.choice for line in lines)
    return ValueDecisions(id_, statement, dict(sorted(choices.items())), tuple(line.decision.id for line in lines))


def _names(entry: KeyResultWork, given: AuditInputs) -> set[str]:
    """What a decision about *entry* or its work may name: key result, hypotheses, items, epics."""
    name = entry.key_result.qualified_id
    items = [piece.placement.item for piece in entry.delivered]
    stated = (line.id for line in given.hypotheses.hypotheses if line.key_result == name)
    epics = (item.parent for item in items if item.parent)
    is_whole = not given.part.team
    return {*(item.key for item in items), *epics, *((name, *stated) if is_whole else ())}


def _checks(entry: KeyResultWork, about: str, given: AuditInputs) -> Iterator[OutcomeCheck]:
    """The checks of *entry* that tell of *about*; all of them where that is the key result."""
    if about == entry.key_result.qualified_id:
        yield from entry.checks
        return
    keys = {about}
    keys |= {item.key for line in given.hypotheses.hypotheses if line.id == about for item in line.items}
    keys |= {key for key, piece in entry.known.items() if piece.placement.item.parent == about}
    yield from (check for check in entry.checks if not keys.isdisjoint(check.members))


def _is_against(choice: str, known: Sequence[OutcomeCheck]) -> bool:
    kinds = {check.verdict for check in known}
    has_moved = any(kind.is_win for kind in kinds)
    has_failed = any(kind.is_setback for kind in kinds)
    return (choice in GOING_ON and has_failed and not has_moved) or (choice in ENDING and has_moved and not has_failed)
