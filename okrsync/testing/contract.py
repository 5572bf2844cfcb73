"""All parts of the contract in one class, to be subclassed by whoever writes a connector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from okrsync.plugins.connector import Connector
from okrsync.testing.bench import TOKEN_NAME, Bench
from okrsync.testing.capabilities import AsksLittle, TakesCensus, TellsHistory, TellsIterations
from okrsync.testing.error_handling import MeetsRefusals
from okrsync.testing.purity import LeavesPeopleOut, NormalisesPurely
from okrsync.testing.reading import ReadsPages
from okrsync.testing.site import ContractSite


class ConnectorContract(
    ReadsPages,
    MeetsRefusals,
    NormalisesPurely,
    LeavesPeopleOut,
    TellsHistory,
    TakesCensus,
    TellsIterations,
    AsksLittle,
):
    """
    The tests that every connector passes; a subclass is a pytest class, and its name starts with ``Test``.

    It sets *connector* to the class under test and defines :meth:`make_site`. What a connector cannot do (history,
    census, iterations) is skipped with a reason.
    """

    connector: ClassVar[type[Connector]]

    def make_site(self, page_size: int) -> ContractSite:
        """A site that is empty, and that sends at most *page_size* items a page."""
        raise NotImplementedError("define make_site(self, page_size) and return a ContractSite")

    @pytest.fixture
    def open_bench(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Callable[[int, Sequence[float]], Bench]]:
        """Serves a new site with an item for each number, its update so many minutes after the start."""
        opened: list[Bench] = []

        def make(page_size: int, minutes: Sequence[float]) -> Bench:
            site = self.make_site(page_size)
            monkeypatch.setenv(TOKEN_NAME, site.token)
            bench = Bench(self.connector, site, tmp_path)
            opened.append(bench)
            bench.server.start()
            bench.fill(minutes)
            return bench

        yield make
        for bench in reversed(opened):
            bench.server.stop()
            bench.site.close()
        broken = [error for bench in opened for error in bench.server.errors]
        if broken:
            pytest.fail(f"the ContractSite itself failed: {broken[0]!r}; mend its handle()")
