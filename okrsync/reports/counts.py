"""How much work there is, and how it stands to key results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from okrsync.linking.placing import Group, Linking, Placement
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
    groups: Counter[Group] = Counter()
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
        linked=groups[Group.LINKED],
        exempt=groups[Group.EXEMPT],
        unlinked=groups[Group.UNLINKED],
    )


@dataclass(frozen=True, slots=True)
class FaultyLink:
    """A link that does not count, and why."""

    key: str
    title: str
    key_result: str
    state: LinkState
    via: str
    reason: str


def faulty_links(linking: Linking) -> list[FaultyLink]:
    """Links that are broken, stale or ambiguous, of items that are not dropped, by state and key."""
    found = [
        FaultyLink(link.key, placement.item.title, link.key_result, link.state, link.via, link.reason)
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


def exempt_shares(placements: Sequence[Placement], budgets: Sequence[tuple[str, float | None]]) -> list[ExemptShare]:
    """A share for each exempt class of the configuration, in its order; empty classes too."""
    standing = [placement for placement in placements if placement.item.status is not Status.DROPPED]
    counted = Counter(placement.exempt_class for placement in standing if placement.group is Group.EXEMPT)
    whole = len(standing) or 1
    return [ExemptShare(id_, counted[id_], counted[id_] / whole, budget) for id_, budget in budgets]


def joined_issues(linking: Linking) -> int:
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
