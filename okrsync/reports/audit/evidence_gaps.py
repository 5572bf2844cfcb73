"""What was delivered and tells nothing: never checked, without an expectation, or tied to its goal only afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from okrsync.linking.delivered import WorkUnit
from okrsync.model.okrs import DatedValue
from okrsync.model.work import Size
from okrsync.reports.audit.movement import Movement, movement_of
from okrsync.reports.audit.scope import AuditInputs, KeyResultWork, is_in_cycle, is_judged, is_open
from okrsync.reports.audit.work import Worked, worked


class UncheckedCause(StrEnum):
    """Why work has no verdict."""

    DRAFT = "draft"
    OUTPUT = "output"
    """Its key result counts what was made; that is never an outcome."""
    NO_DAY = "no_day"
    """Nobody knows when it was delivered."""
    UNIT_NOT_WHOLE = "unit_not_whole"
    """It is judged when all of its unit is delivered."""
    NO_DATA = "no_data"
    WITHHELD = "withheld"
    FEW_POINTS = "few_points"
    """The change was observed, and nothing can be said of drift."""


@dataclass(frozen=True, slots=True)
class UncheckedWork:
    """A delivered item without a verdict, and without one to come; *reason* adds to *cause* where more is known."""

    key_result: str
    item: Worked
    size: Size | None
    cause: UncheckedCause
    reason: str


@dataclass(frozen=True, slots=True)
class WorkWithoutExpectation:
    """A delivered item of which nobody said what it was to change."""

    key_result: str
    item: Worked
    size: Size | None


@dataclass(frozen=True, slots=True)
class KeyResultWithoutWork:
    """A key result with no work of the cycle on it, and how far its metric went all the same."""

    key_result: str
    title: str
    unit: str
    current: DatedValue | None
    movement: Movement


@dataclass(frozen=True, slots=True)
class EvidenceGaps:
    """Everything of a cycle that nobody can learn from, or not yet."""

    unchecked: tuple[UncheckedWork, ...]
    unexpected: tuple[WorkWithoutExpectation, ...]
    """Delivered without an expectation."""
    linked_late: tuple[WorkWithoutExpectation, ...]
    """Tied to its key result only after the delivery."""
    unworked: tuple[KeyResultWithoutWork, ...]


def untold_work(served: Sequence[KeyResultWork], given: AuditInputs) -> EvidenceGaps:
    """What of the work on *served* tells nothing, and the key results without any."""
    return EvidenceGaps(
        _unchecked(served, given), _unexpected(served, given), _late(served, given), _unworked(served, given)
    )


def _unchecked(served: Sequence[KeyResultWork], given: AuditInputs) -> tuple[UncheckedWork, ...]:
    """What was delivered and is in no check that is judged or will be, by key result and day."""
    return tuple(
        UncheckedWork(
            entry.key_result.qualified_id,
            worked(piece, entry.key_result.qualified_id, given),
            piece.placement.item.size,
            *why,
        )
        for entry in served
        for piece in entry.delivered
        if (why := _why(entry, piece, given)) is not None
    )


def _why(entry: KeyResultWork, piece: WorkUnit, given: AuditInputs) -> tuple[UncheckedCause, str] | None:
    check = entry.by_item.get(piece.placement.item.key)
    if check is not None and (is_judged(check, given.inputs.as_of) or is_open(check)):
        return None
    if entry.key_result.state == "draft" or entry.metric is None:
        return UncheckedCause.DRAFT, ""
    if entry.key_result.level == "output":
        return UncheckedCause.OUTPUT, "" if check is None else check.reason
    if piece.day is None:
        return UncheckedCause.NO_DAY, ""
    if check is None:
        return UncheckedCause.UNIT_NOT_WHOLE, entry.key_result.unit_of_delivery
    causes = {"no_data": UncheckedCause.NO_DATA, "observed_change_only": UncheckedCause.FEW_POINTS}
    return causes.get(check.verdict.value, UncheckedCause.WITHHELD), check.reason


def _unexpected(served: Sequence[KeyResultWork], given: AuditInputs) -> tuple[WorkWithoutExpectation, ...]:
    """What was delivered on a measured outcome without a word of what it was to change."""
    stated = {(line.key_result, item.key.casefold()) for line in given.hypotheses.hypotheses for item in line.items}
    return tuple(
        WorkWithoutExpectation(name, worked(piece, name, given), piece.placement.item.size)
        for name, piece in _measured(served)
        if (name, piece.placement.item.key.casefold()) not in stated
    )


def _late(served: Sequence[KeyResultWork], given: AuditInputs) -> tuple[WorkWithoutExpectation, ...]:
    """What was tied to its key result only after it was delivered, where that can be told."""
    return tuple(
        WorkWithoutExpectation(name, told, piece.placement.item.size)
        for entry in served
        for piece in entry.delivered
        for name in (entry.key_result.qualified_id,)
        if (told := worked(piece, name, given)).is_linked_late
    )


def _unworked(served: Sequence[KeyResultWork], given: AuditInputs) -> tuple[KeyResultWithoutWork, ...]:
    """The key results on which nobody delivered anything in the cycle, whatever part of it is told."""
    return tuple(
        KeyResultWithoutWork(
            entry.key_result.qualified_id,
            entry.key_result.title,
            entry.unit,
            _current(entry, given),
            movement_of(entry.key_result, entry.metric, given),
        )
        for entry in served
        if not _has_any(entry, given)
    )


def _has_any(entry: KeyResultWork, given: AuditInputs) -> bool:
    return any(is_in_cycle(piece.day, given.cycle, given.inputs.as_of) for piece in entry.known.values())


def _current(entry: KeyResultWork, given: AuditInputs) -> DatedValue | None:
    known = [seen for seen in given.inputs.observations.get(entry.key_result.metric, ()) if seen.day <= given.last_day]
    return DatedValue(known[-1].value, known[-1].day) if known else None


def _measured(served: Sequence[KeyResultWork]) -> Iterator[tuple[str, WorkUnit]]:
    for entry in served:
        if entry.metric is not None and entry.key_result.state != "draft" and entry.key_result.level == "outcome":
            for piece in entry.delivered:
                yield entry.key_result.qualified_id, piece
