"""The page about the three reports: every command on it works, and it leaves out nothing that they can say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from okrsync.cli.main import COMMANDS, cli
from okrsync.cli.reporting import FORMATS
from okrsync.model.verdicts import HypothesisVerdict, Verdict
from okrsync.reports.words.verdict_table import VERDICTS
from support.running import Run

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reports.md").read_text(encoding="utf-8")
METHOD = (DOCS / "method.md").read_text(encoding="utf-8")
REPORTS = ("plan", "outcomes", "audit", "retro", "serve", "site", "export")
_LATER = {"serve"}
"""Answers until it is ended: only taken apart here."""


def commands() -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]


@pytest.mark.long
@pytest.mark.parametrize("arguments", commands(), ids=shlex.join)
def test_every_command_on_the_page_works(okrsync: Run, project: Path, arguments: list[str]) -> None:
    if arguments[0] in _LATER:
        command = cli.get_command(click.Context(cli), arguments[0])
        assert command is not None
        assert command.make_context(arguments[0], arguments[1:])
        return

    ran = okrsync(*arguments)

    assert ran.code == 0, ran.err


def test_the_gate_on_the_page_can_close(untouched: Run) -> None:
    (gate,) = [arguments for arguments in commands() if "--fail-under" in arguments]

    assert untouched(*gate[:-1], "99").code == 3


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_shows_every_command_and_the_reference_has_its_options(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    reference = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert name in COMMANDS
    assert name in {arguments[0] for arguments in commands()}
    for option in (option for parameter in command.params for option in parameter.opts if option.startswith("--")):
        assert f"{option} " in reference or f"{option}\n" in reference, option


def test_the_page_names_every_format() -> None:
    assert [name for name in FORMATS if f"--format {name}" not in PAGE] == ["text"]


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_explained(verdict: Verdict) -> None:
    word = VERDICTS[verdict].word
    mark = f"{VERDICTS[verdict].mark} ".lstrip()
    assert re.search(rf"^\| {mark}{word} \| `{verdict}` \|", PAGE, re.MULTILINE)
    assert f"`{verdict}`" in METHOD


@pytest.mark.parametrize("verdict", HypothesisVerdict)
def test_every_word_for_an_expectation_is_explained(verdict: HypothesisVerdict) -> None:
    assert f"`{verdict}`" in PAGE
    assert f"`{verdict}`" in METHOD


@pytest.mark.parametrize("name", ["plan", "outcomes", "audit"])
def test_the_page_explains_the_sections_that_the_report_has(untouched: Run, name: str) -> None:
    chosen = ("--sprint", "PAY Sprint 33") if name == "plan" else ()
    printed = untouched(name, *chosen, "--format", "markdown").out

    part = re.search(rf"^## {name}.*?(?=^## )", PAGE, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    assert part is not None
    explained = [title.casefold() for title in re.findall(r"^\| \*\*(.+?)\*\*", part[0], re.MULTILINE)]
    for title in re.findall(r"^## (.+)$", printed, re.MULTILINE):
        known = any(title.casefold().startswith(word) for word in explained)
        assert known or re.match(r"KR\d|How to read|Method", title), title


def test_pictures_are_small_and_ask_for_nothing() -> None:
    pictures = re.findall(r"\]\((images/[^)]+)\)", PAGE)
    assert len(pictures) >= 5
    for picture in pictures:
        content = (DOCS / picture).read_bytes()
        assert len(content) < 200 * 1024, picture
        assert not re.search(rb"(?:href|src|url)\s*[=(]\s*['\"]?https?:|<script", content), picture
