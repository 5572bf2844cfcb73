"""Verdicts: the gates in their order, then the claim, then what can be said without one."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from okrsync.model.okrs import Direction
from okrsync.model.verdicts import CheckKind, Estimate, HypothesisVerdict, OutcomeCheck, Verdict
from okrsync.outcome.cases import Case, Delivery, Settings
from okrsync.outcome.judged import BeforeAfter
from okrsync.outcome.waves import Wave, wait_days

if TYPE_CHECKING:
    from okrsync.outcome.preprocessing import Prepared

ALPHA = 0.05
FALSE_DISCOVERIES = 0.10
"""q: the share of claims of one month that may be chance."""
LEAST_BEFORE = 6
LEAST_AFTER = 3
LONGEST_TRAILING = 14
"""Points of a trailing window up to which its effect can be followed as a ramp."""
MDE_FACTOR = 2.75
"""Standard errors of an effect that is claimed with 80 % probability at p < .05; measured, see docs/method.md."""


def blank(kind: CheckKind, deliveries: tuple[Delivery, ...], evaluation: date) -> OutcomeCheck:
    """A check of *deliveries* about which nothing is said yet; its expectation stands already."""
    stated = [delivery for delivery in deliveries if delivery.expected is not None]
    hypothesis = HypothesisVerdict.NOT_STATED
    if stated:
        on_record = all(delivery.is_registered for delivery in stated)
        hypothesis = HypothesisVerdict.OPEN if on_record else HypothesisVerdict.POST_HOC
    return OutcomeCheck(
        kind,
        tuple(delivery.id for delivery in deliveries),
        min(delivery.day for delivery in deliveries),
        max(delivery.day for delivery in deliveries),
        evaluation,
        Verdict.INCONCLUSIVE,
        hypothesis=hypothesis,
        expected=sum(delivery.expected or 0.0 for delivery in stated) if stated else None,
    )


def gated(
    check: OutcomeCheck, case: Case, as_of: date, points: tuple[int, int], step_days: float
) -> OutcomeCheck | None:
    """
    *check* with the verdict of the first gate that holds it back; ``None`` where none does.

    *points* before and after: those of the fit.
    """
    before, after = points
    withheld = _withheld(check, case, as_of, step_days)
    # Until its values are settled, those up to the evaluation may still change.
    judged_on = check.evaluation + timedelta(days=case.settings.settle_days)
    is_provisional = as_of < judged_on
    gates = (
        (case.settings.is_draft, Verdict.NO_DATA, "the key result is a draft"),
        (not case.series.days, Verdict.NO_DATA, "nothing was measured"),
        (bool(withheld), Verdict.WITHHELD, withheld),
        (before == 0, Verdict.NO_DATA, "nothing was measured before the delivery"),
        (is_provisional, Verdict.TOO_EARLY, f"judged on {judged_on}"),
        (after == 0, Verdict.NO_DATA, "nothing was measured after the delivery"),
        (after < LEAST_AFTER, Verdict.TOO_EARLY, f"fewer than {LEAST_AFTER} points since the delivery"),
        (before < LEAST_BEFORE, Verdict.OBSERVED_CHANGE_ONLY, f"fewer than {LEAST_BEFORE} points before the delivery"),
    )
    for holds, verdict, reason in gates:
        if holds:
            return replace(
                check,
                verdict=verdict,
                reason=reason,
                points_before=before,
                points_after=after,
                is_provisional=is_provisional,
            )
    return None


def _withheld(check: OutcomeCheck, case: Case, as_of: date, step_days: float) -> str:
    judged = min(as_of, check.evaluation)
    series, most = case.series, case.settings.max_age_days
    for day in series.breaks:
        if check.first <= day <= judged:
            return f"the metric has another definition since {day}"
    if series.trailing_days > LONGEST_TRAILING * step_days:
        return f"each value covers {series.trailing_days} days; measure the daily value"
    last = max((day for day in series.days if day <= judged), default=None)
    if most is not None and last is not None and (judged - last).days > most:
        return f"nothing was measured since {last}"
    return ""


def concluded(check: OutcomeCheck, settings: Settings, level: BeforeAfter) -> OutcomeCheck:
    """*check*, which has an estimate and q, with the verdict that they allow."""
    estimate = check.estimate
    if estimate is None or check.is_provisional:
        return check
    # A set is a claim by its probability; it was chosen among many, so p is not what decides.
    is_found = (check.kind is CheckKind.SET and estimate.low * estimate.high > 0) or (
        check.kind is not CheckKind.SET
        and not check.is_in_stream
        and estimate.p < ALPHA
        and check.q is not None
        and check.q <= FALSE_DISCOVERIES
    )
    verdict, is_small = Verdict.INCONCLUSIVE, False
    matters = abs(check.expected) if check.expected else settings.min_effect
    if is_found and settings.level != "output":
        verdict = _claim(estimate, settings, level)
        is_small = settings.min_effect is not None and max(abs(estimate.low), abs(estimate.high)) < settings.min_effect
    elif settings.direction is Direction.MAINTAIN and _is_inside(estimate, settings, level):
        verdict = Verdict.HELD
    elif matters and -matters < estimate.low and estimate.high < matters:
        verdict = Verdict.NO_MEANINGFUL_MOVEMENT
    judged = replace(check, verdict=verdict, is_small=is_small)
    return replace(judged, hypothesis=_hypothesis(judged, estimate))


def _claim(estimate: Estimate, settings: Settings, level: BeforeAfter) -> Verdict:
    if settings.direction is Direction.MAINTAIN and settings.band is not None and level.after is not None:
        now, before = (_outside(value, settings.band) for value in (level.after, level.after - estimate.effect))
        if now == before:
            return Verdict.HELD
        return Verdict.MOVED if now < before else Verdict.MOVED_WRONG_WAY
    wanted = -1.0 if settings.direction is Direction.DECREASE else 1.0
    return Verdict.MOVED if estimate.effect * wanted > 0 else Verdict.MOVED_WRONG_WAY


def _outside(value: float, band: tuple[float, float]) -> float:
    return max(band[0] - value, value - band[1], 0.0)


def _is_inside(estimate: Estimate, settings: Settings, level: BeforeAfter) -> bool:
    if settings.band is None or level.before is None:
        return False
    low, high = settings.band
    return low <= level.before + estimate.low and level.before + estimate.high <= high


def _hypothesis(check: OutcomeCheck, estimate: Estimate) -> HypothesisVerdict:
    if check.hypothesis is not HypothesisVerdict.OPEN or not check.expected:
        return check.hypothesis
    sign = math.copysign(1.0, check.expected)
    low, high = sorted((estimate.low * sign, estimate.high * sign))
    wanted = abs(check.expected)
    if check.verdict.is_claim and estimate.effect * sign > 0:
        return HypothesisVerdict.CONFIRMED if high >= wanted else HypothesisVerdict.WEAKER_THAN_EXPECTED
    if high < wanted and low <= 0:
        return HypothesisVerdict.REFUTED
    return HypothesisVerdict.OPEN


def level_around(ready: Prepared | None, wave: Wave, settings: Settings, step_days: float) -> BeforeAfter:
    """Means of as long a time before *wave* as its evaluation takes, and of what was observed since."""
    if ready is None:
        return BeforeAfter(None, None)
    start = wave.steps[0][0].toordinal() + settings.lag_days
    before = ready.raw[(ready.days < start) & (ready.days >= start - wait_days(step_days, settings))]
    after = ready.raw[ready.days >= start]
    return BeforeAfter(
        float(before.mean()) if len(before) else None,
        float(after.mean()) if len(after) else None,
    )
