"""Modules that a command must not import: they make each start slower and are not needed for its answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Client libraries and servers, databases' migrations, other formats than text: only what asks for them imports them.
NEVER = {"alembic", "github", "holidays", "jinja2", "jira", "pyarrow", "requests", "urllib3", "waitress"}
NEVER |= {"okrsync.sandbox", "okrsync.sync", "okrsync.testing", "okrsync.web"}
STORE, STATISTICS = {"sqlalchemy"}, {"numpy", "okrsync.outcome.evaluation"}
FORBIDDEN = {
    "--help": {*NEVER, *STORE, *STATISTICS, "pydantic", "rich", "okrsync.config"},
    "validate": {*NEVER, *STORE, *STATISTICS, "rich"},
    "checkin KR2.1 3.3": {*NEVER, *STORE, *STATISTICS, "rich"},
    "lint": NEVER,
    "why GRO-84": {*NEVER, *STATISTICS},
    "status": {*NEVER, *STATISTICS},
    "metric list": {*NEVER, *STATISTICS},
    "outcomes": {*NEVER, *STATISTICS},
    "audit": {*NEVER, *STATISTICS},
}
PROGRAM = """
import sys
from okrsync.cli.main import run
code = run(sys.argv[1:])
print("\\nLOADED", code, *sorted(sys.modules))
"""


OF_EACH_KIND = {"validate", "outcomes"}
"""Without a store, and with verdicts; the others run with the long tests."""


@pytest.mark.parametrize(
    "command",
    [pytest.param(each, marks=() if each in OF_EACH_KIND else pytest.mark.long) for each in FORBIDDEN],
)
def test_a_command_imports_only_what_its_answer_needs(project: Path, command: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command.split()],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    code, *loaded = ran.stdout.rpartition("\nLOADED ")[2].split()
    assert code in {"0", "3"}, ran.stderr
    assert FORBIDDEN[command] & set(loaded) == set()
