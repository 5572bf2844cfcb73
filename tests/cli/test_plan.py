"""The plan, as people read it before a sprint starts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from okrsync.sandbox.company import Company
from support.running import Run

PAY = ("plan", "--sprint", "PAY Sprint 33")


def document(okrsync: Run, *arguments: str) -> dict[str, Any]:
    ran = okrsync("plan", *arguments, "--format", "json")
    assert ran.err == ""
    found: dict[str, Any] = ran.json
    return found


def flat(text: str) -> str:
    return " ".join(text.split())


def test_two_next_sprints_are_listed_with_the_command_for_each(untouched: Run) -> None:
    ran = untouched("plan")

    assert (ran.code, ran.out) == (2, "")
    assert "2 sprints are next; name one:" in ran.err
    assert "okrsync plan --sprint 'GRO Sprint 33'" in ran.err
    assert "okrsync plan --sprint 'PAY Sprint 33'" in ran.err


def test_it_opens_with_one_sentence_and_says_how_many_items_have_a_size(untouched: Run) -> None:
    out = flat(untouched(*PAY).out)

    assert "82 % of the planned work serves a key result; KR1.2 is behind, and no open work anywhere serves it." in out
    assert "9 of 15 items have a size" in out
    assert "30 Nov – 11 Dec 2026" in out


def test_every_planned_item_is_linked_exempt_or_unlinked_and_the_shares_add_up(untouched: Run) -> None:
    coverage = document(untouched, "--sprint", "PAY Sprint 33")["coverage"]

    assert sum(coverage[part]["items"] for part in ("linked", "exempt", "unlinked")) == coverage["items"] == 15
    for shares in (coverage["by_count"], *coverage["by_size"]):
        assert shares["linked"] + shares["exempt"] + shares["unlinked"] == pytest.approx(1)


def test_what_serves_nothing_says_why_since_when_and_how_to_link_it(untouched: Run) -> None:
    lines = {line["key"]: line for line in document(untouched, "--sprint", "GRO Sprint 33")["unlinked"]}

    broken = lines["GRO-136"]
    assert broken["reason"] == 'broken: no key result is called "KR9"'
    assert broken["suggestion"]["key_result"] == "2026Q4/KR1.1"
    assert 0.9 < broken["suggestion"]["score"] <= 1
    assert broken["suggestion"]["earlier"]
    assert broken["command"] == "okrsync link GRO-136 2026Q4/KR1.1"
    assert lines["GRO-116"]["suggestion"] is None
    assert lines["GRO-116"]["command"] == "okrsync link GRO-116 KR"
    assert all(line["age_days"] > 0 for line in lines.values())


def test_without_suggestions_everything_else_stays_as_it_is(untouched: Run) -> None:
    found = document(untouched, "--sprint", "GRO Sprint 33")
    quick = document(untouched, "--sprint", "GRO Sprint 33", "--no-suggest")

    assert {line["suggestion"] for line in quick["unlinked"]} == {None}
    for part in ("coverage", "key_results", "look_again", "headline"):
        assert quick[part] == found[part]


def test_the_command_that_it_prints_links_the_item(okrsync: Run, untouched: Run, project: Path) -> None:
    before = document(untouched, "--sprint", "GRO Sprint 33")
    command = before["unlinked"][0]["command"].split()

    assert okrsync(*command[1:]).code == 0

    after = document(okrsync, "--sprint", "GRO Sprint 33")
    assert before["unlinked"][0]["key"] not in {line["key"] for line in after["unlinked"]}
    assert after["coverage"]["linked"]["items"] == before["coverage"]["linked"]["items"] + 1


def test_a_team_and_a_sprint_narrow_the_work_and_never_the_verdicts(untouched: Run) -> None:
    def verdicts(found: dict[str, Any]) -> dict[str, Any]:
        return {entry["standing"]["id"]: entry["last_check"] for entry in found["key_results"]}

    whole = document(untouched, "--sprint", "PAY Sprint 33")
    narrow = document(untouched, "--sprint", "next", "--team", "checkout")

    assert narrow["coverage"]["items"] == 13 < whole["coverage"]["items"]
    assert {line["team"] for line in narrow["unlinked"]} == {"checkout"}
    assert verdicts(narrow) == verdicts(whole) == verdicts(document(untouched, "--backlog"))


def test_planned_work_on_the_stop_list_is_looked_at_again_with_the_reasons(untouched: Run) -> None:
    found = document(untouched, "--sprint", "current", "--board", "PAY")

    stopped = [line for line in found["look_again"] if line["concern"] == "stop_listed"]
    assert [item["key"] for line in stopped for item in line["items"]] == ["PAY-126"]
    assert stopped[0]["reasons"][0] == "1 delivery moved it the wrong way"


def test_key_results_say_what_they_need_what_they_have_and_what_is_planned(untouched: Run) -> None:
    lines = {line["standing"]["id"]: line for line in document(untouched, "--sprint", "PAY Sprint 33")["key_results"]}

    busy, idle = lines["2026Q4/KR2.1"], lines["2026Q4/KR1.2"]
    assert busy["planned"]["items"] == 4
    assert busy["last_check"]["verdict"] == "moved"
    assert (idle["planned"]["items"], idle["elsewhere"], idle["is_behind"]) == (0, 0, True)
    assert idle["standing"]["progress"]["pace"]["needed"] > idle["standing"]["progress"]["pace"]["actual"]
    assert sum(line["share"] for line in lines.values()) == pytest.approx(1)


def test_a_work_item_that_two_key_results_share_is_counted_once(untouched: Run) -> None:
    found = document(untouched, "--sprint", "PAY Sprint 33")

    sizes = sum(line["planned"]["sizes"].get("points", 0.0) for line in found["key_results"])
    assert sizes == pytest.approx(found["coverage"]["linked"]["sizes"]["points"])


@pytest.mark.parametrize(("percent", "code"), [("82", 0), ("82.3", 0), ("82.4", 3), ("100", 3)])
def test_fail_under_is_linked_of_linked_and_unlinked_by_size(untouched: Run, percent: str, code: int) -> None:
    ran = untouched(*PAY, "--fail-under", percent)  # 28 of 34 points

    assert ran.code == code
    assert f"--fail-under {percent}: {'met' if code == 0 else 'not met'} with 82.4 %, by size, in points." in ran.out


def test_fail_under_goes_by_count_where_few_items_have_a_size_and_says_so(untouched: Run) -> None:
    ran = untouched("plan", "--backlog", "--fail-under", "99")

    assert ran.code == 3
    assert "by count, since only 48 of 131 items have a size" in flat(ran.out)


def test_it_only_warns_unless_it_is_asked_to_fail(untouched: Run) -> None:
    ran = untouched("plan", "--sprint", "GRO Sprint 33")

    assert ran.code == 0
    assert "That is below the threshold of 70 %." in flat(ran.out)


def test_the_threshold_and_what_is_discovery_are_configuration(okrsync: Run, untouched: Run, project: Path) -> None:
    assert document(untouched, "--backlog")["balance"]["work"] == []
    path = project / "okrsync.yaml"
    path.write_text(
        path.read_text(encoding="utf-8") + "\nplan: {threshold: 60%, discovery: {label: spike}}\n", encoding="utf-8"
    )

    found = document(okrsync, "--sprint", "GRO Sprint 33")

    assert (found["threshold"], found["is_below"]) == (0.6, False)
    work = document(okrsync, "--sprint", "PAY Sprint 33")["balance"]["work"]
    assert [(part["name"], part["items"]) for part in work] == [("discovery", 1), ("delivery", 14)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{threshold: 60}", "a threshold is a share of the work; write for example 25%"),
        ("{discovery: {parent: linked}}", "discovery cannot depend on links; remove parent"),
    ],
)
def test_what_a_plan_cannot_be_held_against_is_refused_where_it_stands(
    okrsync: Run, project: Path, written: str, said: str
) -> None:
    path = project / "okrsync.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}\nplan: {written}\n", encoding="utf-8")

    ran = okrsync("plan")

    assert ran.code == 2
    assert said in ran.err
    assert "okrsync.yaml:50:" in ran.err


def test_sources_that_were_not_read_lately_end_it_with_5_before_3_and_it_is_still_printed(untouched: Run) -> None:
    ran = untouched(*PAY, "--as-of", "2099-01-01", "--fail-under", "100")

    assert ran.code == 5
    assert "Plan · PAY Sprint 33" in ran.out
    assert "Incomplete: web: read" in ran.out


def test_an_empty_store_says_so_and_is_partial(
    okrsync: Run, company: tuple[Company, Any], synced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "fresh"
    shutil.copytree(synced, folder, ignore=shutil.ignore_patterns("*.db*"))
    monkeypatch.chdir(folder)

    ran = okrsync("plan")

    assert ran.code == 5
    assert "Nothing has been read yet; run okrsync sync first." in ran.out


def test_the_same_store_gives_the_same_bytes(okrsync: Run, untouched: Run, project: Path) -> None:
    assert okrsync(*PAY, "--format", "json").out == untouched(*PAY, "--format", "json").out


def test_titles_are_hidden_where_that_is_asked_for_and_so_are_words_out_of_them(untouched: Run) -> None:
    ran = untouched("plan", "--sprint", "GRO Sprint 33", "--redact", "titles", "--format", "json")

    assert "Start from an example event" not in ran.out
    assert {line["title"] for line in ran.json["unlinked"]} == {"(title hidden)"}
    suggested = [line["suggestion"] for line in ran.json["unlinked"] if line["suggestion"]]
    assert suggested
    assert all(entry["words"] == [] for entry in suggested)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sprint", "next", "--backlog"), "exclude each other"),
        (("--milestone", "nothing"), 'no milestone is called "nothing"'),
        (("--team", "nobody"), "there are checkout, growth, platform"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(untouched: Run, arguments: tuple[str, ...], said: str) -> None:
    ran = untouched("plan", *arguments)

    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_it_is_told_in_every_format(untouched: Run, form: str) -> None:
    ran = untouched(*PAY, "--format", form)

    assert ran.code == 0
    assert "82 % of the planned work serves a key result" in ran.out


def test_over_a_large_backlog_only_the_first_items_are_asked_about_and_the_page_says_so(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = document(okrsync, "--backlog")["unlinked"]
    first = next(number for number, line in enumerate(whole, start=1) if line["suggestion"])
    for module in ("okrsync.answers.plan", "okrsync.reports.pages.plan_page"):
        monkeypatch.setattr(f"{module}.MOST_ASKED", first)

    cut = document(okrsync, "--backlog")["unlinked"]

    assert cut[:first] == whole[:first]
    assert {line["key"]: line["suggestion"] for line in cut[first:]} == {line["key"]: None for line in whole[first:]}
    assert f"Only the first {first} items were asked about." in " ".join(okrsync("plan", "--backlog").out.split())
