"""How long help takes: a fresh process, median of 15, beside an interpreter that does nothing."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15
BAR_MS = 150


def milliseconds(*arguments: str) -> float:
    """The median wall time of one process."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    """Print both figures and the ratio."""
    nothing = milliseconds("-c", "pass")
    helped = milliseconds("-c", "import sys; from okrsync.cli.main import run; sys.exit(run(['--help']))")
    print(f"python -c pass    {nothing:6.0f} ms")
    print(f"okrsync --help    {helped:6.0f} ms   bar {BAR_MS} ms   {helped / nothing:.1f} times an empty interpreter")


if __name__ == "__main__":
    main()
