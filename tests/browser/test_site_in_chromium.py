"""The served site in a real browser: readable for everybody, its choices work without scripts, and it stays quiet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from okrsync.cli.main import run
from okrsync.sandbox.demo import TOKEN_NAMES, company_sites, free_port, lay_out
from support.peers import peer
from support.serving import Served, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.peers, pytest.mark.browser]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
PHONE, DESK = 320, 1280


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The sandbox company, read once; its trackers are gone by then, and no report needs them."""
    made = tmp_path_factory.mktemp("company") / "project"
    built, sites = company_sites(free_port(0), 7, "cloud")
    with sites, pytest.MonkeyPatch.context() as patch:
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        lay_out(built, made)
        assert run(["sync", "--quiet", "--config", str(made / "okrsync.yaml")]) == 0
        assert run(["site", str(made / "out"), "--config", str(made / "okrsync.yaml")]) == 0
        yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Served]:
    with served(folder) as running:
        yield running


def violations(page: Page) -> list[str]:
    # From outside the page's own policy, which lets no script in.
    page.evaluate(peer("node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", WCAG)
    assert found["passes"], "axe-core looked at nothing"
    return [f"{entry['id']}: {entry['nodes'][0]['html'][:200]}" for entry in found["violations"]]


def test_everybody_can_read_the_pages_and_choose(chromium: Browser, site: Served, folder: Path) -> None:
    pages = [f"{site.url}/{name}" for name in ("outcomes", "plan", "retro", "audit")]
    pages.append((folder / "out" / "index.html").as_uri())
    for width in (PHONE, DESK):
        for scheme in ("light", "dark"):
            context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page = context.new_page()
            for address in pages:
                page.goto(address)
                told = f"{address} at {width}, {scheme}"
                assert violations(page) == [], told
                wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wider == 0, told
            context.close()


def test_choices_work_with_scripts_off_and_nothing_else_is_asked_for(chromium: Browser, site: Served) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))

    page.goto(f"{site.url}/")
    assert page.url == f"{site.url}/outcomes"
    page.get_by_role("link", name="Audit", exact=True).click()
    page.get_by_label("Cycle").select_option("2026Q4")
    page.get_by_label("Team").select_option("growth")
    page.get_by_label("As of").fill("2026-11-18")
    page.get_by_role("button", name="Show").click()

    assert page.url == f"{site.url}/audit?cycle=2026Q4&team=growth&as-of=2026-11-18"
    assert page.get_by_label("Cycle").input_value() == "2026Q4"
    page.get_by_role("link", name="Sprint planning").click()
    assert page.url == f"{site.url}/plan?as-of=2026-11-18"
    assert page.get_by_label("As of").input_value() == "2026-11-18"
    assert {address.partition("?")[0].removeprefix(site.url) for address in asked} == {
        "/", "/outcomes", "/audit", "/plan"
    }  # fmt: skip
    assert complaints == []
    context.close()


def test_from_the_index_each_page_can_be_reached_and_left_again(chromium: Browser, folder: Path) -> None:
    page = chromium.new_page()
    page.goto((folder / "out" / "index.html").as_uri())
    page.get_by_role("link", name="Audit · 2026Q3").click()

    assert page.url.endswith("/audit-2026Q3.html")
    page.get_by_role("link", name="All reports").click()
    assert page.url.endswith("/index.html")
    page.close()


@pytest.mark.parametrize(
    "command",
    [["outcomes"], ["plan", "--sprint", "1132"], ["audit", "--cycle", "2026Q3"], ["retro", "--sprint", "1131"]],
)
def test_the_form_for_executives_is_one_sheet_of_paper(
    chromium: Browser, folder: Path, tmp_path: Path, command: list[str]
) -> None:
    written = tmp_path / "brief.html"
    options = [
        "--audience",
        "exec",
        "--format",
        "html",
        "--out",
        str(written),
        "--config",
        str(folder / "okrsync.yaml"),
    ]
    assert run([*command, *options]) == 0

    page = chromium.new_page()
    page.goto(written.as_uri())
    assert page.pdf(format="A4").count(b"/Type /Page\n") in {1, 2}, "both sides of it"
    page.close()
