"""How long the main job takes on the sandbox company: first sync, and a second one that finds nothing new."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
from pathlib import Path

from okrsync.cli.main import run
from okrsync.sandbox.demo import company_sites, free_port, lay_out, sandbox_tokens

BAR_SECONDS = 20


def seconds(arguments: list[str]) -> float:
    """Wall time of one command line, its output thrown away."""
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = run(arguments)
    if code:
        raise SystemExit(f"okrsync {' '.join(arguments)} ended with {code}")
    return time.perf_counter() - start


def main() -> None:
    """Print the figures with the machine's load."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "demo"
        company, sites = company_sites(free_port(0), 7, "cloud")
        lay_out(company, folder)
        config = ["--config", str(folder / "okrsync.yaml")]
        with sandbox_tokens(), sites:
            first = seconds(["sync", "--quiet", *config])
            second = seconds(["sync", "--quiet", *config])
            outcomes = seconds(["outcomes", *config])
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; 600 items, 19 metrics")
    print(f"first sync     {first:6.2f} s   bar {BAR_SECONDS} s")
    print(f"second sync    {second:6.2f} s   {second / first:.2f} of the first")
    print(f"outcomes       {outcomes:6.2f} s")


if __name__ == "__main__":
    main()
