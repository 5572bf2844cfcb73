"""Verdicts at the command line: on record once and for all, and their story."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.running import Run

MOVED = "GRO-84"


def checks(okrsync: Run, *more: str) -> dict[str, list[dict[str, Any]]]:
    """The checks of all key results."""
    report = okrsync("outcomes", "--cycle", "all", "--format", "json", *more).json
    return {entry["id"]: entry["outcome"]["checks"] for entry in report["key_results"]}


def recorded(okrsync: Run, *more: str) -> dict[str, list[dict[str, Any]]]:
    return {name: [check for check in own if check["recorded"]] for name, own in checks(okrsync, *more).items()}


def test_verdicts_that_have_come_due_are_on_record_and_others_are_not(untouched: Run) -> None:
    for own in checks(untouched).values():
        for check in own:
            is_due = check["evaluation"] <= "2026-11-20" and not check["is_provisional"]
            is_final = check["verdict"] not in {"no_data", "withheld", "too_early"}
            assert (check["recorded"] is not None) == (is_due and is_final), check


def test_another_sync_and_other_values_change_no_recorded_verdict(okrsync: Run, untouched: Run, project: Path) -> None:
    before = recorded(untouched)
    assert any(before.values())
    for path in (project / "metrics").glob("*.csv"):
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        half = rows[: len(rows) // 2]
        path.write_text(
            "\n".join([head, *half, *(row for row in rows[len(rows) // 2 :] if "-11-" not in row)]) + "\n",
            encoding="utf-8",
        )

    assert okrsync("sync", "--quiet").code == 0

    assert recorded(okrsync) == before
    assert any(recorded(okrsync, "--as-of", "2026-11-19").values())


def test_a_filter_changes_no_recorded_verdict(untouched: Run) -> None:
    before = recorded(untouched)
    one = untouched("outcomes", "--cycle", "2026Q3", "--format", "json").json

    for entry in one["key_results"]:
        assert [check for check in entry["outcome"]["checks"] if check["recorded"]] == before[entry["id"]]


def test_work_that_serves_the_key_result_no_more_takes_its_verdict_along(
    okrsync: Run, untouched: Run, project: Path
) -> None:
    assert any(MOVED in check["members"] for check in checks(untouched)["2026Q4/KR1.1"])

    assert okrsync("unlink", MOVED, "KR1.1", "--reason", "it was something else").code == 0

    assert not any(MOVED in check["members"] for check in checks(okrsync)["2026Q4/KR1.1"])


def test_a_report_of_an_earlier_day_holds_what_was_due_by_then(untouched: Run) -> None:
    (early,) = checks(untouched, "--as-of", "2026-10-20")["2026Q4/KR1.1"]

    assert early["verdict"] == "too_early"
    assert early["members"] == [MOVED]


def test_check_tells_the_verdicts_of_an_item_and_of_a_key_result(untouched: Run) -> None:
    of_item = untouched("check", MOVED)
    assert of_item.code == 0
    assert f"▲ {MOVED}: moved" in of_item.out
    of_key_result = untouched("check", "2026Q4/KR2.1", "--format", "json").json
    (check,) = of_key_result["key_results"][0]["checks"]
    assert (check["verdict"], len(check["members"])) == ("moved", 2)


def test_check_tells_the_first_and_the_last_day_of_the_series(untouched: Run) -> None:
    (told,) = untouched("check", "2026Q4/KR2.1", "--format", "json").json["key_results"]
    story = " ".join(untouched("check", "2026Q4/KR2.1", "--explain").out.split())

    assert (told["first"], told["last"]) == ("2025-10-03", "2026-11-19")
    assert "403 observations of checkout_conversion, 3 Oct 2025 to 19 Nov 2026" in story


@pytest.mark.parametrize(
    "words", ["Delivered:", "Judged as:", "Series:", "Estimate:", "Model:", "Verdict:", "Expected:"]
)
def test_the_story_of_a_verdict_has_all_its_parts(untouched: Run, words: str) -> None:
    assert f"{words} " in untouched("check", MOVED, "--explain").out


def test_the_story_of_an_inconclusive_verdict_says_what_would_settle_it(untouched: Run) -> None:
    ran = untouched("check", "2026Q4/KR3.1", "--explain")
    assert "To settle it:" in ran.out


def test_what_is_neither_a_key_result_nor_an_item_is_a_usage_error(untouched: Run) -> None:
    ran = untouched("check", "NOPE-1")
    assert ran.code == 2
    assert '"NOPE-1" is neither a key result nor an item that was read' in ran.err


def test_an_expectation_that_is_first_seen_after_the_delivery_counts_for_nothing(untouched: Run) -> None:
    own = {check["members"][0]: check for entry in checks(untouched).values() for check in entry}

    assert own["PAY-131"]["hypothesis"] == "post_hoc", "it stands in the item alone, which nobody had read before"
    assert own[MOVED]["hypothesis"] == "confirmed", "it was in the ledger before"


@pytest.mark.long
def test_no_verdict_is_put_on_record_while_a_source_is_not_read(
    okrsync: Run, untouched: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: {check["members"][0] for check in own} for name, own in recorded(untouched).items()}
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()

    with monkeypatch.context() as patch:
        patch.setenv("OKRSYNC_JIRA_TOKEN", "bad")
        ran = okrsync("sync", "--quiet")
    assert ran.code == 5
    assert "come due and wait for a sync that reads every source and metric" in ran.err
    assert not any(recorded(okrsync).values())

    told = okrsync("sync", "--format", "json").json
    assert told["verdicts"]["waiting"] == 0
    assert {name: {check["members"][0] for check in own} for name, own in recorded(okrsync).items()} == before


def test_no_verdict_is_put_on_record_while_its_metric_cannot_be_read(
    okrsync: Run, untouched: Run, project: Path
) -> None:
    before = recorded(untouched)
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    assert okrsync("sync", "--quiet", "--as-of", "2026-10-01").code == 0
    earlier = recorded(okrsync)
    path = project / "metrics" / "activation.csv"
    text = path.read_text(encoding="utf-8")

    path.write_text(text + "2026-11-31,x\n", encoding="utf-8")
    assert okrsync("sync", "--quiet").code == 5
    assert recorded(okrsync)["2026Q4/KR1.1"] == earlier["2026Q4/KR1.1"]

    path.write_text(text, encoding="utf-8")
    assert okrsync("sync", "--quiet").code == 0
    assert [check["members"] for check in recorded(okrsync)["2026Q4/KR1.1"]] == [
        check["members"] for check in before["2026Q4/KR1.1"]
    ]
