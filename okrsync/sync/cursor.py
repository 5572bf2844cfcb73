"""Which updates a run asks for: from the last cursor, inclusive, with an overlap, and never by the local clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta


def start_of(high_water: datetime | None, overlap_seconds: int) -> datetime | None:
    """Where to ask from: the cursor less the overlap, or ``None`` (everything) where there is no cursor."""
    return None if high_water is None else high_water - timedelta(seconds=overlap_seconds)


def advanced(
    high_water: datetime | None, last_updated: datetime | None, server_time: datetime | None
) -> datetime | None:
    """
    The cursor after a page: the newest update seen, never after the tracker's own clock, and never moved back.

    An item with an update in the future (a wrong clock somewhere) would otherwise hide all that changes until then.
    """
    seen = [moment for moment in (last_updated,) if moment is not None]
    if server_time is not None:
        seen = [min(moment, server_time) for moment in seen]
    return max(_known(high_water, *seen), default=None)


def _known(*moments: datetime | None) -> Iterable[datetime]:
    return [moment for moment in moments if moment is not None]
