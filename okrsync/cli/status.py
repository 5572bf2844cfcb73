"""``status``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.answers.placement_cache import about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import chosen_cycles, open_workspace
from okrsync.cli.output import Day, console, cycle_option, print_json, project_options
from okrsync.formats.as_json import report_document
from okrsync.formats.terminal import print_status
from okrsync.reports.status import build_status


@click.command()
@project_options
@cycle_option
@click.option("--as-known", type=Day(), help="Leave out what was read after this day.")
def status(config: Path, as_of: date | None, output: str, cycle: str | None, as_known: date | None) -> None:
    """
    Show what is known, and how work stands to key results.

    Counts all items that were read, the linked, exempt and unlinked ones with reasons, links to mend, and where the
    key results stand.
    """
    with open_workspace(config, as_of, as_known) as workspace:
        cycles = chosen_cycles(workspace, cycle)
        with workspace.reading() as view:
            names = {source.name for source in workspace.project.sources}
            letters = [
                (letter.source, letter.external_id, letter.error)
                for letter in view.dead_letters()
                if letter.source in names
            ]
        report = build_status(report_inputs(workspace, about(workspace, cycles)), cycles, letters)
    if output == "json":
        print_json(report_document("status", report))
    else:
        print_status(report, console())
