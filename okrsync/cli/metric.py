"""``metric``: how metrics stand, and reading them now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from okrsync.answers.metrics import MetricQuestion, MetricsQuestion
from okrsync.answers.workspace import open_workspace
from okrsync.cli.output import print_json, project_options
from okrsync.cli.reporting import ReportOptions, deliver, report_options
from okrsync.jobs.metrics import Pulled, pull_metrics
from okrsync.model.plain import to_plain


@click.group()
def metric() -> None:
    """Look at metrics, and read them now."""


@metric.command("list")
@report_options
def list_(options: ReportOptions) -> None:
    """
    Show where each metric comes from, and how old it is.

    Stale is what is older than its max_age_days, or than two cadences.
    """
    deliver(MetricsQuestion(), options)


@metric.command()
@report_options
@click.argument("name", metavar="ID")
def show(options: ReportOptions, name: str) -> None:
    """
    Show one metric.

    Its definition, source and events, its last points, and how often a day's value was changed afterwards.
    """
    deliver(MetricQuestion(name), options)


@metric.command()
@project_options
@click.argument("names", metavar="[ID]...", nargs=-1)
def pull(config: Path, as_of: date | None, output: str, names: tuple[str, ...]) -> int:
    """
    Read metrics into the store now.

    All of them without an ID. One that cannot be read keeps what it had, stops no other, and ends with exit code 5.
    """
    with open_workspace(config, as_of) as workspace:
        pulled = pull_metrics(workspace, names)
    code = 5 if any(entry.problems for entry in pulled) else 0
    if output == "json":
        print_json({"schema_version": 1, "exit_code": code, "metrics": [_plain(entry) for entry in pulled]})
    else:
        _tell(pulled)
    return code


def _plain(entry: Pulled) -> dict[str, object]:
    return {**to_plain(entry), "problems": [str(problem) for problem in entry.problems]}


def _tell(pulled: Sequence[Pulled]) -> None:
    for entry in pulled:
        if entry.problems:
            click.echo(f"okrsync: metric {entry.metric} was not read; its old observations are kept:", err=True)
            for problem in entry.problems:
                click.echo(f"  {problem}", err=True)
        else:
            click.echo(f"{entry.metric}: {entry.days:,} days read, {entry.added:,} values new or changed")
