"""Reports of too little: a source or metric that failed, nothing read, done, measured or sized."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.main import run
from okrsync.sandbox.company import Company
from okrsync.sandbox.demo import TOKEN_NAMES
from okrsync.sandbox.serve import Sites
from support.every_format import ENDINGS, Delivered, every_format
from support.running import Run

REPORTS = (
    ("plan", "--sprint", "PAY Sprint 33"),
    ("outcomes",),
    ("audit", "--cycle", "2026Q4"),
    ("retro", "--sprint", "PAY Sprint 31"),
)
QUIET_CYCLE = """
  - id: O1
    cycle: 2025Q4
    title: "A quiet quarter"
    owner: team-growth
    key_results:
      - {id: KR1.1, title: "Self-service from 40 % to 46 %", metric: self_service, direction: increase, kind: lagging,
         baseline: {value: 40.0, date: 2025-09-30}, target: {value: 46.0, date: 2025-12-31}}
      - {id: KR1.2, title: "Nobody knows yet how to measure this", state: draft, direction: increase, kind: leading}
"""


@pytest.fixture(scope="module")
def partial(company: tuple[Company, Sites], synced: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company after a sync in which one source could not be reached and one metric not be read."""
    folder = tmp_path_factory.mktemp("partial") / "project"
    shutil.copytree(synced, folder)
    settings = folder / "okrsync.yaml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace(company[1].github_url, f"{company[1].github_url}/nowhere", 1),
        encoding="utf-8",
    )
    (folder / "metrics" / "activation.csv").unlink()
    with pytest.MonkeyPatch.context() as patch:
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        assert run(["sync", "--quiet", "--config", str(folder / "okrsync.yaml")]) == 5
    return folder


def delivered(okrsync: Run, folder: Path, *line: str) -> tuple[int, Delivered]:
    with every_format(folder) as made:
        ran = okrsync(*line)
    assert made.page is not None, ran.err
    return ran.code, made


def is_said(made: Delivered, *said: str) -> None:
    """Whether every format for people says all of it."""
    for form in ENDINGS.keys() - {"json"}:
        text = " ".join(made.text(form).replace("\\", "").replace("\u200b", "").split())
        for words in said:
            assert words in text, form


def emptied(project: Path) -> None:
    for path in project.glob("okrsync.db*"):
        path.unlink()


def with_a_quiet_cycle(project: Path) -> None:
    path = project / "okrs.yaml"
    text = path.read_text(encoding="utf-8").replace(
        "cycles:\n", "cycles:\n  - {id: 2025Q4, start: 2025-10-01, end: 2025-12-31}\n", 1
    )
    path.write_text(text.rstrip() + QUIET_CYCLE, encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [REPORTS[0], *(pytest.param(line, marks=pytest.mark.long) for line in REPORTS[1:])],
    ids=lambda line: line[0],
)
def test_a_partial_sync_shows_in_every_format_and_in_the_exit_code(
    okrsync: Run, partial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...]
) -> None:
    monkeypatch.chdir(partial)
    code, made = delivered(okrsync, tmp_path, *line)

    assert code == 5
    is_said(
        made, "Incomplete: web: failed", "Incomplete: metric activation could not be read; its old values are shown."
    )
    kind = line[0]
    assert "web,failed" in made.tables[f"{kind}-sources"]
    assert "activation" in made.tables[kind]
    document: Any = okrsync(*line, "--format", "json").json
    assert {entry["name"]: entry["status"] for entry in document["sources"]} == {
        "web": "failed",
        "platform": "ok",
        "product": "ok",
    }
    assert document["failed_metrics"] == ["activation"]


@pytest.mark.parametrize("line", [("plan",), ("outcomes",), ("audit",)], ids=lambda line: line[0])
def test_an_empty_store_is_said_in_every_format(
    okrsync: Run, project: Path, tmp_path: Path, line: tuple[str, ...]
) -> None:
    emptied(project)
    code, made = delivered(okrsync, tmp_path / "made", *line)

    assert code == 5
    is_said(made, "Nothing has been read yet", "Incomplete: web: never read.")
    assert '"status": "never read"' in made.text("json")


@pytest.mark.parametrize("command", ["plan", "retro"])
def test_a_sprint_of_an_empty_store_is_not_looked_for(okrsync: Run, project: Path, command: str) -> None:
    emptied(project)
    ran = okrsync(command, "--sprint", "PAY Sprint 33")

    assert ran.code == 2
    assert "has been read yet; run okrsync sync first" in ran.err


def test_an_empty_store_is_not_called_fresh_or_final(okrsync: Run, project: Path) -> None:
    emptied(project)

    assert "metrics 9 never measured" in " ".join(okrsync("outcomes").out.split())
    assert "verdicts none, for nothing was read" in " ".join(okrsync("audit").out.split())


def test_a_cycle_without_work_says_so(okrsync: Run, project: Path, tmp_path: Path) -> None:
    with_a_quiet_cycle(project)
    _, audit = delivered(okrsync, tmp_path / "audit", "audit", "--cycle", "2025Q4")
    _, outcomes = delivered(okrsync, tmp_path / "outcomes", "outcomes", "--cycle", "2025Q4")

    is_said(audit, "Nothing was delivered on a key result of 2025Q4", "Key results with no work in the cycle: 2")
    is_said(outcomes, "No check has come due yet", "no delivered work")


def test_a_key_result_without_a_metric_says_so(okrsync: Run, project: Path, tmp_path: Path) -> None:
    with_a_quiet_cycle(project)
    _, audit = delivered(okrsync, tmp_path / "audit", "audit", "--cycle", "2025Q4")
    _, outcomes = delivered(okrsync, tmp_path / "outcomes", "outcomes", "--cycle", "2025Q4")
    _, plan = delivered(okrsync, tmp_path / "plan", "plan", "--backlog", "--no-suggest")

    is_said(audit, "Nobody knows yet", "never measured", "cannot tell: nothing is measured")
    is_said(outcomes, "draft: no target yet")
    is_said(plan, "a draft")


def test_a_sprint_without_sizes_goes_by_count_and_says_so(okrsync: Run, project: Path, tmp_path: Path) -> None:
    _, plan = delivered(okrsync, tmp_path / "plan", "plan", "--milestone", "Web 2026.12")
    _, retro = delivered(okrsync, tmp_path / "retro", "retro", "--sprint", "Web 2026.10")

    is_said(plan, "0 of 5 items have a size. That is too few to go by size, so the shares go by count.")
    assert '"by_size": []' in plan.text("json")
    is_said(retro, "4 delivered of 4 planned items; 0 of them have a size")
