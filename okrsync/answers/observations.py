"""The observations of metrics: stored ones, and check-ins as the ledger has them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from okrsync.answers.workspace import Workspace
from okrsync.metrics.collection import from_check_ins
from okrsync.model.ledger import Observation
from okrsync.model.okrs import KeyResult, Metric
from okrsync.plugins.metric_source import CHECK_IN

if TYPE_CHECKING:
    from okrsync.store.snapshot import Snapshot


def observed(
    workspace: Workspace, view: Snapshot, within: Collection[str] | None = None
) -> dict[str, list[Observation]]:
    """
    The observations of every metric by its id, ascending by day.

    *within*: without those that only other key results than these (qualified) are measured by.
    """
    metrics = workspace.project.okrs.metrics
    if within is not None:
        key_results = workspace.project.okrs.key_results
        wanted = {name for entry in key_results if entry.qualified_id in within for name in _metrics_of(entry)}
        others = {name for entry in key_results for name in _metrics_of(entry)} - wanted
        others -= {name for value in workspace.project.okrs.values for name in value.guardrails}
        metrics = tuple(metric for metric in metrics if metric.id not in others)
    stored = [metric.id for metric in metrics if metric.source_type != CHECK_IN]
    found = view.observations_of(stored, as_known=workspace.as_known)
    return {metric.id: found[metric.id] if metric.id in found else _told(workspace, metric) for metric in metrics}


def _metrics_of(entry: KeyResult) -> tuple[str, ...]:
    return (entry.metric, *entry.controls)


def observations_of(workspace: Workspace, metric: Metric, view: Snapshot) -> list[Observation]:
    """The latest value of each day; check-ins come from the ledger itself, so that they count at once."""
    if metric.source_type != CHECK_IN:
        return view.observations(metric.id, as_known=workspace.as_known)
    return _told(workspace, metric)


def _told(workspace: Workspace, metric: Metric) -> list[Observation]:
    project = workspace.project
    told = from_check_ins(metric, project.okrs, project.ledger.check_ins, project.settings.zone)
    return list({entry.day: entry for entry in told}.values())
