from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from okrsync.formats.text import MAX_ROWS, print_page
from okrsync.reports.page import (
    Align,
    Bars,
    Column,
    CoverageChart,
    MetricChart,
    ReportPage,
    Section,
    Table,
    Waterfall,
    cell,
    for_executives,
)
from support.pages import sample_page, wide


def printed(page: ReportPage, width: int = 100) -> str:
    stream = io.StringIO()
    print_page(page, Console(file=stream, width=width, highlight=False))
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 100, 140, 200])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, printed(sample_page(), width).splitlines())) <= width


def test_every_kind_of_block_is_there_in_words() -> None:
    page = sample_page()
    told = " ".join(printed(page, 200).split())

    for section in page.sections:
        for block in section.blocks:
            if isinstance(block, MetricChart | Waterfall | CoverageChart):
                assert block.description in told
            if isinstance(block, Bars):
                assert all(bar.text in told for bar in block.bars)


def test_a_column_that_matters_less_needs_a_wide_terminal() -> None:
    columns = (Column("Item"), Column("Why", rank=1), Column("Points", Align.RIGHT, rank=2))
    page = replace(
        sample_page(),
        sections=(Section("s", "S", (Table("t", "T", columns, ((cell("PAY-1"), cell("no rule"), cell("356")),)),)),),
    )

    assert "no rule" not in printed(page, 80)
    assert "no rule" in printed(page, 100)
    assert "356" not in printed(page, 100)
    assert "356" in printed(page, 130)


def test_a_long_table_says_how_many_rows_are_left_out() -> None:
    told = printed(replace(sample_page(), sections=(Section("s", "S", (wide(rows=MAX_ROWS + 3),)),)))

    assert "… 3 more" in told


def test_an_empty_table_says_so_and_has_no_header() -> None:
    table = Table("t", "T", (Column("Item"),), (), empty="Nothing is planned.")
    told = printed(replace(sample_page(), sections=(Section("s", "S", (table,)),)))

    assert "Nothing is planned." in told
    assert "Item" not in told


def test_the_one_page_form_leaves_out_details_and_the_tails_of_tables() -> None:
    page = replace(
        sample_page(),
        sections=(
            Section("s", "Kept", (wide(rows=20),)),
            Section("d", "Only a detail", (wide(rows=2),), is_detail=True),
        ),
    )
    told = printed(for_executives(page), 140)

    assert "Kept" in told
    assert "15 more in the full report" in told
    assert "Only a detail" not in told


@given(st.text())
def test_no_text_moves_the_cursor(title: str) -> None:
    told = printed(replace(sample_page(), headline=title, sections=(Section("s", title, (wide(title=title),)),)))

    assert not {character for character in told if character != "\n" and (ord(character) < 32 or character == "\x7f")}
    assert "\u202e" not in told
