"""``db``: looks after the store."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.answers.workspace import open_workspace, scopes
from okrsync.cli.output import print_json, project_options
from okrsync.config.project import load_project
from okrsync.config.settings_file import store_url
from okrsync.errors import UsageError
from okrsync.store.database import SCHEMA_REVISION, Store
from okrsync.store.transfer import copy_store


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
def migrate(config: Path, as_of: date | None, output: str) -> None:
    """
    Bring the store's schema up to date.

    Every command does so by itself; this one shows it. A file is copied beside itself before.
    """
    project = load_project(config)
    store = Store(project.store_url)
    try:
        before = store.migrated()
    finally:
        store.close()
    if output == "json":
        print_json({"from": before, "to": SCHEMA_REVISION, "migrated": before != SCHEMA_REVISION})
    elif before == SCHEMA_REVISION:
        click.echo(f"schema {SCHEMA_REVISION}, up to date")
    else:
        click.echo(f"schema {before or 'none'} to {SCHEMA_REVISION}")


@db.command()
@project_options
@click.option("--to", "target", required=True, help="sqlite:///FILE or postgresql://USER@HOST/NAME; a new, empty one.")
def copy(config: Path, as_of: date | None, output: str, target: str) -> None:
    """
    Copy the store into another database.

    To move from SQLite to PostgreSQL or back: copy, then write the new URL into okrsync.yaml.
    """
    url = checked_store_url(target)
    with open_workspace(config, as_of) as workspace:
        into = Store.open(url)
        try:
            counts = copy_store(workspace.store, into)
        finally:
            into.close()
    if output == "json":
        print_json({"to": into.place, "rows": counts})
    else:
        click.echo(f"copied {counts['item']:,} items and {counts['item_event']:,} events to {into.place}")


def checked_store_url(url: str) -> str:
    """
    *url*, if a store can be there.

    Raises:
        UsageError: it cannot; the sentence says what can.
    """
    try:
        return store_url(url)
    except ValueError as error:
        raise UsageError(f"--to: {error}") from None


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
