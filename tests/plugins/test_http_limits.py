"""Limits, deadlines and outages as the transport meets them, against the request log of a loopback tracker."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from okrsync.errors import (
    AuthenticationError,
    ConnectorError,
    DeadlineError,
    OkrsyncError,
    RateLimitedError,
    UnexpectedResponseError,
    UnreachableError,
)
from okrsync.plugins.context import Context
from okrsync.plugins.http import GuardedAdapter, guard_session
from okrsync.plugins.rate_limit import Limiter
from okrsync.sandbox.http import LoopbackServer, Request, Response

START = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
GOOD = Response(200, [{"id": 1}])
CANARY = "Bearer canary-4711-token"
JIRA_PATH = "/rest/api/3/search/jql"


class Time:
    """A clock for all ends of the line that only sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return 1000.0 + self.seconds

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    def epoch(self, seconds: float) -> str:
        return str(int((self.clock() + timedelta(seconds=seconds)).timestamp()))


@dataclass
class Tracker:
    """A tracker that answers as told, and when it was asked, by the common clock."""

    time: Time
    answer: Callable[[Request], Response] = lambda _: GOOD
    asked: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = LoopbackServer({"/api": self._respond}, clock=self.time.clock)
        self.server.start()

    def script(self, *answers: Response) -> None:
        """Give *answers* in turn, the last for ever."""
        left = list(answers)
        self.answer = lambda _: left.pop(0) if len(left) > 1 else left[0]

    def _respond(self, request: Request) -> Response:
        self.asked.append((self.time.seconds, request.path))
        return self.answer(request)

    @property
    def moments(self) -> list[float]:
        return [moment for moment, _ in self.asked]


@dataclass
class Source:
    """One source's connection."""

    tracker: Tracker
    context: Context
    token: str = CANARY

    def __post_init__(self) -> None:
        self.session = requests.Session()
        guard_session(self.session, GuardedAdapter(self.tracker.server.url, self.context, reading_posts=("/graphql",)))

    def get(self, path: str = "/list") -> requests.Response:
        return self.session.get(f"{self.tracker.server.url}/api{path}", headers={"Authorization": self.token})

    def post(self, path: str) -> requests.Response:
        url = f"{self.tracker.server.url}/api{path}"
        return self.session.post(url, json={}, headers={"Authorization": self.token})


@dataclass
class Bench:
    time: Time
    tracker: Tracker
    folder: Path
    limiter: Limiter = field(default_factory=Limiter)
    sources: list[Source] = field(default_factory=list)

    def source(self, token: str = CANARY, *, max_wait: float = 300.0, deadline: float | None = None) -> Source:
        context = Context(
            self.folder,
            clock=self.time.clock,
            sleep=self.time.sleep,
            monotonic=self.time.monotonic,
            max_wait=max_wait,
            deadline=deadline,
            limiter=self.limiter,
        )
        self.sources.append(Source(self.tracker, context, token))
        return self.sources[-1]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    ticking = Time()
    bench = Bench(ticking, Tracker(ticking), tmp_path)
    yield bench
    for source in bench.sources:
        source.session.close()
    bench.tracker.server.stop()


def test_what_one_source_is_told_holds_for_the_other_with_the_same_credential(bench: Bench) -> None:
    bench.tracker.script(Response(429, {}, {"Retry-After": "200"}), GOOD)
    hasty, patient, stranger = bench.source(max_wait=10), bench.source(), bench.source("Bearer another")

    with pytest.raises(RateLimitedError) as caught:
        hasty.get()
    stranger.get()
    patient.get()
    hasty.get()

    assert caught.value.until == START + timedelta(seconds=200)
    assert bench.tracker.moments == [0.0, 0.0, 200.0, 200.0]


def test_a_held_source_that_may_not_wait_sends_nothing_and_says_until_when(bench: Bench) -> None:
    bench.tracker.script(Response(429, {}, {"Retry-After": "3600"}), GOOD)
    source = bench.source()

    for _ in range(3):
        with pytest.raises(RateLimitedError) as caught:
            source.get()
        assert caught.value.until == START + timedelta(hours=1)

    assert bench.tracker.moments == [0.0]
    assert source.context.requests.total == 1


@pytest.mark.parametrize(
    "refusal",
    [
        Response(429, {}, {"Retry-After": "42"}),
        Response(403, {"message": "rate limit"}, {"Retry-After": "42"}),
        Response(429, {}, {"Retry-After": "Tue, 31 Mar 2026 09:30:42 GMT"}),
        Response(403, {}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-31T09:30:42Z"}),
        Response(503, b"", {"Retry-After": "42"}),
        Response(200, [], {"Retry-After": "42"}),
        Response(200, [], {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-31T09:30:42Z"}),
        Response(429, b"half", {"Retry-After": "42", "Content-Length": "99", "Connection": "close"}),
        Response(429, b"none", {"Retry-After": "42", "Content-Encoding": "gzip"}),
    ],
    ids=["429", "403", "date", "reset", "503", "200", "200 reset", "broken off", "unreadable"],
)
def test_no_request_comes_before_the_time_whatever_the_answer_looked_like(bench: Bench, refusal: Response) -> None:
    bench.tracker.script(refusal, GOOD)
    one, other = bench.source(), bench.source()

    one.get()
    other.get()

    first, *later = bench.tracker.moments
    assert first == 0.0
    assert later
    assert all(moment >= 42.0 for moment in later)


def test_a_broken_server_that_asks_to_wait_is_left_alone_by_all_sources(bench: Bench) -> None:
    bench.tracker.script(Response(503, b"", {"Retry-After": "200"}), GOOD)

    with pytest.raises(UnreachableError):
        bench.source(max_wait=10).get()
    bench.source().get()

    assert bench.tracker.moments == [0.0, 200.0]


def test_a_writing_post_waits_for_what_another_request_was_told(bench: Bench) -> None:
    bench.tracker.script(Response(429, {}, {"Retry-After": "42"}), GOOD)

    with pytest.raises(RateLimitedError):
        bench.source().post("/comments")
    bench.source().post("/comments")

    assert bench.tracker.moments == [0.0, 42.0]


def test_threads_wait_for_what_one_of_them_was_told(tmp_path: Path) -> None:
    refused = threading.Event()
    left = [Response(429, {}, {"Retry-After": "0.5"})]

    def sleep(seconds: float) -> None:
        refused.set()
        time.sleep(seconds)

    context = Context(tmp_path, sleep=sleep)
    with LoopbackServer({"/api": lambda _: left.pop() if left else GOOD}) as server:

        def read(number: int) -> int:
            if number:
                refused.wait(30)
            with requests.Session() as session:
                guard_session(session, GuardedAdapter(server.url, context))
                return sum(session.get(f"{server.url}/api/list").status_code == 200 for _ in range(5))

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(read, range(4)))
        log = server.log

    assert answers == [5, 5, 5, 5]
    assert log[0].status == 429
    assert min(entry.at_monotonic for entry in log[1:]) >= log[0].at_monotonic + 0.5
    assert context.requests.total == len(log) == 21


def test_the_last_tenth_of_a_limit_is_left_to_others_until_the_reset(bench: Bench) -> None:
    headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "499", "X-RateLimit-Reset": bench.time.epoch(120)}
    bench.tracker.script(Response(200, [], headers), GOOD)
    source = bench.source()

    source.get()
    source.get()

    assert bench.tracker.moments == [0.0, 120.0]


def test_a_reserve_that_lasts_longer_than_the_run_may_wait_ends_it(bench: Bench) -> None:
    headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "499", "X-RateLimit-Reset": bench.time.epoch(1800)}
    bench.tracker.script(Response(200, [], headers))
    source = bench.source()
    source.get()

    with pytest.raises(RateLimitedError, match="little of the rate limit is left") as caught:
        source.get()

    assert caught.value.until == START + timedelta(minutes=30)
    assert len(bench.tracker.asked) == 1


@pytest.mark.parametrize("limit", ["0", "null", ""])
def test_a_site_with_its_limits_off_is_read_without_waiting(bench: Bench, limit: str) -> None:
    headers = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": limit, "X-RateLimit-Reset": bench.time.epoch(900)}
    bench.tracker.script(Response(200, [], headers))
    source = bench.source()

    for _ in range(3):
        source.get()

    assert bench.time.waits == []


def test_several_sources_never_break_a_limit_that_the_tracker_tells(bench: Bench) -> None:
    limit, window = 20, 60.0
    used: dict[int, int] = {}

    def answer(_: Request) -> Response:
        current = int(bench.time.seconds // window)
        used[current] = used.get(current, 0) + 1
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - used[current]),
            "X-RateLimit-Reset": bench.time.epoch((current + 1) * window - bench.time.seconds),
        }
        return Response(200, [], headers)

    bench.tracker.answer = answer
    sources = [bench.source() for _ in range(3)]

    for turn in range(90):
        sources[turn % 3].get()

    assert sum(used.values()) == 90
    assert max(used.values()) == 19  # 18 are the limit without its reserve, and the next answer tells


def test_a_quota_of_an_hour_ends_all_sources_until_its_reset_without_short_retries(bench: Bench) -> None:
    headers = {
        "RateLimit-Reason": "jira-quota-global-based",
        "Retry-After": "5",
        "X-RateLimit-Reset": "2026-03-31T09:32Z",
    }
    bench.tracker.script(Response(429, {}, headers), GOOD)

    for source in (bench.source(), bench.source()):
        with pytest.raises(RateLimitedError, match="quota") as caught:
            source.get(JIRA_PATH)
        assert caught.value.until == START + timedelta(minutes=2)
    assert (len(bench.tracker.asked), bench.time.waits) == (1, [])

    bench.time.seconds = 120.0
    assert bench.source().get(JIRA_PATH).ok


@pytest.mark.parametrize("reason", ["jira-burst-based", "jira-per-issue-on-write"])
def test_a_burst_slows_its_own_path_only(bench: Bench, reason: str) -> None:
    bench.tracker.script(Response(429, {}, {"RateLimit-Reason": reason, "Retry-After": "30"}), GOOD)
    hasty = bench.source(max_wait=1)

    with pytest.raises(RateLimitedError):
        hasty.get(JIRA_PATH)
    hasty.get("/rest/api/3/field")
    bench.source().get(JIRA_PATH)

    assert bench.tracker.asked == [(0.0, JIRA_PATH), (0.0, "/rest/api/3/field"), (30.0, JIRA_PATH)]


def test_a_graphql_limit_with_status_200_is_waited_for_until_the_reset(bench: Bench) -> None:
    body = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    bench.tracker.script(Response(200, body, {"X-RateLimit-Reset": bench.time.epoch(75)}), GOOD)
    source = bench.source()

    assert source.post("/graphql").json() == [{"id": 1}]

    assert bench.tracker.moments == [0.0, 75.0]


def test_a_graphql_limit_beyond_what_a_run_may_wait_leaves_rest_alone(bench: Bench) -> None:
    body = {"data": None, "errors": [{"type": "RATE_LIMITED"}]}
    bench.tracker.script(Response(200, body, {"X-RateLimit-Reset": bench.time.epoch(1800)}), GOOD)
    source = bench.source()

    for _ in range(2):
        with pytest.raises(RateLimitedError, match="GraphQL rate limit used up") as caught:
            source.post("/graphql")
        assert caught.value.until == START + timedelta(minutes=30)
    source.get()

    assert [path for _, path in bench.tracker.asked] == ["/graphql", "/list"]


def test_a_graphql_error_of_another_kind_is_the_connectors(bench: Bench) -> None:
    body = {"data": {"nodes": []}, "errors": [{"type": "NOT_FOUND", "message": "RATE_LIMITED"}]}
    bench.tracker.script(Response(200, body))

    assert bench.source().post("/graphql").json() == body


def test_a_wait_of_nothing_that_is_refused_again_gets_longer(bench: Bench) -> None:
    bench.tracker.script(Response(429, {}, {"Retry-After": "0"}))

    with pytest.raises(RateLimitedError):
        bench.source().get()

    assert bench.time.waits[0] == 0.0
    assert bench.time.waits[1] >= 0.5
    assert bench.time.waits[2] >= 1.0


def test_an_answer_without_a_date_is_measured_by_the_last_one_that_had_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.tracker.script(GOOD, Response(429, {}, {"Retry-After": "Tue, 31 Mar 2026 09:31:00 GMT"}), GOOD)
    source = bench.source()
    source.get()
    monkeypatch.setattr(bench.tracker.server, "date", lambda: "")
    monkeypatch.setattr(source.context, "clock", lambda: START - timedelta(days=1))
    bench.time.seconds = 10.0

    source.get()

    assert bench.time.waits == [50.0]


def test_a_refused_token_is_not_sent_again_by_any_source(bench: Bench) -> None:
    bench.tracker.script(Response(401, {"message": "Bad credentials"}), GOOD)

    for source in (bench.source(), bench.source(), bench.source()):
        with pytest.raises(AuthenticationError, match="the token is refused"):
            source.get()
    assert bench.source("Bearer renewed").get().ok

    assert len(bench.tracker.asked) == 2


def test_a_token_revoked_under_three_threads_costs_no_more_than_what_is_under_way(bench: Bench) -> None:
    under_way = threading.Barrier(3)

    def answer(_: Request) -> Response:
        under_way.wait(30)
        return Response(401, {})

    bench.tracker.answer = answer
    sources = [bench.source() for _ in range(3)]

    def read(source: Source) -> int:
        refusals = 0
        for _ in range(5):
            try:
                source.get()
            except AuthenticationError:
                refusals += 1
        return refusals

    with ThreadPoolExecutor(3) as pool:
        refusals = list(pool.map(read, sources))

    assert refusals == [5, 5, 5]
    assert len(bench.tracker.asked) == 3


def test_a_scope_that_a_token_lacks_does_not_make_it_a_refused_token(bench: Bench) -> None:
    bench.tracker.script(Response(401, {"message": "Unauthorized; scope does not match"}), GOOD)
    source = bench.source()

    with pytest.raises(AuthenticationError, match="lacks a scope"):
        source.get()

    assert source.get().ok


def test_after_the_deadline_nothing_is_sent(bench: Bench) -> None:
    source = bench.source(deadline=bench.time.monotonic() + 60)
    source.get()
    bench.time.seconds = 60.0

    with pytest.raises(DeadlineError, match="the run's deadline is over; run again to go on") as caught:
        source.get()

    assert caught.value.exit_code == 75
    assert isinstance(caught.value, ConnectorError)
    assert bench.tracker.moments == [0.0]


def test_a_pause_that_would_pass_the_deadline_is_not_made(bench: Bench) -> None:
    bench.tracker.script(Response(502))
    source = bench.source(deadline=bench.time.monotonic() + 1.2)

    with pytest.raises(DeadlineError):
        source.get()

    assert len(bench.tracker.asked) == 2
    assert len(bench.time.waits) == 1


def test_a_limit_that_would_pass_the_deadline_ends_the_run_with_its_time(bench: Bench) -> None:
    bench.tracker.script(Response(429, {}, {"Retry-After": "61"}), GOOD)
    source = bench.source(deadline=bench.time.monotonic() + 60)

    for _ in range(2):
        with pytest.raises(RateLimitedError) as caught:
            source.get()
        assert caught.value.until == START + timedelta(seconds=61)

    assert (bench.tracker.moments, bench.time.waits) == ([0.0], [])


def test_an_outage_opens_the_circuit_and_an_answer_after_the_cool_down_closes_it(bench: Bench) -> None:
    bench.tracker.script(Response(502))
    source, other = bench.source(), bench.source("Bearer another")

    for _ in range(3):
        with pytest.raises(UnreachableError, match="answered 502 4 times"):
            source.get()
    for tried in (source, other) * 5:
        with pytest.raises(UnreachableError, match=r"no more are sent for now; run again in \d+ seconds"):
            tried.get()

    assert len(bench.tracker.asked) == 12
    bench.time.seconds += 30.0
    bench.tracker.script(GOOD)
    assert source.get().ok
    assert other.get().ok


def test_an_outage_of_one_origin_leaves_another_alone(bench: Bench) -> None:
    bench.tracker.script(Response(502))
    for _ in range(3):
        with pytest.raises(UnreachableError):
            bench.source().get()
    healthy = Bench(bench.time, Tracker(bench.time), bench.folder, bench.limiter)

    try:
        assert healthy.source().get().ok
    finally:
        healthy.sources[0].session.close()
        healthy.tracker.server.stop()


@pytest.mark.parametrize("seed", range(4))
def test_three_failures_in_ten_still_let_every_request_finish(bench: Bench, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a repeatable storm
    statuses = [500, 502, 503, 504]
    bench.tracker.answer = lambda _: Response(dice.choice(statuses)) if dice.random() < 0.3 else GOOD
    source = bench.source()

    for _ in range(150):
        assert source.get().ok

    assert len(bench.tracker.asked) <= 4 * 150


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("failing", [0.6, 0.9, 1.0])
def test_no_storm_costs_more_than_four_times_the_ideal(bench: Bench, seed: int, failing: float) -> None:
    dice = random.Random(seed)  # noqa: S311 - a repeatable storm
    bench.tracker.answer = lambda _: Response(502) if dice.random() < failing else GOOD
    sources = [bench.source() for _ in range(3)]

    for turn in range(60):
        with suppress(UnreachableError):
            sources[turn % 3].get()

    assert len(bench.tracker.asked) <= 4 * 60


def test_a_redirect_that_leads_in_a_circle_ends(bench: Bench) -> None:
    bench.tracker.script(Response(302, b"", {"Location": "/api/list"}))

    with pytest.raises(requests.TooManyRedirects):
        bench.source().get()

    assert len(bench.tracker.asked) == 6


@pytest.mark.parametrize(
    "target", ["http://[::bad/", "http://127.0.0.1:99999999/", "http://canary-4711-token.example/"]
)
def test_a_redirect_to_what_is_no_address_or_quotes_the_token_is_refused_in_silence(bench: Bench, target: str) -> None:
    bench.tracker.script(Response(302, b"", {"Location": target}))

    with pytest.raises(UnexpectedResponseError, match="redirects to another place") as caught:
        bench.source().get()

    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "secret",
    [
        "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ",
        "ATATT3xFfGF0abcdefghijklmnop",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjMifQ.c2lnbmF0dXJl-_x",
        "canary-4711-token",
    ],
)
def test_nothing_that_looks_like_a_credential_is_repeated_whoever_sent_it(bench: Bench, secret: str) -> None:
    bench.tracker.script(
        Response(422, {"message": f"the value {secret}, sent as Bearer {secret}, is bad"}),
        Response(200, b"[]", {"Content-Type": f"text/{secret}\x85"}),
    )
    source = bench.source()

    for _ in range(2):
        with pytest.raises(OkrsyncError) as caught:
            source.get()
        assert secret.casefold() not in str(caught.value).casefold()
        assert "…" in str(caught.value)
