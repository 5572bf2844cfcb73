"""Everything that reports are made of, from one view of the store."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from okrsync.answers.observations import observed
from okrsync.answers.placement_cache import ReportScope, is_past, part_of
from okrsync.answers.workspace import Workspace, link_all
from okrsync.linking.placement import Placements, without_titles
from okrsync.reports.inputs import Freshness, ReportInputs, SourceState
from okrsync.store.records import RunRecord

if TYPE_CHECKING:
    from okrsync.store.snapshot import Snapshot


def report_inputs(workspace: Workspace, about: ReportScope | None, linking: Placements | None = None) -> ReportInputs:
    """
    Everything that reports are made of, from one view of the store.

    *linking*: where the caller has just placed every item as it is now. *about*: what the report goes into; nothing
    else is read where it need not be.
    """
    project = workspace.project
    with workspace.reading() as view:
        part = part_of(workspace, view, about) if linking is None and about is not None else None
        if part is not None:
            linking = part.linking
        elif linking is None or is_past(workspace, view):
            linking = link_all(workspace, view, as_of=workspace.now if workspace.is_pinned else None)
        if workspace.hides_titles:
            linking = without_titles(linking)
        observations = observed(workspace, view, None if part is None else part.within)
        freshness = load_freshness(workspace, view)
    return ReportInputs(
        okrs=project.okrs,
        linking=linking,
        observations=observations,
        sources=freshness.sources,
        budgets=[(entry.id, entry.budget) for entry in project.settings.work.exempt],
        failed_metrics=freshness.failed_metrics,
        zone=project.settings.zone,
        as_of=workspace.today,
        counted=None if part is None else part.stock,
        within=None if part is None else part.within,
    )


def load_freshness(workspace: Workspace, view: Snapshot) -> Freshness:
    """Return how each source's last sync ended, and the metrics whose last pull failed."""
    runs = view.last_runs()
    return Freshness(
        tuple(
            _source_state(source.name, runs.get(source.name), view.last_read(source.name), workspace.now)
            for source in workspace.project.sources
        ),
        tuple(name for name in view.failed_metrics() if name in workspace.project.okrs.metrics_by_id),
    )


def _source_state(name: str, run: RunRecord | None, read: datetime | None, now: datetime) -> SourceState:
    age = None if read is None else max(0, (now - read).days)
    return SourceState(name, "never read" if run is None else run.status, age, run.error if run else "")
