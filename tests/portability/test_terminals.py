"""Terminals of other systems: their width, consoles without escape sequences, and none at all."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Callable
from itertools import product

import pytest
from rich.cells import cell_len
from rich.console import detect_legacy_windows

from okrsync.cli.encoding import accept_all_text
from okrsync.cli.main import run
from okrsync.cli.output import console
from support.matrices import one_in

COMMANDS = [("status",), ("outcomes", "--cycle", "2026Q3"), ("plan", "--sprint", "PAY Sprint 33"), ("progress",)]


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What one command line prints on a terminal with *environment*."""

    def call(*arguments: str, page: str = "utf-8", **environment: str) -> str:
        with monkeypatch.context() as patch:
            for name in ("COLUMNS", "LINES", "TERM", "NO_COLOR", "FORCE_COLOR", "COLORTERM"):
                patch.delenv(name, raising=False)
            for name, value in environment.items():
                patch.setenv(name, value)
            written = io.BytesIO()
            screen = Terminal(written, page, errors="strict")
            patch.setattr(sys, "stdout", screen)
            accept_all_text()
            assert run(list(arguments)) == 0
            screen.flush()
            return written.getvalue().decode(page)

    return call


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("arguments", one_in(4, [(command,) for command in COMMANDS]), ids=" ".join)
def test_a_report_is_as_wide_as_columns_says(shown: Callable[..., str], arguments: tuple[str, ...]) -> None:
    widths = []
    for columns in ("80", "150"):
        text = shown(*arguments, COLUMNS=columns, TERM="xterm", NO_COLOR="1")
        bare = re.sub(r"\x1b\[[0-9;]*m", "", text)
        widths.append(max(cell_len(line) for line in bare.splitlines()))

        assert widths[-1] <= int(columns)
    assert widths[1] > 80


@pytest.mark.usefixtures("project")
def test_a_terminal_that_does_not_tell_its_size_is_80_wide(
    shown: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> os.terminal_size:
        raise OSError(25, "Inappropriate ioctl for device")

    monkeypatch.setattr(os, "get_terminal_size", refuse)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda fallback=(80, 24): os.terminal_size(fallback))

    assert max(cell_len(line) for line in shown("status", TERM="dumb").splitlines()) <= 80


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "environment"),
    one_in(3, [(("doctor",), {"NO_COLOR": "1"}), *product(COMMANDS, ({"TERM": "dumb"}, {"NO_COLOR": "1"}))]),
)
def test_a_console_without_colours_gets_none(
    shown: Callable[..., str], arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    text = shown(*arguments, page="cp437", COLUMNS="80", **environment)

    assert not re.search(r"\x1b\[(?:\d+;)*[34]\dm", text)


def test_a_console_of_windows_without_escape_sequences_is_left_to_rich() -> None:
    # Where there is one, rich writes through its calls instead of escape sequences; nothing here decides otherwise.
    assert console().legacy_windows is (detect_legacy_windows() and not console().is_jupyter)


@pytest.mark.usefixtures("project")
def test_a_program_without_a_console_has_no_streams_and_still_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    accept_all_text()

    assert run(["validate"]) == 0
