"""Writes a run's reports to files: whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from okrsync.errors import FileInUseError, OkrsyncError
from okrsync.files import delete, open_replacement
from okrsync.store.failpoints import failpoint

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(?:html|csv)")


def write_set(folder: Path, name: str, texts: Iterable[tuple[str, str]]) -> list[Path]:
    """
    Write *texts* by their file names into *folder*, and return their paths.

    What an earlier run wrote there under the same *name* (of the set) and is not among them any more is taken away: an
    old page would pass for a new one. Which files these are stands in a hidden file beside them; others are left alone.

    Raises:
        OkrsyncError: a file cannot be written; the others are there.
    """
    known = folder / f".okrsync-{name}"
    paths = [write_whole(folder / file, text) for file, text in texts]
    names = [path.name for path in paths]
    written = {path.name.casefold(): path for path in paths}
    try:
        before = known.read_text(encoding="utf-8", errors="replace").splitlines() if known.is_file() else []
        # The list lies where others can write: it may name files of this folder alone, and of no other kind.
        old = [file for file in before if file not in set(names) and _PLAIN_NAME.fullmatch(file)]
        # Where case does not count, a page that changed only its case is the new one.
        old = [file for file in old if not _is_same(folder / file, written.get(file.casefold()))]
    except OSError as error:
        raise OkrsyncError(f"{known}: cannot be read ({error.strerror}); old files are still there") from None
    try:
        for file in old:
            delete(folder / file)
    except (OSError, FileInUseError) as error:
        write_whole(known, "".join(f"{name}\n" for name in (*names, *old)))  # the next run takes them away
        if isinstance(error, FileInUseError):
            raise
        raise OkrsyncError(f"{folder}: old files cannot be taken away ({error.strerror})") from None
    write_whole(known, "".join(f"{name}\n" for name in names))
    return paths


def _is_same(old: Path, new: Path | None) -> bool:
    return new is not None and old.exists() and old.samefile(new)


def write_whole(path: Path, text: str) -> Path:
    """
    Put *text* into *path* in one step, so that nobody ever reads half of it.

    Raises:
        OkrsyncError: it cannot be written; what was there before stays.
    """
    try:
        with open_replacement(path) as stream:
            stream.write(text.encode())
            failpoint("report-written")
    except OSError as error:
        raise OkrsyncError(f"{path}: cannot be written ({error.strerror}); the old file is untouched") from None
    return path
