"""How a key result stands, in words."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.model.okrs import Direction
from okrsync.model.outlooks import Forecast, Judgeability
from okrsync.okrs.progress import Health
from okrsync.reports.page import Tone
from okrsync.reports.progress import KeyResultProgress
from okrsync.reports.words import formatting, verdict_text

MARKS = {
    Health.REACHED: "✔",
    Health.ON_TRACK: "●",
    Health.AT_RISK: "◐",
    Health.OFF_TRACK: "○",
    Health.STALE: "◌",
}
"""Shapes differ as well as colours; what says nothing of the target has none."""
TONES = {
    Health.REACHED: Tone.GOOD,
    Health.ON_TRACK: Tone.GOOD,
    Health.AT_RISK: Tone.UNSURE,
    Health.OFF_TRACK: Tone.BAD,
}


def health(entry: KeyResultProgress) -> str:
    """``● on track``; at the end of the cycle ``score 0.7, green``."""
    made = entry.progress
    if entry.health is Health.SCORED and made.score is not None:
        return f"score {made.score:.1f}, {made.zone}"
    said = entry.health.value.replace("_", " ")
    return f"{MARKS[entry.health]} {said}" if entry.health in MARKS else said


def lines(entry: KeyResultProgress) -> Iterator[str]:
    """What stands below a key result's title."""
    yield _where(entry)
    if entry.progress.pace.needed is not None or entry.progress.pace.actual is not None:
        yield _pace(entry)
    if entry.forecast is not None:
        yield _forecast(entry, entry.forecast)
    if entry.judgeability is not None:
        yield _judgeable(entry, entry.judgeability)
    if entry.confidence is not None:
        yield f"confidence {entry.confidence:g} ({formatting.day(entry.confidence_date)})"


def _where(entry: KeyResultProgress) -> str:
    made = entry.progress
    if made.current is None:
        return "never measured since its baseline" if entry.health is not Health.DRAFT else "a draft: not measured yet"
    now = formatting.dated(made.current, entry.unit)
    if made.share is None:
        return now
    if entry.direction == Direction.MAINTAIN and entry.band is not None:
        low, high = entry.band
        return (
            f"{now}; {formatting.percent(made.share)} of this cycle's values between {formatting.number(low)} and "
            f"{formatting.with_unit(high, entry.unit)}"
        )
    if entry.baseline is None or entry.target is None:
        return now
    way = f"{formatting.number(entry.baseline.value)} → {formatting.with_unit(entry.target.value, entry.unit)}"
    return f"{now}; {formatting.percent(made.share)} of the way {way}"


def _pace(entry: KeyResultProgress) -> str:
    pace = entry.progress.pace
    parts = []
    if pace.needed is not None and (entry.progress.share or 0) < 1:
        parts.append(f"needs {_a_week(pace.needed, entry)}")
    if pace.actual is not None:
        parts.append(f"had {_a_week(pace.actual, entry)}")
    return "pace: " + ", ".join(parts)


def _a_week(change: float, entry: KeyResultProgress) -> str:
    return f"{verdict_text.with_sign(change)} {verdict_text.unit_of_change(entry.unit)}".strip() + " a week"


def _forecast(entry: KeyResultProgress, told: Forecast) -> str:
    interval = f"[{formatting.number(told.low)}, {formatting.number(told.high)}]"
    value = f"{formatting.with_unit(told.value, entry.unit)} {interval} on {formatting.day(told.day)}"
    if told.reaches is None:
        return f"with what is delivered: {value}"
    goal = "in its band" if entry.direction == Direction.MAINTAIN else "at its target"
    return f"with what is delivered: {value}; {goal} with a chance of {_chance(told.reaches)}"


def _chance(share: float) -> str:
    if share < 0.01:
        return "less than 1 %"
    return "more than 99 %" if share > 0.99 else f"{share * 100:.0f} %"


def _judgeable(entry: KeyResultProgress, told: Judgeability) -> str:
    unit = verdict_text.unit_of_change(entry.unit)
    when = f"a delivery on {formatting.day(told.delivery)} can be judged on {formatting.day(told.judged_on)}"
    if told.missing:
        points = f"{told.missing} point{'' if told.missing == 1 else 's'}"
        when = f"{points} more before anything can be judged: {when}"
    if told.smallest is None:
        return f"{when}; too few points to say what could be seen"
    seen = f"{formatting.number(told.smallest)} {unit}".strip()
    at_end = ""
    if told.smallest_at_end is not None:
        at_end = f", {formatting.number(told.smallest_at_end)} by the end of the cycle"
    return f"{when}, if its effect is {seen} or more{at_end}"
