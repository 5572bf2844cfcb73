"""Outcome checks in words: one line each, wherever they are printed."""

from __future__ import annotations

from okrsync.model.verdicts import Estimate, HypothesisVerdict, KeyResultOutcome, OutcomeCheck, Span, Verdict
from okrsync.reports.words import formatting
from okrsync.reports.words.verdict_table import VERDICTS

METHOD = (
    "These verdicts compare each key result before and after a delivery, allowing for trend, weekday pattern and "
    "drift. They are not experiments. They hold only if nothing else that affects the metric changed at the same time "
    "other than the deliveries listed; the work was not shipped because the metric had just dipped; the metric is "
    "measured the same way throughout; control metrics were not touched by the work; the past pattern of drift goes "
    'on; and the delivery date is when users got it. "Moved" means the average change since delivery is larger than '
    "the metric's own drift explains; over many months, about one in ten such verdicts at most is expected to be "
    'chance. "Inconclusive" is not "no effect": the smallest change that could have been seen stands beside it.'
)
_HYPOTHESES = {
    HypothesisVerdict.CONFIRMED: "expectation confirmed",
    HypothesisVerdict.WEAKER_THAN_EXPECTED: "weaker than expected",
    HypothesisVerdict.REFUTED: "expectation refuted",
    HypothesisVerdict.OPEN: "expectation open",
    HypothesisVerdict.POST_HOC: "expectation stated afterwards, counts for nothing",
}


def by_weight(outcome: KeyResultOutcome) -> list[OutcomeCheck]:
    """The checks as a reader wants them: claims first, then the newest."""
    return sorted(
        outcome.checks, key=lambda check: (not check.verdict.is_claim, -check.last.toordinal(), check.members)
    )


def unit_of_change(unit: str) -> str:
    """The unit that a change has: of a percentage, points."""
    return "pts" if unit == "%" else unit


def verdict(check: OutcomeCheck) -> str:
    """The verdict with whose it is: ``moved (one of 2)``."""
    said = VERDICTS[check.verdict].word
    if check.is_small:
        said += " (smaller than matters)"
    if check.is_sole:
        return said
    # Credit belongs to what was judged; what was not is only counted.
    return f"{said} (one of {len(check.members)})" if check.estimate else f"{said} ({len(check.members)} items)"


def line(check: OutcomeCheck, unit: str) -> str:
    """``moved (one of 2) +3.1 pts [0.4, 5.8], q=.04, 62 points before / 28 after, could detect ≥ 3.8``."""
    parts = [verdict(check)]
    told = check.estimate
    if told is not None:
        parts[0] += f" {effect(told, unit)}"
        if check.is_provisional:
            parts.append("provisional")
        if check.q is not None and not check.is_provisional:
            parts.append(f"q{rate(check.q)}")
        if check.probability is not None:
            whose = "it" if check.is_sole else "one of them"
            parts.append(f"{sure(check.probability)} sure that it was {whose}")
    elif check.observed_change is not None and check.verdict is Verdict.OBSERVED_CHANGE_ONLY:
        parts[0] += f" {with_sign(check.observed_change)} {unit_of_change(unit)}".rstrip()
    if check.points_before or check.points_after:
        parts.append(f"{check.points_before:,} points before / {check.points_after:,} after")
    if told is not None:
        parts.append(f"could detect ≥ {formatting.number(told.mde, like=_scale(told))}")
    if check.reason:
        parts.append(check.reason)
    if check.hypothesis is not HypothesisVerdict.NOT_STATED and check.expected is not None:
        parts.append(f"{_HYPOTHESES[check.hypothesis]} ({with_sign(check.expected)})")
    return ", ".join(parts)


def effect(told: Estimate, unit: str) -> str:
    """``+3.1 pts [0.4, 5.8]``."""
    like = _scale(told)
    interval = f"[{formatting.number(told.low, like=like)}, {formatting.number(told.high, like=like)}]"
    return " ".join(filter(None, (signed(told.effect, like), unit_of_change(unit), interval)))


def signed(value: float, like: float) -> str:
    """*value* with its sign, with as many decimals as *like* has."""
    text = formatting.number(value, like=like)
    if not text.strip("−0.,"):
        return text.removeprefix("−")  # what rounds to nothing has no sign
    return text if text.startswith("−") or not value else f"+{text}"


def with_sign(value: float) -> str:
    """*value* with its sign, and no more digits than it has."""
    text = formatting.number(value)
    return f"+{text}" if value > 0 else text


def rate(value: float) -> str:
    """A p or q with its sign of comparison, without its leading zero: ``=.04``, or ``<.001``."""
    if value < 0.001:
        return "<.001"
    return "=" + (f"{value:.3f}".rstrip("0") if value < 0.0995 else f"{value:.2f}").lstrip("0")


def sure(probability: float) -> str:
    """A probability as far as it deserves to be printed."""
    return "over 99 %" if probability > 0.99 else formatting.percent(round(probability, 2))


def decomposition(outcome: KeyResultOutcome, unit: str) -> str:
    """Where the change since the baseline comes from; empty where that is not known."""
    parts = outcome.decomposition
    if parts is None:
        return ""
    # Without a delivery the interval has no width but that of floating point, which would ask for six decimals.
    like = 10 * round(parts.deliveries.high - parts.deliveries.low, 9) or round(parts.change, 9) or 1.0

    began, ended = parts.baseline_end, parts.last_end
    # "31 Dec to 28 Feb 2025" would leave open which December.
    is_one_year = began.year == ended.year
    first, last = formatting.short_day(began, ended) if is_one_year else formatting.day(began), formatting.day(ended)
    said = (
        f"{signed(parts.change, like)} {unit_of_change(unit)} from {first} to {last}: "
        f"deliveries {span(parts.deliveries, like)}, drift and season {span(parts.drift, like)}, "
        f"unexplained {signed(parts.unexplained, like)}"
    )
    return said + (f", clipped {signed(parts.clipped, like)}" if round(parts.clipped, 12) else "")


def span(part: Span, like: float) -> str:
    """``+5.3 [4.1, 6.6]``, with the decimals of *like*; without an interval where it has no width, as of no work."""
    if not round(part.high - part.low, 9):
        return signed(part.value, like)
    low, high = (formatting.number(value, like=like) for value in (part.low, part.high))
    return f"{signed(part.value, like)} [{low}, {high}]"


def _scale(told: Estimate) -> float:
    """What decides on the decimals: two digits of the interval's width, for more would be pretence."""
    return 10 * (told.high - told.low) or told.effect or 1.0
