"""The words of the audit and of the retro: what became of work, why there is no verdict, why a target was missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor

from okrsync.model.verdicts import Verdict
from okrsync.reports.audit.calibration import Rate
from okrsync.reports.audit.effort import EXEMPT, OPEN, OTHER_CYCLE, UNCHECKED, UNLINKED
from okrsync.reports.audit.evidence_gaps import UncheckedCause, UncheckedWork
from okrsync.reports.audit.lead_lag import LeadingPair, Order
from okrsync.reports.audit.movement import Movement
from okrsync.reports.audit.scores import MissCause
from okrsync.reports.page import Tone
from okrsync.reports.words import formatting, verdict_text
from okrsync.reports.words.verdict_table import VERDICTS

ZONES = {"green": ("●", Tone.GOOD), "amber": ("◐", Tone.UNSURE), "red": ("○", Tone.BAD)}
"""The sign and tone of each zone of scores."""
MISSES = {
    MissCause.NOT_MEASURED: "never measured",
    MissCause.NO_WORK: "nothing was delivered on it",
    MissCause.NOT_JUDGED: "no work on it has a verdict",
    MissCause.WRONG_WAY: "work moved it the wrong way",
    MissCause.NOT_ENOUGH: "work moved it, not far enough",
    MissCause.NO_MOVEMENT: "work did not move it",
    MissCause.CANNOT_TELL: "work cannot be told from drift",
}
_FATES = {
    OPEN: "verdict still to come",
    UNCHECKED: "no verdict possible",
    OTHER_CYCLE: "serves another cycle",
    EXEMPT: "exempt",
    UNLINKED: "serves no key result",
}
_UNCHECKED = {
    UncheckedCause.DRAFT: "its key result is a draft without a metric",
    UncheckedCause.OUTPUT: "its key result counts output, not an outcome",
    UncheckedCause.NO_DAY: "the tracker does not say when it was delivered",
    UncheckedCause.UNIT_NOT_WHOLE: "the rest of its {reason} is not delivered yet",
    UncheckedCause.NO_DATA: "nothing was measured",
    UncheckedCause.WITHHELD: "withheld",
    UncheckedCause.FEW_POINTS: "too few values before it",
}
_SHOWN_ONCE = {UncheckedCause.UNIT_NOT_WHOLE, UncheckedCause.FEW_POINTS}
_ORDERS = {
    Order.LEADING_FIRST: "the leading one moved first",
    Order.LAGGING_FIRST: "the lagging one moved first",
    Order.SAME_DAY: "both moved after deliveries of the same day",
    Order.LEADING_ONLY: "only the leading one moved, so no lag can be told",
    Order.LAGGING_ONLY: "only the lagging one moved, so no lag can be told",
    Order.NEITHER: "neither moved, so no lag can be told",
    Order.NOT_JUDGED: "nothing on either is judged yet",
}


def fate(name: str) -> str:
    """What became of a part of the effort."""
    return _FATES[name] if name in _FATES else VERDICTS[Verdict(name)].word


def unchecked(work: UncheckedWork) -> str:
    """Why an item has no verdict."""
    said = _UNCHECKED[work.cause].format(reason=work.reason)
    return said if not work.reason or work.cause in _SHOWN_ONCE else f"{said}; {work.reason}"


def order(pair: LeadingPair) -> str:
    """Which of a pair moved first, and by how much."""
    if not pair.lag_days:
        return _ORDERS[pair.order]
    days = abs(pair.lag_days)
    return f"{_ORDERS[pair.order]}, {days:,} {'day' if days == 1 else 'days'} earlier"


def counted_verdicts(counts: Mapping[str, int]) -> str:
    """``3 moved, 12 inconclusive``, in the order of the method; a dash where there is none."""
    parts = [f"{counts[kind.value]:,} {words.word}" for kind, words in VERDICTS.items() if counts.get(kind.value)]
    return ", ".join(parts) or formatting.MISSING


def rate(told: Rate) -> str:
    """``2 of 3 (67 % [21 %, 94 %])``."""
    if told.share is None or told.low is None or told.high is None:
        return "none"
    share, low, high = (f"{value * 100:.0f} %" for value in (told.share, told.low, told.high))
    return f"{told.count:,} of {told.n:,} ({share} [{low}, {high}])"


def moved_by(told: Movement, unit: str) -> str:
    """How far a metric went in the cycle."""
    if told.change is None:
        return formatting.MISSING
    return f"{verdict_text.with_sign(told.change)} {verdict_text.unit_of_change(unit)}".rstrip()


def against_its_own(told: Movement, unit: str) -> str:
    """Whether a metric went further than it does by itself."""
    if told.is_beyond is None or told.most_before is None:
        return f"cannot tell: {told.reason}"
    most = f"{formatting.number(told.most_before)} {verdict_text.unit_of_change(unit)}".rstrip()
    span = f"over any {told.days:,} days in the {told.history_days:,} before (at most {most})"
    return f"further than {span}" if told.is_beyond else f"no further than {span}"


def way(share: float) -> str:
    """How far a key result came on its way, in whole percents; less than nothing where it went back."""
    return f"{formatting.number(round(share * 100))} %"


def whole_percents(shares: Sequence[float]) -> list[int]:
    """*shares* (that add up to 1) as whole percents that add up to 100: the largest remainders are rounded up."""
    exact = [share * 100 for share in shares]
    found = [floor(value + 1e-9) for value in exact]
    short = round(sum(exact)) - sum(found)
    by_rest = sorted(range(len(exact)), key=lambda place: (found[place] - exact[place], place))
    for place in by_rest[:short]:
        found[place] += 1
    return found
