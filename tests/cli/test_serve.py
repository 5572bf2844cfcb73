"""The reports as a site on this machine: what it answers, whom it does not, and how it ends."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from okrsync.sandbox.demo import TOKEN_NAMES
from support.running import Run
from support.serving import Served, served

REPORTS = ("outcomes", "plan", "retro", "audit")


@pytest.fixture(scope="module")
def folder(synced: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("served") / "project"
    shutil.copytree(synced, made)
    return made


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        with served(folder) as running:
            yield running


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TOKEN_NAMES:
        monkeypatch.setenv(name, "sandbox")


def headline(body: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", body)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", REPORTS)
def test_each_report_is_a_page_with_links_to_the_others(site: Served, name: str) -> None:
    reply = site.ask(f"/{name}")

    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert [f'href="{other}"' in reply.body for other in REPORTS] == [True] * 4
    assert '<form class="pickers" method="get"' in reply.body


def test_the_first_page_leads_to_the_outcomes(site: Served) -> None:
    reply = site.ask("/")

    assert (reply.status, reply.headers["Location"], reply.body) == (303, "outcomes", "")


def test_every_answer_keeps_browsers_from_doing_more_than_showing_it(site: Served) -> None:
    for path in ("/outcomes", "/nowhere", "/plan?x=1"):
        headers = site.ask(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Access-Control-Allow-Origin"] is None
        assert headers["Set-Cookie"] is None
        assert headers["Server"] is None


def test_a_head_tells_the_length_and_sends_nothing(site: Served) -> None:
    whole, head = site.ask("/plan"), site.ask("/plan", method="HEAD")

    assert (head.status, head.body) == (200, "")
    assert head.headers["Content-Length"] == str(len(whole.body.encode()))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_nothing_can_be_done_but_reading(site: Served, method: str) -> None:
    reply = site.ask("/outcomes", method=method, more="Origin: https://evil.example\r\n")

    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")
    assert reply.headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "127.0.0.1:{port}@evil.example",
        "evil.example@127.0.0.1:{port}",
        "localhost.:{port}",
        "0.0.0.0:{port}",
        "127.1:{port}",
        "127.0.0.1:{port}, evil.example",
    ],
)
def test_under_a_name_of_somebody_else_there_is_nothing_to_see(site: Served, host: str) -> None:
    reply = site.ask("/outcomes", host=host.format(port=site.port))

    assert reply.status == 421
    assert "KR1.1" not in reply.body


@pytest.mark.parametrize("host", ["localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_this_machine_may_be_called_by_each_of_its_names(site: Served, host: str) -> None:
    assert site.ask("/", host=host.format(port=site.port)).status == 303


def test_two_names_in_one_request_are_none(site: Served) -> None:
    told = site.send(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode()
    )

    assert told.split()[1] in {"400", "421"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/plan?spint=12", "no choice called &quot;spint&quot;; it has sprint, team, as-of"),
        ("/outcomes?sprint=12", "it has cycle, as-of"),
        ("/outcomes?as-of=yesterday", "&quot;yesterday&quot; is no day"),
        ("/outcomes?as-of=2026-13-01", "is no day"),
        ("/outcomes?cycle=2026Q9", "there are 2026Q3, 2026Q4"),
        ("/audit?cycle=2026Q3&cycle=2026Q4", "cycle is chosen twice"),
        ("/audit?team=nobody", "no team is called &quot;nobody&quot;"),
        ("/plan?sprint=nowhere", "no sprint is called &quot;nowhere&quot;"),
        ("/plan?sprint=%00%1b[31m%3Cscript%3Ealert(1)%3C/script%3E", "&lt;script&gt;"),
        ("/plan?sprint=%ED%A0%80", "no sprint is called"),
        ("/plan?sprint=../../etc/passwd", "no sprint is called"),
        ("/plan?" + "&".join(["sprint=1"] * 30), "too much at once"),
        ("/plan?sprint=" + "x" * 3000, "too much at once"),
        ("/audit?as-of=2025-01-01", "no cycle has begun by this day"),
    ],
)
def test_a_question_that_is_wrong_is_told_what_is_wrong(site: Served, path: str, said: str) -> None:
    reply = site.ask(path)

    assert (reply.status, said in reply.body) == (400, True), reply.body
    assert not re.search(r"<script|[\x00-\x09\x0b-\x1f]", reply.body)
    assert "Traceback" not in reply.body


@pytest.mark.parametrize("path", ["/x", "/outcomes/", "/../okrsync.yaml", "/okrsync.db", "/%2e%2e/"])
def test_there_are_four_pages_and_no_file(site: Served, path: str) -> None:
    assert site.ask(path).status == 404


def test_a_chosen_sprint_day_and_team_hold_and_go_along(site: Served) -> None:
    body = site.ask("/plan?sprint=product:1132&team=checkout&as-of=2026-11-20").body

    assert "PAY Sprint 32" in headline(body) or "PAY Sprint 32" in body
    assert re.search(r'<option value="product:1132" selected>', body)
    assert re.search(r'<option value="checkout" selected>', body)
    assert 'value="2026-11-20"' in body
    assert 'href="audit?as-of=2026-11-20"' in body


def test_a_sprint_that_was_asked_for_by_name_is_the_one_that_is_shown_as_chosen(site: Served) -> None:
    body = site.ask("/plan?sprint=PAY%20Sprint%2032").body

    assert '<option value="PAY Sprint 32" selected>' in body


def test_two_who_ask_at_once_both_get_their_own_answer(site: Served) -> None:
    asked = ["/audit?cycle=2026Q3", "/audit?cycle=2026Q4"] * 3
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(site.ask, asked))

    assert [reply.status for reply in replies] == [200] * 6
    for path, reply in zip(asked, replies, strict=True):
        assert f"Audit · {path[-6:]}" in reply.body


@pytest.mark.needs("signals")
def test_what_a_file_says_by_now_counts_and_a_broken_one_is_told_in_words(project: Path, tokens: None) -> None:
    settings, okrs = project / "okrsync.yaml", project / "okrs.yaml"
    whole, goals = settings.read_text(encoding="utf-8"), okrs.read_text(encoding="utf-8")
    with served(project) as running:
        settings.write_text("sources: [}\n", encoding="utf-8")
        broken = running.ask("/outcomes")
        settings.write_text(whole, encoding="utf-8")
        okrs.write_text(goals.replace("Phone checkout from", "Phone basket from"), encoding="utf-8")
        after = running.ask("/outcomes")
        code, said = running.ended(signal.SIGTERM)

    assert (broken.status, "okrsync.yaml" in broken.body, "Traceback" in broken.body) == (500, True, False)
    assert (after.status, "Phone basket from" in after.body) == (200, True)
    assert (code, said) == (0, "")


def test_an_empty_store_is_shown_as_one(project: Path, tokens: None) -> None:
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    with served(project) as running:
        told = {name: running.ask(f"/{name}") for name in REPORTS}

    assert {name: reply.status for name, reply in told.items()} == {
        "outcomes": 200, "plan": 200, "audit": 200, "retro": 400
    }  # fmt: skip
    assert "never read" in told["outcomes"].body
    assert "run okrsync sync first" in told["retro"].body


@pytest.mark.needs("signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to_and_says_nothing(folder: Path, tokens: None, number: int) -> None:
    with served(folder) as running:
        running.ask("/")
        assert running.ended(number) == (0, "")


def test_a_port_that_is_taken_is_told(untouched: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ran = untouched("serve", "--port", port)

    assert ran.code == 1
    assert f"127.0.0.1:{port} cannot be used" in ran.err
    assert "--port" in ran.err


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - that it is refused is the test
def test_another_address_needs_a_proxy_that_asks_for_a_login(untouched: Run, address: str) -> None:
    ran = untouched("serve", "--bind", address)

    assert (ran.code, "--behind-proxy" in ran.err) == (2, True)


@pytest.mark.parametrize(
    "options", [["--bind", "example.org"], ["--behind-proxy", "https://reports.example.org"], ["--behind-proxy", ""]]
)
def test_what_is_no_address_or_host_is_told(untouched: Run, options: list[str]) -> None:
    ran = untouched("serve", *options)

    assert (ran.code, "write for example" in ran.err) == (2, True)


def test_behind_a_proxy_it_answers_to_the_proxys_name(folder: Path, tokens: None) -> None:
    with served(folder, "--bind", "0.0.0.0", "--behind-proxy", "Reports.example.org") as running:  # noqa: S104 - as above
        assert running.ask("/", host="reports.example.org").status == 303
        assert running.ask("/").status == 421


def test_titles_can_be_kept_back(folder: Path, tokens: None) -> None:
    with served(folder, "--redact", "titles") as running:
        body = running.ask("/plan").body
        wrong = running.ask("/plan?sprint=nowhere").body

    assert "(title hidden)" in body
    assert "GRO Sprint" not in body + wrong


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_out_of_range_is_refused_with_what_to_write(site: Served, okrsync: Run, name: str, day: str) -> None:
    reply = site.ask(f"/{name}?as-of={day}")

    assert reply.status == 400
    assert "write a day from 1970-01-01 to 2200-12-31" in reply.body
    ran = okrsync(name, *(("--sprint", "last") if name == "retro" else ()), "--as-of", day)
    assert (ran.code, "write a day from 1970-01-01 to 2200-12-31" in " ".join(ran.err.split())) == (2, True)


def test_150_connections_that_send_half_a_request_block_nobody(site: Served) -> None:
    with ExitStack() as idle:
        for _ in range(150):
            line = idle.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=10))
            line.sendall(f"GET /outcomes HTTP/1.1\r\nHost: 127.0.0.1:{site.port}".encode())
        asked = time.monotonic()

        assert site.ask("/").status == 303
        assert time.monotonic() - asked < 20
