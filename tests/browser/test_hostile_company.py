"""Every report of a company full of hostile texts, in a real browser: nothing in it runs, asks or breaks out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from okrsync.cli.main import run
from support.hostile_company import COMMANDS, hostile_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.peers, pytest.mark.browser]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with hostile_project(tmp_path_factory.mktemp("hostile") / "project") as folder:
        yield folder


@pytest.mark.parametrize("name", COMMANDS)
def test_no_text_that_people_wrote_does_anything(chromium: Browser, hostile: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.html"
    config = str(hostile / "okrsync.yaml")
    assert run([*COMMANDS[name], "--config", config, "--format", "html", "--out", str(path)]) == 0
    asked: list[str] = []
    page = chromium.new_page(viewport={"width": 320, "height": 900})
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: dialog.dismiss())

    page.goto(path.as_uri(), wait_until="networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")

    assert page.evaluate("window.PWN") is None
    assert asked == [path.as_uri()]
    assert page.locator("script, img, iframe, object, embed, form, input, video, base").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    page.close()
