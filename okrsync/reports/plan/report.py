"""
The plan: which planned work serves no key result, which key result has no work, and what deserves a second look.

Verdicts come from everything that is known; what the plan is about narrows the work alone.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.linking.delivered import day_of
from okrsync.model.ledger import Hypothesis
from okrsync.model.placements import LinkStatus, Placement
from okrsync.reports.counts import natural
from okrsync.reports.inputs import JudgedInputs, ReportInputs, SourceState
from okrsync.reports.plan.balance import Balance, ExemptPlanned, balance_of, exempt_planned
from okrsync.reports.plan.coverage import (
    Coverage,
    coverage_of,
    pieces_of_work,
)
from okrsync.reports.plan.headline import headline
from okrsync.reports.plan.iteration_series import Period
from okrsync.reports.plan.key_results import PlanKeyResult, planned_key_results
from okrsync.reports.plan.review import ReviewLine, look_again
from okrsync.reports.plan.scope import Chosen, PlanScope
from okrsync.reports.progress import ProgressReport
from okrsync.reports.stoplist import Stoplist
from okrsync.reports.suggestions import HeldOutReport, SuggestedLink, SuggestReport

MOST_ASKED = 200
"""For so many unlinked items a plan looks for a key result, in its order: nobody goes through more in one meeting."""


@dataclass(frozen=True, slots=True)
class UnlinkedItem:
    """Planned work that serves no key result: why, since when, and what may be done; *age_days* since it was made."""

    key: str
    title: str
    url: str
    type: str
    status: str
    team: str
    size: float | None
    unit: str
    age_days: int
    parent: str
    parent_title: str
    cause: str
    reason: str
    suggestion: SuggestedLink | None
    command: str
    """Links it to what is suggested; else to a key result that is still to be named (``KR``)."""


@dataclass(frozen=True, slots=True)
class EarlierCoverage:
    """How a period before the plan stood, by today's links, in the unit of the plan's measure."""

    period: Period
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What ``okrsync plan`` says; *parts*: items that are counted with one above or below them."""

    as_of: date
    timezone: str
    scope: PlanScope
    headline: str
    sources: tuple[SourceState, ...]
    failed_metrics: tuple[str, ...]
    cycles: tuple[str, ...]
    known_items: int
    """Items that were ever read; 0: nothing was."""
    coverage: Coverage
    parts: int
    threshold: float
    is_below: bool | None
    """Whether it is below the threshold; ``None`` where no work needs a key result."""
    earlier: tuple[EarlierCoverage, ...]
    unlinked: tuple[UnlinkedItem, ...]
    held_out: HeldOutReport | None
    silence: str
    """Why nothing is suggested, where the reason is not in the single items."""
    key_results: tuple[PlanKeyResult, ...]
    look_again: tuple[ReviewLine, ...]
    exempt: tuple[ExemptPlanned, ...]
    balance: Balance

    @property
    def is_complete(self) -> bool:
        """Whether every source is fresh and every metric could be read."""
        return all(source.is_fresh for source in self.sources) and not self.failed_metrics


@dataclass(frozen=True, slots=True)
class PlanMaterial:
    """What a plan is made of; *suggestions*: for unlinked work, ``None`` where none were asked for."""

    inputs: JudgedInputs
    """With the outcomes of every key result."""
    chosen: Chosen
    progress: ProgressReport
    stoplist: Stoplist
    hypotheses: Sequence[Hypothesis]
    suggestions: SuggestReport | None
    threshold: float
    discovery: frozenset[tuple[str, str]] | None
    """Work (source and id) that is to find something out; ``None`` where the configuration does not tell."""


def build_plan(material: PlanMaterial) -> PlanReport:
    """The plan of what was chosen."""
    inputs, chosen = material.inputs, material.chosen
    work, parts = pieces_of_work(chosen.placements, inputs.linking.hierarchy)
    coverage = coverage_of(work)
    key_results = planned_key_results(material.progress, inputs, chosen, work, coverage.measure)
    concerns = look_again(
        work,
        {entry.standing.id: (entry.standing, entry.judged_on, entry.is_judgeable) for entry in key_results},
        inputs,
        material.stoplist,
        material.hypotheses,
        chosen.runs,
    )
    serving = coverage.measured.serving
    return PlanReport(
        as_of=inputs.as_of,
        timezone=inputs.zone.key,
        scope=chosen.scope,
        headline=headline(inputs.stock.items.total, chosen.scope, coverage, key_results, concerns),
        sources=tuple(inputs.sources),
        failed_metrics=tuple(inputs.failed_metrics),
        cycles=material.progress.cycles,
        known_items=inputs.stock.items.total,
        coverage=coverage,
        parts=parts,
        threshold=material.threshold,
        is_below=None if serving is None else serving < material.threshold,
        earlier=tuple(
            EarlierCoverage(period, coverage_of(pieces_of_work(held, inputs.linking.hierarchy)[0], coverage.measure))
            for period, held in chosen.earlier
        ),
        unlinked=_unlinked(material, work),
        held_out=material.suggestions.held_out if material.suggestions else None,
        silence=material.suggestions.silence if material.suggestions else "",
        key_results=key_results,
        look_again=concerns,
        exempt=exempt_planned(work, inputs.budgets, coverage),
        balance=balance_of(work, inputs.okrs, coverage.measure, material.discovery),
    )


def _unlinked(material: PlanMaterial, work: Sequence[Placement]) -> tuple[UnlinkedItem, ...]:
    found = material.suggestions.suggestions if material.suggestions else ()
    suggested = {entry.key: entry for entry in found}
    return tuple(
        _unlinked_item(entry, suggested.get(entry.item.key), material.inputs)
        for entry in unlinked_of(work, material.inputs)
    )


def unlinked_of(work: Iterable[Placement], inputs: ReportInputs) -> list[Placement]:
    """The unlinked part of *work*: the largest first, for a meeting should talk about these, then the oldest."""

    def place(entry: Placement) -> tuple[float, int, tuple[str, int]]:
        size = 0.0 if entry.item.size is None else entry.item.size.value
        return -size, -_age(entry, inputs), natural(entry.item.key)

    return sorted((entry for entry in work if entry.group is LinkStatus.UNLINKED), key=place)


def _age(placement: Placement, inputs: ReportInputs) -> int:
    """Days since it was made."""
    created = day_of(placement.item.created, inputs.zone) or inputs.as_of
    return max(0, (inputs.as_of - created).days)


def _unlinked_item(placement: Placement, suggestion: SuggestedLink | None, inputs: ReportInputs) -> UnlinkedItem:
    item = placement.item
    above = inputs.linking.hierarchy.find(item.parent, item.source) if item.parent else None
    return UnlinkedItem(
        key=item.key,
        title=item.title,
        url=item.url,
        type=item.type,
        status=item.status.value,
        team=item.team,
        size=None if item.size is None else item.size.value,
        unit="" if item.size is None else item.size.unit,
        age_days=_age(placement, inputs),
        parent=item.parent,
        parent_title="" if above is None else above.title,
        cause="" if placement.cause is None else placement.cause.value,
        reason=placement.reason,
        suggestion=suggestion,
        command=shlex.join(["okrsync", "link", item.key, suggestion.key_result if suggestion else "KR"]),
    )
