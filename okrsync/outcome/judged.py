"""What is found of one key result, how much of it is asked for, and what is known of it without a fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from okrsync.model.verdicts import KeyResultOutcome, OutcomeCheck
from okrsync.outcome.cases import Case, Settings


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Means of the metric before and after, in its unit; ``None`` where nothing was observed."""

    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        """After minus before; ``None`` unless both were observed."""
        return None if self.before is None or self.after is None else self.after - self.before


Checked = tuple[OutcomeCheck, BeforeAfter]
Row = tuple[OutcomeCheck, BeforeAfter, Settings]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A key result before multiplicity, with the means around each of its checks and what it is judged by."""

    outcome: KeyResultOutcome
    levels: tuple[BeforeAfter, ...]
    settings: tuple[Settings, ...]


class Memory(Protocol):
    """Keeps what was judged, for as long as nothing that it was judged by has changed."""

    def recalled(self, case: Case) -> Evaluation | None:
        """What was found of *case*; ``None`` where it is not known, or was found of something else."""

    def keep(self, case: Case, found: Evaluation) -> None:
        """Note what was *found* of *case*."""


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """
    How much is asked of many key results.

    *shown*: those (by key) of which all is wanted; of the others the checks alone, as they are on record where that is
    everything, or, with *only_due*, where what is not is still to come and may be left out.
    """

    shown: Collection[str] | None = None
    only_due: bool = False
    memory: Memory | None = None

    def shows(self, case: Case) -> bool:
        """Whether all is wanted of *case*."""
        return self.shown is None or case.key in self.shown

    def known(self, case: Case, as_of: date) -> Evaluation | None:
        """Return what is to be said of *case* without a fit; ``None`` if it takes one, or may take one."""
        if not self.shows(case):
            if is_on_record(case):
                return judged_on_record(case, as_of)
            if self.only_due:
                return None
        return self.recalled(case)

    def recalled(self, case: Case) -> Evaluation | None:
        """Return what the memory has of *case*; ``None`` without one."""
        return None if self.memory is None else self.memory.recalled(case)


ALL = EvaluationOptions()


def is_on_record(case: Case) -> bool:
    """Return whether every delivery of *case* has its check on record."""
    recorded = case.on_record
    return all(delivery.id in recorded for delivery in case.deliveries)


def judged_on_record(case: Case, as_of: date) -> Evaluation:
    """Return the checks of *case* that are on record, and nothing that a fit would tell beside them."""
    return with_recorded(KeyResultOutcome(as_of, ()), case, [])


def with_recorded(outcome: KeyResultOutcome, case: Case, entries: Sequence[Checked]) -> Evaluation:
    """Return *entries* and the checks of *case* that are on record, by day, as what is found of it."""
    both = [*entries, *((check, BeforeAfter(None, None)) for check in case.recorded)]
    return in_order_of_day(outcome, [(check, level, case.settings) for check, level in both])


def rows_of(made: Evaluation) -> list[Row]:
    """Return each check of *made* with its means and with what it is judged by."""
    return list(zip(made.outcome.checks, made.levels, made.settings, strict=True))


def in_order_of_day(outcome: KeyResultOutcome, rows: Sequence[Row]) -> Evaluation:
    """Return *outcome* with the checks of *rows*, by first day, last day and members."""
    ordered = sorted(rows, key=lambda row: by_day(row[0]))
    checks = tuple(check for check, _, _ in ordered)
    return Evaluation(
        replace(outcome, checks=checks), tuple(row[1] for row in ordered), tuple(row[2] for row in ordered)
    )


def by_day(check: OutcomeCheck) -> tuple[date, date, tuple[str, ...]]:
    """Return what orders checks: first day, last day and members."""
    return check.first, check.last, check.members
