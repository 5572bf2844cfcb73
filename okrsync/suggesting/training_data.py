"""What there is to learn from and to ask about, out of placed items: examples, questions, and exempt work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TypeAlias
from zoneinfo import ZoneInfo

from okrsync.config.settings_file import Work
from okrsync.linking.placement import Placements
from okrsync.model.ledger import LinkDecision
from okrsync.model.okrs import Okrs
from okrsync.model.placements import LinkStatus, Placement
from okrsync.model.work import Item
from okrsync.suggesting.features import Description, FeatureExtractor
from okrsync.suggesting.sampling import Sample, SampledQuery, place_of, sample
from okrsync.suggesting.suggestions import Background, Example, ItemQuery

Texts: TypeAlias = Mapping[tuple[str, str], Sequence[str]]
"""Passages of items by source and id."""
_AT_ONCE = 1000
"""So many items' texts are in memory at a time."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """
    *examples* to learn from, *questions* to ask, and descriptions of *exempt* work, which serves no key result.

    *background*: what they are seen against.
    """

    examples: tuple[Example, ...]
    questions: ItemQueries
    exempt: tuple[Description, ...]
    background: Background
    out_of_cycle: int
    """Unlinked items that are not asked about: none of the chosen cycles ran on the day that counts for them."""
    namesakes: int
    """Unlinked items that are not asked about: an item of another source has the same key, and a link would be its."""


def material(
    linking: Placements,
    okrs: Okrs,
    work: Work,
    decisions: Sequence[LinkDecision],
    texts: Callable[[Sequence[Item]], Texts],
    *,
    cycles: Collection[str],
    today: date,
    zone: ZoneInfo,
    only: Collection[Placement] | None = None,
) -> TrainingData:
    """
    The material in *linking*; *texts* reads the passages of some items. *only*: nothing but these is asked about.

    An unlinked item may be given the key results of those *cycles* that ran on the day that counts for it: its
    delivery, or *today* in *zone* while it is open. What people took away from it is not offered again.
    """
    chosen = sample(linking, okrs, decisions, cycles=cycles, today=today, zone=zone, only=only)
    describer = FeatureExtractor([entry.item for entry in linking.placements], linking.hierarchy, okrs, work.aliases)
    return _Gatherer(linking, okrs, describer, texts).material(chosen)


class ItemQueries:
    """The questions about *asked* items, described bit by bit each time that they are gone through."""

    def __init__(
        self, asked: Sequence[SampledQuery], described: Callable[[Sequence[Item]], Sequence[Description]]
    ) -> None:
        self._asked = asked
        self._described = described

    def __len__(self) -> int:
        return len(self._asked)

    def __iter__(self) -> Iterator[ItemQuery]:
        for start in range(0, len(self._asked), _AT_ONCE):
            part = self._asked[start : start + _AT_ONCE]
            for entry, description in zip(part, self._described([one.item for one in part]), strict=True):
                yield ItemQuery(entry.item.key, description, entry.candidates)


class _Gatherer:
    def __init__(
        self, linking: Placements, okrs: Okrs, describer: FeatureExtractor, texts: Callable[[Sequence[Item]], Texts]
    ) -> None:
        self._linking = linking
        self._okrs = okrs
        self._describer = describer
        self._texts = texts
        self._beside: dict[tuple[str, str], Description] = {}

    def material(self, chosen: Sample) -> TrainingData:
        beside = self._described(chosen.beside)
        self._beside = dict(zip(map(place_of, chosen.beside), beside, strict=True))
        return TrainingData(
            (*self._examples(chosen.examples), *self._own_texts()),
            ItemQueries(chosen.asked, self._described),
            tuple(self._described(chosen.exempt)),
            Background(
                tuple(beside),
                self._describer.marks_of(chosen.unlinked),
                linked=chosen.of_linked,
                exempt=chosen.of_exempt,
                unlinked=len(chosen.unlinked),
            ),
            chosen.out_of_cycle,
            chosen.namesakes,
        )

    def _examples(self, chosen: Sequence[Placement]) -> Iterator[Example]:
        issues = self._issues(chosen)
        descriptions = self._described([placement.item for placement in chosen])
        for placement, description in zip(chosen, descriptions, strict=True):
            shares = {link.key_result: link.share for link in placement.counted_links}
            yield Example(placement.item.key, description, shares, self._family(placement, issues))

    def _own_texts(self) -> Iterator[Example]:
        for entry in self._okrs.key_results:
            yield Example("", self._describer.key_result(entry), {entry.qualified_id: 1.0})

    def _described(self, items: Sequence[Item]) -> list[Description]:
        texts = self._texts([item for item in items if place_of(item) not in self._beside])
        return [
            self._beside.get(place_of(item)) or self._newly_described(item, texts.get(place_of(item), ()))
            for item in items
        ]

    def _newly_described(self, item: Item, passages: Sequence[str]) -> Description:
        told = {item.title, *item.labels, *item.components, *(iteration.name for iteration in item.iterations)}
        return self._describer.item(item, "\n".join(passage for passage in passages if passage not in told))

    def _issues(self, chosen: Sequence[Placement]) -> dict[str, Placement]:
        """The placements of the issues that *chosen* pull requests close, by casefolded key."""
        wanted = {placement.implements[0].casefold() for placement in chosen if placement.implements}
        if not wanted:
            return {}
        keyed = ((entry.item.key.casefold(), entry) for entry in reversed(self._linking.placements))
        return {key: entry for key, entry in keyed if key in wanted}

    def _family(self, placement: Placement, issues: Mapping[str, Placement]) -> str:
        """The key of the item that *placement* has its link from: an ancestor, a closed issue, or itself."""
        issue = issues.get(placement.implements[0].casefold()) if placement.implements else None
        root = issue if issue is not None and issue.group is LinkStatus.LINKED else placement
        depth = min((link.depth for link in root.counted_links), default=0)
        if not depth:
            return root.item.key
        above = next(islice(self._linking.hierarchy.ancestors(root.item), depth - 1, None), root.item)
        return above.key
