"""What other systems do differently, made by hand: each fixture is one such difference."""

from __future__ import annotations

import builtins
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from okrsync import files
from support.other_systems import Hold


@pytest.fixture
def hold_open(monkeypatch: pytest.MonkeyPatch) -> Hold:
    """
    Let another program have a file open, as Windows has it: it cannot be replaced or deleted so many times.

    ``None``: for good. Time passes by itself: nobody waits.
    """
    refusals: dict[Path, float] = {}
    now = 0.0

    def refuse(path: Path) -> None:
        if refusals.get(path, 0) > 0:
            refusals[path] -= 1
            raise PermissionError(13, "The process cannot access the file", str(path))

    replace, unlink = Path.replace, Path.unlink

    def replaced(self: Path, target: Path) -> Path:
        refuse(Path(target))
        return replace(self, target)

    def unlinked(self: Path, missing_ok: bool = False) -> None:
        refuse(self)
        unlink(self, missing_ok=missing_ok)

    def slept(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(Path, "unlink", unlinked)
    monkeypatch.setattr(files, "time", SimpleNamespace(sleep=slept, monotonic=lambda: now))

    def held(path: Path, times: int | None) -> None:
        refusals[path] = float("inf") if times is None else times

    return held


@pytest.fixture
def windows_text_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are opened as text get the line ends of Windows, unless the opener chose some."""
    original = io.open

    def opened(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if "b" not in mode and set(mode) & set("wax+") and len(rest) < 4 and named.get("newline") is None:
            named["newline"] = "\r\n"
        return original(file, mode, *rest, **named)

    monkeypatch.setattr(io, "open", opened)
    monkeypatch.setattr(builtins, "open", opened)
