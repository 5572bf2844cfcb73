"""The documentation site: built without a warning, complete, without dead links, and quiet."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from check_site import problems

ROOT = Path(__file__).parents[2]
SOURCES = (".github", "docs", "tools", "config", "okrsync/lint", "mkdocs.yml", "LICENSE")
BLOCKS = ("h1", "h2", "h3", "h4", "li", "ol", "pre", "table", "td", "th", "ul")
needs_mkdocs = pytest.mark.skipif(find_spec("mkdocs") is None, reason="MkDocs is not installed; run make .make/docs")


def build(folder: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "true"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False, timeout=120
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documentation") / "site"
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of what the site is made from."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in (*SOURCES, *(path.name for path in ROOT.glob("*.md"))):
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


class Blocks(HTMLParser):
    """Counts lists, tables, headings and blocks of code in an article, or in HTML without one."""

    def __init__(self, has_article: bool) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._is_inside = not has_article

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_inside = self._is_inside or tag == "article"
        if self._is_inside and tag in BLOCKS:
            self.counts[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self._is_inside = False


def counted(html: str, *, has_article: bool) -> Counter[str]:
    reader = Blocks(has_article)
    reader.feed(html)
    return reader.counts


def page_of(source: str) -> str:
    """Where the site has the page that the file *source* of docs/ or of the root became."""
    path = source.removeprefix("docs/")
    if path == "README.md":
        return "index.html"
    return f"{path.removesuffix('README.md').removesuffix('.md').rstrip('/')}/index.html"


@needs_mkdocs
@pytest.mark.long
def test_no_link_is_dead_and_nothing_is_loaded_from_another_host(site: Path) -> None:
    assert problems(site) == []
    assert len(list(site.rglob("*.html"))) >= 60


@needs_mkdocs
@pytest.mark.long
def test_every_page_is_in_the_navigation(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    pages = [path.relative_to(site).as_posix() for path in site.rglob("index.html")]
    reachable = {page for page in pages if f'href="{page.removesuffix("index.html") or "."}"' in home}
    assert set(pages) - reachable == set()


@needs_mkdocs
@pytest.mark.long
def test_pages_have_the_same_lists_tables_and_code_as_on_github(site: Path) -> None:
    github = MarkdownIt("commonmark").enable("table")
    sources = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for source in sources:
        name = source.relative_to(ROOT).as_posix()
        shown = counted((site / page_of(name)).read_text(encoding="utf-8"), has_article=True)
        assert shown == counted(github.render(source.read_text(encoding="utf-8")), has_article=False), name


@needs_mkdocs
@pytest.mark.long
def test_search_knows_every_page(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    known = {entry["location"].partition("#")[0] for entry in index["docs"]}
    pages = {path.relative_to(site).as_posix().removesuffix("index.html") for path in site.rglob("index.html")}
    assert pages - known == set()


@needs_mkdocs
@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[x](nowhere.md)", "links to docs/nowhere.md, which does not exist"),
        ("[x](lint.md#nowhere)", "does not contain an anchor '#nowhere'"),
        ("[x](../pyproject.toml)", "links to pyproject.toml, which is not published"),
    ],
)
def test_a_bad_link_fails_the_build(copied: Path, tmp_path: Path, text: str, expected: str) -> None:
    page = copied / "docs" / "sync.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n{text}\n", encoding="utf-8")
    done = build(copied, tmp_path / "site")
    assert done.returncode == 1
    assert expected in done.stderr


@needs_mkdocs
@pytest.mark.long
def test_a_page_outside_of_the_navigation_fails_the_build(copied: Path, tmp_path: Path) -> None:
    (copied / "docs" / "forgotten.md").write_text("# Forgotten\n", encoding="utf-8")
    done = build(copied, tmp_path / "site")
    assert done.returncode == 1
    assert "forgotten.md" in done.stderr


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<a href="nowhere/">x</a>', ["index.html: nowhere/ leads to no file"]),
        ('<a href="/">home</a><a href="other.html">x</a><a href="#here">y</a><p id="here">', []),
        ('<a href="other.html#there">x</a>', ["index.html: other.html#there leads to no anchor"]),
        ('<a href="https://example.com">a link loads nothing</a>', []),
        ('<img src="gone.png">', ["index.html: gone.png leads to no file"]),
        (
            '<script src="https://example.com/x.js"></script>',
            ["index.html: loads https://example.com/x.js from another host"],
        ),
        (
            '<link rel="preconnect stylesheet" href="//example.com/x.css">',
            ["index.html: loads //example.com/x.css from another host"],
        ),
        ('<link rel="canonical" href="https://example.com/">', []),
        (
            '<style>@font-face{src:url("https://example.com/x.woff")}</style>',
            ["index.html: loads https://example.com/x.woff from another host"],
        ),
        (
            '<p style="background:url(https://example.com/x.png)">',
            ["index.html: loads https://example.com/x.png from another host"],
        ),
        (
            '<img srcset="https://example.com/x.png 2x">',
            ["index.html: loads https://example.com/x.png from another host"],
        ),
    ],
)
def test_the_check_finds_dead_links_and_other_hosts(tmp_path: Path, page: str, expected: list[str]) -> None:
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    (tmp_path / "other.html").write_text("<p id=other>", encoding="utf-8")
    assert problems(tmp_path) == expected


def test_the_check_reads_style_sheets_and_pictures(tmp_path: Path) -> None:
    (tmp_path / "site.css").write_text("@import 'https://example.com/a.css';", encoding="utf-8")
    (tmp_path / "drawn.svg").write_text('<svg><image href="https://example.com/b.png"/></svg>', encoding="utf-8")
    assert problems(tmp_path) == [
        "drawn.svg: loads https://example.com/b.png from another host",
        "site.css: loads https://example.com/a.css from another host",
    ]


def test_the_settings_ask_for_no_font_and_no_script_of_another_host() -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert re.search(r"^  font: false", settings, re.MULTILINE)
    for word in ("repo_url", "analytics", "extra_javascript", "http://", "https://"):
        assert not re.search(rf"^\s*{word}", settings, re.MULTILINE), word
