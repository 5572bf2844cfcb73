"""How much work there is, and how it stands to key results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from okrsync.linking.placement import Placements
from okrsync.model.placements import LinkStatus, Placement
from okrsync.model.work import ItemKind, LinkState, Status


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """
    Counts of items. *issue* is all that is no pull request.

    todo + in_progress + done + dropped = total; delivered = done; linked + exempt + unlinked = total - dropped.
    """

    total: int
    issue: int
    pull_request: int
    todo: int
    in_progress: int
    done: int
    dropped: int
    delivered: int
    linked: int
    exempt: int
    unlinked: int


def count_items(placements: Iterable[Placement]) -> ItemCounts:
    """Counts over *placements*."""
    kinds: Counter[ItemKind] = Counter()
    statuses: Counter[Status] = Counter()
    groups: Counter[LinkStatus] = Counter()
    for placement in placements:
        kinds[placement.item.kind] += 1
        statuses[placement.item.status] += 1
        if placement.item.status is not Status.DROPPED:
            groups[placement.group] += 1
    return ItemCounts(
        total=kinds.total(),
        issue=kinds.total() - kinds[ItemKind.PULL_REQUEST],
        pull_request=kinds[ItemKind.PULL_REQUEST],
        todo=statuses[Status.TODO],
        in_progress=statuses[Status.IN_PROGRESS],
        done=statuses[Status.DONE],
        dropped=statuses[Status.DROPPED],
        delivered=statuses[Status.DONE],
        linked=groups[LinkStatus.LINKED],
        exempt=groups[LinkStatus.EXEMPT],
        unlinked=groups[LinkStatus.UNLINKED],
    )


@dataclass(frozen=True, slots=True)
class StoreTotals:
    """
    The whole of a store in numbers, whatever of it a report goes into.

    *exempt*: how many items each exempt class has; *causes*: how many are unlinked for each cause. *joined*: delivered
    issues that a merged pull request closes. *unread*: keys in the ledger of items that were never read.
    """

    items: ItemCounts
    exempt: Mapping[str, int]
    causes: Mapping[str, int]
    joined: int
    teams: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    """Sources and projects that items lie in."""
    unread: tuple[str, ...]


def stock_of(linking: Placements) -> StoreTotals:
    """What *linking*, of every item, comes to."""
    standing = [one for one in linking.placements if one.item.status is not Status.DROPPED]
    exempt = Counter(one.exempt_class for one in standing if one.group is LinkStatus.EXEMPT)
    causes = Counter(one.cause.value for one in standing if one.cause is not None)
    items = [one.item for one in linking.placements]
    return StoreTotals(
        count_items(linking.placements),
        dict(sorted(exempt.items())),
        dict(sorted(causes.items())),
        joined_issues(linking),
        tuple(sorted({item.team for item in items if item.team})),
        tuple(sorted({(item.source, item.project) for item in items})),
        tuple(sorted({record.item for record in linking.unread}, key=natural)),
    )


@dataclass(frozen=True, slots=True)
class InvalidLink:
    """A link that does not count, and why."""

    key: str
    title: str
    key_result: str
    state: LinkState
    via: str
    reason: str


def faulty_links(linking: Placements) -> list[InvalidLink]:
    """Links that are broken, stale or ambiguous, of items that are not dropped, by state and key."""
    found = [
        InvalidLink(link.key, placement.item.title, link.key_result, link.state, link.via, link.reason)
        for placement in linking.placements
        if placement.item.status is not Status.DROPPED
        for link in placement.links
        if link.state is not LinkState.OK
    ]
    return sorted(found, key=lambda fault: (fault.state, natural(fault.key), fault.key_result))


@dataclass(frozen=True, slots=True)
class ExemptShare:
    """One exempt class: its items, their share of all that is not dropped (by count), and its budget (0 to 1)."""

    id: str
    items: int
    share: float
    budget: float | None


def exempt_shares(stock: StoreTotals, budgets: Sequence[tuple[str, float | None]]) -> list[ExemptShare]:
    """A share for each exempt class of the configuration, in its order; empty classes too."""
    whole = stock.items.total - stock.items.dropped or 1
    counts = {id_: stock.exempt.get(id_, 0) for id_, _ in budgets}
    return [ExemptShare(id_, counts[id_], counts[id_] / whole, budget) for id_, budget in budgets]


def joined_issues(linking: Placements) -> int:
    """How many delivered issues a merged pull request closes: they are counted as one piece of work with it."""
    closed = {
        key.casefold()
        for placement in linking.placements
        if placement.item.kind is ItemKind.PULL_REQUEST and placement.item.is_delivered
        for key in placement.implements
    }
    issues = (linking.hierarchy.find(key) for key in closed)
    return sum(1 for issue in issues if issue is not None and issue.is_delivered)


def natural(key: str) -> tuple[str, int]:
    """A sort key under which ``PAY-9`` comes before ``PAY-10``."""
    head = key.rstrip("0123456789")
    return (head, int(key[len(head) :] or 0))
