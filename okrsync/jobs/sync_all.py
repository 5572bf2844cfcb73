"""The scheduled job: read every source, derive the links, read the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from okrsync.answers.workspace import Workspace
from okrsync.config.project import Project
from okrsync.errors import DeadlineError, Problem
from okrsync.jobs.cancellation import Cancellation
from okrsync.jobs.metrics import Pulled, pull_metrics
from okrsync.jobs.recording import keep_placements
from okrsync.linking.placement import Placements
from okrsync.plugins.connector import Connector, SourceSettings
from okrsync.plugins.context import Context, RequestPurpose
from okrsync.plugins.discovery import load_connector
from okrsync.plugins.rate_limit import Limiter
from okrsync.store.failpoints import failpoint
from okrsync.sync.engine import ProgressCallback, ReconciliationPolicy, SourceRun, sync_source

MAX_WAIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """
    How one sync runs.

    *max_wait* is how many seconds a single wait that a tracker asks for may last.
    """

    stopping: Cancellation
    max_wait: float = MAX_WAIT_SECONDS
    census: ReconciliationPolicy = field(default_factory=ReconciliationPolicy)


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One source's part of the sync, with its requests by purpose."""

    run: SourceRun
    requests_by: dict[RequestPurpose, int]


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What one sync did."""

    runs: tuple[RunSummary, ...]
    links_added: int
    links_ended: int
    metric_problems: dict[str, tuple[Problem, ...]]
    linking: Placements
    """Every item with its place, as the links were made from it."""

    @property
    def is_whole(self) -> bool:
        """Whether every source was read to its end, histories included."""
        return all(summary.run.error is None and not summary.run.history_due for summary in self.runs)

    @property
    def exit_code(self) -> int:
        """0 if everything was read; else as the architecture ranks it: 2, then 4 or 1 if nothing was, then 75, 5."""
        errors = [summary.run.error for summary in self.runs if summary.run.error]
        codes = {error.exit_code for error in errors}
        if 2 in codes:
            return 2
        if errors and all(summary.run.status == "failed" for summary in self.runs):
            return next((code for code in (4, 1, 75) if code in codes), 1)
        if 75 in codes:
            return 75
        return (
            5
            if errors
            or self.metric_problems
            or any(summary.run.buried or summary.run.history_due for summary in self.runs)
            else 0
        )


def sync_all(workspace: Workspace, progress: ProgressCallback, options: SyncOptions | None = None) -> SyncResult:
    """Read all sources and metrics into the store; a source or metric that fails stops no other."""
    project = workspace.project
    options = options or SyncOptions(Cancellation())
    # One for all sources: two of them may share a host and a token, and so a budget.
    limiter = Limiter()
    summaries = [_sync(workspace, source, progress, options, limiter) for source in project.sources]
    with workspace.store.write() as unit:
        for path, text in project.okr_texts.items():
            unit.save_okr_text(path, text, workspace.now)
        failpoint("okrs-written")
    linking, added, ended = keep_placements(workspace)
    return SyncResult(tuple(summaries), added, ended, _problems(pull_metrics(workspace)), linking)


def _problems(pulled: Sequence[Pulled]) -> dict[str, tuple[Problem, ...]]:
    return {entry.metric: entry.problems for entry in pulled if entry.problems}


def context_of(project: Project, source: SourceSettings, limiter: Limiter, max_wait: float) -> Context:
    """What the connector of *source* is lent."""
    return Context(
        folder=project.folder,
        mapping=project.work_mapping(source.name),
        other_trackers=any(other.connector != source.connector for other in project.sources),
        max_wait=max_wait,
        limiter=limiter,
    )


def _sync(
    workspace: Workspace, source: SourceSettings, progress: ProgressCallback, options: SyncOptions, limiter: Limiter
) -> RunSummary:
    context = options.stopping.equip(context_of(workspace.project, source, limiter, options.max_wait))
    if options.stopping.is_over:
        # Not on record: it was not tried.
        return RunSummary(SourceRun(source.name, error=DeadlineError()), context.requests.by_purpose)
    run = sync_source(
        workspace.store, source, connect, context, now=workspace.now, progress=progress, census=options.census
    )
    return RunSummary(run, context.requests.by_purpose)


def connect(settings: SourceSettings, context: Context) -> Connector:
    """
    The connector of a source.

    Raises:
        PluginError: it is not installed, or does not load.
        ConnectorError: it cannot reach its tracker.
    """
    return load_connector(settings.connector)(settings, context)
