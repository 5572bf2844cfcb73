"""What a sync ends with, for every mixture of what can become of its sources."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest

from okrsync.errors import (
    AuthenticationError,
    ConfigError,
    NotFoundError,
    OkrsyncError,
    PluginError,
    Problem,
    RateLimitedError,
    UnexpectedResponseError,
    UnreachableError,
    UsageError,
)
from okrsync.jobs.sync_all import RunSummary, SyncResult
from okrsync.linking.conditions import Hierarchy
from okrsync.linking.placement import Placements
from okrsync.store.records import SaveCounts
from okrsync.sync.engine import SourceRun

WRONG_SETUP = ConfigError([Problem("okrsync.yaml", 1, 1, "wrong")])
BROKEN = PluginError("okrsync.connectors", "linear", "no driver")
REFUSED = AuthenticationError("refused")
CUT = UnreachableError("no connection")
LATER = RateLimitedError("wait")

NOTHING = Placements((), Hierarchy(()), ())


def read(error: OkrsyncError | None = None, *, buried: int = 0) -> SourceRun:
    """A source of which something was read before *error*."""
    return SourceRun("web", SaveCounts(1, 1), buried, 1, error)


def failed(error: OkrsyncError) -> SourceRun:
    return SourceRun("web", error=error)


def code(runs: Sequence[SourceRun], *, metric_fails: bool = False) -> int:
    problems: dict[str, tuple[Problem, ...]] = {}
    if metric_fails:
        problems["signups"] = (Problem("m.csv", 2, 1, "no number"),)
    return SyncResult(tuple(RunSummary(run, {}) for run in runs), 0, 0, problems, NOTHING).exit_code


@pytest.mark.parametrize(
    ("runs", "wanted"),
    [
        ([], 0),
        ([read()], 0),
        ([SourceRun("web")], 0),
        ([read(), read()], 0),
        # 2: the setup is wrong, whatever else happened
        ([failed(WRONG_SETUP)], 2),
        ([failed(WRONG_SETUP), read()], 2),
        ([failed(WRONG_SETUP), failed(REFUSED)], 2),
        ([failed(WRONG_SETUP), failed(CUT), failed(LATER)], 2),
        ([read(), failed(UsageError("no such board"))], 2),
        ([failed(ConfigError([Problem("f", 1, 1, "m")])), read(LATER)], 2),
        # 4 or 1: no source could be read
        ([failed(REFUSED)], 4),
        ([failed(REFUSED), failed(CUT)], 4),
        ([failed(CUT), failed(REFUSED), failed(LATER)], 4),
        ([failed(CUT)], 1),
        ([failed(BROKEN)], 1),
        ([failed(NotFoundError("gone")), failed(UnexpectedResponseError("HTML"))], 1),
        ([failed(CUT), failed(LATER)], 1),
        # 75: try later
        ([failed(LATER)], 75),
        ([failed(LATER), read()], 75),
        ([read(LATER)], 75),
        ([failed(REFUSED), read(LATER)], 75),
        ([failed(CUT), failed(LATER), read()], 75),
        # 5: partial
        ([failed(REFUSED), read()], 5),
        ([failed(CUT), read()], 5),
        ([failed(BROKEN), read()], 5),
        ([read(CUT)], 5),
        ([read(REFUSED)], 5),
        ([read(buried=1)], 5),
        ([read(buried=1), failed(LATER)], 75),
    ],
)
def test_the_exit_code_is_the_first_that_applies(runs: list[SourceRun], wanted: int) -> None:
    assert code(runs) == wanted
    assert code(runs[::-1]) == wanted
    assert code(runs, metric_fails=True) == (wanted or 5)


def test_every_mixture_of_three_sources_follows_the_rank() -> None:
    kinds = [read(), read(buried=1), read(CUT), read(LATER), *map(failed, (WRONG_SETUP, REFUSED, CUT, LATER))]
    for runs in product(kinds, repeat=3):
        codes = {run.error.exit_code for run in runs if run.error}
        nothing_read = all(run.status == "failed" for run in runs)
        rank = [
            (2, 2 in codes),
            (4, nothing_read and 4 in codes),
            (1, nothing_read and 1 in codes),
            (75, 75 in codes),
            (5, any(run.status != "ok" for run in runs)),
        ]
        assert code(runs) == next((number for number, applies in rank if applies), 0)


@pytest.mark.parametrize(
    ("run", "status"),
    [
        (SourceRun("web"), "ok"),
        (read(), "ok"),
        (SourceRun("web", buried=1), "partial"),
        (read(CUT), "partial"),
        (SourceRun("web", SaveCounts(1), error=CUT), "partial"),
        (SourceRun("web", partitions_read=1, error=CUT), "partial"),
        (failed(CUT), "failed"),
    ],
)
def test_a_run_is_ok_partial_or_failed(run: SourceRun, status: str) -> None:
    assert run.status == status
