"""Reads the metrics that are files of a project, to find what is wrong with them before a sync does."""

from __future__ import annotations

from okrsync.config.project import Project
from okrsync.metrics.collection import Reading, gather
from okrsync.plugins.context import utc_now


def read_files(project: Project) -> list[Reading]:
    """What the metrics that are files of the project hold now; nothing is stored, and no server or database asked."""
    return gather(
        project.okrs,
        project.ledger.check_ins,
        root=project.folder,
        zone=project.settings.zone,
        now=utc_now(),
        wanted=lambda metric: metric.source_type == "csv" and "path" in metric.source,
    )
