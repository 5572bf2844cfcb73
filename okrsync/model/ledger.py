"""What people said and decided, and what was measured: append-only records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Observation:
    """
    A metric's value on a day, where it came from and when it was known.

    A later *recorded* with another value is a revision; the earlier one is kept.
    """

    metric: str
    day: date
    value: float
    recorded: datetime
    origin: str
    n: float | None = None
    """Sample size behind the value, where the source gives one."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What every ledger record carries: *at* is when it holds, *recorded* when it was written, *by* the role."""

    id: str
    at: datetime
    recorded: datetime
    by: str
    replaces: str
    """The id of the record that this one corrects; empty for most."""


RecordedT = TypeVar("RecordedT", bound=Recorded)


def in_time_order(records: Iterable[RecordedT]) -> list[RecordedT]:
    """
    Return *records*, which come in file order, oldest first.

    Of one moment, for times are whole seconds: by when they were written, then as they stand in their file.
    """
    return sorted(records, key=lambda record: (record.at, record.recorded))


def latest(records: Iterable[RecordedT]) -> RecordedT | None:
    """Return the last of *records* in time order; ``None`` of none."""
    ordered = in_time_order(records)
    return ordered[-1] if ordered else None


@dataclass(frozen=True, slots=True)
class LinkDecision(Recorded):
    """A person linked an item to a key result, or took a link away."""

    action: str
    """``link`` or ``unlink``."""
    item: str
    key_result: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckIn(Recorded):
    """A person reports a key result's value, and how confident they are to reach the target (0 to 1)."""

    key_result: str
    value: float
    confidence: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Hypothesis(Recorded):
    """What items are expected to do to a key result, written down."""

    items: tuple[str, ...]
    key_result: str
    change: float
    """Expected change in the metric's unit."""
    due: date
    because: str
    stop_if: str
    guardrails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision(Recorded):
    """What was decided about an item or hypothesis, with the values and evidence behind it."""

    about: str
    choice: str
    because: str
    values: tuple[str, ...]
    evidence: tuple[str, ...]
    alignment: str
    reverses: str


@dataclass(frozen=True, slots=True)
class EvidenceNote(Recorded):
    """A survey, interview, support case or usage note beside the numbers, never mixed into them."""

    about: str
    kind: str
    text: str
    n: int | None
    url: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """
    All records, in file order, with corrected ones left out.

    But of *hypotheses* every one is here: what was expected when the work was delivered stays what is tested, whatever
    was written later.
    """

    links: tuple[LinkDecision, ...] = ()
    check_ins: tuple[CheckIn, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    decisions: tuple[Decision, ...] = ()
    evidence: tuple[EvidenceNote, ...] = ()

    def stated_by(self, day: date, zone: tzinfo) -> Ledger:
        """This ledger without what was expected, decided or noted after *day*, a day in *zone*."""

        def by_then(records: Sequence[RecordedT]) -> tuple[RecordedT, ...]:
            return tuple(record for record in records if record.at.astimezone(zone).date() <= day)

        return replace(
            self,
            hypotheses=tuple(entry for entry in self.hypotheses if entry.recorded.astimezone(zone).date() <= day),
            decisions=by_then(self.decisions),
            evidence=by_then(self.evidence),
        )
