"""``site``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.cli.output import Day
from okrsync.jobs.workspace import open_workspace
from okrsync.web.site import write_site


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("site"))
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("okrsync.yaml"),
    show_default=True,
    help="The project's file.",
)
@click.option("--as-of", type=Day(), help="Take this day as today.")
@click.option("--redact", type=click.Choice(["titles"]), help="Leave out what trackers call things.")
def site(folder: Path, config: Path, as_of: date | None, redact: str | None) -> None:
    """
    Write all reports of all cycles into FOLDER, as linked pages for any host of files.

    Each page is one file without scripts that asks nobody for anything; index.html leads to all of them.
    """
    with open_workspace(config, as_of, hides_titles=redact == "titles") as workspace:
        paths = write_site(workspace, folder)
    click.echo(f"wrote {len(paths):,} pages; start at {paths[0]}", err=True)
