"""Reads metrics into the store, by hand or as a part of a sync, and tells how each of them stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from okrsync.answers.metrics import chosen_metrics
from okrsync.answers.workspace import Workspace, scopes
from okrsync.errors import Problem
from okrsync.metrics.collection import Reading, gather
from okrsync.model.history import ItemPast, past_of
from okrsync.model.work import Status
from okrsync.store.failpoints import failpoint
from okrsync.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Pulled:
    """One metric that was read: how many days it has, how many rows were added, or why it keeps what it had."""

    metric: str
    days: int
    added: int
    problems: tuple[Problem, ...] = ()


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


def _pasts(workspace: Workspace, view: Snapshot) -> Iterator[ItemPast]:
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
