"""
What a report is about, read from where the last sync placed it: a large store is not placed anew for every report.

The stored placements hold as long as all that they were made of is the same: the items, the rules, the goals, the links
made by hand, and which cycles run. Where anything differs, or a report is about a day after which an item changed,
everything is placed as it would be by a sync: slower, and the same to the letter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from okrsync import __version__
from okrsync.answers.workspace import Workspace, scopes
from okrsync.linking.conditions import MAX_ANCESTORS, Hierarchy
from okrsync.linking.placement import Placements
from okrsync.model.okrs import Okrs
from okrsync.model.plain import canonical, to_plain
from okrsync.model.work import Item
from okrsync.reports.counts import StoreTotals
from okrsync.store.records import ItemFilter

if TYPE_CHECKING:
    from okrsync.store.snapshot import Snapshot

_LONGEST = timedelta(days=400)
"""Until when after its cycle a check may still come due: a slow metric needs eight points."""


@dataclass(frozen=True, slots=True)
class ReportScope:
    """
    What a report goes into.

    *cycles* (ids): it tells of their key results, with all work on them; *key_results* (qualified): of these too.
    *since* and *until*: days whose delivered work it tells of, whatever that serves. *is_open*: all open work;
    *iterations*: all that is in these; *items*: those that are or were called so.
    """

    cycles: frozenset[str]
    since: date
    until: date
    is_open: bool = False
    iterations: frozenset[tuple[str, str]] = frozenset()
    key_results: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CachedPlacements:
    """The part of the store that a report is about: *within* are the key results that all is known of."""

    linking: Placements
    stock: StoreTotals
    within: frozenset[str]


@cache
def stock_adapter() -> TypeAdapter[StoreTotals]:
    """Return what reads and writes the stored counts."""
    return TypeAdapter(StoreTotals)


def is_past(workspace: Workspace, view: Snapshot) -> bool:
    """Return whether *workspace* asks for items that may differ from those of now."""
    if workspace.as_known is not None:
        return True
    return workspace.is_pinned and view.has_changed_since(scopes(workspace.project), workspace.now)


def part_of(workspace: Workspace, view: Snapshot, about: ReportScope) -> CachedPlacements | None:
    """The stored part of what a report is *about*; ``None`` where what is stored does not hold."""
    if is_past(workspace, view):
        return None
    made = view.placing()
    if made is None or made.stamp != placement_cache_key(workspace):
        return None
    stock = stock_adapter().validate_json(made.stock)
    within = _within(workspace.project.okrs, made.settled, about)
    wanted = ItemFilter(
        key_results=within,
        delivered=_moments(workspace, about),
        is_open=about.is_open,
        has_trouble=True,
        keys=about.items.union(_expected(workspace, within)),
        iterations=about.iterations,
    )
    placements = view.placements(scopes(workspace.project), wanted)
    items = [one.item for one in placements]
    unread = set(stock.unread)
    return CachedPlacements(
        Placements(
            tuple(placements),
            Hierarchy([*items, *_above(workspace, view, items)]),
            tuple(record for record in workspace.project.ledger.links if record.item in unread),
        ),
        stock,
        within,
    )


def _within(okrs: Okrs, settled: Collection[str], about: ReportScope) -> frozenset[str]:
    """
    The key results of the report's cycles, and those on which something may still be judged.

    A claim has to hold among all that are judged in its month, whatever key result they are on.
    """
    last = about.since - _LONGEST
    return frozenset(
        entry.qualified_id
        for entry in okrs.key_results
        if entry.cycle in about.cycles
        or entry.qualified_id in about.key_results
        or (entry.qualified_id not in settled and okrs.cycle(entry.cycle).end >= last)
    )


def _moments(workspace: Workspace, about: ReportScope) -> tuple[datetime, datetime]:
    zone = workspace.project.settings.zone
    return datetime.combine(about.since, time.min, zone), datetime.combine(about.until, time.max, zone)


def _expected(workspace: Workspace, within: Collection[str]) -> Iterable[str]:
    """Keys of the items of which the ledger expects something on one of *within*."""
    names = {name.casefold() for name in within}
    names |= {name.rpartition("/")[2] for name in names}
    for entry in workspace.project.ledger.hypotheses:
        if entry.key_result.casefold() in names:
            yield from entry.items


def _above(workspace: Workspace, view: Snapshot, items: Collection[Item]) -> list[Item]:
    """What lies above *items* and is not among them."""
    known = {(item.source, item.external_id) for item in items}
    keys = {item.parent.casefold() for item in items if item.parent}
    asked = {item.key.casefold() for item in items}
    found: list[Item] = []
    for _ in range(MAX_ANCESTORS):
        keys -= asked
        if not keys:
            break
        asked |= keys
        above = [
            item
            for item in view.placed_items_called(scopes(workspace.project), keys)
            if (item.source, item.external_id) not in known
        ]
        known |= {(item.source, item.external_id) for item in above}
        found += above
        keys = {item.parent.casefold() for item in above if item.parent}
    return found


def placement_cache_key(workspace: Workspace) -> str:
    """Return a digest of everything that placements depend on beside the items."""
    project = workspace.project
    cycles = [(cycle.id, workspace.today < cycle.start, workspace.today > cycle.end) for cycle in project.okrs.cycles]
    told = {
        "version": __version__,
        "zone": project.settings.timezone,
        "work": project.settings.work.model_dump(mode="json"),
        "okrs": sorted(project.okr_texts.items()),
        "links": to_plain(project.ledger.links),
        "scopes": to_plain(scopes(project)),
        "cycles": cycles,
    }
    return sha256(canonical(told)).hexdigest()


def about(
    workspace: Workspace, cycles: Collection[str], since: date | None = None, until: date | None = None
) -> ReportScope:
    """
    What a report on *cycles* (ids) goes into.

    With what was delivered from *since* (else from the first of them on) to *until* (else today), whatever it serves.
    """
    chosen = [cycle for cycle in workspace.project.okrs.cycles if cycle.id in cycles]
    first = min([workspace.today, *(cycle.start for cycle in chosen), *([] if since is None else [since])])
    return ReportScope(frozenset(cycles), first, until or workspace.today)
