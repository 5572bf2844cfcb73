"""What other systems do differently, made by hand: each fixture is one such difference."""

from __future__ import annotations

import builtins
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from okrsync import files
from okrsync.cli.main import run
from okrsync.sandbox.demo import TOKEN_NAMES, company_sites, free_port, lay_out
from support.other_systems import Hold
from support.running import Ran, Run


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


@pytest.fixture
def okrsync(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command line in this process, in the working directory."""
    for name in TOKEN_NAMES:
        monkeypatch.setenv(name, "sandbox")

    def call(*arguments: str | Path) -> Ran:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The simulated company with a store that was synced once; its trackers answer."""
    company, sites = company_sites(free_port(0), 7, "cloud")
    folder = tmp_path_factory.mktemp("company") / "project"
    lay_out(company, folder)
    with pytest.MonkeyPatch.context() as patch, sites:
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        assert run(["sync", "--quiet", "--config", str(folder / "okrsync.yaml")]) == 0
        yield folder


@pytest.fixture
def project(synced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the synced company, as the working directory."""
    folder = tmp_path / "project"
    shutil.copytree(synced, folder)
    monkeypatch.chdir(folder)
    return folder
