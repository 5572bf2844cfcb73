"""The guarded transport, driven over loopback HTTP and, where an exact answer is easier, with prepared responses."""

from __future__ import annotations

import gzip
import json
import socket
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import responses

from okrsync.errors import (
    AuthenticationError,
    ConnectorError,
    NotFoundError,
    RateLimitedError,
    UnexpectedResponseError,
    UnreachableError,
)
from okrsync.plugins import http
from okrsync.plugins.context import Context
from okrsync.plugins.http import GuardedAdapter
from okrsync.plugins.origin import Origin, without_query
from okrsync.sandbox.http import LoopbackServer, Request, Response

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
CANARY = "canary-4711-token"
GOOD = Response(200, [{"id": 1}])


@dataclass
class Line:
    """One client with a tracker at its other end that answers from a script, the last answer for ever."""

    server: LoopbackServer
    script: list[Response]
    context: Context
    waits: list[float]
    session: requests.Session
    seen: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.server.url}/api"

    def get(self, path: str = "/list?secret=query") -> requests.Response:
        return self.session.get(self.url + path, headers={"Authorization": f"Bearer {CANARY}"})

    def post(self, path: str) -> requests.Response:
        return self.session.post(self.url + path, json={}, headers={"Authorization": f"Bearer {CANARY}"})

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


Connect = Callable[..., Line]


@contextmanager
def session_with(adapter: GuardedAdapter) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        yield session


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    lines: list[Line] = []

    def make(*script: Response, max_wait: float = 300.0) -> Line:
        waits: list[float] = []
        context = Context(tmp_path, clock=lambda: NOW, sleep=waits.append, max_wait=max_wait)

        def answer(request: Request) -> Response:
            return line.answer(request)

        server = LoopbackServer({"/api": answer}, clock=lambda: NOW)
        server.start()
        session = requests.Session()
        line = Line(server, list(script), context, waits, session)
        adapter = GuardedAdapter(line.url, context, reading_posts=("/graphql",))
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        lines.append(line)
        return line

    yield make
    for line in lines:
        line.session.close()
        line.server.stop()


def chain(error: BaseException) -> str:
    """Everything that a careless logger might print of *error*."""
    parts: list[str] = []
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is not None:
            parts += [str(current), repr(current), repr(vars(current))]
            pending += [current.__cause__, current.__context__]
    return "\n".join(parts)


def assert_silent(error: BaseException) -> None:
    told = chain(error)
    for word in (CANARY, "Bearer", "Authorization", "secret=query", "?"):
        assert word not in told


def test_an_answer_is_returned_whole_with_the_trackers_clock(connect: Connect) -> None:
    line = connect(GOOD)

    answer = line.get()

    assert answer.json() == [{"id": 1}]
    assert answer.text == '[{"id":1}]'
    adapter = line.session.get_adapter(line.url)
    assert isinstance(adapter, GuardedAdapter)
    assert adapter.server_time == NOW
    assert line.waits == []


def test_one_connection_serves_all_requests(connect: Connect) -> None:
    line = connect(GOOD)

    for _ in range(5):
        line.get()

    pools = line.session.get_adapter(line.url).poolmanager.pools  # type: ignore[attr-defined]
    assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118 - it is no mapping


@pytest.mark.parametrize(
    ("status", "payload", "kind", "words"),
    [
        (401, {"message": "Bad credentials"}, AuthenticationError, "the token is refused"),
        (403, {"message": "Must have admin rights"}, AuthenticationError, '"Must have admin rights"'),
        (403, {"errorMessages": ["No", "browse right"]}, AuthenticationError, '"No browse right"'),
        (404, {}, NotFoundError, "hidden from this token"),
        (410, {"message": "Gone"}, UnexpectedResponseError, 'answered 410: "Gone"'),
        (422, {"message": "a\x1b[31m\u202eb\ud800"}, UnexpectedResponseError, '422: "a [31m b"'),
        (400, {"errorMessages": 5}, UnexpectedResponseError, "answered 400;"),
        (400, [1], UnexpectedResponseError, "answered 400;"),
        (400, b"[" * 50_000, UnexpectedResponseError, "answered 400;"),
    ],
)
def test_a_refusal_is_raised_at_once_in_its_kind(
    connect: Connect, status: int, payload: object, kind: type[ConnectorError], words: str
) -> None:
    line = connect(Response(status, payload))

    with pytest.raises(kind) as caught:
        line.get()

    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{line.url}/list: ")
    assert (len(line.seen), line.waits) == (1, [])
    str(caught.value).encode()
    assert_silent(caught.value)


def reset(seconds: float) -> str:
    return str(int((NOW + timedelta(seconds=seconds)).timestamp()))


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "Tue, 31 Mar 2026 09:30:50 GMT"}, 50.0),
        ({"Retry-After": "Tue, 31 Mar 2026 09:00:00 GMT"}, 0.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(90)}, 90.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-31T09:31Z"}, 60.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-31T11:32:00.000+02:00"}, 120.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(90), "Retry-After": "4"}, 4.0),
    ],
)
def test_a_limit_is_waited_for_exactly_as_asked(
    connect: Connect, status: int, headers: dict[str, str], seconds: float
) -> None:
    line = connect(Response(status, {"message": "You have exceeded a rate limit"}, headers), GOOD)

    assert line.get().json() == [{"id": 1}]

    assert line.waits == [seconds]
    assert line.context.requests.by_purpose["setup"] == 2


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {"Retry-After": "nan"}, {"X-RateLimit-Reset": "?"}])
@pytest.mark.parametrize(
    ("status", "message", "least"),
    [(429, "", 0.5), (403, "You have exceeded a secondary rate limit", 60), (429, "A secondary rate limit", 60)],
)
def test_a_limit_that_names_no_time_is_waited_for_longer_each_time(
    connect: Connect, headers: dict[str, str], status: int, message: str, least: float
) -> None:
    line = connect(Response(status, {"message": message}, headers))

    with pytest.raises(RateLimitedError) as caught:
        line.get()

    assert len(line.seen) == 4
    assert [least * 2**turn <= wait <= least * 2**turn * 1.2 for turn, wait in enumerate(line.waits)] == [True] * 3
    assert caught.value.until is not None
    assert caught.value.until >= NOW + timedelta(seconds=least * 8)


@pytest.mark.parametrize("asked", ["301", "300.5"])
def test_a_wait_longer_than_this_run_may_wait_ends_it_with_the_time_to_come_back(connect: Connect, asked: str) -> None:
    line = connect(Response(429, {}, {"Retry-After": asked}))

    with pytest.raises(RateLimitedError) as caught:
        line.get()

    assert caught.value.until == NOW + timedelta(seconds=float(asked))
    assert caught.value.exit_code == 75
    assert (len(line.seen), line.waits) == (1, [])
    assert_silent(caught.value)


def test_a_wait_of_just_what_a_run_may_wait_is_waited(connect: Connect) -> None:
    line = connect(Response(429, {}, {"Retry-After": "300"}), GOOD)

    line.get()

    assert line.waits == [300.0]


@pytest.mark.parametrize("asked", ["inf", "1e300", "1e12"])
def test_a_wait_beyond_all_calendars_is_a_limit_without_a_time(connect: Connect, asked: str) -> None:
    line = connect(Response(429, {}, {"Retry-After": asked}))

    with pytest.raises(RateLimitedError) as caught:
        line.get()

    assert caught.value.until is None
    assert line.waits == []


def test_a_date_is_compared_with_the_trackers_clock_not_with_this_machines(tmp_path: Path) -> None:
    waits: list[float] = []
    context = Context(tmp_path, clock=lambda: NOW + timedelta(hours=1), sleep=waits.append)
    script = [Response(429, {}, {"Retry-After": "Tue, 31 Mar 2026 09:30:20 GMT"}), GOOD]
    with (
        LoopbackServer({"/api": lambda _: script.pop(0)}, clock=lambda: NOW) as server,
        session_with(GuardedAdapter(server.url, context)) as session,
    ):
        session.get(f"{server.url}/api/list")

    assert waits == [20.0]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_reading_request_is_tried_four_times_against_a_broken_server(connect: Connect, status: int) -> None:
    line = connect(Response(status, b"<h1>oh</h1>"))

    with line.context.requests.counted_as("items"), pytest.raises(UnreachableError, match=f"answered {status} 4 times"):
        line.get()

    assert len(line.seen) == 4
    assert len(line.waits) == 3
    assert line.context.requests.by_purpose["items"] == line.context.requests.total == 4


def test_a_broken_server_that_recovers_is_read(connect: Connect) -> None:
    line = connect(Response(502), Response(503, b"", {"Retry-After": "9"}), GOOD)

    assert line.get().json() == [{"id": 1}]
    assert line.waits[1] == 9.0


def test_a_broken_server_that_asks_to_wait_too_long_is_unreachable(connect: Connect) -> None:
    line = connect(Response(503, b"", {"Retry-After": "3600"}))

    with pytest.raises(UnreachableError, match="answered 503"):
        line.get()

    assert line.waits == []


@pytest.mark.parametrize("answer", [Response(502), Response(429, {}, {"Retry-After": "1"})])
def test_a_writing_post_is_sent_once(connect: Connect, answer: Response) -> None:
    line = connect(answer)

    with pytest.raises((UnreachableError, RateLimitedError)):
        line.post("/comments")

    assert (len(line.seen), line.waits) == (1, [])


def test_a_writing_post_is_sent_once_where_the_answer_breaks_off(connect: Connect) -> None:
    line = connect(Response(200, b"[{", {"Content-Length": "99", "Connection": "close"}))

    with pytest.raises(UnreachableError):
        line.post("/comments")

    assert len(line.seen) == 1


def test_a_post_that_only_reads_is_tried_again(connect: Connect) -> None:
    line = connect(Response(502), GOOD)

    assert line.post("/graphql").json() == [{"id": 1}]
    assert len(line.seen) == 2


def test_without_reading_posts_no_post_is_tried_again(tmp_path: Path) -> None:
    context = Context(tmp_path, sleep=lambda _: None)
    with (
        LoopbackServer({"/api": lambda _: Response(502)}) as server,
        session_with(GuardedAdapter(server.url, context)) as session,
        pytest.raises(UnreachableError),
    ):
        session.post(f"{server.url}/api/graphql")

    assert context.requests.total == 1


def test_a_refused_connection_is_tried_four_times_and_then_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    waits: list[float] = []
    context = Context(tmp_path, sleep=waits.append)

    with session_with(GuardedAdapter(url, context)) as session, pytest.raises(UnreachableError) as caught:
        session.get(f"{url}/list?secret=query", headers={"Authorization": f"Bearer {CANARY}"})

    assert "no connection" in str(caught.value)
    assert context.requests.total == 4
    assert len(waits) == 3
    assert_silent(caught.value)


GZIPPED = gzip.compress(json.dumps([{"id": number, "text": f"{number**7}"} for number in range(500)]).encode())


@pytest.mark.parametrize(
    "broken",
    [
        Response(200, b'[{"id":1', {"Content-Length": "99", "Connection": "close"}),
        Response(200, b"", {"Content-Length": "99", "Connection": "close"}),
        Response(200, b'5\r\n[{"id', {"Transfer-Encoding": "chunked", "Content-Length": "8", "Connection": "close"}),
        Response(200, b"zz\r\n", {"Transfer-Encoding": "chunked", "Content-Length": "4", "Connection": "close"}),
        Response(
            200,
            GZIPPED[:900],
            {"Content-Encoding": "gzip", "Content-Length": str(len(GZIPPED)), "Connection": "close"},
        ),
        Response(200, GZIPPED[:900], {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
        Response(200, b'[{"id": 1},', {"Content-Type": "application/json"}),
        Response(200, b"not gzip at all", {"Content-Encoding": "gzip"}),
    ],
    ids=[
        "half a body",
        "no body",
        "half a chunk",
        "no chunk",
        "half of gzip",
        "gzip without end",
        "JSON without end",
        "no gzip",
    ],
)
def test_an_answer_that_breaks_off_is_read_again(connect: Connect, broken: Response) -> None:
    line = connect(broken, GOOD)

    assert line.get().json() == [{"id": 1}]

    line.script = [broken]
    with pytest.raises(UnreachableError) as caught:
        line.get()
    assert line.context.requests.total == 6
    assert_silent(caught.value)


def test_no_answer_in_time_is_unreachable(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.05)
    line = connect(GOOD)
    line.server.faults.append(lambda _, __: time.sleep(0.3) or Response(200, []))  # type: ignore[func-returns-value]

    with pytest.raises(UnreachableError, match="no answer in time") as caught:
        line.get()

    assert line.context.requests.total == 4
    assert_silent(caught.value)


@pytest.mark.parametrize(
    ("failure", "kind", "words", "attempts"),
    [
        (requests.exceptions.SSLError, ConnectorError, "the certificate cannot be verified", 1),
        (requests.exceptions.ProxyError, UnreachableError, "the proxy does not answer", 4),
        (requests.exceptions.ConnectTimeout, UnreachableError, "no answer in time", 4),
        (requests.exceptions.ReadTimeout, UnreachableError, "no answer in time", 4),
        (requests.exceptions.ConnectionError, UnreachableError, "no connection", 4),
        (requests.exceptions.ChunkedEncodingError, UnreachableError, "the answer broke off", 4),
    ],
)
def test_each_failure_of_the_network_has_its_words_and_quotes_nothing(
    tmp_path: Path, failure: type[Exception], kind: type[ConnectorError], words: str, attempts: int
) -> None:
    context = Context(tmp_path, sleep=lambda _: None)
    url = "https://tracker.example/list"
    with responses.RequestsMock() as network, session_with(GuardedAdapter(url, context)) as session:
        network.get(url, body=failure(f"{url}?secret=query with Bearer {CANARY}"))
        with pytest.raises(kind, match=words) as caught:
            session.get(f"{url}?secret=query", headers={"Authorization": f"Bearer {CANARY}"})

    assert type(caught.value) is kind
    assert context.requests.total == attempts
    assert_silent(caught.value)


def test_a_refused_token_is_refused_at_once_even_where_the_words_break_off(connect: Connect) -> None:
    line = connect(Response(401, b'{"message": "Bad cre', {"Content-Type": "application/json"}))

    with pytest.raises(AuthenticationError):
        line.get()

    assert len(line.seen) == 1


def as_json(body: bytes) -> Response:
    return Response(200, body, {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response(200, b"<html>log in</html>", {"Content-Type": "text/html; charset=utf-8"}), "a page of HTML"),
        (as_json(b" <!DOCTYPE html>"), "a page of HTML"),
        (as_json(b""), "an empty answer"),
        (as_json(b" \n"), "an empty answer"),
        (Response(204), "an empty answer"),
        (as_json(b"null"), "JSON that is no object or list"),
        (as_json(b'"text"'), "JSON that is no object or list"),
        (as_json(b"0"), "JSON that is no object or list"),
        (as_json(b"1]"), "JSON that is no object or list"),
        (Response(200, b"[]", {"Content-Type": "text/plain"}), "text/plain instead of JSON"),
        (Response(200, b"hello", {"Content-Type": "text/plain"}), "text/plain instead of JSON"),
        (Response(200, b"[]", {"Content-Type": ""}), "no content type instead of JSON"),
        (Response(300, []), "answered 300 without an address"),
        (Response(304, b""), "answered 304 without an address"),
    ],
)
def test_an_answer_that_is_no_answer_is_an_error_and_never_an_empty_list(
    connect: Connect, answer: Response, words: str
) -> None:
    line = connect(answer)

    with pytest.raises(UnexpectedResponseError, match=words) as caught:
        line.get()

    assert len(line.seen) == 1
    assert_silent(caught.value)


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/scim+json"])
def test_json_is_known_by_its_content_type(connect: Connect, kind: str) -> None:
    assert connect(Response(200, b' {"a": "\xc3\xa9"}\n', {"Content-Type": kind})).get().json() == {"a": "é"}


def test_a_body_of_just_the_cap_is_read_and_one_byte_more_is_not(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 1000)
    line = connect(as_json(b"[" + b" " * 998 + b"]"), as_json(b"[" + b" " * 999 + b"]"))

    assert line.get().json() == []
    with pytest.raises(UnexpectedResponseError, match="an answer over"):
        line.get()


def test_an_endless_body_is_not_read_to_its_end(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 100_000)
    bomb = gzip.compress(b"[" + b" " * 100_000_000 + b"]", compresslevel=1)
    line = connect(Response(200, bomb, {"Content-Type": "application/json", "Content-Encoding": "gzip"}))

    tracemalloc.start()
    try:
        with pytest.raises(UnexpectedResponseError, match="an answer over"):
            line.get()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 10_000_000
    assert line.context.requests.total == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_place_is_refused_and_the_token_stays_here(connect: Connect, status: int) -> None:
    stranger = connect(GOOD)
    line = connect(Response(status, [], {"Location": f"{stranger.url}/list?secret=query"}))

    with pytest.raises(UnexpectedResponseError, match="redirects to another place") as caught:
        line.get()

    assert f"{stranger.url}/list" in str(caught.value)
    assert stranger.seen == []
    assert len(line.seen) == 1
    assert_silent(caught.value)


@pytest.mark.parametrize("target", ["//elsewhere.example/list", "https://127.0.0.1/list", "http://localhost:1/"])
def test_a_redirect_to_another_host_scheme_or_port_is_refused(connect: Connect, target: str) -> None:
    line = connect(Response(302, [], {"Location": target}))

    with pytest.raises(UnexpectedResponseError, match="redirects to another place"):
        line.get()


def test_a_redirect_within_the_origin_is_followed_with_the_token(connect: Connect) -> None:
    line = connect(Response(301, b"", {"Location": "/api/moved?page=1"}), GOOD)

    assert line.get().json() == [{"id": 1}]

    assert [request.path for request in line.seen] == ["/list", "/moved"]
    assert line.seen[1].headers["authorization"] == f"Bearer {CANARY}"
    assert line.context.requests.total == 2


def test_a_request_to_another_place_never_leaves(connect: Connect) -> None:
    stranger = connect(GOOD)
    line = connect(GOOD)

    with pytest.raises(UnexpectedResponseError, match="the token belongs to") as caught:
        line.session.get(f"{stranger.url}/list?secret=query", headers={"Authorization": f"Bearer {CANARY}"})

    assert stranger.seen == []
    assert line.context.requests.total == 0
    assert_silent(caught.value)


def test_nothing_is_logged_of_a_request(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    line = connect(Response(502), Response(429, {}, {"Retry-After": "1"}), GOOD)

    line.get()

    assert "secret" not in caplog.text
    assert CANARY not in caplog.text


def test_a_date_that_is_none_leaves_the_clock_unknown(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    line = connect(GOOD)
    monkeypatch.setattr(line.server, "date", lambda: "yesterday")

    line.get()

    assert line.session.get_adapter(line.url).server_time is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://Jira.Example/x", True),
        ("https://jira.example:443", True),
        ("https://jira.example:8443", False),
        ("http://jira.example", False),
        ("http://jira.example:443", False),
        ("https://jira.example.evil.example", False),
        ("https://jira.example@evil.example", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, same: bool) -> None:
    assert (Origin.of(url) == Origin.of("https://jira.example")) is same


def test_an_address_in_a_message_has_no_query_and_no_user() -> None:
    assert without_query("https://me:pass@jira.example:8443/a/b?jql=x#y") == "https://jira.example:8443/a/b"
    assert without_query(None) == "://"


@pytest.mark.parametrize("authorization", [f"Bearer {CANARY}", "Basic " + b64encode(f"me:{CANARY}".encode()).decode()])
def test_a_token_that_the_tracker_echoes_is_not_repeated(connect: Connect, authorization: str) -> None:
    sent = authorization.rpartition(" ")[2]
    line = connect(Response(403, {"message": f"{CANARY} and {sent} may not"}))

    with pytest.raises(AuthenticationError, match="… and … may not") as caught:
        line.session.get(f"{line.url}/list", headers={"Authorization": authorization})

    assert CANARY not in chain(caught.value)
    assert sent not in chain(caught.value)
