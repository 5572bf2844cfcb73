"""Public holidays of a country or a part of one, as ``calendar: DE`` or ``calendar: DE-BY`` names them."""

from __future__ import annotations

from datetime import date
from typing import Any


def checked_calendar(name: str) -> str:
    """
    *name*, if its holidays are known; an empty one means that there is no calendar.

    Raises:
        ValueError: they are not; the sentence says what can be written.
    """
    if name:
        _holidays(name, range(2000, 2001))
    return name


def public_holidays(name: str, first: date, last: date) -> frozenset[date]:
    """The public holidays of the calendar *name* from *first* to *last*, both included; none without a name."""
    if not name or last < first:
        return frozenset()
    found = _holidays(name, range(first.year, last.year + 1))
    return frozenset(day for day in found if first <= day <= last)


def _holidays(name: str, years: range) -> Any:
    # Imported here: a project without calendars does not pay for it.
    from holidays import country_holidays, list_supported_countries  # noqa: PLC0415

    country, _, part = name.partition("-")
    known = list_supported_countries()
    if country not in known:
        raise ValueError(
            f'no calendar is called "{name[:40]}"; write a country and, if you like, its part: DE or DE-BY'
        )
    if (part and part not in known[country]) or name.endswith("-"):
        parts = ", ".join(known[country]) or "none"
        raise ValueError(f'{country} has no part "{part[:40]}"; write {country}, or one of its parts ({parts})')
    return country_holidays(country, subdiv=part or None, years=years)
