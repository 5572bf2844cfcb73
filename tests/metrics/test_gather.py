"""Observations of all metrics: each from its source, and none stopped by another."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from okrsync.metrics.collection import Reading, gather
from okrsync.model.ledger import CheckIn, Observation
from okrsync.model.okrs import Direction, KeyResult, Metric, Objective, Okrs

NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def metric(name: str, folder: Path, **source: Any) -> Metric:
    return Metric(name, "what is counted", "%", source["type"], source, str(folder), "weekly")


def key_result(name: str, metric: str) -> KeyResult:
    aim = {"baseline": None, "target": None, "band": None, "kind": "leading", "level": "outcome"}
    fields: dict[str, Any] = {
        "objective": "O1",
        "title": name,
        "state": "draft",
        "direction": Direction.INCREASE,
        **aim,
    }
    return KeyResult(id=name, cycle="2026Q4", metric=metric, **fields)


def check_in(name: str, value: float, at: datetime, by: str = "team-growth") -> CheckIn:
    return CheckIn("c1", at, at, by, "", name, value, None, "")


def read(okrs: Okrs, check_ins: list[CheckIn], root: Path) -> list[Reading]:
    return gather(okrs, check_ins, root=root, zone=BERLIN, now=NOW)


def test_check_ins_on_the_key_results_of_a_metric_are_its_observations(tmp_path: Path) -> None:
    okrs = Okrs(
        metrics=(metric("complaints", tmp_path, type="check_in"), metric("quiet", tmp_path, type="check_in")),
        objectives=(
            Objective(
                "O1", "2026Q4", "t", key_results=(key_result("KR1", "complaints"), key_result("KR2", "complaints"))
            ),
        ),
    )
    late, early = datetime(2026, 10, 9, 22, 30, tzinfo=UTC), datetime(2026, 10, 9, 8, tzinfo=UTC)
    said = [check_in("2026Q4/KR1", 5, late), check_in("2026Q4/KR2", 7, early), check_in("2026Q3/KR1", 9, early)]
    first, second = read(okrs, said, tmp_path)
    assert first == Reading(
        "complaints",
        (
            Observation("complaints", date(2026, 10, 9), 7, early, "check-in:team-growth"),
            # Half past ten in the evening UTC is the next day in Berlin.
            Observation("complaints", date(2026, 10, 10), 5, late, "check-in:team-growth"),
        ),
    )
    assert second == Reading("quiet", ())


def test_a_metric_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrs" / "good.csv").write_text("date,value\n2026-10-05,41\n", encoding="utf-8")
    (tmp_path / "okrs" / "bad.csv").write_text("date,value\n2026-10-05,x\n2026-10-06,y\n", encoding="utf-8")
    okrs = Okrs(
        metrics=(
            metric("bad", tmp_path / "okrs", type="csv", path="bad.csv"),
            metric("unknown", tmp_path / "okrs", type="no-such-source"),
            metric("good", tmp_path / "okrs", type="csv", path="good.csv"),
        )
    )
    bad, unknown, good = read(okrs, [], tmp_path)
    assert [(problem.file, problem.line, problem.column) for problem in bad.problems] == [
        ("okrs/bad.csv", 2, 2),
        ("okrs/bad.csv", 3, 2),
    ]
    assert bad.observations == ()
    assert "no-such-source" in unknown.problems[0].message
    assert "it is not installed" in unknown.problems[0].message
    assert good == Reading("good", (Observation("good", date(2026, 10, 5), 41.0, NOW, "csv:good.csv"),))
