"""``outcomes``."""

from __future__ import annotations

from datetime import date

import click

from okrsync.answers.outcomes import OutcomesQuestion
from okrsync.cli.output import cycle_option
from okrsync.cli.reporting import ReportOptions, Since, deliver, report_options


@click.command()
@report_options
@cycle_option
@click.option("--since", type=Since(), help="A day, or last for the last sync [default: 14 days ago].")
def outcomes(options: ReportOptions, cycle: str | None, since: date | str | None) -> int:
    """
    Show what delivered work moved, and what has to be decided.

    With the checks that are still to come, where each key result stands, and what needs attention.
    Verdicts allow for trend, weekday and drift; before and after are means, and nothing more. Ends with exit code 5
    where a source was not read completely or within a day.
    """
    answer = deliver(OutcomesQuestion(cycle, since), options)
    return 0 if answer.report.is_complete else 5
