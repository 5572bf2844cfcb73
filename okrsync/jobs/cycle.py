"""Closing a cycle: the file that the next one starts from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import known_cycle, open_workspace
from okrsync.errors import OkrsyncError, UsageError
from okrsync.formats.next_cycle_yaml import render_starter
from okrsync.reports.closing import ClosedCycle, build_closing
from okrsync.reports.hypotheses import build_hypotheses


def close_cycle(
    config: Path, as_of: date | None, name: str, carry: Sequence[str], following: str, out: Path | None
) -> tuple[Path, ClosedCycle]:
    """
    Write what the cycle *name* leaves to the next one, and return where.

    Raises:
        UsageError: there is no such cycle, it still runs, or there is something at *out*; nothing is written.
    """
    with open_workspace(config, as_of) as workspace:
        okrs = workspace.project.okrs
        cycle = okrs.cycle(known_cycle(okrs, name))
        if workspace.today <= cycle.end:
            raise UsageError(f"{cycle.id} runs until {cycle.end}; close it when it is over")
        inputs = with_outcomes(workspace, report_inputs(workspace, None))
        with workspace.reading() as view:
            seen = view.expectations()
        ledger = workspace.project.ledger
        closed = build_closing(inputs, ledger, build_hypotheses(inputs, ledger, seen), cycle, following)
        path = out or workspace.project.folder / f"okrs-{closed.following.id}.yaml"
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(render_starter(closed, carry))
    except FileExistsError:
        raise UsageError(f"{path}: there already; name another file with --out") from None
    except OSError as error:
        raise OkrsyncError(f"{path}: cannot be written ({error.strerror}); check the path") from None
    return path, closed
