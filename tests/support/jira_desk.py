"""A Jira site on loopback and connectors at it, each as one run of the same source: what they remember goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from okrsync.model.history import settled
from okrsync.model.work import Item, ItemEvent
from okrsync.plugins.connector import HISTORY, FieldMap, Page, Partition, RawItem
from okrsync.plugins.context import Context, WorkMapping
from okrsync.sandbox.jira_site import jira_time
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, JiraData, RawObject
from okrsync_jira.connector import JiraConnector
from okrsync_jira.settings import JiraSettings

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
CANARY = "canary-4711"
SPRINT, EPIC, ESTIMATE, POINTS = (f"customfield_{number}" for number in (10020, 10014, 10016, 10024))
STATUSES = {"1": ("Open", "new"), "2": ("Doing", "indeterminate"), "3": ("Shipped", "done")}
CATALOGUE: list[RawObject] = [
    {"id": id_, "key": id_, "name": name, "custom": True, "schema": {"type": "any", "custom": kind}}
    for id_, name, kind in (
        (SPRINT, "Sprint", "com.pyxis.greenhopper.jira:gh-sprint"),
        (EPIC, "Epic Link", "com.pyxis.greenhopper.jira:gh-epic-link"),
        (ESTIMATE, "Story point estimate", "com.pyxis.greenhopper.jira:jsw-story-points"),
        (POINTS, "Story Points", "com.atlassian.jira.plugin.system.customfieldtypes:float"),
    )
]


def at(minutes: float) -> datetime:
    """So many minutes after the start of the year."""
    return START + timedelta(minutes=minutes)


def status(number: str) -> RawObject:
    """A status by id."""
    name, category = STATUSES[number]
    return {"id": number, "name": name, "statusCategory": {"key": category}}


def issue(number: int, minutes: float | None = None, project: str = "PAY", /, **fields: Any) -> RawObject:
    """A raw issue, updated so many minutes after the start."""
    base: RawObject = {
        "summary": f"Item {number}",
        "created": jira_time(at(0)),
        "updated": jira_time(at(number if minutes is None else minutes)),
        "status": status("1"),
        "resolution": None,
        "issuetype": {"id": "7", "name": "Story"},
        "project": {"id": str(sum(project.encode())), "key": project, "name": project},
        "labels": [],
    }
    offset = 10_000 if project == "PAY" else 50_000
    return {"id": str(offset + number), "key": f"{project}-{number}", "fields": base | fields}


def change(field: str, before: Sequence[str | None], after: Sequence[str | None], **more: Any) -> RawObject:
    """An item of a history; *before* and *after* are id and text."""
    sides = {"from": before[0], "fromString": before[1], "to": after[0], "toString": after[1]}
    return {"field": field, "fieldtype": "jira", "fieldId": field, **sides, **more}


def status_change(before: str, after: str) -> RawObject:
    """A change of status by ids."""
    return change("status", (before, STATUSES[before][0]), (after, STATUSES[after][0]))


def entry(number: int, minutes: float, *items: RawObject) -> RawObject:
    """One history, with the person who made it."""
    author = {"accountId": CANARY, "displayName": CANARY, "emailAddress": f"{CANARY}@example.com"}
    return {"id": str(number), "author": author, "created": jira_time(at(minutes)), "items": list(items)}


def with_changelog(raw: RawObject, *histories: RawObject) -> RawObject:
    """*raw* with a past."""
    return raw | {"changelog": {"histories": list(histories)}}


@dataclass
class Desk:
    """One source: *memory* is what its earlier runs left."""

    sites: Sites
    data: JiraData
    folder: Path
    asked: dict[str, Any]
    mapping: WorkMapping = field(default_factory=WorkMapping)
    memory: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW

    @classmethod
    def at(cls, data: JiraData, folder: Path, mapping: WorkMapping | None = None, **given: Any) -> Desk:
        """A desk at a site of its own, which is started; ``close`` it."""
        if data.fields is None:
            data.fields = CATALOGUE
        if data.statuses is None:
            data.statuses = [status(number) for number in STATUSES]
        sites = Sites(GithubData(), data, clock=lambda: NOW)
        sites.server.start()
        asked = {"name": "j", "connector": "jira", "token": {"env": "JIRA_CANARY"}, "url": sites.jira_url}
        scope = {} if given.keys() & {"jql", "board", "projects"} else {"projects": ["PAY"]}
        return cls(sites, data, folder, asked | scope | given, mapping or WorkMapping())

    def close(self) -> None:
        """Stop the site; no request may have broken it."""
        self.sites.server.stop()
        assert self.sites.server.errors == []

    def run(self) -> Run:
        """A new run of the source."""
        context = Context(self.folder, self.mapping, clock=lambda: self.now, sleep=lambda _: None, memory=self.memory)
        return Run(JiraConnector(JiraSettings.model_validate(self.asked), context), context)

    @property
    def paths(self) -> list[str]:
        """What was asked of the site since the log was cleared."""
        return [f"{each.method} {each.path.removeprefix('/jira/rest/')}" for each in self.sites.server.log]

    @property
    def queries(self) -> list[str]:
        """The JQL of all searches."""
        return [each.query["jql"][0] for each in self.sites.server.log if "jql" in each.query]


@dataclass
class Run:
    """A connector as the engine has it for one run."""

    connector: JiraConnector
    context: Context

    @property
    def counts(self) -> Mapping[str, int]:
        """Requests by purpose, without those that nothing was asked for."""
        return {purpose: number for purpose, number in self.context.requests.by_purpose.items() if number}

    @property
    def partition(self) -> Partition:
        """The only one."""
        (partition,) = self.connector.partitions()
        return partition

    def pages(self, fields: FieldMap, since: datetime | None = None) -> Iterator[Page]:
        """The pages of the only partition."""
        with self.context.requests.counted_as("items"):
            yield from self.connector.pages(self.partition, since, fields)

    def raws(self, fields: FieldMap, since: datetime | None = None) -> list[RawItem]:
        """All raw items, each with its history where it could be read."""
        raws = [raw for page in self.pages(fields, since) for raw in page.raws]
        found = self.connector.history(self.partition, raws, fields)
        return [{**raw, HISTORY: found[raw["id"]]} if raw["id"] in found else raw for raw in raws]

    def read(self, since: datetime | None = None) -> dict[str, tuple[Item, Sequence[ItemEvent]]]:
        """Items with their events by key, settled as the engine does it."""
        fields = self.connector.discover()
        found = {}
        for raw in self.raws(fields, since):
            item = self.connector.normalise(raw, fields)
            events = self.connector.normalise_history(raw, fields)
            found[item.key] = settled(item, events, fields.status_of, ships_apart=fields.ships_apart), events
        return found
