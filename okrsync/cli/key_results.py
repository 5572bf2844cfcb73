"""``progress``, ``stoplist`` and ``changes``: how key results stand, and how they were changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from okrsync.answers.evaluation import cases_for, with_outcomes
from okrsync.answers.finding import find_key_result
from okrsync.answers.okr_versions import versions_of
from okrsync.answers.outlooks import stored_outlooks
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import chosen_cycles, open_workspace
from okrsync.cli.output import console, print_json, project_options
from okrsync.formats.as_json import report_document
from okrsync.reports.goal_changes import build_goals
from okrsync.reports.progress import KeyResultProgress, build_progress
from okrsync.reports.stoplist import StopLine, StopRules, build_stoplist
from okrsync.reports.values import build_values
from okrsync.reports.words import formatting, goal_text, progress_text, stoplist_text, value_text


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
        inputs = report_inputs(workspace, None)
        check_ins = workspace.project.ledger.check_ins
        cases = cases_for(workspace, inputs)
        look_ahead = stored_outlooks(workspace, [case.key for case in cases]).look_ahead
        report = build_progress(inputs, cases, check_ins, chosen_cycles(workspace, cycle), look_ahead)
    if output == "json":
        print_json(report_document("progress", report))
        return
    screen = console()
    for entry in report.key_results:
        _print(entry, screen)
    if not report.key_results:
        click.echo("no cycle runs on this day; name one with --cycle")


@click.command()
@project_options
@click.option("--cycle", help="One cycle's id, or all [default: those that run today]")
def values(config: Path, as_of: date | None, output: str, cycle: str | None) -> None:
    """
    Show what serves which value, and what breaks it.

    Objectives and why they serve it, delivered work and its verdicts, guardrails and their limits, and wins that came
    at a value's expense.
    """
    with open_workspace(config, as_of) as workspace:
        cycles = chosen_cycles(workspace, cycle)
        report = build_values(with_outcomes(workspace, report_inputs(workspace, None), cycles), cycles)
    if output == "json":
        print_json(report_document("values", report))
        return
    screen = console()
    for entry in report.values:
        screen.print()
        title = f"{entry.id} · {formatting.harmless(entry.statement)}"
        screen.print(Padding(Text(title, style="bold"), (0, 0, 0, 2), expand=False))
        for head, text in value_text.lines(entry):
            screen.print(Padding(Text(f"{head}: {text}"), (0, 0, 0, 4), expand=False))
    if not report.values:
        click.echo("no value is written down; see values in docs/configuration.md")
    if report.unserved:
        click.echo(f"\n  objectives that name no value: {', '.join(report.unserved)}")


@click.command()
@project_options
@click.argument("name", metavar="[KR|METRIC|CYCLE]", default="")
def changes(config: Path, as_of: date | None, output: str, name: str) -> None:
    """
    Show how the goals themselves were changed.

    Every target, baseline, date or definition that changed in the OKR files from one sync to the next, with the reason:
    the decision about it (okrsync decide) within a week.
    """
    with open_workspace(config, as_of) as workspace:
        with workspace.reading() as view:
            versions = versions_of(workspace, view.okr_texts())
        wanted = name
        if name and name not in workspace.project.okrs.metrics_by_id:
            cycles = {cycle.id for cycle in workspace.project.okrs.cycles}
            wanted = name if name in cycles else find_key_result(workspace, name).qualified_id
        decisions = workspace.project.ledger.decisions
        report = build_goals(versions, decisions, workspace.today, workspace.project.settings.zone, wanted)
    if output == "json":
        print_json(report_document("changes", report))
        return
    for change in report.changes:
        click.echo(f"  {goal_text.line(change)}")
    if not report.changes:
        click.echo(f"no change in {report.versions:,} version{'' if report.versions == 1 else 's'} of the OKR files")


@click.command()
@project_options
@click.option("--cycle", help="One cycle's id, or all [default: those that run today]")
def stoplist(config: Path, as_of: date | None, output: str, cycle: str | None) -> None:
    """
    Show open work whose delivered siblings did not move it.

    With what was spent and is still planned, the last decision, and the rules by which it is listed. It stops nothing
    by itself: see okrsync decide.
    """
    with open_workspace(config, as_of) as workspace:
        rules = StopRules.from_settings(workspace.project.settings.rules)
        cycles = chosen_cycles(workspace, cycle)
        inputs = with_outcomes(workspace, report_inputs(workspace, None), cycles)
        report = build_stoplist(inputs, workspace.project.ledger, rules, cycles)
    if output == "json":
        print_json(report_document("stoplist", report))
        return
    screen = console()
    for line in report.lines:
        _print_line(line, screen)
    if not report.lines:
        screen.print(Padding(Text("Nothing speaks against going on with any open work."), (0, 0, 0, 2)))
    screen.print()
    for text in (f"{report.watched:,} more with a verdict and open work are not listed.", stoplist_text.rules(report)):
        screen.print(Padding(Text(text, style="dim"), (0, 0, 0, 2), expand=False))


def _print_line(line: StopLine, screen: Console) -> None:
    screen.print()
    screen.print(Padding(Text(stoplist_text.title(line), style="bold"), (0, 0, 0, 2), expand=False))
    for head, text in stoplist_text.lines(line):
        screen.print(Padding(Text(f"{head}: {text}"), (0, 0, 0, 4), expand=False))


def _print(entry: KeyResultProgress, screen: Console) -> None:
    screen.print()
    head = Text(f"{entry.id} · {formatting.harmless(entry.title)} · ", style="bold")
    head.append(progress_text.health(entry), style=progress_text.STYLES.get(entry.health, ""))
    screen.print(Padding(head, (0, 0, 0, 2), expand=False))
    for line in progress_text.lines(entry):
        screen.print(Padding(Text(line), (0, 0, 0, 4), expand=False))
