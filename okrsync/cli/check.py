"""``check``: the verdicts on one key result or item, and the story behind them."""

from __future__ import annotations

import click

from okrsync.answers.check import CheckQuestion
from okrsync.cli.reporting import ReportOptions, deliver, report_options


@click.command()
@report_options
@click.argument("target", metavar="KEY|KR")
@click.option("--explain", is_flag=True, help="Tell how each verdict came about.")
def check(options: ReportOptions, target: str, explain: bool) -> None:
    """
    Show the verdicts on one key result or item.

    KR is a key result (KR1.1, 2026Q4/KR1.1), KEY a delivered item (PAY-12, owner/web#12). With --explain: the series,
    the points, what was clipped or masked, the models' weights, the candidates, the warnings, and what would settle it.
    """
    deliver(CheckQuestion(target, explain), options)
