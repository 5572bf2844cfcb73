"""When a run must come to an end: its deadline, or a signal; what is stored by then stays."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Any

from okrsync.errors import DeadlineError
from okrsync.plugins.context import Context

SLICE_SECONDS = 0.5
"""Longest wait at a time: on Windows a signal's handler runs only when a wait is over."""


class Cancellation:
    """
    One run's time; *seconds* is how long it may last, from now.

    Contexts that it equips send no request after that, nor after ``stop``.
    """

    def __init__(self, seconds: float | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._deadline = None if seconds is None else monotonic() + seconds
        self._stopped = Event()
        self._contexts: list[Context] = []

    @property
    def is_over(self) -> bool:
        """Whether nothing may be begun any more."""
        return self._stopped.is_set() or (self._deadline is not None and self._monotonic() >= self._deadline)

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to end, whatever time is left."""
        return self._stopped.is_set()

    def equip(self, context: Context) -> Context:
        """*context*, bound to this time."""
        context.deadline = float("-inf") if self._stopped.is_set() else self._deadline
        context.monotonic = self._monotonic
        context.sleep = self._sleep
        self._contexts.append(context)
        return context

    def stop(self) -> None:
        """Let the run end behind the page that it is at; safe in a signal handler."""
        self._stopped.set()
        for context in self._contexts:
            context.deadline = float("-inf")

    def _sleep(self, seconds: float) -> None:
        left = seconds
        while not self._stopped.wait(min(left, SLICE_SECONDS)):
            left -= SLICE_SECONDS
            if left <= 0:
                return
        raise DeadlineError


@contextmanager
def handle_signals(names: Iterable[str], handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    """
    Call *handler* for the signals called *names*; the earlier handlers are put back at the end.

    Signals that the system lacks are left out, and all of them outside the main thread, where none can be handled.
    """
    before: dict[int, Any] = {}
    for name in names:
        number = getattr(signal, name, None)
        if number is not None:
            try:
                before[number] = signal.signal(number, handler)
            except (ValueError, OSError):
                continue  # another thread, or a number that this system does not take
    try:
        yield
    finally:
        for number, earlier in before.items():
            # None: it was set by something else than Python, and cannot be put back.
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)
