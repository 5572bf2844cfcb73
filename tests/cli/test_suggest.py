from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from okrsync.formats import suggestions as render
from okrsync.reports.suggestions import SuggestedLink
from okrsync.sandbox.company import Company
from okrsync.sandbox.serve import Sites
from okrsync.suggesting.suggestions import Suggestion
from support.hidden_links import measured, of_project
from support.running import Run


def contents(project: Path) -> list[bytes]:
    """Everything that people wrote, and every row of the store."""
    with closing(sqlite3.connect(project / "okrsync.db")) as store, store:
        rows = "\n".join(store.iterdump()).encode()
    return [rows, *(path.read_bytes() for path in sorted((project / "ledger").iterdir()))]


def test_suggestions_are_shown_with_what_speaks_for_them(
    okrsync: Run, project: Path, company: tuple[Company, Sites]
) -> None:
    special = company[0].truth["special_items"]
    before = contents(project)
    ran = okrsync("suggest")
    assert ran.code == 0
    (line,) = [line for line in ran.out.splitlines() if special["broken"] in line]
    assert "2026Q4/KR1.1" in line
    assert "event" in line
    assert "suggestions for" in ran.out
    assert "nothing to say about" in ran.out
    assert "on held-out items" in ran.out
    assert "Nothing was linked" in ran.out
    assert contents(project) == before, "a suggestion is no link"


def test_the_document_says_what_was_asked_and_what_suggestions_are_worth(untouched: Run) -> None:
    document = untouched("suggest", "--cycle", "all", "--format", "json").json
    assert document["$schema"] == "okrsync/suggest/1"
    assert document["asked"] == len(document["suggestions"]) + document["left_out"] + document["nothing_to_say"]
    assert document["held_out"]["precision"] >= 0.8
    assert document["held_out"]["precision"] == round(
        document["held_out"]["right"] / document["held_out"]["answered"], 3
    )
    scores = [entry["score"] for entry in document["suggestions"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    assert document == untouched("suggest", "--cycle", "all", "--format", "json").json


def test_only_unlinked_work_gets_suggestions_and_none_that_people_took_away(
    untouched: Run, company: tuple[Company, Sites]
) -> None:
    truth = company[0].truth
    keys = {entry["key"] for entry in untouched("suggest", "--cycle", "all", "--format", "json").json["suggestions"]}
    allowed = {*truth["links"]["unlinked"], *truth["links"]["broken"], *truth["links"]["ambiguous"]}
    assert keys
    assert keys <= {*allowed, truth["special_items"]["stale"]}
    assert truth["special_items"]["unlinked"] not in keys


def test_a_reviewed_file_goes_back_through_link_from(okrsync: Run, project: Path) -> None:
    ran = okrsync("suggest", "--out", "links.csv")
    assert (ran.code, "suggestions to links.csv" in ran.err) == (0, True)
    rows = list(csv.DictReader((project / "links.csv").read_text(encoding="utf-8").splitlines()))
    assert rows
    linked = okrsync("link", "--from", "links.csv", "--yes", "--format", "json").json
    assert [(entry["key"], entry["key_result"]) for entry in linked["links"]] == [
        (row["key"], row["key_result"]) for row in rows
    ]
    why = okrsync("why", rows[0]["key"], "--format", "json").json
    assert why["group"] == "linked"
    reason = json.loads((project / "ledger" / "links.jsonl").read_text(encoding="utf-8").splitlines()[-1])["reason"]
    assert reason.startswith(f"suggested, score {float(rows[-1]['score']):.2f}: ")
    again = {entry["key"] for entry in okrsync("suggest", "--format", "json").json["suggestions"]}
    assert not again & {row["key"] for row in rows}


def test_a_file_that_is_there_is_never_written_over(okrsync: Run, project: Path) -> None:
    (project / "links.csv").write_text("reviewed", encoding="utf-8")
    ran = okrsync("suggest", "--out", "links.csv")
    assert ran.code == 2
    assert "links.csv exists already and was left as it is; name another file" in ran.err
    assert ran.out == ""
    assert (project / "links.csv").read_text(encoding="utf-8") == "reviewed"


def test_limit_and_least_score_leave_out_and_say_so(untouched: Run) -> None:
    found = untouched("suggest", "--cycle", "all", "--format", "json").json["suggestions"]
    one = untouched("suggest", "--cycle", "all", "--limit", "1")
    assert f"{len(found) - 1} more left out" in one.out
    assert found[0]["key"] in one.out
    least = found[1]["score"]
    sure = untouched("suggest", "--cycle", "all", "--min-score", str(least), "--format", "json").json
    assert [entry["key"] for entry in sure["suggestions"]] == [
        entry["key"] for entry in found if entry["score"] >= least
    ]


@pytest.mark.parametrize("options", [["--limit", "0"], ["--min-score", "2"], ["--cycle", "2031Q1"]])
def test_a_wrong_option_is_refused(untouched: Run, options: list[str]) -> None:
    assert untouched("suggest", *options).code == 2


def test_before_the_first_sync_there_is_nothing_to_learn_from(okrsync: Run, project: Path) -> None:
    (project / "okrsync.db").unlink()
    ran = okrsync("suggest", "--out", "links.csv")
    assert ran.code == 0
    assert "no item is linked yet" in ran.out
    assert (project / "links.csv").read_text(encoding="utf-8") == "key,key_result,reason,score,title\n"
    assert okrsync("link", "--from", "links.csv", "--format", "json").json["written"] == 0


def test_where_everything_is_linked_nothing_is_asked(okrsync: Run, untouched: Run, project: Path) -> None:
    document = untouched("outcomes", "--cycle", "all", "--format", "json").json
    keys = [question.key for question in of_project(project / "okrsync.yaml").material().questions]
    assert document["unlinked"]
    (project / "all.csv").write_text(
        "key,key_result\n" + "".join(f"{key},2026Q4/KR3.4\n" for key in keys), encoding="utf-8"
    )
    assert okrsync("link", "--from", "all.csv", "--yes").code == 0
    ran = okrsync("suggest", "--as-of", "2026-11-20")
    assert ran.code == 0
    assert "there is nothing to ask about" in ran.out


HOSTILE = SuggestedLink(
    key="=PAY-1",
    title='=cmd|" /C calc"!A0\x1b[31m\n[link=evil]',
    url="",
    key_result="-2026Q4/KR1.1",
    key_result_title="",
    score=0.5,
    words=("scanner\u202e", "=1+1"),
    earlier=("PAY-2",),
    others=(),
)


def test_no_cell_starts_as_a_formula_does_and_keys_are_still_read(okrsync: Run, project: Path) -> None:
    report: Any = type("Report", (), {"suggestions": (HOSTILE,)})
    text = render.links_csv(report)
    (row,) = csv.DictReader(text.splitlines())
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert row["title"].startswith("'=cmd")
    assert row["key"].replace("\u200b", "") == "=PAY-1"
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_hostile_title_is_shown_and_not_obeyed(okrsync: Run, project: Path, company: tuple[Company, Sites]) -> None:
    key = company[0].truth["special_items"]["broken"]
    with closing(sqlite3.connect(project / "okrsync.db")) as store, store:
        store.execute("update item set title = '[red]\x1b[31m=' || title where key = ?", [key])
    ran = okrsync("suggest", "--out", "links.csv")
    (line,) = [line for line in ran.out.splitlines() if key in line]
    assert "[red] [31m=" in line
    assert "\x1b" not in ran.out + (project / "links.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("families", [False, True], ids=["single links", "with all derived of them"])
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3))])
def test_hidden_links_of_the_company_are_found_again(project: Path, seed: int, families: bool) -> None:
    found = measured(of_project(project / "okrsync.yaml"), seed, families=families)
    assert found.hidden > 90
    assert found.precision >= 0.80
    assert found.coverage >= 0.50
    assert found.never_linked_answered <= 0.25 * found.never_linked, "most of what serves nothing gets nothing"


def test_suggestions_are_the_same_however_often_they_are_made(project: Path) -> None:
    case = of_project(project / "okrsync.yaml")
    once: tuple[Suggestion, ...] = measured(case, 5).suggested.suggestions
    assert once
    assert measured(case, 5).suggested.suggestions == once
