"""Pages in a real browser: readable for everybody, quiet, and deaf to what a title asks for."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from okrsync.formats.html import Way, render_html
from okrsync.reports.page import ReportPage as Report
from okrsync.reports.page import for_executives
from support.hostile import HOSTILE, with_every_text
from support.pages import sample_page
from support.peers import peer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page, Request

pytestmark = [pytest.mark.peers, pytest.mark.browser]

Scheme = Literal["light", "dark"]
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
PHONE, DESK = 320, 1280


@dataclass
class Opened:
    """A page in the browser, and what it did that it was not asked for."""

    page: Page
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def note_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def note_request(self, request: Request) -> None:
        if not request.is_navigation_request() or not request.url.startswith("file:"):
            self.requests.append(request.url)


@contextmanager
def opened(browser: Browser, width: int = DESK, scheme: Scheme = "light") -> Iterator[Opened]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    seen = Opened(context.new_page())
    seen.page.on("dialog", seen.note_dialog)
    seen.page.on("request", seen.note_request)
    seen.page.on("console", lambda message: seen.complaints.append(message.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    yield seen
    context.close()


def written(report: Report, folder: Path) -> str:
    path = folder / "report.html"
    path.write_text(
        render_html(report, version="0.1.0", digest="9f2c41aa", ways=[Way("Outcomes", "o.html", is_here=True)]),
        encoding="utf-8",
    )
    return path.as_uri()


def violations(page: Page, tags: Sequence[str] = WCAG) -> list[str]:
    """What axe-core finds wrong, each with the first element it is about."""
    page.evaluate(peer("node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", list(tags))
    assert found["passes"], "axe-core looked at nothing"
    return [f"{entry['id']}: {entry['nodes'][0]['html'][:200]}" for entry in found["violations"]]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    beyond: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return beyond


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_everybody_can_read_the_page(chromium: Browser, tmp_path: Path, width: int, scheme: Scheme) -> None:
    with opened(chromium, width, scheme) as seen:
        seen.page.goto(written(sample_page(), tmp_path))
        seen.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")

        assert violations(seen.page) == []
        assert sideways(seen.page) == 0


def test_axe_finds_what_is_wrong_where_something_is(chromium: Browser) -> None:
    with opened(chromium) as seen:
        seen.page.set_content("<p style='color:#ccc'>hardly to be read</p>")

        assert any(found.startswith("color-contrast") for found in violations(seen.page))


def test_the_page_asks_nobody_for_anything_and_nobody_complains(chromium: Browser, tmp_path: Path) -> None:
    with opened(chromium) as seen:
        seen.page.goto(written(sample_page(), tmp_path), wait_until="networkidle")

        assert (seen.requests, seen.dialogs, seen.complaints) == ([], [], [])


def test_the_policy_keeps_out_what_somebody_slips_into_the_page(chromium: Browser, tmp_path: Path) -> None:
    uri = written(sample_page(), tmp_path)
    path = tmp_path / "report.html"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "<main", "<script>window.PWN=1</script><img src=x onerror='window.PWN=1'><b style='top:9px'></b><main", 1
        ),
        encoding="utf-8",
    )
    with opened(chromium) as seen:
        seen.page.goto(uri)

        assert seen.page.evaluate("window.PWN") is None
        assert seen.page.evaluate("getComputedStyle(document.querySelector('header + * , b')).top") != "9px"
        assert len(seen.complaints) >= 3


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_no_text_does_anything_or_breaks_the_page(chromium: Browser, tmp_path: Path, width: int) -> None:
    assert len(HOSTILE) >= 100
    with opened(chromium, width) as seen:
        for hostile in HOSTILE:
            seen.page.goto(written(with_every_text(sample_page(), hostile), tmp_path))
            seen.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")

            told = f"with {hostile[:60]!r}"
            assert seen.page.evaluate("window.PWN") is None, told
            assert seen.page.locator("script, img, iframe, object, embed, form, input, video, base").count() == 0, told
            assert seen.page.evaluate("document.querySelectorAll('main > section').length") == 7, told
            assert sideways(seen.page) == 0, told
        assert (seen.requests, seen.dialogs, seen.complaints) == ([], [], [])


def test_the_drawings_fit_a_phone_and_letters_stay_readable(chromium: Browser, tmp_path: Path) -> None:
    with opened(chromium, PHONE) as seen:
        seen.page.goto(written(sample_page(), tmp_path))
        boxes = seen.page.locator("figure svg text:visible, td svg text:visible").evaluate_all(
            "all => all.map(each => each.getBoundingClientRect()).map(box => [box.left, box.right, box.height])"
        )

        assert len(boxes) > 10
        assert all(left >= 0 and right <= PHONE for left, right, _ in boxes)
        assert all(height >= 12 for *_, height in boxes)


def test_on_a_phone_every_number_stands_beside_the_name_of_its_column(chromium: Browser, tmp_path: Path) -> None:
    with opened(chromium, PHONE) as seen:
        seen.page.goto(written(sample_page(), tmp_path))
        names = seen.page.locator("#unlinked tbody tr:first-child td").evaluate_all(
            "all => all.map(each => getComputedStyle(each, '::before').content)"
        )

        assert names == ['"Title"', '"Size"', '"Age"', '"Team"', '"Why"', '"Suggested"', '"Delivered"']


def test_what_is_printed_has_the_numbers_of_every_chart(chromium: Browser, tmp_path: Path) -> None:
    with opened(chromium, DESK, "dark") as seen:
        seen.page.goto(written(sample_page(), tmp_path))
        seen.page.emulate_media(media="print")

        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        heights = seen.page.locator("details table").evaluate_all("all => all.map(each => each.offsetHeight)")
        assert len(heights) == 3
        assert min(heights) > 50
        assert seen.page.pdf(format="A4").startswith(b"%PDF-")


def test_the_executives_form_prints_on_few_pages(chromium: Browser, tmp_path: Path) -> None:
    with opened(chromium) as seen:
        seen.page.goto(written(for_executives(sample_page()), tmp_path))

        assert seen.page.pdf(format="A4").count(b"/Type /Page\n") <= 5


def test_the_reference_validator_finds_no_error(tmp_path: Path) -> None:
    """The W3C's own, which knows content models, ARIA and SVG too; warnings are its taste."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed; on Debian: apt-get install default-jre-headless")
    validator = peer("node_modules/vnu-jar/build/dist/vnu.jar")
    written(sample_page(), tmp_path)
    (tmp_path / "hostile.html").write_text(
        render_html(with_every_text(sample_page(), "<b> & \"'"), version="0"), encoding="utf-8"
    )

    found = subprocess.run(
        ["java", "-jar", validator, "--errors-only", tmp_path / "report.html", tmp_path / "hostile.html"],  # noqa: S607 - whichever Java is there
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip

    assert (found.returncode, found.stderr) == (0, "")
