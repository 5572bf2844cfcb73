"""A store of the first schema: what becomes of it, and of one whose migration is cut short; on both databases."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import okrsync.store.migrations
from okrsync.cli.main import run
from okrsync.errors import StoreTooNewError
from okrsync.model.plain import canonical
from okrsync.model.work import Status
from okrsync.store import codec, database
from okrsync.store.backends import backend_of
from okrsync.store.database import SCHEMA_REVISION, Store
from okrsync.store.failpoints import EXIT_CODE
from support.small_project import small_project

OLD = "0001"
RAW = {"id": "1", "key": "PAY-1", "fields": {"summary": "Old"}}
ROWS: dict[str, dict[str, Any]] = {
    "source_state": {"source": "product", "connector": "jira", "fields": '{"mapping": {}, "roles": {}, "site": "", '
                     '"source": "product", "team": ""}'},
    "stream_state": {"source": "product", "partition": "PAY", "raw_fingerprint": "r", "fingerprint": "f",
                     "high_water_ms": 1_767_225_600_000, "in_scope": True},
    "item": {"id": 7, "source": "product", "external_id": "1", "partition": "PAY", "key": "PAY-1", "url": "",
             "kind": "issue", "type": "Story", "title": "Old", "status": "done", "original_status": "Shipped",
             "resolution": "", "created_ms": 1_767_225_600_000, "updated_ms": 1_767_225_600_000, "project": "PAY",
             "delivered_ms": 1_767_225_600_000, "team": "", "parent": "", "labels": '["a"]', "components": "[]",
             "iterations": "[]", "closes": "[]", "directives": "[]", "fields": "{}", "digest": b"0123456789abcdef"},
    "item_raw": {"source": "product", "external_id": "1", "body": codec.packed(canonical(RAW))},
    "link": {"id": 3, "source": "product", "external_id": "1", "key": "PAY-1", "key_result": "2026Q1/KR1.1",
             "state": "ok", "rule": "rule 1", "via": "label", "share": 1.0, "depth": 0, "reason": "",
             "valid_from_ms": 1_767_225_600_000},
    "observation": {"metric": "m", "day": "2026-01-01", "recorded_ms": 1_767_225_600_000, "value": 2.5,
                    "origin": "csv"},
    "sync_run": {"id": 2, "source": "product", "started_ms": 1_767_225_600_000, "finished_ms": 1_767_225_600_000,
                 "status": "ok", "requests": '{"items": 1}', "items_seen": 1, "items_new": 1, "items_changed": 0,
                 "error": ""},
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store as the first version left it."""
    if request.param == "sqlite":
        place = f"sqlite:///{tmp_path}/store.db"
    else:
        place = str(request.getfixturevalue("postgres").database())
    with connected(place) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(str(okrsync.store.migrations.__file__)).parent))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, OLD)
        for table, whole in ROWS.items():
            row = {name: value for name, value in whole.items() if name != "id"}  # the database counts them itself
            names, marks = ", ".join(f'"{name}"' for name in row), ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)  # noqa: S608 - ours
    return place


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    backend = backend_of(url)
    with backend.engine.connect() as connection, connection.begin():
        yield connection
    backend.engine.dispose()


def revision(url: str) -> str:
    with connected(url) as connection:
        return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar())


def old_rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """What an old okrsync would read."""
    with connected(url) as connection:
        return {
            table: [
                dict(found._mapping)
                for found in connection.execute(
                    sa.text(f"SELECT {', '.join(chr(34) + name + chr(34) for name in row)} FROM {table}")  # noqa: S608
                )
            ]
            for table, row in ROWS.items()
        }


def copy_of(url: str) -> Path | None:
    return Path(f"{url.removeprefix('sqlite:///')}.{OLD}.bak") if url.startswith("sqlite") else None


def test_an_old_store_is_brought_up_to_date_with_all_that_is_in_it(url: str) -> None:
    before = old_rows(url)
    with closing(Store.open(url)) as store:
        with store.read() as view:
            (item,) = view.items()
            assert (item.key, item.status, item.labels) == ("PAY-1", Status.DONE, ("a",))
            assert (item.first_done, item.reopened, item.old_keys) == (None, 0, ())
            assert view.raw("product", "1") == RAW
            state = view.stream("product", "PAY")
            assert state is not None
            assert (state.is_whole, state.census, state.releases) == (False, None, ())
            assert view.fields("product") is not None
            assert view.last_runs()["product"].resume is None
        assert store.faults() == []
    assert revision(url) == SCHEMA_REVISION
    assert old_rows(url) == before


def test_a_file_is_copied_beside_itself_first_and_a_server_is_not(url: str, tmp_path: Path) -> None:
    before = old_rows(url)
    Store.open(url).close()
    copy = copy_of(url)
    if copy is None:
        assert list(tmp_path.iterdir()) == []
        return
    assert old_rows(f"sqlite:///{copy}") == before
    assert revision(f"sqlite:///{copy}") == OLD
    content = copy.read_bytes()
    Store.open(url).close()
    assert copy.read_bytes() == content, "a copy is never written over"


def test_a_migration_that_fails_leaves_the_old_schema_at_work(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = old_rows(url)

    def fail(name: str) -> None:
        if name == "migrated":
            raise RuntimeError("the power went")

    monkeypatch.setattr(database, "failpoint", fail)
    with pytest.raises(RuntimeError):
        Store.open(url)
    assert (revision(url), old_rows(url)) == (OLD, before)
    with connected(url) as connection:
        assert "item_event" not in sa.inspect(connection).get_table_names()

    monkeypatch.undo()
    Store.open(url).close()
    assert (revision(url), old_rows(url)) == (SCHEMA_REVISION, before)


@pytest.mark.parametrize("column", ["memory", "resume_ms", "gone_reason"])
def test_a_migration_that_fails_in_the_middle_leaves_the_old_schema_at_work(
    url: str, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    from alembic import op  # noqa: PLC0415

    before = old_rows(url)
    real = op.add_column

    def fail(table: str, added: sa.Column[Any], **rest: Any) -> None:
        real(table, added, **rest)
        if added.name == column:
            raise RuntimeError("the power went")

    monkeypatch.setattr(op, "add_column", fail)
    with pytest.raises(RuntimeError):
        Store.open(url)
    monkeypatch.undo()
    assert (revision(url), old_rows(url)) == (OLD, before)

    Store.open(url).close()
    assert (revision(url), old_rows(url)) == (SCHEMA_REVISION, before)


@pytest.mark.parametrize("point", ["copied", "migrated"])
def test_kill_9_within_a_migration_leaves_the_old_schema_at_work(url: str, point: str) -> None:
    if point == "copied" and copy_of(url) is None:
        pytest.skip("a server's database is not copied")
    before = old_rows(url)
    program = "import sys; from okrsync.store.database import Store; Store.open(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, url], env=os.environ | {"OKRSYNC_FAILPOINT": point}, check=False, timeout=60
    )
    assert done.returncode == EXIT_CODE
    assert (revision(url), old_rows(url)) == (OLD, before)

    Store.open(url).close()
    assert (revision(url), old_rows(url)) == (SCHEMA_REVISION, before)
    if (copy := copy_of(url)) is not None:
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_copy_that_was_cut_short_is_made_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = copy_of(url)
    if copy is None:
        pytest.skip("a server's database is not copied")
    copy.with_name(f"{copy.name}.part").write_bytes(b"half")
    Store.open(url).close()
    assert revision(f"sqlite:///{copy}") == OLD


def test_a_store_of_a_newer_okrsync_is_refused_with_exit_2(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with connected(url) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0999'"))
    before = old_rows(url)
    with pytest.raises(StoreTooNewError, match="schema 0999"):
        Store.open(url)
    with small_project(tmp_path) as project:
        assert run(["sync", "--quiet", "--config", str(project.run_in(url))]) == 2
    assert "a newer okrsync wrote this store (schema 0999); update okrsync" in capfd.readouterr().err
    assert (revision(url), old_rows(url)) == ("0999", before)


def test_the_next_sync_of_an_old_store_reads_what_is_new_in_it(url: str, tmp_path: Path) -> None:
    with small_project(tmp_path) as project:
        assert run(["sync", "--quiet", "--config", str(project.run_in(url))]) == 0
    with closing(Store.open(url)) as store, store.read() as view:
        keys = {item.key for item in view.items()}
        assert {"PAY-1", "PAY-14", "GRO-101", "acme/shop#1"} <= keys
        assert view.events("product", ["10002"])
