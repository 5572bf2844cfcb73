"""Clocks that stand still for a while, and seconds in which several things are written: order is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync import files
from okrsync.errors import DeadlineError, FileInUseError
from okrsync.formats.files import write_whole
from okrsync.jobs.cancellation import Cancellation
from okrsync.model.ledger import CheckIn, in_time_order, latest
from okrsync.plugins.context import Context
from support.other_systems import Hold
from support.running import Run

TICK = 0.015625
"""Seconds between two values of the clock of Windows."""
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def check_in(number: int, at: datetime = NOW, recorded: datetime = NOW) -> CheckIn:
    # An id says nothing of the order: it is drawn by lot.
    return CheckIn(f"c{(number * 7919) % 1000:03}", at, recorded, "role:team", "", "KR1.1", float(number), 0.5, "")


def work_lines(document: Any) -> Iterator[dict[str, Any]]:
    """Everything in *document* that tells of judged work and what was decided about it."""
    if isinstance(document, dict):
        if document.get("members") and "is_asking" in document:
            yield document
        document = list(document.values())
    for part in document if isinstance(document, list) else ():
        yield from work_lines(part)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=30))
def test_records_of_one_moment_stand_in_the_order_of_their_file(seconds: list[tuple[int, int]]) -> None:
    records = [
        check_in(number, NOW + timedelta(seconds=at), NOW + timedelta(seconds=recorded))
        for number, (at, recorded) in enumerate(seconds)
    ]

    found = [(record.at, record.recorded, record.value) for record in in_time_order(records)]

    assert found == sorted(found)
    last = latest(records)
    assert (last is None) == (not records)
    assert last is None or (last.at, last.recorded, last.value) == found[-1]


@pytest.mark.parametrize("choices", [("stop", "persevere"), ("persevere", "stop")])
@pytest.mark.parametrize("ids", [("d1", "d2"), ("d2", "d1")], ids="-".join)
def test_the_last_of_two_decisions_of_one_second_counts_in_every_report(
    okrsync: Run, project: Path, choices: tuple[str, str], ids: tuple[str, str]
) -> None:
    line = next(work_lines(okrsync("audit", "--cycle", "2026Q3", "--format", "json").json))
    key = line["members"][0]["key"]
    lines = [
        {"id": id_, "at": "2026-11-19T10:00:00Z", "recorded_at": "2026-11-19T10:00:00Z", "by": "role:team",
         "about": key, "choice": choice, "because": "said so"}
        for id_, choice in zip(ids, choices, strict=True)
    ]  # fmt: skip
    with (project / "ledger" / "decisions.jsonl").open("a", encoding="utf-8") as ledger:
        ledger.writelines(json.dumps(entry) + "\n" for entry in lines)

    after = work_lines(okrsync("audit", "--cycle", "2026Q3", "--format", "json").json)
    told = next(entry for entry in after if entry["members"][0]["key"] == key)
    assert told["decision"]["choice"] == choices[1]


@pytest.mark.usefixtures("project")
def test_the_last_of_two_check_ins_of_one_day_is_the_confidence_that_counts(okrsync: Run) -> None:
    for value, confidence in (("4.1", "0.3"), ("4.2", "0.8")):
        assert okrsync("checkin", "KR3.2", value, "--confidence", confidence).code == 0

    report = okrsync("progress", "--format", "json").json
    told = next(entry for entry in report["key_results"] if entry["id"].endswith("KR3.2"))
    assert told["confidence"] == 0.8


def test_a_deadline_is_kept_by_a_clock_that_moves_in_steps() -> None:
    now = 0.0
    stopping = Cancellation(1.0, lambda: now - now % TICK)
    stopping.equip(Context(Path()))

    moments = []
    while not stopping.is_over:
        moments.append(now)
        now += 0.001

    assert 1.0 - TICK <= moments[-1] <= 1.0 + TICK


def test_a_file_in_use_is_given_up_by_a_clock_that_moves_in_steps(
    tmp_path: Path, hold_open: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = write_whole(tmp_path / "report.md", "old")
    hold_open(report, None)
    clock = files.time.monotonic  # type: ignore[attr-defined]  # that of hold_open
    monkeypatch.setattr(files.time, "monotonic", lambda: clock() - clock() % TICK)  # type: ignore[attr-defined]  # same

    with pytest.raises(FileInUseError):
        write_whole(report, "new")

    assert clock() <= files.RETRY_SECONDS + 0.5


def test_a_run_that_is_told_to_end_while_it_waits_ends() -> None:
    stopping = Cancellation()
    stopping.stop()

    with pytest.raises(DeadlineError):
        stopping.equip(Context(Path())).sleep(60)
