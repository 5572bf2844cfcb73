"""``suggest``: key results for unlinked items, to be reviewed by a person."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.answers.suggest import check_is_new, suggest_links, write_suggestions
from okrsync.answers.workspace import chosen_cycles, open_workspace
from okrsync.cli.output import console, print_json, project_options
from okrsync.formats.as_json import report_document
from okrsync.formats.suggestions import print_suggestions


@click.command()
@project_options
@click.option("--cycle", help="One cycle's id, or all [default: those that run today]")
@click.option("--out", type=click.Path(path_type=Path), help="Write a CSV file that `okrsync link --from` takes.")
@click.option("--limit", type=click.IntRange(min=1), help="At most this many, the surest first.")
@click.option("--min-score", type=click.FloatRange(0, 1), default=0.0, help="Only those that score at least this.")
def suggest(
    config: Path,
    as_of: date | None,
    output: str,
    cycle: str | None,
    out: Path | None,
    limit: int | None,
    min_score: float,
) -> None:
    """
    Suggest key results for unlinked items; link nothing.

    Learned from the items that are linked already. Says what speaks for each suggestion, and how often such
    suggestions were right where the answer was known. Review the file of --out, then: okrsync link --from FILE.
    """
    if out is not None:
        check_is_new(out)
    with open_workspace(config, as_of) as workspace:
        report = suggest_links(workspace, chosen_cycles(workspace, cycle), min_score=min_score, limit=limit)
    if out is not None:
        write_suggestions(report, out)
        click.echo(f"wrote {len(report.suggestions):,} suggestions to {out}", err=True)
    if output == "json":
        print_json(report_document("suggest", report))
    else:
        print_suggestions(report, console())
