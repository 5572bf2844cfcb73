"""Counterparts that nobody here wrote, from ``.ci/peers``; a test skips with a reason where one is not there."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PEERS = Path(__file__).parents[2] / ".peers"
_START_SECONDS = 60.0


def peer(*names: str) -> Path:
    """The first of *names*, files below ``.peers``, that is there."""
    for name in names:
        if found := next(iter(sorted(PEERS.glob(name))), None):
            return found
    pytest.skip(f"{names[0]} is not installed; run .ci/peers")


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str | Path], port: int, folder: Path, **environment: str) -> Iterator[None]:
    """*command* with an answering *port*, for as long as the block runs; its words are in *folder*."""
    with (folder / "peer.log").open("ab") as log:
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, env={**os.environ, **environment}, stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + _START_SECONDS
        while not _answers(port):
            words = (folder / "peer.log").read_text(encoding="utf-8")[-500:]
            assert process.poll() is None, f"{command[0]} ended: {words}"
            assert time.monotonic() < end, f"{command[0]} does not answer: {words}"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def okrsync(folder: Path, python: str, *line: str, **environment: str) -> tuple[int, Any, str]:
    """Exit code, JSON and words of one command line in a process of its own."""
    done = subprocess.run(
        [python, "-c", "from okrsync.cli.main import main; main()", *line, "--format", "json"],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, encoding="utf-8", check=False, timeout=300,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def settings_of(name: str, connector: str, url: str, **more: Any) -> Mapping[str, Any]:
    """A source of ``okrsync.yaml`` whose token is in T."""
    return {"name": name, "connector": connector, "url": url, "token": {"env": "T"}, **more}
