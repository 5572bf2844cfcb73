"""What the engine lends a plugin for one run: folder, clock, waiting, counting of requests, and what is asked of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from okrsync.plugins.rate_limit import Limiter

RequestPurpose = Literal["setup", "items", "history", "iterations", "census"]


class RequestCounter:
    """
    Counts every request that leaves, retries too, by what it was for.

    ``items`` are item lists; ``history`` is all that is asked beside them about the same items (events, branches).
    The counts are common to all threads; the purpose is each thread's own, and ``setup`` in a new one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[RequestPurpose] = Counter()
        self._current = _Purpose()

    @contextmanager
    def counted_as(self, purpose: RequestPurpose) -> Iterator[None]:
        """Count the requests that this thread makes inside as *purpose*."""
        before, self._current.purpose = self._current.purpose, purpose
        try:
            yield
        finally:
            self._current.purpose = before

    def add(self) -> None:
        """Count one request for the thread's current purpose."""
        purpose = self._current.purpose
        with self._lock:
            self._counts[purpose] += 1

    @property
    def by_purpose(self) -> dict[RequestPurpose, int]:
        """Requests by purpose; every purpose is there, most of them often 0."""
        with self._lock:
            return {purpose: self._counts[purpose] for purpose in get_args(RequestPurpose)}

    @property
    def total(self) -> int:
        """All requests."""
        with self._lock:
            return self._counts.total()


class _Purpose(threading.local):
    purpose: RequestPurpose = "setup"


@dataclass(frozen=True, slots=True)
class WorkMapping:
    """What the configuration's ``work`` section says about one source; part of what normalisation depends on."""

    dropped: tuple[str, ...] = ()
    """Further resolutions that mean *not delivered*, casefolded."""
    delivered_field: str = ""
    """Field that holds the date on which users got the item; empty: the tracker's own date."""
    delivered_on: str = ""
    """Empty: when the item was done; ``release`` or ``deployment``: when that followed."""
    environment: str = ""
    """Which deployments count."""
    size_field: str = ""
    size_label: str = ""
    """Prefix of labels that carry the size, for example ``size/``."""
    count_items: bool = False
    """Every item has size 1."""
    extra_fields: tuple[str, ...] = ()
    """Ids of fields that rules read."""
    body_words: tuple[str, ...] = ()
    """Words of the body lines (``word: value``) that are read, casefolded; all others are left alone."""


def utc_now() -> datetime:
    """The time of this machine, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Context:
    """
    What a connector is given beside its settings.

    *max_wait* is how many seconds a single wait that a tracker asks for may last; a longer one ends the source's
    run with RateLimitedError.
    *sleep* returns when the time is over, not before, or raises: after it, a tracker is asked again.
    """

    folder: Path
    mapping: WorkMapping = field(default_factory=WorkMapping)
    other_trackers: bool = False
    """Another source reads another tracker, so keys of that tracker may stand in branch names."""
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    max_wait: float = 300.0
    monotonic: Callable[[], float] = time.monotonic
    deadline: float | None = None
    """Seconds of *monotonic* after which no request is sent any more; ``None``: none."""
    limiter: Limiter = field(default_factory=Limiter)
    """What is known of the trackers' limits; one for all sources of a process."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What the connector wants to know again in later runs: plain JSON of its own, kept with the source's state."""
    requests: RequestCounter = field(default_factory=RequestCounter)
