"""The site of a project in a process of its own, and requests to it as bytes that no client would send."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

_ADDRESS = re.compile(r"http://(?P<host>\S+):(?P<port>\d+)/")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Message
    body: str


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, *, method: str = "GET", host: str | None = None, more: str = "") -> Reply:
        """One request; *host* as it stands in the header (empty: none), *more*: further header lines."""
        name = f"127.0.0.1:{self.port}" if host is None else host
        line = f"Host: {name}\r\n" if name else ""
        told = self.send(f"{method} {path} HTTP/1.1\r\n{line}{more}Connection: close\r\n\r\n".encode("latin-1"))
        head, _, body = told.partition("\r\n\r\n")
        first, _, rest = head.partition("\r\n")
        return Reply(int(first.split()[1]), Parser().parsestr(rest), body)

    def send(self, request: bytes) -> str:
        """What comes back for these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as line:
            line.sendall(request)
            return b"".join(iter(lambda: line.recv(65536), b"")).decode()

    def ended(self, number: int) -> tuple[int, str]:
        """The exit code after the signal *number*, and what was said on the way."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    """``okrsync serve`` on the project in *folder*, on a free port, until the block ends."""
    program = "import sys; from okrsync.cli.main import run; sys.exit(run(sys.argv[1:]))"
    # What runs in the background of a shell ignores Ctrl-C, and so would all that it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", program, "serve", "--port", "0", *options],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = _ADDRESS.search(said)
        assert found is not None, said
        yield Served(process, int(found["port"]))
    finally:
        process.kill()
        process.communicate()
