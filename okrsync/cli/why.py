"""``why``."""

from __future__ import annotations

import click

from okrsync.answers.why import WhyQuestion
from okrsync.cli.reporting import ReportOptions, deliver, report_options


@click.command()
@report_options
@click.argument("key")
def why(options: ReportOptions, key: str) -> None:
    """
    Show why an item serves what it serves.

    Follows KEY (PAY-12, owner/web#12 or web#12) over its rule to key result, objective and value.
    """
    deliver(WhyQuestion(key), options)
