"""
A page as Markdown: fits a pull request, a step summary, a comment, a wiki page or a mail.

Nothing in it pings, refers to or closes anything: every text is escaped for the ways in which trackers read text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import singledispatch

from okrsync.reports.page import (
    Align,
    Bars,
    Block,
    Cell,
    Code,
    CoverageChart,
    Facts,
    MetricChart,
    Paragraph,
    ReportPage,
    Section,
    Span,
    Table,
    Tone,
    Waterfall,
)
from okrsync.reports.words.formatting import MISSING, harmless

MAX_ROWS = (20, 10, 5, 2)
"""Rows of a table; the next number where the page would be longer than a comment may be."""
MAX_CHARACTERS = 60_000
"""GitHub refuses comments over 65,536 characters; the rest is left for what is put around the page."""
_LONGEST = 2000
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")
_LIST = re.compile(r"^([-+](?=\s|$)|\d{1,9}(?=[.)](\s|$))|[-=](?=[-=\s]*$))")
"""A list's item, or the line under a heading; ``−0.2`` and ``62.7 %`` are neither."""
_REFERENCES = (
    (re.compile(r"([@#])"), "\\1\u200b"),
    (re.compile(r"//"), "/\u200b/"),
    (re.compile(r"\b(www)\.", re.IGNORECASE), "\\1\u200b."),
    (re.compile(r"\b(GH)-(?=\d)", re.IGNORECASE), "\\1\u200b-"),
    (re.compile(r"!(?=[\w\u200b])"), "!\u200b"),
)
"""What trackers read as theirs, broken by a zero-width space: mentions, references, addresses; GitLab's ``!12``."""


def escaped(text: str, limit: int = 200) -> str:
    """*text* so that Markdown shows it and does nothing with it: no formatting, mention, reference, link or list."""
    clean = _SPECIAL.sub(r"\\\1", harmless(text, limit))
    for pattern, broken in _REFERENCES:
        clean = pattern.sub(broken, clean)
    return _LIST.sub(lambda found: f"{found[0]}\u200b" if found[0].isdigit() else f"\\{found[0]}", clean)


def code(text: str) -> str:
    """*text* as it is written, to be copied: in a code span trackers read no reference."""
    clean = harmless(text).replace("`", "").replace("|", "\\|")
    return f"`{clean}`" if clean else ""


def render_page(page: ReportPage) -> str:
    """The whole page; tables get shorter where it would be too long for a comment."""
    for rows in MAX_ROWS:
        text = "\n".join(_lines(page, rows))
        if len(text) <= MAX_CHARACTERS:
            return text
    # Beyond any table: so many sections that the last ones are left out, and said to be.
    cut = text[:MAX_CHARACTERS].rpartition("\n## ")[0]
    return f"{cut}\n\n_The rest does not fit here: {escaped(page.detail)}_\n"


def _lines(page: ReportPage, rows: int) -> Iterator[str]:
    yield f"# {escaped(' · '.join(filter(None, (page.title, page.kicker))))}"
    yield from ("", f"**{escaped(page.headline, _LONGEST)}**", "")
    if page.lede:
        yield from (escaped(page.lede, _LONGEST), "")
    for notice in page.notices:
        yield from (f"> **{escaped(notice, _LONGEST)}**", "")
    yield " · ".join(f"{escaped(name)} {escaped(value)}" for name, value in page.facts.facts)
    yield ""
    for section in page.sections:
        yield from _section(section, rows)
    if page.notes:
        yield from ("## How to read this", "")
    for note in page.notes:
        yield from (*_block(note, rows), "")
    if page.detail:
        yield from (f"Everything: {code(page.detail)}", "")


def _section(section: Section, rows: int) -> Iterator[str]:
    yield f"{'#' * section.level} {escaped(section.title)}"
    yield ""
    if section.kicker:
        yield from (f"_{escaped(section.kicker)}_", "")
    for block in section.blocks:
        lines = list(_block(block, rows))
        if lines:
            yield from (*lines, "")


@singledispatch
def _block(block: Block, rows: int) -> Iterable[str]:
    """The lines of one block; each kind has its own way, registered below."""
    raise NotImplementedError(type(block).__name__)


@_block.register
def _(block: Paragraph, _rows: int) -> Iterable[str]:
    said = _spans(block.spans, _LONGEST)
    return [f"**{said}**" if block.tone is Tone.STRONG and said else said] if said else []


@_block.register
def _(block: Facts, _rows: int) -> Iterable[str]:
    return [f"- {escaped(name)}: {escaped(value)}" for name, value in block.facts]


@_block.register
def _(block: Table, rows: int) -> Iterable[str]:
    if not block.rows:
        return [escaped(block.empty)] if block.empty else []
    lines = [f"_{escaped(block.caption)}_", ""] if block.is_captioned else []
    lines += table(
        [escaped(column.name) for column in block.columns],
        [[_cell(entry) for entry in row] for row in block.rows[:rows]],
        [column.align is Align.RIGHT for column in block.columns],
    )
    rest = len(block.rows) - rows
    told = [f"{rest:,} more"] if rest > 0 else []
    if block.more:
        told.append(_spans(block.more, _LONGEST))
    return [*lines, "", " · ".join(told)] if told else lines


@_block.register
def _(block: Bars, _rows: int) -> Iterable[str]:
    rows = [[escaped(" ".join(filter(None, (bar.mark, bar.label)))), escaped(bar.text)] for bar in block.bars]
    return table([escaped(block.caption), ""], rows)


@_block.register(MetricChart)
@_block.register(Waterfall)
@_block.register(CoverageChart)
def _(block: MetricChart | Waterfall | CoverageChart, _rows: int) -> Iterable[str]:
    return [escaped(block.description, _LONGEST)] if block.description else []


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool] = ()) -> list[str]:
    """Lines of a table; cells are escaped already; *right*: which columns stand right."""
    rules = ["---:" if index < len(right) and right[index] else "---" for index in range(len(header))]
    return [
        "| " + " | ".join(header) + " |",
        "|" + "|".join(f" {rule} " for rule in rules) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _cell(entry: Cell) -> str:
    said = " ".join(filter(None, (escaped(entry.mark), _spans(entry.spans))))
    return " ".join(filter(None, (said, f"({escaped(entry.note)})" if entry.note else ""))) or MISSING


def _spans(spans: Sequence[Span], limit: int = 200) -> str:
    # An anchor is only shown: a link to an issue would leave a reference in it.
    return "".join(code(span.text) if isinstance(span, Code) else _shown(span, limit) for span in spans)


def _shown(span: Span, limit: int) -> str:
    text = span if isinstance(span, str) else span.text
    # Escaping strips a text; a piece of one keeps the blanks to its neighbours.
    before, after = (" " if end[:1].isspace() else "" for end in (text, text[::-1]))
    return f"{before}{escaped(text, limit)}{after}" if text.strip() else before
