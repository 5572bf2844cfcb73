"""A report of the command line in every format: computed once, delivered as each of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from okrsync.answers.query import Answer
from okrsync.cli import reporting
from okrsync.reports.page import ReportPage

ENDINGS = {"text": "txt", "markdown": "md", "json": "json", "html": "html"}
"""CSV is a folder of its own."""
WIDTH = 100


@dataclass
class Delivered:
    """The last report that a command delivered, its page, and the *folder* with it in every format."""

    folder: Path
    report: Any = None
    page: ReportPage | None = None

    def text(self, form: str) -> str:
        """The report in *form*, as it was written."""
        return (self.folder / f"report.{ENDINGS[form]}").read_text(encoding="utf-8")

    @property
    def tables(self) -> dict[str, str]:
        """Its CSV files by name."""
        return {path.stem: path.read_text(encoding="utf-8") for path in sorted((self.folder / "csv").iterdir())}

    def files(self) -> dict[str, bytes]:
        """All that was written, by its name within the folder."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


@contextmanager
def every_format(folder: Path, width: int = WIDTH) -> Iterator[Delivered]:
    """Inside, a report's command writes it into *folder* in every format, whichever was asked for."""
    delivered, show = Delivered(folder), reporting.show

    def show_all(answer: Answer[Any], options: reporting.ReportOptions) -> None:
        delivered.report, delivered.page = answer.report, answer.page
        for form, ending in ENDINGS.items():
            show(answer, replace(options, output=form, out=folder / f"report.{ending}"))
        show(answer, replace(options, output="csv", out=folder / "csv"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reporting, "show", show_all)
        patch.setattr(reporting, "console", lambda: Console(file=sys.stdout, width=width, highlight=False))
        yield delivered
