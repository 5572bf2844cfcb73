"""What a request asks of a report: named choices as text, each at most once, and none that the report does not know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from urllib.parse import parse_qsl, urlencode

from okrsync.errors import UsageError
from okrsync.model.days import parse_day
from okrsync.reports.words.formatting import harmless

AS_OF = "as-of"
MOST_CHARACTERS = 2000
"""Of a query; a picker never makes more."""
_MOST_FIELDS = 10
_MOST_SHOWN = 40


def read_query(query: str, names: Sequence[str]) -> dict[str, str]:
    """
    The choices of *query* by name, those left empty left out; *names* are those that there are, besides the day.

    Raises:
        UsageError: a name is not among them or comes twice, the day is none, or it is too long: a link that is wrong
            must not show something else.
    """
    if len(query) > MOST_CHARACTERS:
        raise UsageError("that asks for too much at once")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise UsageError("that asks for too much at once") from None
    known = (*names, AS_OF)
    chosen: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise UsageError(f"this report has no choice called {_shown(name)}; it has {', '.join(known)}")
        if name in chosen:
            raise UsageError(f"{name} is chosen twice")
        chosen[name] = value
    if day := chosen.get(AS_OF):
        chosen[AS_OF] = _day(day).isoformat()
    return {name: value for name, value in chosen.items() if value}


def written_query(chosen: dict[str, str]) -> str:
    """*chosen* as the end of an address; nothing where nothing is chosen."""
    return f"?{urlencode(chosen)}" if chosen else ""


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise UsageError(f"{_shown(text)} is {error}") from None


def _shown(text: str) -> str:
    return f'"{harmless(text, _MOST_SHOWN)}"'
