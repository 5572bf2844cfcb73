"""The story of the verdicts on one key result, or on one item: everything that stands behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from okrsync.errors import UsageError
from okrsync.linking.delivered import by_key_result, pieces
from okrsync.model.okrs import KeyResult, Metric
from okrsync.model.verdicts import KeyResultOutcome, OutcomeCheck
from okrsync.outcome.case_builder import settings_of
from okrsync.outcome.cases import Settings
from okrsync.reports.inputs import JudgedInputs


@dataclass(frozen=True, slots=True)
class Member:
    """One delivery of a check."""

    key: str
    title: str
    day: date | None
    pull_requests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedKeyResult:
    """The checks of one key result that were asked for, with what they were made from."""

    id: str
    title: str
    metric: str
    unit: str
    definition: str
    settings: Settings
    first: date | None
    """Day of the first observation used."""
    last: date | None
    members: Mapping[str, Member]
    checks: tuple[OutcomeCheck, ...]
    outcome: KeyResultOutcome


@dataclass(frozen=True, slots=True)
class ChecksReport:
    """What ``okrsync check`` says; a renderer adds nothing."""

    as_of: date
    asked: str
    key_results: tuple[CheckedKeyResult, ...]


def build_checks(inputs: JudgedInputs, asked: str, item_key: str | None) -> ChecksReport:
    """
    The checks of the key result *asked*, or of the item *item_key* on every key result that it serves.

    Raises:
        UsageError: there is no such key result, or nothing of the item was delivered on one.
    """
    wanted = asked.casefold()
    found = []
    for entry in inputs.okrs.key_results:
        outcome = inputs.outcomes.get(entry.qualified_id)
        is_asked = wanted in {entry.qualified_id.casefold(), entry.id.casefold()}
        if outcome is None or not (item_key or is_asked):
            continue
        checks = tuple(
            check
            for check in outcome.checks
            if item_key is None or item_key.casefold() in {member.casefold() for member in check.members}
        )
        if checks or item_key is None:
            found.append(_checked(entry, outcome, checks, inputs))
    if not found:
        what = f"{item_key} is part of no check" if item_key else f'no key result is called "{asked}"'
        raise UsageError(f"{what}; see okrsync outcomes --cycle all")
    return ChecksReport(inputs.as_of, asked, tuple(found))


def _checked(
    entry: KeyResult, outcome: KeyResultOutcome, checks: tuple[OutcomeCheck, ...], inputs: JudgedInputs
) -> CheckedKeyResult:
    metric: Metric | None = inputs.okrs.metrics_by_id.get(entry.metric)
    days = outcome.counterfactual.days
    placements = by_key_result(inputs.linking).get(entry.qualified_id, [])
    members = {
        piece.placement.item.key: Member(
            piece.placement.item.key, piece.placement.item.title, piece.day, piece.pull_requests
        )
        for piece in pieces(placements, entry.qualified_id, inputs.zone, inputs.as_of)
    }
    return CheckedKeyResult(
        entry.qualified_id,
        entry.title,
        entry.metric,
        metric.unit if metric else "",
        metric.definition if metric else "",
        settings_of(entry, metric),
        days[0] if days else None,
        days[-1] if days else None,
        members,
        checks,
        outcome,
    )
