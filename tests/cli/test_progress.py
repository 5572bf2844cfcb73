"""How key results stand, as a product manager reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.running import Run


def test_every_running_key_result_stands_with_pace_forecast_and_what_could_be_judged(untouched: Run) -> None:
    out = " ".join(untouched("progress").out.split())

    assert "2026Q4/KR1.1 · New organisers who publish within 7 days from 41 % to 52 % · ◐ at risk" in out
    assert "47.2 % (19 Nov 2026); 56.4 % of the way 41 → 52 %" in out
    assert "pace: needs +0.82 pts a week, had +0.868 pts a week" in out
    assert "with what is delivered: 46.5 % [43, 50] on 31 Dec 2026; at its target with a chance of less than 1 %" in out
    assert "a delivery on 21 Nov 2026 can be judged on 19 Dec 2026, if its effect is 2." in out
    assert "confidence 0.6 (18 Nov 2026)" in out


@pytest.mark.parametrize(
    ("key_result", "words"),
    [
        ("2026Q4/KR3.3", "a draft: not measured yet"),
        ("2026Q4/KR4.2", "of this cycle's values between 20 and 30 h"),
        ("2026Q4/KR3.2", "2 points more before anything can be judged"),
    ],
)
def test_drafts_bands_and_few_points_have_words_of_their_own(untouched: Run, key_result: str, words: str) -> None:
    told = untouched("progress").out.partition(f"\n  {key_result} · ")[2].partition("\n\n")[0]

    assert words in told


def test_a_cycle_that_is_over_has_scores(untouched: Run) -> None:
    document = untouched("progress", "--cycle", "2026Q3", "--format", "json").json

    found = {entry["id"]: (entry["health"], entry["progress"]["zone"]) for entry in document["key_results"]}
    assert found["2026Q3/KR1.1"] == ("scored", "green")
    assert found["2026Q3/KR2.1"] == ("scored", "red")
    assert all(entry["forecast"] is None for entry in document["key_results"])


def test_a_metric_that_is_out_of_date_is_stale_whatever_it_showed(untouched: Run) -> None:
    document = untouched("progress", "--as-of", "2026-12-20", "--format", "json").json

    healths = {entry["id"]: entry["health"] for entry in document["key_results"]}
    assert healths["2026Q4/KR1.1"] == "stale"


def test_closing_a_ticket_changes_no_progress(okrsync: Run, untouched: Run, project: Path) -> None:
    before = untouched("progress", "--format", "json").json["key_results"]
    text = (project / "okrsync.yaml").read_text(encoding="utf-8")
    (project / "okrsync.yaml").write_text(text.replace('{label: "kr/*"}', '{label: "none/*"}'), encoding="utf-8")
    assert okrsync("sync", "--quiet").code == 0

    after = okrsync("progress", "--format", "json").json["key_results"]

    assert [entry["progress"] for entry in after] == [entry["progress"] for entry in before]
