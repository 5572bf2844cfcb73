"""
Places every item: linked to key results, exempt, or unlinked, each with the reason.

Order of precedence: people's own links in the ledger; what the item itself names (label, field, body, title); its
exempt class; attribute rules; its parents. A pull request that closes an issue follows the issue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from okrsync.config.settings_file import Work
from okrsync.linking.conditions import Hierarchy
from okrsync.linking.naming import KeyResultNames
from okrsync.linking.rules import RuleBook
from okrsync.model.ledger import LinkDecision
from okrsync.model.okrs import Okrs
from okrsync.model.work import Item, ItemKind, Link, LinkState, Status

_LEDGER = "ledger"


class Group(StrEnum):
    """Every item that is not dropped is in exactly one group."""

    LINKED = "linked"
    EXEMPT = "exempt"
    UNLINKED = "unlinked"


class Cause(StrEnum):
    """Why an item is unlinked, in one word."""

    NO_RULE = "no_rule"
    PARENT_UNLINKED = "parent_unlinked"
    CLOSED_ISSUE_UNLINKED = "closed_issue_unlinked"
    TAKEN_AWAY = "taken_away"
    BROKEN = "broken"
    STALE = "stale"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one item stands. *links* hold every link, also those that do not count; *reason* says why unlinked."""

    item: Item
    group: Group
    links: tuple[Link, ...] = ()
    exempt_class: str = ""
    reason: str = ""
    cause: Cause | None = None
    """The kind of reason; ``None`` unless unlinked."""
    implements: tuple[str, ...] = ()
    """Keys of the issues that this pull request closes."""

    @property
    def counted_links(self) -> tuple[Link, ...]:
        """The links that count; their shares add up to 1 where there is one."""
        return tuple(link for link in self.links if link.state is LinkState.OK)


@dataclass(frozen=True, slots=True)
class Linking:
    """All placements, in the order of the items."""

    placements: tuple[Placement, ...]
    hierarchy: Hierarchy
    unread: tuple[LinkDecision, ...]
    """Decisions of people about items that were never read."""

    @property
    def links(self) -> Iterable[Link]:
        """Every link of every item."""
        return (link for placement in self.placements for link in placement.links)

    @property
    def by_key(self) -> Mapping[str, Placement]:
        """Placements by casefolded key."""
        return {placement.item.key.casefold(): placement for placement in reversed(self.placements)}


def place_items(
    items: Sequence[Item], okrs: Okrs, work: Work, decisions: Sequence[LinkDecision], *, today: date, zone: ZoneInfo
) -> Linking:
    """A placement for each of *items*; *today* is a day in *zone*."""
    placer = _Placer(items, okrs, work, decisions, today, zone)
    return placer.linking(items, decisions)


@dataclass(slots=True)
class _ByHand:
    """What people decided about one item: key results linked and taken away, each with the reason."""

    linked: dict[str, str]
    unlinked: dict[str, str]


class _Placer:
    def __init__(
        self,
        items: Sequence[Item],
        okrs: Okrs,
        work: Work,
        decisions: Sequence[LinkDecision],
        today: date,
        zone: ZoneInfo,
    ) -> None:
        self._hierarchy = Hierarchy(items)
        self._names = KeyResultNames(okrs, work.aliases)
        self._rules = RuleBook(work.rules, work.exempt, self._names, self._hierarchy)
        self._today = today
        self._zone = zone
        self._by_hand = self._replayed(decisions)
        self._own: dict[str, Placement] = {}

    def linking(self, items: Sequence[Item], decisions: Sequence[LinkDecision]) -> Linking:
        placed = {
            (item.source, item.external_id): self._place_issue(item)
            for item in items
            if item.kind is not ItemKind.PULL_REQUEST
        }
        issues: dict[str, Placement] = {}
        for placement in placed.values():
            issues.setdefault(placement.item.key.casefold(), placement)
        placements = tuple(
            placed.get((item.source, item.external_id)) or self._place_pull_request(item, issues) for item in items
        )
        unread = tuple(record for record in decisions if self._hierarchy.find(record.item) is None)
        return Linking(placements, self._hierarchy, unread)

    def _place_issue(self, item: Item) -> Placement:
        own = self._own_placement(item)
        return own if own.group is not Group.UNLINKED or own.links else self._inherited(item, own)

    def _place_pull_request(self, item: Item, issues: Mapping[str, Placement]) -> Placement:
        closed = [issues[key.casefold()] for key in item.closes if key.casefold() in issues]
        implements = tuple(dict.fromkeys(placement.item.key for placement in closed))
        own = self._own_placement(item, explicit_only=bool(closed))
        if own.links:
            return replace(own, implements=implements)
        followed = self._followed(item, closed)
        if followed is not None:
            return replace(followed, implements=implements)
        placed = self._place_issue(item)
        if placed.group is Group.UNLINKED and implements and not placed.links:
            reason = f"closes {', '.join(implements)}, which serves no key result"
            placed = replace(placed, reason=reason, cause=Cause.CLOSED_ISSUE_UNLINKED)
        return replace(placed, implements=implements)

    def _followed(self, item: Item, closed: Sequence[Placement]) -> Placement | None:
        linked = [placement for placement in closed if placement.group is Group.LINKED]
        if linked:
            shares: Counter[str] = Counter()
            via: dict[str, str] = {}
            for placement in linked:
                for link in placement.counted_links:
                    shares[link.key_result] += link.share / len(linked)  # type: ignore[assignment]  # shares, not counts
                    via.setdefault(link.key_result, f"closes {placement.item.key}")
            links = tuple(
                self._link(item, name, LinkState.OK, "closed issue", via[name], share=share)
                for name, share in sorted(shares.items())
            )
            return Placement(item, Group.LINKED, links)
        exempt = next((placement for placement in closed if placement.group is Group.EXEMPT), None)
        return Placement(item, Group.EXEMPT, exempt_class=exempt.exempt_class) if exempt else None

    def _inherited(self, item: Item, own: Placement) -> Placement:
        depth_limit = self._rules.max_depth(item)
        blocked = self._blocked(item)
        nearest = ""
        for depth, ancestor in enumerate(self._hierarchy.ancestors(item), start=1):
            if depth > depth_limit:
                break
            above = self._own_placement(ancestor)
            nearest = nearest or ancestor.key
            if above.group is Group.LINKED:
                kept = [link for link in above.counted_links if link.key_result not in blocked]
                if not kept:
                    return own
                links = tuple(
                    self._link(item, link.key_result, LinkState.OK, link.rule, f"parent {ancestor.key}", depth=depth)
                    for link in kept
                )
                return Placement(item, Group.LINKED, _shared(links))
            if above.group is Group.EXEMPT:
                return Placement(item, Group.EXEMPT, exempt_class=above.exempt_class)
        if nearest and own.cause is not Cause.TAKEN_AWAY:
            return replace(own, reason=f"parent {nearest} serves no key result", cause=Cause.PARENT_UNLINKED)
        return own

    def _own_placement(self, item: Item, *, explicit_only: bool = False) -> Placement:
        key = f"{item.source}/{item.external_id}/{explicit_only}"
        if key not in self._own:
            self._own[key] = self._placed_alone(item, explicit_only=explicit_only)
        return self._own[key]

    def _placed_alone(self, item: Item, *, explicit_only: bool) -> Placement:
        by_hand = self._by_hand.get(item.key.casefold())
        if by_hand and by_hand.linked:
            links = [
                self._resolved(item, name, _LEDGER, f"by hand: {reason}" if reason else "by hand")
                for name, reason in by_hand.linked.items()
            ]
            return self._with_links(item, links)
        exempt_class = self._rules.exempt_class(item)
        match = self._rules.first_match(item, explicit_only=explicit_only or bool(exempt_class))
        if match is not None:
            blocked = self._blocked(item)
            links = [self._resolved(item, name, match.rule, match.via) for name in match.names]
            kept = [link for link in links if link.key_result not in blocked]
            if match.disagrees:
                kept = [replace(link, state=LinkState.AMBIGUOUS, reason=match.disagrees) for link in kept]
            if kept:
                return self._with_links(item, kept)
            reason = f"taken away by hand: {'; '.join(blocked.values())}"
            return Placement(item, Group.UNLINKED, reason=reason, cause=Cause.TAKEN_AWAY)
        if exempt_class:
            return Placement(item, Group.EXEMPT, exempt_class=exempt_class)
        return Placement(item, Group.UNLINKED, reason="no rule matches", cause=Cause.NO_RULE)

    def _with_links(self, item: Item, links: Sequence[Link]) -> Placement:
        unique = tuple({link.key_result: link for link in links}.values())
        shared = _shared(unique)
        if any(link.state is LinkState.OK for link in shared):
            return Placement(item, Group.LINKED, shared)
        reasons = "; ".join(f"{link.state}: {link.reason}" for link in shared)
        return Placement(item, Group.UNLINKED, shared, reason=reasons, cause=Cause(shared[0].state.value))

    def _resolved(self, item: Item, name: str, rule: str, via: str) -> Link:
        named = self._names.resolve(name, self._day_of(item))
        return self._link(item, named.key_result, named.state, rule, via, reason=named.reason)

    def _day_of(self, item: Item) -> date:
        """The day whose cycle counts: the delivery, or today for work that is still open."""
        if item.status in {Status.DONE, Status.DROPPED}:
            return (item.delivered or item.updated).astimezone(self._zone).date()
        return self._today

    def _blocked(self, item: Item) -> dict[str, str]:
        by_hand = self._by_hand.get(item.key.casefold())
        if not by_hand:
            return {}
        day = self._day_of(item)
        return {
            self._names.resolve(name, day).key_result: reason or "no reason given"
            for name, reason in by_hand.unlinked.items()
        }

    def _link(
        self,
        item: Item,
        key_result: str,
        state: LinkState,
        rule: str,
        via: str,
        *,
        share: float = 0.0,
        depth: int = 0,
        reason: str = "",
    ) -> Link:
        return Link(item.source, item.external_id, item.key, key_result, state, rule, via, share, depth, reason)

    def _replayed(self, decisions: Sequence[LinkDecision]) -> dict[str, _ByHand]:
        replayed: dict[str, _ByHand] = {}
        for record in decisions:
            by_hand = replayed.setdefault(record.item.casefold(), _ByHand({}, {}))
            name = record.key_result
            to, other = (
                (by_hand.linked, by_hand.unlinked) if record.action == "link" else (by_hand.unlinked, by_hand.linked)
            )
            for known in [known for known in other if known.casefold() == name.casefold()]:
                del other[known]
            to[name] = record.reason
        return replayed


def _shared(links: Sequence[Link]) -> tuple[Link, ...]:
    """*links* with an equal share for each that counts."""
    counted = sum(link.state is LinkState.OK for link in links)
    return tuple(replace(link, share=1 / counted) if link.state is LinkState.OK else link for link in links)
