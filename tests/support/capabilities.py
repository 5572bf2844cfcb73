"""What the system under the tests can do; ``@pytest.mark.needs("fork")`` skips a test where it cannot."""

from __future__ import annotations

import importlib.util
import os
import signal
import stat
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path


def _keeps_modes() -> bool:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).chmod(0o640)
        return stat.S_IMODE(Path(file.name).stat().st_mode) == 0o640


def _tells_case() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a").touch()
        return not (Path(folder) / "A").exists()


def _makes_symlinks() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            (Path(folder) / "link").symlink_to(folder)
        except (OSError, NotImplementedError):
            return False
        return True


CAPABILITIES: dict[str, tuple[str, Callable[[], bool]]] = {
    "case": ("names that differ in case are one file", _tells_case),
    "fork": ("a process cannot be forked", lambda: hasattr(os, "fork")),
    "modes": ("files have no modes", _keeps_modes),
    "process memory": ("the peak memory of a process stands nowhere", Path("/proc/self/status").is_file),
    "resource limits": ("a process cannot be limited", lambda: importlib.util.find_spec("resource") is not None),
    "signals": ("a process ends at once at a signal of another", lambda: hasattr(signal, "SIGKILL")),
    "symlinks": ("links to files cannot be made", _makes_symlinks),
    "user ids": ("no other user can be had", lambda: hasattr(os, "seteuid")),
}


@cache
def lacking(name: str) -> str:
    """Return why a test that needs the capability *name* cannot run here, or nothing where it can."""
    reason, is_there = CAPABILITIES[name]
    return "" if is_there() else f"needs {name}: {reason} on this system"
