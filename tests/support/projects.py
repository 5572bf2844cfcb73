"""A small project in a folder, with trackers on loopback that have one of everything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from okrsync.sandbox.github_site import GithubSite
from okrsync.sandbox.http import Clock, LoopbackServer, utc_now
from okrsync.sandbox.jira_site import JiraSite
from okrsync.sandbox.tracker_data import GithubData, GithubProject, GithubRepository, JiraData, JiraKind, RawObject
from support import github_desk, jira_desk

OKRS = """\
version: 1
cycles: [{id: years, start: 2020-01-01, end: 2029-12-31}]
metrics:
  - {id: uses, definition: d, unit: "%", source: {type: check_in}, cadence: monthly}
objectives:
  - id: O1
    cycle: years
    title: T
    key_results:
      - {id: KR1.1, title: K, metric: uses, baseline: {value: 1, date: 2020-01-01},
         target: {value: 2, date: 2029-12-31}, kind: leading}
"""
RULES = {"rules": [{"if": {"label": "kr/*"}, "link": "from_label"}]}


def lay_out(
    folder: Path, sources: Sequence[Mapping[str, Any]], *, store: str = "sqlite:///okrsync.db", **work: Any
) -> Path:
    """A project that reads *sources*, in *folder*; JSON is YAML too."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"version": 1, "timezone": "UTC", "store": store, "sources": list(sources), "work": RULES | work}
    (folder / "okrsync.yaml").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "okrs.yaml").write_text(OKRS, encoding="utf-8")
    return folder


def github_data(name: str = github_desk.NAME) -> GithubData:
    """Issues, a pull request, a milestone and a project, all of one repository."""
    milestone = {"number": 1, "title": "v1", "state": "open", "due_on": None, "closed_at": None, "creator": None}
    issues = [
        github_desk.issue(1, labels=[{"name": "kr/KR1.1"}], milestone=milestone),
        github_desk.closed("completed", number=3, id=9003, node_id="I_3"),
        github_desk.pull(4, merged="2026-02-01T08:00:00Z", state="closed", closed_at="2026-02-01T08:00:00Z"),
    ]
    shelf = GithubRepository(name, issues, milestones=[milestone], branches={4: "feature/PAY-1"})
    owner = name.partition("/")[0]
    return GithubData([shelf], [GithubProject(owner, 7, "Board", "2026-03-01T00:00:00Z")])


def jira_data(kind: JiraKind = "cloud", projects: Sequence[str] = ("PAY",)) -> JiraData:
    """Issues with a past, and a board with a sprint."""
    issues = [
        jira_desk.with_changelog(
            jira_desk.issue(number, None, project, labels=["kr/KR1.1"]),
            jira_desk.entry(100 + number, number, jira_desk.status_change("1", "2")),
        )
        for project in projects
        for number in (1, 2, 3)
    ]
    board: RawObject = {
        "id": 4,
        "name": "Board",
        "type": "scrum",
        "location": {"projectKey": projects[0]},
        "configuration": {"filter": {"id": "9"}, "estimation": {"field": {"fieldId": jira_desk.POINTS}}},
        "sprints": [{"id": 5, "name": "Sprint 5", "state": "active", "originBoardId": 4}],
    }
    statuses = [jira_desk.status(number) for number in jira_desk.STATUSES]
    return JiraData(
        issues,
        list(jira_desk.CATALOGUE),
        [board],
        kind=kind,
        statuses=statuses,
        filters={"9": f"project={projects[0]}"},
    )


@contextmanager
def github_server(data: GithubData, *, clock: Clock = utc_now) -> Iterator[LoopbackServer]:
    """A GitHub of its own at ``/github``."""
    with LoopbackServer({"/github": GithubSite(data, clock=clock).handle}, clock=clock) as server:
        yield server


@contextmanager
def jira_server(data: JiraData, *, clock: Clock = utc_now) -> Iterator[LoopbackServer]:
    """A Jira of its own at ``/jira``."""
    with LoopbackServer({"/jira": JiraSite(data, clock=clock).handle}, clock=clock) as server:
        yield server
