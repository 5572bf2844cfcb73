"""What was expected of work, and what became of it: one line a hypothesis, from the ledger and from items alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from okrsync.linking.delivered import day_of
from okrsync.model.expectations import RecordedExpectation
from okrsync.model.ledger import Decision, EvidenceNote, Hypothesis, Ledger
from okrsync.model.okrs import KeyResult
from okrsync.model.placements import Placement
from okrsync.model.verdicts import HypothesisVerdict, OutcomeCheck
from okrsync.reports.inputs import JudgedInputs


class HypothesisState(StrEnum):
    """How far a hypothesis has come."""

    PLANNED = "planned"
    """Not all of its items are delivered."""
    WAITING = "waiting"
    """Delivered; its evaluation date has not come."""
    JUDGED = "judged"
    UNTOLD = "untold"
    """Its evaluation date has passed, and nothing could be said: no data, or withheld."""
    CORRECTED = "corrected"
    """Another one stands in its place; kept, because it may be the one that was there at the delivery."""


@dataclass(frozen=True, slots=True)
class ExpectedItem:
    """An item of a hypothesis; *is_read*: it is in the store; *day*: when users got it."""

    key: str
    is_read: bool
    day: date | None
    is_linked: bool
    """It counts for the key result of the hypothesis."""


@dataclass(frozen=True, slots=True)
class HypothesisLine:
    """
    One hypothesis with what became of it.

    *id* is that of the ledger's record, or the item's key where the item itself states it. *change* is in *unit*, the
    metric's. *evaluation*: when it is judged; ``None`` before the delivery.
    """

    id: str
    origin: str
    """``ledger`` or ``item``."""
    key_result: str
    unit: str
    items: tuple[ExpectedItem, ...]
    change: float
    due: date
    because: str
    stop_if: str
    guardrails: tuple[str, ...]
    recorded: date
    by: str
    replaces: str
    replaced_by: str
    state: HypothesisState
    verdict: HypothesisVerdict
    is_late: bool
    """Written after the delivery; a post-hoc one that is not was linked after it."""
    evaluation: date | None
    check: OutcomeCheck | None
    is_overdue: bool
    """Not delivered by its date, or past its evaluation date without a word."""


@dataclass(frozen=True, slots=True)
class HypothesesReport:
    """What ``okrsync hypothesis list`` says; by the day they were recorded, newest last."""

    as_of: date
    hypotheses: tuple[HypothesisLine, ...]
    decisions: tuple[Decision, ...]
    evidence: tuple[EvidenceNote, ...]


def build_hypotheses(
    inputs: JudgedInputs,
    ledger: Ledger,
    seen: Sequence[RecordedExpectation],
    *,
    wanted: str = "",
    overdue: bool = False,
) -> HypothesesReport:
    """
    All hypotheses, or the one with the id *wanted* and those on that item; with *overdue* the overdue ones alone.

    Those that were stated by the day of *inputs*, that is: what was written or seen later is not known to it.
    """
    ledger = ledger.stated_by(inputs.as_of, inputs.zone)
    known = [entry for entry in seen if entry.seen.astimezone(inputs.zone).date() <= inputs.as_of]
    placed = {
        key.casefold(): placement
        for placement in inputs.linking.placements
        for key in (placement.item.key, *placement.item.old_keys)
    }
    key_results = {entry.qualified_id.casefold(): entry for entry in inputs.okrs.key_results}
    lines = [_line(stated, inputs, placed, key_results) for stated in _stated(inputs, ledger.hypotheses, known)]
    chosen = [line for line in lines if (not wanted or _is_about(line, wanted)) and (line.is_overdue or not overdue)]
    names = {line.id for line in chosen} | {item.key for line in chosen for item in line.items} | {wanted}
    return HypothesesReport(
        inputs.as_of,
        tuple(sorted(chosen, key=lambda line: (line.recorded, line.id))),
        tuple(entry for entry in ledger.decisions if not wanted or entry.about in names),
        tuple(entry for entry in ledger.evidence if not wanted or entry.about in names),
    )


def _is_about(line: HypothesisLine, wanted: str) -> bool:
    return wanted.casefold() in {line.id.casefold(), *(item.key.casefold() for item in line.items)}


@dataclass(frozen=True, slots=True)
class _Stated:
    """A hypothesis as it was stated, in the ledger or in an item."""

    id: str
    origin: str
    key_result: str
    items: tuple[str, ...]
    change: float
    due: date
    because: str
    recorded: date
    stop_if: str = ""
    guardrails: tuple[str, ...] = ()
    by: str = ""
    replaces: str = ""
    replaced_by: str = ""


def _stated(
    inputs: JudgedInputs, hypotheses: Sequence[Hypothesis], seen: Iterable[RecordedExpectation]
) -> Iterator[_Stated]:
    replaced = {entry.replaces: entry.id for entry in hypotheses if entry.replaces}
    for entry in hypotheses:
        yield _Stated(
            entry.id,
            "ledger",
            entry.key_result,
            entry.items,
            entry.change,
            entry.due,
            entry.because,
            entry.recorded.astimezone(inputs.zone).date(),
            entry.stop_if,
            entry.guardrails,
            entry.by,
            entry.replaces,
            replaced.get(entry.id, ""),
        )
    keys = {(place.item.source, place.item.external_id): place.item.key for place in inputs.linking.placements}
    for told in seen:
        key = keys.get((told.source, told.external_id))
        if key is not None:
            day = told.seen.astimezone(inputs.zone).date()
            yield _Stated(key, "item", told.key_result, (key,), told.change, told.due, told.because, day)


def _line(
    stated: _Stated, inputs: JudgedInputs, placed: dict[str, Placement], key_results: dict[str, KeyResult]
) -> HypothesisLine:
    key_result = _named(stated.key_result, key_results)
    items = tuple(_item(key, placed.get(key.casefold()), key_result, inputs.zone) for key in stated.items)
    check = _check_of(inputs, key_result, items)
    state = HypothesisState.CORRECTED if stated.replaced_by else _state(items, check, inputs.as_of)
    delivered = [item.day for item in items if item.day is not None]
    is_late = bool(delivered) and stated.recorded > min(delivered)
    # What an item says may have stood there before it was first read, or in the ledger: its check knows.
    is_untested = is_late and (stated.origin == "ledger" or check is None)
    return HypothesisLine(
        id=stated.id,
        origin=stated.origin,
        key_result=stated.key_result if key_result is None else key_result.qualified_id,
        unit=_unit(key_result, inputs),
        items=items,
        change=stated.change,
        due=stated.due,
        because=stated.because,
        stop_if=stated.stop_if,
        guardrails=stated.guardrails,
        recorded=stated.recorded,
        by=stated.by,
        replaces=stated.replaces,
        replaced_by=stated.replaced_by,
        state=state,
        verdict=HypothesisVerdict.POST_HOC if is_untested else _verdict(check, state),
        is_late=is_late,
        evaluation=None if check is None else check.evaluation,
        check=check,
        is_overdue=_is_overdue(state, stated.due, inputs.as_of),
    )


def _named(name: str, key_results: dict[str, KeyResult]) -> KeyResult | None:
    exact = key_results.get(name.casefold())
    if exact is not None:
        return exact
    bare = [entry for entry in key_results.values() if entry.id.casefold() == name.casefold()]
    return bare[0] if len(bare) == 1 else None


def _item(key: str, placement: Placement | None, key_result: KeyResult | None, zone: ZoneInfo) -> ExpectedItem:
    if placement is None:
        return ExpectedItem(key, is_read=False, day=None, is_linked=False)
    day = day_of(placement.item.delivered, zone) if placement.item.is_delivered else None
    wanted = "" if key_result is None else key_result.qualified_id
    is_linked = any(link.key_result == wanted for link in placement.counted_links)
    return ExpectedItem(placement.item.key, is_read=True, day=day, is_linked=is_linked)


def _check_of(inputs: JudgedInputs, key_result: KeyResult | None, items: Sequence[ExpectedItem]) -> OutcomeCheck | None:
    """The check that tells of *items*: the last to be judged, where they are in several."""
    outcome = None if key_result is None else inputs.outcomes.get(key_result.qualified_id)
    if outcome is None:
        return None
    keys = {item.key for item in items}
    found = [check for check in outcome.checks if not keys.isdisjoint(check.members)]
    return max(found, key=lambda check: (check.evaluation, check.members), default=None)


def _state(items: Sequence[ExpectedItem], check: OutcomeCheck | None, as_of: date) -> HypothesisState:
    if any(item.day is None for item in items):
        return HypothesisState.PLANNED
    if check is None or check.is_provisional or check.evaluation > as_of:
        return HypothesisState.WAITING if check is not None else HypothesisState.UNTOLD
    return HypothesisState.JUDGED if check.estimate is not None else HypothesisState.UNTOLD


def _verdict(check: OutcomeCheck | None, state: HypothesisState) -> HypothesisVerdict:
    if check is None or state is HypothesisState.PLANNED or check.hypothesis is HypothesisVerdict.NOT_STATED:
        return HypothesisVerdict.OPEN
    return check.hypothesis


def _is_overdue(state: HypothesisState, due: date, as_of: date) -> bool:
    return (state is HypothesisState.PLANNED and due < as_of) or state is HypothesisState.UNTOLD


def _unit(key_result: KeyResult | None, inputs: JudgedInputs) -> str:
    metric = None if key_result is None else inputs.okrs.metrics_by_id.get(key_result.metric)
    return "" if metric is None else metric.unit
