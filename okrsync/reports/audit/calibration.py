"""
How good the expectations were, of what was stated and linked before the delivery and has its verdict.

What was stated afterwards is shown elsewhere and never counted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from okrsync.model.verdicts import HypothesisVerdict
from okrsync.reports.audit.work import CheckState, WorkLine

LEAST_OF_TEAM = 10
"""Judged expectations from which a team's are told apart: fewer would be a judgement of a few people."""
_Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: for an interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """*count* of *n*, with its share and the 95 % interval of that; without any, no share."""

    count: int
    n: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class JudgedExpectation:
    """One expectation and what was measured, in the metric's unit; *ratio*: measured over expected."""

    key_result: str
    unit: str
    members: tuple[str, ...]
    team: str
    """Empty where several teams delivered it."""
    expected: float
    effect: float
    low: float
    high: float
    hypothesis: HypothesisVerdict
    is_held: bool
    """The interval holds the expectation."""
    ratio: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """*holding*: how many intervals hold the expectation; *confirmed*: the hit rate; *ratio*: the median one."""

    holding: Rate
    confirmed: Rate
    ratio: float | None


@dataclass(frozen=True, slots=True)
class TeamFigures:
    """The figures of one team."""

    team: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class ExpectationCalibration:
    """
    What the expectations of the cycle were worth.

    *teams*: those with at least ten. *post_hoc*: checks whose expectation came, or was linked, after the delivery.
    *open*: those whose verdict is still to come.
    """

    figures: Figures
    expectations: tuple[JudgedExpectation, ...]
    teams: tuple[TeamFigures, ...]
    post_hoc: int
    open: int


def calibration_of(lines: Sequence[WorkLine]) -> ExpectationCalibration:
    """The calibration over *lines*."""
    stated = [line for line in lines if line.check.expected is not None]
    tested = [line for line in stated if line.check.hypothesis is not HypothesisVerdict.POST_HOC]
    found = tuple(entry for line in tested if (entry := _expectation(line)) is not None)
    teams = sorted({entry.team for entry in found if entry.team})
    by_team = [(team, [entry for entry in found if entry.team == team]) for team in teams]
    return ExpectationCalibration(
        _figures(found),
        found,
        tuple(TeamFigures(team, _figures(own)) for team, own in by_team if len(own) >= LEAST_OF_TEAM),
        len(stated) - len(tested),
        sum(line.state is CheckState.OPEN for line in tested),
    )


def rate(count: int, n: int) -> Rate:
    """
    *count* of *n* with the 95 % interval of the score test, which keeps its promise for small *n* and at 0 and 1.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n): Wilson 1927, Journal of the American Statistical Association 22,
    p. 209-212.
    """
    if not n:
        return Rate(count, n, None, None, None)
    share, spread = count / n, _Z**2 / n
    middle = share + spread / 2
    half = _Z * sqrt(share * (1 - share) / n + spread / (4 * n))
    low, high = ((middle - half) / (1 + spread), (middle + half) / (1 + spread))
    return Rate(count, n, share, max(0.0, low), min(1.0, high))


def _expectation(line: WorkLine) -> JudgedExpectation | None:
    told, expected = line.check.estimate, line.check.expected
    if line.state is not CheckState.JUDGED or told is None or expected is None:
        return None
    teams = {member.team for member in line.members}
    return JudgedExpectation(
        line.key_result,
        line.unit,
        line.check.members,
        teams.pop() if len(teams) == 1 else "",
        expected,
        told.effect,
        told.low,
        told.high,
        line.check.hypothesis,
        told.low <= expected <= told.high,
        told.effect / expected if expected else None,
    )


def _figures(found: Sequence[JudgedExpectation]) -> Figures:
    ratios = [entry.ratio for entry in found if entry.ratio is not None]
    return Figures(
        rate(sum(entry.is_held for entry in found), len(found)),
        rate(sum(entry.hypothesis is HypothesisVerdict.CONFIRMED for entry in found), len(found)),
        median(ratios) if ratios else None,
    )
