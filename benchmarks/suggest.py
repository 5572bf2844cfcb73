"""
How long suggestions for 10,000 unlinked items take, and how often they are right where links were hidden.

The items are those of the recorded repository beside the checkout, three of its labels standing for key results, and
the sandbox company. What is timed starts from placed items in memory and ends with the list of suggestions.
"""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from okrsync.cli.main import run
from okrsync.model.placements import LinkStatus, Placement
from okrsync.model.work import Status
from okrsync.sandbox.demo import company_sites, free_port, lay_out, sandbox_tokens
from okrsync.suggesting.suggestions import suggest
from support.hidden_links import Case, measured, of_project, of_recorded_items

RECORDED = Path(__file__).parents[2] / "shared/data/github-hf-datasets/datasets-issues.zip"
UNLINKED = 10_000
BAR_SECONDS = 10
SEEDS = range(5)


def sandbox(folder: Path) -> Case:
    """The simulated company, synced."""
    company, sites = company_sites(free_port(0), 7, "cloud")
    lay_out(company, folder)
    config = folder / "okrsync.yaml"
    with sandbox_tokens(), sites, contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if code := run(["sync", "--quiet", "--config", str(config)]):
            raise SystemExit(f"okrsync sync ended with {code}")
    return of_project(config)


def with_unlinked(case: Case, wanted: int) -> Case:
    """*case* with copies of its unlinked items until *wanted* are asked about."""
    unlinked = [
        placement
        for placement in case.linking.placements
        if placement.group is LinkStatus.UNLINKED and placement.item.status is not Status.DROPPED
    ]

    def copies() -> Iterator[Placement]:
        for number in count(1):
            for placement in unlinked:
                key = f"{placement.item.key}, copy {number}"
                yield replace(placement, item=replace(placement.item, key=key))

    more = [copy for copy, _ in zip(copies(), range(wanted - len(case.material().questions)), strict=False)]
    items = [placement.item for placement in (*case.linking.placements, *more)]
    hierarchy = type(case.linking.hierarchy)(items)
    placements = (*case.linking.placements, *more)
    return replace(case, linking=replace(case.linking, placements=placements, hierarchy=hierarchy))


def figures(name: str, case: Case, *, families: bool) -> None:
    found = [measured(case, seed, families=families) for seed in SEEDS]
    precision = statistics.mean(one.precision for one in found)
    coverage = statistics.mean(one.coverage for one in found)
    least = min(one.precision for one in found), min(one.coverage for one in found)
    others = statistics.mean(one.never_linked_answered / one.never_linked for one in found)
    estimates = [one.suggested.calibration.precision for one in found if one.suggested.calibration is not None]
    print(
        f"{name:34} precision at 1 {precision:.3f} (least {least[0]:.3f}) at coverage {coverage:.3f} "
        f"(least {least[1]:.3f}); estimated {statistics.mean(estimates):.3f}; "
        f"{others:.0%} of the never linked got one"
    )


def main() -> None:
    """Print the figures with the machine's load."""
    print(
        f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; 30 % of the links hidden, {len(SEEDS)} ways"
    )
    with tempfile.TemporaryDirectory() as name:
        company = sandbox(Path(name) / "company")
    figures("sandbox, single links", company, families=False)
    figures("sandbox, with all derived of them", company, families=True)
    if not RECORDED.is_file():
        print("recorded items: skipped, they (../shared) are not beside this checkout")
        return
    recorded = of_recorded_items()
    figures("recorded, single labels", recorded, families=False)
    figures("recorded, with pull requests", recorded, families=True)
    many = with_unlinked(recorded, UNLINKED)
    start = time.perf_counter()
    made = many.material()
    found = suggest(made.examples, made.questions, made.background, made.exempt)
    seconds = time.perf_counter() - start
    linked = sum(bool(example.key) for example in made.examples)
    print(
        f"{len(made.questions):,} unlinked items, {linked:,} linked: {seconds:.2f} s, bar {BAR_SECONDS} s "
        f"({len(found.suggestions):,} suggestions)"
    )


if __name__ == "__main__":
    main()
