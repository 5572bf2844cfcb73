"""``progress``, ``values``, ``stoplist`` and ``changes``: how key results stand, and how they were changed."""

from __future__ import annotations

import click

from okrsync.answers.changes import ChangesQuestion
from okrsync.answers.progress import ProgressQuestion
from okrsync.answers.stoplist import StoplistQuestion
from okrsync.answers.values import ValuesQuestion
from okrsync.cli.output import cycle_option
from okrsync.cli.reporting import ReportOptions, deliver, report_options


@click.command()
@report_options
@cycle_option
def progress(options: ReportOptions, cycle: str | None) -> None:
    """
    Show how key results stand: progress, pace and forecast.

    By their metrics alone, never by closed tickets. Says too from when a delivery today could be judged, and how small
    an effect could be seen.
    """
    deliver(ProgressQuestion(cycle), options)


@click.command()
@report_options
@cycle_option
def values(options: ReportOptions, cycle: str | None) -> None:
    """
    Show what serves which value, and what breaks it.

    Objectives and why they serve it, delivered work and its verdicts, guardrails and their limits, and wins that came
    at a value's expense.
    """
    deliver(ValuesQuestion(cycle), options)


@click.command()
@report_options
@click.argument("name", metavar="[KR|METRIC|CYCLE]", default="")
def changes(options: ReportOptions, name: str) -> None:
    """
    Show how the goals themselves were changed.

    Every target, baseline, date or definition that changed in the OKR files from one sync to the next, with the reason:
    the decision about it (okrsync decide) within a week.
    """
    deliver(ChangesQuestion(name), options)


@click.command()
@report_options
@cycle_option
def stoplist(options: ReportOptions, cycle: str | None) -> None:
    """
    Show open work whose delivered siblings did not move it.

    With what was spent and is still planned, the last decision, and the rules by which it is listed. It stops nothing
    by itself: see okrsync decide.
    """
    deliver(StoplistQuestion(cycle), options)
