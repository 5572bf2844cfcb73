"""Terminals and files of other code pages: text prints with plain characters, data is UTF-8, and nothing fails."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from okrsync.cli.encoding import accept_all_text, plain_text
from okrsync.cli.main import run

PAGES = ["cp1252", "cp437", "ascii"]
COMMANDS = [
    ("--help",),
    ("validate",),
    ("status",),
    ("plan", "--sprint", "PAY Sprint 33"),
    ("outcomes", "--cycle", "2026Q3"),
    ("audit",),
    ("retro", "--sprint", "PAY Sprint 31"),
    ("progress",),
    ("lint",),
    ("check", "KR2.3", "--explain"),
    ("why", "GRO-84"),
    ("values",),
    ("hypothesis", "list"),
    ("doctor",),
]


@dataclass(frozen=True, slots=True)
class Written:
    """What a command wrote: its exit code, and bytes as they reach a terminal or file."""

    code: int
    out: bytes
    err: bytes


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Written]:
    """Run one command line with streams of a code page, which refuse what they cannot show."""

    def call(page: str, *arguments: str) -> Written:
        with monkeypatch.context() as patch:
            out, err = (io.TextIOWrapper(io.BytesIO(), page, errors="strict", newline="\r\n") for _ in range(2))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            accept_all_text()
            code = run(list(arguments))
            out.flush()
            err.flush()
            return Written(code, out.buffer.getvalue(), err.buffer.getvalue())

    return call


PRINTED = [
    # A command on each page; all others with the long tests.
    pytest.param(page, arguments, marks=() if number == place + 1 else pytest.mark.long)
    for number, arguments in enumerate(COMMANDS)
    for place, page in enumerate(PAGES)
]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("page", "arguments"), PRINTED, ids=lambda told: told if isinstance(told, str) else " ".join(told)
)
def test_every_command_prints_on_every_code_page(
    written: Callable[..., Written], page: str, arguments: tuple[str, ...]
) -> None:
    shown = written("utf-8", *arguments)
    text = shown.out.decode("utf-8")
    found = written(page, *arguments)

    assert shown.code in {0, 3}, shown.err
    assert (found.code, b"this is a bug" in found.err) == (shown.code, False), found.err
    assert found.out.decode(page).count("?") == text.count("?")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("arguments", [("outcomes", "--cycle", "2026Q3"), ("progress",)], ids=" ".join)
def test_a_report_in_ascii_says_the_same_and_negative_numbers_keep_their_sign(
    written: Callable[..., Written], arguments: tuple[str, ...]
) -> None:
    shown = written("utf-8", *arguments).out.decode("utf-8")
    plain = written("ascii", *arguments).out.decode("ascii")

    assert "−" in shown
    assert plain == plain_text(shown)
    assert plain.count("-") >= shown.count("−")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "arguments", [("audit",), ("status",), ("lint",), ("why", "GRO-84"), ("validate",)], ids=" ".join
)
def test_json_is_utf_8_with_its_own_line_ends_on_every_code_page(
    written: Callable[..., Written], page: str, arguments: tuple[str, ...]
) -> None:
    found = written(page, *arguments, "--format", "json")

    assert json.loads(found.out.decode("utf-8"))
    assert b"\r" not in found.out


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("output", ["html", "markdown"])
def test_a_page_on_stdout_is_the_file_that_out_writes(
    written: Callable[..., Written], project: Path, output: str
) -> None:
    to_stdout = written("cp1252", "audit", "--format", output).out
    written("cp1252", "audit", "--format", output, "--out", "page")

    assert to_stdout == (project / "page").read_bytes()


def test_an_error_is_json_in_utf_8_too(written: Callable[..., Written], project: Path) -> None:
    (project / "okrsync.yaml").write_text('version: 1\nokrs: "für → alle.yaml"\n', encoding="utf-8")

    found = written("cp1252", "status", "--format", "json")

    assert found.code == 2
    assert "für → alle.yaml" in json.loads(found.out.decode("utf-8"))["error"]["message"]
    assert "für -> alle.yaml" in found.err.decode("cp1252")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Größe 95 → 60, −3 ± 1", "Grosse 95 -> 60, -3 +/- 1"),
        ("É — “x”… Ø", 'E - "x"... O'),
        ("進\ud800", "??"),
        ("a\u0301", "a"),
    ],
)
def test_plain_text_is_ascii_that_says_the_same(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_a_name_with_half_a_character_prints(written: Callable[..., Written]) -> None:
    found = written("utf-8", "validate", "--config", "no\udcffsuch.yaml")

    assert found.code == 2
    assert b"no?such.yaml" in found.err


@pytest.mark.long
def test_the_program_itself_runs_where_nothing_is_utf_8(project: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in {"LANG", "LC_CTYPE", "PYTHONIOENCODING"}
    }
    environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    def output(*arguments: str) -> bytes:
        code = "from okrsync.cli.main import main; main()"
        with (project / "out.txt").open("wb") as out:
            subprocess.run([sys.executable, "-c", code, *arguments], env=environment, stdout=out, check=True)
        return (project / "out.txt").read_bytes()

    assert b"->" in output("why", "GRO-84")
    assert "·" in output("audit", "--format", "markdown").decode("utf-8")
    output("checkin", "KR3.2", "4.2", "--note", "ok")


def test_a_reader_that_goes_away_is_no_error_on_windows_either(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []

    def fail(*_: object, **__: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(click.Group, "main", fail)
    monkeypatch.setattr(os, "dup2", lambda *_: closed.append(1))
    monkeypatch.setattr(sys, "stdout", sys.__stdout__)

    assert run(["status"]) == 141
    assert closed
