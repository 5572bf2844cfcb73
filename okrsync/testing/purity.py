"""The part of the contract about ``normalise``: pure, so that stored raw items can be replayed without the tracker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import date, datetime
from types import FrameType
from typing import Any

import pytest

from okrsync.model.plain import canonical
from okrsync.model.work import Item, ItemEvent, Status
from okrsync.plugins.connector import HISTORY, HasHistory, RawItem
from okrsync.store.codec import fields_to_json
from okrsync.sync.normalisation import RawRecord
from okrsync.testing import subprocess_check
from okrsync.testing.bench import TOKEN_NAME, Bench, Run, at, require

OpenBench = Callable[..., Bench]

_CLOCKS = {"time", "time_ns", "monotonic", "localtime", "gmtime", "now", "utcnow", "today"}
_OUTSIDE = {"open", "connect", "getaddrinfo", "urandom", "getrandbits", "random"}


class NormalisesPurely:
    """What ``normalise`` and ``normalise_history`` promise."""

    def test_the_same_raw_gives_the_same_item(self, open_bench: OpenBench) -> None:
        """Twice, in another order, and by another object."""
        run, raws = _filled(open_bench)
        first = _meanings(run, raws)
        backwards = _meanings(run, dict(reversed(raws.items())))
        require(first == backwards, "normalise must depend on nothing but its arguments: keep nothing between calls")
        require(first == _meanings(run.again(), raws), "another connector object gives other items of the same raws")

    def test_another_process_gives_the_same_item(self, open_bench: OpenBench) -> None:
        """Where sets decide an order, the next process decides otherwise, and items seem to change every night."""
        run, raws = _filled(open_bench)
        here = subprocess_check.meanings(run.connector, list(raws.values()), run.fields)
        there = _in_another_process(run, raws)
        require(here == there, "another process gives other items of the same raws: sort what comes out of a set")

    def test_raw_items_are_not_changed(self, open_bench: OpenBench) -> None:
        """The store keeps what normalise was given."""
        run, raws = _filled(open_bench)
        before = deepcopy(raws)
        _meanings(run, raws)
        require(raws == before, "normalise and normalise_history must not change the raw item")

    def test_raw_items_survive_json(self, open_bench: OpenBench) -> None:
        """They are stored as JSON and normalised again from there."""
        run, raws = _filled(open_bench)
        stored = {id_: json.loads(json.dumps(raw)) for id_, raw in raws.items()}
        require(_meanings(run, raws) == _meanings(run, stored), "raw items must be plain JSON, with text as keys")

    def test_what_the_engine_takes_out_is_not_needed(self, open_bench: OpenBench) -> None:
        """The engine takes out what looks like a person before it stores a raw item."""
        run, raws = _filled(open_bench)
        stripped = {id_: RawRecord.of(raw).raw for id_, raw in raws.items()}
        require(
            _meanings(run, raws) == _meanings(run, stripped),
            "normalise reads a key that the engine takes for a person's; okrsync.sync.privacy lists them: rename it",
        )

    def test_normalising_asks_no_clock_and_does_no_io(self, open_bench: OpenBench) -> None:
        """An item must be the same next year."""
        run, raws = _filled(open_bench)
        _ = run.fields
        called: list[str] = []
        with _watched(called):
            _meanings(run, raws)
        require(not called, f"normalise called {', '.join(sorted(set(called)))}: it may not ask a clock or do I/O")

    def test_a_raw_item_of_another_shape_raises(self, open_bench: OpenBench) -> None:
        """It is then counted as not understood; an item made up of nothing would be worse."""
        run, _ = _filled(open_bench)
        for raw in ({}, {"id": "1"}, {"id": None, "fields": None}):
            with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
                run.connector.normalise(raw, run.fields)

    def test_a_finished_item_is_done(self, open_bench: OpenBench) -> None:
        """``ContractSite.finish`` and ``normalise`` mean the same by *done*."""
        run, raws = _filled(open_bench)
        done = [item for item in run.items(raws).values() if item.status is Status.DONE]
        require(len(done) == 1, f"one item was finished, and normalise finds {len(done)} with Status.DONE")


class LeavesPeopleOut:
    """No trace of a person leaves the connector, although the engine looks again."""

    def test_no_person_is_in_pages_history_or_items(self, open_bench: OpenBench) -> None:
        """Neither login nor name nor e-mail, be it in a field, a text or a history."""
        bench = open_bench(50, [10, 20])
        person = bench.person
        run = bench.run()
        raws = run.read()
        parts: dict[str, Any] = {"pages": raws, "memory": run.context.memory, "fields": run.fields}
        if isinstance(run.connector, HasHistory):
            bench.site.finish(bench.ids[0], at(100), person)
            parts["history"] = run.histories(run.read().values())
            parts["events"] = _meanings(run, run.with_history(run.read()))
        for part, value in parts.items():
            text = json.dumps(value, default=repr)
            found = [trace for trace in person.traces if trace.casefold() in text.casefold()]
            require(
                not found,
                f"{part} carry a person ({', '.join(found)}): ask for the fields that you read and for no other, and "
                "pass texts through okrsync.plugins.text.without_people",
            )


def _filled(open_bench: OpenBench) -> tuple[Run, dict[str, RawItem]]:
    """A run with raw items and their histories, one of them finished."""
    bench = open_bench(50, [30, 10, 20])
    bench.site.finish(bench.ids[1], at(100), bench.person)
    bench.site.edit(bench.ids[2], "Edited", at(110))
    run = bench.run()
    return run, run.with_history(run.read())


def _meanings(run: Run, raws: Mapping[str, RawItem]) -> dict[str, tuple[Item, tuple[ItemEvent, ...]]]:
    connector, found = run.connector, {}
    for id_, raw in raws.items():
        item = connector.normalise(raw, run.fields)
        events: tuple[ItemEvent, ...] = ()
        if isinstance(connector, HasHistory) and HISTORY in raw:
            events = tuple(connector.normalise_history(raw, run.fields))
        found[id_] = item, events
    return found


def _in_another_process(run: Run, raws: Mapping[str, RawItem]) -> list[list[str]]:
    kind = type(run.connector)
    if "<locals>" in kind.__qualname__ or kind.__module__ == "__main__":
        pytest.skip("the connector's class lies inside a function, where no other process finds it")
    asked = {
        "module": kind.__module__,
        "name": kind.__qualname__,
        "settings": run.settings.model_dump(mode="json", exclude_unset=True),
        "fields": fields_to_json(run.fields),
        "raws": list(raws.values()),
    }
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONHASHSEED": "4711" if os.environ.get("PYTHONHASHSEED") != "4711" else "1147",
        TOKEN_NAME: os.environ[TOKEN_NAME],
    }
    done = subprocess.run(  # noqa: S603 - this interpreter, with a module of this package
        [sys.executable, "-c", f"from {subprocess_check.__name__} import main; main()"],
        input=canonical(asked),
        capture_output=True,
        env=environment,
        check=False,
        timeout=120,
    )
    require(done.returncode == 0, f"normalising in another process failed: {done.stderr.decode()[-2000:]}")
    there: list[list[str]] = json.loads(done.stdout)
    return there


@contextmanager
def _watched(called: list[str]) -> Iterator[None]:
    """Write down into *called* what this thread calls of clocks, files, sockets and dice."""

    def note(_: FrameType, event: str, function: Any) -> None:
        if event != "c_call":
            return
        name = getattr(function, "__name__", "")
        owner = getattr(function, "__self__", None)
        is_of_a_clock = owner is time or (isinstance(owner, type) and issubclass(owner, date | datetime))
        if name in _OUTSIDE or (name in _CLOCKS and is_of_a_clock):
            called.append(name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
