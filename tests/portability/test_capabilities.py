"""Tests that need what not every system has say so by one marker, and nothing else decides by the system's name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import capabilities
from support.capabilities import CAPABILITIES, lacking

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
POSIX_MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
POSIX_CALLS = {"os.fork", "os.killpg", "os.mkfifo", "os.seteuid", "signal.SIGKILL", "signal.SIGUSR1", "signal.SIGHUP"}
SYSTEM_NAME = re.compile(r"sys\.platform|platform\.system|os\.name\b")


def modules(*folders: Path) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield path, path.read_text(encoding="utf-8")


def test_every_capability_that_a_test_needs_is_one() -> None:
    named = {
        name
        for _, text in modules(TESTS)
        for call in re.findall(r"pytest\.mark\.needs\(([^)]*)\)", text)
        for name in re.findall(r'"([^"]+)"', call)
    }

    assert named
    assert named <= set(CAPABILITIES)


def test_what_is_lacking_is_said_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CAPABILITIES, "wings", ("nothing flies", lambda: False))
    monkeypatch.setitem(CAPABILITIES, "legs", ("nothing walks", lambda: True))
    capabilities.lacking.cache_clear()

    assert lacking("wings") == "needs wings: nothing flies on this system"
    assert lacking("legs") == ""


@pytest.mark.needs("fork", "modes", "resource limits", "signals", "symlinks", "user ids")
def test_a_test_is_skipped_where_its_capability_is_lacking(pytestconfig: pytest.Config) -> None:
    assert all(lacking(name) == "" for name in ("fork", "modes", "signals"))
    assert any(line.startswith("needs(") for line in pytestconfig.getini("markers"))


def test_no_test_is_chosen_by_the_name_of_the_system() -> None:
    found = [path.name for path, text in modules(TESTS) if SYSTEM_NAME.search(text) and path != Path(__file__)]

    assert found == []


def test_nothing_that_only_posix_has_is_imported_or_named_when_a_module_loads() -> None:
    folders = (ROOT / "okrsync", ROOT / "connectors", TESTS)
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for path, text in modules(*folders)
        for name in _at_load(ast.parse(text))
    ]

    assert found == []


def _at_load(tree: ast.Module) -> Iterator[str]:
    """What only POSIX has and *tree* imports or names outside of functions; marks of tests name nothing of it."""
    for statement in _outside_functions(tree.body):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names if alias.name in POSIX_MODULES)
        elif isinstance(statement, ast.ImportFrom) and statement.module in POSIX_MODULES:
            yield str(statement.module)
        yield from POSIX_CALLS & {ast.unparse(node) for node in ast.walk(statement) if isinstance(node, ast.Attribute)}


def _outside_functions(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield from _outside_functions(statement.body)
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement
