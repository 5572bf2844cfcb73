"""A stream: so many deliveries on one key result that the question is which of them matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from okrsync.model.verdicts import CheckKind
from okrsync.outcome.cases import Case, Delivery
from okrsync.outcome.credible_sets import CandidateModels, Swept, choices, effect_of, groups, swept
from okrsync.outcome.design import staircase
from okrsync.outcome.fitting import ModelFrame, WaveTerm, framed
from okrsync.outcome.grid import whitener_of
from okrsync.outcome.regression import grams_of
from okrsync.outcome.student import Mixture
from okrsync.outcome.waves import Wave

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SetFindings:
    """A set in its frame, with the distribution of its effect on the scale of y, given that there is one."""

    part: WaveTerm
    mixture: Mixture
    probability: float


@dataclass(frozen=True, slots=True)
class DenseDeliveries:
    """The sets, and the frame of the waves of everything that is in none, beside the sets."""

    sets: tuple[SetFindings, ...]
    rest: ModelFrame | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Deliveries between which nothing was observed."""

    deliveries: tuple[Delivery, ...]
    column: int


def stream_of(case: Case, waves: Sequence[Wave], until: date, on_record: frozenset[str]) -> DenseDeliveries | None:
    """
    What can be said of *case*, whose *waves* are too many to be judged one by one; ``None`` without two points.

    What is *on_record* (ids) stays a candidate, and is in no set that is told.
    """
    units = [wave for wave in waves if wave.kind is CheckKind.UNIT]
    plain = [wave for wave in waves if wave.kind is not CheckKind.UNIT]
    frame = framed(case, units, until)
    if frame is None or frame.prepared.spread == 0:
        return None if frame is None else DenseDeliveries((), framed(case, waves, until))
    deliveries = sorted((each for wave in plain for each in wave.deliveries), key=lambda each: (each.day, each.id))
    is_told = on_record.issuperset(delivery.id for delivery in deliveries)
    found = [] if is_told else _sets(frame, _candidates(frame, deliveries), on_record)
    taken = {delivery.id for each in found for delivery in each.part.wave.deliveries}
    left = [*units, *(wave for wave in (_without(wave, taken) for wave in plain) if wave is not None)]
    return DenseDeliveries(tuple(found), framed(case, [*left, *(each.part.wave for each in found)], until))


def _without(wave: Wave, taken: set[str]) -> Wave | None:
    left = tuple(delivery for delivery in wave.deliveries if delivery.id not in taken)
    return replace(wave, deliveries=left) if left else None


def _candidates(frame: ModelFrame, deliveries: Sequence[Delivery]) -> list[_Candidate]:
    """A step for each delivery date that the data can tell from the others; its column is added to the design."""
    columns: dict[bytes, tuple[Floats, list[Delivery]]] = {}
    case = frame.case
    for delivery in deliveries:
        wave = Wave(CheckKind.SET, (delivery,), case.settings.evaluate_at or delivery.day)
        steps = staircase(frame.prepared, wave, case.settings, case.series.trailing_days)
        if steps.points_before and steps.points_after:
            columns.setdefault(steps.column.tobytes(), (steps.column, []))[1].append(delivery)
    return [_Candidate(tuple(members), frame.design.add(column)) for column, members in columns.values()]


def _sets(frame: ModelFrame, candidates: Sequence[_Candidate], on_record: frozenset[str]) -> list[SetFindings]:
    if not candidates:
        return []
    ready, design = frame.prepared, frame.design
    grams = grams_of(design.matrix, whitener_of(ready.times, ready.noise))
    left = swept(
        grams, [each.column for each in candidates], frame.flat, design.shrunk, design.precisions, design.trend
    )
    met = choices(left, ready.floor)
    found = [_found(frame, candidates, met, left, group, sure) for group, sure in groups(met)]
    return [each for each in found if on_record.isdisjoint(delivery.id for delivery in each.part.wave.deliveries)]


def _found(
    frame: ModelFrame,
    candidates: Sequence[_Candidate],
    met: CandidateModels,
    left: Swept,
    group: Sequence[int],
    sure: float,
) -> SetFindings:
    case, ready = frame.case, frame.prepared
    deliveries = sorted(
        (each for place in group for each in candidates[place].deliveries), key=lambda each: (each.day, each.id)
    )
    wave = Wave(CheckKind.SET, tuple(deliveries), case.settings.evaluate_at or deliveries[-1].day)
    weights, means, scales = effect_of(met, left, group, ready.floor)
    stairs = staircase(ready, wave, case.settings, case.series.trailing_days)
    mixture = Mixture(weights, means[:, None] * stairs.reach, scales[:, None] * stairs.reach, left.df)
    return SetFindings(WaveTerm(wave, stairs, None), mixture, sure)
