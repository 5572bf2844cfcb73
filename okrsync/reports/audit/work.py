"""From work to outcome: one line for each delivery, alone or in the group that it was judged with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from okrsync.linking.delivered import WorkUnit
from okrsync.model.ledger import Decision, in_time_order
from okrsync.model.okrs import Cycle
from okrsync.model.verdicts import OutcomeCheck
from okrsync.reports.audit.scope import AuditInputs, KeyResultWork, final_day, is_in_cycle, is_judged, is_open, size_of
from okrsync.reports.hypotheses import ExpectedItem, HypothesisLine
from okrsync.reports.outcomes.due_checks import choices
from okrsync.reports.stoplist import SizeOf
from okrsync.reports.values import FlaggedWin, build_values


class CheckState(StrEnum):
    """How far a check has come."""

    JUDGED = "judged"
    OPEN = "open"
    """Its verdict is still to come."""
    UNTOLD = "untold"
    """There is no verdict: no data, withheld, or too few points before."""


@dataclass(frozen=True, slots=True)
class Worked:
    """One delivered item of a line; *is_outside*: delivered outside the cycle, and judged together with the others."""

    key: str
    title: str
    url: str
    team: str
    day: date | None
    pull_requests: tuple[str, ...]
    is_linked_late: bool
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class WorkLine:
    """
    One check with the work that it is about.

    *size* counts each item with its share. *guardrails* are those that left their limits since. *evidence*: how many
    notes there are on the work or its hypotheses. *choices*: what the verdict leaves to choose from. *is_asking*: there
    is something to choose, and nobody has decided since.
    """

    key_result: str
    unit: str
    min_effect: float | None
    members: tuple[Worked, ...]
    size: SizeOf
    state: CheckState
    final_on: date
    check: OutcomeCheck
    hypotheses: tuple[str, ...]
    guardrails: tuple[FlaggedWin, ...]
    evidence: int
    decision: Decision | None
    choices: tuple[str, ...]
    is_asking: bool


def work_lines(served: Sequence[KeyResultWork], given: AuditInputs) -> tuple[WorkLine, ...]:
    """A line for each check of *served*, by key result, then by day."""
    about = _Beside(given)
    return tuple(_line(entry, check, about, given) for entry in served for check in entry.checks)


def worked(piece: WorkUnit, key_result: str, given: AuditInputs, cycle: Cycle | None = None) -> Worked:
    """*piece* as a line shows it; outside of *cycle* where that is given and does not have its day."""
    item = piece.placement.item
    return Worked(
        item.key,
        item.title,
        item.url,
        item.team,
        piece.day,
        tuple(sorted(piece.pull_requests)),
        (key_result, item.key.casefold()) in given.inputs.late_links,
        cycle is not None and not is_in_cycle(piece.day, cycle, given.inputs.as_of),
    )


class _Beside:
    """What else is known of work, by what it is about."""

    def __init__(self, given: AuditInputs) -> None:
        self.stated: dict[str, list[HypothesisLine]] = {}
        for line in given.hypotheses.hypotheses:
            if line.origin == "ledger":
                self.stated.setdefault(line.key_result, []).append(line)
        self.broken: dict[tuple[str, tuple[str, ...]], dict[str, FlaggedWin]] = {}
        for value in build_values(given.inputs, [given.cycle.id]).values:
            for win in value.flagged:
                self.broken.setdefault((win.key_result, win.members), {})[win.metric] = win
        zone, as_of = given.inputs.zone, given.inputs.as_of
        self.notes = Counter(note.about for note in given.ledger.evidence if note.at.astimezone(zone).date() <= as_of)
        self.decisions: dict[str, tuple[int, Decision]] = {}
        for place, entry in enumerate(in_time_order(given.ledger.decisions)):
            if entry.at.astimezone(zone).date() <= as_of:
                self.decisions[entry.about] = (place, entry)

    def last_decision(self, names: Iterable[str]) -> Decision | None:
        """The last about any of *names*."""
        found = [self.decisions[name] for name in names if name in self.decisions]
        return max(found, key=lambda entry: entry[0])[1] if found else None


def _line(entry: KeyResultWork, check: OutcomeCheck, beside: _Beside, given: AuditInputs) -> WorkLine:
    name = entry.key_result.qualified_id
    found = [entry.known[key] for key in check.members if key in entry.known]
    stated = tuple(line.id for line in beside.stated.get(name, ()) if _names_any(line.items, check.members))
    about = {*check.members, *stated}
    decision = beside.last_decision(about)
    is_done = is_judged(check, given.inputs.as_of)
    left = choices(check) if is_done else ()
    return WorkLine(
        key_result=name,
        unit=entry.unit,
        min_effect=entry.key_result.min_effect,
        members=tuple(worked(piece, name, given, given.inputs.okrs.cycle(entry.key_result.cycle)) for piece in found),
        size=size_of(found),
        state=CheckState.JUDGED if is_done else CheckState.OPEN if is_open(check) else CheckState.UNTOLD,
        final_on=final_day(check, entry.metric),
        check=check,
        hypotheses=stated,
        guardrails=tuple(win for _, win in sorted(beside.broken.get((name, check.members), {}).items())),
        evidence=sum(beside.notes[subject] for subject in about),
        decision=decision,
        choices=left,
        is_asking=bool(left) and (decision is None or _day(decision, given) < check.evaluation),
    )


def _names_any(items: Sequence[ExpectedItem], members: Sequence[str]) -> bool:
    return not {item.key for item in items}.isdisjoint(members)


def _day(decision: Decision, given: AuditInputs) -> date:
    return decision.at.astimezone(given.inputs.zone).date()
