"""What reports are made of: goals, placed work, observations, verdicts, and how fresh all of it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from zoneinfo import ZoneInfo

from okrsync.linking.placement import Placements
from okrsync.model.ledger import Observation
from okrsync.model.okrs import DatedValue, Okrs
from okrsync.model.verdicts import KeyResultOutcome
from okrsync.outcome.cases import Case
from okrsync.reports.counts import StoreTotals, stock_of


@dataclass(frozen=True, slots=True)
class SourceState:
    """How one source's last sync ended; *age_days* is whole days since it was read, ``None`` if it never was."""

    name: str
    status: str
    age_days: int | None
    error: str = ""

    @property
    def is_fresh(self) -> bool:
        """Read completely, and within a day."""
        return self.status == "ok" and self.age_days is not None and self.age_days <= 1


@dataclass(frozen=True, slots=True)
class Freshness:
    """How each source's last sync ended, and the names of the metrics that could not be read."""

    sources: tuple[SourceState, ...]
    failed_metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """Everything of a project that a report is made of, before any verdict."""

    okrs: Okrs
    linking: Placements
    observations: Mapping[str, Sequence[Observation]]
    sources: Sequence[SourceState]
    budgets: Sequence[tuple[str, float | None]]
    failed_metrics: Sequence[str]
    zone: ZoneInfo
    as_of: date
    counted: StoreTotals | None = None
    """The whole of the store in numbers, where *linking* is only a part of it."""
    within: frozenset[str] | None = None
    """The key results (qualified) that all is known of; ``None``: of all of them."""

    @property
    def stock(self) -> StoreTotals:
        """The whole of the store in numbers."""
        return stock_of(self.linking) if self.counted is None else self.counted


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedInputs(ReportInputs):
    """The inputs of a report with the verdicts on its key results."""

    outcomes: Mapping[str, KeyResultOutcome]
    """What the statistics say, by key result."""
    late_links: frozenset[tuple[str, str]]
    """Key results and items (casefolded) that were tied only after the delivery."""
    cases: Sequence[Case]
    """What the statistics were asked."""

    @classmethod
    def of(
        cls,
        inputs: ReportInputs,
        outcomes: Mapping[str, KeyResultOutcome],
        late_links: frozenset[tuple[str, str]],
        cases: Sequence[Case],
    ) -> JudgedInputs:
        """Return *inputs* with what was found of them."""
        known = {entry.name: getattr(inputs, entry.name) for entry in fields(ReportInputs)}
        return cls(**known, outcomes=outcomes, late_links=late_links, cases=cases)


def current_value(observations: Sequence[Observation], as_of: date) -> DatedValue | None:
    """The latest of *observations* up to *as_of*."""
    known = [entry for entry in observations if entry.day <= as_of]
    return DatedValue(known[-1].value, known[-1].day) if known else None
