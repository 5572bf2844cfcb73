"""Ends a sync in good order when the system or a person asks for it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from okrsync.jobs.cancellation import Cancellation, handle_signals

ENDING = ("SIGTERM", "SIGINT", "SIGBREAK")
"""SIGBREAK: what Windows sends for Ctrl-Break and when a console is closed."""


@contextmanager
def stopped_by_signals(stopping: Cancellation) -> Iterator[None]:
    """
    Have SIGTERM and Ctrl-C end the run behind the page that it is at; a second one ends it at once.

    Raised as an exception, Ctrl-C could fall into a library's callback and be lost there.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        if stopping.is_stopped:
            raise KeyboardInterrupt
        stopping.stop()
        name = signal.Signals(number).name
        click.echo(f"okrsync: {name}: ending behind this page; once more ends at once", err=True)

    with handle_signals(ENDING, end):
        yield
