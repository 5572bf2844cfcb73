"""A connector at a site on loopback: runs as the engine makes them, and hands that reach between the two."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import pytest

from okrsync.errors import ConnectorError
from okrsync.model.work import Item
from okrsync.plugins.connector import HISTORY, Connector, FieldMap, HasHistory, Page, Partition, RawItem
from okrsync.plugins.context import Context
from okrsync.plugins.rate_limit import Limiter
from okrsync.sandbox.http import Handler, LoopbackServer, Request, Response
from okrsync.sync.cursor import advanced
from okrsync.sync.normalisation import RawRecord
from okrsync.testing.site import NOW, START, ContractSite, Draft, Person

SOURCE = "contract"
TOKEN_NAME = "OKRSYNC_CONTRACT_TOKEN"  # noqa: S105 - the name of a variable
_MOUNT = "tracker"
_WRONG_CLOCK = timedelta(hours=5)
_ENDLESS = 500

Interference: TypeAlias = Callable[[Request, Handler], Response]
"""Answers a request in place of the tracker; the second argument is the tracker."""


def require(holds: object, advice: str) -> None:
    """Fail the test with *advice*, which tells a connector's author what is expected, unless *holds*."""
    __tracebackhide__ = True
    if not holds:
        pytest.fail(advice)


@contextmanager
def refused(kind: type[ConnectorError], advice: str) -> Iterator[list[ConnectorError]]:
    """Require an error of *kind* inside, and put it into the list; *advice* says when to raise one."""
    __tracebackhide__ = True
    caught: list[ConnectorError] = []
    try:
        yield caught
    except kind as error:
        caught.append(error)
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, the author must learn which
        told = f"{type(error).__name__}: {error}"
    else:
        told = "no error at all"
    pytest.fail(f"{advice}; expected {kind.__name__}, got {told}")


def at(minutes: float) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=minutes)


@dataclass
class Run:
    """One run of the source: a connector with its context. *waits* are seconds that it was told to sleep."""

    connector: Connector
    context: Context
    settings: Any
    waits: list[float] = field(default_factory=list)
    _fields: FieldMap | None = None

    def discover(self) -> FieldMap:
        """What ``discover`` tells, asked once, and before anything else."""
        if self._fields is None:
            with self.context.requests.counted_as("setup"):
                self._fields = replace(self.connector.discover(), source=SOURCE)
        return self._fields

    @property
    def fields(self) -> FieldMap:
        """As ``discover``."""
        return self.discover()

    def again(self) -> Run:
        """The same run with another connector object."""
        return replace(self, connector=type(self.connector)(self.settings, self.context))

    @property
    def partition(self) -> Partition:
        """The one partition of the site."""
        found = list(self.connector.partitions())
        require(len(found) == 1, f"the settings of a ContractSite name one partition; partitions() gives {found}")
        return found[0]

    def pages(self, since: datetime | None = None) -> Iterator[Page]:
        """The pages of the partition, counted as the engine counts them."""
        fields, partition = self.fields, self.partition
        with self.context.requests.counted_as("items"):
            yield from self.connector.pages(partition, since, fields)

    def read(self, since: datetime | None = None) -> dict[str, RawItem]:
        """Raw items by id, the last one where one came twice."""
        return self.follow(since)[0]

    def follow(self, since: datetime | None = None, most: int | None = None) -> tuple[dict[str, RawItem], Any]:
        """Raw items by id of the first *most* pages (``None``: all), and the cursor behind them."""
        held: dict[str, RawItem] = {}
        cursor = since
        for number, page in enumerate(self.pages(since), 1):
            held.update((str(raw["id"]), raw) for raw in page.raws)
            cursor = advanced(cursor, page.last_updated, page.server_time)
            if number == most:
                break
        return held, cursor

    def items(self, raws: Mapping[str, RawItem]) -> dict[str, Item]:
        """Items by id, made of what the engine would keep of *raws*."""
        return {id_: self.connector.normalise(RawRecord.of(raw).raw, self.fields) for id_, raw in raws.items()}

    def read_items(self, since: datetime | None = None) -> dict[str, Item]:
        """Items by id, read now."""
        return self.items(self.read(since))

    def histories(self, raws: Iterable[RawItem], batch: int | None = None) -> dict[str, Any]:
        """Histories by id, asked for in parts of *batch* (``None``: as many as the connector takes)."""
        connector = self.connector
        if not isinstance(connector, HasHistory):
            pytest.skip("the connector has no history")
        asked = list(raws)
        found: dict[str, Any] = {}
        size = batch or connector.history_batch
        with self.context.requests.counted_as("history"):
            for start in range(0, len(asked), size):
                found.update(connector.history(self.partition, asked[start : start + size], self.fields))
        return found

    def with_history(self, raws: Mapping[str, RawItem]) -> dict[str, RawItem]:
        """*raws* as the store keeps them: each with its history, where the connector has any."""
        if not isinstance(self.connector, HasHistory):
            return dict(raws)
        found = self.histories(raws.values())
        return {id_: {**raw, HISTORY: found[id_]} if id_ in found else raw for id_, raw in raws.items()}


class Bench:
    """One site, served; *interference* reaches between connector and site while it is set."""

    def __init__(self, connector: type[Connector], site: ContractSite, folder: Path) -> None:
        self.site = site
        self.interference: Interference | None = None
        self.is_endless = False
        """More was asked in one test than any sane reading asks."""
        self.ids: list[str] = []
        self.person = Person()
        self._connector = connector
        self._folder = folder
        self._limit = _ENDLESS
        self._lock = threading.Lock()
        self.server = LoopbackServer({_MOUNT: self._handle}, clock=lambda: NOW)

    @property
    def url(self) -> str:
        """Where the tracker is served."""
        return f"{self.server.url}/{_MOUNT}"

    def fill(self, minutes: Sequence[float]) -> None:
        """Put one item there for each of *minutes*, the time of its update counted from the start."""
        for number, minute in enumerate(minutes, len(self.ids)):
            self.ids.append(self.site.add(Draft(f"Item {number}", at(minute), person=self.person)))

    def run(self, memory: Mapping[str, Any] | None = None, limiter: Limiter | None = None, **more: Any) -> Run:
        """
        A new run of the source; *memory* is what an earlier one left, *more* goes into its context.

        Nothing is waited for, and this machine's clock is hours off: only the tracker's own counts.
        """
        waits: list[float] = []
        given: dict[str, Any] = {"clock": lambda: NOW + _WRONG_CLOCK, "sleep": waits.append} | more
        context = Context(
            self._folder,
            memory=json.loads(json.dumps(dict(memory or {}))),
            limiter=limiter or Limiter(),
            **given,
        )
        settings = self._connector.Settings.model_validate(self.settings())
        return Run(self._connector(settings, context), context, settings, waits)

    def settings(self) -> dict[str, Any]:
        """The source as ``okrsync.yaml`` would have it."""
        basis = {"name": SOURCE, "connector": SOURCE, "token": {"env": TOKEN_NAME}}
        return basis | self.site.settings(self.url)

    def counted(self) -> int:
        """How many requests were answered so far."""
        return len(self.server.log)

    @contextmanager
    def interfered(self, interference: Interference) -> Iterator[None]:
        """Let *interference* answer inside."""
        self.interference = interference
        try:
            yield
        finally:
            self.interference = None

    def _handle(self, request: Request) -> Response:
        with self._lock:
            self._limit -= 1
            if self._limit < 0:
                self.is_endless = True
                return Response(410, {"message": "that is enough"})
        if self.interference is None:
            return self.site.handle(request)
        return self.interference(request, self.site.handle)


def real_sleep(waits: list[float]) -> Callable[[float], None]:
    """A sleep that is slept, and written down."""

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)

    return sleep


def lacks(ability: str) -> NoReturn:
    """Skip the test: the connector does not have *ability*."""
    pytest.skip(f"the connector does not have {ability}")
