"""``sync``: the scheduled job."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from okrsync.cli.output import console, print_json, project_options
from okrsync.cli.progress import SyncProgress
from okrsync.jobs.artifacts import write_outcomes
from okrsync.jobs.sync_all import RunSummary, SyncResult, sync_all
from okrsync.jobs.workspace import Workspace, chosen_cycles, open_workspace, report_inputs
from okrsync.plugins.discovery import broken_plugins
from okrsync.reports.outcomes import OutcomesReport, build_outcomes
from okrsync.reports.render.terminal import print_outcomes


@click.command()
@project_options
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder of the reports [default: reports/]"
)
@click.option("--quiet", is_flag=True, help="Print no report, only what was read.")
def sync(config: Path, as_of: date | None, output: str, out: Path | None, quiet: bool) -> int:
    """
    Read the trackers and metrics, and report.

    Asks each tracker only for what changed since the last time, links it, reads the metrics, and writes the outcomes
    report as Markdown and JSON. A source that fails stops no other.
    """
    for broken in broken_plugins():
        click.echo(f"okrsync: {broken}; what does not need it goes on", err=True)
    with open_workspace(config, as_of) as workspace:
        result, report, paths = run_sync(workspace, out)
        if output == "json":
            print_json(sync_document(result, paths))
        else:
            tell_runs(result)
            if not quiet and paths:
                print_outcomes(report, console())
            for path in paths:
                click.echo(f"wrote {path}", err=True)
        return result.exit_code


def run_sync(workspace: Workspace, out: Path | None = None) -> tuple[SyncResult, OutcomesReport, list[Path]]:
    """Sync *workspace* and write its reports."""
    with SyncProgress() as progress:
        result = sync_all(workspace, progress)
    report = build_outcomes(report_inputs(workspace), chosen_cycles(workspace, None))
    if all(source.age_days is None for source in report.sources):
        return result, report, []  # nothing was ever read: a report would show zeros that nobody counted
    return result, report, write_outcomes(report, out or workspace.project.folder / "reports")


def tell_runs(result: SyncResult) -> None:
    """What was read of each source, and every problem, on stderr."""
    for summary in result.runs:
        run = summary.run
        if run.status == "failed":
            click.echo(f"{run.source}: failed, nothing was read", err=True)
        else:
            requests = sum(summary.requests_by.values())
            click.echo(
                f"{run.source}: {run.status}, {run.saved.seen:,} items read ({run.saved.new:,} new, "
                f"{run.saved.changed:,} changed) in {requests:,} request{'' if requests == 1 else 's'}",
                err=True,
            )
        if run.error:
            click.echo(f"okrsync: {run.error}", err=True)
        if run.buried:
            click.echo(f"okrsync: {run.buried:,} items could not be understood; see `okrsync status`", err=True)
    for metric, problems in result.metric_problems.items():
        click.echo(f"okrsync: metric {metric} was not read; its old observations are kept:", err=True)
        for problem in problems:
            click.echo(f"  {problem}", err=True)
    sys.stderr.flush()


def sync_document(result: SyncResult, paths: list[Path]) -> dict[str, Any]:
    """The sync as JSON."""
    return {
        "schema_version": 1,
        "exit_code": result.exit_code,
        "runs": [_run(summary) for summary in result.runs],
        "links": {"added": result.links_added, "ended": result.links_ended},
        "metrics": {
            "failed": {
                name: [str(problem) for problem in problems] for name, problems in result.metric_problems.items()
            }
        },
        "reports": [str(path) for path in paths],
    }


def _run(summary: RunSummary) -> dict[str, Any]:
    run = summary.run
    return {
        "source": run.source,
        "status": run.status,
        "requests": sum(summary.requests_by.values()),
        "requests_by": dict(summary.requests_by),
        "items_seen": run.saved.seen,
        "items_new": run.saved.new,
        "items_changed": run.saved.changed,
        "not_understood": run.buried,
        "error": None if run.error is None else {"kind": type(run.error).__name__, "message": str(run.error)},
    }
