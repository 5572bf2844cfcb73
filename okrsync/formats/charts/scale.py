"""
Axes: round ticks on numbers and on dates, and where a value stands between two ends.

Places across a chart are shares of its width (0 left, 1 right), so that one drawing fits a wall and a phone; places up
and down are pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from okrsync.reports.words import formatting

_LARGE = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e4, "k"))
_MOST_DATES = 7


@dataclass(frozen=True, slots=True)
class Axis:
    """Numbers from *first* to *last*, which differ, with round *ticks* between them, *step* apart."""

    first: float
    last: float
    step: float
    ticks: tuple[float, ...]

    @property
    def span(self) -> float:
        """How far it is from end to end."""
        return self.last - self.first

    def share(self, value: float) -> float:
        """Where *value* stands, 0 at the first end and 1 at the last; cut off beyond them."""
        return min(1.0, max(0.0, (value - self.first) / self.span))

    def label(self, value: float) -> str:
        """*value*, one of the ticks, as short as its neighbours allow."""
        if abs(value) < self.step / 2:
            return "0"
        size = max(abs(self.first), abs(self.last))
        for scale, letter in _LARGE:
            if size >= scale:
                return _fixed(value / scale, self.step / scale) + letter
        if size < 1e-3:
            return f"{value:.{_digits(size, self.step)}e}".replace("e-0", "e-").replace("-", "−")
        return _fixed(value, self.step)


@dataclass(frozen=True, slots=True)
class DateTick:
    """A date on an axis; *is_minor*: left out where there is little room."""

    x: float
    label: str
    anchor: str
    is_minor: bool


def axis(values: Iterable[float], wanted: int = 4, *, is_tight: bool = False) -> Axis:
    """
    An axis that holds all *values*, with about *wanted* steps.

    It ends at ticks; *is_tight*: at the values themselves. An axis of one value, or of none, is one unit around it.
    """
    known = list(values) or [0.0]
    low, high = min(known), max(known)
    if not high - low > abs(high) * 1e-9:
        room = abs(high) * 0.1 or 1.0
        low, high = low - room, high + room
    step = _round_step((high - low) / wanted)
    first, last = (low, high) if is_tight else (math.floor(low / step) * step, math.ceil(high / step) * step)
    start, end = math.ceil(first / step - 1e-6), math.floor(last / step + 1e-6)
    return Axis(first, last, step, tuple(index * step for index in range(start, end + 1)))


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below *least*."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((power * factor for factor in (1.0, 2.0, 5.0) if power * factor >= least * (1 - 1e-9)), power * 10.0)


def _fixed(value: float, step: float) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:,.{min(decimals, 9)}f}".replace("-", "−")


def _digits(size: float, step: float) -> int:
    return min(9, max(0, math.floor(math.log10(size)) - math.floor(math.log10(step) + 1e-9)))


def day_share(day: date, days: Sequence[date]) -> float:
    """Where *day* stands between the first and the last of *days*; in the middle where they are one."""
    span = (days[-1] - days[0]).days
    return 0.5 if span == 0 else min(1.0, max(0.0, (day - days[0]).days / span))


def date_ticks(days: Sequence[date]) -> tuple[DateTick, ...]:
    """At most seven dates between the ends of *days*: firsts of months, Mondays or days, with their year once."""
    if not days:
        return ()
    span = (days[-1] - days[0]).days
    chosen = list(_months(days[0], days[-1]) if span > 62 else _weeks(days[0], days[-1]))
    is_monthly = span > 62
    return tuple(
        _date_tick(day, days, index, is_monthly=is_monthly, has_year=index == 0 or day.year != chosen[index - 1].year)
        for index, day in enumerate(chosen)
    )


def _date_tick(day: date, days: Sequence[date], index: int, *, is_monthly: bool, has_year: bool) -> DateTick:
    x = day_share(day, days)
    label = f"{day:%b}" if is_monthly else formatting.short_day(day)
    anchor = "start" if x < 0.05 else "end" if x > 0.95 else "middle"
    return DateTick(x, f"{label} {day.year}" if has_year else label, anchor, is_minor=index % 2 == 1)


def _months(first: date, last: date) -> Iterator[date]:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    step = next((step for step in (1, 2, 3, 6, 12) if count / step <= _MOST_DATES), 12 * math.ceil(count / 84))
    for month in range(first.year * 12, last.year * 12 + last.month, step):  # from January: years begin at a tick
        day = date(month // 12, month % 12 + 1, 1)
        if day >= first:
            yield day


def _weeks(first: date, last: date) -> Iterator[date]:
    span = (last - first).days
    step = next(step for step in (1, 7, 14) if span / step < _MOST_DATES)
    start = first if step == 1 else first + timedelta(days=-first.weekday() % 7)
    for offset in range(0, (last - start).days + 1, step):
        yield start + timedelta(days=offset)
