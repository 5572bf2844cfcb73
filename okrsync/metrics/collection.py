"""Reads every metric from its source; one that cannot be read never stops the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from okrsync.errors import ConnectorError, MetricError, PluginError, Problem
from okrsync.model.history import ItemPast
from okrsync.model.ledger import CheckIn, Observation
from okrsync.model.okrs import Metric, Okrs
from okrsync.plugins.discovery import load_metric_source
from okrsync.plugins.metric_source import CHECK_IN, MetricContext, no_items


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What one metric's source gave: its observations, or why there are none.

    *is_window*: nothing is said of the days before the first of them.
    """

    metric: str
    observations: tuple[Observation, ...]
    problems: tuple[Problem, ...] = ()
    is_window: bool = False


def gather(
    okrs: Okrs,
    check_ins: Sequence[CheckIn],
    *,
    root: Path,
    zone: ZoneInfo,
    now: datetime,
    items: Callable[[], Sequence[ItemPast]] = no_items,
    wanted: Callable[[Metric], bool] = lambda _metric: True,
) -> list[Reading]:
    """A reading for each metric that is *wanted*, in file order; *items* is asked at most once."""
    known = cache(items)
    return [
        _from_check_ins(metric, okrs, check_ins, zone)
        if metric.source_type == CHECK_IN
        else _read(metric, MetricContext(Path(metric.source_folder), root, now, zone, known))
        for metric in okrs.metrics
        if wanted(metric)
    ]


def _from_check_ins(metric: Metric, okrs: Okrs, check_ins: Sequence[CheckIn], zone: ZoneInfo) -> Reading:
    return Reading(metric.id, tuple(from_check_ins(metric, okrs, check_ins, zone)))


def _read(metric: Metric, context: MetricContext) -> Reading:
    try:
        source = load_metric_source(metric.source_type)()
        observations = tuple(source.read(metric.id, metric.source, context))
        problems = tuple(_out_of_bounds(metric, observations))
        return Reading(metric.id, observations, problems, bool(getattr(source, "is_window", False)))
    except MetricError as error:
        return Reading(metric.id, (), error.problems)
    except ConnectorError as error:
        problem = Problem(error.where or f"metric {metric.id}", 0, 0, error.what, error.next_step)
        return Reading(metric.id, (), (problem,))
    except PluginError as error:
        return _failed(metric, str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's bug must not take the other metrics down
        return _failed(metric, f"the metric source {metric.source_type} failed with {type(error).__name__}")


def _out_of_bounds(metric: Metric, observations: Sequence[Observation]) -> Iterator[Problem]:
    low, high = metric.bounds or (float("-inf"), float("inf"))
    for entry in observations:
        if not low <= entry.value <= high:
            message = f"{entry.value:g} on {entry.day} lies outside the bounds {low:g} to {high:g}"
            yield Problem(f"metric {metric.id}", 0, 0, message, "mend the value at its source, or the bounds")


def _failed(metric: Metric, reason: str) -> Reading:
    return Reading(metric.id, (), (Problem(f"metric {metric.id}", 0, 0, reason, "report this to its maintainer"),))


def from_check_ins(metric: Metric, okrs: Okrs, check_ins: Sequence[CheckIn], zone: ZoneInfo) -> list[Observation]:
    """Check-ins on the key results of *metric* as its observations, ascending by day and by when they were written."""
    served = {key_result.qualified_id for key_result in okrs.key_results if key_result.metric == metric.id}
    found = [
        Observation(
            metric.id, record.at.astimezone(zone).date(), record.value, record.recorded, f"check-in:{record.by}"
        )
        for record in check_ins
        if record.key_result in served
    ]
    return sorted(found, key=lambda observation: (observation.day, observation.recorded))
