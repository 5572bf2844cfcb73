"""From what a server or database gave to observations; gathers every point that is none."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from okrsync.errors import MetricError, Problem
from okrsync.model.ledger import Observation

MAX_PROBLEMS = 20
"""More would say the same again."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
_EARLIEST_EPOCH, _MILLISECONDS = 1e8, 1e11
_DATE_FIX = "give the day as YYYY-MM-DD, or as seconds since 1970"


def plain(text: object, limit: int = 200) -> str:
    """*text* on one line without control characters, cut at *limit* characters: it is a stranger's."""
    clean = _UNSAFE.sub(" ", str(text)[: limit + 1]).strip()
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


class Points:
    """A metric's points while they are read; *place* is what messages call their source."""

    def __init__(self, metric: str, place: str, origin: str, now: datetime, zone: ZoneInfo) -> None:
        self._metric = metric
        self._place = place
        self._origin = origin
        self._now = now
        self._zone = zone
        self._found: dict[date, tuple[str, Observation]] = {}
        self._problems: list[Problem] = []
        self._left_out = 0

    def add(self, name: str, day: object, value: object, n: object = None) -> None:
        """
        Take the point called *name*; one without a value (``None`` or not a number) is missing.

        *day* is a date, a time, ISO 8601, or seconds or milliseconds since 1970; times are put into days of the zone.
        """
        if value is None or (isinstance(value, float | Decimal) and math.isnan(value)):
            return
        on, number, size = self._day(name, day), self._value(name, value), self._size(name, n)
        if on is None or number is None:
            return
        if on in self._found:
            self.note(name, f"{on} is there twice (first in {self._found[on][0]})", "give one value a day")
            return
        self._found[on] = name, Observation(self._metric, on, number, self._now, self._origin, size)

    def note(self, name: str, message: str, fix: str) -> None:
        """Add what is wrong with the point called *name*."""
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(Problem(self._place, 0, 0, f"{name}: {message}", fix))
        else:
            self._left_out += 1

    def observations(self) -> list[Observation]:
        """
        All points, ascending by day.

        Raises:
            MetricError: with what is wrong, in the order in which it was found.
        """
        if self._left_out:
            self._problems.append(
                Problem(self._place, 0, 0, f"and {self._left_out:,} more like that", "mend the source")
            )
        if self._problems:
            raise MetricError(self._metric, self._problems)
        return [self._found[day][1] for day in sorted(self._found)]

    def _day(self, name: str, value: object) -> date | None:
        day = day_of(value, self._zone)
        if day is None:
            self.note(name, f"{_shown(value)} is no date", _DATE_FIX)
        return day

    def _value(self, name: str, value: object) -> float | None:
        number = _number(value)
        if number is None:
            fix = "convert it to a number where it is asked for" if isinstance(value, str) else "give a finite number"
            self.note(name, f"{_shown(value)} is no number", fix)
        return number

    def _size(self, name: str, value: object) -> float | None:
        if value is None:
            return None
        size = _number(value)
        if size is None or size <= 0:
            self.note(name, f"{_shown(value)} is no sample size", "give a number above 0, or nothing")
            return None
        return size


def day_of(value: object, zone: ZoneInfo) -> date | None:
    """The day of *zone* that *value* means; ``None`` where it means none."""
    try:
        if isinstance(value, datetime):
            return (value.astimezone(zone) if value.tzinfo else value).date()
        if isinstance(value, date):
            return value
        if isinstance(value, str):
            text = value.strip()
            return date.fromisoformat(text) if len(text) <= 10 else day_of(datetime.fromisoformat(text), zone)
        number = _number(value)
        if number is None or number < _EARLIEST_EPOCH:
            return None
        seconds = number / 1000 if number >= _MILLISECONDS else number
        return datetime.fromtimestamp(seconds, UTC).astimezone(zone).date()
    except (ValueError, OverflowError, OSError):
        return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _shown(value: object) -> str:
    return f'"{plain(value, 40)}"' if isinstance(value, str) else plain(value, 40)
