from __future__ import annotations

import logging
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.main import run
from okrsync.jobs.sync_all import context_of
from okrsync.plugins.context import Context
from support.running import Ran, Run

_TALKATIVE = ("", "github", "jira", "urllib3", "requests", "sqlalchemy.engine", "psycopg", "alembic", "filelock")
"""Loggers that have, or may have, a level of their own; the first is the root of all."""


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither proxies nor credentials of the machine, and a folder for temporary files that can be searched."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def unhurried(*given: Any) -> Context:
        context = context_of(*given)
        context.sleep = lambda _: None
        return context

    monkeypatch.setattr("okrsync.jobs.cancellation.Cancellation._sleep", lambda *_: None)
    monkeypatch.setattr("okrsync.jobs.doctor.context_of", unhurried)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Where everything that any library logs is written, down to DEBUG."""
    path = tmp_path / "debug.log"
    handler = logging.FileHandler(path)
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    yield path
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)
    handler.close()


@pytest.fixture
def okrsync(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, log: Path) -> Run:
    """Run one command line with tracebacks and everything that is logged; *err* holds what a traceback would show."""
    monkeypatch.setenv("OKRSYNC_DEBUG", "1")
    monkeypatch.setattr("okrsync.cli.sandbox.serve_until_terminated", lambda _sites, announce: announce("{}"))

    def call(*arguments: str | Path) -> Ran:
        capfd.readouterr()
        try:
            code = run([str(argument) for argument in arguments])
        except Exception as error:  # noqa: BLE001 - as the interpreter would, with all that it would not show
            print(traceback.format_exc(), *_behind(error), file=sys.stderr, sep="\n")  # noqa: T201
            code = 1
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


def _behind(error: BaseException) -> Iterator[str]:
    """Everything that an error reporter could find in *error* and those behind it."""
    met: list[BaseException | None] = []
    pending: list[BaseException | None] = [error]
    while pending:
        each = pending.pop()
        if each is None or each in met:
            continue
        met.append(each)
        pending += [each.__cause__, each.__context__]
        yield f"{type(each).__name__}: {each!s} {each.args!r} {getattr(each, '__dict__', {})!r}"
