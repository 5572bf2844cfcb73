"""Delivered work by key result: an issue and the pull requests that implement it are one piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from okrsync.linking.placement import Placements
from okrsync.model.placements import Placement
from okrsync.model.work import Link


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """One piece of delivered work on a key result."""

    placement: Placement
    pull_requests: tuple[str, ...]
    """Keys of the pull requests that implement it."""
    link: Link
    day: date | None
    """When users got it, in the organisation's time zone; ``None`` where the tracker does not say."""


def by_key_result(linking: Placements) -> dict[str, list[Placement]]:
    """The items that serve each key result (by its qualified id), whatever their status."""
    found: dict[str, list[Placement]] = {}
    for placement in linking.placements:
        for link in placement.counted_links:
            found.setdefault(link.key_result, []).append(placement)
    return found


def pieces(placements: Sequence[Placement], key_result: str, zone: ZoneInfo, as_of: date) -> list[WorkUnit]:
    """The delivered of *placements*, all of *key_result*, by *as_of*; a request counts with the issue it closes."""
    delivered = [
        placement
        for placement in placements
        if placement.item.is_delivered and _is_by(day_of(placement.item.delivered, zone), as_of)
    ]
    here = {placement.item.key.casefold() for placement in placements if placement.item.is_delivered}
    requests: dict[str, list[str]] = {}
    alone: list[Placement] = []
    for placement in delivered:
        host = next((key for key in placement.implements if key.casefold() in here), None)
        if host is None:
            alone.append(placement)
        else:
            requests.setdefault(host.casefold(), []).append(placement.item.key)
    return [_piece(placement, requests, key_result, zone) for placement in alone]


def _piece(placement: Placement, requests: Mapping[str, Sequence[str]], key_result: str, zone: ZoneInfo) -> WorkUnit:
    link = next(link for link in placement.counted_links if link.key_result == key_result)
    own = tuple(requests.get(placement.item.key.casefold(), ()))
    return WorkUnit(placement, own, link, day_of(placement.item.delivered, zone))


def day_of(moment: datetime | None, zone: ZoneInfo) -> date | None:
    """The day of *moment* in *zone*."""
    return None if moment is None else moment.astimezone(zone).date()


def _is_by(day: date | None, as_of: date) -> bool:
    return day is None or day <= as_of
