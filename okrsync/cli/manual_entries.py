"""``link``, ``unlink`` and ``checkin``: what people say, appended to the ledger."""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path

import click

from okrsync.answers.finding import current_linking
from okrsync.answers.workspace import Workspace, open_workspace
from okrsync.cli.output import Day, Number, print_json, project_options
from okrsync.jobs.manual_entries import (
    HandLink,
    check_in,
    hand_link,
    make_links,
    read_links,
)

PREVIEW_ROWS = 20

by_option = click.option(
    "--by",
    default="role:team",
    show_default=True,
    envvar="OKRSYNC_ROLE",
    callback=lambda _context, _option, role: checked_role(role),
    help="The role that speaks; never a person's name.",
)


def checked_role(role: str) -> str:
    """*role*, if it is written like one: the ledger holds no persons."""
    if not re.fullmatch(r"[a-z][\w.:/-]*", role):
        raise click.BadParameter(f"{role!r} is no role; write for example role:pm-growth")
    return role


_reason_option = click.option("--reason", default="", help="Why, in a sentence.")


@click.command()
@project_options
@click.argument("key", required=False)
@click.argument("key_result", required=False)
@_reason_option
@by_option
@click.option("--from", "path", type=click.Path(path_type=Path), help="A CSV file: key,key_result[,reason][,action].")
@click.option("--dry-run", is_flag=True, help="Show what would be linked, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def link(
    config: Path,
    as_of: date | None,
    output: str,
    key: str | None,
    key_result: str | None,
    reason: str,
    by: str,
    path: Path | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """
    Link an item to a key result by hand.

    Writes to the ledger and wins over all rules. With --from, links thousands at once: every row is checked before
    the first is written, and a preview is shown.
    """
    with open_workspace(config, as_of) as workspace:
        if path is None:
            links = [_one(workspace, "link", key, key_result, reason)]
        elif key or key_result:
            raise click.UsageError("either KEY and KEY_RESULT, or --from FILE")
        else:
            links = read_links(workspace, path)
            if output == "text":
                _preview(links)
            if not dry_run and not yes and sys.stdin.isatty() and sys.stdout.isatty():
                click.confirm(f"Write {len(links):,} lines to the ledger?", abort=True)
        _write(workspace, links, by, output, dry_run=dry_run)


@click.command()
@project_options
@click.argument("key")
@click.argument("key_result")
@_reason_option
@by_option
def unlink(config: Path, as_of: date | None, output: str, key: str, key_result: str, reason: str, by: str) -> None:
    """
    Take an item away from a key result by hand.

    Writes to the ledger and wins over all rules.
    """
    with open_workspace(config, as_of) as workspace:
        _write(workspace, [_one(workspace, "unlink", key, key_result, reason)], by, output, dry_run=False)


@click.command(context_settings={"ignore_unknown_options": True})
@project_options
@click.argument("key_result")
@click.argument("value", type=Number())
@click.option("--confidence", type=click.FloatRange(0, 1), help="How sure to reach the target, 0 to 1.")
@click.option("--note", default="", help="What stands behind it.")
@click.option("--date", "day", type=Day(), help="The day it was seen [default: today]")
@by_option
def checkin(
    config: Path,
    as_of: date | None,
    output: str,
    key_result: str,
    value: float,
    confidence: float | None,
    note: str,
    day: date | None,
    by: str,
) -> None:
    """
    Report the value of a key result.

    Appends to the ledger. It becomes an observation where the key result's metric has the source check_in.
    """
    with open_workspace(config, as_of) as workspace:
        done = check_in(workspace, key_result, value, confidence=confidence, note=note, day=day, by=by)
    if output == "json":
        print_json(
            {
                "key_result": done.key_result.qualified_id,
                "value": done.value,
                "date": done.day.isoformat(),
                "is_observation": done.is_observed,
            }
        )
        return
    click.echo(f"{done.key_result.qualified_id}: {done.value:g} on {done.day}")
    if not done.key_result.metric:
        click.echo("it has no metric yet: this is kept, and shown nowhere until it has one")
    elif not done.is_observed:
        click.echo(f"its metric ({done.key_result.metric}) is read from elsewhere: this stands beside it")


def _one(workspace: Workspace, action: str, key: str | None, key_result: str | None, reason: str) -> HandLink:
    if not key or not key_result:
        raise click.UsageError("KEY and KEY_RESULT are needed, or --from FILE")
    return hand_link(workspace, current_linking(workspace), action, key, key_result, reason)


def _write(workspace: Workspace, links: list[HandLink], by: str, output: str, *, dry_run: bool) -> None:
    if not dry_run and links:
        make_links(workspace, links, by)
    if output == "json":
        print_json(
            {
                "written": 0 if dry_run else len(links),
                "links": [
                    {
                        "action": entry.action,
                        "key": entry.item.key,
                        "key_result": entry.key_result,
                        "reason": entry.reason,
                    }
                    for entry in links
                ],
            }
        )
    elif dry_run:
        click.echo("nothing was written (--dry-run)")
    elif len(links) == 1:
        click.echo(f"{links[0].action}ed {links[0].item.key} {links[0].key_result}{_standing(links[0])}")
    else:
        click.echo(f"wrote {len(links):,} lines to the ledger")


def _standing(made: HandLink) -> str:
    """What to know of a link that was made and does not count."""
    return f" · {made.state.value}: {made.state_reason}" if made.action == "link" and made.state_reason else ""


def _preview(links: list[HandLink]) -> None:
    for entry in links[:PREVIEW_ROWS]:
        click.echo(f"  {entry.action:<7}{entry.item.key:<24}{entry.key_result:<18}{entry.item.title[:60]}")
    if len(links) > PREVIEW_ROWS:
        click.echo(f"  … and {len(links) - PREVIEW_ROWS:,} more")
    targets: dict[str, int] = {}
    for entry in links:
        targets[entry.key_result] = targets.get(entry.key_result, 0) + 1
    click.echo(f"{len(links):,} lines: " + ", ".join(f"{name} {count:,}" for name, count in sorted(targets.items())))
