"""``status``, ``outcomes`` and ``why``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.cli.output import Day, console, print_json, project_options
from okrsync.cli.reporting import ReportOptions, Since, deliver, report_options
from okrsync.jobs.by_hand import current_linking, find_item
from okrsync.jobs.checks import with_outcomes
from okrsync.jobs.gathering import report_inputs
from okrsync.jobs.outcomes import about_outcomes, first_new_day, outcomes_report
from okrsync.jobs.placed import about
from okrsync.jobs.workspace import chosen_cycles, open_workspace
from okrsync.reports.pages.outcomes_page import outcomes_page
from okrsync.reports.render.as_json import report_document
from okrsync.reports.render.terminal import print_status, print_why
from okrsync.reports.status import build_status
from okrsync.reports.why import build_why

_cycle_option = click.option("--cycle", help="One cycle's id, or all [default: those that run today]")
_as_known_option = click.option("--as-known", type=Day(), help="Leave out what was read after this day.")


@click.command()
@project_options
@_cycle_option
@_as_known_option
def status(config: Path, as_of: date | None, output: str, cycle: str | None, as_known: date | None) -> None:
    """
    Show what is known, and how work stands to key results.

    Counts all items that were read, the linked, exempt and unlinked ones with reasons, links to mend, and where the
    key results stand.
    """
    with open_workspace(config, as_of, as_known) as workspace:
        cycles = chosen_cycles(workspace, cycle)
        with workspace.store.read() as view:
            names = {source.name for source in workspace.project.sources}
            letters = [
                (letter.source, letter.external_id, letter.error)
                for letter in view.dead_letters()
                if letter.source in names
            ]
        report = build_status(report_inputs(workspace, about=about(workspace, cycles)), cycles, letters)
    if output == "json":
        print_json(report_document("status", report))
    else:
        print_status(report, console())


@click.command()
@report_options
@_cycle_option
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


@click.command()
@project_options
@click.argument("key")
def why(config: Path, as_of: date | None, output: str, key: str) -> None:
    """
    Show why an item serves what it serves.

    Follows KEY (PAY-12, owner/web#12 or web#12) over its rule to key result, objective and value.
    """
    with open_workspace(config, as_of) as workspace:
        linking = current_linking(workspace)
        item = find_item(linking, key)
        placement = linking.by_key[item.key.casefold()]
        report = build_why(placement, workspace.project.okrs)
    if output == "json":
        print_json(report_document("why", report))
    else:
        print_why(report, console())
