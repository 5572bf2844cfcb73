"""Where an item stands to key results: linked, exempt or unlinked, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from okrsync.model.work import Item, ItemKind, Link, LinkState, Status


class LinkStatus(StrEnum):
    """Every item that is not dropped is in exactly one group."""

    LINKED = "linked"
    EXEMPT = "exempt"
    UNLINKED = "unlinked"


class UnlinkedCause(StrEnum):
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
    group: LinkStatus
    links: tuple[Link, ...] = ()
    exempt_class: str = ""
    reason: str = ""
    cause: UnlinkedCause | None = None
    """The kind of reason; ``None`` unless unlinked."""
    implements: tuple[str, ...] = ()
    """Keys of the issues that this pull request closes."""

    @property
    def is_piece(self) -> bool:
        """Whether it is a piece of work of its own: not dropped, and no pull request that counts with an issue."""
        is_request = self.item.kind is ItemKind.PULL_REQUEST and bool(self.implements)
        return self.item.status is not Status.DROPPED and not is_request

    @property
    def counted_links(self) -> tuple[Link, ...]:
        """The links that count; their shares add up to 1 where there is one."""
        if all(link.state is LinkState.OK for link in self.links):
            return self.links
        return tuple(link for link in self.links if link.state is LinkState.OK)
