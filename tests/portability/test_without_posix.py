"""The whole job in a Python that lacks what only POSIX systems have, started as on Windows and macOS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from okrsync.sandbox.demo import TOKEN_NAMES

# Removed before anything of okrsync or its libraries is imported; `subprocess` is, because it looks at some of them.
LACKING = """
import multiprocessing, os, runpy, signal, socket, subprocess, sys, time
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"):
    sys.modules[name] = None
for name in ("fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "getpgid", "setsid", "umask", "chown",
             "fchown", "fchmod", "lchown", "pread", "pwrite", "preadv", "sendfile", "mkfifo", "getloadavg", "statvfs",
             "fdatasync", "sync", "nice", "sched_getaffinity", "killpg", "O_NOFOLLOW", "O_DIRECTORY", "O_SYNC"):
    if hasattr(os, name):
        delattr(os, name)
for name in [name for name in vars(signal) if name.startswith("SIG") and name[3:] not in {
    "INT", "TERM", "ABRT", "FPE", "ILL", "SEGV", "_DFL", "_IGN"} and not name.startswith("SIG_")]:
    delattr(signal, name)
if hasattr(time, "tzset"):
    del time.tzset
for name in ("AF_UNIX", "SO_REUSEPORT"):
    if hasattr(socket, name):
        delattr(socket, name)
multiprocessing.set_start_method("spawn", force=True)
opened = os.open
def no_folder(path, *rest, **named):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", str(path))  # as Windows opens no folder
    return opened(path, *rest, **named)
os.open = no_folder
os.chmod = lambda *_, **__: None
from okrsync.cli.main import run
for command in __COMMANDS__:
    code = run(command)
    print("ended", code, *command, flush=True)
    if code not in (0, 3):
        sys.exit(1)
"""
COMMANDS = [
    ["demo", "--dir", "company"],
    ["validate", "--config", "company/okrsync.yaml"],
    ["status", "--config", "company/okrsync.yaml"],
    ["plan", "--sprint", "PAY Sprint 33", "--config", "company/okrsync.yaml"],
    ["check", "KR2.3", "--explain", "--config", "company/okrsync.yaml"],
    ["checkin", "KR3.2", "4.2", "--config", "company/okrsync.yaml"],
    ["link", "PAY-171", "KR4.1", "--reason", "asked for", "--config", "company/okrsync.yaml"],
    ["export", "--format", "csv", "--out", "tables", "--config", "company/okrsync.yaml"],
    ["site", "pages", "--config", "company/okrsync.yaml"],
    ["db", "backup", "copy.db", "--config", "company/okrsync.yaml"],
    ["lint", "--config", "company/okrsync.yaml"],
]


@pytest.mark.long
def test_the_whole_job_runs_without_what_only_posix_has(tmp_path: Path) -> None:
    program = LACKING.replace("__COMMANDS__", json.dumps(COMMANDS))
    done = subprocess.run(
        [sys.executable, "-W", "ignore::UserWarning", "-c", program],
        cwd=tmp_path,
        env=os.environ | dict.fromkeys(TOKEN_NAMES, "sandbox"),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("\nended ") >= len(COMMANDS) - 1


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu"])
def test_time_zones_come_from_the_package_where_the_system_has_none(tmp_path: Path, zone: str) -> None:
    environment = {**os.environ, "PYTHONTZPATH": "", "OKRSYNC_GITHUB_TOKEN": "x", "OKRSYNC_JIRA_TOKEN": "x"}
    environment.pop("TZ", None)
    program = (
        "import sys, zoneinfo\n"
        "assert zoneinfo.TZPATH == ()\n"
        "from okrsync.cli.main import run\n"
        "from okrsync.config.project import load_project\n"
        "from pathlib import Path\n"
        "assert run(['init', 'started']) == 0\n"
        "file = Path('started/okrsync.yaml')\n"
        "text = file.read_text(encoding='utf-8')\n"
        "lines = [line for line in text.splitlines() if not line.startswith('timezone:')]\n"
        f"file.write_text('\\n'.join([*lines, 'timezone: {zone}', '']), encoding='utf-8')\n"
        "assert run(['validate', '--config', str(file)]) == 0\n"
        "print(load_project(file).settings.zone)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == zone
