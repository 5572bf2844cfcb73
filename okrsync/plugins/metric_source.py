"""The seam for metrics: what reads a metric's observations from wherever they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from okrsync.model.ledger import Observation

METRIC_GROUP = "okrsync.metrics"
CHECK_IN = "check_in"
"""The one source that is no plugin: people's check-ins in the ledger."""


@dataclass(frozen=True, slots=True)
class MetricContext:
    """Where relative paths start, which folder they may not leave, and when this reading takes place (UTC)."""

    folder: Path
    root: Path
    now: datetime


class MetricSource(Protocol):
    """Reads one metric; found through the entry-point group ``okrsync.metrics``."""

    Settings: ClassVar[type[BaseModel]]

    def read(self, metric: str, settings: Mapping[str, Any], context: MetricContext) -> Sequence[Observation]:
        """
        All observations the source holds for *metric*, ascending by day; a missing day is not in them.

        Raises:
            MetricError: something could not be read; every place that could be found is in it.
        """
        ...
