"""How much of some work serves a key result: by size, a unit each, and by count. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from okrsync.linking.conditions import Hierarchy
from okrsync.model.placements import LinkStatus, Placement

COUNT = ""
"""The unit of what is counted, not sized."""
_ENOUGH = 0.5
"""The share of the items that need a size for a share by size to speak for the whole."""


@dataclass(frozen=True, slots=True)
class WorkAmount:
    """Some items: how many, their sizes by unit (never summed across units), and how many have none."""

    items: int
    sizes: Mapping[str, float]
    unsized: int

    def of(self, unit: str) -> float:
        """How much it is in *unit*, 0 where nothing is sized so; the items where that is :data:`COUNT`."""
        return float(self.items) if unit == COUNT else self.sizes.get(unit, 0.0)


@dataclass(frozen=True, slots=True)
class SizeShares:
    """
    How the sized part of the work is made up in one *unit*; *sized* of the items have a size in it.

    The three shares (0 to 1) add up to 1; ``None`` where there is nothing to share out. *serving* is linked /
    (linked + unlinked): of the work that needs a key result, the share that has one.
    """

    unit: str
    sized: int
    total: float
    linked: float | None
    exempt: float | None
    unlinked: float | None
    serving: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    How work stands to key results.

    *sized* of the items have a size in any unit. *by_size* has an entry for each unit, the one of most items first.
    *measure* is the unit that speaks for the whole: that of at least half of the items, else :data:`COUNT`.
    """

    items: int
    sized: int
    linked: WorkAmount
    exempt: WorkAmount
    unlinked: WorkAmount
    by_count: SizeShares
    by_size: tuple[SizeShares, ...]
    measure: str

    @property
    def measured(self) -> SizeShares:
        """The shares that speak for the whole."""
        return next((entry for entry in self.by_size if entry.unit == self.measure), self.by_count)


def pieces_of_work(placements: Sequence[Placement], hierarchy: Hierarchy) -> tuple[list[Placement], int]:
    """
    *placements* without what would be counted twice, and how many those are.

    Where an item and items below it are both here and serve the same: one with a size stands for those below that have
    none, and one without a size is stood for by those below it.
    """
    here = {_identity(entry): entry for entry in placements}
    above = {_identity(entry): _nearest_above(entry, here, hierarchy) for entry in placements}
    stood_for = {
        _identity(parent)
        for entry in placements
        if (parent := above[_identity(entry)]) is not None and parent.item.size is None and _serve_alike(entry, parent)
    }
    kept = [
        entry
        for entry in placements
        if _identity(entry) not in stood_for and not _is_part(entry, above[_identity(entry)])
    ]
    return kept, len(placements) - len(kept)


def amount_of(placements: Iterable[tuple[Placement, float]]) -> WorkAmount:
    """How much *placements* are, each with the share (0 to 1) of its size that counts; items count whole."""
    items = unsized = 0
    sizes: dict[str, float] = {}
    for entry, share in placements:
        items += 1
        size = entry.item.size
        if size is None:
            unsized += 1
        else:
            sizes[size.unit] = sizes.get(size.unit, 0.0) + size.value * share
    return WorkAmount(items, dict(sorted(sizes.items())), unsized)


def coverage_of(placements: Sequence[Placement], measure: str | None = None) -> Coverage:
    """How *placements* stand to key results; *measure* is the unit to go by, where another plan has set it."""
    parts = {
        group: amount_of((entry, 1.0) for entry in placements if entry.group is group)
        for group in (LinkStatus.LINKED, LinkStatus.EXEMPT, LinkStatus.UNLINKED)
    }
    units = Counter(entry.item.size.unit for entry in placements if entry.item.size is not None)
    ranked = sorted(units, key=lambda unit: (-units[unit], unit))
    if measure is None:
        measure = ranked[0] if ranked and units[ranked[0]] >= _ENOUGH * len(placements) else COUNT
    return Coverage(
        items=len(placements),
        sized=units.total(),
        linked=parts[LinkStatus.LINKED],
        exempt=parts[LinkStatus.EXEMPT],
        unlinked=parts[LinkStatus.UNLINKED],
        by_count=_shares(COUNT, len(placements), parts),
        by_size=tuple(_shares(unit, units[unit], parts) for unit in ranked),
        measure=measure,
    )


def _shares(unit: str, sized: int, parts: Mapping[LinkStatus, WorkAmount]) -> SizeShares:
    linked, exempt, unlinked = (
        parts[group].of(unit) for group in (LinkStatus.LINKED, LinkStatus.EXEMPT, LinkStatus.UNLINKED)
    )
    total, needing = linked + exempt + unlinked, linked + unlinked
    return SizeShares(
        unit,
        sized,
        total,
        share_of(linked, total),
        share_of(exempt, total),
        share_of(unlinked, total),
        share_of(linked, needing),
    )


def whole_percents(shares: SizeShares) -> tuple[int, int, int]:
    """Linked, exempt and unlinked in whole percents that add up to 100; all 0 where there is nothing to share out."""
    exact = [100 * (share or 0.0) for share in (shares.linked, shares.exempt, shares.unlinked)]
    whole = [int(share + 1e-9) for share in exact]
    left = round(sum(exact)) - sum(whole)
    for place in sorted(range(3), key=lambda place: (whole[place] - exact[place], place))[:left]:
        whole[place] += 1
    return whole[0], whole[1], whole[2]


def weight_of(placement: Placement, unit: str) -> float:
    """How much *placement* counts in *unit*: its size, 0 where it has none in it; 1 of :data:`COUNT`."""
    size = placement.item.size
    if unit == COUNT:
        return 1.0
    return size.value if size is not None and size.unit == unit else 0.0


def share_of(part: float, whole: float) -> float | None:
    """*part* of *whole* (0 to 1); ``None`` where there is no whole."""
    return part / whole if whole else None


def _identity(placement: Placement) -> tuple[str, str]:
    return (placement.item.source, placement.item.external_id)


def _nearest_above(
    placement: Placement, here: Mapping[tuple[str, str], Placement], hierarchy: Hierarchy
) -> Placement | None:
    """The nearest item above that is here too; none where the two lie above each other, as trackers allow."""
    for ancestor in hierarchy.ancestors(placement.item):
        found = here.get((ancestor.source, ancestor.external_id))
        if found is not None:
            return None if placement.item in hierarchy.ancestors(ancestor) else found
    return None


def _is_part(entry: Placement, parent: Placement | None) -> bool:
    """Whether *entry* is told with *parent*, whose size holds its own."""
    return (
        parent is not None and entry.item.size is None and parent.item.size is not None and _serve_alike(entry, parent)
    )


def _serve_alike(one: Placement, other: Placement) -> bool:
    served = [{link.key_result for link in entry.counted_links} for entry in (one, other)]
    return one.group is other.group and served[0] == served[1]
