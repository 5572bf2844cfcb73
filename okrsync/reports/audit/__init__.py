"""The audit of a cycle: what was believed, what was done, what happened, and what was decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.model.okrs import Cycle
from okrsync.model.verdicts import Verdict
from okrsync.reports.audit.calibration import ExpectationCalibration, calibration_of
from okrsync.reports.audit.carry_over import CarriedOver, carried_over
from okrsync.reports.audit.decisions import DecisionLine, ValueDecisions, by_value, decisions_of
from okrsync.reports.audit.effort import Effort, effort_of
from okrsync.reports.audit.evidence_gaps import EvidenceGaps, untold_work
from okrsync.reports.audit.headline import headline_of
from okrsync.reports.audit.late_verdicts import LateVerdicts, late_verdicts
from okrsync.reports.audit.lead_lag import LeadingPair, leading_pairs
from okrsync.reports.audit.scope import AuditInputs, KeyResultWork, served_in
from okrsync.reports.audit.scores import KeyResultScore, score_of
from okrsync.reports.audit.wins_and_setbacks import WinsAndSetbacks, extremes_of
from okrsync.reports.audit.work import CheckState, WorkLine, work_lines
from okrsync.reports.goal_changes import ToldChange, build_goals
from okrsync.reports.inputs import SourceState
from okrsync.reports.stoplist import Stoplist, build_stoplist


@dataclass(frozen=True, slots=True)
class AuditReport:
    """
    Everything the audit says; a renderer adds nothing.

    *final_on*: the day of the last verdict that is still to come; ``None`` where all are there. *is_over*: the cycle
    has ended. *verdicts*: the judged checks by verdict. *outside*: checks on its key results of work from outside the
    cycle, which are left out. *stale*: metrics that were out of date on its last day.
    """

    as_of: date
    timezone: str
    cycle: Cycle
    chosen: str
    """Why this cycle: ``asked``, ``last_ended`` or ``running``."""
    key_result: str
    team: str
    headline: str
    is_over: bool
    final_on: date | None
    sources: tuple[SourceState, ...]
    failed_metrics: tuple[str, ...]
    stale: tuple[str, ...]
    items: int
    verdicts: Mapping[str, int]
    scores: tuple[KeyResultScore, ...]
    work: tuple[WorkLine, ...]
    outside: int
    untold: EvidenceGaps
    effort: Effort
    calibration: ExpectationCalibration
    stoplist: Stoplist
    leading: tuple[LeadingPair, ...]
    decisions: tuple[DecisionLine, ...]
    by_value: tuple[ValueDecisions, ...]
    changes: tuple[ToldChange, ...]
    versions: int
    """How many versions of the goals were seen: with one alone, no change can be."""
    extremes: WinsAndSetbacks
    carried: CarriedOver
    late: LateVerdicts

    @property
    def is_complete(self) -> bool:
        """Whether every source is fresh, every metric could be read, and none was out of date."""
        return all(source.is_fresh for source in self.sources) and not self.failed_metrics and not self.stale


def build_audit(given: AuditInputs, chosen: str = "asked") -> AuditReport:
    """The audit of the cycle and part in *given*; no verdict depends on the part."""
    inputs = given.inputs
    served = served_in(given)
    lines = work_lines(served, given)
    changes, versions = _changes(served, given)
    scores = tuple(score_of(entry, given, changes) for entry in served)
    effort = effort_of(served, given)
    decisions = decisions_of(served, given)
    return AuditReport(
        as_of=inputs.as_of,
        timezone=inputs.zone.key,
        cycle=given.cycle,
        chosen=chosen,
        key_result=given.part.key_result,
        team=given.part.team,
        headline=headline_of(given, lines, effort),
        is_over=given.cycle.end < inputs.as_of,
        final_on=max((line.final_on for line in lines if line.state is CheckState.OPEN), default=None),
        sources=tuple(inputs.sources),
        failed_metrics=tuple(inputs.failed_metrics),
        stale=tuple(entry.id for entry in scores if entry.stale_days is not None),
        items=inputs.stock.items.total,
        verdicts=_verdicts(lines),
        scores=scores,
        work=lines,
        outside=sum(entry.others for entry in served),
        untold=untold_work(served, given),
        effort=effort,
        calibration=calibration_of(lines),
        stoplist=_stoplist(served, given),
        leading=leading_pairs(served, given),
        decisions=decisions,
        by_value=by_value(decisions, given),
        changes=changes,
        versions=versions,
        extremes=extremes_of(lines),
        carried=carried_over(served, given),
        late=late_verdicts(given),
    )


def _verdicts(lines: Sequence[WorkLine]) -> Mapping[str, int]:
    counts = Counter(line.check.verdict for line in lines if line.state is CheckState.JUDGED)
    return {verdict.value: counts[verdict] for verdict in Verdict if counts[verdict]}


def _changes(served: Sequence[KeyResultWork], given: AuditInputs) -> tuple[tuple[ToldChange, ...], int]:
    """The changes of the cycle itself, and of the key results and their metrics since it began."""
    report = build_goals(given.versions, given.ledger.decisions, given.inputs.as_of, given.inputs.zone)
    key_results = {entry.key_result.qualified_id for entry in served}
    metrics = {entry.key_result.metric for entry in served}
    found = tuple(
        change
        for change in report.changes
        if (change.what == "key result" and (change.name in key_results or _is_gone(change, given)))
        or (change.what == "metric" and change.name in metrics and change.day >= given.cycle.start)
        or (change.what == "cycle" and change.name == given.cycle.id)
    )
    return found, report.versions


def _is_gone(change: ToldChange, given: AuditInputs) -> bool:
    """Whether it tells of a key result of the cycle that was taken out: the clearest goalpost of all."""
    known = {entry.qualified_id for entry in given.inputs.okrs.key_results}
    return change.name.startswith(f"{given.cycle.id}/") and change.name not in known and not given.part.key_result


def _stoplist(served: Sequence[KeyResultWork], given: AuditInputs) -> Stoplist:
    found = build_stoplist(given.inputs, given.ledger, given.rules, [given.cycle.id])
    names = {entry.key_result.qualified_id for entry in served}
    keys = {piece.placement.item.key for entry in served for piece in entry.delivered}
    lines = tuple(
        line
        for line in found.lines
        if line.key_result in names and (not given.part.team or not keys.isdisjoint(line.check.members))
    )
    return Stoplist(found.as_of, found.rules, lines, found.watched)
