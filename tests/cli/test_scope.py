"""What counts is what the configuration names now; the store may hold more."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.running import Run, counted


def rewritten(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.long
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("projects: [PAY, GRO]", "projects: [PAY]"),
        ("since: 2025-08-01", "since: 2026-10-01"),
        ("name: platform", "name: backend"),
    ],
    ids=["a project less", "a later since", "a renamed source"],
)
def test_a_narrowed_scope_counts_as_a_fresh_store_would(okrsync: Run, project: Path, old: str, new: str) -> None:
    rewritten(project / "okrsync.yaml", old, new)
    assert okrsync("sync", "--quiet").code == 0
    kept = counted(okrsync)
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    assert okrsync("sync", "--quiet").code == 0
    assert counted(okrsync) == kept


def test_a_removed_source_counts_no_more_even_before_the_next_sync(okrsync: Run, project: Path) -> None:
    text = (project / "okrsync.yaml").read_text(encoding="utf-8")
    start, end = text.index("  - name: platform"), text.index("  - name: product")
    (project / "okrsync.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    assert okrsync("status", "--format", "json").json["items"]["total"] == 600 - 129


def test_what_comes_back_into_scope_counts_again(okrsync: Run, project: Path) -> None:
    rewritten(project / "okrsync.yaml", "projects: [PAY, GRO]", "projects: [PAY]")
    assert okrsync("sync", "--quiet").code == 0
    rewritten(project / "okrsync.yaml", "projects: [PAY]", "projects: [PAY, GRO]")
    ran = okrsync("sync", "--format", "json")
    assert okrsync("status", "--format", "json").json["items"]["total"] == 600
    assert all((run["items_new"], run["items_changed"]) == (0, 0) for run in ran.json["runs"])


def test_two_sources_that_read_the_same_are_refused(okrsync: Run, project: Path) -> None:
    rewritten(project / "okrsync.yaml", "repositories: [ferrywell/platform]", "repositories: [Ferrywell/WEB]")
    ran = okrsync("validate")
    assert ran.code == 2
    assert "/repos/ferrywell/web is read by source web already" in ran.err


def test_values_outside_the_bounds_of_a_metric_are_refused(okrsync: Run, untouched: Run, project: Path) -> None:
    before = untouched("status").out
    path = project / "metrics" / "publish_in_week_one.csv"
    name = (
        path.name
        if path.exists()
        else next(
            entry.name
            for entry in (project / "metrics").glob("*.csv")
            if "%" in (project / "okrs.yaml").read_text(encoding="utf-8")
        )
    )
    (project / "metrics" / name).write_text("date,value\n2026-11-19,940\n", encoding="utf-8")
    ran = okrsync("sync", "--format", "json")
    assert ran.code == 5
    told = [problem for problems in ran.json["metrics"]["failed"].values() for problem in problems]
    assert told
    after = okrsync("status")
    assert "could not be read; its old values are shown" in " ".join(after.out.split()), "the next command still knows"
    left_out = ("could not be read", "digest")
    shown, was = (
        [line for line in text.splitlines() if not any(words in line for words in left_out)]
        for text in (after.out, before)
    )
    assert shown == was


def test_a_target_outside_the_bounds_of_its_metric_is_refused(okrsync: Run, project: Path) -> None:
    rewritten(project / "okrs.yaml", "target: {value: 52.0,", "target: {value: 152.0,")
    ran = okrsync("validate")
    assert ran.code == 2
    assert "target 152 lies outside the bounds of its metric, 0 to 100" in ran.err


def test_validate_tries_the_metrics_and_only_warns(okrsync: Run, project: Path) -> None:
    next((project / "metrics").glob("*.csv")).unlink()
    ran = okrsync("validate", "--format", "json")
    assert ran.code == 0
    assert any("No such file" in problem for problem in ran.json["metric_problems"])
