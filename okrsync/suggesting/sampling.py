"""
Which of the placed items suggestions are made from: a bounded number, however large the store is.

Where there are more, the latest are learned from: they are most like what is planned now. Ties are settled by source
and key, so the same store always gives the same sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from heapq import nlargest
from zoneinfo import ZoneInfo

from okrsync.linking.placement import Placements, day_that_counts
from okrsync.model.ledger import LinkDecision
from okrsync.model.okrs import KeyResult, Okrs
from okrsync.model.placements import LinkStatus, Placement
from okrsync.model.work import Item, Status

MOST_EXAMPLES = 2000
"""Linked items that are learned from, at most; each of them is asked about once, without itself."""
MOST_EXEMPT = 2000
MOST_BESIDE = 1000
"""Unlinked items that show which words unlinked work is full of, at most; any number may be asked about."""


@dataclass(frozen=True, slots=True)
class SampledQuery:
    """An unlinked *item*, and the key results (qualified ids) that may be suggested for it."""

    item: Item
    candidates: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sample:
    """
    What is learned from and asked about, in the order of the placements; *beside* are some of the *unlinked* items.

    *of_linked* and *of_exempt*: how many items the examples and the exempt ones stand for.
    """

    examples: tuple[Placement, ...]
    of_linked: int
    exempt: tuple[Item, ...]
    of_exempt: int
    asked: tuple[SampledQuery, ...]
    beside: tuple[Item, ...]
    unlinked: tuple[Item, ...]
    out_of_cycle: int
    namesakes: int


def sample(
    linking: Placements,
    okrs: Okrs,
    decisions: Sequence[LinkDecision],
    *,
    cycles: Collection[str],
    today: date,
    zone: ZoneInfo,
    only: Collection[Placement] | None = None,
) -> Sample:
    """
    The sample of *linking*; *only*: nothing but these is asked about.

    Of too many linked items, those go first that serve what may be suggested, then the latest of each key result, then
    the next of each, and so on: one with few links is not crowded out. Exempt items are cut as much as linked ones, so
    that the one are as often seen beside the other as they are.
    """
    unlinked, out_of_cycle, namesakes = _Offers(okrs, decisions, cycles, today, zone).sorted_out(linking)
    wanted = None if only is None else {place_of(entry.item) for entry in only}
    asked = tuple(entry for entry in unlinked if wanted is None or place_of(entry.item) in wanted)
    linked = [entry for entry in linking.placements if entry.group is LinkStatus.LINKED]
    examples = _examples(linked, frozenset[str]().union(*{entry.candidates for entry in asked}))
    exempt = list(_items(linking, LinkStatus.EXEMPT))
    kept = min(MOST_EXEMPT, round(len(exempt) * len(examples) / max(1, len(linked))))
    return Sample(
        examples=examples,
        of_linked=len(linked),
        exempt=_latest(exempt, kept),
        of_exempt=len(exempt),
        asked=asked,
        beside=_spread([entry.item for entry in unlinked], MOST_BESIDE),
        unlinked=tuple(entry.item for entry in unlinked),
        out_of_cycle=out_of_cycle,
        namesakes=namesakes,
    )


def place_of(item: Item) -> tuple[str, str]:
    """Where *item* is stored: source and the tracker's id."""
    return item.source, item.external_id


@dataclass(frozen=True, slots=True)
class _Offer:
    """What may be suggested while the same cycles run: key results, and their qualified ids."""

    key_results: Sequence[KeyResult]
    ids: frozenset[str]


class _Offers:
    """Which key results may be suggested for an unlinked item."""

    def __init__(
        self, okrs: Okrs, decisions: Sequence[LinkDecision], cycles: Collection[str], today: date, zone: ZoneInfo
    ) -> None:
        self._cycles = [okrs.cycle(cycle) for cycle in sorted(cycles)]
        self._key_results = okrs.key_results
        self._refused: dict[str, set[str]] = {}
        for record in decisions:
            if record.action == "unlink":
                self._refused.setdefault(record.item.casefold(), set()).add(record.key_result.casefold())
        self._today = today
        self._zone = zone
        self._known: dict[tuple[str, ...], _Offer] = {}

    def sorted_out(self, linking: Placements) -> tuple[list[SampledQuery], int, int]:
        """The unlinked items that may be asked about; how many no cycle ran for; how many are another's namesakes."""
        found: list[SampledQuery] = []
        out_of_cycle = namesakes = 0
        for item in _items(linking, LinkStatus.UNLINKED):
            if linking.hierarchy.find(item.key) is not item:
                namesakes += 1
                continue
            day = day_that_counts(item, self._today, self._zone)
            running = tuple(cycle.id for cycle in self._cycles if cycle.contains(day))
            if running:
                found.append(SampledQuery(item, self._candidates(item, running)))
            else:
                out_of_cycle += 1
        return found, out_of_cycle, namesakes

    def _candidates(self, item: Item, running: tuple[str, ...]) -> frozenset[str]:
        """Without what people took away from *item*, by its bare or its qualified name."""
        offer = self._offer(running)
        if not self._refused:
            return offer.ids
        refused = {name for key in (item.key, *item.old_keys) for name in self._refused.get(key.casefold(), ())}
        if not refused:
            return offer.ids
        left = (entry for entry in offer.key_results if refused.isdisjoint(_names(entry)))
        return frozenset(entry.qualified_id for entry in left)

    def _offer(self, running: tuple[str, ...]) -> _Offer:
        if running not in self._known:
            offered = [entry for entry in self._key_results if entry.cycle in running]
            self._known[running] = _Offer(offered, frozenset(entry.qualified_id for entry in offered))
        return self._known[running]


def _names(entry: KeyResult) -> tuple[str, str]:
    return entry.id.casefold(), entry.qualified_id.casefold()


def _items(linking: Placements, group: LinkStatus) -> Iterator[Item]:
    return (
        entry.item for entry in linking.placements if entry.group is group and entry.item.status is not Status.DROPPED
    )


def _examples(linked: Sequence[Placement], offered: Collection[str]) -> tuple[Placement, ...]:
    """Those of *linked* that are learned from, in their order; *offered* key results go before all others."""
    if len(linked) <= MOST_EXAMPLES:
        return tuple(linked)
    seen: Counter[str] = Counter()
    ranks: dict[int, tuple[bool, int]] = {}
    for place in sorted(range(len(linked)), key=lambda place: _when(linked[place].item), reverse=True):
        served = [link.key_result for link in linked[place].counted_links]
        ranks[place] = (not any(name in offered for name in served), min((seen[name] for name in served), default=0))
        seen.update(served)
    # Sorting is stable: of one rank, the latest stay first.
    return tuple(linked[place] for place in sorted(sorted(ranks, key=ranks.__getitem__)[:MOST_EXAMPLES]))


def _latest(items: Sequence[Item], count: int) -> tuple[Item, ...]:
    """The latest *count* of *items*, in their order."""
    if len(items) <= count:
        return tuple(items)
    chosen = nlargest(count, range(len(items)), key=lambda place: _when(items[place]))
    return tuple(items[place] for place in sorted(chosen))


def _spread(items: Sequence[Item], count: int) -> tuple[Item, ...]:
    """So many of *items*, from all over them: early and late ones, as many of each source as it has its part in all."""
    step = max(1.0, len(items) / count)
    return tuple(items[int(number * step)] for number in range(min(count, len(items))))


def _when(item: Item) -> tuple[datetime, str, str, str]:
    """When *item* was delivered, or last changed while it is not; never the same for two items."""
    return item.delivered or item.updated, item.source, item.key, item.external_id
