"""The Jira connector keeps the contract, at Jira Cloud and at Jira Data Center."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any, ClassVar

import pytest

from okrsync.plugins.connector import Connector
from okrsync.sandbox.http import Headers, Request, Response
from okrsync.sandbox.jira_site import jira_time
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, JiraData, JiraKind
from okrsync.testing import NOW, START, ConnectorContract, ContractSite, Draft, Person
from okrsync_jira.connector import JiraConnector
from support.jira_desk import CATALOGUE, POINTS, STATUSES, issue, status, status_change

_BOARD = {
    "id": 1,
    "name": "Team",
    "type": "scrum",
    "location": {"projectKey": "PAY"},
    "configuration": {
        "id": 1,
        "filter": {"id": "7"},
        "estimation": {"type": "field", "field": {"fieldId": POINTS}},
    },
    "sprints": [
        {
            "id": 5,
            "name": "Sprint 5",
            "state": "active",
            "startDate": jira_time(START),
            "endDate": jira_time(NOW),
            "originBoardId": 1,
        }
    ],
}


def account(person: Person) -> dict[str, Any]:
    return {"accountId": person.login, "name": person.login, "displayName": person.name, "emailAddress": person.email}


class JiraContractSite(ContractSite):
    """One project of the sandbox's Jira."""

    def __init__(self, kind: JiraKind, page_size: int) -> None:
        self._patch = pytest.MonkeyPatch()
        for name in ("_CLOUD_MOST", "_CLOUD_MOST_IDS", "_DATACENTER_MOST"):
            self._patch.setattr(f"okrsync.sandbox.jira_site.{name}", page_size)
        data = JiraData(fields=CATALOGUE, boards=[_BOARD], kind=kind, statuses=[status(id_) for id_ in STATUSES])
        self._site = Sites(GithubData(), data, clock=lambda: NOW).jira
        self._numbers, self._histories = count(1), count(1)
        self._keys: dict[str, str] = {}
        # The sandbox knows a project by its issues, so an empty one has a hidden issue.
        self._site.add(issue(9999))
        self._site.hide("PAY-9999")

    def handle(self, request: Request) -> Response:
        if self.wrong_token in request.headers.get("authorization", ""):
            request = replace(request, headers=Headers({"Authorization": "Bearer bad"}))
        return self._site.handle(request)

    def settings(self, url: str) -> dict[str, Any]:
        return {"url": url, "projects": ["PAY"]}

    def add(self, draft: Draft) -> str:
        person = account(draft.person)
        made = issue(
            next(self._numbers),
            summary=draft.title,
            description=draft.body,
            created=jira_time(draft.created),
            updated=jira_time(draft.updated),
            assignee=person,
            reporter=person,
            creator=person,
        )
        self._keys[made["id"]] = made["key"]
        self._site.add(made)
        return str(made["id"])

    def edit(self, id_: str, title: str, at: datetime) -> None:
        self._site.edit(self._keys[id_], at, summary=title)

    def finish(self, id_: str, at: datetime, person: Person) -> None:
        history = {
            "id": str(next(self._histories)),
            "author": account(person),
            "created": jira_time(at),
            "items": [status_change("1", "3")],
        }
        changes = {"status": status("3"), "resolutiondate": jira_time(at)}
        self._site.edit(self._keys[id_], at, history=history, **changes)

    def delete(self, id_: str) -> None:
        self._site.delete(self._keys[id_])

    def close(self) -> None:
        self._patch.undo()


class TestJiraCloud(ConnectorContract):
    connector: ClassVar[type[Connector]] = JiraConnector

    def make_site(self, page_size: int) -> ContractSite:
        return JiraContractSite("cloud", page_size)


@pytest.mark.long
class TestJiraDataCenter(ConnectorContract):
    connector: ClassVar[type[Connector]] = JiraConnector

    def make_site(self, page_size: int) -> ContractSite:
        return JiraContractSite("datacenter", page_size)
