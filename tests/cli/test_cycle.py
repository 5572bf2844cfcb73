"""From one cycle to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from okrsync.config.project import load_project
from okrsync.reports.closing import next_id
from support.running import Run


def include(project: Path, name: str) -> None:
    path = project / "okrsync.yaml"
    text = path.read_text(encoding="utf-8")
    assert "okrs: okrs.yaml" in text
    path.write_text(text.replace("okrs: okrs.yaml", f"okrs: [okrs.yaml, {name}]"), encoding="utf-8")


def test_the_next_cycle_starts_from_what_was_measured_and_is_valid(okrsync: Run, project: Path) -> None:
    ran = okrsync("cycle", "close", "2026Q3", "--carry", "learnings,open", "--next", "2027Q1")
    assert ran.code == 0, ran.err
    assert "2 key results carried as drafts" in ran.out
    include(project, "okrs-2027Q1.yaml")

    assert okrsync("validate").code == 0
    okrs = load_project(project / "okrsync.yaml").okrs
    (cycle,) = [cycle for cycle in okrs.cycles if cycle.id == "2027Q1"]
    assert (str(cycle.start), str(cycle.end)) == ("2026-10-01", "2026-12-31"), "three months behind the closed one"
    carried = {entry.id: entry for entry in okrs.key_results if entry.cycle == "2027Q1"}
    assert set(carried) == {"KR2.1", "KR2.2"}, "what reached its target is not carried"
    assert carried["KR2.1"].state == "draft"
    assert carried["KR2.1"].baseline is not None
    assert carried["KR2.1"].baseline.value == pytest.approx(14.1, abs=0.1)
    assert carried["KR2.1"].target is None


def test_learnings_stand_as_comments_with_scores_verdicts_and_decisions(okrsync: Run, project: Path) -> None:
    okrsync("cycle", "close", "2026Q3")

    text = (project / "okrs-2026Q4.yaml").read_text(encoding="utf-8")
    assert "score 0.0 (red); verdicts: 1 inconclusive, 2 no meaningful movement" in text
    assert "GRO-72: scale, because returns rose and stayed (de-001)" in text
    assert "objectives:" not in text, "nothing else is carried unless it is asked for"
    include(project, "okrs-2026Q4.yaml")
    assert okrsync("validate").code == 0


def test_ids_that_the_next_cycle_has_already_are_not_used_twice(okrsync: Run, project: Path) -> None:
    okrsync("cycle", "close", "2026Q3", "--carry", "open")
    include(project, "okrs-2026Q4.yaml")

    assert okrsync("validate").code == 0
    ids = {entry.id for entry in load_project(project / "okrsync.yaml").okrs.key_results if entry.cycle == "2026Q4"}
    assert {"KR2.1", "KR2.1-2026Q3"} <= ids


def test_what_was_decided_to_be_stopped_is_not_carried(okrsync: Run, project: Path) -> None:
    okrsync("decide", "2026Q3/KR2.1", "--choice", "stop", "--because", "the cause lies deeper")

    ran = okrsync("cycle", "close", "2026Q3", "--carry", "open", "--format", "json")

    assert (ran.json["carried"], ran.json["next"]) == (1, "2026Q4")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("2026Q4",), "2026Q4 runs until 2026-12-31; close it when it is over"),
        (("2026Q9",), 'no cycle is called "2026Q9"; there are 2026Q3, 2026Q4'),
        (("2026Q3", "--carry", "all"), "'all' is neither learnings nor open"),
        (("2026Q3", "--out", "okrs.yaml"), "okrs.yaml: there already"),
    ],
)
def test_what_cannot_be_closed_is_refused_and_nothing_is_written(
    okrsync: Run, project: Path, arguments: tuple[str, ...], words: str
) -> None:
    before = (project / "okrs.yaml").read_bytes()

    ran = okrsync("cycle", "close", *arguments)

    assert ran.code == 2
    assert words in ran.err
    assert (project / "okrs.yaml").read_bytes() == before
    assert list(project.glob("okrs-*.yaml")) == []


@pytest.mark.parametrize(
    ("cycle", "following"), [("2026Q4", "2027Q1"), ("2026Q1", "2026Q2"), ("H1", "H1-next"), ("2026Q7", "2026Q7-next")]
)
def test_the_next_cycle_has_the_usual_name(cycle: str, following: str) -> None:
    assert next_id(cycle) == following
