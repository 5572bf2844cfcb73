"""The stop list, as people read it before they plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.running import Run


def listed(okrsync: Run, *more: str) -> dict[str, dict[str, Any]]:
    document = okrsync("stoplist", "--cycle", "all", "--format", "json", *more).json
    return {line["key_result"]: line for line in document["lines"]}


def test_what_moved_it_the_wrong_way_is_listed_with_what_it_cost_and_would_cost(untouched: Run) -> None:
    line = listed(untouched)["2026Q4/KR2.3"]

    assert line["reasons"] == ["1 delivery moved it the wrong way", "1 delivery fell short of what was expected"]
    assert (line["spent"]["items"], line["spent"]["sizes"]) == (1, {"points": 8.0})
    assert {item["key"] for item in line["open_items"]} >= {"PAY-73", "PAY-126"}
    assert line["stop_if"] == ["payments refused pass 4 % for a week"]
    assert line["decision"]["choice"] == "stop"


def test_work_with_a_sibling_that_moved_the_key_result_is_never_listed(untouched: Run) -> None:
    report = untouched("outcomes", "--cycle", "all", "--format", "json").json
    moved = {
        member
        for entry in report["key_results"]
        for check in entry["outcome"]["checks"]
        if check["verdict"] == "moved"
        for member in check["members"]
    }

    for line in listed(untouched).values():
        assert "moved" not in line["verdicts"]
        assert moved.isdisjoint(line["check"]["members"])


def test_it_says_what_to_do_and_by_which_rules(untouched: Run) -> None:
    out = " ".join(untouched("stoplist").out.split())

    assert "okrsync decide 2026Q4/KR3.1 --choice stop --because ..." in out
    assert "after 1 verdict against them, or 3 that could not be told from drift" in out
    assert 'Inconclusive is not "no effect"' in out


def test_the_rules_are_configuration(okrsync: Run, project: Path) -> None:
    path = project / "okrsync.yaml"
    path.write_text(
        path.read_text(encoding="utf-8") + "\nrules: {stop_after_no_movement: 9, stop_after_inconclusive: 1}\n",
        encoding="utf-8",
    )

    found = listed(okrsync)

    assert "2026Q4/KR2.3" not in {name for name, line in found.items() if not line["days_past"]}
    assert all(
        "told from drift" in reason or "is not confirmed" in reason
        for line in found.values()
        for reason in line["reasons"]
    )
    assert "after 9 verdicts against them, or 1 that" in " ".join(okrsync("stoplist").out.split())


def test_a_date_with_a_stop_if_that_has_passed_is_a_reason(okrsync: Run, untouched: Run, project: Path) -> None:
    assert listed(untouched)["2026Q4/KR3.1"]["days_past"] is None

    ran = okrsync("hypothesis", "add", "2026Q4/KR3.1", "-30", "--item", "ferrywell/platform#46", "--due", "2026-11-10",
                  "--because", "it should", "--stop-if", "scans stay above 400 ms")  # fmt: skip
    assert ran.code == 0

    line = listed(okrsync)["2026Q4/KR3.1"]
    assert line["days_past"] == 10
    assert line["reasons"][-1] == "what was expected was due 10 days ago, and is not confirmed"
    assert line["stop_if"] == ["scans stay above 400 ms"]


def test_where_nothing_speaks_against_it_says_so(untouched: Run) -> None:
    out = untouched("stoplist", "--as-of", "2026-07-05", "--cycle", "all").out

    assert "Nothing speaks against going on with any open work." in out
