"""``outcomes``."""

from __future__ import annotations

from datetime import date

import click

from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.outcomes import about_outcomes, first_new_day, outcomes_report
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import chosen_cycles, open_workspace
from okrsync.cli.output import cycle_option
from okrsync.cli.reporting import ReportOptions, Since, deliver, report_options
from okrsync.reports.pages.outcomes_page import outcomes_page


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
    with open_workspace(
        options.config, options.as_of, options.as_known, hides_titles=options.hides_titles
    ) as workspace:
        cycles, new = chosen_cycles(workspace, cycle), first_new_day(workspace, since)
        inputs = report_inputs(workspace, about=about_outcomes(workspace, cycles, new))
        report = outcomes_report(workspace, with_outcomes(workspace, inputs, cycles), cycles, new)
    deliver(report, outcomes_page(report), options)
    return 0 if report.is_complete else 5
