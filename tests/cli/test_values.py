"""Values: what serves them, what was delivered for them, and what was won at their expense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from okrsync.sandbox.company import Company
from okrsync.sandbox.serve import Sites
from support.running import Run


def told(okrsync: Run, *more: str) -> dict[str, dict[str, Any]]:
    document = okrsync("values", "--format", "json", *more).json
    return {entry["id"]: entry for entry in document["values"]}


def test_the_planted_breach_is_found_and_the_wins_before_it_are_not_flagged(
    untouched: Run, company: tuple[Company, Sites]
) -> None:
    (breach,) = company[0].truth["guardrail_breaches"]
    found = told(untouched)

    (guardrail,) = found[breach["value"]]["guardrails"]
    assert (guardrail["metric"], guardrail["is_broken"]) == (breach["metric"], True)
    flagged = {win["key_result"] for win in found[breach["value"]]["flagged"]}
    assert flagged, "something moved while the promise broke"
    assert flagged <= set(breach["key_results"])
    assert all(not entry["flagged"] for name, entry in found.items() if name != breach["value"])


def test_a_value_is_told_with_its_signs_objectives_reasons_and_work(untouched: Run) -> None:
    out = " ".join(untouched("values").out.split())

    assert "trust · People can rely on us: fewer than 4 complaints in 1,000 orders" in out
    assert "Seen in: We say the price before we ask for the card" in out
    assert "because a checkout without surprises is the best advertisement" in out
    assert "at most 4 per 1,000: BROKEN" in out
    assert "Won at its expense: " in out
    assert "but complaints left its limits since" in out


def test_without_limits_nothing_is_called_broken(okrsync: Run, project: Path) -> None:
    path = project / "okrs.yaml"
    text = path.read_text(encoding="utf-8")
    assert "    limits: {most: 4}" in text
    path.write_text(
        "\n".join(line for line in text.splitlines() if "limits: {most: 4}" not in line) + "\n", encoding="utf-8"
    )

    found = told(okrsync)["trust"]

    assert [entry["is_broken"] for entry in found["guardrails"]] == [None]
    assert found["flagged"] == []
    assert "no limits are declared" in okrsync("values").out


def test_a_limit_below_which_it_must_not_fall_counts_downwards(okrsync: Run, project: Path) -> None:
    path = project / "okrs.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("limits: {most: 4}", "limits: {least: 1}"), encoding="utf-8"
    )

    assert told(okrsync)["trust"]["guardrails"][0]["is_broken"] is False


def test_limits_that_cannot_be_are_refused_with_their_place(okrsync: Run, project: Path) -> None:
    path = project / "okrs.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("limits: {most: 4}", "limits: {least: 4, most: 4}"), encoding="utf-8"
    )

    ran = okrsync("values")

    assert ran.code == 2
    assert "least is not below most; swap or mend them" in ran.err


def test_an_objective_that_names_no_value_is_told(okrsync: Run, project: Path) -> None:
    path = project / "okrs.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip() == "- id: O4")
    block = range(start, start + 12)
    path.write_text(
        "\n".join(line for n, line in enumerate(lines) if not (n in block and "care" in line)) + "\n", encoding="utf-8"
    )
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("    values:\n    key_results:", "    key_results:"), encoding="utf-8")

    ran = okrsync("values")

    assert "Objectives that name no value: 2026Q4/O4." in ran.out, ran.err
