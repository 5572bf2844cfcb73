"""One key result by itself: its checks with their estimates, before it is known how many others there are."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from okrsync.model.verdicts import CheckKind, Estimate, KeyResultOutcome, OutcomeCheck
from okrsync.outcome.alarms import coarse_alarm, entangled, placebo_alarm, reactive_alarm
from okrsync.outcome.cases import Case, MetricSeries, in_order
from okrsync.outcome.decomposition import counterfactual, decomposition, model_weights, window_column
from okrsync.outcome.fitting import Fitted, Frame, Part, contrasts, estimates, fitted, framed, line_estimate
from okrsync.outcome.judging import ALPHA, Level, blank, gated, level_around
from okrsync.outcome.streams import Found, Stream, stream_of
from okrsync.outcome.waves import Wave, evaluation_of, is_stream, waves_of

Floats = NDArray[np.float64]
_CADENCES = ((1.5, 1.0), (5.0, None), (9.0, 7.0), (24.0, None), (38.0, 30.4))
_LEAST_FOR_PROVISIONAL = 3
_AT_ONCE = 64
"""Cases a process takes at a time."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A key result before multiplicity: *levels* are the means around each of its checks."""

    case: Case
    outcome: KeyResultOutcome
    levels: tuple[Level, ...]


Checked = tuple[OutcomeCheck, Level]


def judged_apart(cases: Sequence[Case], as_of: date, processes: int) -> list[Judged]:
    """
    Each of *cases* judged by itself, in order, by so many *processes*.

    Cases with the same calendar follow one another there, because they share its factorisation.
    """
    if processes <= 1 or len(cases) <= _AT_ONCE:
        return [judged(case, as_of) for case in cases]
    order = sorted(range(len(cases)), key=lambda place: _calendar(cases[place]))
    # Forked children would inherit the parent's threads' locks.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as executor:
        done = executor.map(partial(judged, as_of=as_of), [cases[place] for place in order], chunksize=_AT_ONCE)
        found = dict(zip(order, done, strict=True))
    return [found[place] for place in range(len(cases))]


def _calendar(case: Case) -> tuple[int, int, int]:
    days = case.series.days
    span = (days[-1] - days[0]).days if days else 0
    return span - len(days), len(days), days[0].toordinal() if days else 0


def judged(case: Case, as_of: date) -> Judged:
    """*case* on what is known on *as_of*."""
    settings = case.settings
    delivered = [each for each in in_order(case.deliveries) if each.day <= as_of]
    known = as_of - timedelta(days=settings.settle_days)
    step = cadence(case.series, as_of)
    waves = waves_of(delivered, step, settings)
    observed = sum(day <= known for day in case.series.days)
    outcome = KeyResultOutcome(as_of, (), points=observed, step_days=step)
    if settings.is_draft or not case.series.days:
        entries = [_untold(case, wave, as_of, step) for wave in waves]
        return Judged(case, replace(outcome, checks=tuple(c for c, _ in entries)), tuple(lv for _, lv in entries))
    plain = {each.day for wave in waves if wave.kind is CheckKind.WAVE for each in wave.deliveries}
    if is_stream(waves, len(plain), observed):
        stream = stream_of(case, waves, known)
        latest = None if stream is None or stream.rest is None else _whole(stream.rest)
        entries = _stream_checks(case, waves, stream, latest, as_of, step)
    else:
        frame = framed(case, waves, known)
        latest = None if frame is None else _whole(frame)
        entries = _wave_checks(case, waves, latest, known, as_of, step)
    if latest is not None:
        outcome = _described(outcome, latest)
    return Judged(case, replace(outcome, checks=tuple(c for c, _ in entries)), tuple(lv for _, lv in entries))


@dataclass(frozen=True, slots=True)
class _Whole:
    """The frame of all that is known, its fit, and the columns of what is told beside the verdicts."""

    frame: Frame
    fit: Fitted | None
    windows: int | None
    line: int | None


def _whole(frame: Frame) -> _Whole:
    weights = window_column(frame)
    windows = None if weights is None else frame.design.add(weights)
    line = None
    if len(frame.in_fit) > 1:
        sizes = [sum(delivery.size for delivery in part.wave.deliveries) for part in frame.in_fit]
        columns = [size / sum(sizes) * part.stairs.column for size, part in zip(sizes, frame.in_fit, strict=True)]
        line = frame.design.add(np.sum(columns, axis=0))
    return _Whole(frame, fitted(frame), windows, line)


def cadence(series: MetricSeries, as_of: date) -> float:
    """
    Median days between observations up to *as_of*: 1, 7 or 30.4 where it is about daily, weekly or monthly.

    Rounded, so that a gap more or less moves neither a wave's end nor its evaluation date.
    """
    days = np.array([day.toordinal() for day in series.days if day <= as_of])
    if len(days) < 2:
        return 1.0
    median = float(np.median(np.diff(days)))
    for most, rounded in _CADENCES:
        if median <= most:
            return rounded or median
    return median


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
        return outcome
    return replace(
        outcome,
        line=None if whole.line is None else line_estimate(fit, whole.line),
        decomposition=None if whole.windows is None else decomposition(fit, whole.windows),
        counterfactual=counterfactual(fit),
        models=model_weights(fit),
    )


def _untold(case: Case, wave: Wave, as_of: date, step: float) -> Checked:
    """A check about which the series tells nothing."""
    check = blank(wave.kind, wave.deliveries, wave.evaluation)
    start = wave.first + timedelta(days=case.settings.lag_days)
    before = sum(day < start for day in case.series.days)
    after = sum(start <= day <= as_of for day in case.series.days)
    return gated(check, case, as_of, (before, after), step) or check, Level(None, None)


def _wave_checks(
    case: Case, waves: Sequence[Wave], latest: _Whole | None, known: date, as_of: date, step: float
) -> list[Checked]:
    """Each wave judged on what was known on its own evaluation date, with all waves that had begun by then."""
    made: list[Checked] = []
    told: set[str] = set()
    for cut in sorted({min(wave.evaluation, known) for wave in waves}):
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
            if min(part.wave.evaluation, known) == cut and part.wave.deliveries[0].id not in told
        ]
        told.update(delivery.id for part in due for delivery in part.wave.deliveries)
        made += _checks(frame, fit, due, as_of, step)
    made += [_untold(case, wave, as_of, step) for wave in waves if wave.deliveries[0].id not in told]
    return sorted(made, key=_by_day)


def _by_day(entry: Checked) -> tuple[date, date, tuple[str, ...]]:
    return entry[0].first, entry[0].last, entry[0].members


def _checks(frame: Frame, fit: Fitted | None, parts: Sequence[Part], as_of: date, step: float) -> list[Checked]:
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
        level = level_around(frame.prepared, part.wave, case.settings)
        points = part.stairs.points_before, part.stairs.points_after
        check = replace(blank(part.wave.kind, part.wave.deliveries, part.wave.evaluation), observed_change=level.change)
        held = gated(check, case, as_of, points, step)
        estimate = numbers.get(id(part))
        if held is None:
            reason = "" if estimate is not None else "the metric never changed, or has too few points"
            check = replace(check, points_before=points[0], points_after=points[1], estimate=estimate, reason=reason)
        else:
            is_shown = held.is_provisional and min(points) >= _LEAST_FOR_PROVISIONAL
            check = replace(held, estimate=estimate if is_shown else None)
        if check.estimate is not None and fit is not None:
            named = [told[row].wave.deliveries[0].id for row in others.get(id(part), [])]
            check = replace(check, warnings=_warnings(fit, part, check.estimate, named, step))
        made.append((check, level))
    return made


def _warnings(fit: Fitted, part: Part, estimate: Estimate, others: Sequence[str], step: float) -> tuple[str, ...]:
    found = [
        coarse_alarm(step) if part.wave.kind is CheckKind.WAVE else "",
        f"hardly to be told from the work around {', '.join(others)}" if others else "",
    ]
    if estimate.p < ALPHA:
        found.append(reactive_alarm(fit.frame.prepared.y, part.stairs.points_before))
        found.append(placebo_alarm(fit, part))
    return tuple(alarm for alarm in found if alarm)


def _stream_checks(
    case: Case, waves: Sequence[Wave], stream: Stream | None, latest: _Whole | None, as_of: date, step: float
) -> list[Checked]:
    """Sets of candidates, and the waves of what is in none, which get an interval and no claim of their own."""
    if stream is None or latest is None:
        return [_untold(case, wave, as_of, step) for wave in waves]
    in_sets = {delivery.id for found in stream.sets for delivery in found.part.wave.deliveries}
    parts = [part for part in latest.frame.parts if part.wave.deliveries[0].id not in in_sets]
    made = [
        (replace(check, is_in_stream=check.kind is CheckKind.WAVE), level)
        for check, level in _checks(latest.frame, latest.fit, parts, as_of, step)
    ]
    made += [_set_check(latest.frame, found, as_of, step) for found in stream.sets]
    return sorted(made, key=_by_day)


def _set_check(frame: Frame, found: Found, as_of: date, step: float) -> Checked:
    case, part = frame.case, found.part
    evaluation = evaluation_of(part.wave.last, step, case.settings)
    level = level_around(frame.prepared, part.wave, case.settings)
    check = replace(
        blank(CheckKind.SET, part.wave.deliveries, evaluation),
        observed_change=level.change,
        probability=found.probability,
    )
    points = part.stairs.points_before, part.stairs.points_after
    held = gated(check, case, as_of, points, step)
    if held is not None and not held.is_provisional:
        return held, level
    estimate = estimates(frame, found.mixture, [part])[0]
    # It was chosen among many: the chance that none of its members has an effect is part of its p.
    estimate = replace(estimate, p=max(estimate.p, 1 - found.probability))
    return replace(held or check, points_before=points[0], points_after=points[1], estimate=estimate), level
