"""Metrics over HTTP from a real loopback server: what is read, and how every bad answer is refused."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from okrsync.errors import ConnectorError, MetricError
from okrsync.metrics.csv_file import CsvSource
from okrsync.metrics.http_json import WebSettings, WebSource
from okrsync.model.ledger import Observation
from okrsync.plugins.metric_source import MetricContext
from okrsync.sandbox.http import Handler, LoopbackServer, Request, Response

NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)
TOKEN = "hush-hush-hush-hush"
POINTS = [{"date": "2026-10-02", "value": 42.5}, {"date": "2026-10-01", "value": 41}]
Serve = Callable[[Handler], LoopbackServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers on this machine, and stops them."""
    started: list[LoopbackServer] = []

    def start(handler: Handler) -> LoopbackServer:
        started.append(LoopbackServer({"/data": handler}))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.stop()


def context(folder: Path) -> MetricContext:
    return MetricContext(folder=folder, root=folder, now=NOW, zone=ZoneInfo("Europe/Berlin"))


def read(url: str, folder: Path, **more: Any) -> Sequence[Observation]:
    return WebSource().read("activation", {"type": "http", "url": url, **more}, context(folder))


def told(observations: Sequence[Observation]) -> list[tuple[str, float]]:
    return [(entry.day.isoformat(), entry.value) for entry in observations]


def answering(payload: object, status: int = 200, **headers: str) -> Handler:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: Response(status, payload, named)


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises((MetricError, ConnectorError)) as refused:
        call()
    chain: BaseException | None = refused.value
    while chain is not None:
        assert TOKEN not in str(chain) + repr(chain)
        chain = chain.__cause__ or chain.__context__
    return str(refused.value)


@pytest.mark.parametrize(
    ("payload", "settings"),
    [
        (POINTS, {}),
        ([["2026-10-02", 42.5], ["2026-10-01", 41]], {}),
        ([["2026-10-02T09:00:00+02:00", 42.5, 900], ["2026-10-01", 41, None]], {}),
        (
            {"rows": [{"d": 1790892000, "v": 42.5}, {"d": 1790805600000, "v": 41}]},
            {"jmespath": "rows", "date": "d", "value": "v"},
        ),
        (
            {"a": {"b": [{"when": "2026-10-02", "is": "42.5"}, {"when": "2026-10-01", "is": "41"}]}},
            {"jmespath": "a.b[].{date: when, value: to_number(is)}"},
        ),
        ([*POINTS, {"date": "2026-10-03", "value": None}], {}),
    ],
)
def test_the_expression_picks_the_points(serve: Serve, tmp_path: Path, payload: Any, settings: dict[str, str]) -> None:
    found = read(serve(answering(payload)).url + "/data/x?window=90", tmp_path, **settings)
    assert told(found) == [("2026-10-01", 41.0), ("2026-10-02", 42.5)]


def test_the_token_is_sent_and_the_query_kept(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_TOKEN", TOKEN)
    monkeypatch.setenv("TENANT", "acme")
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        seen.append(request)
        return Response(200, POINTS)

    url = serve(handle).url + "/data/x?window=90"
    secrets = {"token": {"env": "DATA_TOKEN"}, "headers": {"X-Scope-OrgID": {"env": "TENANT"}}}
    read(url, tmp_path, **secrets)
    read(url, tmp_path, user="me", **secrets)
    assert [request.method for request in seen] == ["GET", "GET"]
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert seen[1].headers["Authorization"].startswith("Basic ")
    assert seen[0].headers["X-Scope-OrgID"] == "acme"
    assert seen[0].argument("window") == "90"


@pytest.mark.parametrize(
    ("payload", "settings", "said"),
    [
        (
            {"rows": POINTS},
            {"jmespath": "data"},
            "the expression finds nothing in the answer; mend jmespath; the answer has rows",
        ),
        ({"rows": POINTS}, {}, "the expression gives an object instead of a list"),
        ({"a": "b"}, {"jmespath": "length(a) == `1`"}, "true or false"),
        ({"a": 3}, {"jmespath": "length(a)"}, "the expression fails on this answer"),
        ([{"day": "2026-10-01", "value": 1}], {}, 'entry 1: no field "date"'),
        ([{"date": "2026-10-01", "count": 1}], {}, 'entry 1: no field "value"'),
        ([{"date": "2026-10-01", "value": "41"}], {}, 'entry 1: "41" is no number; convert it'),
        ([{"date": "2026-10-01", "value": True}], {}, "entry 1: True is no number"),
        ([{"date": "2026-10-01", "value": [1]}], {}, "entry 1: [1] is no number"),
        ([{"date": "01.10.2026", "value": 1}], {}, 'entry 1: "01.10.2026" is no date'),
        ([{"date": 20261001, "value": 1}], {}, "entry 1: 20261001 is no date"),
        ([{"date": 1e300, "value": 1}], {}, "is no date"),
        ([POINTS[0], POINTS[0]], {}, "entry 2: 2026-10-02 is there twice (first in entry 1)"),
        ([7], {}, "entry 1: neither an object nor a pair"),
        ([[1]], {}, "entry 1: a list of 1"),
        (b"<html>log in</html>", {}, "a page of HTML instead of JSON"),
        (b"", {}, "an answer that is not JSON"),
        (b'[{"date": "2026-10-01", "value": NaN}]', {}, "not JSON"),
        (b"[" * 100_000, {}, "not JSON"),
        ([{"date": "\x1b[2J", "value": 1}], {}, '"[2J" is no date'),
    ],
)
def test_an_answer_without_points_is_refused(
    serve: Serve, tmp_path: Path, payload: Any, settings: dict[str, str], said: str
) -> None:
    server = serve(answering(payload))
    text = refusal(lambda: read(server.url + "/data/x?view=private", tmp_path, **settings))
    assert said in text
    assert f"{server.url}/data/x" in text
    assert "private" not in text
    assert "\x1b" not in text


def test_all_bad_entries_are_named_at_once_up_to_a_limit(serve: Serve, tmp_path: Path) -> None:
    text = refusal(lambda: read(serve(answering([["x", 1]] * 30)).url + "/data", tmp_path))
    assert "entry 20:" in text
    assert "entry 21:" not in text
    assert "and 10 more like that" in text


@pytest.mark.parametrize(
    ("status", "payload", "said"),
    [
        (401, b"", "refused (401); check the token"),
        (403, b"", "refused (403)"),
        (404, b"", "not found (404); check the url"),
        (500, {"error": "no\x1b disk"}, 'answered 500: "no  disk"'),
        (204, b"", "answered 204"),
    ],
)
def test_a_refusal_is_told_with_the_servers_words(
    serve: Serve, tmp_path: Path, status: int, payload: object, said: str
) -> None:
    assert said in refusal(lambda: read(serve(answering(payload, status)).url + "/data", tmp_path))


def test_a_redirect_within_the_place_is_followed(serve: Serve, tmp_path: Path) -> None:
    def handle(request: Request) -> Response:
        return Response(302, b"", {"Location": "/data/new"}) if request.path == "/old" else Response(200, POINTS)

    assert len(read(serve(handle).url + "/data/old", tmp_path)) == 2


def test_a_redirect_to_another_place_is_refused_and_nothing_is_sent_there(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_TOKEN", TOKEN)
    elsewhere = serve(answering(POINTS))
    url = serve(answering(b"", 302, Location=f"{elsewhere.url}/data/x?t={TOKEN}")).url + "/data"
    text = refusal(lambda: read(url, tmp_path, token={"env": "DATA_TOKEN"}))
    assert f"redirects to another place ({elsewhere.url}/data/x)" in text
    assert "allowed_hosts" in text
    assert elsewhere.log == []


def test_a_redirect_to_an_allowed_host_is_followed_without_the_token(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_TOKEN", TOKEN)
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        seen.append(request)
        return Response(200, POINTS)

    elsewhere = serve(handle)
    url = serve(answering(b"", 307, Location=elsewhere.url + "/data/x")).url + "/data"
    port = elsewhere.url.rpartition(":")[2]
    found = read(url, tmp_path, token={"env": "DATA_TOKEN"}, allowed_hosts=[f"127.0.0.1:{port}"])
    assert len(found) == 2
    assert "Authorization" not in seen[0].headers


@pytest.mark.parametrize("location", ["", "http://[::1", "ftp://127.0.0.1/x", "/data"])
def test_a_redirect_that_leads_nowhere_ends(serve: Serve, tmp_path: Path, location: str) -> None:
    assert "redirects" in refusal(lambda: read(serve(answering(b"", 301, Location=location)).url + "/data", tmp_path))


def test_an_answer_of_100_mb_is_cut_off(serve: Serve, tmp_path: Path) -> None:
    body = b"[" + b" " * 100_000_000 + b"]"
    server = serve(answering(body))
    assert "an answer over 16 MiB; ask for less, or raise max_mib" in refusal(
        lambda: read(server.url + "/data", tmp_path)
    )


def test_a_small_answer_that_unpacks_to_100_mb_is_cut_off(serve: Serve, tmp_path: Path) -> None:
    packed = gzip.compress(b"[" + b" " * 100_000_000 + b"]", 6)
    assert len(packed) < 200_000
    server = serve(answering(packed, Content_Encoding="gzip"))
    assert "an answer over 16 MiB" in refusal(lambda: read(server.url + "/data", tmp_path))


def test_a_packed_answer_is_read(serve: Serve, tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(POINTS).encode())
    assert len(read(serve(answering(packed, Content_Encoding="gzip")).url + "/data", tmp_path)) == 2


def test_an_answer_that_breaks_off_is_refused(serve: Serve, tmp_path: Path) -> None:
    server = serve(answering(b'[{"date": ', Content_Length="500"))

    def stop() -> object:
        return read(server.url + "/data", tmp_path, timeout_seconds=0.5)

    assert "time" in refusal(stop) or "broke off" in refusal(stop)


def test_a_slow_server_is_given_up(serve: Serve, tmp_path: Path) -> None:
    def handle(_request: Request) -> Response:
        time.sleep(1.0)
        return Response(200, POINTS)

    text = refusal(lambda: read(serve(handle).url + "/data", tmp_path, timeout_seconds=0.2))
    assert "no answer in time" in text or "no whole answer within 0.2 seconds" in text


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(tmp_path: Path) -> None:
    is_over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not is_over.wait(0.02):
                connection.sendall(b" ")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        text = refusal(lambda: read(url, tmp_path, timeout_seconds=0.3))
        assert text == f"{url}: no whole answer within 0.3 seconds; try again, or raise timeout_seconds"
    finally:
        is_over.set()
        thread.join()
        listener.close()


def test_no_server_is_a_clear_error(tmp_path: Path) -> None:
    assert "no connection" in refusal(lambda: read("http://127.0.0.1:9/x", tmp_path))


def test_a_server_that_repeats_the_token_is_not_quoted(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_TOKEN", TOKEN)
    for status in (200, 500):
        server = serve(answering([{"date": f"Bearer {TOKEN}", "value": 1}], status))
        text = refusal(lambda url=server.url: read(url + "/data", tmp_path, token={"env": "DATA_TOKEN"}))  # type: ignore[misc]
        assert "an answer that repeats the token" in text


def test_a_token_that_is_not_there_is_named_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATA_TOKEN", raising=False)
    text = refusal(lambda: read("http://127.0.0.1:9/x", tmp_path, token={"env": "DATA_TOKEN"}))
    assert text == "environment variable DATA_TOKEN: not set; export DATA_TOKEN with the token"


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "ftp://a/b"},
        {"url": "https://me:hush@a/b"},
        {"url": "https://a/b?api_key=hush"},
        {"url": "http://data.example.com/b", "token": {"env": "X"}},
        {"url": "http://data.example.com/b", "headers": {"X-Key": {"env": "X"}}},
        {"url": "https://a/b", "headers": {"X-Key": "hush"}},
        {"url": "https://a/b", "headers": {"X\r\nY": {"env": "X"}}},
        {"url": "https://a/b", "user": "me"},
        {"url": "https://a/b", "allowed_hosts": ["https://a"]},
        {"url": "https://a/b", "jmespath": "a["},
        {"url": "https://a/b", "timeout_seconds": 0},
        {"url": "https://a/b", "method": "POST"},
    ],
)
def test_settings_that_cannot_work_or_would_leak_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        WebSettings.model_validate({"type": "http", **settings})
    assert all("hush" not in entry["msg"] for entry in refused.value.errors())


def test_http_without_a_token_is_for_every_machine() -> None:
    assert WebSettings.model_validate({"type": "http", "url": "http://data.example.com/b"}).allowed_hosts == []


def test_csv_is_read_from_a_url(serve: Serve, tmp_path: Path) -> None:
    server = serve(answering(b"date,value,n\n2026-10-02,42.5,900\n2026-10-01,41,\n"))
    found = CsvSource().read("activation", {"type": "csv", "url": server.url + "/data/a.csv?x=1"}, context(tmp_path))
    assert told(found) == [("2026-10-01", 41.0), ("2026-10-02", 42.5)]
    assert found[0].origin == "csv:a.csv"


def test_a_bad_cell_at_a_url_is_named_by_line_and_column(serve: Serve, tmp_path: Path) -> None:
    server = serve(answering(b"date,value\n2026-10-02,many\n"))
    source = {"type": "csv", "url": server.url + "/data/a.csv"}
    text = refusal(lambda: CsvSource().read("activation", source, context(tmp_path)))
    assert f'{server.url}/data/a.csv:2:2: "many" is no number' in text


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"path": "a.csv", "url": "https://a/b.csv"},
        {"path": "https://a/b.csv"},
        {"path": "a.csv", "timeout_seconds": 3},
    ],
)
def test_csv_is_read_from_one_place(source: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CsvSource.Settings.model_validate({"type": "csv", **source})
