"""Calendars of public holidays, and key results that measure the work itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from okrsync.config.calendars import public_holidays
from okrsync.config.project import load_project
from okrsync.errors import Problem

Problems = Callable[[], tuple[Problem, ...]]
Spoil = Callable[[str, str, str], None]
ITEMS = "{type: items, measure: count, of: open}"


def test_holidays_are_those_of_the_country_or_its_part() -> None:
    germany = public_holidays("DE", date(2025, 12, 20), date(2026, 1, 10))
    assert germany == {date(2025, 12, 25), date(2025, 12, 26), date(2026, 1, 1)}
    bavaria = public_holidays("DE-BY", date(2025, 12, 20), date(2026, 1, 10))
    assert bavaria - germany == {date(2026, 1, 6)}
    assert public_holidays("", date(2025, 1, 1), date(2026, 1, 1)) == frozenset()


@pytest.mark.parametrize(
    ("calendar", "message", "fix"),
    [
        ("Germany", 'no calendar is called "Germany"', "write a country and, if you like, its part: DE or DE-BY"),
        ("DE-XX", 'DE has no part "XX"', "write DE, or one of its parts (BB, BE, BW, BY"),
        ("DE-", 'DE has no part ""', "write DE, or"),
    ],
)
def test_an_unknown_calendar_is_named_with_its_place(
    spoil: Spoil, problems: Problems, calendar: str, message: str, fix: str
) -> None:
    spoil("okrs.yaml", "    cadence: weekly\n", f"    cadence: weekly\n    calendar: {calendar}\n")
    (problem,) = problems()
    assert (problem.file, problem.line, problem.column) == ("okrs.yaml", 10, 15)
    assert message in problem.message
    assert problem.fix.startswith(fix)


def test_a_key_result_that_counts_work_is_an_output(spoil: Spoil, project: Path) -> None:
    spoil("okrs.yaml", "{type: csv, path: metrics/activation.csv}", ITEMS)
    (key_result,) = load_project(project).okrs.key_results
    assert key_result.level == "output"


def test_counting_work_is_no_outcome_without_a_reason(spoil: Spoil, problems: Problems) -> None:
    spoil("okrs.yaml", "{type: csv, path: metrics/activation.csv}", ITEMS)
    spoil("okrs.yaml", "kind: leading", "level: outcome\n        kind: leading")
    (problem,) = problems()
    assert (problem.file, problem.line, problem.column) == ("okrs.yaml", 23, 16)
    assert problem.message == 'metric "activation" counts work itself, which is an output'
    assert problem.fix == "write level: output, or say in its source why it is an outcome (because: ...)"


def test_counting_work_is_an_outcome_where_the_file_says_why(spoil: Spoil, project: Path) -> None:
    reason = "because: 'customers open these items themselves'"
    spoil("okrs.yaml", "{type: csv, path: metrics/activation.csv}", f"{ITEMS[:-1]}, {reason}}}")
    (key_result,) = load_project(project).okrs.key_results
    assert key_result.level == "outcome"


@pytest.mark.parametrize(
    ("source", "message", "fix"),
    [
        ("{type: sql, url: 'sqlite:///x.db', statement: 'DROP TABLE x'}", "a metric is only read", "write SELECT ..."),
        ("{type: http, url: 'https://a/b', jmespath: 'a['}", "no JMESPath expression", "write for example data[]"),
        (
            "{type: prometheus, url: 'https://p', query: up, step: 1h}",
            '"step" has characters or a form',
            "it must match",
        ),
        ("{type: items, measure: count}", "count of what", "write of: open, created or delivered"),
        ("{type: csv}", "it names neither a path nor a url", "add path: metrics/NAME.csv"),
        ("{type: http, url: 'http://a.example/b', token: {env: X}}", "only sent over https", "write https, or"),
    ],
)
def test_a_source_that_cannot_work_is_named_with_its_place(
    spoil: Spoil, problems: Problems, source: str, message: str, fix: str
) -> None:
    spoil("okrs.yaml", "{type: csv, path: metrics/activation.csv}", source)
    (problem,) = problems()
    assert (problem.file, problem.line) == ("okrs.yaml", 8)
    assert message in problem.message
    assert problem.fix.startswith(fix)
