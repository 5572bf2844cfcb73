"""What a tracker allows is kept to the second, seen from the tracker: a whole sync against the site's own record."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.main import run
from okrsync.jobs.cancellation import Cancellation
from okrsync.jobs.sync_all import context_of
from okrsync.plugins.context import Context
from okrsync.sandbox.github_site import GithubSite
from okrsync.sandbox.http import LoopbackServer, Request, Response
from okrsync.sandbox.jira_site import JiraSite
from okrsync.sandbox.tracker_data import GithubData, GithubRepository, RawObject
from support import github_desk
from support.matrices import one_in
from support.projects import jira_data, lay_out
from support.running import Ran

START = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
NAMES = [f"acme/r{number}" for number in range(6)]
RESET = str(int((START + timedelta(seconds=2100)).timestamp()))
TOKEN = "a-token-of-the-test"


@dataclass
class Time:
    """Seconds since the start that nobody waits for; the site and okrsync have the same."""

    seconds: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += max(seconds, 0.0)

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


@dataclass
class Site:
    """Both trackers on one server, with a record of when each request came and what refused it."""

    server: LoopbackServer
    time: Time
    github: GithubSite
    refuse: Callable[[str, Request], Response | None] = lambda *_: None
    seen: list[tuple[float, str, int]] = field(default_factory=list)
    """Time, path and the status of a refusal; 0: it was answered."""

    def watch(self, mount: str, request: Request) -> Response | None:
        answer = self.refuse(mount, request)
        self.seen.append((self.time.seconds, f"/{mount}{request.path}", answer.status if answer else 0))
        return answer

    @property
    def hub(self) -> RawObject:
        url = f"{self.server.url}/github"
        return {"name": "hub", "connector": "github", "url": url, "token": {"env": "T"}, "repositories": NAMES[:1]}

    @property
    def desk(self) -> RawObject:
        url = f"{self.server.url}/jira"
        return {"name": "desk", "connector": "jira", "url": url, "token": {"env": "T"}, "projects": ["PAY"]}


@contextmanager
def serving(github: GithubData, time: Time) -> Iterator[Site]:
    hub = GithubSite(github, clock=time.clock)
    mounts = {"/github": hub.handle, "/jira": JiraSite(jira_data(), clock=time.clock).handle}
    with LoopbackServer(mounts, clock=time.clock) as server:
        found = Site(server, time, hub)
        server.faults.append(found.watch)
        yield found
    assert server.errors == []


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    time = Time()
    # Three requests are at work at once; a clock that nobody waits for has one hand only.
    monkeypatch.setattr("okrsync_github.connector.GithubConnector.parallel", 1)
    monkeypatch.setattr(
        "okrsync.cli.sync.Cancellation", lambda seconds=None: Cancellation(seconds, lambda: time.seconds)
    )
    monkeypatch.setattr("okrsync.jobs.cancellation.Cancellation._sleep", lambda _self, seconds: time.sleep(seconds))
    monkeypatch.setattr("okrsync.jobs.sync_all.context_of", lambda *given: _at(time, context_of(*given)))
    monkeypatch.setenv("T", TOKEN)
    shelves = [
        GithubRepository(name, [github_desk.issue(number, id=1000 * place + number, node_id=f"I_{place}_{number}",
                                                  repository_url=f"https://api.github.com/repos/{name}")
                                for number in range(1, 4)])
        for place, name in enumerate(NAMES)
    ]  # fmt: skip
    with serving(GithubData(shelves), time) as found:
        yield found


def _at(time: Time, context: Context) -> Context:
    context.clock = time.clock
    return context


@pytest.fixture
def sync(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Ran]:
    """Sync the named sources in this process."""

    def call(sources: Sequence[RawObject], *more: str) -> Ran:
        monkeypatch.chdir(lay_out(tmp_path / "project", sources))
        capfd.readouterr()
        code = run(["sync", "--format", "json", *more])
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


def items(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> int:
    capfd.readouterr()
    run(["status", "--format", "json", "--config", str(tmp_path / "project" / "okrsync.yaml")])
    return int(json.loads(capfd.readouterr().out)["items"]["total"])


def once(wanted: str, answer: Callable[[], Response]) -> Callable[[str, Request], Response | None]:
    """Refuse the first request whose path holds *wanted*."""
    done: list[bool] = []

    def refuse(mount: str, request: Request) -> Response | None:
        if done or wanted not in f"/{mount}{request.path}":
            return None
        done.append(True)
        return answer()

    return refuse


def in_seconds(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


REFUSALS: dict[str, tuple[float, int, Callable[[], RawObject]]] = {
    "429, whole seconds": (7, 429, lambda: {"Retry-After": "7"}),
    "429, part of a second": (1.5, 429, lambda: {"Retry-After": "1.5"}),
    "429, an hour": (3600, 429, lambda: {"Retry-After": "3600"}),
    "429, a date": (50, 429, lambda: {"Retry-After": format_datetime(in_seconds(50), usegmt=True)}),
    "429, reset as ISO": (40, 429, lambda: {"X-RateLimit-Reset": in_seconds(40).isoformat()}),
    "429, reset as ISO of the minute": (60, 429, lambda: {"X-RateLimit-Reset": "2026-03-31T09:31Z"}),
    "429, reset as epoch": (40, 429, lambda: {"X-RateLimit-Reset": str(int(in_seconds(40).timestamp()))}),
    "429, the later of two": (
        40, 429, lambda: {"Retry-After": "40", "X-RateLimit-Reset": str(int(in_seconds(2).timestamp()))}
    ),
    "403 of a secondary limit": (9, 403, lambda: {"Retry-After": "9"}),
    "403 of a secondary limit without a time": (60, 403, dict),
    "503 that asks to wait": (20, 503, lambda: {"Retry-After": "20"}),
    "503 that asks to wait until a date": (
        20, 503, lambda: {"Retry-After": format_datetime(in_seconds(20), usegmt=True)}
    ),
    "500 that asks to wait": (20, 500, lambda: {"Retry-After": "20"}),
}  # fmt: skip


PATHS = ("/issues", "/milestones", "/graphql", "/search/jql", "/field", "/bulkfetch")


REFUSED = [
    # Each form at a path, and each path in two or three forms; all other pairs are for the long run.
    pytest.param(form, path, marks=() if (place - number) % 6 == 0 else pytest.mark.long, id=f"{form}-{path}")
    for number, form in enumerate(REFUSALS)
    for place, path in enumerate(PATHS)
]


@pytest.mark.parametrize(("form", "path"), REFUSED)
def test_no_request_comes_before_the_time_and_the_sync_goes_on(
    site: Site, sync: Callable[..., Ran], form: str, path: str
) -> None:
    seconds, status, headers = REFUSALS[form]
    body = {"message": "You have exceeded a secondary rate limit."}
    site.refuse = once(path, lambda: Response(status, body, headers()))

    ran = sync([site.hub, site.desk], "--max-wait", "2h")

    assert ran.code == 0, ran.err
    (at,) = [place for place, each in enumerate(site.seen) if each[2]]
    told_at, refused = site.seen[at][:2]
    later = [when for when, where, _ in site.seen[at + 1 :] if where[:7] == refused[:7]]
    assert later
    assert min(later) - told_at >= seconds
    assert max(later) - told_at < seconds * 2 + 5


def test_a_graphql_limit_with_status_200_is_waited_for(site: Site, sync: Callable[..., Ran]) -> None:
    reset = str(int(in_seconds(30).timestamp()))
    limited = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    headers = {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": reset, "X-RateLimit-Resource": "graphql"}
    site.refuse = once("/graphql", lambda: Response(200, limited, headers))

    assert sync([site.hub]).code == 0
    asked = [when for when, where, _ in site.seen if where.endswith("/graphql")]
    assert len(asked) > 1
    assert min(asked[1:]) >= 30


def test_two_sources_with_one_token_have_one_budget_and_another_token_its_own(
    site: Site, sync: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER", "another-token-of-the-test")
    second = site.hub | {"name": "second", "repositories": NAMES[1:2]}
    other = site.hub | {"name": "other", "repositories": NAMES[2:3], "token": {"env": "OTHER"}}
    site.refuse = once("/issues", lambda: Response(429, {"message": "slow down"}, {"Retry-After": "600"}))

    ran = sync([site.hub, second, other], "--max-wait", "1s")

    runs = {entry["source"]: entry for entry in ran.json["runs"]}
    assert ran.code == 75
    assert runs["second"]["requests"] == 0
    assert {runs[name]["error"]["kind"] for name in ("hub", "second")} == {"RateLimitedError"}
    assert runs["hub"]["resume_at"] == runs["second"]["resume_at"] == in_seconds(600).isoformat()
    assert (runs["other"]["status"], runs["other"]["items_seen"]) == ("ok", 3)


@pytest.mark.parametrize(
    ("path", "headers", "seconds"),
    [
        ("/repos/acme/r1/issues", {"Retry-After": "600"}, 600),
        ("/repos/acme/r1/issues", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}, 2100),
    ],
)
def test_a_wait_longer_than_allowed_ends_the_run_with_its_time_and_the_next_run_goes_on(
    site: Site, sync: Callable[..., Ran], path: str, headers: dict[str, str], seconds: float
) -> None:
    source = site.hub | {"repositories": NAMES[:3]}
    site.refuse = once(path, lambda: Response(403, {"message": "API rate limit exceeded"}, headers))

    ran = sync([source], "--max-wait", "5s")

    (entry,) = ran.json["runs"]
    assert ran.code == 75
    assert (entry["status"], entry["items_seen"]) == ("partial", 3)
    assert entry["resume_at"] == in_seconds(seconds).isoformat()
    assert f"run again after {in_seconds(seconds):%Y-%m-%d %H:%M:%S} UTC" in ran.err + str(entry["error"])
    site.time.seconds = seconds
    again = sync([source], "--max-wait", "5s")
    assert (again.code, again.json["runs"][0]["items_new"]) == (0, 6)


def test_a_deadline_ends_the_run_behind_a_page_and_the_next_run_goes_on(site: Site, sync: Callable[..., Ran]) -> None:
    source = site.hub | {"repositories": NAMES[:4]}

    def slow(*_: object) -> None:
        site.time.sleep(10)

    site.refuse = slow

    ran = sync([source, site.desk], "--deadline", "85s")

    hub, desk = ran.json["runs"]
    assert ran.code == 75
    assert hub["status"] == "partial"
    assert 0 < hub["items_seen"] < 12
    assert hub["error"]["kind"] == "DeadlineError"
    assert desk["requests"] == 0
    assert all(when <= 85 + 10 for when, *_ in site.seen)
    again = sync([source, site.desk])
    assert again.code == 0
    assert again.json["runs"][0]["items_new"] == 12 - hub["items_new"]


@pytest.mark.parametrize("seed", one_in(5, range(5)))
def test_three_answers_in_ten_that_fail_cost_at_most_four_times_the_requests(
    site: Site, sync: Callable[..., Ran], seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - chooses what fails
    sources = [site.hub | {"repositories": NAMES}, site.desk]
    answers = [Response(status, {"message": "oops"}) for status in (500, 502, 503, 504)]
    site.refuse = lambda *_: dice.choice(answers) if dice.random() < 0.3 else None

    ran = sync(sources)
    stormy = len(site.seen)
    assert {run["status"] for run in ran.json["runs"]} <= {"ok", "partial"}
    read = [run["items_seen"] for run in ran.json["runs"]]
    site.refuse, ideal = (lambda *_: None), sum(each[2] == 0 for each in site.seen)

    assert sync(sources).code == 0
    assert stormy <= 4 * ideal
    assert read == [18, 3]


def test_a_repository_that_always_fails_leaves_the_others_alone(site: Site, sync: Callable[..., Ran]) -> None:
    site.refuse = lambda _, request: Response(502, {}) if "/r1/issues" in request.path else None

    ran = sync([site.hub | {"repositories": NAMES}, site.desk])

    hub, desk = ran.json["runs"]
    assert (ran.code, hub["status"], desk["status"]) == (5, "partial", "ok")
    assert hub["items_seen"] == 15
    assert sum(each[2] == 502 for each in site.seen) <= 8


@pytest.mark.parametrize("good", one_in(3, [8, 11, 14]))
def test_a_token_that_is_revoked_meanwhile_is_sent_at_most_twice_more_by_three_workers(
    site: Site, sync: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    monkeypatch.setattr("okrsync_github.connector.GithubConnector.parallel", 3)
    site.refuse = lambda *_: Response(401, {"message": "Bad credentials"}) if len(site.seen) >= good else None

    ran = sync([site.hub | {"repositories": NAMES[:5]}, site.hub | {"name": "two", "repositories": NAMES[5:]}])

    refused = [each for each in site.seen if each[2] == 401]
    assert 1 <= len(refused) <= 3
    assert {entry["error"]["kind"] for entry in ran.json["runs"]} == {"AuthenticationError"}
    assert ran.json["runs"][1]["requests"] == 0
    site.refuse = lambda *_: None
    assert sync([site.hub | {"repositories": NAMES}]).code == 0


@pytest.mark.parametrize("status", one_in(3, [404, 410, 451]))
@pytest.mark.parametrize("options", [[], ["--census"]], ids=str)
def test_a_project_that_is_gone_keeps_its_items_and_the_others_go_on(
    site: Site,
    sync: Callable[..., Ran],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    status: int,
    options: list[str],
) -> None:
    sources = [site.hub | {"repositories": NAMES[:3]}, site.desk]
    assert sync(sources).code == 0
    body = {"message": "gone", "errorMessages": ["gone"]}
    site.refuse = lambda mount, request: (
        Response(status, body) if "/r1" in request.path or (mount == "jira" and "search" in request.path) else None
    )
    github_edit = site.github.edit
    github_edit("acme/r2", 1, START - timedelta(minutes=1), title="Another")

    ran = sync(sources, *options)

    hub, desk = ran.json["runs"]
    assert ran.code == 5
    assert (hub["status"], desk["status"]) == ("partial", "failed")
    assert (hub["items_changed"], hub["items_gone"], desk["items_gone"]) == (1, 0, 0)
    assert items(tmp_path, capfd) == 12
    site.refuse = lambda *_: None
    assert sync(sources, *options).code == 0
    assert items(tmp_path, capfd) == 12


@pytest.mark.long
def test_the_order_to_wait_is_kept_on_a_real_clock_too(tmp_path: Path) -> None:
    time = Time()
    data = GithubData([GithubRepository(NAMES[0], [github_desk.issue(1)])])
    with serving(data, time) as site:
        site.refuse = once("/issues", lambda: Response(429, {}, {"Retry-After": "1.2"}))
        project = lay_out(tmp_path / "project", [site.hub])
        done = subprocess.run(
            [sys.executable, "-c", "from okrsync.cli.main import main; main()", "sync", "--quiet"],
            cwd=project, env={"T": TOKEN, "HOME": str(tmp_path)}, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        log: Any = site.server.log

    assert done.returncode == 0, done.stderr
    refused = next(place for place, each in enumerate(log) if each.status == 429)
    assert log[refused + 1].at_monotonic - log[refused].at_monotonic >= 1.2
