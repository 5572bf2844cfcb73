"""Drive letters, backslashes, shares, names that Windows reserves, and disks on which the case of a name is nothing."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.config import project as projects
from okrsync.config.document import parse_document, shown
from okrsync.config.project import load_project, name_below
from okrsync.config.settings_file import store_url
from okrsync.errors import ConfigError
from okrsync.formats import findings
from okrsync.formats.files import write_set
from okrsync.jobs.doctor import file_system, is_between_machines
from okrsync.lint.findings import Finding, LintReport, Severity
from okrsync.metrics.sql import SqlSettings
from okrsync.web.site import _free
from support.running import Run

RELPATH = os.path.relpath
_RESERVED = {"con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(10))}
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]$')


class WindowsPath(PureWindowsPath):
    """A path of Windows that is its own resolution."""

    def resolve(self) -> Self:
        return self


def from_another_drive(path: Any, start: Any = None) -> str:
    """Refuse as Windows does where *path* is on another drive than the working directory."""
    if start is None:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")
    return str(RELPATH(path, start))


def test_a_file_on_another_drive_is_shown_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os.path, "relpath", from_another_drive)

    assert shown(tmp_path / "okrs.yaml") == str(tmp_path / "okrs.yaml")


def test_every_command_names_files_on_another_drive(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = sorted((project / "metrics").glob("*.csv"))[0]
    metric.write_text("date,value\n2026-10-01,many\n", encoding="utf-8")

    monkeypatch.setattr(os.path, "relpath", from_another_drive)
    found = okrsync("validate")

    assert found.code == 0, found.err
    assert f'{metric}:2:2: "many" is no number' in found.err


@pytest.mark.parametrize(
    "pattern",
    ["C:\\x\\okrs.yaml", "C:/x/okrs.yaml", "C:okrs.yaml", "\\okrs.yaml", "\\\\server\\share\\okrs.yaml", "..\\a.yaml"],
)
def test_an_okr_file_that_leaves_the_folder_on_windows_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    settings = project / "okrsync.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("okrs: okrs.yaml", f"okrs: '{pattern}'"), encoding="utf-8")
    monkeypatch.setattr(projects, "Path", lambda name: PureWindowsPath(name) if name == pattern else Path(name))

    with pytest.raises(ConfigError, match="leaves the folder of this file"):
        load_project(settings)


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        (PureWindowsPath("C:\\team\\okrs"), PureWindowsPath("C:\\team\\okrs\\2026\\q4.yaml")),
        (PureWindowsPath("\\\\server\\share\\okrs"), PureWindowsPath("\\\\server\\share\\okrs\\2026\\q4.yaml")),
        (Path("/team/okrs"), Path("/team/okrs/2026/q4.yaml")),
    ],
)
def test_a_version_of_an_okr_file_has_the_same_name_on_every_system(folder: PurePath, path: PurePath) -> None:
    assert name_below(folder, path) == "2026/q4.yaml"


@pytest.mark.needs("case")
def test_an_okr_file_with_two_spellings_on_a_disk_without_case_is_read_once(project: Path) -> None:
    settings = project / "okrsync.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("okrs: okrs.yaml", "okrs: [okrs.yaml, OKRs.yaml]"), encoding="utf-8")
    (project / "OKRs.yaml").hardlink_to(project / "okrs.yaml")  # as such a disk answers to both

    assert list(load_project(settings).okr_texts) == ["okrs.yaml"]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///C:/Users/x/okrsync.db", "C:\\Users\\x\\okrsync.db"),
        ("sqlite:///C:\\Users\\x y\\okrsync.db", "C:\\Users\\x y\\okrsync.db"),
        ("sqlite:///\\\\server\\share\\okrsync.db", "\\\\server\\share\\okrsync.db"),
        ("sqlite:///okrsync.db", "D:\\project\\okrsync.db"),
        ("sqlite:///stores\\okrsync.db", "D:\\project\\stores\\okrsync.db"),
    ],
)
def test_a_store_of_windows_is_where_its_url_says(url: str, path: str) -> None:
    taken = store_url(url)

    assert PureWindowsPath("D:\\project") / PureWindowsPath(taken.removeprefix("sqlite:///")) == PureWindowsPath(path)


@pytest.mark.parametrize("file", ["C:/data/x.db", "C:\\data\\x y.db", "\\\\server\\share\\x.db"])
def test_a_metric_database_of_windows_keeps_its_path(file: str) -> None:
    checked = SqlSettings.model_validate({"type": "sql", "url": f"sqlite:///{file}", "statement": "SELECT 1"})

    assert checked.url.removeprefix("sqlite:///") == file


def test_a_backslash_in_double_quotes_is_named_with_what_to_write(tmp_path: Path) -> None:
    _, problems = parse_document('version: 1\nstore: "sqlite:///C:\\Users\\x.db"\n', tmp_path / "okrsync.yaml")

    assert [(entry.line, "write / between folders" in entry.fix) for entry in problems] == [(2, True)]


@pytest.mark.parametrize(
    ("old", "new"), [("okrs: okrs.yaml", "okrs: goals\\okrs.yaml"), ("path: metrics/", "path: metrics\\")]
)
def test_a_path_with_backslashes_is_told_to_use_slashes_where_it_is_not_found(
    okrsync: Run, project: Path, old: str, new: str
) -> None:
    for name in ("okrsync.yaml", "okrs.yaml"):
        text = (project / name).read_text("utf-8")
        (project / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    assert "write / between folders, on every system" in okrsync("validate").err


def test_a_share_is_a_network_file_system_without_a_table_of_mounts(tmp_path: Path) -> None:
    kind = file_system(WindowsPath("\\\\server\\share\\okrs"), tmp_path / "none")  # type: ignore[arg-type]  # stands in

    assert is_between_machines(kind)
    assert file_system(tmp_path, tmp_path / "none") == ""


def test_annotations_and_sarif_name_files_as_the_repository_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "Path", PureWindowsPath)

    assert findings._uri("goals\\q4 2026.yaml") == "goals/q4%202026.yaml"
    assert findings._uri("C:\\team\\okrs.yaml") == "file:///C:/team/okrs.yaml"
    found = Finding("goals\\q4.yaml", 3, 5, "OKR101", Severity.ERROR, "KR1.1", "too vague", "say more", ())
    assert next(findings.github_lines(LintReport(date(2026, 11, 20), None, (found,), (), (), "", ()))).startswith(
        "::error file=goals/q4.yaml,line=3,col=5,"
    )


@given(st.lists(st.text(max_size=100), min_size=1, max_size=6))
def test_pages_have_names_that_every_disk_takes_and_tells_apart(names: list[str]) -> None:
    taken: set[str] = set()
    made = [_free(f"{kind}-{name}", taken) for name in names for kind in ("plan", "audit")]

    assert len({name.casefold() for name in made}) == len(made)
    for name in made:
        assert name.isascii()
        assert not _FORBIDDEN.search(name)
        assert name.split(".")[0].casefold() not in _RESERVED


@pytest.mark.needs("case")
def test_a_page_that_changed_only_its_case_stays_where_case_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def same(self: Path, other: Path) -> bool:
        return self.name.casefold() == other.name.casefold()

    monkeypatch.setattr(Path, "samefile", same)
    write_set(tmp_path, "site", [("index.html", "1"), ("audit-2026Q3.html", "1"), ("plan.html", "1")])
    (tmp_path / "audit-2026Q3.html").rename(tmp_path / "audit-2026q3.html")
    (tmp_path / "audit-2026Q3.html").hardlink_to(tmp_path / "audit-2026q3.html")

    write_set(tmp_path, "site", [("index.html", "2"), ("audit-2026q3.html", "2")])

    assert (tmp_path / "audit-2026Q3.html").exists()
    assert not (tmp_path / "plan.html").exists()


@pytest.mark.needs("case")
def test_a_page_that_changed_its_case_is_taken_away_where_case_counts(tmp_path: Path) -> None:
    write_set(tmp_path, "site", [("audit-2026Q3.html", "1")])

    write_set(tmp_path, "site", [("audit-2026q3.html", "2")])

    assert [path.name for path in tmp_path.glob("*.html")] == ["audit-2026q3.html"]
