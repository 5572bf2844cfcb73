"""What a sync keeps in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from okrsync.answers.workspace import link_all
from okrsync.errors import StoreError
from okrsync.store import backends
from okrsync.store.database import Store
from support.small_project import small_project, sync_here


def test_nothing_can_be_written_between_deriving_the_links_and_saving_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two syncs at once, one would end the links to items that the other has just stored."""
    monkeypatch.setattr(backends, "_BUSY_SECONDS", 0.05)
    refusals: list[str] = []
    derive = link_all

    def meddled_with(*arguments: Any, **options: Any) -> Any:
        linking = derive(*arguments, **options)
        other = Store(url)
        try:
            with other.write() as unit:
                unit.save_metric_state("other", [])
        except StoreError as error:
            refusals.append(str(error))
        finally:
            other.close()
        return linking

    monkeypatch.setattr("okrsync.jobs.recording.link_all", meddled_with)
    with small_project(tmp_path) as project:
        url = f"sqlite:///{tmp_path / 'store.db'}"
        assert sync_here(project.run_in(url)) == 0
    (refusal,) = refusals
    assert "another okrsync is writing" in refusal
