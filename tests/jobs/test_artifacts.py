"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from okrsync.errors import OkrsyncError, UsageError
from okrsync.formats.files import write_whole
from okrsync.jobs.scaffold import starter_folder, write_starter


@pytest.mark.needs("modes")
def test_a_file_is_written_with_its_folders_and_may_be_read_by_others(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "a" / "b" / "report.md", "Größe 🎯\n")

    assert path.read_text("utf-8") == "Größe 🎯\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_file_is_replaced_and_nothing_else_stays(tmp_path: Path) -> None:
    write_whole(tmp_path / "report.md", "old")
    write_whole(tmp_path / "report.md", "new")

    assert [entry.name for entry in tmp_path.iterdir()] == ["report.md"]
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    write_whole(tmp_path / "report.md", "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    with pytest.raises(OkrsyncError, match=r"report.md: cannot be written \(No space left on device\); the old file"):
        write_whole(tmp_path / "report.md", "new")

    assert [entry.name for entry in tmp_path.iterdir()] == ["report.md"]
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == "old"


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "report.md", "old")

    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "report.md", "new \ud800")

    assert [entry.name for entry in tmp_path.iterdir()] == ["report.md"]
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == "old"


def test_a_file_in_place_of_the_folder_is_an_error_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("mine", encoding="utf-8")

    with pytest.raises(OkrsyncError, match="cannot be written"):
        write_whole(tmp_path / "reports" / "outcomes.md", "new")

    assert (tmp_path / "reports").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("tracker", ["github", "jira", "both"])
def test_the_starter_files_are_written_once_and_never_over_others(tmp_path: Path, tracker: str) -> None:
    written = write_starter(tmp_path, tracker)

    assert tmp_path / "okrsync.yaml" in written
    assert (tmp_path / "okrsync.yaml").read_text(encoding="utf-8") == (
        starter_folder() / f"okrsync.{tracker}.yaml"
    ).read_text(encoding="utf-8")
    (tmp_path / "okrsync.yaml").write_text("mine", encoding="utf-8")
    for path in written[1:]:
        path.unlink()
    with pytest.raises(UsageError, match=r"okrsync.yaml: there already; nothing was written"):
        write_starter(tmp_path, tracker)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "okrsync.yaml"]


def test_a_starter_folder_that_is_a_file_is_an_error_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("mine", encoding="utf-8")

    with pytest.raises(OkrsyncError, match="cannot be written"):
        write_starter(tmp_path / "here", "both")
