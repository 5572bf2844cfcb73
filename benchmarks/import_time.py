"""
CPU of starting commands: each on the demo, beside an interpreter that does nothing and beside another installation.

``python benchmarks/import_time.py PROJECT [OTHER_BIN]``: PROJECT is a folder with okrsync.yaml, OTHER_BIN the folder of
another installation's ``okrsync``, run in turn with this one. Without arguments only help is measured.
"""

from __future__ import annotations

import os
import shlex
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

RUNS = 9
COMMANDS = {
    "--help": 1.0,
    "validate": 0.5,
    "lint": 0.5,
    "checkin KR2.1 3.3 --date 2026-11-18": 0.5,
    "why GRO-84": 0.6,
    "status": 0.6,
    "metric list": 0.6,
    "plan --sprint 'PAY Sprint 33'": 0.75,
    "outcomes": 0.75,
    "audit": 0.75,
}
"""The most that each may take of the other installation's CPU."""


def cpu_ms(arguments: Sequence[str], folder: str) -> float:
    """Return the CPU, user and system, of one process in *folder*, in milliseconds."""
    pid = os.fork()
    if pid == 0:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os.chdir(folder)
        os.execv(arguments[0], list(arguments))  # noqa: S606 - the program under test
    _, status, used = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in {0, 3, 5}:
        sys.exit(f"{shlex.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return (used.ru_utime + used.ru_stime) * 1000


def main() -> None:
    """Print the medians, and with another installation the ratios, interpreter start taken off."""
    project = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    other = Path(sys.argv[2]).absolute() / "okrsync" if len(sys.argv) > 2 else None
    own = Path(sys.executable).with_name("okrsync")
    with tempfile.TemporaryDirectory() as folder:
        # Each gets a copy of its own: both write caches, and a check-in.
        places: dict[Path, str] = {}
        for program in (own, other) if other else (own,):
            places[program] = f"{folder}/{len(places)}"
            shutil.copytree(project, places[program]) if project else Path(places[program]).mkdir()
        start = statistics.median(cpu_ms([sys.executable, "-c", "pass"], folder) for _ in range(RUNS))
        print(f"an interpreter that does nothing: {start:.0f} ms CPU; medians of {RUNS}, that taken off")
        for command, bar in COMMANDS.items() if project else [("--help", 1.0)]:
            arguments = shlex.split(command)
            times = {program: [cpu_ms([str(program), *arguments], place)] for program, place in places.items()}
            for _ in range(RUNS):
                for program, place in places.items():
                    times[program].append(cpu_ms([str(program), *arguments], place))
            medians = {program: statistics.median(found[1:]) - start for program, found in times.items()}
            line = f"{command:40} {medians[own]:6.0f} ms"
            if other is not None:
                line += f"   other {medians[other]:6.0f} ms   ratio {medians[own] / medians[other]:.2f}   bar {bar}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
