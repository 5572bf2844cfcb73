"""Raw GitHub objects, and a connector at a loopback site of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from okrsync.plugins.connector import FieldMap, Page, Partition
from okrsync.plugins.context import Context, WorkMapping
from okrsync.sandbox.github_site import github_time
from okrsync.sandbox.http import LoggedRequest
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, GithubProject, GithubRepository, JiraData, RawObject
from okrsync_github.connector import GithubConnector
from okrsync_github.settings import GithubSettings

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
NAME = "acme/shop"
CANARY = "canary-4711"
API = f"https://api.github.com/repos/{NAME}"


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def issue(number: int, minutes: float | None = None, **more: Any) -> RawObject:
    person = {"login": CANARY, "id": 1, "avatar_url": f"https://{CANARY}/a.png", "type": "User"}
    return {
        "url": f"{API}/issues/{number}",
        "repository_url": API,
        "html_url": f"https://github.com/{NAME}/issues/{number}",
        "id": 9000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "title": f"Item {number}",
        "user": person,
        "assignee": person,
        "assignees": [person],
        "labels": [],
        "state": "open",
        "state_reason": None,
        "locked": False,
        "milestone": None,
        "comments": 0,
        "created_at": github_time(START),
        "updated_at": github_time(at(number if minutes is None else minutes)),
        "closed_at": None,
        "closed_by": person,
        "author_association": "MEMBER",
        "body": None,
    } | more


def closed(reason: str | None, **more: Any) -> RawObject:
    return issue(1, state="closed", state_reason=reason, closed_at="2026-02-01T08:00:00Z") | more


def pull(number: int = 2, *, merged: str | None = None, **more: Any) -> RawObject:
    links = {
        "url": f"{API}/pulls/{number}",
        "html_url": f"https://github.com/{NAME}/pull/{number}",
        "merged_at": merged,
    }
    return issue(number, node_id=f"PR_{number}", draft=False, pull_request=links) | more


@dataclass
class Desk:
    """A connector at a site of its own; what it waits for is written down and not waited for."""

    sites: Sites
    connector: GithubConnector
    context: Context
    waits: list[float] = field(default_factory=list)

    @property
    def fields(self) -> FieldMap:
        return self.connector.discover()

    def pages(self, since: datetime | None = None, name: str = NAME) -> Iterator[Page]:
        with self.context.requests.counted_as("items"):
            yield from self.connector.pages(Partition(name), since, self.fields)

    def raws(self, name: str = NAME) -> list[dict[str, Any]]:
        """All raw items with their history, as the store would hold them."""
        raws = [dict(raw) for page in self.pages(name=name) for raw in page.raws]
        for start in range(0, len(raws), self.connector.history_batch):
            batch = raws[start : start + self.connector.history_batch]
            told = self.connector.history(Partition(name), batch, self.fields)
            for raw in batch:
                if str(raw["id"]) in told:
                    raw["history"] = told[str(raw["id"])]
        return raws

    def numbers(self, since: datetime | None = None) -> list[int]:
        return [raw["number"] for page in self.pages(since) for raw in page.raws]

    def again(self) -> Desk:
        """The next run of the same source: what it remembers, and nothing else."""
        context = Context(
            self.context.folder,
            mapping=self.context.mapping,
            clock=self.context.clock,
            sleep=self.waits.append,
            memory=self.context.memory,
        )
        return Desk(self.sites, GithubConnector(self.connector._settings, context), context, self.waits)

    @property
    def asked(self) -> list[LoggedRequest]:
        return self.sites.server.log


@contextmanager
def desk_at(
    folder: Path,
    shelves: Sequence[GithubRepository],
    *,
    boards: Sequence[GithubProject] = (),
    mapping: WorkMapping | None = None,
    **given: Any,
) -> Iterator[Desk]:
    """A desk whose site has *shelves* and *boards*; *given* are settings. Its token is in GITHUB_CANARY."""
    waits: list[float] = []
    with Sites(GithubData(list(shelves), list(boards)), JiraData(), clock=lambda: NOW) as sites:
        context = Context(folder, mapping=mapping or WorkMapping(), clock=lambda: NOW, sleep=waits.append)
        asked = {"name": "hub", "connector": "github", "token": {"env": "GITHUB_CANARY"}, "repositories": [NAME]}
        source = GithubSettings.model_validate(asked | {"url": sites.github_url} | given)
        yield Desk(sites, GithubConnector(source, context), context, waits)
    assert sites.server.errors == []
