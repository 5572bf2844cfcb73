"""``init`` and ``validate``."""

from __future__ import annotations

from pathlib import Path

import click

from okrsync.cli.output import config_option, print_json
from okrsync.config.project import load_project
from okrsync.errors import ConfigError
from okrsync.jobs.scaffold import unknown_targets, write_starter
from okrsync.metrics.files import read_files
from okrsync.model.plain import to_plain
from okrsync.plugins.discovery import broken_plugins


@click.command()
@click.option(
    "--for",
    "tracker",
    type=click.Choice(["both", "github", "jira"]),
    default="both",
    show_default=True,
    help="Which trackers you use.",
)
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
def init(folder: Path, tracker: str, output: str) -> None:
    """
    Write the files to start with.

    Puts okrsync.yaml, okrs.yaml, an example metric and an empty ledger into FOLDER (default: here). Never overwrites.
    """
    written = write_starter(folder, tracker)
    if output == "json":
        print_json({"written": [str(path) for path in written]})
        return
    for path in written:
        click.echo(f"wrote {path}")
    click.echo("next: edit them, then run `okrsync validate` and `okrsync sync`")


@click.command()
@config_option
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@click.argument("path", type=click.Path(path_type=Path), required=False)
def validate(config: Path, output: str, path: Path | None) -> int:
    """
    Check all files, and name everything that is wrong.

    Reads okrsync.yaml, the OKR files and the ledger, and tries the metrics that are files of the project;
    PATH is another okrsync.yaml, or the folder that holds one.
    """
    chosen = path or config
    try:
        project = load_project(chosen)
    except ConfigError as error:
        if output == "json":
            print_json({"ok": False, "problems": to_plain(error.problems)})
        for problem in error.problems:
            click.echo(f"okrsync: {problem}", err=True)
        return error.exit_code
    broken = [str(error) for error in broken_plugins()]
    for reason in broken:
        click.echo(f"okrsync: {reason}; what does not need it goes on", err=True)
    unread = [str(problem) for reading in read_files(project) for problem in reading.problems]
    for reason in unread:
        click.echo(f"okrsync: {reason} (a sync keeps what it knew and ends with 5)", err=True)
    for name in unknown_targets(project):
        click.echo(f'okrsync: a rule or alias names "{name}", which is no key result: its links are broken', err=True)
    okrs = project.okrs
    drafts = sum(1 for entry in okrs.key_results if entry.state == "draft")
    found = {
        "sources": len(project.sources),
        "cycles": len(okrs.cycles),
        "objectives": len(okrs.objectives),
        "key_results": len(okrs.key_results),
        "drafts": drafts,
        "metrics": len(okrs.metrics),
        "rules": len(project.settings.work.rules),
    }
    if output == "json":
        print_json({"ok": True, "problems": [], "broken_plugins": broken, "metric_problems": unread, **found})
        return 0
    listed = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found.items())
    click.echo(f"{chosen}: fine ({listed})")
    return 0
