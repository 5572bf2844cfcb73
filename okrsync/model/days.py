"""Days that people write: a range in which every day that a report computes from them exists."""

from __future__ import annotations

from datetime import date

FIRST = date(1970, 1, 1)
LAST = date(2200, 12, 31)


def parse_day(text: str) -> date:
    """
    Return the day that *text* is, written as ``YYYY-MM-DD``.

    Raises:
        ValueError: it is none, or lies before :data:`FIRST` or after :data:`LAST`; the message says what to write.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("no day; write YYYY-MM-DD") from None
    return check_day(day)


def check_day(day: date) -> date:
    """
    Return *day*.

    Raises:
        ValueError: it lies before :data:`FIRST` or after :data:`LAST`; the message says what to write.
    """
    if not FIRST <= day <= LAST:
        raise ValueError(f"out of range; write a day from {FIRST} to {LAST}")
    return day
