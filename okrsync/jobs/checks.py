"""The statistics over a project's key results, with the verdicts that are on record already."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from okrsync.jobs.fits import Fits
from okrsync.jobs.goals import Texts, versions_of
from okrsync.jobs.holidays import Holidays, stored_holidays
from okrsync.jobs.outlooks import Outlooks, stored_outlooks
from okrsync.jobs.placed import keep_settled
from okrsync.jobs.workspace import Workspace, scopes
from okrsync.model.plain import canonical, to_plain
from okrsync.model.verdicts import KeyResultOutcome, OutcomeCheck, Verdict
from okrsync.model.work import Item
from okrsync.okrs.changes import key_result_at
from okrsync.outcome.cases import Case, Settings
from okrsync.outcome.questions import Questions, cases_of, settings_of
from okrsync.outcome.registration import Evidence, expectations_of, items_to_look_into, late_links, seen_now
from okrsync.reports.checks import CheckedKeyResult, ChecksReport
from okrsync.reports.inputs import ReportInputs
from okrsync.reports.progress import outlook_questions
from okrsync.store.failpoints import failpoint
from okrsync.store.records import RecordedCheck, ToldCheck

_LATELY = timedelta(days=120)
GONE = "no longer read"
"""Stands in a check for a member that is not in the store any more."""
if TYPE_CHECKING:
    from okrsync.outcome.attribution import Others

_FINAL = {
    Verdict.MOVED,
    Verdict.MOVED_WRONG_WAY,
    Verdict.HELD,
    Verdict.NO_MEANINGFUL_MOVEMENT,
    Verdict.INCONCLUSIVE,
    Verdict.OBSERVED_CHANGE_ONLY,
}
"""Verdicts that are put on record; without data, or with data withheld, it may come later."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many verdicts a sync has put on record, and how many that have come due still wait."""

    put: int
    waiting: int


def with_outcomes(
    workspace: Workspace, inputs: ReportInputs, cycles: Collection[str] | None = None, *, only_due: bool = False
) -> ReportInputs:
    """
    *inputs* with what can be said of every key result; nothing is stored.

    *cycles* (ids): all of it is wanted for their key results alone. Of the others every check is there too, but where
    they are wholly on record nothing is fitted again, which takes most of the time. Where *inputs* are a part of the
    store, only its key results have outcomes. *only_due*: of these others, checks still to come may be left out.
    """
    known = _known(workspace, inputs)
    cases = _cases(workspace, inputs, known)
    late = late_links(inputs.linking, known.evidence)
    shown = {entry.qualified_id for entry in inputs.okrs.key_results if cycles is None or entry.cycle in cycles}
    others = None if inputs.within is None else partial(_on_record_elsewhere, workspace, inputs.within)
    with workspace.store.read() as view:
        fits = Fits(view.fits([case.key for case in cases]), inputs.as_of)
    outcomes = _by_key(cases, _judged(cases, inputs.as_of, fits, _Wish(shown, only_due, others)))
    return replace(inputs, outcomes=outcomes, late_links=late, cases=cases)


def _on_record_elsewhere(
    workspace: Workspace, within: Collection[str], months: Collection[tuple[int, int]]
) -> list[OutcomeCheck]:
    """The checks of *months* that are on record on other key results than *within*, of work that still serves them."""
    first = date(*min(months), 1)
    with workspace.store.read() as view:
        told = [entry for entry in view.checks(since=first) if entry.key_result not in within]
        served = view.delivered_links({entry.key_result for entry in told})
    return [
        entry.check for entry in told if any((entry.key_result, member) in served for member in entry.check.members)
    ]


def recorded_outcomes(workspace: Workspace, inputs: ReportInputs, *, is_whole: bool) -> tuple[ReportInputs, Recorded]:
    """
    As :func:`with_outcomes`, and what has come due is put on record, once and for all.

    So are expectations that items state for the first time, or anew. Verdicts wait where they might be made of half the
    work or half the values: unless *is_whole*, which is that every source was read to its end, and where the metric
    could not be read.
    """
    with workspace.store.write() as unit:
        unit.save_expectations(seen_now(inputs.linking, workspace.now), workspace.now)
    known = _known(workspace, inputs)
    holidays = stored_holidays(workspace, is_kept=True)
    cases = _cases(workspace, inputs, known, holidays)
    fits = _kept_fits(workspace, inputs)
    found = _judged(cases, inputs.as_of, fits)
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
    _judged([case for case in cases if any(entry.key_result == case.key for entry in due)], inputs.as_of, fits)
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
    told_inputs = replace(inputs, outcomes=_by_key(cases, outcomes), late_links=late, cases=cases)
    keep_settled(workspace, told_inputs)
    return told_inputs, Recorded(len(due), len(final) - len(due))


def with_outlook(workspace: Workspace, inputs: ReportInputs, report: ChecksReport) -> ChecksReport:
    """*report* with how many further points would settle what is inconclusive in it."""
    from okrsync.outcome.outlook import further_points  # noqa: PLC0415 - as in _judged

    cases = {case.key: case for case in cases_for(workspace, inputs)}

    def settled(entry: CheckedKeyResult, check: OutcomeCheck) -> OutcomeCheck:
        if check.verdict is not Verdict.INCONCLUSIVE or check.estimate is None or check.is_in_stream:
            return check
        smallest = abs(check.expected) if check.expected else entry.settings.min_effect
        return replace(check, further_points=further_points(cases[entry.id], check.members, inputs.as_of, smallest))

    return replace(
        report,
        key_results=tuple(
            replace(entry, checks=tuple(settled(entry, check) for check in entry.checks))
            for entry in report.key_results
        ),
    )


def _kept_fits(workspace: Workspace, inputs: ReportInputs) -> Fits:
    """What earlier syncs have fitted; of the cycles that run or ended lately, which reports are about, it is kept."""
    since = inputs.as_of - _LATELY
    lately = frozenset(
        entry.qualified_id for entry in inputs.okrs.key_results if inputs.okrs.cycle(entry.cycle).end >= since
    )
    with workspace.store.read() as view:
        return Fits(view.fits(lately), inputs.as_of, lately)


def _kept_outlooks(workspace: Workspace, inputs: ReportInputs, cases: Sequence[Case]) -> Outlooks:
    """Return the outlooks of all key results whose cycles are not over, with those that the store did not have."""
    running = {cycle.id for cycle in inputs.okrs.cycles if inputs.as_of <= cycle.end}
    questions = list(outlook_questions(inputs, cases, running))
    outlooks = stored_outlooks(workspace, [question.case.key for question in questions], is_kept=True)
    for question in questions:
        outlooks.look_ahead(question)
    return outlooks


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is wanted of the statistics: as :class:`okrsync.outcome.single.Asked`, and *others* beside them."""

    shown: Collection[str] | None = None
    only_due: bool = False
    others: Others | None = None


_ALL = _Wish()


def _judged(cases: list[Case], as_of: date, fits: Fits, wish: _Wish = _ALL) -> list[KeyResultOutcome]:
    if not cases:
        return []
    # Imported here: numpy takes a tenth of a second, and not every command asks for verdicts.
    from okrsync.outcome.attribution import attribute_all  # noqa: PLC0415
    from okrsync.outcome.judged import Asked  # noqa: PLC0415

    asked = Asked(wish.shown, wish.only_due, fits)
    return attribute_all(cases, as_of=as_of, asked=asked, others=wish.others)


def _is_final(check: OutcomeCheck, as_of: date) -> bool:
    return check.recorded is None and not check.is_provisional and check.evaluation <= as_of and check.verdict in _FINAL


def _by_key(cases: list[Case], outcomes: list[KeyResultOutcome]) -> dict[str, KeyResultOutcome]:
    return {case.key: outcome for case, outcome in zip(cases, outcomes, strict=True)}


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


def cases_for(workspace: Workspace, inputs: ReportInputs) -> list[Case]:
    """One case for each key result, with what is on record of it."""
    return _cases(workspace, inputs, _known(workspace, inputs))


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store and the ledger know beside the items and their metrics."""

    on_record: list[ToldCheck]
    texts: Texts
    evidence: Evidence


def _known(workspace: Workspace, inputs: ReportInputs) -> _Known:
    ledger = workspace.project.ledger
    with workspace.store.read() as view:
        by_source: dict[str, list[str]] = {}
        for item in items_to_look_into(inputs.linking, ledger.hypotheses):
            by_source.setdefault(item.source, []).append(item.external_id)
        events = {
            (source, id_): found for source, ids in by_source.items() for id_, found in view.events(source, ids).items()
        }
        return _Known(
            view.checks(workspace.as_known, inputs.within),
            view.okr_texts(workspace.as_known),
            Evidence(ledger.hypotheses, ledger.links, view.expectations(), view.link_starts(inputs.within), events),
        )


def _cases(workspace: Workspace, inputs: ReportInputs, known: _Known, holidays: Holidays | None = None) -> list[Case]:
    holidays = holidays or stored_holidays(workspace)
    cases = cases_of(
        Questions(
            inputs.okrs,
            inputs.linking,
            inputs.observations,
            inputs.zone,
            inputs.as_of,
            expectations_of(inputs.linking, known.evidence),
            inputs.within,
            holidays.between,
        )
    )
    names = _names_now(workspace, [placement.item for placement in inputs.linking.placements], known.on_record)
    on_record: dict[str, list[OutcomeCheck]] = {}
    for entry in known.on_record:
        if entry.check.evaluation <= inputs.as_of:
            on_record.setdefault(entry.key_result, []).append(_renamed(entry.check, names))
    recorded = [_with_record(case, on_record.get(case.key, ())) for case in cases]
    return _as_declared(workspace, known.texts, recorded)


def _with_record(case: Case, checks: Sequence[OutcomeCheck]) -> Case:
    """*case* with those of *checks* that it has a delivery of: what serves another by now is told no more."""
    delivered = {delivery.id for delivery in case.deliveries}
    return replace(case, recorded=tuple(check for check in checks if not delivered.isdisjoint(check.members)))


def _with_new(case: Case, due: Sequence[RecordedCheck]) -> Case:
    """Return *case* with those of *due* that are on its key result."""
    new = tuple(entry.check for entry in due if entry.key_result == case.key)
    return replace(case, recorded=(*case.recorded, *new)) if new else case


def _as_declared(workspace: Workspace, texts: Texts, cases: list[Case]) -> list[Case]:
    """*cases* with what was declared when each delivery came, where that was something else."""
    zone = workspace.project.settings.zone
    fresh = [delivery.day for case in cases for delivery in case.deliveries if delivery.id not in case.on_record]
    if not fresh or len({seen for seen, _, _ in texts}) < 2:
        return cases
    ends = {day: datetime.combine(day, time.max, zone).astimezone(UTC) for day in fresh}
    versions = versions_of(workspace, texts, ends[min(fresh)])
    found = []
    for case in cases:
        earlier: dict[Settings, set[str]] = {}
        for delivery in case.deliveries:
            stood = key_result_at(versions, case.key, ends[delivery.day]) if delivery.day in ends else None
            declared = case.settings if stood is None else settings_of(*stood)
            if declared != case.settings:
                earlier.setdefault(declared, set()).add(delivery.id)
        groups = tuple((frozenset(ids), settings) for settings, ids in earlier.items())
        found.append(replace(case, earlier=groups) if groups else case)
    return found


def _names_now(workspace: Workspace, items: Sequence[Item], told: Sequence[ToldCheck]) -> dict[str, str]:
    """The key that each member of *told* has now, by what it was called then; *items* are those at hand."""
    names = _by_every_name(items)
    others = {member for entry in told for member in entry.check.members if member.casefold() not in names}
    if not others:
        return names
    with workspace.store.read() as view:
        return _by_every_name(view.items_called(scopes(workspace.project), others)) | names


def _by_every_name(items: Sequence[Item]) -> dict[str, str]:
    return {key.casefold(): item.key for item in items for key in (*item.old_keys, item.key)}


def _renamed(check: OutcomeCheck, names: dict[str, str]) -> OutcomeCheck:
    """
    *check* with its members by the keys (*names*) that they have now.

    What is not read any more keeps its part in the verdict, but not its name: it may lie under a security level by now.
    """
    members = tuple(names.get(member.casefold(), GONE) for member in check.members)
    return check if members == check.members else replace(check, members=members)
