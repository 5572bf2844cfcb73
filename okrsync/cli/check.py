"""``check``: the verdicts on one key result or item, and the story behind them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from rich.padding import Padding
from rich.text import Text

from okrsync.answers.evaluation import with_outcomes, with_outlook
from okrsync.answers.finding import find_item
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import open_workspace
from okrsync.cli.output import console, print_json, project_options
from okrsync.errors import UsageError
from okrsync.formats.as_json import report_document
from okrsync.reports.checks import ChecksReport, build_checks
from okrsync.reports.words import formatting, verdict_text
from okrsync.reports.words.explanation import story


@click.command()
@project_options
@click.argument("target", metavar="KEY|KR")
@click.option("--explain", is_flag=True, help="Tell how each verdict came about.")
def check(config: Path, as_of: date | None, output: str, target: str, explain: bool) -> None:
    """
    Show the verdicts on one key result or item.

    KR is a key result (KR1.1, 2026Q4/KR1.1), KEY a delivered item (PAY-12, owner/web#12). With --explain: the series,
    the points, what was clipped or masked, the models' weights, the candidates, the warnings, and what would settle it.
    """
    with open_workspace(config, as_of) as workspace:
        inputs = with_outcomes(workspace, report_inputs(workspace, None))
        names = {name.casefold() for entry in inputs.okrs.key_results for name in (entry.id, entry.qualified_id)}
        key = None
        if target.casefold() not in names:
            try:
                key = find_item(inputs.linking, target).key
            except UsageError:
                raise UsageError(f'"{target}" is neither a key result nor an item that was read') from None
        report = build_checks(inputs, target, key)
        if explain or output == "json":
            report = with_outlook(workspace, inputs, report)
    if output == "json":
        print_json(report_document("check", report))
    else:
        _print(report, explain=explain)


def _print(report: ChecksReport, *, explain: bool) -> None:
    screen = console()

    def line(text: str, indent: int = 2, style: str = "") -> None:
        screen.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))

    for entry in report.key_results:
        screen.print()
        line(f"{entry.id} · {formatting.harmless(entry.title)}", style="bold")
        if entry.definition:
            line(formatting.harmless(entry.definition), style="dim")
        if not entry.checks:
            line("nothing was delivered on it yet")
        for told in sorted(entry.checks, key=lambda check: check.last, reverse=True):
            mark = verdict_text.MARKS.get(told.verdict, "·")
            screen.print()
            line(f"{mark} {', '.join(told.members)}: {verdict_text.line(told, entry.unit)}", style="bold")
            for head, text in story(entry, told) if explain else ():
                line(f"{head}: {text}.", indent=4)
        if explain and (parts := verdict_text.decomposition(entry.outcome, entry.unit)):
            screen.print()
            line(f"The whole change: {parts}.")
    if explain:
        screen.print()
        line(verdict_text.METHOD, style="dim")
