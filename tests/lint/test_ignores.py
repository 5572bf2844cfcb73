from __future__ import annotations

from collections.abc import Iterator

import pytest

from okrsync.config.comments import comments
from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import LintReport, LintRule, Severity
from okrsync.lint.linting import RULES, of_cycle
from okrsync.lint.places import LocatedFinding
from support.lint_case import GOOD, changed, codes, linted

THEME = "theme: checkout"
VALUES = 'values:\n  - {id: trust, because: "a checkout without surprises is the best advertisement"}'


def without_theme(above: str = "", beside: str = "") -> LintReport:
    """Objective O2 has no theme (OKR403), with a comment above or beside where it begins."""
    text = changed(f"{THEME}\n{VALUES}", VALUES)
    return linted(changed("- id: O2", f"{above}\n- id: O2{beside}".lstrip("\n"), text))


def test_comments_know_what_they_speak_of() -> None:
    text = (
        "a: 1 # beside\n"
        "# above\n"
        "\n"
        "# above too\n"
        'b: "# no comment" # but this'
        "\nc: |\n  # a text\n  more\n"
        "d: x#no\n"
        "# at the end\n"
    )
    told = [(comment.line, comment.column, comment.text, comment.about) for comment in comments(text)]
    assert told == [
        (1, 6, "# beside", 1),
        (2, 1, "# above", 5),
        (4, 1, "# above too", 5),
        (5, 19, "# but this", 5),
        (10, 1, "# at the end", 10),
    ]


@pytest.mark.parametrize(
    ("above", "beside"),
    [
        ("# okrsync: ignore OKR403 because we have none", ""),
        ("", "  # okrsync: ignore OKR403 because we have none"),
        ("#okrsync:ignore OKR403 BECAUSE we have none", ""),
        ("# okrsync: ignore OKR403 because we have none\n\n# another comment", ""),
    ],
)
def test_an_ignore_stands_above_or_beside(above: str, beside: str) -> None:
    report = without_theme(above, beside)
    assert report.findings == ()
    assert [(entry.finding.code, entry.reason) for entry in report.ignored] == [("OKR403", "we have none")]


def test_two_codes_in_one_comment_and_one_that_is_not_needed() -> None:
    report = without_theme("# okrsync: ignore OKR403, OKR101 because we have none")
    assert [entry.finding.code for entry in report.ignored] == ["OKR403"]
    (left,) = report.findings
    assert (left.code, left.message) == ("OKR902", "there is no OKR101 here to be ignored")


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# okrsync: ignore OKR403", {"OKR403", "OKR901"}),
        ("# okrsync: ignore OKR403 because", {"OKR403", "OKR901"}),
        ("# okrsync: ignore because we have none", {"OKR403", "OKR903"}),
        ("# okrsync: ignore", {"OKR403", "OKR901", "OKR903"}),
        ("# okrsync: ignore OKR999 because we have none", {"OKR403", "OKR903"}),
        ("# okrsync: ignore okr403 because we have none", {"OKR403", "OKR903"}),
        ("# we ignore OKR403 because we have none", {"OKR403"}),
    ],
)
def test_what_is_no_proper_ignore_ignores_nothing(comment: str, expected: set[str]) -> None:
    assert set(codes(without_theme(comment))) == expected


def test_an_ignore_reaches_no_other_entry() -> None:
    text = changed("- id: O1", "# okrsync: ignore OKR403 because we have none\n- id: O1")
    text = changed(f"{THEME}\n{VALUES}", VALUES, text)
    assert sorted(codes(linted(text))) == ["OKR403", "OKR902"]


def test_an_ignore_inside_a_text_is_none() -> None:
    text = changed('statement: "People can rely on it"', 'statement: "# okrsync: ignore OKR403 because of this"')
    assert codes(linted(text)) == []


def test_an_ignore_of_a_rule_that_did_not_run_is_left_alone() -> None:
    text = changed("- id: KR2.1", "# okrsync: ignore OKR301 because it was lost since\n- id: KR2.1")
    assert codes(linted(text)) == ["OKR902"]
    assert codes(linted(text, history=False)) == []
    assert codes(linted(text, disable=["OKR301"])) == []


def test_an_unknown_code_to_disable_is_found_where_it_stands() -> None:
    (finding,) = linted(GOOD, disable=["OKR403", "OKR999"]).findings
    assert (finding.code, finding.file, finding.line, finding.column) == ("OKR903", "okrsync.yaml", 3, 21)


def test_a_rule_of_another_package_is_one_more_in_the_list() -> None:
    def check(facts: LintFacts) -> Iterator[LocatedFinding]:
        for entry in facts.key_results():
            if entry.id == "KR2.1":
                yield facts.places.key_result(entry).found("cannot be judged", "window_days")

    rule = LintRule("OKR801", Severity.WARNING, "Cannot be judged", "deliver earlier", check)
    (finding,) = linted(GOOD, rules=(*RULES, rule)).findings
    assert (finding.code, finding.subject, finding.message) == ("OKR801", "2026Q4/KR2.1", "cannot be judged")
    text = changed("- id: KR2.1", "# okrsync: ignore OKR801 because it is short\n- id: KR2.1")
    assert linted(text, rules=(*RULES, rule)).findings == ()
    assert codes(linted(text)) == ["OKR903"]


def test_a_cycle_has_its_own_findings_and_those_of_what_it_uses() -> None:
    text = changed(
        "- {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, review_days: 28}",
        "- {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, review_days: 28}\n"
        "- {id: 2027Q1, start: 2027-01-01, end: 2027-03-31}",
    )
    text = changed("unit: per 1,000", 'unit: ""', text)
    text = changed(f"{THEME}\n{VALUES}", VALUES, text)
    report = linted(text)
    assert codes(report) == ["OKR203", "OKR403"]
    assert codes(of_cycle(report, "2026Q4")) == ["OKR203", "OKR403"]
    assert codes(of_cycle(report, "2027Q1")) == []
