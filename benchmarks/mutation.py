"""
Mutation run: breaks the pure core in small ways, one at a time, and counts how many breaks the fast tests notice.

Works on a copy in a temporary folder. Exits 1 where the tests notice less than 80 %. See docs/mutation.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEAST = 80.0
# A mutant that never ends is noticed too.
NOTICED = {"killed", "timeout", "segfault", "caught by type check"}


def main() -> int:
    """Run it, print the figures, and say by the exit code whether they suffice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="mutants at a time")
    parser.add_argument("--survivors", action="store_true", help="print the change that each survivor makes")
    arguments = parser.parse_args()
    began = time.monotonic()
    with _copy() as folder:
        run = _mutmut(folder, "run", "--max-children", str(arguments.jobs))
        statuses = _statuses(_mutmut(folder, "results", "--all", "true").stdout)
        if run.returncode or not statuses:
            print(run.stdout[-4000:], run.stderr[-4000:], sep="\n")
            print("the mutation run did not come to its end")
            return 1
        survivors = [name for name, status in statuses.items() if status not in NOTICED]
        score = _report(statuses)
        for name in survivors:
            print(f"survived: {name} ({statuses[name]})")
            if arguments.survivors:
                print(_mutmut(folder, "show", name).stdout)
    print(f"{time.monotonic() - began:.0f} s, {arguments.jobs} at a time")
    if score < LEAST:
        print(f"only {score:.1f} % noticed; at least {LEAST:.0f} % is wanted")
        return 1
    return 0


@contextmanager
def _copy() -> Iterator[Path]:
    """A folder with the packages side by side under their import names, the fast tests and the settings."""
    with tempfile.TemporaryDirectory(prefix="okrsync-mutation-") as name:
        folder = Path(name)
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "okrsync", folder / "okrsync", ignore=skip)
        for package in sorted((ROOT / "connectors").glob("okrsync_*")):
            shutil.copytree(package, folder / package.name, ignore=skip)
        for tests in ("linking", "normalise"):
            shutil.copytree(ROOT / "tests" / tests, folder / "tests" / tests, ignore=skip)
        (folder / "tests" / "sync").mkdir()
        shutil.copy(ROOT / "tests" / "sync" / "test_window.py", folder / "tests" / "sync")
        shutil.copy(ROOT / "benchmarks" / "mutation.toml", folder / "pyproject.toml")
        yield folder


def _mutmut(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)


def _statuses(listing: str) -> dict[str, str]:
    """Status by mutant, from lines like ``okrsync.sync.cursor.x_start_of__mutmut_1: killed``."""
    pairs = (line.strip().partition(": ") for line in listing.splitlines() if "__mutmut_" in line)
    return {name: status for name, _, status in pairs}


def _report(statuses: Mapping[str, str]) -> float:
    """Print the figures by module; the share noticed, in percent."""
    modules: dict[str, Counter[bool]] = defaultdict(Counter)
    for name, status in sorted(statuses.items()):
        modules[name.partition(".x")[0]][status in NOTICED] += 1
    modules["total"] = sum(modules.values(), Counter())
    print(f"{'module':32} {'mutants':>8} {'killed':>8} {'survived':>9} {'share':>8}")
    score = 0.0
    for module, counts in modules.items():
        score = 100 * counts[True] / counts.total()
        print(f"{module:32} {counts.total():8} {counts[True]:8} {counts[False]:9} {score:6.1f} %")
    return score


if __name__ == "__main__":
    sys.exit(main())
