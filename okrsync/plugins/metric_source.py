"""The seam for metrics: what reads a metric's observations from wherever they are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from okrsync.model.history import ItemPast
from okrsync.model.ledger import Observation

METRIC_GROUP = "okrsync.metrics"
CHECK_IN = "check_in"
"""The one source that is no plugin: people's check-ins in the ledger."""
UTC = ZoneInfo("UTC")
ITEMS = "items"
"""The source that counts the work itself: an output, unless the file says why it is an outcome."""


def no_items() -> Sequence[ItemPast]:
    """What a reading without a store knows of items: nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class MetricContext:
    """
    What a source is lent for one reading.

    *folder* is where relative paths start, *root* the folder they may not leave, *now* when this reading takes place
    (UTC), *zone* whose days the observations belong to. *items* gives all items that were synced, with their past; it
    is asked only by who needs them.
    """

    folder: Path
    root: Path
    now: datetime
    zone: ZoneInfo = UTC
    items: Callable[[], Sequence[ItemPast]] = no_items


class MetricSource(Protocol):
    """
    Reads one metric; found through the entry-point group ``okrsync.metrics``.

    A class with a true attribute ``is_window`` tells of the last days or months only: what the store knows of the time
    before its first observation stays. What any other source no longer has is taken for withdrawn.
    """

    Settings: ClassVar[type[BaseModel]]

    def read(self, metric: str, settings: Mapping[str, Any], context: MetricContext) -> Sequence[Observation]:
        """
        All observations the source holds for *metric*, ascending by day; a missing day is not in them.

        Raises:
            MetricError: something could not be read; every place that could be found is in it.
            ConnectorError: a server could not be reached, or refused.
        """
        ...
