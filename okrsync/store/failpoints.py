"""
Named places where a test ends the process, as power loss or ``kill -9`` would.

``OKRSYNC_FAILPOINT=name`` ends it at the first visit of *name*, ``name:3`` at the third. Without the variable a visit
costs one comparison. ``POINTS`` lists them all, so that a test can visit each.
"""

from __future__ import annotations

import os
from collections import Counter

POINTS = (
    "discovered",
    "page-read",
    "history-read",
    "items-written",
    "events-written",
    "cursor-written",
    "before-commit",
    "committed",
    "normalised-again",
    "partition-done",
    "due-history-written",
    "iterations-written",
    "census-read",
    "missing-written",
    "moved-written",
    "tombstones-written",
    "run-recorded",
    "links-written",
    "metric-written",
    "okrs-written",
    "checks-written",
    "copied",
    "migrated",
    "report-written",
)
EXIT_CODE = 137  # what a shell tells of a process that was killed

_WANTED = os.environ.get("OKRSYNC_FAILPOINT", "")
_visits: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """End this process here, at once and without any clean-up, where the environment asks for it."""
    if not _WANTED:
        return
    wanted, _, turn = _WANTED.partition(":")
    if name == wanted:
        _visits[name] += 1
        if _visits[name] >= int(turn or 1):
            os._exit(EXIT_CODE)
