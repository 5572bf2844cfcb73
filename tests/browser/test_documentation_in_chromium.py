"""The documentation site in a real browser: light and dark by the reader's system, wide and narrow, and quiet."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
PAGES = ("", "cli/", "configuration/", "lint/OKR302/", "method/", "decisions/", "CONTRIBUTING/", "THIRD_PARTY_NOTICES/")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.browser,
    pytest.mark.skipif(find_spec("mkdocs") is None, reason="MkDocs is not installed; run make .make/docs"),
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    site = tmp_path_factory.mktemp("documentation") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "true"}, check=True, timeout=120)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize(("scheme", "theme"), [("light", "default"), ("dark", "slate")])
def test_pages_fit_follow_the_system_and_ask_no_other_host(
    chromium: Browser, address: str, width: int, scheme: str, theme: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type] # one of two
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for name in PAGES:
        page.goto(address + name, wait_until="networkidle")
        assert page.evaluate("document.body.dataset.mdColorScheme") == theme
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
    context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert any(url.startswith(address) for url in asked)


def test_search_finds_a_page_without_another_host(chromium: Browser, address: str) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address, wait_until="networkidle")
    page.locator("input[name=query]").press_sequentially("OKR302")  # the theme searches when a key is released
    first = page.locator(".md-search-result__item a").first
    first.wait_for()
    assert first.get_attribute("href", timeout=5000) is not None
    assert "OKR302" in first.inner_text()
    page.close()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
