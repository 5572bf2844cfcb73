from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from okrsync.sandbox.company import Company
from okrsync.sandbox.serve import Sites
from support.running import Run


def test_the_headline_counts_every_verdict_that_came_due(untouched: Run) -> None:
    document = untouched("outcomes", "--format", "json").json
    verdicts = [entry["check"]["verdict"] for entry in document["matured"]]

    assert f"Of {len(verdicts)} checks that came due" in document["headline"]
    assert f"{verdicts.count('moved')} moved their key results" in document["headline"]
    assert f"{verdicts.count('inconclusive')} could not be told from drift" in document["headline"]


def test_what_came_due_asks_for_a_decision_until_there_is_one(okrsync: Run, untouched: Run, project: Path) -> None:
    asked = [entry for entry in untouched("outcomes", "--format", "json").json["matured"] if entry["choices"]]
    open_before = [entry for entry in asked if entry["decision"] is None]
    assert open_before
    key = open_before[0]["check"]["members"][0]

    assert okrsync("decide", key, "--choice", "persevere", "--because", "it works", "--by", "lead").code == 0
    asked = okrsync("outcomes", "--format", "json").json["matured"]
    (decided,) = [entry for entry in asked if key in entry["check"]["members"]]

    assert decided["decision"]["choice"] == "persevere"
    assert "decided: persevere" in okrsync("outcomes", "--format", "markdown").out


def test_a_win_that_breaks_a_guardrail_is_told_where_it_is_to_be_decided(untouched: Run) -> None:
    assert "guardrail complaints broke" in untouched("outcomes", "--format", "markdown").out


def test_since_chooses_what_is_new_and_changes_no_verdict(untouched: Run) -> None:
    week = untouched("outcomes", "--since", "2026-11-13", "--format", "json").json
    month = untouched("outcomes", "--since", "2026-10-20", "--format", "json").json

    assert {entry["key"] for entry in week["fresh"]} < {entry["key"] for entry in month["fresh"]}
    assert all(entry["day"] > "2026-11-13" for entry in week["fresh"])
    assert sum(entry["is_new"] for entry in week["matured"]) < sum(entry["is_new"] for entry in month["matured"])
    assert week["key_results"] == month["key_results"]


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_of_a_past_cycle_what_others_delivered_lately_is_not_told(untouched: Run, form: str) -> None:
    told = untouched("outcomes", "--cycle", "2026Q3", "--format", form).out

    assert "elivered since" not in told
    assert "Delivered since 6 Nov" in untouched("outcomes", "--format", form).out
    assert untouched("outcomes", "--cycle", "2026Q3", "--format", "json").json["fresh"] == []


def test_of_a_past_cycle_a_day_that_is_asked_for_tells_what_was_delivered_of_it(untouched: Run) -> None:
    cycle = ("outcomes", "--cycle", "2026Q3", "--since")
    fresh = untouched(*cycle, "2026-09-20", "--format", "json").json["fresh"]

    assert [entry["day"] for entry in fresh] == [
        "2026-09-29", "2026-09-28", "2026-09-23", "2026-09-23", "2026-09-23", "2026-09-22",
    ]  # fmt: skip
    assert "6 items of 2026Q3 delivered since 20 Sep; 2 serve a key result." in untouched(*cycle, "2026-09-20").out
    later = untouched(*cycle, "2026-11-01").out
    assert "Nothing of 2026Q3 was delivered since 1 Nov." in later
    assert "Delivered since 1 Nov\n  Nothing." in later


def test_what_was_delivered_in_the_last_days_of_a_cycle_is_told_when_it_has_just_ended(untouched: Run) -> None:
    document = untouched("outcomes", "--cycle", "2026Q3", "--as-of", "2026-10-05", "--format", "json").json

    assert document["is_past"]
    assert {entry["day"] for entry in document["fresh"]} == {"2026-09-22", "2026-09-23", "2026-09-28", "2026-09-29"}


def test_the_command_for_everything_can_be_run(okrsync: Run, project: Path) -> None:
    goals = Path("okrs.yaml").read_text(encoding="utf-8")
    second = "  - {id: 2026H2, start: 2026-07-01, end: 2026-12-31, review_days: 28}\n"
    Path("okrs.yaml").write_text(re.sub(r"(?m)^cycles:\n", f"cycles:\n{second}", goals), encoding="utf-8")
    last = okrsync("outcomes").out.strip().splitlines()[-1].strip()

    assert last == "everything: okrsync outcomes --cycle all --format json", "two cycles run on this day"
    assert okrsync(*last.split()[2:]).code == 0


def test_since_last_is_the_day_of_the_last_sync(untouched: Run) -> None:
    assert untouched("outcomes", "--since", "last", "--format", "json").json["since"] == "2026-11-20"


def test_checks_to_come_are_those_of_work_that_was_delivered_lately(
    untouched: Run, company: tuple[Company, Sites]
) -> None:
    document = untouched("outcomes", "--format", "json").json
    days = [entry["evaluation"] for entry in document["coming"]]

    assert days == sorted(days)
    assert days[0] > document["as_of"]
    delivered = {delivery["key"] for entry in document["key_results"] for delivery in entry["deliveries"]}
    assert {member for entry in document["coming"] for member in entry["members"]} <= delivered


def test_a_second_sync_says_what_came_since_the_last_one(okrsync: Run, project: Path) -> None:
    later = (date(2026, 11, 20) + timedelta(days=7)).isoformat()
    ran = okrsync("sync", "--quiet", "--as-of", later)

    assert "since the last sync (20 Nov): " in ran.err
    assert "check came due" in ran.err or "checks came due" in ran.err


def test_what_needs_attention_is_listed_with_what_is_the_matter(untouched: Run) -> None:
    lines = untouched("outcomes", "--format", "json").json["attention"]
    assert {line["trouble"] for line in lines} == {"link"}

    stale = untouched("outcomes", "--as-of", "2026-12-20", "--format", "json").json["attention"]
    assert {"metric_stale", "source"} <= {line["trouble"] for line in stale}
    assert all(line["days"] is None or line["days"] >= 0 for line in stale)
