from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

from okrsync.model.work import Item
from okrsync.sandbox.company import Company
from okrsync.sandbox.serve import Sites
from okrsync.store.item_reader import ItemReader
from support.running import Run


def test_status_counts_what_the_company_really_has(untouched: Run, company: tuple[Company, Sites]) -> None:
    truth = company[0].truth["counts"]
    items = untouched("status", "--format", "json").json["items"]
    for name in ("total", "issue", "pull_request", "todo", "in_progress", "done", "dropped"):
        assert items[name] == truth[name], name
    assert items["issue"] + items["pull_request"] == items["total"]
    assert items["todo"] + items["in_progress"] + items["done"] + items["dropped"] == items["total"]
    assert items["delivered"] == items["done"]
    assert items["linked"] + items["exempt"] + items["unlinked"] == items["total"] - items["dropped"]


def test_status_says_why_work_is_unlinked_and_what_the_budgets_are(untouched: Run) -> None:
    document = untouched("status", "--format", "json").json
    reasons = dict(document["unlinked_reasons"])
    assert sum(reasons.values()) == document["items"]["unlinked"]
    assert {"no_rule", "parent_unlinked", "broken", "stale", "ambiguous"} <= set(reasons)
    assert {entry["id"]: entry["budget"] for entry in document["exempt"]}["run"] == 0.25
    text = untouched("status").out
    assert "no rule matches" in text
    assert "(budget 25 %)" in text


def test_outcomes_name_delivered_work_with_its_metric_before_and_after(
    untouched: Run, company: tuple[Company, Sites]
) -> None:
    document = untouched("outcomes", "--format", "json", "--cycle", "all").json
    found = {entry["id"]: entry for entry in document["key_results"]}
    assert set(found) == set(company[0].truth["key_results"])
    for name, truth in company[0].truth["key_results"].items():
        listed = {delivery["key"] for delivery in found[name]["deliveries"]} | {
            key for delivery in found[name]["deliveries"] for key in delivery["pull_requests"]
        }
        for delivery in truth["deliveries"]:
            assert set(delivery["keys"]) <= listed, name
    verdicts = {
        delivery["observed"]["verdict"]
        for entry in document["key_results"]
        for delivery in entry["deliveries"]
        if delivery["observed"]
    }
    assert verdicts == {"observed_change_only", "no_data"}


def test_an_issue_and_the_pull_request_that_closes_it_are_one_delivery(untouched: Run) -> None:
    document = untouched("outcomes", "--format", "json", "--cycle", "all").json
    for entry in document["key_results"]:
        keys = [delivery["key"] for delivery in entry["deliveries"]]
        with_them = [key for delivery in entry["deliveries"] for key in delivery["pull_requests"]]
        assert len(keys) == len(set(keys))
        assert not set(keys) & set(with_them)
    assert document["joined_issues"] > 20


def test_a_planted_effect_shows_in_the_means(untouched: Run, company: tuple[Company, Sites]) -> None:
    truth = company[0].truth["key_results"]["2026Q4/KR2.3"]["deliveries"][0]
    document = untouched("outcomes", "--format", "json").json
    (entry,) = [entry for entry in document["key_results"] if entry["id"] == "2026Q4/KR2.3"]
    seen = entry["deliveries"][0]["observed"]
    change = seen["after"] - seen["before"]
    assert change == pytest.approx(truth["effect"], abs=abs(truth["effect"]) / 2)


def test_drafts_and_unmeasured_days_are_said_to_be_missing(untouched: Run) -> None:
    text = untouched("outcomes").out
    assert "draft: no target yet" in text
    assert "no data" in text
    (draft,) = [
        entry for entry in untouched("outcomes", "--format", "json").json["key_results"] if entry["state"] == "draft"
    ]
    assert draft["current"] is None
    assert all(delivery["observed"] is None for delivery in draft["deliveries"])


def test_the_same_command_on_the_same_store_gives_the_same_bytes(okrsync: Run, untouched: Run, project: Path) -> None:
    for command in (["status"], ["outcomes"], ["outcomes", "--format", "markdown"], ["outcomes", "--format", "json"]):
        assert okrsync(*command).out == untouched(*command).out


def test_a_past_day_shows_what_had_been_delivered_by_then(untouched: Run) -> None:
    early = untouched("outcomes", "--format", "json", "--as-of", "2026-10-06").json
    late = untouched("outcomes", "--format", "json").json
    count = {
        name: sum(len(entry["deliveries"]) for entry in document["key_results"])
        for name, document in (("early", early), ("late", late))
    }
    assert 0 < count["early"] < count["late"]
    days = [delivery["day"] for entry in early["key_results"] for delivery in entry["deliveries"]]
    assert max(days) <= "2026-10-06"


def test_an_unknown_cycle_names_the_known_ones(untouched: Run) -> None:
    ran = untouched("outcomes", "--cycle", "2027Q1")
    assert ran.code == 2
    assert "2026Q3, 2026Q4" in ran.err


def test_a_day_that_is_none_is_a_usage_error(untouched: Run) -> None:
    assert untouched("status", "--as-of", "yesterday").code == 2


def test_why_follows_an_item_to_the_value_it_serves(untouched: Run, company: tuple[Company, Sites]) -> None:
    key = company[0].truth["key_results"]["2026Q4/KR2.3"]["deliveries"][0]["keys"][0]
    document = untouched("why", key, "--format", "json").json
    assert document["group"] == "linked"
    (line,) = document["lines"]
    assert line["key_result"] == "2026Q4/KR2.3"
    assert line["objective_title"]
    assert line["values"][0]["because"]
    text = untouched("why", key).out
    for word in (line["rule"], line["key_result"], line["objective"], line["values"][0]["id"]):
        assert word in text


def test_why_says_of_a_pull_request_which_issue_it_follows(untouched: Run, company: tuple[Company, Sites]) -> None:
    keys = company[0].truth["key_results"]["2026Q4/KR2.3"]["deliveries"][0]["keys"]
    request = next(key for key in keys if "#" in key)
    document = untouched("why", request, "--format", "json").json
    assert document["implements"] == [keys[0]]
    assert document["lines"][0]["via"] == f"closes {keys[0]}"


def test_why_takes_a_key_without_its_owner_and_in_any_case(untouched: Run) -> None:
    full = untouched("why", "ferrywell/web#28", "--format", "json").json
    assert untouched("why", "WEB#28", "--format", "json").json == full


def test_why_of_an_unknown_item_says_what_to_do(untouched: Run) -> None:
    ran = untouched("why", "PAY-99999", "--format", "json")
    assert ran.code == 2
    assert "run `okrsync sync` if it is new" in ran.json["error"]["message"]


def test_reports_fit_a_narrow_terminal_and_a_pipe_alike(untouched: Run) -> None:
    lines = untouched("outcomes").out.splitlines()
    assert max(map(len, lines)) <= 120


def test_an_empty_store_says_so(okrsync: Run, project: Path) -> None:
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    ran = okrsync("outcomes")
    assert ran.code == 5
    assert "Nothing has been read yet." in ran.out
    assert okrsync("status", "--format", "json").json["items"]["total"] == 0


def test_markdown_tables_are_whole(project: Path) -> None:
    text = (project / "reports" / "outcomes.md").read_text(encoding="utf-8")
    width = None
    for line in text.splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        width = width or cells
        assert cells == width, line


HOSTILE = (
    "\x1b[31mred\x1b[0m [link=http://x]y[/link] | `code` <script>alert(1)</script> @everyone Fixes #1 \u202egnp\n# x"
)


def test_a_hostile_title_is_shown_and_does_nothing(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ItemReader.item

    def hostile_item(self: ItemReader, row: sa.Row[Any]) -> Item:
        return dataclasses.replace(original(self, row), title=HOSTILE)

    monkeypatch.setattr(ItemReader, "item", hostile_item)
    text = okrsync("outcomes").out
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[link=http://x]" in text, "shown as it is, not obeyed"
    markdown = okrsync("outcomes", "--format", "markdown").out
    assert "<script>" not in markdown
    assert "@everyone" not in markdown
    said = re.sub(r"`[^`]*`", "", re.sub(r"\\.", "", markdown.replace("\u200b", "*")))  # keys are in code spans
    assert "#1" not in said
    for line in markdown.splitlines():
        if line.startswith("|"):
            assert "\n# x" not in line
    document = okrsync("outcomes", "--format", "json")
    assert json.loads(document.out)["key_results"]


@pytest.mark.parametrize(
    "written",
    ["ferrywell/web#\u200b28", "https://github.com/ferrywell/web/issues/28", " WEB#28 "],
    ids=["out of a report", "an address", "with spaces"],
)
def test_why_takes_a_key_as_people_paste_it(untouched: Run, written: str) -> None:
    assert untouched("why", written, "--format", "json").json["key"] == "ferrywell/web#28"


def test_why_names_the_rule_of_inheritance_and_what_was_inherited(untouched: Run) -> None:
    document = untouched("outcomes", "--cycle", "all", "--format", "json").json
    via = [delivery["via"] for entry in document["key_results"] for delivery in entry["deliveries"]]
    assert any(text.startswith("parent ") and "(rule " in text for text in via)


def test_a_cycle_that_is_over_shows_where_it_ended(untouched: Run) -> None:
    document = untouched("outcomes", "--cycle", "2026Q3", "--format", "json").json
    assert all(entry["has_ended"] for entry in document["key_results"])
    assert max(entry["current"]["date"] for entry in document["key_results"] if entry["current"]) <= "2026-09-30"
    assert "ended at" in untouched("outcomes", "--cycle", "2026Q3").out


def test_an_old_value_is_not_called_now(untouched: Run) -> None:
    text = untouched("outcomes", "--as-of", "2026-12-20").out
    assert "last known" in text
    assert "days ago · from" in text


def test_a_narrow_terminal_keeps_the_titles(okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrsync.cli.reporting.console", lambda: Console(width=80))
    lines = okrsync("outcomes").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "days seen" not in "\n".join(lines)
    assert any("[KR1.2] Ask for the" in line for line in lines)


def test_as_of_an_earlier_day_items_are_what_they_were_then(untouched: Run) -> None:
    now = untouched("status", "--format", "json").json["items"]
    then = untouched("status", "--as-of", "2026-10-15", "--format", "json").json["items"]

    assert then["total"] < now["total"], "later ones were not there yet"
    assert 0 < then["done"] < now["done"]
    assert then["todo"] + then["in_progress"] + then["done"] + then["dropped"] == then["total"]


def test_as_known_on_an_earlier_day_what_was_read_later_does_not_count(untouched: Run) -> None:
    known = untouched("status", "--as-known", "2026-11-20", "--format", "json")
    assert known.json["items"] == untouched("status", "--format", "json").json["items"]

    before = untouched("status", "--as-known", "2026-11-19", "--format", "json").json
    assert before["items"]["total"] == 0
    assert all(entry["current"] is None for entry in before["key_results"] if not entry["id"].endswith("KR3.2"))
