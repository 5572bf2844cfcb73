"""Reports as tables: nothing lost, nothing run, nothing that a tracker could name a file by."""

from __future__ import annotations

import csv
import io
import string
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.formats.as_csv import csv_text, safe_text, tables_of
from support.hostile import HOSTILE

LEADS = "=+-@\uff1d\uff0b\uff0d\uff20\t\r\n"


@dataclass(frozen=True)
class Size:
    value: float
    unit: str


@dataclass(frozen=True)
class Line:
    key: str
    size: Size | None
    tags: tuple[str, ...] = ()
    parts: tuple[Size, ...] = ()


@dataclass(frozen=True)
class Report:
    headline: str
    is_whole: bool
    shares: dict[str, Any]
    lines: tuple[Line, ...]


def report(*lines: Line, shares: dict[str, Any] | None = None) -> Report:
    return Report("All is well", True, shares or {}, lines)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_report_is_its_summary_and_a_table_for_each_list_of_records() -> None:
    told = tables_of("plan", report(Line("A", Size(3, "points"), ("x", "y")), Line("B", None)))

    assert list(told) == ["plan", "plan-lines"]
    assert read(csv_text(told["plan"])) == [{"headline": "All is well", "is_whole": "true"}]
    assert read(csv_text(told["plan-lines"])) == [
        {"row": "1", "key": "A", "size.value": "3", "size.unit": "points", "tags": "x; y", "parts": ""},
        {"row": "2", "key": "B", "size.value": "", "size.unit": "", "tags": "", "parts": ""},
    ]


def test_a_list_in_a_record_says_which_row_it_belongs_to() -> None:
    same = Line("A", None, parts=(Size(1, "points"), Size(2, "hours")))
    told = tables_of("plan", report(same, same))

    rows = read(csv_text(told["plan-lines-parts"]))
    assert [(row["lines.row"], row["lines.key"], row["row"], row["unit"]) for row in rows] == [
        ("1", "A", "1", "points"), ("1", "A", "2", "hours"), ("2", "A", "3", "points"), ("2", "A", "4", "hours")
    ]  # fmt: skip


def test_series_side_by_side_are_one_row_a_point() -> None:
    told = tables_of("plan", report(shares={"days": ["2026-11-01", "2026-11-02"], "seen": [1.0, None]}))

    assert read(csv_text(told["plan-shares"])) == [
        {"row": "1", "days": "2026-11-01", "seen": "1.0"}, {"row": "2", "days": "2026-11-02", "seen": ""}
    ]  # fmt: skip


def test_a_record_that_is_missing_everywhere_keeps_its_column() -> None:
    assert "size" in read(csv_text(tables_of("plan", report(Line("A", None)))["plan-lines"]))[0]


@pytest.mark.parametrize("name", ["../../etc/passwd", "=HYPERLINK()", "a\x00b", "A/B", "\u202e"])
def test_a_name_from_a_tracker_names_no_file_and_is_no_formula(name: str) -> None:
    told = tables_of("plan", report(shares={name: [{"of": "=1"}], "=1+1": 2}))

    assert all(set(table) <= set(string.ascii_lowercase + string.digits + "-") for table in told)
    for rows in told.values():
        for cell in csv_text(rows).split("\n", 1)[0].split(","):
            assert cell[:1] not in LEADS or not cell


@given(st.text())
def test_no_text_is_a_formula_or_more_than_one_line(text: str) -> None:
    told = safe_text(text)

    assert told.lstrip()[:1] not in tuple(LEADS)
    assert len(told.splitlines()) <= 1


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_a_text_holds_the_table_stays_a_table(hostile: str) -> None:
    rows = read(csv_text(tables_of("plan", report(Line(hostile, Size(1, hostile), (hostile,))))["plan-lines"]))

    assert [set(row) for row in rows] == [{"row", "key", "size.value", "size.unit", "tags", "parts"}]
    assert all(value.lstrip()[:1] not in tuple(LEADS) for value in rows[0].values())


@pytest.mark.parametrize("unit", ["%", "|", "#", "1", "per 1,000"])
def test_units_stay_as_they_are(unit: str) -> None:
    assert safe_text(unit) == unit


def test_numbers_stay_numbers() -> None:
    (row,) = read(csv_text([{"change": -1.5, "count": -3}]))

    assert (row["change"], row["count"]) == ("-1.5", "-3")
