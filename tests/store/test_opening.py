"""Opening: what is made, what is left alone, and what is refused with a next step."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import okrsync.store.migrations
from okrsync.errors import StoreError, StoreTooNewError
from okrsync.store.database import SCHEMA_REVISION, Store
from okrsync.store.records import Fingerprints
from okrsync.store.tables import metadata

NOBODY = 65534


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def made(path: Path) -> Path:
    Store.open(url_of(path)).close()
    return path


def asked(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_a_new_store_has_the_schema_and_wal(path: Path) -> None:
    assert not path.exists()

    made(path)

    assert path.is_file()
    assert asked(path, "PRAGMA journal_mode") == [("wal",)]
    assert asked(path, "SELECT version_num FROM alembic_version") == [(SCHEMA_REVISION,)]
    tables = {name for (name,) in asked(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == set(metadata.tables) | {"alembic_version"}


def test_opening_again_changes_nothing(path: Path) -> None:
    before = made(path).read_bytes()

    assert made(path).read_bytes() == before
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["store.db"]


def test_every_connection_keeps_foreign_keys_and_waits_for_others(path: Path) -> None:
    store = Store.open(url_of(path))
    with store.read() as view:
        connection = view._connection
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
    store.close()


@pytest.mark.parametrize("name", ["a?b", "100%", "two words", "a#b", "größe", "a&mode=ro"])
def test_a_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()

    made(folder / "store.db")

    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    assert [entry.name for entry in folder.iterdir()] == ["store.db"]


def test_the_schema_revision_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(str(okrsync.store.migrations.__file__)).parent))
    config.set_main_option("path_separator", "os")

    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA_REVISION]


def migrated_from_nothing(path: Path, revision: str = "head") -> Path:
    """A store made by the migrations one after the other, where the code makes a new one in a single step."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(okrsync.store.migrations.__file__)).parent))
    config.set_main_option("path_separator", "os")
    engine = sa.create_engine(url_of(path))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    return path


@pytest.mark.parametrize("make", [made, migrated_from_nothing])
def test_a_new_store_and_the_migrations_have_the_tables_that_the_code_uses(
    path: Path, make: Callable[[Path], Path]
) -> None:
    engine = sa.create_engine(url_of(make(path)))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
        held = sa.inspect(connection)
        for table in metadata.sorted_tables:
            assert held.get_pk_constraint(table.name)["constrained_columns"] == [
                column.name for column in table.primary_key
            ]
    engine.dispose()

    assert differences == []


def test_a_store_of_a_newer_okrsync_is_refused_and_left_untouched(path: Path) -> None:
    made(path)
    asked(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()

    with pytest.raises(
        StoreTooNewError, match=r"a newer okrsync wrote this store \(schema 9999\); update okrsync"
    ) as told:
        Store.open(url_of(path))

    assert told.value.exit_code == 2
    assert str(path) in str(told.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"<!DOCTYPE html><title>Sign in</title>" * 50, Random(7).randbytes(40_000), b"plain"],  # noqa: S311
    ids=["a page", "any bytes", "a word"],
)
def test_a_file_that_is_no_database_is_refused_and_left_untouched(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(StoreError, match="not a database; name another store, or delete this file") as told:
        Store.open(url_of(path))

    assert told.value.exit_code == 1
    assert path.read_bytes() == content
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["store.db"]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE notes (text TEXT)",
        "CREATE TABLE alembic_version (version_num VARCHAR(32)); CREATE TABLE notes (text TEXT)",
        "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('0001')",
    ],
)
def test_a_database_of_something_else_is_refused_and_left_untouched(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statement)
    before = path.read_bytes()

    with pytest.raises(StoreError, match="a database of something else; name another store"):
        Store.open(url_of(path))

    assert path.read_bytes() == before, "not even its journal mode"


def test_a_database_whose_pages_are_overwritten_is_refused_with_a_next_step(path: Path) -> None:
    content = bytearray(made(path).read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)

    with pytest.raises(StoreError, match="delete the file: it can be rebuilt by a sync"):
        Store.open(url_of(path))

    assert path.read_bytes() == bytes(content)


def test_a_folder_that_does_not_exist_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the folder does not exist; make it, or name another store"):
        Store.open(url_of(tmp_path / "nowhere" / "store.db"))

    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_the_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="check the path and its permissions"):
        Store.open(url_of(tmp_path))


@contextmanager
def as_an_ordinary_user(folder: Path) -> Iterator[None]:
    """Root may write whatever the permissions say, so root steps down for a while."""
    if os.geteuid():
        yield
        return
    folder.chmod(0o755)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.needs("modes", "user ids")
def test_a_read_only_file_is_refused_with_a_next_step() -> None:
    with tempfile.TemporaryDirectory() as name:
        path = made(Path(name) / "store.db")
        before = path.read_bytes()
        path.chmod(0o444)
        with (
            as_an_ordinary_user(Path(name)),
            pytest.raises(StoreError, match=r"check the (file's|path and its) permissions"),
        ):
            Store.open(url_of(path))
        assert path.read_bytes() == before


def test_writing_to_a_store_that_became_read_only_is_a_store_error(path: Path) -> None:
    store = Store.open(url_of(path))
    with store.write() as unit:
        unit._connection.exec_driver_sql("PRAGMA query_only=ON")

    with pytest.raises(StoreError, match="readonly database; check the file's permissions"), store.write() as unit:
        unit.save_stream("web", "a", Fingerprints("f", "f"), None)
    store.close()


def test_a_full_disk_is_a_store_error_and_keeps_what_was_there(path: Path) -> None:
    store = Store.open(url_of(path))
    with store.write() as unit:
        unit.save_stream("web", "a", Fingerprints("first", "f"), None)
        pages = unit._connection.exec_driver_sql("PRAGMA page_count").scalar()
        unit._connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    with pytest.raises(StoreError, match="is full; free some disk space and run again"), store.write() as unit:
        unit.save_stream("web", "a", Fingerprints("f", "f" * 1_000_000), None)

    with store.read() as view:
        state = view.stream("web", "a")
    assert state is not None
    assert state.fingerprints == Fingerprints("first", "f")
    store.close()


def test_a_store_that_another_process_writes_to_is_a_store_error_that_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("okrsync.store.backends._BUSY_SECONDS", 0)
    store = Store.open(url_of(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another okrsync is writing; try again when it is done"), store.write():
            pass
        with store.read() as view:
            assert list(view.items()) == [], "reports are made while a sync writes"
    store.close()


def test_opening_waits_for_whoever_writes_a_store_that_is_not_yet_in_its_mode(path: Path) -> None:
    """SQLite does not wait by itself where the mode is to be changed, as when several make a store at once."""
    made(path)
    asked(path, "PRAGMA journal_mode=DELETE")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        done = threading.Timer(0.3, writer.rollback)
        done.start()
        Store.open(url_of(path)).close()
        done.join()

    assert asked(path, "PRAGMA journal_mode") == [("wal",)]


def test_an_error_never_quotes_what_was_to_be_written(path: Path) -> None:
    store = Store.open(url_of(path))
    with pytest.raises(StoreError) as told, store.write() as unit:
        unit._connection.execute(sa.text("INSERT INTO nowhere VALUES (:value)"), {"value": "a-secret"})
    store.close()

    assert "a-secret" not in str(told.value)
    assert told.value.__suppress_context__


def test_a_migration_that_fails_half_way_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = command.upgrade

    def failing(config: Config, revision: str) -> None:
        real(config, revision)
        raise RuntimeError("the power went")

    migrated_from_nothing(path, "0001")
    before = asked(path, "SELECT sql FROM sqlite_master ORDER BY name")
    monkeypatch.setattr(command, "upgrade", failing)
    with pytest.raises(RuntimeError):
        Store.open(url_of(path))
    assert asked(path, "SELECT sql FROM sqlite_master ORDER BY name") == before

    monkeypatch.undo()
    assert asked(made(path), "SELECT version_num FROM alembic_version") == [(SCHEMA_REVISION,)]


def test_several_processes_may_make_the_same_store_at_once(path: Path) -> None:
    program = "import sys; from okrsync.store.database import Store; Store.open(sys.argv[1]).close()"
    started = [
        subprocess.Popen([sys.executable, "-c", program, url_of(path)], stderr=subprocess.PIPE, encoding="utf-8")
        for _ in range(3)
    ]
    told = [process.communicate(timeout=60)[1] for process in started]

    assert [process.returncode for process in started] == [0, 0, 0], told
    assert asked(path, "PRAGMA integrity_check") == [("ok",)]
