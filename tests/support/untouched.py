"""Command lines on a company that nobody touches: each is run once, and each report is made once for all its forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from okrsync.answers.query import Answer
from okrsync.cli import reporting
from okrsync.cli.reporting import ReportOptions, show
from support.every_format import ENDINGS
from support.running import Ran, Run

Line = tuple[str, ...]
_OF_CONNECTIONS = (".lock", "-shm", "-wal")
"""Files beside a store that come and go with who reads it."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A report that a command made, with what it said beside it."""

    answer: Answer[Any]
    options: ReportOptions
    ran: Ran


@dataclass
class Untouched:
    """What command lines say in *folder*, which they must leave as it is."""

    folder: Path
    _said: dict[Line, Ran] = field(default_factory=dict)
    _made: dict[Line, _Made] = field(default_factory=dict)

    def says(self, line: Line, okrsync: Run, printed: Callable[[], str]) -> Ran:
        """Run *line* by *okrsync*, unless that was done before; *printed* takes what is on stdout by now."""
        if line not in self._said:
            made = self._made.get(_without_form(line)) if _form(line) in ENDINGS else None
            if made is None:
                self._said[line] = self._run(line, okrsync)
            else:
                printed()
                show(made.answer, replace(made.options, output=_form(line)))
                self._said[line] = replace(made.ran, out=printed())
        return self._said[line]

    def _run(self, line: Line, okrsync: Run) -> Ran:
        delivered: list[tuple[Answer[Any], ReportOptions]] = []

        def keep(answer: Answer[Any], options: ReportOptions) -> None:
            delivered.append((answer, options))
            show(answer, options)

        before = self._files()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reporting, "show", keep)
            ran = okrsync(*line)
        assert self._files() == before, (
            f"{line} changes the company: run it on a copy, by the fixtures okrsync, project"
        )
        if delivered and _form(line) in ENDINGS:
            self._made[_without_form(line)] = _Made(*delivered[0], ran)
        return ran

    def _files(self) -> dict[Path, bytes]:
        files = (path for path in self.folder.rglob("*") if path.is_file() and not path.name.endswith(_OF_CONNECTIONS))
        return {path: path.read_bytes() for path in files}


def _form(line: Line) -> str:
    return line[line.index("--format") + 1] if "--format" in line else "text"


def _without_form(line: Line) -> Line:
    if "--format" not in line:
        return line
    place = line.index("--format")
    return (*line[:place], *line[place + 2 :])
