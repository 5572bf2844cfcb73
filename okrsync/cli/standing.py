"""``progress``: how key results stand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from okrsync.cli.output import console, print_json, project_options
from okrsync.jobs.checks import cases_for
from okrsync.jobs.workspace import chosen_cycles, open_workspace, report_inputs
from okrsync.reports.progress import KeyResultProgress, build_progress
from okrsync.reports.render import progress_words, words
from okrsync.reports.render.as_json import report_document


@click.command()
@project_options
@click.option("--cycle", help="One cycle's id, or all [default: those that run today]")
def progress(config: Path, as_of: date | None, output: str, cycle: str | None) -> None:
    """
    Show how key results stand: progress, pace and forecast.

    By their metrics alone, never by closed tickets. Says too from when a delivery today could be judged, and how small
    an effect could be seen.
    """
    with open_workspace(config, as_of) as workspace:
        inputs = report_inputs(workspace)
        check_ins = workspace.project.ledger.check_ins
        report = build_progress(inputs, cases_for(workspace, inputs), check_ins, chosen_cycles(workspace, cycle))
    if output == "json":
        print_json(report_document("progress", report))
        return
    screen = console()
    for entry in report.key_results:
        _print(entry, screen)
    if not report.key_results:
        click.echo("no cycle runs on this day; name one with --cycle")


def _print(entry: KeyResultProgress, screen: Console) -> None:
    screen.print()
    head = Text(f"{entry.id} · {words.harmless(entry.title)} · ", style="bold")
    head.append(progress_words.health(entry), style=progress_words.STYLES.get(entry.health, ""))
    screen.print(Padding(head, (0, 0, 0, 2), expand=False))
    for line in progress_words.lines(entry):
        screen.print(Padding(Text(line), (0, 0, 0, 4), expand=False))
