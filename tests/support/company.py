"""The simulated company, synced once a process: copies for tests that change it, kept answers for those that read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from okrsync.cli.main import run
from okrsync.sandbox.company import Company
from okrsync.sandbox.demo import TOKEN_NAMES, company_sites, free_port, lay_out
from okrsync.sandbox.serve import Sites
from support.running import Ran, Run
from support.untouched import Untouched


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
def company() -> Iterator[tuple[Company, Sites]]:
    """The simulated company, its trackers answering for the whole session; nobody edits them."""
    built, sites = company_sites(free_port(0), 7, "cloud")
    with sites:
        yield built, sites
    assert sites.server.errors == []


@pytest.fixture(scope="session")
def synced(company: tuple[Company, Sites], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the company's files and a store that was synced once; copied for each test."""
    folder = tmp_path_factory.mktemp("company") / "project"
    lay_out(company[0], folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        assert run(["sync", "--quiet", "--config", str(folder / "okrsync.yaml")]) == 0
    return folder


@pytest.fixture
def project(synced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the synced company, as the working directory; its tokens are in the environment."""
    for name in TOKEN_NAMES:
        monkeypatch.setenv(name, "sandbox")
    folder = tmp_path / "project"
    shutil.copytree(synced, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def kept(synced: Path) -> Untouched:
    """What was said already of the synced company."""
    return Untouched(synced)


@pytest.fixture
def untouched(kept: Untouched, okrsync: Run, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line that changes nothing in the synced company; what was said before is not made again."""

    def call(*arguments: str | Path) -> Ran:
        with monkeypatch.context() as patch:
            patch.chdir(kept.folder)
            return kept.says(tuple(map(str, arguments)), okrsync, lambda: capfd.readouterr().out)

    return call
