"""``lint``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from okrsync.cli.output import Day, config_option, print_exactly, print_json
from okrsync.formats.as_json import report_document
from okrsync.formats.findings import github_lines, sarif, summary, text_lines
from okrsync.jobs.lint import lint_project
from okrsync.lint.findings import LintReport, LintRule, Severity
from okrsync.lint.rule_plugins import load_rules


@click.command()
@config_option
@click.option("--as-of", type=Day(), help="Take this day as today.")
@click.option(
    "--format", "output", type=click.Choice(["text", "json", "sarif", "github"]), default="text", help="How to print."
)
@click.option("--cycle", help="One cycle's id [default: all]")
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
def lint(config: Path, as_of: date | None, output: str, cycle: str | None, strict: bool) -> int:
    """
    Look for goals that are allowed but will not work.

    Reads the OKR files, and the metrics' history where there is a store. Each finding has a code, with a page in
    docs/lint. Ends with exit code 3 where there are errors, with --strict also where there are warnings.
    """
    rules, broken = load_rules()
    for error in broken:
        click.echo(f"okrsync: {error}; the other rules are looked at", err=True)
    report = lint_project(config, as_of, cycle, rules)
    _print(report, output, rules)
    fails = report.count(Severity.ERROR) + (report.count(Severity.WARNING) if strict else 0)
    return 3 if fails else 0


def _print(report: LintReport, output: str, rules: Sequence[LintRule]) -> None:
    if output == "json":
        print_json(report_document("lint", report))
    elif output == "sarif":
        print_json(sarif(report, rules))
    elif output == "github":
        for line in github_lines(report):
            print_exactly(f"{line}\n")
        click.echo(f"okrsync: {summary(report)}", err=True)
    else:
        for line in text_lines(report):
            click.echo(line)
