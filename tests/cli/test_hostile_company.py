"""Every report, in every format, of a company in which people write hostile texts wherever they may write."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

import html5lib
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len
from rich.console import Console

from okrsync.formats.as_csv import csv_text, tables_of
from okrsync.formats.markdown import render_page
from okrsync.formats.text import print_page
from okrsync.model.plain import dumped
from okrsync.reports.page import Facts, ReportPage
from support.every_format import Delivered, every_format
from support.hostile import HOSTILE, with_every_text
from support.hostile_company import COMMANDS, hostile_project
from support.matrices import one_in
from support.pages import sample_page
from support.running import Run

OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""What moves a cursor, changes colours or reorders what is read."""
REFERENCES = re.compile(r"@\w|#\d|\bGH-\d|!\d|://|\bwww\.|\w@\w", re.IGNORECASE)
FORMULA = re.compile(r"(^|;)[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""Also behind a semicolon: where numbers have commas, a spreadsheet takes that for the end of a cell."""
LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")
INERT = {
    "heading", "paragraph", "inline", "text", "strong", "em", "code_inline", "softbreak", "blockquote",
    "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ACTIVE = {"script", "img", "iframe", "object", "embed", "input", "video", "audio", "base", "form", "button"}
PARSER = MarkdownIt("gfm-like")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with hostile_project(tmp_path_factory.mktemp("hostile") / "project") as folder:
        yield folder


@pytest.fixture(scope="module")
def reports() -> dict[str, Delivered]:
    """What was delivered already: each report is made once."""
    return {}


@pytest.fixture
def report(
    okrsync: Run,
    hostile: Path,
    reports: dict[str, Delivered],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Delivered:
    name: str = request.param
    if name not in reports:
        monkeypatch.chdir(hostile)
        with every_format(tmp_path_factory.mktemp(name)) as made:
            ran = okrsync(*COMMANDS[name])
        assert (ran.code, OBEYED.search(ran.err)) == (0, None), ran.err
        reports[name] = made
    return reports[name]


every_report = pytest.mark.parametrize("report", one_in(2, COMMANDS), indirect=True)


def on_a_terminal(page: ReportPage, width: int) -> str:
    screen = Console(file=sys.stdout, width=width, highlight=False, force_terminal=False)
    with screen.capture() as captured:
        print_page(page, screen)
    return captured.get()


def is_calm_text(text: str, width: int) -> None:
    assert not OBEYED.search(text)
    for line in text.splitlines():
        assert cell_len(line) <= width, line


def is_calm_markdown(text: str, page: ReportPage) -> None:
    tokens = PARSER.parse(text)
    flat = [*tokens, *(child for token in tokens for child in token.children or ())]
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in flat}
    assert kinds <= INERT
    assert sum(token.type == "heading_open" for token in tokens) <= 2 + len(page.sections)
    assert sum(token.type == "blockquote_open" for token in tokens) == len(page.notices)
    assert has_facts(page) or "bullet_list" not in kinds
    for token in flat:
        assert token.type != "text" or not REFERENCES.search(token.content), token.content
    assert not OBEYED.search(text)
    lines = text.splitlines()
    drawn = [line for line in lines if line.startswith("|")]
    assert len(drawn) == sum(token.type in {"tr_open", "tbody_open"} for token in tokens) + without_rows(tokens)
    for is_table, rows in groupby(lines, lambda line: line.startswith("|")):
        assert not is_table or len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows}) == 1


def without_rows(tokens: Sequence[Token]) -> int:
    return sum(token.type == "thead_open" for token in tokens) - sum(token.type == "tbody_open" for token in tokens)


def has_facts(page: ReportPage) -> bool:
    return any(isinstance(block, Facts) for section in page.sections for block in section.blocks)


def is_calm_csv(text: str) -> None:
    header, *rows = csv.reader(io.StringIO(text))
    assert text.count("\n") == len(rows) + 1, "one line a record"
    assert not LINES.search(text)
    for row in rows:
        assert len(row) == len(header)
        for value in row:
            assert NUMBER.fullmatch(value) or not FORMULA.search(value), value


def is_calm_html(text: str) -> None:
    tree: ET.Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    for element in tree.iter():
        name = str(element.tag).rpartition("}")[2]
        assert name not in ACTIVE
        for attribute, value in element.attrib.items():
            assert not attribute.startswith("on"), (name, attribute)
            assert attribute not in {"href", "src"} or re.match(r"#|https?://|data:,$", value), value


@every_report
def test_a_terminal_obeys_nothing_of_it(report: Delivered) -> None:
    is_calm_text(report.text("text"), 100)
    assert report.page is not None
    for width in (80, 140):
        is_calm_text(on_a_terminal(report.page, width), width)


@every_report
def test_markdown_pings_refers_to_and_breaks_nothing(report: Delivered) -> None:
    assert report.page is not None
    is_calm_markdown(report.text("markdown"), report.page)
    assert len(report.text("markdown")) <= 60_200


@every_report
def test_csv_has_no_formula_and_one_line_a_record(report: Delivered) -> None:
    assert report.tables
    for text in report.tables.values():
        is_calm_csv(text)


@every_report
def test_json_holds_it_as_it_is_and_a_terminal_obeys_nothing(report: Delivered) -> None:
    text = report.text("json")

    assert dumped(json.loads(text)) == text
    assert not OBEYED.search(text)


@every_report
def test_html_is_valid_and_holds_nothing_that_acts(report: Delivered) -> None:
    text = report.text("html")

    is_calm_html(text)
    assert len(text) < 1_500_000


@pytest.mark.parametrize(
    "line",
    [
        ("status", "--cycle", "all"),
        ("stoplist", "--cycle", "all"),
        ("progress", "--cycle", "all"),
        ("values", "--cycle", "all"),
        ("changes",),
        ("suggest", "--cycle", "all"),
        ("hypothesis", "list"),
        ("check", "2026Q4/KR2.3", "--explain"),
        ("why", "PAY-131"),
        ("why", "GRO-140"),
        ("why", "ferrywell/web#28"),
        ("retro", "--sprint", "last"),
    ],
    ids=lambda line: "-".join(line).replace("/", "-"),
)
def test_no_other_command_lets_a_terminal_obey(
    okrsync: Run, hostile: Path, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...]
) -> None:
    monkeypatch.chdir(hostile)
    ran = okrsync(*line)

    assert ran.out or ran.err
    for text in (ran.out, ran.err):
        assert not OBEYED.search(text)
        assert max(map(len, text.splitlines()), default=0) < 2500, "a text of 10,000 characters is cut"


@pytest.mark.parametrize("text", one_in(4, HOSTILE), ids=lambda text: repr(text[:20]))
def test_each_text_in_each_block_leaves_every_format_whole(text: str) -> None:
    page = with_every_text(sample_page(), text)

    for width in (80, 140):
        is_calm_text(on_a_terminal(page, width), width)
    is_calm_markdown(render_page(page), page)
    record = {"text": text, "texts": [text, text], "rows": [{"text": text}], text: 1, "sizes": {text: 2.5}}
    for rows in tables_of("page", record).values():
        is_calm_csv(csv_text(rows))
    document = {"text": text}
    assert json.loads(dumped(document)) == document
    assert not OBEYED.search(dumped(document))
