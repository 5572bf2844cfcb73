"""``status``."""

from __future__ import annotations

import click

from okrsync.answers.status import StatusQuestion
from okrsync.cli.output import cycle_option
from okrsync.cli.reporting import ReportOptions, deliver, report_options


@click.command()
@report_options
@cycle_option
def status(options: ReportOptions, cycle: str | None) -> None:
    """
    Show what is known, and how work stands to key results.

    Counts all items that were read, the linked, exempt and unlinked ones with reasons, links to mend, and where the
    key results stand.
    """
    deliver(StatusQuestion(cycle), options)
