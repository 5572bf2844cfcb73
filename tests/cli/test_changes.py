"""Changes of the goals themselves: told with their reasons, and no verdict is judged by what was declared later."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.running import Run

TARGET = "target: {value: 52.0, date: 2026-12-31}"


def edit(project: Path, old: str, new: str) -> None:
    path = project / "okrs.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, text.count(old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_nothing_changed_is_said(untouched: Run) -> None:
    assert "No change in 1 version of the OKR files." in untouched("changes").out


def test_a_changed_target_is_told_with_the_reason_that_is_on_record(okrsync: Run, project: Path) -> None:
    edit(project, TARGET, "target: {value: 49, date: 2026-12-31}")
    assert okrsync("sync", "--quiet", "--as-of", "2026-11-25").code == 0

    told = okrsync("changes", "KR1.1", "--as-of", "2026-11-26").out
    assert (
        "\n  2026-11-25 · key result 2026Q4/KR1.1: target 52 on 2026-12-31 → 49 on 2026-12-31; no reason is on record\n"
    ) in told

    okrsync("decide", "KR1.1", "--choice", "pivot", "--because", "half of the team left", "--as-of", "2026-11-26")
    told = " ".join(okrsync("changes", "--as-of", "2026-11-26").out.split())
    assert "→ 49 on 2026-12-31, because half of the team left (d" in told


def test_changed_definitions_and_key_results_that_come_and_go_are_told(okrsync: Run, project: Path) -> None:
    path = project / "okrs.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("new organisers who publish an event within 7 days", "organisers who publish", 1), encoding="utf-8"
    )
    assert okrsync("sync", "--quiet", "--as-of", "2026-11-25").code == 0
    path.write_text(path.read_text(encoding="utf-8").replace("id: KR4.2", "id: KR4.3", 1), encoding="utf-8")
    assert okrsync("sync", "--quiet", "--as-of", "2026-11-27").code == 0

    changes = okrsync("changes", "--as-of", "2026-11-28", "--format", "json").json["changes"]

    assert [(entry["name"], entry["field"], entry["day"]) for entry in changes] == [
        ("activation", "definition", "2026-11-25"),
        ("2026Q4/KR4.2", "", "2026-11-27"),
        ("2026Q4/KR4.3", "", "2026-11-27"),
    ]
    assert okrsync("changes", "activation", "--as-of", "2026-11-28", "--format", "json").json["changes"] == changes[:1]


@pytest.mark.parametrize("name", ["KR9", "nope"])
def test_what_does_not_exist_is_a_usage_error(untouched: Run, name: str) -> None:
    assert untouched("changes", name).code == 2


def test_a_verdict_is_judged_by_what_was_declared_at_the_delivery(okrsync: Run, project: Path) -> None:
    """GRO-84 moved the key result up by 5; that the way is then declared to be down makes it no setback."""
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    assert okrsync("sync", "--quiet", "--as-of", "2026-10-05").code == 0, "the day before the delivery"
    path = project / "okrs.yaml"
    text = path.read_text(encoding="utf-8")
    before, mark, after = text.rpartition("metric: activation")
    head, _, tail = after.partition("direction: increase")
    path.write_text(
        before + mark + head + "direction: decrease" + tail.replace("value: 52.0", "value: 30.0", 1), encoding="utf-8"
    )
    assert okrsync("sync", "--quiet", "--as-of", "2026-10-08").code == 0, "two days after it"

    assert okrsync("sync", "--quiet", "--as-of", "2026-11-20").code == 0

    report = okrsync("outcomes", "--cycle", "all", "--format", "json").json
    (entry,) = [entry for entry in report["key_results"] if entry["id"] == "2026Q4/KR1.1"]
    assert entry["direction"] == "decrease"
    (check,) = [check for check in entry["outcome"]["checks"] if "GRO-84" in check["members"]]
    assert check["verdict"] == "moved"
    assert check["estimate"]["effect"] > 0
