from __future__ import annotations

import subprocess
import sys

import click
import pytest

from okrsync.cli.main import COMMANDS, cli
from support.running import Run

HEAVY = (
    "alembic",
    "github",
    "jira",
    "numpy",
    "pydantic",
    "re2",
    "requests",
    "rich",
    "ruamel",
    "sqlalchemy",
    "jinja2",
    "yaml",
)


def test_help_names_every_command_and_the_exit_codes(okrsync: Run) -> None:
    ran = okrsync("--help")
    assert ran.code == 0
    for name, (_, _, line) in COMMANDS.items():
        assert f"{name} " in ran.out
        assert line in ran.out
    assert "75 try later" in ran.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_quick_list_says_what_each_command_says_of_itself(name: str) -> None:
    context = click.Context(cli)
    command = cli.get_command(context, name)
    assert command is not None
    assert (command.help or "").strip().splitlines()[0] == COMMANDS[name][2]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from okrsync.cli.main import run; run(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stderr.strip() == "[]"


def test_an_unknown_command_is_a_usage_error(okrsync: Run) -> None:
    ran = okrsync("snyc")
    assert ran.code == 2
    assert "snyc" in ran.err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(okrsync: Run, name: str) -> None:
    ran = okrsync(name, "--help")
    assert ran.code == 0
    assert "Usage:" in ran.out


def test_the_version_is_told(okrsync: Run) -> None:
    assert okrsync("--version").out.startswith("okrsync, version ")


def test_a_bug_is_told_without_a_traceback(okrsync: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("okrsync.cli.reporting.open_workspace", broken)
    ran = okrsync("status")
    assert ran.code == 1
    assert "bug in okrsync (ZeroDivisionError)" in ran.err
    assert "Traceback" not in ran.err
    assert "secret detail" not in ran.err
