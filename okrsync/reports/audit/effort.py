"""
Where the effort of a cycle went, by what became of it; the shares add up to 1.

By count, and by size in each unit for itself: sizes of different units are never summed. An item on two key results
counts on each with its share. What serves none, and what need not serve any, is part of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from okrsync.linking.delivered import day_of
from okrsync.model.placements import LinkStatus, Placement
from okrsync.model.work import ItemKind
from okrsync.reports.audit.scope import AuditInputs, KeyResultWork, is_in_cycle, is_judged, is_open
from okrsync.reports.words.verdict_table import VERDICTS

OPEN, UNCHECKED, OTHER_CYCLE, EXEMPT, UNLINKED = "open", "unchecked", "other_cycle", "exempt", "unlinked"
_ORDER = (
    *(verdict.value for verdict in VERDICTS if not verdict.is_silent),
    OPEN,
    UNCHECKED,
    OTHER_CYCLE,
    EXEMPT,
    UNLINKED,
)


@dataclass(frozen=True, slots=True)
class EffortShare:
    """
    The part of the effort that one thing became of.

    *fate*: a verdict, ``open`` (its verdict is to come), ``unchecked``, ``other_cycle``, ``exempt`` or ``unlinked``.
    *items* is a sum of shares, no whole number where an item serves several key results; *share* its part of all.
    *sizes* and *size_shares* are by unit.
    """

    fate: str
    items: float
    share: float
    sizes: Mapping[str, float]
    size_shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Effort:
    """All that was delivered in the cycle: *items* pieces of work, *sized* of them with a size; *sizes* by unit."""

    items: int
    sized: int
    sizes: Mapping[str, float]
    shares: tuple[EffortShare, ...]

    def of(self, fate: str) -> EffortShare | None:
        """The part with this *fate*; ``None`` where there is none."""
        return next((entry for entry in self.shares if entry.fate == fate), None)


@dataclass(frozen=True, slots=True)
class _Bit:
    """A share of one piece of work."""

    key: tuple[str, str]
    fate: str
    share: float
    size: float | None
    unit: str


def effort_of(served: Sequence[KeyResultWork], given: AuditInputs) -> Effort:
    """
    The effort of the cycle; of one key result, the work on it alone.

    *served*: the key results that are asked for.
    """
    bits = list(_bits(served, given))
    whole = sum(bit.share for bit in bits)
    sizes = _sizes(bits)
    shares = [_share(fate, [bit for bit in bits if bit.fate == fate], whole, sizes) for fate in _ORDER]
    return Effort(
        len({bit.key for bit in bits}),
        len({bit.key for bit in bits if bit.size is not None}),
        sizes,
        tuple(entry for entry in shares if entry.items),
    )


def _share(fate: str, bits: Sequence[_Bit], whole: float, sizes: Mapping[str, float]) -> EffortShare:
    items, own = sum(bit.share for bit in bits), _sizes(bits)
    return EffortShare(
        fate,
        items,
        items / whole if whole else 0.0,
        own,
        {unit: own.get(unit, 0.0) / total for unit, total in sizes.items() if total},
    )


def _sizes(bits: Sequence[_Bit]) -> dict[str, float]:
    found: dict[str, float] = {}
    for bit in bits:
        if bit.size is not None:
            found[bit.unit] = found.get(bit.unit, 0.0) + bit.size
    return dict(sorted(found.items()))


def _bits(served: Sequence[KeyResultWork], given: AuditInputs) -> Iterator[_Bit]:
    here = {entry.key_result.qualified_id for entry in served}
    for entry in served:
        for piece in entry.delivered:
            yield _bit(piece.placement, _fate(entry, piece.placement.item.key, given), piece.link.share)
    for placement in given.inputs.linking.placements if not given.part.key_result else ():
        if not _is_own_work(placement, given):
            continue
        if placement.group is not LinkStatus.LINKED:
            yield _bit(placement, EXEMPT if placement.group is LinkStatus.EXEMPT else UNLINKED, 1.0)
        elif elsewhere := sum(link.share for link in placement.counted_links if link.key_result not in here):
            yield _bit(placement, OTHER_CYCLE, elsewhere)


def _is_own_work(placement: Placement, given: AuditInputs) -> bool:
    """Whether it was delivered in the cycle, and is no pull request that counts with the issue it closes."""
    item = placement.item
    return (
        item.is_delivered
        and not (item.kind is ItemKind.PULL_REQUEST and placement.implements)
        and is_in_cycle(day_of(item.delivered, given.inputs.zone), given.cycle, given.inputs.as_of)
        and given.part.has(placement)
    )


def _fate(entry: KeyResultWork, key: str, given: AuditInputs) -> str:
    check = entry.by_item.get(key)
    if check is None:
        return UNCHECKED
    if is_judged(check, given.inputs.as_of):
        return check.verdict.value
    return OPEN if is_open(check) else UNCHECKED


def _bit(placement: Placement, fate: str, share: float) -> _Bit:
    item = placement.item
    size = item.size
    return _Bit(
        (item.source, item.external_id),
        fate,
        share,
        None if size is None else size.value * share,
        "" if size is None else size.unit,
    )
