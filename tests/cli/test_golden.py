"""
The reports of the sandbox company in every format, word for word: ``tests/golden``.

They change with every word of a report. Write them anew on purpose, with ``make golden``, and read what ``git diff``
says of them.

One machine gives the same bytes again and again. Another kind of processor may differ in the last digits of an
estimate, and then in the digest, which names all of them: so these alone may be others here.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.reporting import FORMATS
from okrsync.sandbox.company import Company
from okrsync.sandbox.demo import TOKEN_NAMES, lay_out
from okrsync.sandbox.serve import Sites
from support.every_format import every_format
from support.running import Run

GOLDEN = Path(__file__).parent.parent / "golden"
COMMANDS = {
    "plan": ("plan", "--sprint", "PAY Sprint 33"),
    "outcomes": ("outcomes",),
    "audit-2026Q3": ("audit", "--cycle", "2026Q3"),
    "audit-2026Q4": ("audit", "--cycle", "2026Q4"),
    "retro": ("retro", "--sprint", "PAY Sprint 31"),
}
ELSEWHERE = "https://ferrywell.example/jira"
_ANOTHER_DAY = """
from datetime import UTC, datetime
import okrsync.plugins.context as context
context.utc_now = lambda: datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
import sys
from okrsync.cli.main import run
for line in sys.argv[1:]:
    assert run(line.split("\\t")) == 0, line
"""


def settle(project: Path, jira: str) -> None:
    """Give items of *project* the addresses that they would have on a tracker with a name; ports differ by run."""
    with closing(sqlite3.connect(project / "okrsync.db")) as store, store:
        store.execute("UPDATE item SET url = replace(url, ?, ?)", (jira, ELSEWHERE))


def files_in(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def digest_of(files: Mapping[str, bytes]) -> str:
    found: str = json.loads(files["report.json"])["data_digest"]
    return found


def is_same(kept: Any, found: Any) -> bool:
    """Whether two documents are the same but for the last digits of numbers."""
    if isinstance(kept, dict) and isinstance(found, dict):
        return list(kept) == list(found) and all(is_same(kept[name], found[name]) for name in kept)
    if isinstance(kept, list) and isinstance(found, list):
        return len(kept) == len(found) and all(map(is_same, kept, found))
    if isinstance(kept, float) and isinstance(found, float):
        return kept == pytest.approx(found, rel=1e-6, abs=1e-9)
    return type(kept) is type(found) and kept == found


def read_csv(text: str) -> list[list[str | float]]:
    def value(written: str) -> str | float:
        return float(written) if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", written) else written

    return [[value(written) for written in row] for row in csv.reader(io.StringIO(text))]


READERS: dict[str, Callable[[str], Any]] = {".json": json.loads, ".csv": read_csv}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_reports_of_the_company_are_the_golden_ones(
    okrsync: Run, project: Path, company: tuple[Company, Sites], tmp_path: Path, name: str
) -> None:
    settle(project, company[1].jira_url)
    with every_format(tmp_path / name) as made:
        ran = okrsync(*COMMANDS[name])
    assert ran.code == 0, ran.err
    if os.environ.get("OKRSYNC_TESTS_GOLDEN") == "write":
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        shutil.copytree(made.folder, GOLDEN / name)

    kept, found = files_in(GOLDEN / name), files_in(made.folder)

    assert sorted(found) == sorted(kept)
    was, now = digest_of(kept), digest_of(found)
    for file, written in found.items():
        golden, told = (text.decode() for text in (kept[file], written))
        golden = golden.replace(was, now).replace(f"{was[:4]} {was[4:8]}", f"{now[:4]} {now[4:8]}")
        read = READERS.get(Path(file).suffix)
        assert golden == told or (read is not None and is_same(read(golden), read(told))), f"{file} has changed"


def test_the_golden_files_are_of_no_machine() -> None:
    for name in COMMANDS:
        for file, written in files_in(GOLDEN / name).items():
            assert not re.search(rb"127\.0\.0\.1|localhost|/tmp/|/home/", written), f"{name}/{file}"


@pytest.mark.long
def test_another_day_another_zone_and_another_order_of_sets_give_the_same_bytes(
    company: tuple[Company, Sites], tmp_path: Path
) -> None:
    def made(name: str, program: str, **environment: str) -> dict[str, bytes]:
        folder, out = tmp_path / name, tmp_path / f"{name}-reports"
        lay_out(company[0], folder)
        reports = (
            "\t".join((*command, "--format", form, "--out", str(out / f"{report}.{form}")))
            for report, command in COMMANDS.items()
            for form in FORMATS
        )
        subprocess.run(
            [sys.executable, "-c", program, "sync\t--quiet", *reports],
            cwd=folder, check=True, capture_output=True,
            env={**os.environ, **dict.fromkeys(TOKEN_NAMES, "sandbox"), **environment},
        )  # fmt: skip
        return files_in(out)

    here = made("here", _ANOTHER_DAY.replace("2031", "2026"), TZ="UTC", PYTHONHASHSEED="1")
    there = made("there", _ANOTHER_DAY, TZ="Asia/Tokyo", PYTHONHASHSEED="2", LC_ALL="C", COLUMNS="40")

    assert len(here) > 100
    assert sorted(here) == sorted(there)
    assert [name for name, written in here.items() if written != there[name]] == []


def test_no_filter_changes_a_verdict(untouched: Run) -> None:
    def asked(*line: str) -> Any:
        return untouched(*line, "--format", "json").json

    everything = asked("outcomes", "--cycle", "all")
    for cycle in ("2026Q3", "2026Q4"):
        part = asked("outcomes", "--cycle", cycle)["key_results"]
        whole = {entry["id"]: entry["outcome"] for entry in everything["key_results"]}
        assert part
        assert [entry["outcome"] for entry in part] == [whole[entry["id"]] for entry in part]

    plans = [asked("plan", "--backlog", "--no-suggest", *part) for part in ((), ("--team", "growth"))]
    checks = [{line["standing"]["id"]: line["last_check"] for line in plan["key_results"]} for plan in plans]
    assert len({plan["coverage"]["items"] for plan in plans}) == 2
    assert any(checks[0].values())
    for part in checks[1:]:
        assert part == {name: checks[0][name] for name in part}
