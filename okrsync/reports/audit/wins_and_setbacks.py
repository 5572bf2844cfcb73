"""Wins and setbacks with equal room: the same columns, the same number of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from okrsync.model.verdicts import HypothesisVerdict, Verdict
from okrsync.reports.audit.work import CheckState, WorkLine

ROOM = 5


@dataclass(frozen=True, slots=True)
class WinsAndSetbacks:
    """
    What went best and worst, the largest first, against what could have been seen.

    *room*: how many rows each side gets; a side that has fewer leaves the rest empty. A delivery that moved its key
    result and broke a guardrail, or fell short of what was expected, stands on both sides.
    """

    room: int
    wins: tuple[WorkLine, ...]
    setbacks: tuple[WorkLine, ...]


def extremes_of(lines: Sequence[WorkLine]) -> WinsAndSetbacks:
    """The wins and setbacks among *lines* that are judged."""
    judged = [line for line in lines if line.state is CheckState.JUDGED]
    wins, setbacks = _ranked(judged, _is_win), _ranked(judged, _is_setback)
    room = min(ROOM, max(len(wins), len(setbacks)))
    return WinsAndSetbacks(room, wins, setbacks)


def _is_win(line: WorkLine) -> bool:
    return line.check.verdict.is_win


def _is_setback(line: WorkLine) -> bool:
    missed = {HypothesisVerdict.REFUTED, HypothesisVerdict.WEAKER_THAN_EXPECTED}
    return bool(line.check.verdict.is_setback or line.check.hypothesis in missed or line.guardrails)


def _ranked(lines: Sequence[WorkLine], is_one: Callable[[WorkLine], bool]) -> tuple[WorkLine, ...]:
    found = filter(is_one, lines)
    return tuple(sorted(found, key=lambda line: (_grade(line), -_weight(line), line.key_result, line.check.members)))


def _grade(line: WorkLine) -> int:
    """What counts most on its side first: a claim that nothing speaks against, then what did not move, then mixed."""
    if line.check.verdict is Verdict.MOVED_WRONG_WAY or (_is_win(line) and not _is_setback(line)):
        return 0
    return 2 if _is_win(line) else 1


def _weight(line: WorkLine) -> float:
    """The effect in units of what could have been seen, so that metrics of all units compare."""
    told = line.check.estimate
    return 0.0 if told is None or not told.mde else abs(told.effect) / told.mde
