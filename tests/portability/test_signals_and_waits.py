"""Systems with fewer signals, on which a wait cannot be interrupted: everything still starts, and still ends."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.request import urlopen

import pytest

from okrsync.cli import serve
from okrsync.errors import DeadlineError, UnreachableError
from okrsync.jobs.cancellation import SLICE_SECONDS, Cancellation, handle_signals
from okrsync.metrics import timeouts
from okrsync.plugins.context import Context
from okrsync.sandbox.demo import free_port
from okrsync.sandbox.http import claim_port
from okrsync.sandbox.serve import Sites, serve_until_terminated
from okrsync.sandbox.tracker_data import GithubData, JiraData
from support.running import Run

LACKING = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL", "SIGALRM", "SIGPIPE")


def without_signals(patch: pytest.MonkeyPatch) -> None:
    for name in LACKING:
        patch.delattr(signal, name, raising=False)


def refusing_handlers(patch: pytest.MonkeyPatch) -> None:
    def refuse(number: int, handler: object) -> None:
        raise ValueError("signal only works in main thread of the main interpreter")

    patch.setattr(signal, "signal", refuse)


SYSTEMS = pytest.mark.parametrize("change", [without_signals, refusing_handlers])


@SYSTEMS
@pytest.mark.usefixtures("project")
def test_a_sync_runs(
    okrsync: Run, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    change(monkeypatch)

    found = okrsync("sync", "--quiet")

    assert found.code == 0, found.err
    assert "product: ok" in found.err


@pytest.mark.parametrize("change", [without_signals, pytest.param(refusing_handlers, marks=pytest.mark.long)])
def test_the_demo_runs(
    okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    change(monkeypatch)

    assert okrsync("demo", "--dir", tmp_path / "demo", "--format", "json").code == 0


@SYSTEMS
def test_loopback_trackers_serve_and_end_with_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    change(monkeypatch)
    sites = Sites(GithubData([]), JiraData([]))

    def answer_and_interrupt(_line: str) -> None:
        with urlopen(f"{sites.jira_url}/rest/api/3/serverInfo") as answer:  # noqa: S310 - loopback
            assert answer.status == 200
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve_until_terminated(sites, answer_and_interrupt)


@SYSTEMS
@pytest.mark.usefixtures("project")
def test_the_reports_are_served_until_ctrl_c(
    okrsync: Run, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    class Server:
        effective_port = 1

        def run(self) -> None:
            raise KeyboardInterrupt

    change(monkeypatch)
    monkeypatch.setattr(serve, "_listening", lambda *_: Server())

    found = okrsync("serve", "--port", "0")

    assert (found.code, "Ctrl-C ends it" in found.err) == (0, True), found.err


def test_the_reports_are_served_outside_the_main_thread() -> None:
    ended: list[bool] = []

    def serve_briefly() -> None:
        with serve._ended_by_signals():
            ended.append(True)

    thread = threading.Thread(target=serve_briefly)
    thread.start()
    thread.join()

    assert ended == [True]


@pytest.mark.needs("signals")
def test_ctrl_break_of_windows_ends_what_ctrl_c_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    called: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        called.append(number)

    with handle_signals(("SIGBREAK",), note):
        signal.raise_signal(signal.SIGUSR1)

    assert called == [signal.SIGUSR1]


def test_handlers_that_python_did_not_set_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    put: list[Any] = []

    def set_handler(number: int, handler: Any) -> None:
        put.append(handler)

    monkeypatch.setattr(signal, "signal", set_handler)
    with handle_signals(("SIGTERM",), lambda *_: None):
        pass

    assert put[1:] == [signal.SIG_DFL]


@contextmanager
def noted_waits(patch: pytest.MonkeyPatch) -> Iterator[list[float | None]]:
    """The lengths of all waits for an event inside, which pass at once."""
    waits: list[float | None] = []

    def wait(self: threading.Event, timeout: float | None = None) -> bool:
        waits.append(timeout)
        return self.is_set()

    with patch.context() as inner:
        inner.setattr(threading.Event, "wait", wait)
        yield waits


def test_a_long_wait_for_a_tracker_is_many_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = Cancellation()
    context = stopping.equip(Context(Path()))

    with noted_waits(monkeypatch) as waits:
        context.sleep(1.75)

    assert waits == [SLICE_SECONDS, SLICE_SECONDS, SLICE_SECONDS, 0.25]


def test_a_stop_ends_a_long_wait_for_a_tracker() -> None:
    stopping = Cancellation()
    context = stopping.equip(Context(Path()))
    threading.Timer(0.05, stopping.stop).start()

    with pytest.raises(DeadlineError):
        context.sleep(60)


def test_loopback_trackers_wait_for_their_end_in_short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []

    def wait(self: threading.Event, timeout: float | None = None) -> bool:
        waits.append(timeout)
        signal.raise_signal(signal.SIGINT)
        return self.is_set()

    sites = Sites(GithubData([]), JiraData([]))
    serve_until_terminated(sites, lambda _: monkeypatch.setattr(threading.Event, "wait", wait))

    assert waits[0] == SLICE_SECONDS


def test_a_metric_that_takes_long_is_waited_for_in_short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []
    joined = threading.Thread.join

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        waits.append(timeout)
        joined(self, 0)

    release = threading.Event()
    monkeypatch.setattr(threading.Thread, "join", join)
    with pytest.raises(UnreachableError, match="no whole answer within 30 seconds"):
        timeouts.within(30, release.wait, "somewhere")
    release.set()

    assert len(waits) == 60
    assert all(seconds is not None and seconds <= 0.5 for seconds in waits)


def test_a_port_that_a_server_has_is_never_shared_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    class Listener:
        def setsockopt(self, *option: int) -> None:
            options.append(option)

    options: list[tuple[int, ...]] = []
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", -5, raising=False)
    claim_port(Listener())  # type: ignore[arg-type]  # stands in

    assert options == [(socket.SOL_SOCKET, -5, 1)]


def test_a_port_that_a_server_has_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert free_port(port) != port
