"""``cycle``: from one cycle to the next."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.cli.output import print_json, project_options
from okrsync.jobs.cycle import close_cycle

CARRY = ("learnings", "open")


@click.group()
def cycle() -> None:
    """End a cycle and start the next from its evidence."""


@cycle.command("close")
@project_options
@click.argument("name", metavar="CYCLE")
@click.option(
    "--carry",
    default="learnings",
    show_default=True,
    help="What to take along, with commas: learnings (as comments), open (key results as drafts).",
)
@click.option("--next", "following", default="", help="Id of the next cycle [default: the one behind it]")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="[default: okrs-NEXT.yaml]")
def close(
    config: Path, as_of: date | None, output: str, name: str, carry: str, following: str, out: Path | None
) -> None:
    """
    Write the file to start the next cycle from.

    Baselines are what was measured last; learnings are scores, verdicts, decisions and open hypotheses. Changes no
    other file.
    """
    wanted = tuple(part.strip() for part in carry.split(",") if part.strip())
    for part in wanted:
        if part not in CARRY:
            raise click.BadParameter(f"{part!r} is neither learnings nor open", param_hint="--carry")
    path, closed = close_cycle(config, as_of, name, wanted, following, out)
    carried = sum(entry.is_open for _, entries in closed.objectives for entry in entries) if "open" in wanted else 0
    if output == "json":
        print_json(
            {
                "schema_version": 1,
                "path": str(path),
                "cycle": closed.cycle.id,
                "next": closed.following.id,
                "carried": carried,
                "open_hypotheses": len(closed.hypotheses),
            }
        )
        return
    click.echo(f"wrote {path}: {carried} key result{'' if carried == 1 else 's'} carried as drafts")
    click.echo(f"add it to `okrs:` in {config}, then run okrsync validate")
