from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from support.running import Run


def test_a_sound_store_is_called_sound(untouched: Run) -> None:
    ran = untouched("db", "check", "--format", "json")
    assert ran.code == 0
    assert ran.json == {"ok": True, "faults": [], "items": 600, "out_of_scope": 0}
    assert untouched("db", "check").out == "sound; 600 items, 0 out of scope\n"


def test_a_damaged_store_is_told_and_what_to_do(okrsync: Run, project: Path) -> None:
    with closing(sqlite3.connect(project / "okrsync.db")) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("INSERT INTO item_raw VALUES ('web', '999999', x'00')")
    connection.close()
    ran = okrsync("db", "check")
    assert ran.code == 1
    assert "1 raw items belong to no item" in ran.err
    assert "delete it, and sync again" in ran.out


def test_a_backup_is_a_whole_store_and_never_overwrites(okrsync: Run, project: Path) -> None:
    assert okrsync("db", "backup", "copy.db").code == 0
    before = okrsync("status").out
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    (project / "copy.db").rename(project / "okrsync.db")
    assert okrsync("status").out == before
    (project / "taken.db").write_text("mine", encoding="utf-8")
    ran = okrsync("db", "backup", "taken.db")
    assert ran.code == 1
    assert "there already; name another file" in ran.err
    assert (project / "taken.db").read_text(encoding="utf-8") == "mine"


def test_purge_counts_first_and_deletes_when_told(okrsync: Run, project: Path) -> None:
    text = (project / "okrsync.yaml").read_text(encoding="utf-8")
    start, end = text.index("  - name: platform"), text.index("  - name: product")
    (project / "okrsync.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    before = okrsync("status").out
    assert "129 items are out of scope" in okrsync("db", "purge").out
    assert okrsync("db", "check", "--format", "json").json["out_of_scope"] == 129
    assert okrsync("db", "purge", "--yes", "--format", "json").json == {"deleted": 129, "out_of_scope": 129}
    assert okrsync("db", "check", "--format", "json").json == {
        "ok": True,
        "faults": [],
        "items": 471,
        "out_of_scope": 0,
    }
    assert okrsync("status").out == before


def test_reports_need_no_write_lock(okrsync: Run, project: Path) -> None:
    writer = sqlite3.connect(project / "okrsync.db", isolation_level=None)
    try:
        writer.execute("BEGIN IMMEDIATE")
        assert okrsync("status", "--format", "json").json["items"]["total"] == 600
    finally:
        writer.rollback()
        writer.close()
