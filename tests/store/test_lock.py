"""One sync of a source at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from okrsync.errors import LockHeldError
from okrsync.store.database import Store

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
HOLDER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from okrsync.store.lock import file_lock
with file_lock(Path(sys.argv[1]), "web", datetime(2026, 11, 20, 6, 0, tzinfo=UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


def holding(store: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(store)], stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'okrsync.db'}")) as opened:
        yield opened


def test_the_loser_is_told_who_holds_the_lock_and_ends_with_75(store: Store, tmp_path: Path) -> None:
    process = holding(tmp_path / "okrsync.db")
    try:
        with pytest.raises(LockHeldError) as told, store.lock("web", NOW):
            pytest.fail("two hold it")
        assert told.value.exit_code == 75
        assert f"process {process.pid} on " in str(told.value)
        assert "since 2026-11-20 06:00 UTC is reading it; try again when it is done" in str(told.value)
        with store.lock("product", NOW):
            pass  # another source is free
    finally:
        process.kill()
        process.communicate()


def test_kill_9_frees_the_lock(store: Store, tmp_path: Path) -> None:
    process = holding(tmp_path / "okrsync.db")
    process.kill()
    process.communicate()
    with store.lock("web", NOW):
        assert (tmp_path / "okrsync.db.web.holder").is_file()
    assert not (tmp_path / "okrsync.db.web.holder").exists()


def test_an_error_inside_frees_the_lock(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.lock("web", NOW):
        raise ZeroDivisionError
    with store.lock("web", NOW):
        pass


def test_a_holder_that_left_no_note_is_another_process(store: Store, tmp_path: Path) -> None:
    process = holding(tmp_path / "okrsync.db")
    try:
        (tmp_path / "okrsync.db.web.holder").write_text("{", encoding="utf-8")
        with pytest.raises(LockHeldError, match="another process is reading it"), store.lock("web", NOW):
            pytest.fail("two hold it")
    finally:
        process.kill()
        process.communicate()
