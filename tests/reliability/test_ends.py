"""How a run ends early: told to end, the disk full, the database gone, twenty at once; and that the next one heals."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from okrsync.errors import StoreError
from okrsync.sandbox.http import Fault, Request, Response
from okrsync.store.database import Store
from okrsync.store.records import Fingerprints
from okrsync.store.unit_of_work import UnitOfWork
from support.small_project import PROGRAM, SOURCES, Killing, contents, ended, killing, sync_here
from support.stores import PostgresServer

pytestmark = [pytest.mark.needs("fork"), pytest.mark.long]


@pytest.fixture(scope="module")
def in_a_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killing]:
    with killing(tmp_path_factory.mktemp("ends"), None) as ready:
        yield ready


@pytest.fixture(scope="module")
def on_a_server(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Killing]:
    with killing(tmp_path_factory.mktemp("ends"), postgres) as ready:
        yield ready


class Gate:
    """Meets the first request that *is_meant*; then *answer* says what it gets, and when."""

    def __init__(self, is_meant: Callable[[str, Request], bool], answer: Callable[[], Response | None]) -> None:
        self.reached = threading.Event()
        self._is_meant = is_meant
        self._answer = answer

    def __call__(self, mount: str, request: Request) -> Response | None:
        if not self._is_meant(mount, request) or self.reached.is_set():
            return None
        self.reached.set()
        return self._answer()


def with_fault(ready: Killing, fault: Fault) -> Callable[[], None]:
    """Let the sites answer by *fault*; what is returned takes it away."""
    faults = ready.project.sites.server.faults
    faults.append(fault)
    return lambda: faults.remove(fault)


# Told to end


def a_later_page(mount: str, request: Request) -> bool:
    return mount == "jira" and request.path.endswith("/search/jql") and "nextPageToken" in request.query


def a_history(_mount: str, request: Request) -> bool:
    return request.path.endswith("/changelog/bulkfetch")


def wait_for(event: threading.Event) -> Response | None:
    """Answer as ever, once *event* has come."""
    event.wait(90)
    return None


PHASES: dict[str, tuple[Callable[[str, Request], bool], Callable[[threading.Event], Response | None]]] = {
    "a page is read": (a_later_page, wait_for),
    "a limit is waited for": (a_later_page, lambda _: Response(429, {"message": "slow"}, {"Retry-After": "200"})),
    "history is read": (a_history, wait_for),
}


@pytest.mark.needs("signals")
@pytest.mark.parametrize(
    "phase",
    ["a page is read", *(pytest.param(name, marks=pytest.mark.long) for name in PHASES if name != "a page is read")],
)
def test_a_run_that_is_told_to_end_keeps_what_it_read_and_the_next_one_goes_on(in_a_file: Killing, phase: str) -> None:
    is_meant, answer = PHASES[phase]
    told = threading.Event()
    gate = Gate(is_meant, lambda: answer(told))
    take_away = with_fault(in_a_file, gate)
    config, url = in_a_file.run_from("empty")
    process = in_a_file.project.start(config)
    try:
        assert gate.reached.wait(60)
        process.terminate()
        asked = time.monotonic()
        threading.Timer(0.3, told.set).start()  # the answer comes once the signal is in
        code, words = ended(process)
    finally:
        told.set()
        take_away()
    assert code == 75, words
    assert time.monotonic() - asked < 10
    assert "SIGTERM: ending behind this page" in words
    with closing(Store.open(url)) as store, store.read() as view:
        read = {source: sum(entry.source == source for entry in view.items()) for source in SOURCES}
        assert view.last_runs()["product"].status in {"partial", "failed"}
    assert read["hub"] == 21, "the source before it is whole"
    if phase != "history is read":
        assert read["product"] >= 5, "and so is the page before"
    in_a_file.is_healed(config, url, "empty")


# The disk is full


def prefixed(program: str, config: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program + PROGRAM, "sync", "--quiet", "--census", "--config", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


FEW_PAGES = """
from okrsync.store import backends
prepare = backends._prepare_sqlite
def small(connection, record):
    prepare(connection, record)
    connection.execute("PRAGMA max_page_count={pages}")
backends._prepare_sqlite = small
"""
SMALL_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""


@pytest.mark.parametrize(
    "way",
    [
        "no page is left",
        pytest.param("no file may grow", marks=[pytest.mark.needs("resource limits"), pytest.mark.long]),
    ],
)
def test_a_full_disk_is_exit_1_names_the_store_and_keeps_what_was_there(in_a_file: Killing, way: str) -> None:
    config, url = in_a_file.run_from("empty")
    path = Path(url.removeprefix("sqlite:///"))
    Store.open(url).close()
    with closing(sqlite3.connect(path)) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    program = FEW_PAGES.format(pages=pages) if way == "no page is left" else SMALL_FILES.format(size=16_384)

    code, words = ended(prefixed(program, config))

    assert code == 1, words
    assert str(path) in words
    assert "Traceback" not in words
    in_a_file.is_healed(config, url, "empty")


# The server goes away


def test_a_server_that_restarts_between_two_runs_is_not_even_noticed(
    on_a_server: Killing, postgres: PostgresServer
) -> None:
    _, url = on_a_server.run_from("synced")
    with closing(Store.open(url)) as store:
        before = contents(url)
        postgres.restart()
        with store.read() as view:
            assert list(view.items())
        with store.write() as unit:
            unit.save_stream("other", "x", Fingerprints("a", "b"), None)
    assert contents(url)["item"] == before["item"]


def test_a_server_that_restarts_within_a_run_is_survived_or_exit_1(
    on_a_server: Killing, postgres: PostgresServer
) -> None:
    def restart() -> Response | None:
        postgres.restart()
        return None  # the site answers as ever

    gate = Gate(a_later_page, restart)
    take_away = with_fault(on_a_server, gate)
    config, url = on_a_server.run_from("synced")
    code, words = ended(on_a_server.project.start(config, "--census"))
    take_away()
    assert gate.reached.is_set()
    assert code in {0, 1}, words
    assert "Traceback" not in words
    on_a_server.is_healed(config, url, "synced")


@pytest.mark.parametrize("breaks", [1, 2])
def test_a_transaction_that_breaks_is_done_once_more_and_no_more(
    on_a_server: Killing, postgres: PostgresServer, breaks: int
) -> None:
    _, url = on_a_server.run_from("synced")
    times = 0

    def save(unit: UnitOfWork) -> int:
        nonlocal times
        times += 1
        unit.save_stream("other", f"p{times}", Fingerprints("a", "b"), None)
        if times <= breaks:
            postgres.restart()
        unit.connection.execute(sa.text("SELECT 1"))
        return times

    with closing(Store.open(url)) as store:
        if breaks == 1:
            assert store.written(save) == 2
        else:
            with pytest.raises(StoreError, match=r"127\.0\.0\.1.*check the server and its log"):
                store.written(save)
        assert times == 2
    kept = [row for row in contents(url)["stream_state"] if row[0] == "other"]
    assert [row[1] for row in kept] == (["p2"] if breaks == 1 else [])


# Twenty at once


@pytest.mark.parametrize("kind", ["in_a_file", "on_a_server"])
def test_of_twenty_syncs_at_once_one_reads_a_source_and_the_others_name_it(
    request: pytest.FixtureRequest, kind: str
) -> None:
    ready: Killing = request.getfixturevalue(kind)
    others_are_over = threading.Event()
    gate = Gate(lambda mount, _: mount == "github", lambda: wait_for(others_are_over))
    take_away = with_fault(ready, gate)
    config, url = ready.run_from("empty")
    running = [ready.project.start(config, "--census") for _ in range(20)]
    # The winner of the first source waits for its first answer, so that all others come while it holds the lock.
    deadline = time.monotonic() + 90
    while sum(process.poll() is not None for process in running) < 19 and time.monotonic() < deadline:
        time.sleep(0.05)
    others_are_over.set()
    results = [(process, *ended(process)) for process in running]
    take_away()

    codes = sorted(code for _, code, _ in results)
    assert codes == [0] + [75] * 19, [words for _, _, words in results]
    (winner,) = [process.pid for process, code, _ in results if code == 0]
    for _, code, words in results:
        if code == 75:
            holder = re.search(r"source hub: process (\d+) on \S+ since 2026-03-31 23:59 UTC is reading it", words)
            assert holder, words
            assert int(holder[1]) == winner
    with closing(Store.open(url)) as store, store.read() as view:
        runs = view._connection.execute(sa.text("SELECT count(*) FROM sync_run WHERE source = 'hub'")).scalar()
    assert runs == 1, "nobody but the winner read it"
    ready.is_healed(config, url, "empty")


def test_sync_here_is_what_a_process_does(in_a_file: Killing) -> None:
    config, url = in_a_file.run_from("synced")
    assert sync_here(config, "--census") == 0
    assert contents(url) == in_a_file.calm["synced"]
