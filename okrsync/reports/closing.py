"""What a cycle that is over leaves to the next one: scores, verdicts, decisions, and what is still open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from okrsync.model.ledger import Decision, Ledger, in_time_order
from okrsync.model.okrs import Cycle, KeyResult, Objective
from okrsync.okrs.progress import Progress, progress_of
from okrsync.reports.hypotheses import HypothesesReport, HypothesisLine, HypothesisState
from okrsync.reports.inputs import JudgedInputs


@dataclass(frozen=True, slots=True)
class ClosedKeyResult:
    """One key result at the end of its cycle; *is_open*: worth going on with, and nobody decided to stop it."""

    key_result: KeyResult
    unit: str
    progress: Progress
    verdicts: Mapping[str, int]
    decisions: tuple[Decision, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class ClosedCycle:
    """What is left of *cycle*; *following*: the cycle behind it, *is_new* if the files do not have it yet."""

    as_of: date
    cycle: Cycle
    following: Cycle
    is_new: bool
    objectives: tuple[tuple[Objective, tuple[ClosedKeyResult, ...]], ...]
    hypotheses: tuple[HypothesisLine, ...]
    """Those on its key results that are neither judged nor corrected."""
    taken: frozenset[str]
    """Ids of objectives and key results, casefolded, that *following* has already."""

    def free_id(self, id_: str) -> str:
        """*id_*, or with the old cycle's name behind it where *following* has one like it."""
        return f"{id_}-{self.cycle.id}" if id_.casefold() in self.taken else id_


def build_closing(
    inputs: JudgedInputs, ledger: Ledger, hypotheses: HypothesesReport, cycle: Cycle, following: str
) -> ClosedCycle:
    """What *cycle* leaves; *following*: the id of the next cycle, empty for the usual one."""
    name = following or next_id(cycle.id)
    known = next((entry for entry in inputs.okrs.cycles if entry.id.casefold() == name.casefold()), None)
    objectives = tuple(
        (objective, tuple(_closed(entry, cycle, ledger, inputs) for entry in objective.key_results))
        for objective in inputs.okrs.objectives
        if objective.cycle == cycle.id
    )
    names = {entry.qualified_id for entry in inputs.okrs.key_results if entry.cycle == cycle.id}
    return ClosedCycle(
        inputs.as_of,
        cycle,
        known or _behind(cycle, name),
        known is None,
        objectives,
        tuple(
            entry
            for entry in hypotheses.hypotheses
            if entry.key_result in names and entry.state not in {HypothesisState.JUDGED, HypothesisState.CORRECTED}
        ),
        frozenset(
            id_.casefold()
            for objective in inputs.okrs.objectives
            if objective.cycle.casefold() == name.casefold()
            for id_ in (objective.id, *(entry.id for entry in objective.key_results))
        ),
    )


def next_id(cycle_id: str) -> str:
    """``2026Q4`` becomes ``2027Q1``; any other id gets ``-next``."""
    year, mark, quarter = cycle_id.partition("Q")
    if mark and year.isdigit() and quarter in {"1", "2", "3", "4"}:
        return f"{int(year) + 1}Q1" if quarter == "4" else f"{year}Q{int(quarter) + 1}"
    return f"{cycle_id}-next"


def _behind(cycle: Cycle, name: str) -> Cycle:
    """A cycle called *name* that follows *cycle*: as many whole months where it has whole months, else as many days."""
    start = cycle.end + timedelta(days=1)
    months = (start.year - cycle.start.year) * 12 + start.month - cycle.start.month
    if cycle.start.day == 1 and start.day == 1 and months > 0:
        month = start.month - 1 + months
        end = date(start.year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    else:
        end = cycle.end + (start - cycle.start)
    return Cycle(name, start, end, cycle.review_days)


def _closed(entry: KeyResult, cycle: Cycle, ledger: Ledger, inputs: JudgedInputs) -> ClosedKeyResult:
    metric = inputs.okrs.metrics_by_id.get(entry.metric)
    made = progress_of(entry, cycle, inputs.observations.get(entry.metric, ()), inputs.as_of)
    outcome = inputs.outcomes.get(entry.qualified_id)
    decisions = _decisions(entry, ledger.decisions, [] if outcome is None else [c.members for c in outcome.checks])
    stopped = bool(decisions) and decisions[-1].about == entry.qualified_id and decisions[-1].choice == "stop"
    return ClosedKeyResult(
        entry,
        "" if metric is None else metric.unit,
        made,
        {} if outcome is None else dict(sorted(Counter(check.verdict.value for check in outcome.checks).items())),
        decisions,
        not stopped and (made.share is None or made.share < 1),
    )


def _decisions(
    entry: KeyResult, decisions: Sequence[Decision], members: Sequence[Sequence[str]]
) -> tuple[Decision, ...]:
    """What was decided about *entry* or work on it, oldest first, that about the key result itself last."""
    keys = {key for group in members for key in group}
    about_work = [decision for decision in decisions if decision.about in keys]
    about_it = [decision for decision in decisions if decision.about == entry.qualified_id]
    return (*in_time_order(about_work), *in_time_order(about_it))
