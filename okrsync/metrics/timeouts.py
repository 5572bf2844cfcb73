"""An end to waiting: what a server never finishes must not hold up the other metrics."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from okrsync.errors import UnreachableError

Result = TypeVar("Result")
_SLICE_SECONDS = 0.5
"""Longest wait at a time: on Windows Ctrl-C is seen only when a wait is over."""


class _Attempt(threading.Thread, Generic[Result]):
    """One action in a thread of its own; a process may end although it still waits."""

    def __init__(self, action: Callable[[], Result]) -> None:
        super().__init__(daemon=True)
        self._action = action
        self.results: list[Result] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        """Keep what the action returns or raises."""
        try:
            self.results.append(self._action())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self.error = error


def within(seconds: float, action: Callable[[], Result], where: str) -> Result:
    """
    What *action* returns or raises, if it ends within *seconds*.

    No time-out of a socket does this: each byte starts it anew, and a name server has none.

    Raises:
        UnreachableError: it did not; what it does from then on is lost.
    """
    attempt = _Attempt(action)
    attempt.start()
    left = seconds
    while attempt.is_alive() and left > 0:
        attempt.join(min(left, _SLICE_SECONDS))
        left -= _SLICE_SECONDS
    if attempt.is_alive():
        raise UnreachableError(
            f"no whole answer within {seconds:g} seconds", where=where, next_step="try again, or raise timeout_seconds"
        )
    if attempt.error is not None:
        raise attempt.error
    return attempt.results[0]
