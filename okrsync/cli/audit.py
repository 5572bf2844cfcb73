"""``audit`` and ``retro``: what a cycle, or a sprint, believed, did, saw and decided."""

from __future__ import annotations

import click

from okrsync.answers.audit import AuditQuestion, RetroQuestion
from okrsync.cli.reporting import ReportOptions, deliver, report_options

_team_option = click.option("--team", default="", help="What this team delivered alone; no verdict changes.")


@click.command()
@report_options
@click.option("--cycle", help="One cycle's id [default: the last that ended, else the one that runs]")
@click.option("--kr", "key_result", default="", help="This key result alone; no verdict changes.")
@_team_option
def audit(options: ReportOptions, cycle: str | None, key_result: str, team: str) -> int:
    """
    Look back on a cycle: what was done, measured and decided.

    Scores, every delivery with its verdict, where the effort went, what was never checked, how good the expectations
    were, decisions, moved goalposts, and what to carry over. Ends with exit code 5 where a source or metric was not
    read completely, or is out of date.
    """
    answer = deliver(AuditQuestion(cycle, team, key_result), options)
    return 0 if answer.report.is_complete else 5


@click.command()
@report_options
@click.option("--sprint", required=True, metavar="ID|NAME|last", help="A sprint, milestone or project iteration.")
@_team_option
def retro(options: ReportOptions, sprint: str, team: str) -> int:
    """
    Look back on a sprint, and at the checks that came due in it.

    Opens with the checks that came due during the sprint, most often of work from sprints before. Ends with exit code 5
    where a source or metric was not read completely.
    """
    answer = deliver(RetroQuestion(sprint, team), options)
    return 0 if answer.report.is_complete else 5
