"""``suggest``: key results for unlinked items, to be reviewed by a person."""

from __future__ import annotations

from dataclasses import replace

import click

from okrsync.answers.suggest import SuggestQuestion, check_is_new, write_suggestions
from okrsync.cli.output import cycle_option
from okrsync.cli.reporting import ReportOptions, deliver, report_options


@click.command()
@report_options
@cycle_option
@click.option("--limit", type=click.IntRange(min=1), help="At most this many, the surest first.")
@click.option("--min-score", type=click.FloatRange(0, 1), default=0.0, help="Only those that score at least this.")
def suggest(options: ReportOptions, cycle: str | None, limit: int | None, min_score: float) -> None:
    """
    Suggest key results for unlinked items; link nothing.

    Learned from the items that are linked already. Says what speaks for each suggestion, and how often such
    suggestions were right where the answer was known. With --out alone, the file is a list of links in CSV: review it,
    then: okrsync link --from FILE.
    """
    question = SuggestQuestion(cycle, min_score, limit)
    if options.out is None or options.output != "text":
        deliver(question, options)
        return
    check_is_new(options.out)
    report = deliver(question, replace(options, out=None)).report
    write_suggestions(report, options.out)
    click.echo(f"wrote {len(report.suggestions):,} suggestions to {options.out}", err=True)
