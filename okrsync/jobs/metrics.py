"""Reads metrics into the store, by hand or as a part of a sync, and tells how each of them stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from okrsync.answers.observations import observations_of
from okrsync.answers.workspace import Workspace, scopes
from okrsync.config.project import Project
from okrsync.errors import Problem, UsageError
from okrsync.metrics.collection import Reading, gather
from okrsync.model.history import ItemPast, past_of
from okrsync.model.okrs import Metric
from okrsync.model.work import Status
from okrsync.reports.metrics import MetricReport, MetricsReport, build_metric, build_metrics
from okrsync.store.failpoints import failpoint
from okrsync.store.snapshot import View


@dataclass(frozen=True, slots=True)
class Pulled:
    """One metric that was read: how many days it has, how many rows were added, or why it keeps what it had."""

    metric: str
    days: int
    added: int
    problems: tuple[Problem, ...] = ()


def chosen_metrics(project: Project, names: Collection[str]) -> list[Metric]:
    """
    The metrics called *names*, in file order; all of them without names.

    Raises:
        UsageError: there is none of that name.
    """
    known = project.okrs.metrics_by_id
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(known) or 'none'}"
            raise UsageError(f'no metric is called "{name[:80]}"; {hint}')
    return [metric for metric in project.okrs.metrics if not names or metric.id in names]


def pull_metrics(workspace: Workspace, names: Collection[str] = ()) -> list[Pulled]:
    """Read the metrics called *names* (all without names) into the store; one that fails keeps what it had."""
    project = workspace.project
    wanted = {metric.id for metric in chosen_metrics(project, names)}
    readings = gather(
        project.okrs,
        project.ledger.check_ins,
        root=project.folder,
        zone=project.settings.zone,
        now=workspace.now,
        items=lambda: _items(workspace),
        wanted=lambda metric: metric.id in wanted,
    )
    return [_saved(workspace, reading) for reading in readings]


def metrics_report(workspace: Workspace) -> MetricsReport:
    """How every metric stands, in file order."""
    with workspace.store.read() as view:
        failed = view.failed_metrics()
        return build_metrics(
            [
                build_metric(metric, observations_of(workspace, metric, view), failed, workspace.today)
                for metric in workspace.project.okrs.metrics
            ],
            workspace.today,
        )


def metric_report(workspace: Workspace, name: str) -> MetricReport:
    """
    How the metric called *name* stands, with its points.

    Raises:
        UsageError: there is none.
    """
    (metric,) = chosen_metrics(workspace.project, [name])
    with workspace.store.read() as view:
        known = observations_of(workspace, metric, view)
        return build_metric(metric, known, view.failed_metrics(), workspace.today, view.revisions(metric.id))


def _saved(workspace: Workspace, reading: Reading) -> Pulled:
    days = len({entry.day for entry in reading.observations})
    with workspace.store.write() as unit:
        unit.save_metric_state(reading.metric, [str(problem) for problem in reading.problems])
        if reading.problems:
            return Pulled(reading.metric, 0, 0, reading.problems)
        added = unit.save_observations(reading.metric, reading.observations, workspace.now, is_window=reading.is_window)
        failpoint("metric-written")
    return Pulled(reading.metric, days, added)


def _items(workspace: Workspace) -> Sequence[ItemPast]:
    with workspace.store.read() as view:
        return list(_pasts(workspace, view))


def _pasts(workspace: Workspace, view: View) -> Iterator[ItemPast]:
    items = list(view.items(scopes(workspace.project)))
    for source in dict.fromkeys(item.source for item in items):
        fields = view.fields(source)
        status_of = fields.status_of if fields else _no_status
        of_source = [item for item in items if item.source == source]
        events = view.events(source, [item.external_id for item in of_source])
        for item in of_source:
            yield past_of(item, events.get(item.external_id, ()), status_of)


def _no_status(_status_id: str, _resolution: str) -> Status | None:
    """What a source without a field map says of a status."""
    return None
