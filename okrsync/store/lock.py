"""One sync of a source at a time: a lock beside the store, which the kernel frees however its holder ends."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from okrsync.errors import FileInUseError, LockHeldError, StoreError
from okrsync.files import delete, open_replacement

_NOTE_SECONDS = 1.0


@contextmanager
def file_lock(store: Path, source: str, now: datetime) -> Iterator[None]:
    """
    Hold the lock of *source* in the store at *store*; *now* (UTC) is told to whoever comes meanwhile.

    Raises:
        LockHeldError: another process holds it.
        StoreError: the folder of the store cannot be written.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - only a sync locks

    path = store.with_name(f"{store.name}.{source}.lock")
    note = path.with_suffix(".holder")
    lock = FileLock(path, blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise LockHeldError(source, _holder(note)) from None
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); check the folder's permissions") from None
    try:
        # A note of its own: the locked file may not be readable for others on every system.
        _tell(note, now)
        yield
    finally:
        _take_back(note)
        lock.release()


def _tell(note: Path, now: datetime) -> None:
    """Write who we are, whole or not at all: others read it meanwhile."""
    told = {"pid": os.getpid(), "host": socket.gethostname(), "since": now.strftime("%Y-%m-%d %H:%M UTC")}
    # Where a reader keeps an older note open for too long, the lock holds all the same: whoever comes reads that one.
    with suppress(FileInUseError), open_replacement(note) as stream:
        stream.write(json.dumps(told).encode())


def _take_back(note: Path) -> None:
    """Delete our note; one that a reader keeps open for too long says nothing without the lock."""
    with suppress(FileInUseError):
        delete(note)


def _holder(note: Path) -> str:
    """Who holds the lock; a holder that has just begun gets a moment to say so."""
    latest = time.monotonic() + _NOTE_SECONDS
    while True:
        try:
            told = json.loads(note.read_text(encoding="utf-8"))
            return f"process {told['pid']} on {told['host']} since {told['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            if time.monotonic() >= latest:
                return "another process"  # it has just ended, or its note cannot be read
        time.sleep(0.01)
