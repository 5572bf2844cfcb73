"""A project of some forty items at two loopback trackers, and its real ``okrsync sync`` processes, to be killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from okrsync.cli.main import run
from okrsync.errors import LockHeldError
from okrsync.sandbox import github_site, jira_site
from okrsync.sandbox.demo import TOKEN_NAMES
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, GithubRepository, JiraData, RawObject
from okrsync.store.database import Store
from support import github_desk, jira_desk
from support.stores import PostgresServer, dump

NOW = jira_desk.NOW
SOURCES = ("hub", "product")
_LOCK_TRIES = 200
# Small steps, so that a small project is stored in many: real processes, real pages, real transactions.
PROGRAM = """
from okrsync_github.connector import GithubConnector
from okrsync_jira.connector import JiraConnector
GithubConnector.history_batch = JiraConnector.history_batch = 6
from okrsync.cli.main import main
main()
"""
# Everything is imported once; then each run is a fork, which costs a tenth of a start.
_WARM = f"""
import json, os, signal, sys, time
import alembic.command, alembic.config, click, github, jinja2, jira, numpy, orjson, pydantic, requests, rich.console
import ruamel.yaml, sqlalchemy.dialects.sqlite
import okrsync.cli.main, okrsync.cli.sync, okrsync.store.failpoints, okrsync_github.connector, okrsync_jira.connector
program = {PROGRAM!r}
for line in sys.stdin:
    asked = json.loads(line)
    pid = os.fork()
    if pid == 0:
        os.environ |= asked["environment"]
        okrsync.store.failpoints._WANTED = asked["environment"].get("OKRSYNC_FAILPOINT", "")  # read when it is imported
        sys.argv = ["okrsync", *asked["arguments"]]
        told = os.open(asked["told"], os.O_RDWR | os.O_CREAT | os.O_APPEND)
        for stream in (0, 1, 2):
            os.dup2(told, stream)
        exec(program)
    latest = time.monotonic() + asked["after"]
    ended, status = os.waitpid(pid, os.WNOHANG)
    while not ended:
        if time.monotonic() >= latest:
            os.kill(pid, signal.SIGKILL)
            latest = float("inf")
        time.sleep(0.002)
        ended, status = os.waitpid(pid, os.WNOHANG)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""
_OKRS = """
version: 1
cycles: [{id: 2026Q1, start: 2026-01-01, end: 2026-03-31, review_days: 28}]
metrics:
  - {id: speed, definition: "seconds to pay", unit: s, source: {type: csv, path: speed.csv}, cadence: daily,
     owner: team-data, review_by: 2027-01-31}
objectives:
  - id: O1
    cycle: 2026Q1
    title: "Paying is quick"
    owner: team-pay
    key_results:
      - {id: KR1.1, title: "From 95 s to 60 s", metric: speed, direction: decrease, kind: lagging, min_effect: 1,
         baseline: {value: 95, date: 2026-01-01}, target: {value: 60, date: 2026-03-31}}
"""
_SETTINGS = """
version: 1
as_of: 2026-03-31
timezone: UTC
store: '{store}'
okrs: okrs.yaml
ledger: ledger/
sources:
  - name: hub
    connector: github
    url: "{github}"
    token: {{env: OKRSYNC_GITHUB_TOKEN}}
    repositories: [acme/shop, acme/app]
  - name: product
    connector: jira
    url: "{jira}"
    user: someone@acme.example
    token: {{env: OKRSYNC_JIRA_TOKEN}}
    projects: [PAY, GRO]
work:
  rules:
    - {{if: {{label: "kr/*"}}, link: from_label}}
    - {{if: {{parent: linked}}, link: inherit, max_depth: 5}}
"""


@dataclass
class SmallProject:
    """Its trackers answer while :meth:`serving` is open; each run has a folder and a store of its own."""

    folder: Path
    sites: Sites
    numbers: Iterator[int] = field(default_factory=count)

    def edit(self) -> None:
        """A day at the trackers: changes, new ones, one deleted, one moved, one transferred, another sprint."""
        jira, github = self.sites.jira, self.sites.github
        at = jira_desk.at
        done = jira_desk.status("3")
        for number in (2, 5, 9):
            history = jira_desk.entry(500 + number, 1000 + number, jira_desk.status_change("1", "3"))
            jira.edit(f"PAY-{number}", at(1000 + number), history=history, status=done, labels=["kr/KR1.1"])
        jira.add(jira_desk.issue(40, 1100))
        jira.delete("PAY-7")
        jira.move("PAY-3", "GRO-90", at(1200))
        jira.edit_sprint(1, name="Renamed")
        github.edit(
            "acme/shop", 4, at(1000), state="closed", state_reason="completed", closed_at="2026-02-01T08:00:00Z"
        )
        github.edit("acme/shop", 6, at(1001), labels=[{"name": "kr/KR1.1"}])
        github.add("acme/shop", github_desk.issue(60, 1002))
        github.delete("acme/shop", 8)
        github.transfer("acme/shop", 3, "acme/app", 70, at(1003))

    def run_in(self, store: str) -> Path:
        """A folder with the project's files, whose store is at *store*; its configuration."""
        folder = self.folder / f"run-{next(self.numbers)}"
        (folder / "ledger").mkdir(parents=True)
        settings = _SETTINGS.format(store=store, github=self.sites.github_url, jira=self.sites.jira_url)
        (folder / "okrsync.yaml").write_text(settings, encoding="utf-8")
        (folder / "okrs.yaml").write_text(_OKRS, encoding="utf-8")
        rows = "".join(f"2026-{month:02}-{day:02},{95 - day}\n" for month in (1, 2, 3) for day in range(1, 28))
        (folder / "speed.csv").write_text("date,value\n" + rows, encoding="utf-8")
        return folder / "okrsync.yaml"

    def start(self, config: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
        """A real sync in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "sync", "--quiet", "--config", str(config), *options],
            env=os.environ | dict.fromkeys(TOKEN_NAMES, "sandbox") | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )


class WarmStart:
    """Starts real syncs quickly, one after the other; close it."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-c", _WARM],
            env=os.environ | dict.fromkeys(TOKEN_NAMES, "sandbox"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def sync(self, config: Path, *options: str, after: float = 3600.0, **environment: str) -> int:
        """
        The exit code of a sync in a process of its own, which gets SIGKILL *after* so many seconds.

        Its words are in ``told.txt`` beside the configuration.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        arguments = ["sync", "--quiet", "--config", str(config), *options]
        self._server.stdin.write(
            json.dumps(
                {
                    "arguments": arguments,
                    "environment": environment,
                    "after": after,
                    "told": str(config.parent / "told.txt"),
                }
            )
            + "\n"
        )
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """End it."""
        self._server.communicate(timeout=30)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and stderr of *process*, which must end by itself."""
    told = process.communicate(timeout=60)[1]
    return process.returncode, told


@contextmanager
def small_project(folder: Path) -> Iterator[SmallProject]:
    """A small project whose trackers answer inside, in pages of five."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jira_site, "_CLOUD_MOST", 5)
        patch.setattr(github_site, "_PER_PAGE_MOST", 5)
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        with Sites(_github(), _jira(), clock=lambda: NOW) as sites:
            yield SmallProject(folder, sites)
        assert sites.server.errors == []


@dataclass
class Killing:
    """
    A small project that was synced, and then edited; each run starts from a copy of that store, or from none.

    *calm* is what a run that was never killed leaves, by where it started.
    """

    project: SmallProject
    postgres: PostgresServer | None
    warm: WarmStart
    synced: str = ""
    calm: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0
    """How long a real sync takes here."""

    def prepare(self) -> Killing:
        """Sync once, edit, and take down what a calm run makes of it."""
        self.synced = self._store("")
        config = self.project.run_in(self.synced)
        assert sync_here(config) == 0
        self.project.edit()
        for start in ("synced", "empty"):
            config, url = self.run_from(start)
            began = time.monotonic()
            assert self.warm.sync(config, "--census") == 0
            self.seconds = time.monotonic() - began
            self.calm[start] = contents(url)
        return self

    def run_from(self, start: str) -> tuple[Path, str]:
        """A new configuration and its store: a copy of the *synced* one, or an *empty* one."""
        url = self._store(self.synced if start == "synced" else "")
        return self.project.run_in(url), url

    def is_healed(self, config: Path, url: str, start: str) -> None:
        """The lock is free, the store is sound, and the next run ends as if nothing had happened."""
        with closing(Store.open(url)) as store:
            assert store.faults() == []
            for source in SOURCES:
                self._wait_for_lock(store, source)
        assert sync_here(config, "--census") == 0
        with closing(Store.open(url)) as store:
            assert store.faults() == []
        found, calm = contents(url), self.calm[start]
        differing = {table: (found[table], rows) for table, rows in calm.items() if found[table] != rows}
        assert not differing, differing

    @staticmethod
    def _wait_for_lock(store: Store, source: str) -> None:
        """A server sees that its client was killed when it next looks at the connection, not at once."""
        for left in range(_LOCK_TRIES, 0, -1):
            try:
                with store.lock(source, NOW):
                    return
            except LockHeldError:
                if left == 1:
                    raise
                time.sleep(0.1)

    def _store(self, template: str) -> str:
        if self.postgres is not None:
            return self.postgres.database(copied_from=make_url(template).database or "" if template else "template0")
        path = self.project.folder / f"store-{next(self.project.numbers)}.db"
        if template:
            shutil.copy(template.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"


@contextmanager
def killing(folder: Path, postgres: PostgresServer | None) -> Iterator[Killing]:
    """Ready to kill."""
    with small_project(folder) as project, closing(WarmStart()) as warm:
        yield Killing(project, postgres, warm).prepare()


def sync_here(config: Path, *options: str) -> int:
    """Sync in this process, which spares the start of another."""
    return run(["sync", "--quiet", "--config", str(config), *options])


def contents(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the store but when we did what, and what connectors remember of sites (which has our clock)."""
    with closing(Store.open(url)) as store:
        held = dump(store, timeless=True)
    held["source_state"] = [row[:3] for row in held["source_state"]]
    return held


def _jira() -> JiraData:
    def issue(number: int, project: str) -> RawObject:
        sprints = {jira_desk.SPRINT: [{"id": 1, "name": "S1", "state": "active"}]} if number % 4 == 0 else {}
        raw = jira_desk.issue(number, number * 10, project, **sprints)
        change = jira_desk.entry(number, number * 10, jira_desk.status_change("1", "2"))
        return jira_desk.with_changelog(raw, change)

    issues = [issue(number, "PAY") for number in range(1, 15)] + [issue(number, "GRO") for number in range(101, 107)]
    configuration = {"id": 3, "filter": {"id": "1"}, "columnConfig": {"columns": []}}
    board = {
        "id": 3,
        "name": "Board",
        "type": "scrum",
        "location": {"projectKey": "PAY", "projectId": 1},
        "configuration": configuration,
        "sprints": [{"id": 1, "name": "S1", "state": "active", "startDate": "2026-02-02T09:00:00.000+01:00"}],
    }
    statuses = [jira_desk.status(number) for number in jira_desk.STATUSES]
    return JiraData(
        issues, fields=jira_desk.CATALOGUE, statuses=statuses, boards=[board], filters={"1": "project = PAY"}
    )


def _github() -> GithubData:
    def issue(number: int) -> RawObject:
        return github_desk.issue(number, number * 10, labels=[{"name": "kr/KR1.1"}] if number % 5 == 0 else [])

    shop = [issue(number) for number in range(1, 15)] + [github_desk.pull(20)]
    app = [github_desk.issue(number, number * 10, repository_url="https://api.github.com/repos/acme/app",
                             url=f"https://api.github.com/repos/acme/app/issues/{number}",
                             html_url=f"https://github.com/acme/app/issues/{number}")
           for number in range(101, 107)]  # fmt: skip
    milestone = {"number": 1, "id": 77, "node_id": "M_77", "title": "1.0", "state": "open", "due_on": None}
    milestone |= {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "closed_at": None,
                  "html_url": "https://github.com/acme/shop/milestone/1"}  # fmt: skip
    return GithubData([GithubRepository("acme/shop", shop, milestones=[milestone]), GithubRepository("acme/app", app)])
