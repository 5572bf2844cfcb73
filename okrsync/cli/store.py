"""``db``: looks after the store."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.cli.output import print_json, project_options
from okrsync.jobs.workspace import open_workspace, scopes


@click.group()
def db() -> None:
    """Look after the store."""


@db.command()
@project_options
def check(config: Path, as_of: date | None, output: str) -> int:
    """
    Check the store's file, and bring it up to date.

    Exit code 1 where it is damaged; it can then be deleted, and the next sync makes it anew.
    """
    with open_workspace(config, as_of) as workspace:
        faults = workspace.store.faults()
        with workspace.store.read() as view:
            counted = sum(1 for _ in view.items(scopes(workspace.project)))
            stored = sum(1 for _ in view.items())
    if output == "json":
        print_json({"ok": not faults, "faults": faults, "items": counted, "out_of_scope": stored - counted})
    else:
        for fault in faults:
            click.echo(f"okrsync: {fault}", err=True)
        sound = "damaged: delete it, and sync again" if faults else "sound"
        click.echo(f"{sound}; {counted:,} items, {stored - counted:,} out of scope")
    return 1 if faults else 0


@db.command()
@project_options
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def backup(config: Path, as_of: date | None, output: str, path: Path) -> None:
    """
    Copy the store to PATH, also while a sync writes.

    Never overwrites.
    """
    with open_workspace(config, as_of) as workspace:
        workspace.store.backup(path)
    if output == "json":
        print_json({"path": str(path), "bytes": path.stat().st_size})
    else:
        click.echo(f"wrote {path} ({path.stat().st_size / 1e6:,.1f} MB)")


@db.command()
@project_options
@click.option("--yes", is_flag=True, help="Delete; without it only counts.")
def purge(config: Path, as_of: date | None, output: str, yes: bool) -> None:
    """
    Delete what is out of scope.

    Removes items of sources, repositories and projects that okrsync.yaml no longer names, and those older than since.
    """
    with open_workspace(config, as_of) as workspace:
        wanted = scopes(workspace.project)
        if yes:
            with workspace.store.write() as unit:
                count = unit.purge(wanted)
        else:
            with workspace.store.read() as view:
                count = sum(1 for _ in view.items()) - sum(1 for _ in view.items(wanted))
    if output == "json":
        print_json({"deleted": count if yes else 0, "out_of_scope": count})
    elif yes:
        click.echo(f"deleted {count:,} items")
    else:
        click.echo(f"{count:,} items are out of scope; --yes deletes them")
