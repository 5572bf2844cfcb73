from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from okrsync.sandbox.company import Company
from okrsync.sandbox.serve import Sites
from support.running import Run


def unlinked(okrsync: Run, count: int = 1) -> list[str]:
    document = okrsync("outcomes", "--cycle", "all", "--format", "json").json
    return [entry["key"] for entry in document["unlinked"][:count]]


def ledger(project: Path, kind: str) -> list[dict[str, object]]:
    path = project / "ledger" / f"{kind}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_link_by_hand_is_written_to_the_ledger_and_wins(okrsync: Run, untouched: Run, project: Path) -> None:
    (key,) = unlinked(untouched)
    before = (project / "ledger" / "links.jsonl").read_bytes()
    ran = okrsync("link", key, "KR1.1", "--reason", "it is part of the first week", "--by", "role:pm")
    assert ran.code == 0
    assert (project / "ledger" / "links.jsonl").read_bytes().startswith(before), "nothing is rewritten"
    record = ledger(project, "links")[-1]
    assert (record["action"], record["item"], record["key_result"]) == ("link", key, "2026Q4/KR1.1")
    assert (record["by"], record["reason"]) == ("role:pm", "it is part of the first week")
    document = okrsync("why", key, "--format", "json").json
    assert document["group"] == "linked"
    assert document["lines"][0]["rule"] == "ledger"


def test_unlink_takes_a_rules_link_away_and_link_gives_it_back(
    okrsync: Run, project: Path, company: tuple[Company, Sites]
) -> None:
    key = company[0].truth["key_results"]["2026Q4/KR2.3"]["deliveries"][0]["keys"][0]
    assert okrsync("unlink", key, "KR2.3", "--reason", "only a switch").code == 0
    taken = okrsync("why", key, "--format", "json").json
    assert taken["group"] == "unlinked"
    assert "only a switch" in taken["reason"]
    assert okrsync("link", key, "KR2.3").code == 0
    assert okrsync("why", key, "--format", "json").json["group"] == "linked"


def test_an_unknown_item_or_key_result_is_refused_and_nothing_is_written(
    okrsync: Run, untouched: Run, project: Path
) -> None:
    before = (project / "ledger" / "links.jsonl").read_bytes()
    (key,) = unlinked(untouched)
    ran = okrsync("link", key, "KR1.9")
    assert ran.code == 2
    assert 'no key result is called "KR1.9"; key results: KR1.1, KR1.2' in ran.err
    assert okrsync("link", "NOPE-1", "KR1.1").code == 2
    assert okrsync("link", key).code == 2
    assert (project / "ledger" / "links.jsonl").read_bytes() == before


def test_many_links_come_from_a_file_with_a_preview(okrsync: Run, untouched: Run, project: Path) -> None:
    keys = unlinked(untouched, 12)
    rows = "".join(f"{key},2026Q4/KR1.2,planned together\n" for key in keys)
    (project / "links.csv").write_text("key,key_result,reason\n" + rows, encoding="utf-8")
    lines = len(ledger(project, "links"))
    shown = okrsync("link", "--from", "links.csv", "--dry-run")
    assert shown.code == 0
    assert keys[0] in shown.out
    assert "12 lines: 2026Q4/KR1.2 12" in shown.out
    assert len(ledger(project, "links")) == lines, "a preview writes nothing"
    done = okrsync("link", "--from", "links.csv", "--format", "json")
    assert done.json["written"] == 12
    assert len(ledger(project, "links")) == lines + 12
    assert okrsync("why", keys[-1], "--format", "json").json["lines"][0]["key_result"] == "2026Q4/KR1.2"


def test_one_wrong_row_refuses_the_whole_file_and_names_every_wrong_row(
    okrsync: Run, untouched: Run, project: Path
) -> None:
    (key,) = unlinked(untouched)
    (project / "links.csv").write_text(
        f"key,key_result,action\n{key},KR1.2,\nNOPE-1,KR1.2,\n{key},KR77,\n{key},KR1.2,cut\n", encoding="utf-8"
    )
    before = (project / "ledger" / "links.jsonl").read_bytes()
    ran = okrsync("link", "--from", "links.csv", "--format", "json")
    assert ran.code == 2
    assert [problem["line"] for problem in ran.json["error"]["problems"]] == [3, 4, 5]
    assert (project / "ledger" / "links.jsonl").read_bytes() == before


@pytest.mark.parametrize("content", [None, "a,b\n1,2\n", "\xff\xfe"], ids=["missing", "other columns", "not text"])
def test_a_file_that_is_no_list_of_links_is_refused(okrsync: Run, project: Path, content: Any) -> None:
    if content is not None:
        (project / "links.csv").write_bytes(content.encode("latin-1"))
    assert okrsync("link", "--from", "links.csv").code == 2


def test_a_key_and_a_file_together_are_a_usage_error(untouched: Run) -> None:
    assert untouched("link", "PAY-1", "KR1.1", "--from", "links.csv").code == 2


def test_a_check_in_becomes_an_observation_where_the_metric_asks_for_it(okrsync: Run, project: Path) -> None:
    ran = okrsync("checkin", "KR3.2", "4.4", "--confidence", "0.7", "--note", "after the weekend", "--format", "json")
    assert ran.code == 0
    assert ran.json["is_observation"] is True
    record = ledger(project, "check_ins")[-1]
    assert (record["key_result"], record["value"], record["confidence"]) == ("2026Q4/KR3.2", 4.4, 0.7)
    states = okrsync("status", "--format", "json").json["key_results"]
    (state,) = [entry for entry in states if entry["id"] == "2026Q4/KR3.2"]
    assert state["current"] == {"value": 4.4, "date": "2026-11-20"}


def test_a_check_in_on_a_measured_key_result_stands_beside_the_numbers(okrsync: Run, project: Path) -> None:
    ran = okrsync("checkin", "KR1.1", "50")
    assert ran.code == 0
    assert "read from elsewhere" in ran.out
    okrsync("sync", "--quiet")
    states = okrsync("status", "--format", "json").json["key_results"]
    assert next(entry for entry in states if entry["id"] == "2026Q4/KR1.1")["current"]["value"] != 50


def test_a_check_in_for_another_day_keeps_that_day(okrsync: Run, project: Path) -> None:
    assert okrsync("checkin", "KR3.2", "1.5", "--date", "2026-11-10").code == 0
    record = ledger(project, "check_ins")[-1]
    assert record["value"] == 1.5
    assert str(record["at"]).startswith("2026-11-10T")


@pytest.mark.parametrize(
    "arguments",
    [
        ["KR99", "1"],
        ["KR1.1", "many"],
        ["KR1.1", "nan"],
        ["KR3.2", "42"],
        ["KR3.2", "-1"],
        ["KR1.1", "1", "--confidence", "7"],
        ["KR1.1", "1", "--date", "2027-01-01"],
    ],
    ids=["unknown", "no number", "nan", "out of bounds", "negative", "no confidence", "future"],
)
def test_a_wrong_check_in_is_refused_and_nothing_is_written(okrsync: Run, project: Path, arguments: list[str]) -> None:
    before = (project / "ledger" / "check_ins.jsonl").read_bytes()
    assert okrsync("checkin", *arguments).code == 2
    assert (project / "ledger" / "check_ins.jsonl").read_bytes() == before


def test_a_token_in_a_note_is_not_written(okrsync: Run, project: Path) -> None:
    before = (project / "ledger" / "check_ins.jsonl").read_bytes()
    ran = okrsync("checkin", "KR1.1", "1", "--note", "ghp_" + "a" * 36)
    assert ran.code == 1
    assert "ghp_" not in ran.err
    assert (project / "ledger" / "check_ins.jsonl").read_bytes() == before


def test_a_link_that_will_not_count_says_so(okrsync: Run, untouched: Run, project: Path) -> None:
    (key,) = unlinked(untouched)
    ran = okrsync("link", key, "2026Q3/KR1.1")
    assert ran.code == 0
    assert "stale: cycle 2026Q3 ended" in ran.out


@pytest.mark.parametrize("role", ["Anna Schmidt", "anna@example.com", ""])
def test_the_ledger_takes_roles_and_no_persons(okrsync: Run, untouched: Run, project: Path, role: str) -> None:
    (key,) = unlinked(untouched)
    assert okrsync("link", key, "KR1.1", "--by", role).code == 2
    assert okrsync("link", key, "KR1.1", "--reason", "asked by @anna and anna@example.com").code == 0
    assert "anna" not in str(ledger(project, "links")[-1])


def test_a_list_without_header_or_with_other_names_is_read(okrsync: Run, untouched: Run, project: Path) -> None:
    one, two = unlinked(untouched, 2)
    (project / "links.csv").write_text(f"{one};2026Q4/KR1.2;because\n", encoding="utf-8")
    assert okrsync("link", "--from", "links.csv", "--format", "json").json["written"] == 1
    assert ledger(project, "links")[-1]["reason"] == "because"
    (project / "links.csv").write_text(f"Issue,KR\n{two},2026Q4/KR1.2\n", encoding="utf-8")
    assert okrsync("link", "--from", "links.csv", "--format", "json").json["written"] == 1
    assert ledger(project, "links")[-1]["item"] == two


def test_a_check_in_counts_at_once_and_the_same_after_a_sync(okrsync: Run, project: Path) -> None:
    okrsync("checkin", "KR3.2", "4.3", "--date", "2026-11-19")
    okrsync("checkin", "KR3.2", "4.4", "--date", "2026-11-19")
    before = okrsync("outcomes", "--format", "json").out
    assert okrsync("sync", "--quiet").code == 0
    assert okrsync("outcomes", "--format", "json").out == before
    assert '"value": 4.4' in before


def test_a_check_in_on_a_draft_says_that_it_is_shown_nowhere_yet(okrsync: Run, project: Path) -> None:
    ran = okrsync("checkin", "KR3.3", "1")
    assert ran.code == 0
    assert "no metric yet" in ran.out
