"""The statistics over a project's key results, with the verdicts that are on record already."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from typing import TYPE_CHECKING

from okrsync.answers.fit_cache import FitCache
from okrsync.answers.holidays import HolidayCache, stored_holidays
from okrsync.answers.okr_versions import Texts, versions_of
from okrsync.answers.workspace import Workspace, scopes
from okrsync.model.verdicts import KeyResultOutcome, OutcomeCheck, Verdict
from okrsync.model.work import Item
from okrsync.okrs.changes import key_result_at
from okrsync.outcome.case_builder import CaseInputs, cases_of, settings_of
from okrsync.outcome.cases import Case, Settings
from okrsync.outcome.preregistration import RegistrationEvidence, expectations_of, items_to_look_into, late_links
from okrsync.reports.checks import CheckedKeyResult, ChecksReport
from okrsync.reports.inputs import JudgedInputs, ReportInputs
from okrsync.store.records import StoredCheck

GONE = "no longer read"
"""Stands in a check for a member that is not in the store any more."""
if TYPE_CHECKING:
    from okrsync.outcome.attribution import Others


def with_outcomes(
    workspace: Workspace, inputs: ReportInputs, cycles: Collection[str] | None = None, *, only_due: bool = False
) -> JudgedInputs:
    """
    *inputs* with what can be said of every key result; nothing is stored.

    *cycles* (ids): all of it is wanted for their key results alone. Of the others every check is there too, but where
    they are wholly on record nothing is fitted again, which takes most of the time. Where *inputs* are a part of the
    store, only its key results have outcomes. *only_due*: of these others, checks still to come may be left out.
    """
    known = load_evidence(workspace, inputs)
    cases = build_recorded_cases(workspace, inputs, known)
    late = late_links(inputs.linking, known.evidence)
    shown = {entry.qualified_id for entry in inputs.okrs.key_results if cycles is None or entry.cycle in cycles}
    others = None if inputs.within is None else partial(_on_record_elsewhere, workspace, inputs.within)
    with workspace.reading() as view:
        fits = FitCache(view.fits([case.key for case in cases]), inputs.as_of)
    outcomes = outcomes_by_key(cases, attribute_cases(cases, inputs.as_of, fits, _Wish(shown, only_due, others)))
    return JudgedInputs.of(inputs, outcomes, late, cases)


def _on_record_elsewhere(
    workspace: Workspace, within: Collection[str], months: Collection[tuple[int, int]]
) -> list[OutcomeCheck]:
    """The checks of *months* that are on record on other key results than *within*, of work that still serves them."""
    first = date(*min(months), 1)
    with workspace.reading() as view:
        told = [entry for entry in view.checks(since=first) if entry.key_result not in within]
        served = view.delivered_links({entry.key_result for entry in told})
    return [
        entry.check for entry in told if any((entry.key_result, member) in served for member in entry.check.members)
    ]


def with_outlook(workspace: Workspace, inputs: ReportInputs, report: ChecksReport) -> ChecksReport:
    """*report* with how many further points would settle what is inconclusive in it."""
    from okrsync.outcome.outlook import further_points  # noqa: PLC0415 - as in attribute_cases

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


@dataclass(frozen=True, slots=True)
class _Wish:
    """Options as in :class:`okrsync.outcome.judged.EvaluationOptions`, and *others*: checks on record elsewhere."""

    shown: Collection[str] | None = None
    only_due: bool = False
    others: Others | None = None


_ALL = _Wish()


def attribute_cases(cases: list[Case], as_of: date, fits: FitCache, wish: _Wish = _ALL) -> list[KeyResultOutcome]:
    """Return the outcome of each of *cases* on the day *as_of*."""
    if not cases:
        return []
    # Imported here: numpy takes a tenth of a second, and not every command asks for verdicts.
    from okrsync.outcome.attribution import attribute_all  # noqa: PLC0415
    from okrsync.outcome.judged import EvaluationOptions  # noqa: PLC0415

    asked = EvaluationOptions(wish.shown, wish.only_due, fits)
    return attribute_all(cases, as_of=as_of, asked=asked, others=wish.others)


def outcomes_by_key(cases: list[Case], outcomes: list[KeyResultOutcome]) -> dict[str, KeyResultOutcome]:
    """Return *outcomes* by the key results of their *cases*."""
    return {case.key: outcome for case, outcome in zip(cases, outcomes, strict=True)}


def cases_for(workspace: Workspace, inputs: ReportInputs) -> list[Case]:
    """One case for each key result, with what is on record of it."""
    return build_recorded_cases(workspace, inputs, load_evidence(workspace, inputs))


@dataclass(frozen=True, slots=True)
class RecordedEvidence:
    """Verdicts on record, OKR texts and statements, as the store and the ledger have them."""

    on_record: list[StoredCheck]
    texts: Texts
    evidence: RegistrationEvidence


def load_evidence(workspace: Workspace, inputs: ReportInputs) -> RecordedEvidence:
    """Load the verdicts, OKR texts and statements that the store and the ledger have of *inputs*."""
    ledger = workspace.project.ledger
    with workspace.reading() as view:
        by_source: dict[str, list[str]] = {}
        for item in items_to_look_into(inputs.linking, ledger.hypotheses):
            by_source.setdefault(item.source, []).append(item.external_id)
        events = {
            (source, id_): found for source, ids in by_source.items() for id_, found in view.events(source, ids).items()
        }
        return RecordedEvidence(
            view.checks(workspace.as_known, inputs.within),
            view.okr_texts(workspace.as_known),
            RegistrationEvidence(
                ledger.hypotheses, ledger.links, view.expectations(), view.link_starts(inputs.within), events
            ),
        )


def build_recorded_cases(
    workspace: Workspace, inputs: ReportInputs, known: RecordedEvidence, holidays: HolidayCache | None = None
) -> list[Case]:
    """Return one case for each key result of *inputs*, with the verdicts that are on record of it."""
    holidays = holidays or stored_holidays(workspace)
    cases = cases_of(
        CaseInputs(
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


def _names_now(workspace: Workspace, items: Sequence[Item], told: Sequence[StoredCheck]) -> dict[str, str]:
    """The key that each member of *told* has now, by what it was called then; *items* are those at hand."""
    names = _by_every_name(items)
    others = {member for entry in told for member in entry.check.members if member.casefold() not in names}
    if not others:
        return names
    with workspace.reading() as view:
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
