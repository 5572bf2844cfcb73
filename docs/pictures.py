"""Draws the README's picture: the demo's report as a terminal shows it."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from okrsync.cli.sync import run_sync
from okrsync.jobs.workspace import open_workspace
from okrsync.reports.pages.outcomes_page import outcomes_page
from okrsync.reports.render.page_text import print_page
from okrsync.sandbox.demo import company_sites, free_port, lay_out, sandbox_tokens

LINES = 32
THEME = TerminalTheme(
    (255, 255, 255),
    (28, 32, 38),
    [
        (28, 32, 38),
        (178, 34, 34),
        (15, 110, 80),
        (140, 90, 0),
        (30, 75, 140),
        (110, 60, 130),
        (0, 110, 120),
        (90, 98, 108),
    ],
)
# rich's own template loads fonts from elsewhere; a picture in a README asks for nothing.
TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>okrsync demo: delivered work by key result</title>
<style>.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
font-size: {char_height}px; line-height: {line_height}px; }} {styles}</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>{lines}</defs>
<rect width="{width}" height="{height}" rx="8" fill="#ffffff" stroke="#d5d9de"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def draw(target: Path) -> None:
    """Write the picture to *target*."""
    console = Console(file=io.StringIO(), width=118, record=True, force_terminal=True, color_system="truecolor")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "demo"
        company, sites = company_sites(free_port(), 7, "cloud")
        lay_out(company, folder)
        with sandbox_tokens(), sites, open_workspace(folder / "okrsync.yaml") as workspace:
            report = run_sync(workspace).report
    drawn = Console(file=io.StringIO(), width=118, force_terminal=True, color_system="truecolor")
    print_page(outcomes_page(report), drawn)
    text = drawn.file.getvalue() if isinstance(drawn.file, io.StringIO) else ""
    shown = Text.from_ansi("\n".join(["  $ okrsync demo", *text.splitlines()[:LINES], "  …"]))
    console.print(shown)
    svg = console.export_svg(theme=THEME, code_format=TEMPLATE, unique_id="okrsync")
    target.write_text(re.sub(r"[ \t]+\n", "\n", svg), encoding="utf-8")


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
