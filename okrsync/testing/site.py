"""What the author of a connector gives the contract suite: a small copy of the tracker, and the hands to change it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from okrsync.sandbox.http import Request, Response

START = datetime(2026, 1, 1, tzinfo=UTC)
"""Every item is created then; all its changes come later."""
NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
"""The tracker's clock, which its ``Date`` header tells; no item changes later than that."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose traces must not leave the connector."""

    login: str = "canary-login-4711"
    name: str = "Quillon Canaryname"
    email: str = "quillon.canary@people.example"

    @property
    def traces(self) -> tuple[str, ...]:
        """The words that tell who it is."""
        return (self.login, self.name, self.email)


@dataclass(frozen=True, slots=True)
class Draft:
    """
    An item to put into the tracker: open, with *person* wherever the tracker's items have somebody.

    *body* mentions that person as people do, by login and by e-mail; leave it out where items have no text.
    """

    title: str
    updated: datetime
    """When it was last changed, to the second; UTC."""
    created: datetime = START
    person: Person = Person()

    @property
    def body(self) -> str:
        """Text for the item."""
        return f"Thanks @{self.person.login}, or write to {self.person.email}."


class ContractSite(ABC):
    """
    A tracker with one project that starts empty; the suite serves ``handle`` on a port of its own.

    All ids are the tracker's own, as ``raw["id"]`` has them. Methods are called from several threads.
    """

    token: ClassVar[str] = "contract-token-that-is-good-4711"  # noqa: S105 - made up
    """``handle`` serves whoever sends this one."""
    wrong_token: ClassVar[str] = "contract-token-that-is-refused-4711"  # noqa: S105 - made up
    """``handle`` refuses this one in the tracker's own way."""

    @abstractmethod
    def handle(self, request: Request) -> Response:
        """Answer *request* as the tracker would, refusals included; its path is below the tracker's URL."""

    @abstractmethod
    def settings(self, url: str) -> dict[str, Any]:
        """What a source in ``okrsync.yaml`` says beside name, connector and token; *url* is the served address."""

    @abstractmethod
    def add(self, draft: Draft) -> str:
        """Put one more item there, and return its id."""

    @abstractmethod
    def edit(self, id_: str, title: str, at: datetime) -> None:
        """Give an item another title at *at*."""

    @abstractmethod
    def finish(self, id_: str, at: datetime, person: Person) -> None:
        """Let *person* bring an item to *done* at *at*, with the history that the tracker keeps of it."""

    def delete(self, id_: str) -> None:
        """Delete an item for good; needed where the connector takes a census."""
        raise NotImplementedError("a connector with `census` needs a ContractSite with `delete`")

    def close(self) -> None:  # noqa: B027 - most sites hold nothing
        """Give back what the site holds; called when the test is over."""
