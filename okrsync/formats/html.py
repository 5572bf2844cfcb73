"""
A page as HTML: one file without script that asks nobody for anything, to be mailed, printed or put anywhere.

Every text goes through one template environment that escapes all of it, and the page's own policy forbids scripts,
requests and any style but the one it carries.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from okrsync.formats.charts import coverage, forest, metric
from okrsync.formats.html_layout import lay_out
from okrsync.reports.page import Align, Anchor, Cell, Code, Column, ReportPage, Span, Step, Tone, plain
from okrsync.reports.words import formatting

if TYPE_CHECKING:
    from jinja2 import Environment

_LONGEST_CELL = 300
_LONGEST_TEXT = 2000
_LONGEST_NUMBER, _LONGEST_WORD = 24, 20
"""Up to here numbers with their interval stay on one line, and words are never broken."""
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_NEARBY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.~%/-]*(?:\?[A-Za-z0-9_.~%&=+-]*)?|\?[A-Za-z0-9_.~%&=+-]*|/|\./")


@dataclass(frozen=True, slots=True)
class Way:
    """
    A link to a neighbouring page, above the page's head.

    *address* is relative (``2026-q4.html``, ``?cycle=2026-q4``); *is_here*: it is the page itself; *note* says
    below the link what is found there.

    Raises:
        ValueError: *address* is not relative, and could lead anywhere.
    """

    text: str
    address: str
    is_here: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if not _NEARBY.fullmatch(self.address):
            raise ValueError(f"not the address of a neighbouring page: {self.address!r}")


@dataclass(frozen=True, slots=True)
class Picker:
    """
    A choice above the page's head, sent to the page's own address as a plain form.

    *choices* are what is sent and what is read; with *is_day* a day is written instead. *value* is what holds now.
    """

    name: str
    label: str
    choices: Sequence[tuple[str, str]] = ()
    value: str = ""
    is_day: bool = False


def render_html(
    page: ReportPage,
    *,
    version: str,
    digest: str = "",
    ways: Sequence[Way] = (),
    pickers: Sequence[Picker] = (),
) -> str:
    """
    *page* as one HTML document; the same page gives the same text.

    *version* and *digest* (of the data) are told at its end; *ways* lead to neighbouring pages, *pickers* ask for the
    same page on something else and need a site that answers.
    """
    environment = _environment()
    style = environment.loader.get_source(environment, "style.css")[0].strip() if environment.loader else ""
    return environment.get_template("page.html.j2").render(
        laid=lay_out(page),
        version=version,
        digest=digest,
        ways=ways,
        pickers=pickers,
        style=style,
        policy=_policy(style),
    )


def policy_of(document: str) -> str:
    """The policy that *document*, made by ``render_html``, is under; of any other text one that allows nothing."""
    found = _POLICY.search(document[: document.find("<body")])
    return unescape(found[1]) if found else "default-src 'none'"


def _policy(style: str) -> str:
    """A content security policy under which nothing runs, nothing is fetched, and only *style* has any effect."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'self'"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only who asks for HTML waits

    made = Environment(
        loader=PackageLoader("okrsync.formats", "templates"),
        autoescape=True,  # not select_autoescape, which leaves .html.j2 alone
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "shown": shown,
        "said": _said,
        "address": address,
        "width": _width,
        "number": formatting.number,
        "percent": formatting.percent,
        "day": formatting.day,
        "tone": _tone,
        "step_value": _step_value,
        "row": forest.draw_row,
    }
    made.tests |= {"code": _is_code, "anchor": _is_anchor}
    made.globals |= {
        "class_of": _class_of,
        "is_badge": _is_badge,
        "head_class_of": _head_class_of,
        "missing": formatting.MISSING,
        "metric_height": int(metric.PLOT_HEIGHT),
        "line_width": metric.WIDTH,
        "line_height": metric.HEIGHT,
        "coverage_height": int(coverage.PLOT_HEIGHT),
    }
    return made


def shown(text: str, limit: int = _LONGEST_CELL) -> str:
    """*text* without what moves cursors or turns lines round; blanks at its ends stay, for it may be a piece."""
    clean = formatting.harmless(text, limit)
    if not clean:
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{clean}{' ' if text[-1].isspace() else ''}"


def _said(text: str) -> str:
    return shown(text, _LONGEST_TEXT)


def address(anchor: Anchor) -> str:
    """Where *anchor* leads: empty for everything but a plain http or https address."""
    if any(character.isspace() or not character.isprintable() for character in anchor.url):
        return ""
    try:
        parts = urlsplit(anchor.url)
    except ValueError:
        return ""
    return anchor.url if parts.scheme in {"http", "https"} and parts.hostname else ""


def _width(share: float) -> str:
    """A share as SVG and HTML write it: 12.34%."""
    text = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return f"{text}%"


def _step_value(step: Step, span: float) -> str:
    """A total as it is, a change with its sign; all with the decimals that *span* of the axis asks for."""
    text = formatting.number(step.value, like=span)
    return f"+{text}" if step.value > 0 and not step.is_total else text


def _tone(cell: Cell) -> str:
    return "" if cell.tone is Tone.PLAIN else cell.tone.value


def _class_of(column: Column, cell: Cell, is_drawn: bool) -> str:
    """The classes of a cell; the tone of a drawn one is its drawing's."""
    found = [
        "num" if column.align is Align.RIGHT else "",
        "flex" if column.is_flexible else "",
        "" if column.name else "sign",
        "" if is_drawn else _tone(cell),
        "long" if _is_long(cell, column) else "",
    ]
    return " ".join(filter(None, found))


def _is_long(cell: Cell, column: Column) -> bool:
    """*cell* may be broken anywhere: it holds a word, or a number with its interval, that would push others out."""
    said = plain(cell.spans)
    if column.align is Align.RIGHT and len(said) > _LONGEST_NUMBER:
        return True
    return max(map(len, f"{said} {cell.note}".split()), default=0) > _LONGEST_WORD


def _head_class_of(column: Column) -> str:
    """The classes of a column's head."""
    found = [
        "num" if column.align is Align.RIGHT else "",
        "long" if max(map(len, column.name.split()), default=0) > _LONGEST_WORD else "",
    ]
    return " ".join(filter(None, found))


def _is_badge(cell: Cell, column: Column) -> bool:
    """*cell* is a letter in a column without a name: the flag that it has in the chart above."""
    said = f"{cell.mark}{plain(cell.spans)}"
    return not column.name and len(said) == 1 and said.isalnum()


def _is_code(span: Span) -> bool:
    return isinstance(span, Code)


def _is_anchor(span: Span) -> bool:
    return isinstance(span, Anchor)
