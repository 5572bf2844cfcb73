"""What there is to learn from and to ask about, out of placed items: examples, questions, and exempt work."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from zoneinfo import ZoneInfo

from okrsync.config.settings_file import Work
from okrsync.linking.describing import Describer, Description
from okrsync.linking.placing import Group, Linking, Placement, day_that_counts
from okrsync.linking.suggesting import Example, Question
from okrsync.model.ledger import LinkDecision
from okrsync.model.okrs import KeyResult, Okrs
from okrsync.model.work import Item, Status


@dataclass(frozen=True, slots=True)
class Material:
    """*examples* to learn from, *questions* to ask, and descriptions of *exempt* work, which serves no key result."""

    examples: tuple[Example, ...]
    questions: tuple[Question, ...]
    exempt: tuple[Description, ...]
    out_of_cycle: int
    """Unlinked items that are not asked about: none of the chosen cycles ran on the day that counts for them."""
    namesakes: int
    """Unlinked items that are not asked about: an item of another source has the same key, and a link would be its."""


def material(
    linking: Linking,
    okrs: Okrs,
    work: Work,
    decisions: Sequence[LinkDecision],
    texts: Mapping[tuple[str, str], Sequence[str]],
    *,
    cycles: Collection[str],
    today: date,
    zone: ZoneInfo,
) -> Material:
    """
    The material in *linking*; *texts* are the items' passages by source and id.

    An unlinked item may be given the key results of those *cycles* that ran on the day that counts for it: its
    delivery, or *today* in *zone* while it is open. What people took away from it is not offered again.
    """
    describer = Describer([entry.item for entry in linking.placements], linking.hierarchy, okrs, work.aliases)
    return _Gatherer(linking, okrs, describer, texts).material(decisions, cycles, today, zone)


class _Gatherer:
    def __init__(
        self, linking: Linking, okrs: Okrs, describer: Describer, texts: Mapping[tuple[str, str], Sequence[str]]
    ) -> None:
        self._linking = linking
        self._okrs = okrs
        self._describer = describer
        self._texts = texts
        self._placements = linking.by_key

    def material(
        self, decisions: Sequence[LinkDecision], cycles: Collection[str], today: date, zone: ZoneInfo
    ) -> Material:
        asked = [self._okrs.cycle(cycle) for cycle in sorted(cycles)]
        refused = {(record.item.casefold(), record.key_result.casefold()) for record in decisions if _takes(record)}
        questions: list[Question] = []
        out_of_cycle = namesakes = 0
        for item in self._items(Group.UNLINKED):
            if self._linking.hierarchy.find(item.key) is not item:
                namesakes += 1
                continue
            day = day_that_counts(item, today, zone)
            running = {cycle.id for cycle in asked if cycle.contains(day)}
            if not running:
                out_of_cycle += 1
                continue
            offered = [entry for entry in self._okrs.key_results if entry.cycle in running]
            candidates = frozenset(entry.qualified_id for entry in offered if not _is_refused(item, entry, refused))
            questions.append(Question(item.key, self._described(item), candidates))
        exempt = tuple(self._described(item) for item in self._items(Group.EXEMPT))
        examples = (*self._examples(), *self._own_texts())
        return Material(examples, tuple(questions), exempt, out_of_cycle, namesakes)

    def _items(self, group: Group) -> Iterator[Item]:
        return (
            placement.item
            for placement in self._linking.placements
            if placement.group is group and placement.item.status is not Status.DROPPED
        )

    def _examples(self) -> Iterator[Example]:
        for placement in self._linking.placements:
            if placement.group is Group.LINKED:
                shares = {link.key_result: link.share for link in placement.counted_links}
                item = placement.item
                yield Example(item.key, self._described(item), shares, self._family(placement))

    def _own_texts(self) -> Iterator[Example]:
        for entry in self._okrs.key_results:
            yield Example("", self._describer.key_result(entry), {entry.qualified_id: 1.0})

    def _described(self, item: Item) -> Description:
        passages = self._texts.get((item.source, item.external_id), ())
        told = {item.title, *item.labels, *item.components, *(iteration.name for iteration in item.iterations)}
        return self._describer.item(item, "\n".join(passage for passage in passages if passage not in told))

    def _family(self, placement: Placement) -> str:
        """The key of the item that *placement* has its link from: an ancestor, a closed issue, or itself."""
        issue = self._placements.get(placement.implements[0].casefold()) if placement.implements else None
        root = issue if issue is not None and issue.group is Group.LINKED else placement
        depth = min((link.depth for link in root.counted_links), default=0)
        if not depth:
            return root.item.key
        above = next(islice(self._linking.hierarchy.ancestors(root.item), depth - 1, None), root.item)
        return above.key


def _takes(record: LinkDecision) -> bool:
    return record.action == "unlink"


def _is_refused(item: Item, entry: KeyResult, refused: Collection[tuple[str, str]]) -> bool:
    """Whether people took *entry*, by its bare or its qualified name, away from *item*."""
    return any(
        (key.casefold(), name.casefold()) in refused
        for key in (item.key, *item.old_keys)
        for name in (entry.id, entry.qualified_id)
    )
