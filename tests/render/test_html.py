from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.formats.html import Picker, Way, address, policy_of, render_html
from okrsync.formats.html_layout import MOST_ROWS
from okrsync.reports.page import Anchor, Block, Column, ReportPage, Section, Table, cell, text
from support.hostile import HOSTILE, with_every_text
from support.pages import sample_page, wide

XHTML = "{http://www.w3.org/1999/xhtml}"


def rendered(page: ReportPage, **more: Any) -> str:
    return render_html(page, version="0.1.0", **more)


def page_of(*blocks: Block, sections: tuple[Section, ...] = ()) -> ReportPage:
    return replace(sample_page(), sections=sections or (Section("s", "A section", blocks),))


def parsed(document: str) -> ET.Element:
    tree: ET.Element = html5lib.HTMLParser(strict=True).parse(document)
    return tree


class _Shape(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Long texts look different: a class says so.
        self.found.append((tag, tuple(name for name, _ in attrs if name != "class")))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", ()))

    def handle_comment(self, data: str) -> None:
        self.found.append(("--", ()))


def shape(document: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every tag with its attributes' names: all that is markup and not text."""
    parser = _Shape()
    parser.feed(document)
    return parser.found


@cache
def usual_shape(word: str = "word") -> list[tuple[str, tuple[str, ...]]]:
    return shape(rendered(with_every_text(sample_page(), word), digest=word))


def words_in(document: str) -> str:
    return re.sub(r"\s+", " ", "".join(parsed(document).itertext()))


def drawings(document: str) -> Iterator[str]:
    """Each drawing as it is written, with the ones in it."""
    depth = start = 0
    for tag in re.finditer(r"<(/?)svg\b", document):
        if not tag[1]:
            start = tag.start() if depth == 0 else start
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield document[start : tag.end() + 1]


def test_a_page_is_valid_html_and_says_all_that_is_in_it() -> None:
    told = words_in(rendered(sample_page(), digest="9f2c41aa"))

    for expected in (
        "Of nine checks that came due",
        "Incomplete: github could not be read",
        "KR1.1 · Activation of new accounts",
        "+3.1 [1.4, 4.8]",
        "moved the wrong way",
        "complaints are up 8 %",
        "31 %, 19 items",
        "No link is broken.",
        "These are not experiments",
        "okrsync outcomes --cycle 2026-Q4 --format json",
        "9f2c41aa",
    ):
        assert expected in told


def test_the_same_page_gives_the_same_bytes() -> None:
    assert rendered(sample_page(), digest="x") == rendered(sample_page(), digest="x")


def test_every_drawing_is_well_formed_and_says_what_it_shows() -> None:
    found = list(drawings(rendered(sample_page())))

    assert len(found) > 10
    for drawing in found:
        element = ET.fromstring(drawing)  # noqa: S314 - our own text
        is_hidden = element.get("aria-hidden") == "true"
        assert is_hidden or (element.get("role") == "img" and element.findtext("title"))


def test_nothing_is_asked_of_anybody_and_nothing_runs() -> None:
    document = rendered(sample_page(), ways=[Way("Plan", "plan.html")])
    names = {name for _, attributes in shape(document) for name in attributes}
    tags = {tag for tag, _ in shape(document)}

    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "base", "use", "image", "foreignobject"}
    assert "style" not in names
    assert "src" not in names
    assert not any(name.startswith("on") for name in names)
    assert "@import" not in document
    assert "url(" not in document


def test_the_policy_allows_the_pages_own_style_and_nothing_else() -> None:
    document = rendered(sample_page())
    style = document.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    policy = parsed(document).find(f".//{XHTML}meta[@http-equiv]")
    assert policy is not None
    assert policy.get("content", "").startswith(f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;")
    assert "unsafe" not in document


def test_names_on_the_page_are_unique_and_every_link_within_it_leads_somewhere() -> None:
    twice = sample_page()
    tree = parsed(rendered(replace(twice, sections=twice.sections * 2)))
    names = [name for element in tree.iter() if (name := element.get("id"))]
    wanted = {target[1:] for element in tree.iter() if (target := element.get("href", "")).startswith("#")}
    labels = {name for element in tree.iter() for name in element.get("aria-labelledby", "").split()}

    assert len(names) == len(set(names))
    assert wanted | labels <= set(names)
    assert len(wanted) > 5


def test_headings_go_down_one_level_at_a_time() -> None:
    sections = (Section("a", "First", (), level=4), Section("b", "Second", (), level=2), Section("c", "", (), level=5))
    levels = re.findall(r"<h(\d)", rendered(page_of(sections=sections)))

    assert levels == ["1", "2", "2", "2"]  # the last one: how to read this


def test_a_short_page_has_no_table_of_contents() -> None:
    assert 'aria-label="On this page"' in rendered(sample_page())
    assert 'aria-label="On this page"' not in rendered(page_of(text("x")))


@pytest.mark.parametrize("url", ["https://jira.example.com/browse/PAY-1", "http://localhost:8080/x?a=1&b=2"])
def test_a_link_leads_where_it_says_and_tells_nobody_where_from(url: str) -> None:
    link = parsed(rendered(page_of(text(Anchor("PAY-1", url))))).find(f".//{XHTML}main//{XHTML}a")

    assert link is not None
    assert (link.get("href"), link.get("rel"), link.text) == (url, "noopener noreferrer", "PAY-1")


@pytest.mark.parametrize("url", [each for each in HOSTILE if not each.startswith("https://")])
def test_what_is_no_plain_web_address_is_shown_and_leads_nowhere(url: str) -> None:
    assert not address(Anchor("x", url))


@pytest.mark.parametrize(
    "target", ["//evil.example", "javascript:alert(1)", "https://evil.example", "/\\evil", "a:b", ""]
)
def test_ways_lead_to_neighbouring_pages_only(target: str) -> None:
    with pytest.raises(ValueError, match="neighbouring"):
        Way("x", target)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_text_changes_no_markup(hostile: str) -> None:
    usual = usual_shape("https://jira.example.com" if address(Anchor("x", hostile)) else "word")

    assert shape(rendered(with_every_text(sample_page(), hostile), digest=hostile)) == usual


@given(st.text(min_size=2))
def test_no_text_is_ever_markup(any_text: str) -> None:
    assert shape(rendered(with_every_text(sample_page(), any_text), digest=any_text)) == usual_shape()


@pytest.mark.parametrize("sign", ["\x1b", "\u202e", "\u2066", "\x00", "\x07"])
def test_signs_that_move_cursors_or_turn_lines_round_are_left_out(sign: str) -> None:
    assert sign not in rendered(with_every_text(sample_page(), f"a{sign}b"), digest=f"a{sign}b")


def test_a_text_of_ten_thousand_characters_is_cut() -> None:
    assert "W" * 2001 not in rendered(with_every_text(sample_page(), "W" * 10_000))


def test_pieces_of_a_text_keep_the_blanks_between_them() -> None:
    assert "decide with a key" in words_in(rendered(page_of(text("decide ", "with", " a key"))))


def test_long_tables_say_how_many_rows_are_left_out_and_where_they_are() -> None:
    told = words_in(rendered(page_of(wide(1_234))))

    assert f"{1_234 - MOST_ROWS:,} more · okrsync suggest" in told


def test_a_page_with_a_thousand_items_in_each_of_six_tables_is_under_300_kilobytes() -> None:
    long = "Remember the last payment method of people who pay as guests, also on tablets and for gift cards"
    tables = tuple(replace(wide(1_000, long), id=f"t{index}") for index in range(6))
    base = sample_page()

    document = rendered(replace(base, sections=(*base.sections * 6, *page_of(*tables).sections)))

    assert 200_000 < len(document.encode()) < 300_000


def test_a_table_without_rows_says_so_and_has_no_columns() -> None:
    document = rendered(page_of(Table("t", "Nothing here", (Column("Item"),), (), empty="No link is broken.")))

    assert "No link is broken." in words_in(document)
    assert "<table" not in document


def test_cells_name_their_column_for_readers_who_see_no_head() -> None:
    rows = ((cell("PAY-1"), cell("5")),)
    document = rendered(page_of(Table("t", "Items", (Column("Item"), Column('Size "pt"')), rows)))

    row = parsed(document).find(f".//{XHTML}tbody/{XHTML}tr")
    assert row is not None
    assert [(entry.tag.removeprefix(XHTML), entry.get("data-label")) for entry in row] == [
        ("th", "Item"),
        ("td", 'Size "pt"'),
    ]


def test_who_asks_for_no_html_does_not_wait_for_its_templates() -> None:
    code = "import sys, okrsync.formats.html; sys.exit('jinja2' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pickers_are_a_plain_form_that_keeps_what_was_chosen() -> None:
    cycles = Picker("cycle", "Cycle", (("", "the usual"), ('"><b>', '"><b>')), '"><b>')
    document = rendered(page_of(text("x")), pickers=[cycles, Picker("as-of", "As of", value="2026-11-20", is_day=True)])
    form = parsed(document).find(f".//{XHTML}form")

    assert form is not None
    assert (form.get("method"), form.get("action")) == ("get", None)
    chosen = form.find(f".//{XHTML}option[@selected]")
    assert chosen is not None
    assert (chosen.get("value"), chosen.text) == ('"><b>', '"><b>')
    day = form.find(f".//{XHTML}input")
    assert day is not None
    assert (day.get("type"), day.get("value")) == ("date", "2026-11-20")


def test_a_site_sends_the_policy_that_the_page_has() -> None:
    policy = policy_of(rendered(sample_page()))

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy in rendered(sample_page()).replace("&#39;", "'")
    assert policy_of("<html><body>") == "default-src 'none'"


def test_a_way_says_what_is_found_behind_it() -> None:
    ways = [Way("Audit", "audit-2026q3.html", note="Four of <19> moved"), Way("Plan", "plan.html", is_here=True)]
    document = rendered(page_of(text("x")), ways=ways)
    found = parsed(document).findall(f".//{XHTML}nav//{XHTML}li")

    assert ["".join(entry.itertext()) for entry in found] == ["Audit Four of <19> moved", "Plan"]
    assert [entry.get("aria-current") for entry in parsed(document).findall(f".//{XHTML}nav//{XHTML}a")] == [
        None,
        "page",
    ]
