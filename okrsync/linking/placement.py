"""
Places every item: linked to key results, exempt, or unlinked, each with the reason.

Order of precedence: people's own links in the ledger; what the item itself names (label, field, body, title); its
exempt class; attribute rules; its parents. A pull request that closes an issue follows the issue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from okrsync.config.settings_file import Work
from okrsync.linking.conditions import Hierarchy
from okrsync.linking.key_result_resolver import KeyResultResolver
from okrsync.linking.rules import RuleBook
from okrsync.model.ledger import LinkDecision
from okrsync.model.okrs import Okrs
from okrsync.model.placements import LinkStatus, Placement, UnlinkedCause
from okrsync.model.work import Item, ItemKind, Link, LinkState, Status

BY_HAND = "ledger"
"""The rule of a link that people made."""
HIDDEN = "(title hidden)"


@dataclass(frozen=True, slots=True)
class Placements:
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
) -> Placements:
    """A placement for each of *items*; *today* is a day in *zone*."""
    placer = _Placer(items, okrs, work, decisions, today, zone)
    return placer.linking(items, decisions)


def without_titles(linking: Placements) -> Placements:
    """*linking* with every title and every sprint's name hidden; where things stand is not changed by it."""
    placements = tuple(replace(placement, item=_untitled(placement.item)) for placement in linking.placements)
    return Placements(placements, Hierarchy([placement.item for placement in placements]), linking.unread)


def _untitled(item: Item) -> Item:
    return replace(item, title=HIDDEN, iterations=tuple(replace(entry, name=entry.id) for entry in item.iterations))


def day_that_counts(item: Item, today: date, zone: ZoneInfo) -> date:
    """The day whose cycle counts for *item*: its delivery, or *today* while it is open."""
    if item.status in {Status.DONE, Status.DROPPED}:
        return (item.delivered or item.updated).astimezone(zone).date()
    return today


@dataclass(slots=True)
class _ByHand:
    """What people decided about one item: key results linked and taken away, by what they mean on the item's day."""

    linked: dict[str, LinkDecision]
    unlinked: dict[str, LinkDecision]

    def taken(self, key_result: str) -> LinkDecision | None:
        """The decision that took *key_result* away; one with a bare name means it in any cycle."""
        return next((record for meant, record in self.unlinked.items() if _speaks_of(record, meant, key_result)), None)

    def replay(self, record: LinkDecision, meant: str) -> None:
        """Let *record*, which means *meant*, undo what earlier ones say against it."""
        if record.action == "link":
            self.unlinked.pop(meant, None)
            self.linked[meant] = record
        else:
            self.unlinked[meant] = record
            for known in [known for known in self.linked if _speaks_of(record, meant, known)]:
                del self.linked[known]


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
        self._names = KeyResultResolver(okrs, work.aliases)
        self._rules = RuleBook(work.rules, work.exempt, self._names, self._hierarchy)
        self._today = today
        self._zone = zone
        self._by_hand = self._replayed(decisions)
        self._own: dict[tuple[int, bool], Placement] = {}
        """What each item (by its identity in this process) says of itself."""

    def linking(self, items: Sequence[Item], decisions: Sequence[LinkDecision]) -> Placements:
        placed = {id(item): self._place_issue(item) for item in items if item.kind is not ItemKind.PULL_REQUEST}
        placements = tuple(placed.get(id(item)) or self._place_pull_request(item, placed) for item in items)
        unread = tuple(record for record in decisions if self._hierarchy.find(record.item) is None)
        return Placements(placements, self._hierarchy, unread)

    def _place_issue(self, item: Item, day: date | None = None) -> Placement:
        """*day*: what its names, and those above it, mean on that day; else on the item's own."""
        own = self._own_placement(item, day=day)
        if own.group is not LinkStatus.UNLINKED or own.links:
            return own
        # What is delivered stays with the cycle that it came in, however long what lies above it goes on.
        came = self._day_of(item) if item.is_delivered else None
        return self._inherited(item, own, came if day is None else day)

    def _place_pull_request(self, item: Item, issues: Mapping[int, Placement]) -> Placement:
        closed = self._closed(item, issues)
        implements = tuple(placement.item.key for placement in closed)
        own = self._own_placement(item, explicit_only=bool(closed))
        if own.links:
            return replace(own, implements=implements)
        placed = self._followed(item, closed)
        if own.group is LinkStatus.EXEMPT and placed.group is not LinkStatus.LINKED:
            placed = own
        elif placed.group is LinkStatus.UNLINKED:
            alone = self._place_issue(item)
            if (
                not closed
                or alone.group is not LinkStatus.UNLINKED
                or alone.links
                or alone.cause is UnlinkedCause.TAKEN_AWAY
            ):
                placed = alone
        return replace(placed, implements=implements)

    def _closed(self, item: Item, issues: Mapping[int, Placement]) -> list[Placement]:
        """The issues that *item* closes, each once however often and in whatever case it is named."""
        named = [self._hierarchy.find(key, item.source) for key in item.closes]
        ids = dict.fromkeys(id(issue) for issue in named if issue is not None)
        return [self._when_delivered(item, issues[id_]) for id_ in ids if id_ in issues]

    def _when_delivered(self, request: Item, issue: Placement) -> Placement:
        """*issue* as it stood when *request* was delivered, where it is not itself: the two are no one piece then."""
        if not request.is_delivered or issue.item.is_delivered:
            return issue
        return self._place_issue(issue.item, self._day_of(request))

    def _followed(self, item: Item, closed: Sequence[Placement]) -> Placement:
        served: list[tuple[Placement, list[Link]]] = []
        taken: list[str] = []
        for placement in closed:
            kept, reasons = self._sifted(item, placement.counted_links)
            taken += reasons
            if kept:
                served.append((placement, kept))
        if served:
            shares: dict[str, float] = {}
            via: dict[str, str] = {}
            for placement, kept in served:
                whole = sum(link.share for link in kept) * len(served)
                for link in kept:
                    shares[link.key_result] = shares.get(link.key_result, 0.0) + link.share / whole
                    via.setdefault(link.key_result, f"closes {placement.item.key}")
            links = tuple(
                self._link(item, name, LinkState.OK, "closed issue", via[name], share=share)
                for name, share in sorted(shares.items())
            )
            return Placement(item, LinkStatus.LINKED, links)
        exempt = next((placement for placement in closed if placement.group is LinkStatus.EXEMPT), None)
        if exempt is not None:
            return Placement(item, LinkStatus.EXEMPT, exempt_class=exempt.exempt_class)
        if taken:
            return _taken_away(item, taken)
        reason = f"closes {', '.join(placement.item.key for placement in closed)}, which serves no key result"
        return Placement(item, LinkStatus.UNLINKED, reason=reason, cause=UnlinkedCause.CLOSED_ISSUE_UNLINKED)

    def _inherited(self, item: Item, own: Placement, day: date | None) -> Placement:
        rule, depth_limit = self._rules.inheritance(item)
        passed = [item]
        for depth, ancestor in enumerate(self._hierarchy.ancestors(item), start=1):
            if depth > depth_limit:
                break
            above = self._own_placement(ancestor, day=day)
            if above.group is LinkStatus.LINKED:
                kept: Sequence[Link] = above.counted_links
                taken: list[str] = []
                # What was taken away from an item on the way up does not reach those below it either.
                for below in passed:
                    kept, reasons = self._sifted(below, kept)
                    taken += reasons
                if not kept:
                    return own if own.cause is UnlinkedCause.TAKEN_AWAY else _taken_away(item, taken)
                links = tuple(
                    self._link(
                        item,
                        link.key_result,
                        LinkState.OK,
                        rule,
                        f"parent {ancestor.key}: {link.via} ({link.rule})",
                        depth=depth,
                    )
                    for link in kept
                )
                return Placement(item, LinkStatus.LINKED, _shared(links))
            if above.group is LinkStatus.EXEMPT:
                return Placement(item, LinkStatus.EXEMPT, exempt_class=above.exempt_class)
            passed.append(ancestor)
        if len(passed) > 1 and own.cause is not UnlinkedCause.TAKEN_AWAY:
            reason = f"parent {passed[1].key} serves no key result"
            return replace(own, reason=reason, cause=UnlinkedCause.PARENT_UNLINKED)
        return own

    def _own_placement(self, item: Item, *, explicit_only: bool = False, day: date | None = None) -> Placement:
        if day is not None:
            return self._placed_alone(item, day, explicit_only=explicit_only)
        key = (id(item), explicit_only)
        if key not in self._own:
            self._own[key] = self._placed_alone(item, self._day_of(item), explicit_only=explicit_only)
        return self._own[key]

    def _placed_alone(self, item: Item, day: date, *, explicit_only: bool) -> Placement:
        by_hand = self._by_hand_of(item)
        if by_hand and by_hand.linked:
            links = [
                self._resolved(
                    item, record.key_result, BY_HAND, f"by hand: {record.reason}" if record.reason else "by hand", day
                )
                for record in by_hand.linked.values()
            ]
            return self._with_links(item, links)
        exempt_class = self._rules.exempt_class(item)
        match = self._rules.first_match(item, day, explicit_only=explicit_only or bool(exempt_class))
        taken: list[str] = []
        if match is not None:
            links = [self._resolved(item, name, match.rule, match.via, day) for name in match.names]
            kept, taken = self._sifted(item, links)
            if match.disagrees:
                kept = [replace(link, state=LinkState.AMBIGUOUS, reason=match.disagrees) for link in kept]
            if kept:
                return self._with_links(item, kept)
        if exempt_class:
            return Placement(item, LinkStatus.EXEMPT, exempt_class=exempt_class)
        if taken:
            return _taken_away(item, taken)
        return Placement(item, LinkStatus.UNLINKED, reason="no rule matches", cause=UnlinkedCause.NO_RULE)

    def _with_links(self, item: Item, links: Sequence[Link]) -> Placement:
        unique: dict[str, Link] = {}
        for link in links:
            # Two names may mean one key result (`KR1.1`, `2026Q4/KR1.1`); it counts if one of them does.
            if link.key_result not in unique or unique[link.key_result].state is not LinkState.OK:
                unique[link.key_result] = link
        shared = _shared(tuple(unique.values()))
        if any(link.state is LinkState.OK for link in shared):
            return Placement(item, LinkStatus.LINKED, shared)
        reasons = "; ".join(f"{link.state}: {link.reason}" for link in shared)
        return Placement(item, LinkStatus.UNLINKED, shared, reason=reasons, cause=UnlinkedCause(shared[0].state.value))

    def _resolved(self, item: Item, name: str, rule: str, via: str, day: date) -> Link:
        named = self._names.resolve(name, day)
        return self._link(item, named.key_result, named.state, rule, via, reason=named.reason)

    def _day_of(self, item: Item) -> date:
        return day_that_counts(item, self._today, self._zone)

    def _sifted(self, item: Item, links: Iterable[Link]) -> tuple[list[Link], list[str]]:
        """*links* without those that people took away from *item*, and the reasons for these."""
        by_hand = self._by_hand_of(item)
        kept: list[Link] = []
        reasons: list[str] = []
        for link in links:
            taken = by_hand.taken(link.key_result) if by_hand else None
            if taken is None:
                kept.append(link)
            else:
                reasons.append(taken.reason or "no reason given")
        return kept, reasons

    def _by_hand_of(self, item: Item) -> _ByHand | None:
        return self._by_hand.get(item.key.casefold()) if self._by_hand else None

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
            item = self._hierarchy.find(record.item)
            # Under the key that it has by now: people wrote down the one that it had then.
            by_hand = replayed.setdefault((item.key if item else record.item).casefold(), _ByHand({}, {}))
            day = self._day_of(item) if item else self._today
            meant = self._names.resolve(record.key_result, day).key_result
            by_hand.replay(record, meant)
        return replayed


def _speaks_of(record: LinkDecision, meant: str, key_result: str) -> bool:
    return key_result == meant or key_result.rpartition("/")[2].casefold() == record.key_result.casefold()


def _taken_away(item: Item, reasons: Sequence[str]) -> Placement:
    reason = f"taken away by hand: {'; '.join(dict.fromkeys(reasons))}"
    return Placement(item, LinkStatus.UNLINKED, reason=reason, cause=UnlinkedCause.TAKEN_AWAY)


def _shared(links: Sequence[Link]) -> tuple[Link, ...]:
    """*links* with an equal share for each that counts."""
    counted = sum(link.state is LinkState.OK for link in links)
    return tuple(_with_share(link, 1 / counted) if link.state is LinkState.OK else link for link in links)


def _with_share(link: Link, share: float) -> Link:
    # As dataclasses.replace, which looks every field up by name: a fifth of the time of placing everything.
    return Link(
        link.source,
        link.external_id,
        link.key,
        link.key_result,
        link.state,
        link.rule,
        link.via,
        share,
        link.depth,
        link.reason,
    )
