"""
Files that are replaced as a whole, on every system; apart, because reports, tables, the store and its lock need it.

Windows refuses to replace or delete a file that a program has open: a spreadsheet, a virus scanner, a sync client. A
scanner lets go soon, so both are tried again for :data:`RETRY_SECONDS`.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from okrsync.errors import FileInUseError

RETRY_SECONDS = 2.0
_FIRST_WAIT_SECONDS = 0.01
_LONGEST_WAIT_SECONDS = 0.25


@contextmanager
def open_replacement(path: Path) -> Iterator[IO[bytes]]:
    """
    Yield a stream whose content becomes the file *path*, in one step, when the block ends.

    The folder is made if there is none. Where anything fails, *path* is as it was and nothing lies beside it.

    Raises:
        FileInUseError: another program has *path* open.
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        # Bytes: a text stream would turn line feeds into the system's own line ends.
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(PermissionError):  # disks without modes, such as FAT, refuse them to all but their owner
            new.chmod(0o644)
        replace(new, path)
    except BaseException:
        with suppress(OSError, FileInUseError):  # what went wrong first is what a person needs to know
            delete(new)
        raise


def replace(new: Path, path: Path) -> None:
    """
    Rename *new* to *path*, over what is there.

    Raises:
        FileInUseError: another program has *path* open; both files are as they were.
        OSError: it cannot be renamed.
    """
    _insist(lambda: new.replace(path), path, "replaced")


def delete(path: Path) -> None:
    """
    Delete the file *path*, if it is there.

    Raises:
        FileInUseError: another program has it open.
        OSError: it cannot be deleted.
    """
    _insist(lambda: path.unlink(missing_ok=True), path, "deleted")


def _insist(action: Callable[[], object], path: Path, done: str) -> None:
    until = time.monotonic() + RETRY_SECONDS
    wait = _FIRST_WAIT_SECONDS
    while True:
        try:
            action()
        except PermissionError as error:
            if time.monotonic() >= until:
                raise FileInUseError(path, done, error.strerror or "refused") from None
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
        else:
            return
