"""The scheduled run: read, place, judge, put on record, report."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from okrsync.answers.outcomes import day_of_last_sync, outcomes_report
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, chosen_cycles
from okrsync.formats.as_json import report_document
from okrsync.formats.files import write_whole
from okrsync.formats.markdown import render_page
from okrsync.jobs.recording import RecordCounts, recorded_outcomes
from okrsync.jobs.sync_all import SyncOptions, SyncResult, sync_all
from okrsync.model.plain import dumped
from okrsync.reports.outcomes.report import News, OutcomesReport, news_since
from okrsync.reports.pages.outcomes_page import outcomes_page
from okrsync.store.records import SaveCounts
from okrsync.sync.engine import ProgressCallback


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one run has read, reported, put on record, and where the reports are; none where nothing was ever read."""

    result: SyncResult
    report: OutcomesReport
    recorded: RecordCounts
    paths: tuple[Path, ...]
    news: News | None
    """What came since the last sync; ``None`` before there was one."""


def run_sync(
    workspace: Workspace,
    options: SyncOptions | None = None,
    watching: AbstractContextManager[ProgressCallback] | None = None,
    out: Path | None = None,
) -> RunResult:
    """
    Read every source and metric, record what came due, and write the outcomes report.

    Args:
        workspace: the project, its store and its clock.
        options: limits of the run; by default, none but those of the trackers.
        watching: entered while sources are read; receives each stored page. By default nothing is shown.
        out: folder of the reports; ``None``: ``reports`` in the project's folder.
    """
    last = day_of_last_sync(workspace)
    with watching or nullcontext(_ignore) as progress:
        result = sync_all(workspace, progress, options)
    inputs = report_inputs(workspace, None, result.linking)
    judged, recorded = recorded_outcomes(workspace, inputs, is_whole=result.is_whole)
    report = outcomes_report(workspace, judged, chosen_cycles(workspace, None))
    news = None if last is None else news_since(report, last)
    if all(source.age_days is None for source in report.sources):
        return RunResult(result, report, recorded, (), None)  # a report would show zeros that nobody counted
    paths = write_outcomes(report, out or workspace.project.folder / "reports")
    return RunResult(result, report, recorded, tuple(paths), news)


def _ignore(source: str, partition: str, saved: SaveCounts) -> None:
    """Show nothing."""


def write_outcomes(report: OutcomesReport, folder: Path) -> list[Path]:
    """
    Write the outcomes report as Markdown and JSON into *folder*, and return their paths.

    Raises:
        OkrsyncError: they cannot be written; what was there before stays.
    """
    texts = {
        "outcomes.md": render_page(outcomes_page(report)),
        "outcomes.json": dumped(report_document("outcomes", report)),
    }
    return [write_whole(folder / name, text) for name, text in texts.items()]
