"""The contract notices what it is there for: each fault, put into a connector that has none, fails its test."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from okrsync.errors import ConnectorError
from okrsync.plugins.connector import FieldMap, Page, RawItem
from okrsync.sandbox.http import Response
from okrsync.testing import ConnectorContract, ContractSite
from okrsync.testing.bench import TOKEN_NAME, Bench
from okrsync.testing.site import NOW

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "okrsync_example"
MODULES = ("okrsync_example.connector", "okrsync_example.client", "okrsync_example.normalise", "test_contract")


class Example:
    """The example's modules, and its contract with another connector in place of its own."""

    def __init__(self) -> None:
        self.connector, self.client, self.normalise, self.contract = (importlib.import_module(m) for m in MODULES)

    def suite(self, connector: Any = None) -> ConnectorContract:
        suite: ConnectorContract = self.contract.TestPlainlist()
        if connector is not None:
            type.__setattr__(type(suite), "connector", connector)
        return suite


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[Example]:
    """The example, imported from where it lies and forgotten again."""
    for folder in (EXAMPLE, EXAMPLE / "tests"):
        monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Example()
    for name in [name for name in sys.modules if name.partition(".")[0] in {"okrsync_example", "tracker"}]:
        del sys.modules[name]
    sys.modules.pop("test_contract", None)


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Runs one test of a suite; returns what it says where it fails, empty where it passes."""
    opened: list[Bench] = []

    def run(suite: ConnectorContract, test: str, *arguments: Any, **named: Any) -> str:
        def open_bench(page_size: int, minutes: Sequence[float]) -> Bench:
            site: ContractSite = suite.make_site(page_size)
            monkeypatch.setenv(TOKEN_NAME, site.token)
            bench = Bench(suite.connector, site, tmp_path)
            bench.server.start()
            opened.append(bench)
            bench.fill(minutes)
            return bench

        try:
            getattr(suite, test)(open_bench, *arguments, **named)
        except pytest.fail.Exception as failure:
            return str(failure)
        return ""

    yield run
    for bench in opened:
        bench.server.stop()


def paged_by_number(module: ModuleType) -> Any:
    """Pages by offset alone, as most first attempts do."""

    class Connector(module.PlainlistConnector):  # type: ignore[misc, name-defined]
        def pages(self, partition: Any, since: Any, fields: FieldMap) -> Iterator[Page]:
            offset, more = 0, True
            while more:
                raws, more = self._client.tasks(partition.id, since, offset)
                offset += len(raws)
                if raws:
                    last = module.normalise.moment(raws[-1]["changed"])
                    kept = tuple(module.normalise.without_extras(raw) for raw in raws)
                    yield Page(kept, last, self._client.server_time)

    return Connector


def test_the_example_itself_has_none_of_these_faults(example: Example, check: Callable[..., str]) -> None:
    for test in ("test_since_is_inclusive", "test_raw_items_are_not_changed", "test_retry_after_is_obeyed"):
        assert check(example.suite(), test) == ""


def test_paging_by_number_is_noticed(example: Example, check: Callable[..., str]) -> None:
    suite = example.suite(paged_by_number(example.connector))
    told = [check(suite, "test_a_list_that_moves_while_it_is_read_loses_nothing", seed) for seed in range(12)]
    assert any("never by a page number" in text for text in told)
    assert "missing" in check(suite, "test_an_edit_while_pages_are_read_loses_nothing", 2)


def test_an_exclusive_since_is_noticed(
    example: Example, check: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = example.client.PlainlistClient.tasks

    def later(self: Any, project: str, since: Any, offset: int) -> Any:
        return real(self, project, None if since is None else since + timedelta(seconds=1), offset)

    monkeypatch.setattr(example.client.PlainlistClient, "tasks", later)
    assert "ask for >=, not >" in check(example.suite(), "test_since_is_inclusive")


def test_the_clock_of_this_machine_is_noticed(example: Example, check: Callable[..., str]) -> None:
    class Connector(example.connector.PlainlistConnector):  # type: ignore[misc, name-defined]
        def pages(self, *arguments: Any) -> Iterator[Page]:
            for page in super().pages(*arguments):
                yield replace(page, server_time=self._context.clock())

    told = check(example.suite(Connector), "test_server_time_is_the_trackers_clock")
    assert f"must be the tracker's Date ({NOW})" in told


def test_an_error_that_is_swallowed_is_noticed(example: Example, check: Callable[..., str]) -> None:
    class Connector(example.connector.PlainlistConnector):  # type: ignore[misc, name-defined]
        def pages(self, *arguments: Any) -> Iterator[Page]:
            try:
                yield from super().pages(*arguments)
            except ConnectorError:
                return

    suite = example.suite(Connector)
    assert "got no error at all" in check(suite, "test_a_later_page_that_is_no_answer_is_an_error", "nothing")
    assert "got no error at all" in check(suite, "test_a_tracker_that_is_not_there_is_unreachable")


def test_an_error_of_a_library_is_noticed(example: Example, check: Callable[..., str]) -> None:
    class Connector(example.connector.PlainlistConnector):  # type: ignore[misc, name-defined]
        def pages(self, *arguments: Any) -> Iterator[Page]:
            try:
                yield from super().pages(*arguments)
            except ConnectorError as error:
                raise OSError(str(error)) from error

    told = check(example.suite(Connector), "test_a_tracker_that_is_not_there_is_unreachable")
    assert "expected UnreachableError, got OSError" in told


def test_a_token_in_a_message_is_noticed(
    example: Example, check: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Connector(example.connector.PlainlistConnector):  # type: ignore[misc, name-defined]
        def pages(self, *arguments: Any) -> Iterator[Page]:
            try:
                yield from super().pages(*arguments)
            except ConnectorError as error:
                token = self._settings.token.resolve(self._context.folder).get_secret_value()
                raise type(error)(f"refused: {token}") from None

    told = check(example.suite(Connector), "test_a_refused_token_is_an_authentication_error", monkeypatch)
    assert "the token must not stand in the error" in told


def test_asking_on_with_a_refused_token_is_noticed(
    example: Example, check: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import requests  # noqa: PLC0415 - a connector that goes round the guarded transport

    class Connector(example.connector.PlainlistConnector):  # type: ignore[misc, name-defined]
        def pages(self, *arguments: Any) -> Iterator[Page]:
            for _ in range(5):
                requests.get(f"{self._settings.url}/me", headers={"Authorization": "Bearer wrong"}, timeout=5)
            yield from super().pages(*arguments)

    refuses = lambda self, request: Response(401, {"message": "no"})  # noqa: E731 - stands in for a method
    monkeypatch.setattr(example.contract.PlainlistSite, "handle", refuses)
    told = check(example.suite(Connector), "test_a_refused_token_is_an_authentication_error", monkeypatch)
    assert "requests followed the refusal" in told


@pytest.mark.parametrize("part", ["pages", "history"])
def test_a_person_is_noticed(
    example: Example, check: Callable[..., str], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    name = "without_extras" if part == "pages" else "reduced"
    monkeypatch.setattr(example.normalise, name, lambda raw: raw)
    told = check(example.suite(), "test_no_person_is_in_pages_history_or_items")
    assert told.startswith(f"{part} carry a person (canary-login-4711")


def faulty(example: Example, normalise: Callable[[RawItem, FieldMap], Any]) -> Any:
    class Connector(example.connector.PlainlistConnector):  # type: ignore[misc, name-defined]
        def normalise(self, raw: RawItem, fields: FieldMap) -> Any:
            return normalise(raw, fields)

    return Connector


def test_a_clock_in_normalise_is_noticed(example: Example, check: Callable[..., str]) -> None:
    def late(raw: RawItem, fields: FieldMap) -> Any:
        return replace(example.normalise.normalise(raw, fields), team=str(time.time())[:4])

    told = check(example.suite(faulty(example, late)), "test_normalising_asks_no_clock_and_does_no_io")
    assert told == "normalise called time: it may not ask a clock or do I/O"


def test_a_memory_in_normalise_is_noticed(example: Example, check: Callable[..., str]) -> None:
    seen: list[RawItem] = []

    def counting(raw: RawItem, fields: FieldMap) -> Any:
        seen.append(raw)
        return replace(example.normalise.normalise(raw, fields), team=str(len(seen)))

    told = check(example.suite(faulty(example, counting)), "test_the_same_raw_gives_the_same_item")
    assert "keep nothing between calls" in told


def test_a_raw_item_that_is_changed_is_noticed(example: Example, check: Callable[..., str]) -> None:
    def greedy(raw: Any, fields: FieldMap) -> Any:
        item = example.normalise.normalise(raw, fields)
        raw.pop("text", None)
        return item

    assert "must not change the raw item" in check(
        example.suite(faulty(example, greedy)), "test_raw_items_are_not_changed"
    )


def test_a_need_for_what_the_engine_takes_out_is_noticed(
    example: Example, check: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example.normalise, "_KEPT", (*example.normalise._KEPT, "watchers"))

    def needy(raw: RawItem, fields: FieldMap) -> Any:
        return replace(example.normalise.normalise(raw, fields), team=str(len(raw.get("watchers", ()))))

    told = check(example.suite(faulty(example, needy)), "test_what_the_engine_takes_out_is_not_needed")
    assert "rename it" in told


def test_keys_that_change_are_noticed(
    example: Example, check: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = example.normalise.reduced
    monkeypatch.setattr(
        example.normalise,
        "reduced",
        lambda changes: [change | {"id": f"{len(changes)}-{place}"} for place, change in enumerate(real(changes))],
    )
    example.contract.PlainlistSite.edit = lambda self, id_, title, at: self.tracker.move(id_, "doing", at, {})
    told = check(example.suite(), "test_the_same_change_has_the_same_key_whenever_it_is_read")
    assert "use the tracker's ids" in told


def test_a_census_that_is_not_whole_is_noticed(
    example: Example, check: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(self: Any, project: str) -> Any:
        return [raw["id"] for raw in self.tasks(project, None, 0)[0]], len(self.tasks(project, None, 0)[0])

    monkeypatch.setattr(example.client.PlainlistClient, "ids", short)
    told = check(example.suite(), "test_the_census_is_what_a_full_reading_finds")
    assert "must list the ids of a full reading" in told


def test_requests_that_are_not_counted_are_noticed(example: Example, check: Callable[..., str]) -> None:
    import requests  # noqa: PLC0415 - a connector that goes round the guarded transport

    class Connector(example.connector.PlainlistConnector):  # type: ignore[misc, name-defined]
        def discover(self) -> FieldMap:
            for _ in range(3):
                requests.get(f"{self._settings.url}/me", headers={"Authorization": "Bearer good"}, timeout=5)
            fields: FieldMap = super().discover()
            return fields

    suite = example.suite(Connector)
    assert "call context.requests.add()" in check(suite, "test_every_request_is_counted")
    assert "discover asked 3 times" in check(suite, "test_discovering_again_takes_two_requests_at_most")


def test_what_an_author_left_out_is_named(example: Example) -> None:
    with pytest.raises(NotImplementedError, match="needs a ContractSite with `delete`"):
        ContractSite.delete(example.suite().make_site(1), "1")
    with pytest.raises(NotImplementedError, match="make_site"):
        ConnectorContract().make_site(1)
