"""A tracker that changes at any moment while it is read: nothing is missed, whatever happens between two requests."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from okrsync.errors import UnreachableError
from okrsync.store.database import Store
from okrsync.store.tables import item, item_event, item_raw
from support.small_tracker import DOING, DONE, TODO, SmallConnector, SmallTracker, sync

SEEN: Counter[str] = Counter()
"""What the machines did; an interleaving is a change that came between two requests of one run."""
_CHANGES = ("edit", "edit", "edit", "edit", "add", "delete", "move", "transfer", "restrict", "repeat", "break")


class Wide(SmallConnector):
    """Takes several pages together, so that an item can be in one batch twice."""

    history_batch: ClassVar[int] = 7


class Moving(RuleBasedStateMachine):
    """A tracker of two partitions; changes wait, and happen at later requests, between the pages of a run."""

    walk: ClassVar[Any] = "keyset"

    @initialize(
        count=st.integers(4, 16),
        page_size=st.integers(1, 3),
        minutes=st.sampled_from([0, 1]),
        batch=st.sampled_from([SmallConnector, Wide]),
    )
    def begin(self, count: int, page_size: int, minutes: int, batch: type[SmallConnector]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="okrsync-moving-"))
        self.connector = batch
        self.tracker = SmallTracker(("a", "b"), page_size, self.walk, on_request=self.between, idle=timedelta(0))
        self.numbers = self.whole_reads = 0
        self.waiting: list[tuple[int, str, int, int]] = []
        for number in range(count):
            self.add(number, minutes)
        self.store = Store.open(f"sqlite:///{self.folder}/store.db")

    @rule(
        changes=st.lists(
            st.tuples(
                st.integers(0, 3),  # how many requests later than the one before
                st.sampled_from(_CHANGES),
                st.integers(0, 40),  # which item
                st.sampled_from([0, 0, 1, 3]),  # minutes since the change before
            ),
            min_size=1,
            max_size=8,
        ),
        mode=st.sampled_from(["", "", "", "census", "whole"]),
    )
    def run(self, changes: list[tuple[int, str, int, int]], mode: str) -> None:
        """One sync, with *changes* between its requests; it may break, and that is found out by the next."""
        self.tracker.clock += timedelta(seconds=2)  # no two runs are within one tick of the tracker's clock
        self.waiting = list(changes)
        self.whole_reads += mode == "whole"
        sync(
            self.store,
            self.tracker,
            connector=self.connector,
            census=mode == "census",
            allow_shrink=True,
            words=self.words,
        )
        SEEN["runs"] += 1
        for _, what, which, minutes in self.waiting:
            self.change(what, which, minutes)  # the run was over before
        self.waiting = []

    def teardown(self) -> None:
        """A clean sync with its census leaves what a fresh one of the same tracker finds."""
        if not hasattr(self, "store"):
            return
        try:
            fresh = Store.open(f"sqlite:///{self.folder}/fresh.db")
            for store in (self.store, fresh):
                for _ in range(2):  # what is hidden must be missing twice
                    self.tracker.clock += timedelta(seconds=2)
                    run = sync(
                        store, self.tracker, connector=self.connector, census=True, allow_shrink=True, words=self.words
                    )
                    assert run.error is None
            found, wanted = present(self.store), present(fresh)
            for what in wanted:
                assert found[what] == wanted[what], what
            fresh.close()
        finally:
            self.store.close()
            shutil.rmtree(self.folder)

    @property
    def words(self) -> list[str]:
        """What raw items depend on: another word makes the next run read everything, and no run behind it."""
        return [str(self.whole_reads)]

    def between(self, purpose: str, _partition: str) -> None:
        """The tracker's next request: whatever waits for it happens first."""
        while self.waiting and self.waiting[0][0] <= 0:
            _, what, which, minutes = self.waiting.pop(0)
            SEEN["interleavings"] += 1
            SEEN[f"{what} while {purpose} are read"] += 1
            if what == "break":
                raise UnreachableError("cut")
            self.change(what, which, minutes)
        if self.waiting:
            turns, next_what, next_which, next_minutes = self.waiting[0]
            self.waiting[0] = (turns - 1, next_what, next_which, next_minutes)

    def change(self, what: str, which: int, minutes: int) -> None:
        """Let one thing happen in the tracker."""
        tracker = self.tracker
        ids = sorted(tracker.raws, key=int)
        id_ = ids[which % len(ids)] if ids else ""
        if what == "add" or not id_:
            self.add(which, minutes)
        elif what in {"edit", "repeat", "break"}:
            for turn in range(2 if what == "repeat" else 1):
                status = {TODO: DOING, DOING: DONE, DONE: DOING}[tracker.raws[id_]["status"]]
                tracker.edit(id_, minutes=0 if turn else minutes, status=status, labels=[f"l{which % 3}"])
        elif what == "delete":
            tracker.delete(id_)
        elif what == "restrict":
            tracker.restricted.symmetric_difference_update({id_})
            tracker.edit(id_, minutes=max(1, minutes))
        else:
            self.numbers += 1
            other = "b" if tracker.raws[id_]["project"] == "a" else "a"
            new_id = str(self.numbers) if what == "transfer" else None
            if id_ in tracker.restricted:
                return
            tracker.move(id_, other, new_id, minutes=max(1, minutes))

    def add(self, which: int, minutes: int) -> None:
        """One more item in one of the partitions."""
        self.numbers += 1
        self.tracker.add(str(self.numbers), "ab"[which % 2], minutes=minutes)


class MovingByToken(Moving):
    """The same, read as Jira Cloud is: a token stands for a place in the list."""

    walk: ClassVar[Any] = "token"


def present(store: Store) -> dict[str, object]:
    """What counts of *store*: the items that are there, with their raw forms and events."""
    with store.read() as view:
        rows = [row for row in view.rows(item) if row.gone_ms is None]
        ids = {row.external_id for row in rows}
        raws = {row.external_id: view.raw("web", row.external_id) for row in view.rows(item_raw)}
        columns = [column.name for column in item_event.columns if column.name != "recorded_ms"]
        events = [tuple(getattr(row, name) for name in columns) for row in view.rows(item_event)]
        return {
            "items": {row.external_id: row.digest for row in rows},
            "raws": {id_: raw for id_, raw in raws.items() if id_ in ids},
            "events": sorted(entry for entry in events if entry[1] in ids),
            "letters": view.dead_letters(),
        }


@pytest.mark.long
@pytest.mark.parametrize("machine", [Moving, MovingByToken])
def test_nothing_is_missed_while_the_tracker_moves(machine: type[Moving]) -> None:
    run_state_machine_as_test(machine, settings=_settings(12, 5))


@pytest.mark.long
@pytest.mark.parametrize("machine", [Moving, MovingByToken])
def test_nothing_is_missed_in_many_thousand_interleavings(
    machine: type[Moving], capsys: pytest.CaptureFixture[str]
) -> None:
    SEEN.clear()
    run_state_machine_as_test(machine, settings=_settings(250, 12))
    with capsys.disabled():
        print(f"\n{machine.__name__}: {SEEN['interleavings']:,} interleavings in {SEEN['runs']:,} runs, 0 missed")  # noqa: T201
    assert SEEN["interleavings"] >= 5_000, "both walks together are to see 10,000"


def _settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
