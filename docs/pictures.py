"""Draws the pictures of the README and of docs/reports.md: the simulated company's reports, as people see them."""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from okrsync.answers.plan import plan_of
from okrsync.answers.workspace import open_workspace
from okrsync.cli.main import run
from okrsync.formats.text import print_page
from okrsync.jobs.run import run_sync
from okrsync.reports.page import Page
from okrsync.reports.pages.outcomes_page import outcomes_page, summary_page
from okrsync.reports.pages.plan_page import plan_page
from okrsync.reports.plan.scope import Wanted
from okrsync.sandbox.demo import company_sites, free_port, lay_out, sandbox_tokens

SPRINT = "PAY Sprint 33"
PAGE_WIDTH = 1040
MARGIN = 24  # above the heading that a picture ends before, in pixels
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
<title>{title}</title>
<style>.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
font-size: {char_height}px; line-height: {line_height}px; }} {styles}</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>{lines}</defs>
<rect width="{width}" height="{height}" rx="8" fill="#ffffff" stroke="#d5d9de"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of a report's page, from the heading that begins with *first* (or the top) to before *after*."""

    name: str
    command: tuple[str, ...]
    first: str
    after: str


SHOTS = (
    Shot("plan", ("plan", "--sprint", SPRINT), "", "Key results"),
    Shot("outcomes", ("outcomes",), "", "Came due before"),
    Shot("key-result", ("outcomes",), "New organisers see", "Delivered work, newest first"),
    Shot("audit", ("audit",), "", "What the work did"),
    Shot("effort", ("audit",), "Where the effort went", "From work to outcome"),
)


def draw(folder: Path) -> None:
    """Write all pictures to *folder*; those of pages need Chromium."""
    with tempfile.TemporaryDirectory() as name:
        demo = Path(name) / "demo"
        company, sites = company_sites(free_port(), 7, "cloud")
        lay_out(company, demo)
        config = demo / "okrsync.yaml"
        with sandbox_tokens(), sites, open_workspace(config) as workspace:
            report = run_sync(workspace).report
            plan = plan_page(plan_of(workspace, Wanted(sprint=SPRINT)))
        _draw_terminal(summary_page(report), "okrsync demo", folder / "demo.svg", lines=40)
        _draw_terminal(outcomes_page(report), "okrsync outcomes", folder / "outcomes.svg", lines=32)
        _draw_terminal(plan, f'okrsync plan --sprint "{SPRINT}"', folder / "plan.svg", lines=45)
        _draw_pages(config, folder)


def _draw_terminal(page: Page, command: str, target: Path, lines: int) -> None:
    drawn = io.StringIO()
    print_page(page, Console(file=drawn, width=118, force_terminal=True, color_system="truecolor"))
    console = Console(file=io.StringIO(), width=118, record=True, force_terminal=True, color_system="truecolor")
    rows = drawn.getvalue().splitlines()
    shown = [f"  $ {command}", *rows[:lines], *(["  …"] if len(rows) > lines else [])]
    console.print(Text.from_ansi("\n".join(shown)))
    template = TEMPLATE.replace("{title}", command.replace('"', ""))
    svg = console.export_svg(theme=THEME, code_format=template, unique_id="okrsync")
    target.write_text(re.sub(r"[ \t]+\n", "\n", svg), encoding="utf-8")


def _draw_pages(config: Path, folder: Path) -> None:
    # Imported here: everything else is drawn without a browser.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("the pictures of pages need Chromium; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        # Root needs --no-sandbox, and only our own pages are opened.
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-lcd-text"]
        )
        tab = browser.new_page(viewport={"width": PAGE_WIDTH, "height": 900}, color_scheme="light")
        for shot in SHOTS:
            report = config.parent / f"{shot.name}.html"
            command = [*shot.command, "--config", str(config), "--format", "html", "--out", str(report)]
            if run(command) != 0:
                sys.exit(f"okrsync {' '.join(shot.command)} failed")
            tab.goto(report.as_uri())
            top = _top_of(tab, shot.first) - MARGIN if shot.first else 0.0
            clip = {"x": 0, "y": top, "width": PAGE_WIDTH, "height": _top_of(tab, shot.after) - MARGIN - top}
            tab.screenshot(path=str(folder / f"{shot.name}.png"), full_page=True, clip=clip)
        browser.close()


def _top_of(tab: Any, words: str) -> float:
    """How far below the page's top the heading or caption that begins with *words* is, in pixels."""
    found = tab.locator("main h2, main h3, main h4, main caption, main p, main figcaption")
    texts = found.all_inner_texts()
    place = next((place for place, text in enumerate(texts) if text.startswith(words)), None)
    if place is None:
        sys.exit(f"no heading begins with {words!r}; the page was changed")
    return float(found.nth(place).bounding_box()["y"])


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
