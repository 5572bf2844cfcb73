"""The page about goals in practice: every command on it works, and what it shows is what they print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from support.running import Run

PAGE = (Path(__file__).parents[2] / "docs" / "okrs.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_every_command_on_the_page_works(okrsync: Run, project: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    assert len(lines) >= 9

    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "okrsync"
        ran = okrsync(*arguments)
        assert ran.code == 0, (line, ran.err)


def test_the_page_shows_what_progress_prints(untouched: Run) -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)

    printed = " ".join(untouched("progress").out.split())
    for line in shown.splitlines():
        assert " ".join(line.split()) in printed
