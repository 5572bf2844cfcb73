"""The Plainlist connector keeps okrsync's contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from okrsync_example.connector import PlainlistConnector
from tracker import Plainlist

from okrsync.sandbox.http import Request, Response
from okrsync.testing import ConnectorContract, ContractSite, Draft, Person


class PlainlistSite(ContractSite):
    """What the suite needs to know of Plainlist."""

    def __init__(self, page_size: int) -> None:
        self.tracker = Plainlist(page_size, refused_token=self.wrong_token)

    def handle(self, request: Request) -> Response:
        """As the tracker answers."""
        return self.tracker.handle(request)

    def settings(self, url: str) -> dict[str, Any]:
        """As ``okrsync.yaml`` has it, below name, connector and token."""
        return {"url": url, "projects": ["shop"]}

    def add(self, draft: Draft) -> str:
        """A task, with a person in every place that Plainlist has for one."""
        return self.tracker.add(draft.title, draft.body, draft.created, draft.updated, account(draft.person))

    def edit(self, id_: str, title: str, at: datetime) -> None:
        """Another title."""
        self.tracker.edit(id_, at, title=title)

    def finish(self, id_: str, at: datetime, person: Person) -> None:
        """Done, with a change in the history."""
        self.tracker.move(id_, "done", at, account(person))

    def delete(self, id_: str) -> None:
        """Gone for good."""
        self.tracker.delete(id_)


class TestPlainlist(ConnectorContract):
    """Every test of the contract, with Plainlist."""

    connector = PlainlistConnector

    def make_site(self, page_size: int) -> ContractSite:
        """A Plainlist with an empty project."""
        return PlainlistSite(page_size)


def account(person: Person) -> dict[str, str]:
    """*person* as Plainlist tells people."""
    return {"login": person.login, "name": person.name, "email": person.email}
