"""
How many items a second pass from raw pages to stored, linked items; without a network in between.

Raw items are those of the recorded repository beside the checkout, or of the sandbox company many times over. Printed
with the machine's load: on a shared machine only ratios within one run mean something.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from okrsync.config.settings_file import Work
from okrsync.linking.placement import place_items
from okrsync.model.okrs import Okrs
from okrsync.model.work import Item, ItemEvent
from okrsync.plugins.connector import HISTORY, Connector, FieldMap, Page, Partition, RawItem, SourceSettings
from okrsync.plugins.context import Context, WorkMapping
from okrsync.plugins.secret import TokenReference
from okrsync.store.database import Store
from okrsync.store.records import Scope
from okrsync.sync.engine import SourceRun, sync_source
from okrsync_github import events, normalise
from okrsync_github.settings import GithubSettings

RECORDED = Path(__file__).parents[2] / "shared/data/github-hf-datasets/datasets-issues.zip"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
PAGE = 100


class Replay:
    """GitHub's connector with pages out of memory in place of requests; *history* comes with each item."""

    api_version: ClassVar[int] = 1
    version: ClassVar[str] = "1"
    Settings: ClassVar[type[SourceSettings]] = GithubSettings
    overlap_seconds: ClassVar[int] = 10**10  # every run sees everything again
    history_batch: ClassVar[int] = 200

    def __init__(self, raws: Sequence[RawItem], fields: FieldMap) -> None:
        self._fields = fields
        self._histories = {str(raw["id"]): raw[HISTORY] for raw in raws}
        self._pages = [
            tuple({name: value for name, value in raw.items() if name != HISTORY} for raw in raws[start : start + PAGE])
            for start in range(0, len(raws), PAGE)
        ]

    def discover(self) -> FieldMap:
        return self._fields

    def raw_depends_on(self, fields: FieldMap) -> Sequence[str]:
        return []

    def partitions(self) -> list[Partition]:
        return [Partition("acme/app")]

    def pages(self, partition: Partition, since: datetime | None, fields: FieldMap) -> Iterator[Page]:
        for page in self._pages:
            yield Page(page, normalise.updated_at(page[-1]), NOW)

    def history(self, partition: Partition, raws: Sequence[RawItem], fields: FieldMap) -> dict[str, Any]:
        return {str(raw["id"]): self._histories[str(raw["id"])] for raw in raws}

    def normalise(self, raw: RawItem, fields: FieldMap) -> Item:
        return normalise.normalise(raw, fields)

    def normalise_history(self, raw: RawItem, fields: FieldMap) -> Sequence[ItemEvent]:
        return events.normalise_history(raw, fields)


def recorded(copies: int, events: int) -> list[RawItem]:
    """The recorded items as the connector keeps them, *copies* times under other ids, ascending by update."""
    with zipfile.ZipFile(RECORDED) as archive, archive.open("datasets-issues.jsonl") as lines:
        found = [json.loads(line) for line in lines]
    kept = [
        normalise.without_extras({"repository_url": "https://api.github.com/repos/acme/app", "node_id": "N", **raw})
        for raw in found
        if "id" in raw or raw.setdefault("id", raw["number"])
    ]
    copied = [
        raw | {"id": raw["id"] * 1000 + copy, HISTORY: {"events": events_of(raw, events)}}
        for copy in range(copies)
        for raw in kept
    ]
    return sorted(copied, key=lambda raw: (raw["updated_at"], raw["id"]))


def events_of(raw: RawItem, count: int) -> list[dict[str, str]]:
    """*count* events, as the recorded list does not carry them; the last is the closing, where it is closed."""
    start = datetime.fromisoformat(raw["created_at"])
    labels = [
        {"id": f"L{number}", "kind": "labeled", "at": (start + timedelta(hours=number)).isoformat(), "label": "x"}
        for number in range(count - 1)
    ]
    closed = raw.get("closed_at")
    ending = [{"id": "C", "kind": "closed", "at": closed, "reason": "completed"}] if closed and count else []
    return labels + ending


def timed(action: Callable[[], Any]) -> tuple[float, float, Any]:
    """Wall seconds, CPU seconds and what *action* returned."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = action()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def synced(store: Store, tracker: Replay) -> SourceRun:
    settings = GithubSettings(
        name="app", connector="github", token=TokenReference(env="UNUSED"), repositories=["acme/app"]
    )

    def made(_settings: SourceSettings, _context: Context) -> Connector:
        return tracker

    run = sync_source(store, settings, made, Context(folder=Path()), now=NOW, progress=lambda *_: None)
    if run.error:
        raise SystemExit(str(run.error))
    return run


def linked(store: Store) -> int:
    with store.read() as view:
        items = list(view.items([Scope("app")]))
    placed = place_items(items, Okrs(), Work(), (), today=NOW.date(), zone=ZoneInfo("UTC"))
    return len(placed.placements)


def main() -> None:
    """Print items a second for a first sync, an unchanged one, and one from stored raws."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--events", type=int, default=6, help="History entries of each item.")
    parser.add_argument("--store", default="", help="URL of another store than a file: postgresql://...")
    chosen = parser.parse_args()
    if not RECORDED.is_file():
        print("throughput: skipped, the recorded items (../shared) are not beside this checkout")
        return
    raws = recorded(chosen.copies, chosen.events)
    fields = FieldMap(source="app", mapping=WorkMapping(body_words=("kr", "expect")))
    gc.set_threshold(50_000, 50, 100)  # as the command line does
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(chosen.store or f"sqlite:///{folder}/okrsync.db")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rows = [("first sync", timed(lambda: synced(store, Replay(raws, fields))))]
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rows.append(("unchanged", timed(lambda: synced(store, Replay(raws, fields)))))
        changed = replace(fields, team="another")
        rows.append(("from stored raws", timed(lambda: synced(store, Replay([], changed)))))
        rows.append(("read and link", timed(lambda: linked(store))))
        store.close()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{len(raws):,} items with {chosen.events} events each, {store.kind}")
    for name, (wall, cpu, _) in rows:
        print(f"{name:18}{len(raws) / wall:10,.0f} items/s wall{len(raws) / cpu:10,.0f} items/s CPU")
    first, link = rows[0][1], rows[3][1]
    print(f"{'first and link':18}{len(raws) / (first[0] + link[0]):10,.0f} items/s wall")
    print(f"peak memory grew by {(after - before) / 1024:,.0f} MB in the first sync")


if __name__ == "__main__":
    main()
