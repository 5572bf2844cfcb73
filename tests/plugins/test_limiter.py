"""What is known of a tracker's limits, without a network."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from okrsync.plugins.context import RequestCounter
from okrsync.plugins.rate_limit import (
    Block,
    Budget,
    CircuitBreaker,
    Limiter,
    Quota,
    RateLimitScope,
    Refusal,
    refusal_of,
    retry_after,
)

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
CORE = RateLimitScope.of("GET", "/repos/a/b/issues")
GRAPHQL = RateLimitScope.of("POST", "/graphql")
LIMITED = json.dumps({"errors": [{"type": "RATE_LIMITED"}]}).encode()


def epoch(seconds: float) -> str:
    return str(int((NOW + timedelta(seconds=seconds)).timestamp()))


def test_one_credential_at_one_origin_has_one_budget() -> None:
    limiter = Limiter()
    budget = limiter.budget("https://a:443", limiter.digest("Bearer x"))

    assert limiter.budget("https://a:443", limiter.digest("Bearer x")) is budget
    assert limiter.budget("https://a:443", limiter.digest("Bearer y")) is not budget
    assert limiter.budget("https://b:443", limiter.digest("Bearer x")) is not budget
    assert limiter.circuit("https://a:443") is limiter.circuit("https://a:443")


def test_a_credential_is_kept_as_a_digest_that_another_process_cannot_compute() -> None:
    one, other = Limiter(), Limiter()
    one.budget("https://a:443", one.digest("Bearer canary-4711"))

    assert "canary" not in repr(vars(one))
    assert one.digest("Bearer canary-4711") != other.digest("Bearer canary-4711")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("3600", 3600.0),
        ("0", 0.0),
        ("-3", 0.0),
        ("-inf", 0.0),
        ("inf", float("inf")),
        ("Tue, 31 Mar 2026 09:30:50 GMT", 50.0),
        ("2026-03-31T09:31:00+00:00", 60.0),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_every_form(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "quota"),
    [
        ({}, Quota()),
        (
            {
                "X-RateLimit-Limit": "5000",
                "X-RateLimit-Remaining": "4999",
                "X-RateLimit-Reset": epoch(90),
                "X-RateLimit-Resource": "core",
            },
            Quota(5000, 4999, 90.0, False, "core"),
        ),
        (
            {"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "10", "X-RateLimit-Reset": "2026-03-31T09:31Z"},
            Quota(350, 10, 60.0),
        ),
        ({"X-RateLimit-NearLimit": "true"}, Quota(is_near=True)),
        ({"X-RateLimit-Limit": "null", "X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "later"}, Quota()),
    ],
)
def test_both_dialects_of_a_quota_are_read(headers: dict[str, str], quota: Quota) -> None:
    assert Quota.told_by(headers, NOW) == quota


@pytest.mark.parametrize(
    ("limit", "remaining", "is_in_reserve"),
    [
        (5000, 499, True),
        (5000, 500, False),
        (5000, 0, True),
        (0, 0, False),
        (-1, 0, False),
        (None, 0, False),
        (50, None, False),
    ],
)
def test_the_last_tenth_of_a_limit_is_the_reserve(
    limit: int | None, remaining: int | None, is_in_reserve: bool
) -> None:
    assert Quota(limit, remaining).is_in_reserve is is_in_reserve


@pytest.mark.parametrize(
    ("status", "headers", "body", "lanes", "refusal"),
    [
        (200, {}, LIMITED, CORE, None),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5"}, b"[]", CORE, None),
        (200, {}, b'{"data": "RATE_LIMITED"}', GRAPHQL, None),
        (200, {}, b'{"errors": "RATE_LIMITED"}', GRAPHQL, None),
        (200, {}, b"RATE_LIMITED", GRAPHQL, None),
        (
            200,
            {"X-RateLimit-Reset": epoch(30)},
            LIMITED,
            GRAPHQL,
            Refusal("GraphQL rate limit used up", 30.0, "graphql", 60.0),
        ),
        (200, {}, LIMITED, GRAPHQL, Refusal("GraphQL rate limit used up", None, "graphql", 60.0)),
        (403, {}, b"Must have admin rights", CORE, None),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "0"}, b"", CORE, None),
        (
            403,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": epoch(9), "X-RateLimit-Resource": "core"},
            b"",
            CORE,
            Refusal("rate limit used up", 9.0, "core", 60.0),
        ),
        (
            403,
            {"X-RateLimit-Remaining": "70", "X-RateLimit-Reset": epoch(3000)},
            b"You have exceeded a secondary rate limit",
            CORE,
            Refusal("secondary rate limit reached", None, "", 60.0),
        ),
        (429, {"X-GitHub-Request-Id": "1"}, b"", CORE, Refusal("rate limit reached", None, "", 60.0)),
        (429, {}, b"", CORE, Refusal("rate limit reached", None, "", 0.5)),
        (
            429,
            {"RateLimit-Reason": "jira-burst-based", "Retry-After": "2"},
            b"",
            RateLimitScope.of("GET", "/rest/agile/1.0/board/77/sprint"),
            Refusal("rate limit reached", 2.0, "GET /rest/agile/*/board/*/sprint", 0.5),
        ),
        (
            429,
            {"RateLimit-Reason": "jira-per-issue-on-write", "Retry-After": "2"},
            b"",
            RateLimitScope.of("PUT", "/rest/api/3/issue/PAY-1"),
            Refusal("rate limit reached", 2.0, "PUT /rest/api/3/issue/PAY-1", 0.5),
        ),
        (
            429,
            {
                "RateLimit-Reason": "jira-quota-tenant-based",
                "Retry-After": "2",
                "X-RateLimit-Reset": "2026-03-31T09:40Z",
            },
            b"",
            CORE,
            Refusal("the hour's quota is used up", 600.0, "", 60.0, True),
        ),
    ],
)
def test_each_kind_of_limit_is_told_apart(
    status: int, headers: dict[str, str], body: bytes, lanes: RateLimitScope, refusal: Refusal | None
) -> None:
    assert refusal_of(status, headers, body, lanes, NOW) == refusal


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/graphql", "graphql"),
        ("/api/graphql", "graphql"),
        ("/search/issues", "search"),
        ("/api/v3/search/issues", "search"),
        ("/rest/api/3/search/jql", "core"),
        ("/repos/a/b/issues", "core"),
    ],
)
def test_a_request_uses_the_resource_of_its_path(path: str, resource: str) -> None:
    assert RateLimitScope.of("GET", path).resource == resource


def test_the_longest_hold_counts_and_a_shorter_one_never_replaces_it() -> None:
    budget = Budget()
    budget.hold(Block(100.0, "long"))
    budget.hold(Block(50.0, "short"))
    budget.hold(Block(70.0, "core only"), "core")

    assert budget.held(CORE) == Block(100.0, "long")
    budget.release(99.0)
    assert budget.held(CORE) == Block(100.0, "long")
    budget.release(100.0)
    assert budget.held(CORE) is None


def test_a_hold_of_one_resource_leaves_the_others_alone() -> None:
    budget = Budget()
    budget.hold(Block(70.0, "graphql only"), "graphql")

    assert budget.held(CORE) is None
    assert budget.held(GRAPHQL) is not None


def test_the_reserve_is_held_until_its_reset_and_freed_by_a_new_window() -> None:
    budget = Budget()

    budget.note(Quota(5000, 499, 60.0), CORE, 10.0)
    held = budget.held(CORE)
    budget.note(Quota(5000, 4999, 3600.0), CORE, 20.0)

    assert held is not None
    assert held.until == 70.0
    assert budget.held(CORE) is None
    assert budget.quotas == {"core": Quota(5000, 4999, 3600.0)}


def test_a_reserve_is_that_of_its_resource() -> None:
    budget = Budget()

    budget.note(Quota(5000, 499, 60.0, resource="graphql"), CORE, 10.0)
    budget.note(Quota(30, 1, 60.0), RateLimitScope.of("GET", "/search/issues"), 10.0)

    assert budget.held(CORE) is None
    assert budget.held(GRAPHQL) is not None
    assert budget.quotas.keys() == {"graphql", "search"}


@pytest.mark.parametrize("quota", [Quota(5000, 1), Quota(5000, 1, 0.0), Quota(0, 0, 60.0), Quota()])
def test_a_reserve_without_a_reset_ahead_holds_nothing(quota: Quota) -> None:
    budget = Budget()

    budget.note(quota, CORE, 10.0)

    assert budget.held(CORE) is None


def test_refusals_under_way_together_lengthen_the_wait_once() -> None:
    budget = Budget()

    first = budget.strike(60.0, sent_at=1.0, now=2.0)
    together = budget.strike(60.0, sent_at=1.5, now=2.5)
    second = budget.strike(60.0, sent_at=80.0, now=81.0)
    budget.served(sent_at=80.5)
    third = budget.strike(60.0, sent_at=300.0, now=301.0)
    budget.served(sent_at=500.0)
    again = budget.strike(60.0, sent_at=600.0, now=601.0)

    for seconds, least in ((first, 60), (together, 60), (second, 120), (third, 240), (again, 60)):
        assert least <= seconds <= least * 1.2


def test_the_third_request_given_up_in_a_row_opens_the_circuit_for_its_time() -> None:
    circuit = CircuitBreaker()
    circuit.gave_up(0.0)
    circuit.gave_up(0.0)
    circuit.answered()
    circuit.gave_up(1.0)
    circuit.gave_up(2.0)

    assert circuit.open_for(2.0) == 0.0
    circuit.gave_up(3.0)

    assert circuit.open_for(3.0) == 30.0
    assert circuit.open_for(33.0) == 0.0
    circuit.gave_up(34.0)
    assert circuit.open_for(34.0) == 30.0


def test_an_origin_that_mostly_fails_is_not_insisted_on() -> None:
    circuit = CircuitBreaker()
    at_first = circuit.may_insist
    circuit.answered()
    after_an_answer = circuit.may_insist
    circuit.failed()

    assert (at_first, after_an_answer, circuit.may_insist) == (False, True, False)


def in_threads(count: int, work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, range(count)))


def test_requests_of_many_threads_are_all_counted_each_for_its_own_purpose() -> None:
    counter = RequestCounter()
    together = threading.Barrier(4)

    def work(number: int) -> None:
        together.wait()
        counter.add()
        with counter.counted_as("items" if number % 2 else "history"):
            together.wait()
            for _ in range(500):
                counter.add()

    with counter.counted_as("census"):
        in_threads(4, work)
        counter.add()

    assert counter.by_purpose == {"setup": 4, "items": 1000, "history": 1000, "iterations": 0, "census": 1}
    assert counter.total == 2005


def test_a_budget_asked_for_by_many_threads_is_one() -> None:
    limiter = Limiter()
    together = threading.Barrier(8)
    found: list[Budget] = []

    def work(_: int) -> None:
        together.wait()
        found.append(limiter.budget("https://a:443", limiter.digest("x")))

    in_threads(8, work)

    assert len({id(budget) for budget in found}) == 1
