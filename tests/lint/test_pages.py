"""Every code has its page, and the examples on it do what the page says: they are the fixtures of the rules."""

from __future__ import annotations

import re
from typing import Any

import pytest

from okrsync.lint.findings import LintRule
from okrsync.lint.linting import RULES
from support.lint_case import GOOD, PAGES, changed, codes, linted, page
from support.matrices import one_in

CODES = [rule.code for rule in RULES]
# Examples of "too many" need a threshold that a short example can pass.
THRESHOLDS: dict[str, dict[str, Any]] = {
    "OKR303": {"most_key_results_per_owner": 3},
    "OKR604": {"most_objectives": 1},
    "OKR605": {"most_key_results": 3},
}


def test_codes_are_unique_and_in_order() -> None:
    assert sorted(set(CODES)) == CODES


def test_there_is_a_page_for_each_code_and_no_other() -> None:
    assert sorted(path.stem for path in PAGES.glob("*.md")) == CODES


def test_the_index_lists_each_code_with_its_severity_and_title() -> None:
    index = (PAGES.parent / "lint.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(OKR\d{3})\]\(lint/(OKR\d{3})\.md\) \| (\w+) \| (.*?)( ¹)? \|$", index, re.MULTILINE)
    expected = [
        (rule.code, rule.code, rule.severity.value, rule.title, " ¹" if rule.needs_history else "") for rule in RULES
    ]
    assert rows == expected


@pytest.mark.parametrize("rule", RULES, ids=CODES)
def test_a_page_says_what_the_rule_says_of_itself(rule: LintRule) -> None:
    text = page(rule.code).text
    store = " · needs a store" if rule.needs_history else ""
    assert text.startswith(f"# {rule.code}: {rule.title}\n\n**{rule.severity.value}** · fix: {rule.fix}{store}\n\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Why", "Trips", "Does not", "To ignore it"]
    assert len(rule.fix) <= 100
    assert "\n" not in rule.fix


def test_the_good_file_has_no_finding() -> None:
    report = linted(GOOD)
    assert (report.findings, report.ignored, report.skipped) == ((), (), ())


@pytest.mark.parametrize("code", CODES)
def test_the_example_trips_its_code_alone_and_its_counterpart_trips_nothing(code: str) -> None:
    shown, thresholds = page(code), THRESHOLDS.get(code, {})
    assert codes(linted(changed(shown.does_not, shown.trips), **thresholds)) == [code]
    assert codes(linted(changed(shown.does_not, shown.does_not), **thresholds)) == []


@pytest.mark.parametrize("code", one_in(4, [code for code in CODES if code < "OKR9"]))
def test_a_finding_is_ignored_as_its_page_says(code: str) -> None:
    shown, thresholds = page(code), THRESHOLDS.get(code, {})
    text = changed(shown.does_not, shown.trips)
    (finding,) = linted(text, **thresholds).findings
    lines = text.splitlines()
    margin = re.match(r" *", lines[finding.line - 1])
    assert margin is not None
    lines.insert(finding.line - 1, margin[0] + shown.ignore)

    report = linted("\n".join(lines) + "\n", **thresholds)

    assert report.findings == ()
    (ignored,) = report.ignored
    assert (ignored.finding.code, ignored.finding.line) == (code, finding.line + 1)
    assert ignored.reason == shown.ignore.partition(" because ")[2]


@pytest.mark.parametrize("code", one_in(4, CODES))
def test_a_code_can_be_switched_off(code: str) -> None:
    shown, thresholds = page(code), THRESHOLDS.get(code, {})
    report = linted(changed(shown.does_not, shown.trips), disable=[code], **thresholds)
    assert (report.findings, report.disabled) == ((), (code,))


def test_without_a_store_the_rules_that_need_one_are_skipped_and_named() -> None:
    report = linted(GOOD, history=False)
    assert report.skipped == tuple(rule.code for rule in RULES if rule.needs_history)
    assert report.skipped_because == "no store"
    assert report.findings == ()
