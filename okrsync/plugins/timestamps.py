"""Times as trackers write them, in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time


def instant(text: str) -> datetime:
    """
    The moment that *text* says, in UTC.

    Raises:
        ValueError: it is no time, or outside of what UTC has.
    """
    moment = datetime.fromisoformat(text)
    try:
        # Without a zone it would be read in this machine's.
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is no time in UTC") from None


def start_of_day(day: date) -> datetime:
    """When *day* begins, in UTC."""
    return datetime.combine(day, time(), UTC)
