"""The loopback server, and both sites on it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from okrsync.sandbox.http import Headers, LoopbackServer, Request, Response
from okrsync.sandbox.serve import Sites, serve_until_terminated
from okrsync.sandbox.tracker_data import GithubData, GithubRepository, JiraData

PROGRAM = """
from okrsync.sandbox.serve import Sites, serve_until_terminated
from okrsync.sandbox.tracker_data import GithubData, JiraData
serve_until_terminated(Sites(GithubData(), JiraData()), lambda line: print(line, flush=True))
print("stopped", flush=True)
"""


def echo(request: Request) -> Response:
    if request.path == "/broken":
        raise LookupError(request.path)
    if request.path == "/bytes":
        return Response(200, b"{cut", {"Content-Type": "application/json"})
    told = [request.method, request.path, request.query, request.body.decode(), request.base_url]
    return Response(200, told, {"X-Seen": request.headers.get("x-sent", "")})


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer({"/echo": echo}) as running:
        yield running


def test_a_handler_sees_the_path_below_its_mount_and_the_mounts_own_address(server: LoopbackServer) -> None:
    address = server.url.replace("127.0.0.1", "localhost")
    answer = requests.post(f"{address}/echo/a%20b/c?x=1&x=2&y=", b"text", headers={"X-SENT": "here"}, timeout=10)

    assert answer.json() == ["POST", "/a b/c", {"x": ["1", "2"], "y": [""]}, "text", f"{address}/echo"]
    assert answer.headers["X-Seen"] == "here"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def test_an_exception_becomes_a_json_500_and_is_kept(server: LoopbackServer) -> None:
    answer = requests.get(f"{server.url}/echo/broken", timeout=10)

    assert answer.status_code == 500
    assert "LookupError" in answer.json()["message"]
    assert [type(error) for error in server.errors] == [LookupError]


def test_bytes_are_sent_as_they_are_with_the_headers_given(server: LoopbackServer) -> None:
    answer = requests.get(f"{server.url}/echo/bytes", timeout=10)

    assert answer.content == b"{cut"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == "4"


def test_a_path_without_a_mount_gets_404(server: LoopbackServer) -> None:
    assert requests.get(f"{server.url}/elsewhere", timeout=10).status_code == 404


def test_one_connection_serves_many_requests_without_delay(server: LoopbackServer) -> None:
    with requests.Session() as session:
        started = time.monotonic()
        answers = [session.get(f"{server.url}/echo/{number}", timeout=10) for number in range(100)]
        # With Nagle's algorithm each of them would wait 40 ms for an acknowledgement.
        assert time.monotonic() - started < 3

    assert all(answer.status_code == 200 for answer in answers)
    assert answers[0].raw.version == 11
    assert [each.path for each in server.log] == [f"/echo/{number}" for number in range(100)]


def test_a_head_request_gets_headers_only(server: LoopbackServer) -> None:
    answer = requests.head(f"{server.url}/echo/any", timeout=10)

    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


def test_a_length_that_is_no_number_gets_400(server: LoopbackServer) -> None:
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10) as client:
        client.sendall(b"POST /echo/a HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")
        assert client.recv(64).startswith(b"HTTP/1.1 400 ")


def test_the_log_can_be_cleared_between_two_counts(server: LoopbackServer) -> None:
    requests.get(f"{server.url}/echo/a", timeout=10)
    server.clear_log()

    assert server.log == []


def test_header_names_compare_without_case() -> None:
    headers = Headers({"Content-Type": "a"})

    assert (headers["content-type"], headers.get("CONTENT-TYPE"), list(headers), len(headers)) == (
        "a",
        "a",
        ["content-type"],
        1,
    )


def test_a_stopped_server_frees_its_port_and_drops_kept_connections() -> None:
    with requests.Session() as session:
        server = LoopbackServer({"/echo": echo})
        server.start()
        address = server.url
        session.get(f"{address}/echo/a", timeout=10)
        server.stop()
        server.stop()

        with pytest.raises(requests.ConnectionError):
            session.get(f"{address}/echo/a", timeout=10)
    with LoopbackServer({"/echo": echo}, port=int(address.rpartition(":")[2])) as again:
        again.start()
        assert again.url == address


def test_a_server_that_is_not_started_has_no_address() -> None:
    with pytest.raises(RuntimeError, match="call start"):
        _ = LoopbackServer({}).url


def test_requests_are_answered_side_by_side() -> None:
    both_here = threading.Barrier(2, timeout=10)

    def meet(_: Request) -> Response:
        both_here.wait()
        return Response(204)

    statuses: list[int] = []
    with LoopbackServer({"/meet": meet}) as server:
        address = f"{server.url}/meet/"
        clients = [
            threading.Thread(target=lambda: statuses.append(requests.get(address, timeout=10).status_code))
            for _ in range(2)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    assert statuses == [204, 204]


def test_both_sites_answer_with_the_companys_own_date() -> None:
    today = datetime(2026, 3, 31, 12, tzinfo=UTC)
    github = GithubData([GithubRepository("acme/shop", [])])
    with Sites(github, JiraData(), clock=lambda: today) as sites:
        headers = {"Authorization": "Bearer good"}
        listed = requests.get(f"{sites.github_url}/repos/acme/shop/issues", headers=headers, timeout=10)
        told = requests.get(f"{sites.jira_url}/rest/api/3/serverInfo", timeout=10)

    assert listed.json() == []
    assert told.json()["serverTime"] == "2026-03-31T12:00:00.000+0000"
    assert listed.headers["Date"] == told.headers["Date"] == "Tue, 31 Mar 2026 12:00:00 GMT"


@pytest.mark.needs("signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_serving_process_announces_its_addresses_and_stops_at_a_signal(number: signal.Signals) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, encoding="utf-8", env=environment
    ) as served:
        assert served.stdout is not None
        addresses = json.loads(served.stdout.readline())
        assert requests.get(f"{addresses['jira']}/rest/api/2/serverInfo", timeout=10).status_code == 200
        assert requests.get(f"{addresses['github']}/user", timeout=10).status_code == 401

        served.send_signal(number)
        assert served.stdout.readline() == "stopped\n"
        assert served.wait(timeout=10) == 0


def test_signal_handlers_are_put_back_after_serving() -> None:
    before = signal.getsignal(signal.SIGTERM)
    lines: list[str] = []

    def announce(line: str) -> None:
        lines.append(line)
        signal.raise_signal(signal.SIGTERM)

    serve_until_terminated(Sites(GithubData(), JiraData()), announce)

    assert set(json.loads(lines[0])) == {"github", "jira"}
    assert signal.getsignal(signal.SIGTERM) is before
