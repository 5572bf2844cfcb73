"""One key result by itself: its checks with their estimates, before it is known how many others there are."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray

from okrsync.model.verdicts import CheckKind, Estimate, KeyResultOutcome
from okrsync.outcome.cases import Case, MetricSeries, in_order
from okrsync.outcome.decision_rule import ALPHA, blank, gated, level_around
from okrsync.outcome.decomposition import described, model_weights, up_to_its_end, window_column
from okrsync.outcome.dense_deliveries import DenseDeliveries, SetFindings, stream_of
from okrsync.outcome.diagnostics import coarse_alarm, entangled, placebo_alarm, reactive_alarm
from okrsync.outcome.fitting import Fitted, ModelFrame, WaveTerm, contrasts, estimates, fitted, framed, line_estimate
from okrsync.outcome.judged import (
    ALL,
    BeforeAfter,
    Checked,
    Evaluation,
    EvaluationOptions,
    in_order_of_day,
    is_on_record,
    judged_on_record,
    rows_of,
    with_recorded,
)
from okrsync.outcome.preprocessing import days_until, median
from okrsync.outcome.waves import Wave, evaluation_of, is_stream, recorded_waves, waves_of

Floats = NDArray[np.float64]
_CADENCES = ((1.5, 1.0), (5.0, None), (9.0, 7.0), (24.0, None), (38.0, 30.4))
_TOO_FEW = "the metric never changed, or has too few points"
MOST_BEFORE = 365
"""Points before the first delivery that are used."""
_LEAST_FOR_PROVISIONAL = 3
_THREADS = "OPENBLAS_NUM_THREADS"
_AT_ONCE = 64
"""Cases a process takes at a time."""


StepOf = Callable[[date], float]
"""Median days between the points that were known on a day."""


def judged_apart(
    cases: Sequence[Case], as_of: date, processes: int, asked: EvaluationOptions = ALL
) -> list[Evaluation]:
    """Each of *cases* judged by itself, in order; everything that there is of each by so many *processes*."""
    if processes <= 1 or len(cases) <= _AT_ONCE:
        return [_as_asked(case, as_of, asked) for case in cases]
    # Imported here: most runs stay in one process.
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from multiprocessing import get_context  # noqa: PLC0415

    # Forked children would inherit the parent's threads' locks.
    with _single_threaded(), ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as executor:
        return list(executor.map(partial(judged, as_of=as_of), cases, chunksize=_AT_ONCE))


def _as_asked(case: Case, as_of: date, asked: EvaluationOptions) -> Evaluation:
    is_shown = asked.shows(case)
    if not is_shown:
        if is_on_record(case) or (asked.only_due and not _is_due(case, as_of)):
            return judged_on_record(case, as_of)
        known = asked.recalled(case) if asked.only_due else None
        if known is not None:
            return known
    found = judged(case, as_of, is_shown=is_shown)
    if asked.memory is not None and is_shown:
        asked.memory.keep(case, found)
    return found


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Inside, new processes multiply matrices in one thread each: so many threads would wait for one another."""
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before


def _is_due(case: Case, as_of: date) -> bool:
    """Whether anything that is not on record has come due, by what was declared when it was delivered."""
    on_record = case.on_record
    declared = [case, *(replace(case, settings=settings) for _, settings in case.earlier)]
    return any(
        wave.evaluation <= as_of and wave.deliveries[0].id not in on_record
        for each in declared
        for wave in waves_at(each, as_of)
    )


def judged(case: Case, as_of: date, *, is_shown: bool = True) -> Evaluation:
    """
    *case* on what is known on *as_of*; each check by what was declared when its first member was delivered.

    Unless *is_shown*, without what the fit of all that is known tells beside the checks.
    """
    now = _judged(case, as_of, is_shown=is_shown)
    if not case.earlier:
        return now
    before = [(ids, _judged(replace(case, settings=settings), as_of, is_shown=False)) for ids, settings in case.earlier]
    taken = frozenset(id_ for ids, _ in before for id_ in ids)
    rows = [row for row in rows_of(now) if row[0].recorded or row[0].members[0] not in taken]
    rows += [row for ids, made in before for row in rows_of(made) if not row[0].recorded and row[0].members[0] in ids]
    return in_order_of_day(now.outcome, rows)


def _judged(case: Case, as_of: date, *, is_shown: bool) -> Evaluation:
    case = _recent(case)
    settings = case.settings
    known = as_of - timedelta(days=settings.settle_days)
    step = cadence(case.series, as_of)
    step_of = _step_of(case.series, step)
    on_record = case.on_record
    waves = waves_at(case, as_of)
    fresh = [wave for wave in waves if wave.deliveries[0].id not in on_record]
    observed = sum(day <= known for day in case.series.days)
    outcome = KeyResultOutcome(as_of, (), points=observed, step_days=step)
    if settings.is_draft or not case.series.days:
        return with_recorded(outcome, case, [_untold(case, wave, as_of, step_of) for wave in fresh])
    plain = {each.day for wave in waves if wave.kind is CheckKind.WAVE for each in wave.deliveries}
    if is_stream(waves, len(plain), observed):
        stream = stream_of(case, waves, known, on_record)
        latest = None if stream is None or stream.rest is None else _whole(stream.rest)
        entries = _stream_checks(case, fresh, stream, latest, as_of, step_of)
    else:
        frame = framed(case, waves, known)
        latest = None if frame is None else _whole(frame)
        entries = _wave_checks(case, waves, latest, known, as_of, step_of)
    if latest is not None and is_shown:
        outcome = _described(outcome, latest)
    return with_recorded(
        outcome, case, [told for entry in entries if (told := _not_on_record(entry, on_record)) is not None]
    )


def _not_on_record(entry: Checked, on_record: frozenset[str]) -> Checked | None:
    """*entry* without those of its members that are on record; ``None`` where they all are."""
    check, level = entry
    left = tuple(member for member in check.members if member not in on_record)
    return (replace(check, members=left), level) if left else None


def _step_of(series: MetricSeries, otherwise: float) -> StepOf:
    """The cadence that was known on a day; *otherwise* where there were not yet two points."""
    known: dict[date, float] = {}

    def step(day: date) -> float:
        if day not in known:
            known[day] = cadence(series, day) if bisect_right(series.days, day) > 1 else otherwise
        return known[day]

    return step


def _recent(case: Case) -> Case:
    """
    *case* with its series from so many points before its first delivery on.

    What a metric did long ago says little about its drift now, and costs as much as what it did lately.
    """
    series = case.series
    first = min((delivery.day for delivery in case.deliveries), default=date.max)
    start = max(0, bisect_left(series.days, first) - MOST_BEFORE)
    if not start:
        return case
    shorter = replace(series, days=series.days[start:], values=series.values[start:], sizes=series.sizes[start:])
    return replace(case, series=shorter)


@dataclass(frozen=True, slots=True)
class _Whole:
    """The frame of all that is known, its fit, and the columns of what is told beside the verdicts."""

    frame: ModelFrame
    fit: Fitted | None
    windows: int | None
    line: int | None


def _whole(frame: ModelFrame) -> _Whole:
    weights = window_column(frame)
    windows = None if weights is None else frame.design.add(weights)
    line = None
    if len(frame.in_fit) > 1:
        sizes = [sum(delivery.size for delivery in part.wave.deliveries) for part in frame.in_fit]
        columns = [size / sum(sizes) * part.stairs.column for size, part in zip(sizes, frame.in_fit, strict=True)]
        line = frame.design.add(np.sum(columns, axis=0))
    return _Whole(frame, fitted(frame), windows, line)


def waves_at(case: Case, as_of: date) -> tuple[Wave, ...]:
    """The units and waves of *case* on *as_of*, by first day; those on record as they were judged."""
    delivered = [each for each in in_order(case.deliveries) if each.day <= as_of]
    on_record = case.on_record
    step_of = _step_of(case.series, cadence(case.series, as_of))
    fresh = waves_of([each for each in delivered if each.id not in on_record], step_of, case.settings)
    return tuple(sorted((*fresh, *recorded_waves(delivered, case.recorded)), key=lambda wave: (wave.first, wave.last)))


def cadence(series: MetricSeries, as_of: date) -> float:
    """
    Median days between observations up to *as_of*: 1, 7 or 30.4 where it is about daily, weekly or monthly.

    Rounded, so that a gap more or less moves neither a wave's end nor its evaluation date.
    """
    days = days_until(series, as_of)
    if len(days) < 2:
        return 1.0
    usual = median(np.diff(days).astype(float))
    for most, rounded in _CADENCES:
        if usual <= most:
            return rounded or usual
    return usual


def _described(outcome: KeyResultOutcome, whole: _Whole) -> KeyResultOutcome:
    """*outcome* with what the fit of all that is known tells beside the verdicts."""
    ready, fit = whole.frame.prepared, whole.fit
    outcome = replace(
        outcome,
        points=len(ready.y),
        clipped=int(np.count_nonzero(ready.is_clipped)),
        masked=ready.masked,
        cut=ready.cut,
        scale=str(ready.scale),
    )
    if fit is None:
        return replace(outcome, decomposition=up_to_its_end(whole.frame, None))
    parts, points = described(fit, whole.windows)
    return replace(
        outcome,
        line=None if whole.line is None else line_estimate(fit, whole.line),
        decomposition=up_to_its_end(whole.frame, parts),
        counterfactual=points,
        models=model_weights(fit),
    )


def _untold(case: Case, wave: Wave, as_of: date, step_of: StepOf) -> Checked:
    """A check about which the series tells nothing."""
    check = blank(wave.kind, wave.deliveries, wave.evaluation)
    series, settings = case.series, case.settings
    start = wave.steps[0][0] + timedelta(days=settings.lag_days)
    last = min(wave.evaluation, as_of - timedelta(days=settings.settle_days))
    since = max((day for day in series.breaks if day <= last), default=date.min)
    counted = [day for day in series.days if since <= day <= last and day not in series.masked]
    before = sum(day < start for day in counted)
    after = len(counted) - before
    held = gated(check, case, as_of, (before, after), step_of(wave.first))
    return held or replace(check, points_before=before, points_after=after, reason=_TOO_FEW), BeforeAfter(None, None)


def _wave_checks(
    case: Case, waves: Sequence[Wave], latest: _Whole | None, known: date, as_of: date, step_of: StepOf
) -> list[Checked]:
    """Each wave judged on what was known on its own evaluation date, with all waves that had begun by then."""
    made: list[Checked] = []
    told: set[str] = set()
    on_record = case.on_record
    fresh = [wave for wave in waves if not on_record.issuperset(wave.ids)]
    for cut in sorted({min(wave.evaluation, known) for wave in fresh}):
        if latest is not None and cut == known:
            frame, fit = latest.frame, latest.fit
        else:
            begun = framed(case, [wave for wave in waves if wave.first <= cut], cut)
            if begun is None:
                continue
            frame, fit = begun, fitted(begun)
        due = [
            part
            for part in frame.parts
            if min(part.wave.evaluation, known) == cut
            and told.isdisjoint(part.wave.ids)
            and not on_record.issuperset(part.wave.ids)
        ]
        told.update(id_ for part in due for id_ in part.wave.ids)
        made += _checks(frame, fit, due, as_of, step_of)
    made += [_untold(case, wave, as_of, step_of) for wave in fresh if told.isdisjoint(wave.ids)]
    return made


def _checks(
    frame: ModelFrame, fit: Fitted | None, parts: Sequence[WaveTerm], as_of: date, step_of: StepOf
) -> list[Checked]:
    case = frame.case
    told = [part for part in parts if part.column is not None]
    numbers: dict[int, Estimate] = {}
    others: dict[int, list[int]] = {}
    if fit is not None and told:
        found = estimates(frame, fit.posterior.mixture(contrasts(fit, told)), told)
        numbers = {id(part): estimate for part, estimate in zip(told, found, strict=True)}
        tangled = entangled(fit, told)
        others = {id(part): tangled.get(row, []) for row, part in enumerate(told)}
    made: list[Checked] = []
    for part in parts:
        level = level_around(frame.prepared, part.wave, case.settings, step_of(part.wave.first))
        points = part.stairs.points_before, part.stairs.points_after
        check = replace(blank(part.wave.kind, part.wave.deliveries, part.wave.evaluation), observed_change=level.change)
        held = gated(check, case, as_of, points, step_of(part.wave.first))
        estimate = numbers.get(id(part))
        if held is None:
            reason = "" if estimate is not None else _TOO_FEW
            check = replace(check, points_before=points[0], points_after=points[1], estimate=estimate, reason=reason)
        else:
            is_shown = held.is_provisional and min(points) >= _LEAST_FOR_PROVISIONAL
            check = replace(held, estimate=estimate if is_shown else None)
        if check.estimate is not None and fit is not None:
            named = [told[row].wave.deliveries[0].id for row in others.get(id(part), [])]
            check = replace(check, warnings=_warnings(fit, part, check.estimate, named, step_of(part.wave.first)))
        made.append((check, level))
    return made


def _warnings(fit: Fitted, part: WaveTerm, estimate: Estimate, others: Sequence[str], step: float) -> tuple[str, ...]:
    found = [
        coarse_alarm(step) if part.wave.kind is CheckKind.WAVE else "",
        f"hardly to be told from the work around {', '.join(others)}" if others else "",
    ]
    if estimate.p < ALPHA:
        found.append(reactive_alarm(fit.frame.prepared.y, part.stairs.points_before))
        found.append(placebo_alarm(fit, part))
    return tuple(alarm for alarm in found if alarm)


def _stream_checks(
    case: Case,
    waves: Sequence[Wave],
    stream: DenseDeliveries | None,
    latest: _Whole | None,
    as_of: date,
    step_of: StepOf,
) -> list[Checked]:
    """Sets of candidates, and the waves of what is in none, which get an interval and no claim of their own."""
    if stream is None or latest is None:
        return [_untold(case, wave, as_of, step_of) for wave in waves]
    in_sets = {delivery.id for found in stream.sets for delivery in found.part.wave.deliveries}
    parts = [part for part in latest.frame.parts if part.wave.deliveries[0].id not in in_sets]
    made = [
        (replace(check, is_in_stream=check.kind is CheckKind.WAVE), level)
        for check, level in _checks(latest.frame, latest.fit, parts, as_of, step_of)
    ]
    return made + [_set_check(latest.frame, found, as_of, step_of) for found in stream.sets]


def _set_check(frame: ModelFrame, found: SetFindings, as_of: date, step_of: StepOf) -> Checked:
    case, part = frame.case, found.part
    evaluation = evaluation_of(part.wave.last, step_of(part.wave.first), case.settings)
    level = level_around(frame.prepared, part.wave, case.settings, step_of(part.wave.first))
    check = replace(
        blank(CheckKind.SET, part.wave.deliveries, evaluation),
        observed_change=level.change,
        probability=found.probability,
    )
    points = part.stairs.points_before, part.stairs.points_after
    held = gated(check, case, as_of, points, step_of(part.wave.first))
    if held is not None and not held.is_provisional:
        return held, level
    estimate = estimates(frame, found.mixture, [part])[0]
    # It was chosen among many: the chance that none of its members has an effect is part of its p.
    estimate = replace(estimate, p=max(estimate.p, 1 - found.probability))
    return replace(held or check, points_before=points[0], points_after=points[1], estimate=estimate), level
