"""Windows replaces and deletes no file that a program has open, be it for a moment (a scanner) or for good."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from okrsync.config import ledger_file
from okrsync.config.ledger_file import LedgerWriter, read_ledger
from okrsync.errors import FileInUseError, LockHeldError, OkrsyncError, UsageError
from okrsync.formats.files import write_set, write_whole
from okrsync.jobs.table_files import write_table
from okrsync.sandbox.company import build_company
from okrsync.sandbox.demo import lay_out
from okrsync.store import database
from okrsync.store.database import Store
from okrsync.store.lock import file_lock
from support.other_systems import Hold

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_report_that_a_scanner_has_open_for_a_moment_is_replaced(tmp_path: Path, hold_open: Hold) -> None:
    report = write_whole(tmp_path / "outcomes.md", "old")
    hold_open(report, 4)

    write_whole(report, "new")

    assert report.read_text("utf-8") == "new"
    assert names(tmp_path) == ["outcomes.md"]


def test_a_report_that_stays_open_is_named_with_what_to_do_and_is_as_it_was(tmp_path: Path, hold_open: Hold) -> None:
    report = write_whole(tmp_path / "outcomes.md", "old")
    hold_open(report, None)

    with pytest.raises(FileInUseError) as told:
        write_whole(report, "new")

    assert str(told.value).startswith(f"{report}: cannot be replaced (The process cannot access the file)")
    assert "close the program that has it open" in str(told.value)
    assert report.read_text("utf-8") == "old"
    assert names(tmp_path) == ["outcomes.md"]


@pytest.mark.parametrize("output", ["csv", "jsonl"])
def test_an_exported_table_that_is_open_in_a_spreadsheet_is_as_it_was(
    tmp_path: Path, hold_open: Hold, output: str
) -> None:
    table = tmp_path / f"items.{output}"
    write_table(table, {"key": str}, [["old"]], output)
    before = table.read_bytes()
    hold_open(table, None)

    with pytest.raises(FileInUseError, match=f"items.{output}: cannot be replaced"):
        write_table(table, {"key": str}, [["new"]], output)

    assert table.read_bytes() == before
    assert names(tmp_path) == [table.name]


def test_an_old_page_that_is_open_is_named_and_taken_away_by_the_next_run(tmp_path: Path, hold_open: Hold) -> None:
    write_set(tmp_path, "site", [("index.html", "1"), ("audit-2026Q3.html", "1")])
    hold_open(tmp_path / "audit-2026Q3.html", None)

    with pytest.raises(FileInUseError, match=r"audit-2026Q3\.html: cannot be deleted"):
        write_set(tmp_path, "site", [("index.html", "2"), ("plan.html", "2")])
    hold_open(tmp_path / "audit-2026Q3.html", 0)
    write_set(tmp_path, "site", [("index.html", "3")])

    assert names(tmp_path) == [".okrsync-site", "index.html"]


def test_a_note_that_a_reader_has_open_does_not_stop_a_sync(tmp_path: Path, hold_open: Hold) -> None:
    note = tmp_path / "okrsync.db.web.holder"
    note.write_text(json.dumps({"pid": 1, "host": "elsewhere", "since": "yesterday"}), encoding="utf-8")
    hold_open(note, None)

    with (
        file_lock(tmp_path / "okrsync.db", "web", NOW),
        pytest.raises(LockHeldError, match="process 1 on elsewhere"),
        file_lock(tmp_path / "okrsync.db", "web", NOW),
    ):
        pytest.fail("two hold it")

    with file_lock(tmp_path / "okrsync.db", "web", NOW):
        pass  # it was freed
    assert not [name for name in names(tmp_path) if name.startswith(".")]


def test_a_copy_of_the_store_that_a_backup_program_has_open_is_made_all_the_same(
    tmp_path: Path, hold_open: Hold
) -> None:
    place = tmp_path / "okrsync.db"
    Store.open(f"sqlite:///{place}").close()
    store = Store(f"sqlite:///{place}")
    copy = tmp_path / "okrsync.db.0003.bak"
    hold_open(copy, 2)

    store._keep_copy("0003")
    store.close()

    assert copy.is_file()
    assert not copy.with_name(f"{copy.name}.part").exists()
    assert database.SCHEMA_REVISION > "0003"


def test_a_demo_with_a_file_open_stays_a_demo_that_can_be_replaced_later(tmp_path: Path, hold_open: Hold) -> None:
    company = build_company(7, github_url="http://127.0.0.1/github", jira_url="http://127.0.0.1/jira")
    folder = tmp_path / "demo"
    lay_out(company, folder)
    hold_open(folder / "okrs.yaml", None)

    with pytest.raises(FileInUseError, match=r"okrs\.yaml: cannot be deleted"):
        lay_out(company, folder)
    hold_open(folder / "okrs.yaml", 0)
    lay_out(company, folder)

    assert (folder / "okrs.yaml").read_text("utf-8") == company.files["okrs.yaml"]


def test_a_folder_that_no_demo_made_is_still_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError, match="holds other files"):
        lay_out(build_company(7, github_url="http://g", jira_url="http://j"), tmp_path)


def test_a_disk_without_modes_takes_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "chmod", refuse)

    assert write_whole(tmp_path / "outcomes.md", "new").read_text("utf-8") == "new"


def test_a_record_is_appended_without_what_only_posix_has_and_in_binary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags: list[int] = []
    opened = os.open

    def noted(path: Any, how: int, *rest: Any) -> int:
        flags.append(how)
        return opened(path, how & ~(1 << 28), *rest)

    monkeypatch.delattr(os, "pread")
    monkeypatch.setattr(os, "O_BINARY", 1 << 28, raising=False)
    monkeypatch.setattr(os, "open", noted)
    writer = LedgerWriter(tmp_path / "ledger", "role", NOW)

    writer.append("check_ins", [{"key_result": "KR1.1", "value": 1.0}])
    with (tmp_path / "ledger" / "check_ins.jsonl").open("ab") as stream:
        stream.write(b"  ")
    writer.append("check_ins", [{"key_result": "KR1.1", "value": 2.0}])

    ledger, problems = read_ledger(tmp_path / "ledger")
    assert [record.value for record in ledger.check_ins] == [1.0, 2.0]
    assert problems == []
    assert flags
    assert all(how & (1 << 28) for how in flags)


def test_two_writers_lose_nothing_where_appending_is_not_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, written = os.open, os.write

    def without_append(path: Any, how: int, *rest: Any) -> int:
        return opened(path, how & ~os.O_APPEND, *rest)

    def written_late(descriptor: int, content: bytes) -> int:
        # As the C library of Windows appends: it looks for the end, and then writes there.
        end = os.lseek(descriptor, 0, os.SEEK_END)
        time.sleep(0.01)
        os.lseek(descriptor, end, os.SEEK_SET)
        return written(descriptor, content)

    monkeypatch.setattr(ledger_file, "_APPENDS_AT_ONCE", False)
    writer = LedgerWriter(tmp_path / "ledger", "role", NOW)
    writer.append("check_ins", [{"key_result": "KR1.1", "value": 0.0}])
    monkeypatch.setattr(os, "open", without_append)
    monkeypatch.setattr(os, "write", written_late)

    def append_ten(first: int) -> None:
        for value in range(first, first + 10):
            writer.append("check_ins", [{"key_result": "KR1.1", "value": float(value)}])

    threads = [threading.Thread(target=append_ten, args=(first,)) for first in (1, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ledger, problems = read_ledger(tmp_path / "ledger")
    assert sorted(record.value for record in ledger.check_ins) == [float(value) for value in range(21)]
    assert problems == []


def test_a_ledger_that_another_okrsync_writes_for_too_long_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "_APPENDS_AT_ONCE", False)
    monkeypatch.setattr(ledger_file, "_LOCK_SECONDS", 0.05)
    writer = LedgerWriter(tmp_path, "role", NOW)

    with (
        FileLock(tmp_path / ".check_ins.jsonl.lock"),
        pytest.raises(OkrsyncError, match=r"cannot be written \(.*busy\)"),
    ):
        writer.append("check_ins", [{"key_result": "KR1.1", "value": 1.0}])
