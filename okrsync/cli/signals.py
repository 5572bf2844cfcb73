"""Ends a sync in good order when the system or a person asks for it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from okrsync.jobs.stopping import Stopping


@contextmanager
def stopped_by_signals(stopping: Stopping) -> Iterator[None]:
    """
    Have SIGTERM and Ctrl-C end the run behind the page that it is at; a second one ends it at once.

    Raised as an exception, Ctrl-C could fall into a library's callback and be lost there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return

    def end(number: int, _frame: FrameType | None) -> None:
        if stopping.is_stopped:
            raise KeyboardInterrupt
        stopping.stop()
        name = signal.Signals(number).name
        click.echo(f"okrsync: {name}: ending behind this page; once more ends at once", err=True)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
