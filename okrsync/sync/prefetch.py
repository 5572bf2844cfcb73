"""Runs an iterator one step ahead in a thread of its own: waiting for a tracker and work on its answers overlap."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Full, Queue
from typing import Generic, TypeVar

Entry = TypeVar("Entry")
_WAIT_SECONDS = 0.05
# A request that hangs must not keep a run that was told to end; the thread ends with the process.
_FAREWELL_SECONDS = 5.0


class _End(Generic[Entry]):
    """The last thing that comes: with what ended the iterator early, if anything did."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


@contextmanager
def ahead(make: Callable[[], Iterator[Entry]]) -> Iterator[Iterator[Entry]]:
    """
    What the iterator of *make* yields, while the next entry is being made already; one is held at a time.

    What it raises is raised here, in its turn. Leaving the block ends the thread behind the entry that it is at.
    """
    held: Queue[Entry | _End[Entry]] = Queue(maxsize=1)
    stopped = threading.Event()

    def put(entry: Entry | _End[Entry]) -> bool:
        while not stopped.is_set():
            try:
                held.put(entry, timeout=_WAIT_SECONDS)
            except Full:
                continue
            return True
        return False

    def run() -> None:
        error: BaseException | None = None
        try:
            for entry in make():
                if not put(entry):
                    return
        except BaseException as raised:  # noqa: BLE001 - raised again where the entries are used
            error = raised
        put(_End(error))

    thread = threading.Thread(target=run, name=f"{threading.current_thread().name}-ahead", daemon=True)
    thread.start()
    try:
        yield _taken(held)
    finally:
        stopped.set()
        thread.join(_FAREWELL_SECONDS)


def _taken(held: Queue[Entry | _End[Entry]]) -> Iterator[Entry]:
    while True:
        entry = held.get()
        if isinstance(entry, _End):
            if entry.error is not None:
                raise entry.error
            return
        yield entry
