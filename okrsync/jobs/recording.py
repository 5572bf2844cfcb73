"""Records what a sync has found: placements, verdicts that have come due, and results that reports reuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

from okrsync.answers.evaluation import attribute_cases, build_recorded_cases, load_evidence, outcomes_by_key
from okrsync.answers.fit_cache import FitCache
from okrsync.answers.holidays import stored_holidays
from okrsync.answers.outlooks import OutlookCache, stored_outlooks
from okrsync.answers.placement_cache import placement_cache_key, stock_adapter
from okrsync.answers.workspace import Workspace, link_all
from okrsync.linking.placement import Placements
from okrsync.model.plain import canonical, to_plain
from okrsync.model.verdicts import KeyResultOutcome, OutcomeCheck
from okrsync.outcome.cases import Case
from okrsync.outcome.preregistration import late_links, seen_now
from okrsync.reports.counts import stock_of
from okrsync.reports.inputs import JudgedInputs, ReportInputs
from okrsync.reports.progress import outlook_questions
from okrsync.store.failpoints import failpoint
from okrsync.store.records import PlacementCacheEntry, RecordedCheck


def keep_placements(workspace: Workspace) -> tuple[Placements, int, int]:
    """Place every item and store that; returns it, and how many links were added and ended."""
    # One transaction: of two syncs at once, one would end the links to items that the other has just stored.
    with workspace.store.write() as unit:
        linking = link_all(workspace, unit.view)
        added, ended = unit.save_links(linking.links, workspace.now)
        stock = stock_adapter().dump_json(stock_of(linking)).decode()
        unit.save_placements(linking.placements, PlacementCacheEntry(placement_cache_key(workspace), stock))
        failpoint("links-written")
    return linking, added, ended


def keep_settled(workspace: Workspace, inputs: JudgedInputs) -> None:
    """Note the key results of *inputs* on which every delivery has its verdict on record."""
    on_record = {
        key_result: {member for check in outcome.checks if check.recorded for member in check.members}
        for key_result, outcome in inputs.outcomes.items()
    }
    settled = [
        case.key
        for case in inputs.cases
        if all(delivery.id in on_record.get(case.key, ()) for delivery in case.deliveries)
    ]
    with workspace.store.write() as unit:
        unit.save_settled(settled)


@dataclass(frozen=True, slots=True)
class RecordCounts:
    """How many verdicts a sync has put on record, and how many that have come due still wait."""

    put: int
    waiting: int


def recorded_outcomes(
    workspace: Workspace, inputs: ReportInputs, *, is_whole: bool
) -> tuple[JudgedInputs, RecordCounts]:
    """
    As :func:`with_outcomes`, and what has come due is put on record, once and for all.

    So are expectations that items state for the first time, or anew. Verdicts wait where they might be made of half the
    work or half the values: unless *is_whole*, which is that every source was read to its end, and where the metric
    could not be read.
    """
    with workspace.store.write() as unit:
        unit.save_expectations(seen_now(inputs.linking, workspace.now), workspace.now)
    known = load_evidence(workspace, inputs)
    holidays = stored_holidays(workspace, is_kept=True)
    cases = build_recorded_cases(workspace, inputs, known, holidays)
    fits = _kept_fits(workspace, inputs)
    found = attribute_cases(cases, inputs.as_of, fits)
    unread = {entry.qualified_id for entry in inputs.okrs.key_results if entry.metric in inputs.failed_metrics}
    final = [
        (case, outcome, check)
        for case, outcome in zip(cases, found, strict=True)
        for check in outcome.checks
        if _is_final(check, inputs.as_of)
    ]
    due = [
        RecordedCheck(case.key, replace(check, recorded=inputs.as_of), _inputs(case, outcome, check), workspace.now)
        for case, outcome, check in final
        if is_whole and case.key not in unread
    ]
    # A report sees the new verdicts on record: what it will ask for is computed with them.
    cases = [_with_new(case, due) for case in cases]
    attribute_cases([case for case in cases if any(entry.key_result == case.key for entry in due)], inputs.as_of, fits)
    outlooks = _kept_outlooks(workspace, inputs, cases)
    with workspace.store.write() as unit:
        unit.save_checks(due)
        unit.save_fits([*fits.written(), *outlooks.entries(), *holidays.entries()])
        failpoint("checks-written")
    told = {(entry.key_result, entry.check.members): entry.check for entry in due}
    outcomes = [
        replace(outcome, checks=tuple(told.get((case.key, check.members), check) for check in outcome.checks))
        for case, outcome in zip(cases, found, strict=True)
    ]
    late = late_links(inputs.linking, known.evidence)
    told_inputs = JudgedInputs.of(inputs, outcomes_by_key(cases, outcomes), late, cases)
    keep_settled(workspace, told_inputs)
    return told_inputs, RecordCounts(len(due), len(final) - len(due))


def _kept_fits(workspace: Workspace, inputs: ReportInputs) -> FitCache:
    """What earlier syncs have fitted; of the cycles that run or ended lately, which reports are about, it is kept."""
    since = inputs.as_of - _LATELY
    lately = frozenset(
        entry.qualified_id for entry in inputs.okrs.key_results if inputs.okrs.cycle(entry.cycle).end >= since
    )
    with workspace.reading() as view:
        return FitCache(view.fits(lately), inputs.as_of, lately)


def _kept_outlooks(workspace: Workspace, inputs: ReportInputs, cases: Sequence[Case]) -> OutlookCache:
    """Return the outlooks of all key results whose cycles are not over, with those that the store did not have."""
    running = {cycle.id for cycle in inputs.okrs.cycles if inputs.as_of <= cycle.end}
    questions = list(outlook_questions(inputs, cases, running))
    outlooks = stored_outlooks(workspace, [question.case.key for question in questions], is_kept=True)
    for question in questions:
        outlooks.look_ahead(question)
    return outlooks


def _is_final(check: OutcomeCheck, as_of: date) -> bool:
    return check.recorded is None and not check.is_provisional and check.evaluation <= as_of and check.verdict.is_final


def _inputs(case: Case, outcome: KeyResultOutcome, check: OutcomeCheck) -> bytes:
    """What *check* was made from, so that it can be made again."""
    last = check.evaluation
    known = [(day, value) for day, value in zip(case.series.days, case.series.values, strict=True) if day <= last]
    return canonical(
        to_plain(
            {
                "series": known,
                "deliveries": [asdict(delivery) for delivery in case.deliveries if delivery.day <= last],
                "controls": len(case.controls),
                "settings": asdict(case.settings),
                "models": outcome.models,
            }
        )
    )


def _with_new(case: Case, due: Sequence[RecordedCheck]) -> Case:
    """Return *case* with those of *due* that are on its key result."""
    new = tuple(entry.check for entry in due if entry.key_result == case.key)
    return replace(case, recorded=(*case.recorded, *new)) if new else case


_LATELY = timedelta(days=120)
