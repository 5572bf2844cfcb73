"""Running command lines in the test's own process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output, read as JSON."""
        return json.loads(self.out)


class Run(Protocol):
    """Runs ``okrsync`` with these arguments."""

    def __call__(self, *arguments: str | Path) -> Ran: ...


def counted(okrsync: Run) -> list[object]:
    """What ``status`` and ``outcomes`` count; without the verdicts, which stay as they are once they are on record."""
    report = okrsync("outcomes", "--cycle", "all", "--format", "json").json
    for told_by_verdicts in ("data_digest", "headline", "matured", "coming", "attention"):
        del report[told_by_verdicts]
    for entry in report["fresh"]:
        del entry["is_expected"], entry["evaluation"]
    for entry in report["key_results"]:
        del entry["outcome"]
        for delivery in entry["deliveries"]:
            del delivery["verdict"]
    return [okrsync("status").out, report]
