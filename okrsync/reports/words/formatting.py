"""Words and numbers as every renderer prints them, and trackers' text made harmless."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

from okrsync.model.okrs import DatedValue, Direction
from okrsync.reports.counts import ExemptShare
from okrsync.reports.inputs import SourceState
from okrsync.reports.key_results import DeliveryRow, KeyResultReport

# Control characters move cursors, bidirectional ones reorder what is read: neither belongs in a title.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
MISSING = "–"
_NEARBY = timedelta(days=300)
_PLURALS = frozenset({"points", "items", "days", "hours"})
"""Within it a day and month are taken for the nearest such day."""
CAUSES = {
    "no_rule": "no rule matches",
    "parent_unlinked": "its parent serves no key result",
    "closed_issue_unlinked": "the issue it closes serves no key result",
    "taken_away": "taken away by hand",
    "broken": "names a key result that does not exist",
    "stale": "its key result's cycle is over",
    "ambiguous": "rules or cycles disagree",
}


def harmless(text: str, limit: int = 200) -> str:
    """*text* on one line without control characters, cut at *limit* characters."""
    clean = _UNSAFE.sub(" ", text).strip()
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def number(value: float, like: float | None = None) -> str:
    """
    *value* with three significant digits, or whole with thousands separators; a real minus sign.

    With *like*: with as many decimals as that number would have, so that a difference reads like what it is of.
    """
    text = f"{value:,.{decimals_of(value if like is None else like)}f}"
    if "." in text and like is None:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def decimals_of(value: float) -> int:
    """How many decimals three significant digits of *value* need, at most 6."""
    return min(6, max(0, 2 - math.floor(math.log10(abs(value))))) if value else 0


def with_unit(value: float | None, unit: str) -> str:
    """*value* with its unit; a dash where there is none."""
    if value is None:
        return MISSING
    return f"{number(value)} {unit}".strip()


def sized(value: float, unit: str) -> str:
    """A size: ``5 points``; of one, ``1 point``."""
    if value == 1 and unit in _PLURALS:
        return f"1 {unit.removesuffix('s')}"
    return with_unit(value, unit)


def dated(value: DatedValue | None, unit: str) -> str:
    """A value with its unit and day."""
    return MISSING if value is None else f"{with_unit(value.value, unit)} ({day(value.date)})"


def delivered(delivery: DeliveryRow) -> str:
    """The title of a delivery, and whether it was tied to its key result only afterwards."""
    return harmless(delivery.title) + (" (linked after the delivery)" if delivery.is_linked_late else "")


def change(delivery: DeliveryRow) -> str:
    """The difference of the means around a delivery, with its sign; a dash where there is none."""
    seen = delivery.observed
    if seen is None or seen.change is None:
        return MISSING
    # Of the means as they are printed: a reader subtracts them.
    digits = decimals_of(_scale(delivery))
    shown = round(seen.after or 0.0, digits) - round(seen.before or 0.0, digits)
    text = number(shown, like=_scale(delivery))
    return f"+{text}" if round(shown, digits) > 0 else text


def day(value: date | None) -> str:
    """A day as people write it: 5 Nov 2026."""
    return "day unknown" if value is None else f"{value.day} {value:%b %Y}"


def short_day(value: date | None, today: date | None = None) -> str:
    """A day without its year, where there is little room: 5 Nov; with it where it lies far from *today*."""
    if value is not None and today is not None and abs(value - today) > _NEARBY:
        return day(value)
    return MISSING if value is None else f"{value.day} {value:%b}"


def percent(share: float) -> str:
    """A share (0 to 1) in percent."""
    return f"{number(round(share * 100, 1) + 0.0)} %"  # minus nothing is nothing


def exempt(entry: ExemptShare) -> str:
    """An exempt class with its share, against its budget where it has one."""
    if entry.budget is None:
        return f"{entry.id} {entry.items:,}, {percent(entry.share)}"
    over = "over its budget of" if entry.share > entry.budget else "budget"
    return f"{entry.id} {entry.items:,}, {percent(entry.share)} ({over} {percent(entry.budget)})"


def source(entry: SourceState) -> str:
    """How a source's last sync ended."""
    if entry.age_days is None:
        return f"{entry.name}: failed, never read" if entry.status == "failed" else f"{entry.name}: never read"
    age = {0: "today", 1: "yesterday"}.get(entry.age_days, f"{entry.age_days} days ago")
    said = {"ok": "read", "partial": "partly read", "failed": "failed, last read"}[entry.status]
    return f"{entry.name}: {said} {age}"


def aim(entry: KeyResultReport) -> str:
    """Where a key result comes from, where it is and where it is to be."""
    if entry.state == "draft" and entry.target is None:
        return "draft: no target yet"
    unit = entry.unit
    if entry.current is None:
        now = "never measured"
    else:
        now = f"{'ended at' if entry.has_ended else 'now'} {dated(entry.current, unit)}"
        if entry.stale_days is not None and not entry.has_ended:
            now = f"last known {dated(entry.current, unit)}, {entry.stale_days} days ago"
    if entry.band is not None:
        return f"{now} · keep between {number(entry.band[0])} and {with_unit(entry.band[1], unit)}"
    start = with_unit(entry.baseline.value if entry.baseline else None, unit)
    target = dated(entry.target, unit)
    way = "down" if entry.direction is Direction.DECREASE else "up"
    return f"{now} · from {start} {way} to {target}"


def observed(delivery: DeliveryRow) -> str:
    """Means before and after a delivery, with how many days each rests on."""
    seen = delivery.observed
    if seen is None:
        return MISSING
    before = MISSING if seen.before is None else number(seen.before, like=_scale(delivery))
    after = MISSING if seen.after is None else number(seen.after, like=_scale(delivery))
    return f"{before} → {after}"


def days_observed(delivery: DeliveryRow) -> str:
    """How many observations lie before and after a delivery."""
    seen = delivery.observed
    return MISSING if seen is None else f"{seen.days_before} / {seen.days_after}"


def _scale(delivery: DeliveryRow) -> float:
    seen = delivery.observed
    return max((abs(value) for value in (seen.before, seen.after) if value is not None), default=1.0) if seen else 1.0


HOW_TO_READ = (
    "Before → after are means over each key result's own window, nothing more; the verdicts below them allow for "
    "trend, weekday and drift. Days seen: observations before / after. A missing day is missing, never 0."
)
