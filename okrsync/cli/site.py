"""``site``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.answers.workspace import open_workspace
from okrsync.cli.output import Day, config_option
from okrsync.web.site import Site, write_site


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("site"))
@config_option
@click.option("--as-of", type=Day(), help="Take this day as today.")
@click.option("--redact", type=click.Choice(["titles"]), help="Leave out what trackers call things.")
def site(folder: Path, config: Path, as_of: date | None, redact: str | None) -> int:
    """
    Write all reports of all cycles as a folder of linked pages.

    For any host of files: each page in FOLDER is one file without scripts that asks nobody for anything, and index.html
    leads to all of them. Pages that an earlier run wrote there and that are no more are taken away; other files stay.
    Ends with exit code 5 where a report cannot be made, or a source was not read completely or within a day.
    """
    with open_workspace(config, as_of, hides_titles=redact == "titles") as workspace:
        made = write_site(workspace, folder)
    tell_site(made)
    return 0 if made.is_complete else 5


def tell_site(made: Site) -> None:
    """What was written and what was not, on stderr."""
    for line in made.failed:
        click.echo(f"okrsync: {line}", err=True)
    pages = len(made.paths)
    click.echo(f"wrote {pages:,} page{'' if pages == 1 else 's'}; start at {made.paths[0]}", err=True)
