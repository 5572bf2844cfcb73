"""``import``: OKRs from a spreadsheet into okrs.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from okrsync.cli.output import print_json
from okrsync.jobs.import_okrs import ImportPlan, apply_import, plan_import
from okrsync.model.plain import to_plain
from okrsync.reports.words.import_text import import_lines


@click.command(name="import")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("okrsync.yaml"),
    show_default=True,
    help="The project's file; without one the OKR file is checked alone.",
)
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="The OKR file [default: the project's]")
@click.option("--cycle", default="", help="The cycle of rows that name none, such as 2026Q4.")
@click.option("--apply", "is_applied", is_flag=True, help="Write the file; otherwise this is a preview.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def import_(file: Path, config: Path, to: Path | None, cycle: str, is_applied: bool, output: str) -> int:
    """
    Bring OKRs from a spreadsheet into okrs.yaml.

    FILE is a CSV file or a Markdown page with a table, one row a key result. Shows what would change, and writes it
    with --apply, if all files would still be valid. Rows keep their ids, and importing twice changes nothing.
    """
    plan = plan_import(file, config, to, cycle)
    is_written = is_applied and not plan.problems and apply_import(plan)
    if output == "json":
        print_json(_document(plan, is_written=is_written))
    else:
        for line in import_lines(plan.merge):
            click.echo(line)
    for problem in plan.problems:
        click.echo(f"okrsync: {problem}", err=True)
    if plan.problems:
        click.echo("okrsync: nothing was written", err=True)
        return 2
    if output == "text":
        click.echo(_ending(plan, is_written=is_written))
    return 0


def _ending(plan: ImportPlan, *, is_written: bool) -> str:
    if plan.changes_nothing:
        return f"no change: {plan.file} holds all of it already"
    if is_written:
        return f"wrote {plan.file}; next: okrsync validate"
    return f"nothing was written; with --apply this {'makes' if plan.is_new else 'changes'} {plan.file}"


def _document(plan: ImportPlan, *, is_written: bool) -> dict[str, Any]:
    merged = plan.merge
    return {
        "ok": not plan.problems,
        "sheet": plan.sheet,
        "to": plan.file,
        "written": is_written,
        "changes": to_plain(merged.changes),
        "unchanged": merged.unchanged,
        "left": to_plain(merged.left),
        "reported": to_plain(merged.reported),
        "notes": list(merged.notes),
        "problems": to_plain(plan.problems),
    }
