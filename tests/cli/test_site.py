"""All reports as a folder of linked pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from okrsync.answers.plan import PlanQuestion
from okrsync.errors import UsageError
from support.running import Run

pytestmark = pytest.mark.long  # each writes all reports of all cycles, some of them twice


def links_of(path: Path) -> set[str]:
    return {unquote(link) for link in re.findall(r'href="([^"#][^"]*)"', path.read_text(encoding="utf-8"))}


def pages_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def site(okrsync: Run, project: Path) -> Path:
    ran = okrsync("site", "out")
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert "start at out/index.html" in ran.err
    return project / "out"


def test_the_index_leads_to_every_page_and_says_what_each_finds(site: Path) -> None:
    pages = {path.name for path in site.glob("*.html")}
    text = (site / "index.html").read_text(encoding="utf-8")

    assert links_of(site / "index.html") >= pages - {"index.html"}
    assert {name.partition("-")[0] for name in pages} == {"index.html", "plan", "outcomes", "audit", "retro"}
    for path in site.glob("audit-*.html"):
        found = re.search(r"<h1>(.*?)</h1>", path.read_text(encoding="utf-8"))
        assert found is not None
        assert found[1][:100] in text


def test_every_link_leads_to_a_page_or_to_a_tracker_and_nothing_is_fetched(site: Path) -> None:
    for path in site.glob("*.html"):
        nearby = {link for link in links_of(path) if not re.match(r"https?://|data:", link)}
        assert all((site / link).is_file() for link in nearby), path.name
        assert "index.html" in nearby or path.name == "index.html"
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<(script|img|iframe|link(?! rel=\"icon\"))\b|\bsrc=", text), path.name


def test_the_same_store_gives_the_same_bytes(okrsync: Run, site: Path, project: Path) -> None:
    okrsync("site", "again")

    assert pages_in(project / "again") == pages_in(site)


def test_pages_that_are_no_more_go_and_what_somebody_put_there_stays(okrsync: Run, site: Path) -> None:
    (site / "CNAME").write_text("reports.example.org", encoding="utf-8")
    (site / "about.html").write_text("by hand", encoding="utf-8")
    assert (site / "audit-2026Q4.html").is_file()

    assert okrsync("site", "out", "--as-of", "2026-09-15").code in {0, 5}

    assert not (site / "audit-2026Q4.html").exists(), "on that day it had not begun"
    assert (site / "audit-2026Q3.html").is_file()
    assert (site / "CNAME").is_file()
    assert (site / "about.html").is_file()


def test_a_list_of_old_pages_that_somebody_changed_takes_nothing_else_away(
    okrsync: Run, site: Path, project: Path
) -> None:
    (project / "victim.html").write_text("mine", encoding="utf-8")
    (site / ".okrsync-site").write_text(
        f"../victim.html\n{project}/victim.html\n.okrsync-site\n..\n\n../okrs.yaml\n", encoding="utf-8"
    )

    assert okrsync("site", "out").code == 0

    assert (project / "victim.html").is_file()
    assert (project / "okrs.yaml").is_file()


def test_one_report_that_cannot_be_made_is_named_and_stops_no_other(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise UsageError("two sprints are called 12; name one:\n  okrsync plan --sprint 12")

    monkeypatch.setattr(PlanQuestion, "build", fails)
    ran = okrsync("site", "out")

    assert ran.code == 5
    assert "okrsync: Plan · GRO Sprint 33 cannot be made: two sprints are called 12" in ran.err
    assert "Plan · GRO Sprint 33 cannot be made" in (project / "out" / "index.html").read_text(encoding="utf-8")
    assert (project / "out" / "audit-2026Q3.html").is_file()
    assert not list((project / "out").glob("plan-*"))


def test_an_empty_store_gives_a_site_that_says_so(okrsync: Run, project: Path) -> None:
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    ran = okrsync("site", "out")

    assert ran.code == 5
    assert "Incomplete: " in (project / "out" / "index.html").read_text(encoding="utf-8")
    assert (project / "out" / "plan.html").is_file()


def test_a_folder_that_is_a_file_is_told(okrsync: Run, project: Path) -> None:
    ran = okrsync("site", "okrs.yaml")

    assert (ran.code, "a site needs a folder" in ran.err) == (2, True)


def test_titles_can_be_kept_back_and_no_name_of_a_file_tells_them(okrsync: Run, project: Path) -> None:
    okrsync("site", "out", "--redact", "titles")
    everything = "".join(path.name + path.read_text(encoding="utf-8") for path in (project / "out").glob("*.html"))

    assert "(title hidden)" in everything
    assert "Sprint 33" not in everything


def test_a_sync_can_write_it_too(okrsync: Run, project: Path) -> None:
    ran = okrsync("sync", "--quiet", "--site", "out", "--format", "json")

    assert (project / "out" / "index.html").is_file(), ran.err
    assert "out/index.html" in ran.json["site"]["pages"]
    assert ran.json["site"]["failed"] == []


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["../../etc/passwd", "a/b"], ["plan-..-..-etc-passwd.html", "plan-a-b.html"]),
        (["a/b", "a:b", "A b"], ["plan-a-b.html", "plan-a-b-2.html", "plan-A-b-3.html"]),
        (["<script>", "\u202e", ""], ["plan--script.html", "plan.html", "plan-2.html"]),
        (["x" * 300], [f"plan-{'x' * 75}.html"]),
    ],
)
def test_names_of_files_are_safe_and_differ(ids: list[str], names: list[str]) -> None:
    from okrsync.web.site import _free  # noqa: PLC0415 - a seam that is only seen from inside

    taken: set[str] = set()
    assert [_free(f"plan-{id_}", taken) for id_ in ids] == names
