"""Checks that have come due, with what they ask for, and those that are still to come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from zoneinfo import ZoneInfo

from okrsync.model.ledger import Decision, Hypothesis, latest
from okrsync.model.verdicts import HypothesisVerdict, OutcomeCheck, Verdict
from okrsync.reports.stoplist import SizeOf, Stoplist
from okrsync.reports.values import FlaggedWin

CHOICES: Mapping[Verdict, tuple[str, ...]] = MappingProxyType(
    {
        Verdict.MOVED: ("persevere", "scale"),
        Verdict.HELD: ("persevere",),
        Verdict.MOVED_WRONG_WAY: ("stop", "revert"),
        Verdict.NO_MEANINGFUL_MOVEMENT: ("pivot", "stop"),
    }
)
"""What a verdict leaves to choose from; one that says nothing asks for nothing."""


@dataclass(frozen=True, slots=True)
class DueCheck:
    """
    A check whose evaluation date has come, and what it asks for.

    *is_new*: it came due since the day that the report looks back to. *broken*: ids of guardrail metrics that broke
    while it moved. *planned*: work of the same kind that is still open, where it is on the stop list. *choices*: what
    is to be decided; empty where nothing can be told.
    """

    key_result: str
    key_result_title: str
    unit: str
    titles: tuple[str, ...]
    check: OutcomeCheck
    is_new: bool
    broken: tuple[str, ...]
    planned: SizeOf | None
    choices: tuple[str, ...]
    decision: Decision | None
    """The last that was decided about it."""

    @property
    def is_asking(self) -> bool:
        """Whether somebody has to decide, and has not since it came due."""
        return bool(self.choices) and self.decision is None


@dataclass(frozen=True, slots=True)
class UpcomingCheck:
    """A check that is still to come, on the day *evaluation*."""

    key_result: str
    members: tuple[str, ...]
    titles: tuple[str, ...]
    evaluation: date
    expected: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Subject:
    """One key result with its checks, as far as it matters here; *titles* of its deliveries by key."""

    id: str
    title: str
    unit: str
    checks: Sequence[OutcomeCheck]
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """What people said and the values tell of the work that was judged."""

    decisions: Sequence[Decision]
    hypotheses: Sequence[Hypothesis]
    zone: ZoneInfo
    """Of the days on which decisions were taken."""
    wins: Sequence[FlaggedWin]
    stoplist: Stoplist


def matured(subjects: Iterable[Subject], known: DecisionContext, since: date, as_of: date) -> list[DueCheck]:
    """The checks that have come due by *as_of*: those that ask for a decision first, then the newest."""
    found = [
        _matured(subject, check, known, since)
        for subject in subjects
        for check in subject.checks
        if is_due(check, as_of)
    ]
    return sorted(
        found,
        key=lambda entry: (
            not entry.is_asking,
            not entry.check.verdict.is_claim,
            -entry.check.evaluation.toordinal(),
            entry.key_result,
            entry.check.members,
        ),
    )


def coming(subjects: Iterable[Subject], as_of: date) -> list[UpcomingCheck]:
    """The checks to come, the next first; key results that cannot be judged have none."""
    found = [
        UpcomingCheck(
            subject.id,
            check.members,
            _titles(subject, check),
            check.evaluation,
            check.expected,
            subject.unit,
        )
        for subject in subjects
        for check in subject.checks
        if check.evaluation > as_of and check.recorded is None and check.verdict is not Verdict.NO_DATA
    ]
    return sorted(found, key=lambda entry: (entry.evaluation, entry.key_result, entry.members))


def is_due(check: OutcomeCheck, as_of: date) -> bool:
    """Whether *check* has come due by *as_of* and says something of the metric, be it that nothing can be told."""
    return check.estimate is not None and not check.is_provisional and check.evaluation <= as_of


def choices(check: OutcomeCheck) -> tuple[str, ...]:
    """What *check* leaves to choose from."""
    if check.verdict is Verdict.MOVED and check.hypothesis is HypothesisVerdict.WEAKER_THAN_EXPECTED:
        return ("persevere", "pivot")
    if check.hypothesis is HypothesisVerdict.REFUTED and check.verdict is Verdict.INCONCLUSIVE:
        return ("pivot", "stop")
    return CHOICES.get(check.verdict, ())


def _matured(subject: Subject, check: OutcomeCheck, known: DecisionContext, since: date) -> DueCheck:
    broken = {
        win.metric
        for win in known.wins
        if win.key_result == subject.id and not set(win.members).isdisjoint(check.members)
    }
    planned = next(
        (
            line.planned
            for line in known.stoplist.lines
            if line.key_result == subject.id and line.check.members == check.members
        ),
        None,
    )
    return DueCheck(
        key_result=subject.id,
        key_result_title=subject.title,
        unit=subject.unit,
        titles=_titles(subject, check),
        check=check,
        is_new=check.evaluation > since,
        broken=tuple(sorted(broken)),
        planned=planned,
        choices=choices(check),
        decision=_decision(check, known),
    )


def _decision(check: OutcomeCheck, known: DecisionContext) -> Decision | None:
    """The last decision about a member of *check*, or what was expected of it, from the day on which it came due."""
    names = {member.casefold() for member in check.members}
    names |= {
        entry.id.casefold() for entry in known.hypotheses if not names.isdisjoint(key.casefold() for key in entry.items)
    }
    found = [
        entry
        for entry in known.decisions
        if entry.about.casefold() in names and entry.at.astimezone(known.zone).date() >= check.evaluation
    ]
    return latest(found)


def _titles(subject: Subject, check: OutcomeCheck) -> tuple[str, ...]:
    return tuple(subject.titles.get(member, "") for member in check.members)
