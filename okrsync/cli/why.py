"""``why``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.answers.finding import current_linking, find_item
from okrsync.answers.workspace import open_workspace
from okrsync.cli.output import console, print_json, project_options
from okrsync.formats.as_json import report_document
from okrsync.formats.terminal import print_why
from okrsync.reports.why import build_why


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
