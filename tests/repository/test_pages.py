"""The documentation as GitHub shows it: links, anchors and command lines."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from okrsync.cli.main import COMMANDS, cli, run

ROOT = Path(__file__).parents[2]
TOUR = ROOT / "docs" / "tour.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")])


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of *page*."""
    found: Counter[str] = Counter()
    result = set()
    parsed = tokens(page)
    for heading, inline in pairwise(parsed):
        if heading.type == "heading_open":
            words = "".join(child.content for child in inline.children or ())
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            result.add(f"{slug}-{found[slug]}" if found[slug] else slug)
            found[slug] += 1
    return result


def links(page: Path) -> Iterator[str]:
    for token in tokens(page):
        for child in token.children or ():
            address = child.attrGet("href" if child.type == "link_open" else "src")
            if child.type in {"link_open", "image"} and isinstance(address, str):
                yield unquote(address)


def command_lines(text: str) -> Iterator[list[str]]:
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["okrsync"] and not words[1].startswith("-"):
                yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_anchors_are_those_of_github(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# `okrsync.yaml`: a *file*\n\n## What's next? – now\n\n## Same\n\n## Same\n", encoding="utf-8")
    assert anchors(page) == {"okrsyncyaml-a-file", "whats-next--now", "same", "same-1"}


@pytest.mark.parametrize("page", [page for page in PAGES if "```sh" in page.read_text(encoding="utf-8")], ids=name_of)
def test_every_command_line_parses(page: Path) -> None:
    for words in command_lines(page.read_text(encoding="utf-8")):
        name, arguments = words[0], words[1:]
        assert name in COMMANDS, words
        context = cli.make_context("okrsync", list(words))
        command = cli.get_command(context, name)
        while isinstance(command, click.Group):
            name, arguments = arguments[0], arguments[1:]
            command = command.get_command(context, name)
        assert command is not None, words
        assert command.make_context(name, arguments, parent=context)


@pytest.mark.long
def test_the_tour_can_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    followed = list(command_lines(TOUR.read_text(encoding="utf-8")))
    assert followed[0] == ["demo"]
    assert len(followed) >= 9
    for words in followed:
        assert run(words) == 0, words
        if words == ["demo"]:
            monkeypatch.chdir(tmp_path / "okrsync-demo")
    assert (tmp_path / "okrsync-demo" / "audit.html").exists()


def test_every_schema_is_listed() -> None:
    page = (ROOT / "docs" / "schemas.md").read_text(encoding="utf-8")
    listed = re.findall(r"\[[\w.-]+\]\(\.\./config/schemas/([\w.-]+)\)", page)
    assert sorted(listed) == sorted(path.name for path in (ROOT / "config" / "schemas").glob("*.json"))
