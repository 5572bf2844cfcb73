"""The GitHub connector keeps the contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any, ClassVar

import pytest

from okrsync.plugins.connector import Connector
from okrsync.sandbox.github_site import github_time
from okrsync.sandbox.http import Headers, Request, Response
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, GithubRepository, JiraData
from okrsync.testing import NOW, ConnectorContract, ContractSite, Draft, Person
from okrsync_github.connector import GithubConnector
from support.github_desk import API, NAME, issue, pull


def account(person: Person) -> dict[str, Any]:
    return {"login": person.login, "name": person.name, "email": person.email, "id": 1, "type": "User"}


class GithubContractSite(ContractSite):
    """One repository of the sandbox's GitHub; every third item is a pull request."""

    def __init__(self, page_size: int) -> None:
        self._patch = pytest.MonkeyPatch()
        # GitHub sends as many as are asked for.
        self._patch.setattr("okrsync_github.client.PAGE_SIZE", page_size)
        milestone = {"number": 1, "title": "Spring", "state": "open", "due_on": None, "closed_at": None}
        shelf = GithubRepository(NAME, [], milestones=[milestone | {"url": f"{API}/milestones/1"}])
        self._site = Sites(GithubData([shelf]), JiraData(), clock=lambda: NOW).github
        self._numbers = count(1)

    def handle(self, request: Request) -> Response:
        if self.wrong_token in request.headers.get("authorization", ""):
            request = replace(request, headers=Headers({"Authorization": "Bearer bad"}))
        return self._site.handle(request)

    def settings(self, url: str) -> dict[str, Any]:
        return {"url": url, "repositories": [NAME]}

    def add(self, draft: Draft) -> str:
        number = next(self._numbers)
        person = account(draft.person)
        made = (pull if number % 3 == 0 else issue)(
            number,
            title=draft.title,
            body=draft.body,
            created_at=github_time(draft.created),
            updated_at=github_time(draft.updated),
            user=person,
            assignee=person,
            assignees=[person],
            closed_by=None,
        )
        self._site.add(NAME, made)
        return str(made["id"])

    def edit(self, id_: str, title: str, at: datetime) -> None:
        self._site.edit(NAME, int(id_) - 9000, at, title=title)

    def finish(self, id_: str, at: datetime, person: Person) -> None:
        moment = github_time(at)
        changes: dict[str, Any] = {
            "state": "closed",
            "state_reason": "completed",
            "closed_at": moment,
            "closed_by": account(person),
        }
        told = {"__typename": "LabeledEvent", "label": {"name": "done"}, "actor": account(person)}
        self._site.edit(NAME, int(id_) - 9000, at, event=told, **changes)

    def delete(self, id_: str) -> None:
        self._site.delete(NAME, int(id_) - 9000)

    def close(self) -> None:
        self._patch.undo()


class TestGithub(ConnectorContract):
    connector: ClassVar[type[Connector]] = GithubConnector

    def make_site(self, page_size: int) -> ContractSite:
        return GithubContractSite(page_size)
