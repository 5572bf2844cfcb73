from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.formats.markdown import MAX_CHARACTERS, code, escaped, render_page
from okrsync.reports.page import Anchor, Bar, Bars, Code, Column, ReportPage, Section, Table, Tone, cell, text
from support.pages import sample_page, wide


def page_of(*blocks: Table | Bars) -> ReportPage:
    return replace(sample_page(), sections=(Section("s", "A section", blocks),))


@pytest.mark.parametrize("written", ["62.7 %", "+0.05", "−3", "1.5", "-0.2"])
def test_a_number_stays_what_it_is(written: str) -> None:
    assert escaped(written) == written


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("- no list", "\\- no list"),
        ("1. no list", "1\u200b. no list"),
        ("---", "\\---"),
        ("@everyone", "@\u200beveryone"),
        ("Fixes #1", "Fixes #\u200b1"),
        ("GH-12", "GH\u200b-12"),
        ("&commat;team", "\\&commat;team"),
        ("<b>|</b>", "\\<b\\>\\|\\</b\\>"),
        ("www.example.org", "www\u200b.example.org"),
        ("https://example.org", "https:/\u200b/example.org"),
    ],
)
def test_what_a_tracker_would_read_as_its_own_is_broken(written: str, shown: str) -> None:
    assert escaped(written) == shown


def test_a_command_in_a_sentence_keeps_the_blanks_around_it() -> None:
    page = replace(sample_page(), sections=(Section("s", "Do", (text("run ", Code("okrsync plan"), " now"),)),))

    assert "run `okrsync plan` now" in render_page(page)


def test_a_code_span_breaks_no_table() -> None:
    assert code("a|b`c") == "`a\\|bc`"


def test_an_anchor_is_shown_and_leads_nowhere() -> None:
    table = Table("t", "T", (Column("Item"),), ((cell(Anchor("PAY-1", "https://tracker.example/PAY-1")),),))

    text_ = render_page(page_of(table))
    assert "PAY-1" in text_
    assert "tracker.example" not in text_


def test_a_long_table_says_how_many_rows_are_left_out_and_where_they_are() -> None:
    told = render_page(page_of(replace(wide(rows=57), more=(Code("okrsync plan --format json"),))))

    assert "37 more · `okrsync plan --format json`" in told


def test_a_page_too_long_for_a_comment_gets_shorter_tables() -> None:
    sections = tuple(Section(f"s{n}", f"Part {n}", (wide(rows=40, title="long " * 30),)) for n in range(30))
    told = render_page(replace(sample_page(), sections=sections))

    assert len(told) <= MAX_CHARACTERS
    assert "Part 29" in told, "a section is shortened, not lost"


def test_a_page_too_long_even_so_says_that_it_is_cut() -> None:
    sections = tuple(Section(f"s{n}", f"Part {n}", (wide(rows=5, title="long " * 40),)) for n in range(400))
    told = render_page(replace(sample_page(), sections=sections))

    assert len(told) <= MAX_CHARACTERS + 1000
    assert "The rest does not fit here" in told


def test_bars_are_a_table_of_what_they_say() -> None:
    bars = Bars("b", "By count", (Bar("linked", 0.75, "75 % · 3 items", Tone.GOOD), Bar("unlinked", 0.25, "25 %")))

    assert "| linked | 75 % · 3 items |" in render_page(page_of(bars))


@given(st.text(max_size=80))
def test_no_text_adds_a_cell_or_a_line_to_a_table(title: str) -> None:
    told = render_page(page_of(wide(rows=2, title=title)))
    lines = [line for line in told.splitlines() if line.startswith("|")]

    assert len(lines) == 4
    assert len({len(re.findall(r"(?<!\\)\|", line.replace("\\\\", ""))) for line in lines}) == 1
