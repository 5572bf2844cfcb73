"""The simulated company in a folder of its own, with its trackers on loopback, ready for the main job."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from pathlib import Path

from okrsync.errors import OkrsyncError, UsageError
from okrsync.files import delete
from okrsync.sandbox.company import Company, build_company
from okrsync.sandbox.http import claim_port
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import JiraKind

PREFERRED_PORT = 8765
TOKEN_NAMES = ("OKRSYNC_GITHUB_TOKEN", "OKRSYNC_JIRA_TOKEN")
_MARK = "truth.json"
_CLOSING_TIME = time(18)


def company_sites(port: int, seed: int, jira_kind: JiraKind) -> tuple[Company, Sites]:
    """The company and its sites, which will answer on *port* once entered; their clock stands on its today."""
    base = f"http://127.0.0.1:{port}"
    company = build_company(seed, github_url=f"{base}/github", jira_url=f"{base}/jira", jira_kind=jira_kind)
    now = datetime.combine(company.today, _CLOSING_TIME, UTC)
    return company, Sites(company.github, company.jira, clock=lambda: now, port=port)


def lay_out(company: Company, folder: Path) -> None:
    """
    Write the company's files into *folder*; an earlier demo there is replaced, with all that was done in it.

    Raises:
        UsageError: the folder holds something that no demo made.
        OkrsyncError: it cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).is_file():
            raise UsageError(f"{folder}: holds other files; name another folder for the demo")
        # In place: somebody's shell may stand in the folder. The mark goes last: where a file cannot be deleted,
        # because a program has it open, the folder is still known as a demo's.
        for entry in sorted(folder.iterdir() if folder.exists() else (), key=lambda entry: entry.name == _MARK):
            shutil.rmtree(entry) if entry.is_dir() else delete(entry)
        for name, text in company.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OkrsyncError(f"{folder}: cannot be written ({error.strerror}); name another folder") from None


def free_port(preferred: int = PREFERRED_PORT) -> int:
    """*preferred* if it is free on loopback, else another port that is."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            claim_port(probe)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            bound: int = probe.getsockname()[1]
            return bound
    raise OkrsyncError("no port is free on loopback")


@contextmanager
def sandbox_tokens() -> Iterator[None]:
    """Inside, the demo's token variables hold a made-up token, so that nobody's real one is used."""
    before = {name: os.environ.get(name) for name in TOKEN_NAMES}
    os.environ.update(dict.fromkeys(TOKEN_NAMES, "sandbox"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
