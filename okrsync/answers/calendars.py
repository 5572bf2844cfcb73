"""The sprints, milestones and iterations of the store, with the work that is in them."""

from __future__ import annotations

from collections.abc import Sequence

from okrsync.answers.workspace import Workspace, scopes
from okrsync.model.placements import Placement
from okrsync.reports.inputs import ReportInputs
from okrsync.reports.plan.iteration_series import Calendar, Place


def calendar_of(workspace: Workspace, inputs: ReportInputs) -> Calendar:
    """The sprints, milestones and iterations of the store, with the work of *inputs* that is in them."""
    return calendar_with(workspace, inputs.linking.placements, is_part=inputs.within is not None)


def calendar_with(workspace: Workspace, placements: Sequence[Placement], *, is_part: bool) -> Calendar:
    """The calendar with the work of *placements*, which are a part of the store or all of it."""
    projects: dict[Place, dict[str, int]] = {}
    with workspace.reading() as view:
        records = [record for source in workspace.project.sources for record in view.iterations(source.name)]
        for source, id_, project, count in view.work_in_iterations(scopes(workspace.project)) if is_part else ():
            projects.setdefault((source, id_), {})[project] = count
    zone, hides = workspace.project.settings.zone, workspace.hides_titles
    told = projects if is_part else None
    return Calendar(records, placements, workspace.now, zone, hides_names=hides, projects=told)
