"""``sync``: the scheduled job."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okrsync.answers.workspace import Workspace, open_workspace
from okrsync.cli.output import Duration, console, print_json, project_options
from okrsync.cli.progress_bar import SyncProgress
from okrsync.cli.signals import stopped_by_signals
from okrsync.formats.text import print_page
from okrsync.jobs.cancellation import Cancellation
from okrsync.jobs.run import RunResult, run_sync
from okrsync.jobs.sync_all import MAX_WAIT_SECONDS, RunSummary, SyncOptions
from okrsync.model.plain import to_plain
from okrsync.plugins.discovery import broken_plugins
from okrsync.reports.outcomes.report import News
from okrsync.reports.pages.outcomes_page import outcomes_page
from okrsync.reports.words.formatting import short_day
from okrsync.sync.engine import ProgressCallback, ReconciliationPolicy

if TYPE_CHECKING:
    from okrsync.web.site import Site


@click.command()
@project_options
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder of the reports [default: reports/]"
)
@click.option("--site", type=click.Path(path_type=Path), help="Write all reports as linked pages into this folder too.")
@click.option("--quiet", is_flag=True, help="Print no report, only what was read.")
@click.option("--deadline", type=Duration(), help="End after this time and keep what was read, e.g. 20m.")
@click.option(
    "--max-wait",
    type=Duration(),
    default=MAX_WAIT_SECONDS,
    show_default="5m",
    help="Longest single wait that a tracker may ask for; beyond it the run ends and says when to go on.",
)
@click.option("--census", is_flag=True, help="Compare with the complete lists now, to find what was deleted.")
@click.option("--allow-shrink", is_flag=True, help="Let more than 5 % of a project or repository be gone at once.")
def sync(
    config: Path,
    as_of: date | None,
    output: str,
    out: Path | None,
    site: Path | None,
    quiet: bool,
    deadline: float | None,
    max_wait: float,
    census: bool,
    allow_shrink: bool,
) -> int:
    """
    Read the trackers and metrics, and report.

    Asks each tracker only for what changed since the last time, links it, reads the metrics, and writes the outcomes
    report as Markdown and JSON. A source that fails stops no other. SIGTERM or Ctrl-C ends it behind the page that it
    is at; what was read by then stays.
    """
    options = SyncOptions(Cancellation(deadline), max_wait, ReconciliationPolicy(census or allow_shrink, allow_shrink))
    for broken in broken_plugins():
        click.echo(f"okrsync: {broken}; what does not need it goes on", err=True)
    with open_workspace(config, as_of) as workspace:
        done = run_sync(workspace, options, watch(options.stopping), out)
        # Where nothing was ever read there is nothing to show, as with the reports.
        made = _site(workspace, site) if site is not None and done.paths else None
        if output == "json":
            print_json(sync_document(done, made))
        else:
            tell_runs(done)
            if not quiet and done.paths:
                print_page(outcomes_page(done.report), console())
            for path in done.paths:
                click.echo(f"wrote {path}", err=True)
        return done.result.exit_code or (5 if made is not None and made.failed else 0)


def _site(workspace: Workspace, folder: Path) -> Site:
    # Imported here: most syncs write none.
    from okrsync.cli.site import tell_site  # noqa: PLC0415
    from okrsync.web.site import write_site  # noqa: PLC0415

    made = write_site(workspace, folder)
    tell_site(made)
    return made


@contextmanager
def watch(stopping: Cancellation) -> Iterator[ProgressCallback]:
    """Show progress on stderr, and let signals end the run in good order, for as long as the block runs."""
    with stopped_by_signals(stopping), SyncProgress() as progress:
        yield progress


def tell_runs(done: RunResult) -> None:
    """What was read of each source, and every problem, on stderr."""
    for summary in done.result.runs:
        run = summary.run
        if run.status == "failed":
            click.echo(f"{run.source}: failed, nothing was read", err=True)
        else:
            requests = sum(summary.requests_by.values())
            click.echo(
                f"{run.source}: {run.status}, {run.saved.seen:,} items read ({run.saved.new:,} new, "
                f"{run.saved.changed:,} changed{f', {run.gone:,} gone' if run.gone else ''}) in {requests:,} "
                f"request{'' if requests == 1 else 's'}",
                err=True,
            )
        if run.error:
            click.echo(f"okrsync: {run.error}", err=True)
        if run.buried:
            click.echo(f"okrsync: {run.buried:,} items could not be understood; see `okrsync status`", err=True)
        if run.history_due:
            click.echo(
                f"okrsync: the history of {run.history_due:,} items could not be read; the next sync tries again",
                err=True,
            )
    for metric, problems in done.result.metric_problems.items():
        click.echo(f"okrsync: metric {metric} was not read; its old observations are kept:", err=True)
        for problem in problems:
            click.echo(f"  {problem}", err=True)
    if done.news is not None and not done.news.is_nothing:
        click.echo(words_of_news(done.news), err=True)
    if waiting := done.recorded.waiting:
        click.echo(
            f"okrsync: {waiting:,} {'verdict has' if waiting == 1 else 'verdicts have'} come due and "
            f"{'waits' if waiting == 1 else 'wait'} for a sync that reads every source and metric",
            err=True,
        )
    sys.stderr.flush()


def words_of_news(news: News) -> str:
    """``since the last sync (19 Nov): 3 items delivered, 1 check came due``."""
    delivered = f"{news.delivered:,} item{'' if news.delivered == 1 else 's'} delivered"
    due = f"{news.due:,} check{'' if news.due == 1 else 's'} came due"
    return f"since the last sync ({short_day(news.since)}): {delivered}, {due}"


def sync_document(done: RunResult, made: Site | None = None) -> dict[str, Any]:
    """The sync as JSON; *made*: the site that was written after it."""
    result = done.result
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
        "verdicts": {"recorded": done.recorded.put, "waiting": done.recorded.waiting},
        "since_last_sync": to_plain(done.news),
        "reports": [str(path) for path in done.paths],
        "site": None if made is None else {"pages": list(map(str, made.paths)), "failed": list(made.failed)},
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
        "items_gone": run.gone,
        "history_due": run.history_due,
        "resume_at": None if run.resume is None else run.resume.isoformat(),
        "not_understood": run.buried,
        "error": None if run.error is None else {"kind": type(run.error).__name__, "message": str(run.error)},
    }
