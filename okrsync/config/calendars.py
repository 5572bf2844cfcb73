"""Public holidays of a country or a part of one, as ``calendar: DE`` or ``calendar: DE-BY`` names them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from okrsync.config.calendar_names import PARTS
from okrsync.errors import UsageError

_CODE = re.compile(r"[A-Z]{2,3}")


def checked_calendar(name: str) -> str:
    """
    Return *name* if its holidays are known; an empty one means that there is no calendar.

    Raises:
        ValueError: they are not; the sentence says what can be written.
    """
    country, hyphen, part = name.partition("-")
    is_listed = country in PARTS and (not hyphen or part in PARTS[country])
    if name and not is_listed:
        _holidays(name, range(2000, 2001))
    return name


def public_holidays(name: str, first: date, last: date) -> frozenset[date]:
    """
    Return the public holidays of the calendar *name* from *first* to *last*, both included; none without a name.

    Raises:
        UsageError: the installed version of holidays does not know the calendar.
    """
    if not name or last < first:
        return frozenset()
    try:
        found = _holidays(name, range(first.year, last.year + 1))
    except ValueError as error:
        raise UsageError(f"{error}; the installed version of holidays decides") from None
    return frozenset(day for day in found if first <= day <= last)


def _holidays(name: str, years: range) -> Any:
    # Imported here: a project without calendars does not pay for it.
    from holidays import country_holidays  # noqa: PLC0415

    country, hyphen, part = name.partition("-")
    try:
        # The package also answers to the names of its own classes ("Germany").
        found = country_holidays(country if _CODE.fullmatch(country) else "", years=() if hyphen else years)
    except NotImplementedError:
        raise ValueError(
            f'no calendar is called "{name[:40]}"; write a country and, if you like, its part: DE or DE-BY'
        ) from None
    if not hyphen:
        return found
    if part not in found.subdivisions:
        parts = ", ".join(found.subdivisions) or "none"
        raise ValueError(f'{country} has no part "{part[:40]}"; write {country}, or one of its parts ({parts})')
    return country_holidays(country, subdiv=part, years=years)
