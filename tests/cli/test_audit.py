"""The audit of a cycle and the retro of a sprint, as people read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.running import Run


def audited(okrsync: Run, *more: str) -> Any:
    return okrsync("audit", "--format", "json", *more).json


def test_without_a_cycle_it_is_the_last_that_ended_and_says_so(untouched: Run) -> None:
    ran = untouched("audit")

    assert ran.code == 0, ran.err
    out = " ".join(ran.out.split())
    assert "Audit · 2026Q3 · the last cycle that ended" in out
    assert "Of 19 judged deliveries 4 moved their key result" in out


def test_before_any_cycle_has_ended_it_is_the_one_that_runs(untouched: Run) -> None:
    report = audited(untouched, "--as-of", "2026-08-20")

    assert (report["cycle"]["id"], report["chosen"], report["is_over"]) == ("2026Q3", "running", False)
    assert {entry["progress"]["score"] for entry in report["scores"]} == {None}, "a score is given at the end"


def test_before_any_cycle_has_begun_it_says_so(untouched: Run) -> None:
    ran = untouched("audit", "--as-of", "2026-03-01")

    assert (ran.code, "no cycle has begun" in ran.err) == (2, True)


@pytest.mark.parametrize("cycle", ["2026Q3", "2026Q4"])
def test_its_counts_are_those_of_the_parts(untouched: Run, cycle: str) -> None:
    report = audited(untouched, "--cycle", cycle)

    states = [line["state"] for line in report["work"]]
    assert sum(report["verdicts"].values()) == states.count("judged")
    assert sum(entry["judged"] for entry in report["scores"]) == states.count("judged")
    assert sum(entry["share"] for entry in report["effort"]["shares"]) == pytest.approx(1)
    delivered = sum(entry["delivered"]["items"] for entry in report["scores"])
    served = {"exempt", "unlinked", "other_cycle"}
    shares = [entry["items"] for entry in report["effort"]["shares"] if entry["fate"] not in served]
    assert sum(shares) == pytest.approx(delivered), "no item of the sandbox serves two key results"
    judged = {key for line in report["work"] if line["state"] != "untold" for key in line["check"]["members"]}
    assert judged.isdisjoint(entry["item"]["key"] for entry in report["untold"]["unchecked"])


def test_it_says_until_when_it_is_not_final(untouched: Run) -> None:
    report = audited(untouched, "--cycle", "2026Q4")
    assert report["final_on"] == max(line["final_on"] for line in report["work"] if line["state"] == "open")

    out = " ".join(untouched("audit", "--cycle", "2026Q4").out.split())
    assert "Not final: the cycle runs until 31 Dec 2026, and verdicts come until" in out


def test_a_filter_never_changes_a_verdict(untouched: Run) -> None:
    def checks(*more: str) -> dict[tuple[str, ...], Any]:
        lines = audited(untouched, "--cycle", "2026Q4", *more)["work"]
        return {(line["key_result"], *line["check"]["members"]): line["check"] for line in lines}

    whole = checks()
    for part in (
        ("--team", "platform"),
        ("--team", "growth"),
        ("--kr", "KR2.1"),
        ("--kr", "KR1.1", "--team", "growth"),
    ):
        found = checks(*part)
        assert found
        assert found == {name: whole[name] for name in found}
    assert {name[0] for name in checks("--kr", "KR2.1")} == {"2026Q4/KR2.1"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--team", "nobody"), 'no team is called "nobody"; there are'),
        (("--cycle", "2026Q9"), 'no cycle is called "2026Q9"; there are 2026Q3, 2026Q4'),
        (("--kr", "KR9.9"), "KR9.9"),
        (("--cycle", "2026Q3", "--kr", "2026Q4/KR1.1"), "add --cycle 2026Q4"),
    ],
)
def test_a_part_that_is_not_there_is_refused(untouched: Run, arguments: tuple[str, ...], words: str) -> None:
    ran = untouched("audit", *arguments)

    assert ran.code == 2
    assert words in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("command", [("audit", "--cycle", "2026Q4"), ("retro", "--sprint", "1131")])
def test_the_same_command_on_the_same_store_gives_the_same_bytes(
    okrsync: Run, untouched: Run, project: Path, command: tuple[str, ...]
) -> None:
    for form in ("text", "json", "markdown"):
        assert okrsync(*command, "--format", form).out == untouched(*command, "--format", form).out
    document = untouched(*command, "--format", "json").json
    assert document["data_digest"][:4] in untouched(*command).out


def test_what_was_stated_after_the_day_that_it_is_of_is_not_known_to_it(untouched: Run) -> None:
    def expected(day: str) -> list[str]:
        carried = audited(untouched, "--cycle", "2026Q3", "--as-of", day)["carried"]
        return [entry["id"] for entry in carried["hypotheses"]]

    assert expected("2026-07-09") == ["hy-003"]
    assert expected("2026-07-10") == ["hy-003", "hy-001"]


def test_the_change_of_a_past_cycle_is_told_up_to_its_end_and_stays_as_it_is(untouched: Run) -> None:
    """Seven weeks later the metrics have gone on; whose change that is another cycle's audit tells."""
    document = audited(untouched, "--cycle", "2026Q3")
    changes = {entry["id"]: entry["decomposition"] for entry in document["scores"]}

    assert {name.rpartition("/")[2]: told["last_end"] for name, told in changes.items()} == {
        "KR1.1": "2026-09-30", "KR1.2": "2026-09-30", "KR2.1": "2026-09-30", "KR2.2": "2026-09-28",
    }  # fmt: skip
    before = {entry["id"]: entry["decomposition"] for entry in audited(untouched, "--cycle", "2026Q4")["scores"]}
    assert {told["last_end"] for told in before.values() if told} <= {"2026-11-16", "2026-11-18", "2026-11-19"}
    told = untouched("outcomes", "--cycle", "2026Q3", "--format", "json").json["key_results"]
    assert {entry["id"]: entry["outcome"]["decomposition"] for entry in told} == changes
    assert "from 30 Jun to 30 Sep 2026" in untouched("outcomes", "--cycle", "2026Q3").out


def test_a_decision_against_the_evidence_stands_out(untouched: Run) -> None:
    against = [
        line["decision"]["id"] for line in audited(untouched, "--cycle", "2026Q4")["decisions"] if line["is_against"]
    ]

    assert against == ["de-005"], "the page without effect got one more try"
    assert "1 decision went against the evidence of the day" in " ".join(
        untouched("audit", "--cycle", "2026Q4").out.split()
    )


def test_a_moved_target_is_told_with_its_key_result(okrsync: Run, project: Path) -> None:
    path = project / "okrs.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("target: {value: 52.0") == 1
    path.write_text(text.replace("target: {value: 52.0", "target: {value: 47.0"), encoding="utf-8")
    assert okrsync("sync", "--quiet", "--as-of", "2026-11-25").code == 0

    report = audited(okrsync, "--cycle", "2026Q4", "--as-of", "2026-11-26")

    assert [(entry["name"], entry["field"]) for entry in report["changes"]] == [("2026Q4/KR1.1", "target")]
    assert {entry["id"]: entry["target_changes"] for entry in report["scores"]}["2026Q4/KR1.1"] == 1


def test_a_metric_that_was_out_of_date_makes_it_partial_and_is_still_told(untouched: Run) -> None:
    ran = untouched("audit", "--cycle", "2026Q4", "--as-of", "2026-11-24", "--format", "json")

    assert ran.code == 5
    assert "2026Q4/KR1.1" in ran.json["stale"], "its last value is of 19 November, and it is measured daily"
    assert len(ran.json["work"]) > 10
    out = " ".join(untouched("audit", "--cycle", "2026Q4", "--as-of", "2026-11-24").out.split())
    assert "Stale: the metric of 2026Q4/KR1.1 was 5 days old on the last day." in out


def test_a_metric_that_went_on_to_be_measured_is_not_stale_after_its_cycle(untouched: Run) -> None:
    ran = untouched("audit", "--cycle", "2026Q3", "--as-of", "2026-11-24", "--format", "json")

    assert ran.json["stale"] == []


def test_an_empty_store_gives_an_audit_that_says_so(okrsync: Run, project: Path) -> None:
    for path in project.glob("okrsync.db*"):
        path.unlink()

    ran = okrsync("audit", "--format", "json")

    assert ran.code == 5
    assert ran.json["headline"] == "Nothing has been read yet."
    assert ran.json["effort"]["shares"] == []
    assert okrsync("audit").code == 5


def test_hidden_titles_are_in_no_form_of_it(untouched: Run) -> None:
    titles = {member["title"] for line in audited(untouched, "--cycle", "2026Q4")["work"] for member in line["members"]}
    assert len(titles) > 10

    for form in ("text", "json", "markdown"):
        out = untouched("audit", "--cycle", "2026Q4", "--redact", "titles", "--format", form).out
        assert not [title for title in titles if title in out]


def test_a_retro_opens_with_the_checks_that_came_due_in_the_sprint(untouched: Run) -> None:
    report = untouched("retro", "--sprint", "PAY Sprint 31", "--format", "json").json

    assert (report["first"], report["last"]) == ("2026-11-02", "2026-11-13")
    assert report["matured"]
    assert all(report["first"] <= line["final_on"] <= report["last"] for line in report["matured"])
    assert all("PAY-" in " ".join(line["check"]["members"]) for line in report["matured"])
    out = untouched("retro", "--sprint", "PAY Sprint 31").out
    assert out.index("Came due in this sprint") < out.index("What was delivered")


def test_a_retro_tells_each_delivery_with_what_it_serves_and_when_it_is_judged(untouched: Run) -> None:
    report = untouched("retro", "--sprint", "1131", "--format", "json").json

    found = {entry["item"]["key"]: entry for entry in report["delivered"]}
    assert found["PAY-131"]["key_results"] == ["2026Q4/KR2.2"]
    assert found["PAY-131"]["is_expected"]
    assert found["PAY-131"]["final_on"] == "2026-12-10"
    assert not found["PAY-122"]["is_expected"]
    assert sum(entry["size"]["items"] for entry in report["groups"]) == len(found)


def test_a_milestone_begins_behind_the_one_before(untouched: Run) -> None:
    report = untouched("retro", "--sprint", "Web 2026.10", "--format", "json").json

    assert (report["first"], report["last"]) == ("2026-10-01", "2026-10-31")


@pytest.mark.parametrize("name", ["last", "nonsense"])
def test_where_it_is_not_clear_which_sprint_is_meant_the_candidates_are_listed(untouched: Run, name: str) -> None:
    ran = untouched("retro", "--sprint", name)

    assert ran.code == 2
    assert "okrsync retro --sprint 1131   # PAY Sprint 31" in ran.err
    assert "okrsync retro --sprint 1231   # GRO Sprint 31" in ran.err


def test_a_sprint_that_has_not_begun_is_no_retro(untouched: Run) -> None:
    ran = untouched("retro", "--sprint", "PAY Sprint 33")

    assert ran.code == 2
    assert "begins on 2026-11-30; see okrsync plan --sprint 1133" in ran.err


def test_what_no_check_tells_of_is_still_told(untouched: Run) -> None:
    document = json.dumps(audited(untouched, "--cycle", "2026Q4")["untold"])

    assert '"cause": "draft"' in document
    assert '"cause": "output"' in document
