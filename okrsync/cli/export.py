"""``export``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.answers.workspace import open_workspace
from okrsync.cli.output import Day, config_option
from okrsync.jobs.export import EXPORTS, stock_of
from okrsync.jobs.table_files import FORMATS, write_table


@click.command()
@click.argument("tables", nargs=-1, type=click.Choice(list(EXPORTS)))
@config_option
@click.option("--as-known", type=Day(), help="Leave out what was read after this day.")
@click.option("--format", "output", type=click.Choice(FORMATS), default="csv", show_default=True, help="How to write.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("export"),
    show_default=True,
    help="The folder to write into.",
)
@click.option("--redact", type=click.Choice(["titles"]), help="Leave out what trackers call things.")
def export(
    tables: tuple[str, ...], config: Path, as_known: date | None, output: str, out: Path, redact: str | None
) -> None:
    """
    Write items, links, observations and checks as tables.

    For a warehouse. TABLES: one or more of them [default: all]. Parquet needs the extra okrsync[parquet].
    """
    with (
        open_workspace(config, None, as_known, hides_titles=redact == "titles") as workspace,
        workspace.reading() as view,
    ):
        stock = stock_of(workspace, view)
        for name in dict.fromkeys(tables or EXPORTS):
            made = EXPORTS[name]
            path = out / f"{name}.{output}"
            count = write_table(path, made.columns, made.rows(stock), output)
            click.echo(f"wrote {path}: {count:,} row{'' if count == 1 else 's'}", err=True)
