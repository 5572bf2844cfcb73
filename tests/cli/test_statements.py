"""Hypotheses, decisions and evidence at the command line: into the ledger, and what became of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.running import Run

OPEN, DELIVERED = "GRO-144", "GRO-84"
EXPECTED = ("--due", "2026-12-20", "--because", "an example invites")


def records(project: Path, kind: str) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in (project / "ledger" / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def listed(okrsync: Run, *more: str) -> dict[str, dict[str, Any]]:
    document = okrsync("hypothesis", "list", "--format", "json", *more).json
    return {entry["id"]: entry for entry in document["hypotheses"]}


def test_a_hypothesis_is_appended_and_listed(okrsync: Run, project: Path) -> None:
    path = project / "ledger" / "hypotheses.jsonl"
    before = path.read_bytes()

    ran = okrsync(
        "hypothesis", "add", "KR4.1", "+1.5", "--item", OPEN, *EXPECTED, "--stop-if", "complaints double",
        "--guardrail", "complaints", "--by", "role:pm-growth",
    )  # fmt: skip

    assert ran.code == 0, ran.err
    assert path.read_bytes().startswith(before), "nothing is rewritten"
    record = records(project, "hypotheses")[-1]
    assert (record["items"], record["expected"]) == ([OPEN], {"change": 1.5, "by": "2026-12-20"})
    entry = listed(okrsync)[record["id"]]
    assert (entry["state"], entry["verdict"], entry["stop_if"]) == ("planned", "open", "complaints double")
    assert f"{record['id']} · 2026Q4/KR4.1 +1.5" in okrsync("hypothesis", "list").out


def test_what_was_expected_before_the_delivery_is_tested_and_the_rest_is_post_hoc(untouched: Run) -> None:
    found = listed(untouched)
    assert (found["hy-004"]["state"], found["hy-004"]["verdict"]) == ("judged", "confirmed")
    assert found["hy-001"]["verdict"] == "confirmed", "its epic had the label before the delivery"
    assert found["hy-012"]["verdict"] == "post_hoc"
    shown = untouched("hypothesis", "show", "hy-012").out
    assert "post hoc: written after the delivery" in shown


def test_a_correction_after_the_delivery_changes_nothing_that_is_tested(okrsync: Run, project: Path) -> None:
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    ran = okrsync("hypothesis", "add", "2026Q4/KR1.1", "+9", "--item", DELIVERED, *EXPECTED, "--replaces", "hy-004")
    assert ran.code == 2, "the store is empty: the item is not known yet"
    assert okrsync("sync", "--quiet").code == 0
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    path = project / "ledger" / "hypotheses.jsonl"
    old = next(record for record in records(project, "hypotheses") if record["id"] == "hy-004")
    new = old | {"id": "hy-x", "replaces": "hy-004", "expected": {"change": 9.0, "by": "2026-12-20"}}
    new |= dict.fromkeys(("at", "recorded_at"), "2026-11-01T08:00:00Z")
    path.write_text(path.read_text(encoding="utf-8") + json.dumps(new) + "\n", encoding="utf-8")

    assert okrsync("sync", "--quiet").code == 0

    checks = okrsync("check", DELIVERED, "--format", "json").json["key_results"][0]["checks"]
    assert (checks[0]["expected"], checks[0]["hypothesis"]) == (4.0, "confirmed")
    found = listed(okrsync)
    assert (found["hy-004"]["state"], found["hy-004"]["replaced_by"]) == ("corrected", "hy-x")
    assert found["hy-x"]["verdict"] == "post_hoc"


def test_a_hypothesis_on_delivered_work_is_kept_and_told_to_be_post_hoc(okrsync: Run, project: Path) -> None:
    ran = okrsync("hypothesis", "add", "KR1.1", "+2", "--item", DELIVERED, *EXPECTED)

    assert ran.code == 0
    assert f"{DELIVERED} is delivered already: this is kept as post hoc" in ran.err
    assert listed(okrsync)[records(project, "hypotheses")[-1]["id"]]["verdict"] == "post_hoc"


def test_what_leads_away_from_the_goal_or_is_not_linked_is_told(okrsync: Run, project: Path) -> None:
    ran = okrsync("hypothesis", "add", "KR2.2", "+2", "--item", OPEN, "--due", "2026-01-01", "--because", "no idea")

    assert "2026Q4/KR2.2 is to decrease: +2 leads away from it" in ran.err
    assert f"{OPEN} does not serve 2026Q4/KR2.2 yet" in ran.err
    assert "2026-01-01 has passed" in ran.err


def test_what_was_stated_decided_or_noted_after_a_day_is_in_no_report_of_that_day(okrsync: Run, project: Path) -> None:
    assert (
        okrsync("hypothesis", "add", "KR4.1", "+2", "--item", OPEN, "--due", "2026-10-01", "--because", "x").code == 0
    )
    assert okrsync("hypothesis", "add", "KR1.1", "+2", "--item", DELIVERED, *EXPECTED, "--replaces", "hy-004").code == 0
    assert okrsync("decide", DELIVERED, "--choice", "scale", "--because", "it works").code == 0
    made = [record["id"] for record in records(project, "hypotheses")[-2:]]

    def report(command: str, day: str) -> Any:
        return okrsync(command, *({"hypothesis": ["list"]}.get(command, [])), "--as-of", day, "--format", "json").json

    before, on_the_day = report("hypothesis", "2026-11-19"), report("hypothesis", "2026-11-20")
    assert set(made) <= {line["id"] for line in on_the_day["hypotheses"]}
    assert set(made).isdisjoint(line["id"] for line in before["hypotheses"])
    by_id = {line["id"]: line for line in before["hypotheses"]}
    assert (by_id["hy-004"]["state"], by_id["hy-004"]["replaced_by"]) == ("judged", "")
    assert "it works" not in json.dumps([before, report("outcomes", "2026-11-19"), report("stoplist", "2026-11-19")])
    assert "it works" in json.dumps(report("outcomes", "2026-11-20"))
    assert not [line for line in report("outcomes", "2026-11-19")["attention"] if line["subject"] in made]
    assert [line for line in report("outcomes", "2026-11-20")["attention"] if line["subject"] in made]


def test_overdue_ones_are_those_not_delivered_by_their_date(okrsync: Run, untouched: Run, project: Path) -> None:
    assert "Nothing is overdue." in untouched("hypothesis", "list", "--overdue").out

    okrsync("hypothesis", "add", "KR4.1", "+2", "--item", OPEN, "--due", "2026-11-01", "--because", "it should")

    ran = okrsync("hypothesis", "list", "--overdue")
    assert ran.out.count("overdue") == 1
    assert OPEN in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("hypothesis", "add", "KR9", "+1", "--item", OPEN, *EXPECTED), 'no key result is called "KR9"'),
        (("hypothesis", "add", "KR4.1", "+1", "--item", "NOPE-1", *EXPECTED), 'no item is called "NOPE-1"'),
        (("hypothesis", "add", "KR4.1", "0", "--item", OPEN, *EXPECTED), "a change of 0 expects nothing"),
        (
            ("hypothesis", "add", "KR4.1", "+1", "--item", OPEN, *EXPECTED, "--guardrail", "nope"),
            'no metric is called "nope"',
        ),
        (
            ("hypothesis", "add", "KR4.1", "+1", "--item", OPEN, *EXPECTED, "--replaces", "nope"),
            'no hypothesis is called "nope"',
        ),
        (("hypothesis", "show", "nope"), 'nothing was expected by or of "nope"'),
        (("decide", "nope", "--choice", "stop", "--because", "x"), '"nope" is no hypothesis, key result or item'),
        (("decide", "KR1.1", "--choice", "stop", "--because", "x", "--values", "nope"), 'no value is called "nope"'),
        (("decide", "KR1.1", "--choice", "stop", "--because", "x", "--evidence", "e"), 'no evidence is called "e"'),
        (("decide", "KR1.1", "--choice", "stop", "--because", "x", "--reverses", "d"), 'no decision is called "d"'),
        (("decide", "KR1.1", "--choice", "stop", "--because", " "), "a decision without a reason"),
        (("evidence", "add", "KR1.1", "--kind", "survey", "--text", ""), "evidence without a word"),
        (("evidence", "list", "nope"), '"nope" is no hypothesis'),
    ],
)
def test_what_does_not_exist_is_refused_and_nothing_is_written(
    okrsync: Run, project: Path, arguments: tuple[str, ...], words: str
) -> None:
    before = {path.name: path.read_bytes() for path in (project / "ledger").iterdir()}

    ran = okrsync(*arguments)

    assert ran.code == 2
    assert words in ran.err
    assert {path.name: path.read_bytes() for path in (project / "ledger").iterdir()} == before


def test_a_decision_stands_with_its_values_and_a_reversal_names_it(okrsync: Run, project: Path) -> None:
    told = okrsync("decide", "hy-004", "--choice", "scale", "--because", "it held", "--values", "clarity",
                   "--evidence", "ev-004", "--alignment", "comfortable", "--format", "json").json  # fmt: skip
    first = told["record"]["id"]

    again = okrsync("decide", "hy-004", "--choice", "stop", "--because", "it faded", "--values", "clarity")
    assert f"hy-004 was decided before: scale ({first}); --reverses {first} links the two" in again.err
    assert okrsync("decide", "hy-004", "--choice", "stop", "--because", "it faded", "--reverses", first).code == 0

    shown = okrsync("hypothesis", "show", "hy-004").out
    assert f"{first} · 2026-11-20 · hy-004: scale, because it held" in shown
    assert f"reverses: {first}" in shown


def test_evidence_stands_beside_the_numbers_and_changes_none(okrsync: Run, untouched: Run, project: Path) -> None:
    before = untouched("outcomes", "--cycle", "all", "--format", "json").out

    ran = okrsync("evidence", "add", "kr1.1", "--kind", "survey", "--text", "They like it", "--n", "40",
                  "--url", "https://acme.example/s")  # fmt: skip

    assert ran.code == 0, ran.err
    assert "2026Q4/KR1.1: survey, n=40: They like it · https://acme.example/s" in okrsync("evidence", "list").out
    assert okrsync("evidence", "list", "KR1.1", "--format", "json").json["evidence"][0]["n"] == 40
    assert okrsync("outcomes", "--cycle", "all", "--format", "json").out == before


def test_people_in_free_text_are_left_out(okrsync: Run, project: Path) -> None:
    okrsync("decide", "KR1.1", "--choice", "pivot", "--because", "as @janedoe wrote to jane@acme.example")

    because = records(project, "decisions")[-1]["because"]
    assert "janedoe" not in because
    assert "jane@" not in because


def test_work_that_was_linked_only_after_its_delivery_says_so(okrsync: Run, untouched: Run, project: Path) -> None:
    report = untouched("outcomes", "--cycle", "all", "--format", "json").json
    key = next(entry["key"] for entry in report["unlinked"] if entry["key"] == "PAY-171")

    assert okrsync("link", key, "KR4.1", "--reason", "it is about help").code == 0

    after = okrsync("outcomes", "--format", "json").json
    (entry,) = [entry for entry in after["key_results"] if entry["id"] == "2026Q4/KR4.1"]
    late = {delivery["key"]: delivery["is_linked_late"] for delivery in entry["deliveries"]}
    assert late.pop(key) is True
    assert not any(late.values())
    told = " ".join(okrsync("outcomes", "--format", "markdown").out.split())
    assert "(linked after the delivery)" in told
