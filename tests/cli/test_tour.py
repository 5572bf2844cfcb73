"""The README's tour runs: every command of it, one after the other, in the company's folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from support.running import Run

_ELSEWHERE = (["sandbox", "serve"], ["site", "wall"])
"""The first answers until it is ended; the second takes its time, and is tried for the page about the reports."""
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_every_command_of_the_tour_works(okrsync: Run, project: Path) -> None:
    (tour,) = re.findall(r"```sh\ncd okrsync-demo\n(.*?)```", README, re.DOTALL)
    commands = [shlex.split(line, comments=True)[1:] for line in tour.splitlines()]
    assert len(commands) >= 20
    assert {"plan", "outcomes", "audit"} <= {arguments[0] for arguments in commands}

    for arguments in commands:
        if arguments[:2] not in _ELSEWHERE:
            ran = okrsync(*arguments)
            assert ran.code == 0, (arguments, ran.err)


def test_the_three_questions_of_the_readme_are_commands_that_work(untouched: Run) -> None:
    asked = re.findall(r"^\*\*.+?\*\*: .+\? `okrsync (.+?)`$", README, re.MULTILINE)
    assert [line.split()[0] for line in asked] == ["plan", "outcomes", "audit"]

    for line in asked:
        ran = untouched(*shlex.split(line))
        assert ran.code == 0, (line, ran.err)
