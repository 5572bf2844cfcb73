"""What every report's command takes, and where a report goes: a terminal, a file, a folder, a step summary."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

import click

from okrsync import __version__
from okrsync.answers.query import Answer, Question, Report, ask
from okrsync.answers.workspace import open_workspace
from okrsync.cli.output import Day, config_option, console, print_exactly
from okrsync.errors import OkrsyncError, UsageError
from okrsync.formats.as_csv import csv_text, tables_of
from okrsync.formats.files import write_set, write_whole
from okrsync.formats.markdown import render_page
from okrsync.formats.text import print_page
from okrsync.model.plain import dumped
from okrsync.reports.page import Facts, ReportPage, for_executives

FORMATS = ("text", "json", "markdown", "html", "csv")
_SUMMARY = "GITHUB_STEP_SUMMARY"
_MOST_SUMMARY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What was asked of a report: of which project and day, in which form, and where it is to go."""

    config: Path
    as_of: date | None
    as_known: date | None
    output: str
    out: Path | None
    is_for_executives: bool
    hides_titles: bool
    is_summed_up: bool
    """It is appended to the step summary of a GitHub workflow as well."""


class Since(click.ParamType[date | str]):
    """A day as YYYY-MM-DD, or ``last``."""

    name = "date|last"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date | str:
        """The date that *value* is, or ``last``."""
        return "last" if value == "last" else Day().convert(value, param, ctx)


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let *command* take the options of all reports; it gets them as one :class:`ReportOptions`, its first argument."""

    @wraps(command)
    def collected(
        config: Path,
        as_of: date | None,
        as_known: date | None,
        output: str,
        out: Path | None,
        audience: str,
        redact: str | None,
        summary: bool,
        **rest: Any,
    ) -> Any:
        options = ReportOptions(config, as_of, as_known, output, out, audience == "exec", redact == "titles", summary)
        return command(options, **rest)

    wrapped: Callable[..., Any] = collected
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


_OPTIONS = (
    config_option,
    click.option("--as-of", type=Day(), help="Take this day as today."),
    click.option("--as-known", type=Day(), help="Leave out what was read after this day."),
    click.option("--format", "output", type=click.Choice(FORMATS), default="text", help="How to print."),
    click.option(
        "--out", type=click.Path(path_type=Path), help="Write to this file instead; with csv: to this folder."
    ),
    click.option(
        "--audience",
        type=click.Choice(["team", "exec"]),
        default="team",
        show_default=True,
        help="exec: one page, without details.",
    ),
    click.option("--redact", type=click.Choice(["titles"]), help="Leave out what trackers call things."),
    click.option("--summary", is_flag=True, help="Append it to $GITHUB_STEP_SUMMARY too, as Markdown."),
)


def deliver(question: Question[Report], options: ReportOptions) -> Answer[Report]:
    """
    Answer *question*, print or write the answer as *options* ask, and return it.

    Raises:
        UsageError: a choice names nothing, or more than one thing.
        OkrsyncError: a file cannot be written, or the store not opened.
    """
    with open_workspace(
        options.config, options.as_of, options.as_known, hides_titles=options.hides_titles
    ) as workspace:
        answer = ask(workspace, question)
    show(answer, options)
    return answer


def show(answer: Answer[Any], options: ReportOptions) -> None:
    """
    Print or write *answer* as *options* ask.

    Raises:
        OkrsyncError: a file cannot be written.
    """
    shown = _complete(answer.page, answer.digest, options)
    if options.is_summed_up:
        _append_summary(shown)
    if options.output == "csv":
        _write_tables(answer.data, answer.page.kind, options.out)
    elif options.output == "text" and options.out is None:
        print_page(shown, console())
    else:
        _put(_text(answer.document, shown, options), options.out)


def html_of(page: ReportPage, digest: str) -> str:
    """*page* as one HTML file; *digest* tells the data behind it."""
    # Imported here: templates take a while to load, and most commands print text.
    from okrsync.formats.html import render_html  # noqa: PLC0415

    return render_html(page, digest=digest, version=__version__)


def _complete(page: ReportPage, digest: str, options: ReportOptions) -> ReportPage:
    named = replace(page, facts=Facts((*page.facts.facts, ("Digest", f"{digest[:4]} {digest[4:8]}"))))
    return for_executives(named) if options.is_for_executives else named


def _text(document: dict[str, Any], page: ReportPage, options: ReportOptions) -> str:
    match options.output:
        case "json":
            return dumped(document)
        case "html":
            return html_of(page, document["data_digest"])
        case "markdown":
            return render_page(page)
        case _:
            screen = console()
            with screen.capture() as captured:
                print_page(page, screen)
            return captured.get()


def _put(text: str, out: Path | None) -> None:
    if out is None:
        print_exactly(text)
    else:
        click.echo(f"wrote {write_whole(out, text)}", err=True)


def _write_tables(report: Any, kind: str, out: Path | None) -> None:
    if out is None:
        raise UsageError("csv is one file a table; name a folder for them with --out")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; csv needs a folder")
    tables = tables_of(kind, report)
    for path in write_set(out, kind, ((f"{name}.csv", csv_text(rows)) for name, rows in tables.items())):
        click.echo(f"wrote {path}", err=True)


def _append_summary(page: ReportPage) -> None:
    target = os.environ.get(_SUMMARY)
    if not target:
        click.echo(f"okrsync: {_SUMMARY} is not set, so no summary is appended", err=True)
        return
    told = render_page(page).encode()
    try:
        with Path(target).open("ab") as stream:
            if stream.tell() + len(told) > _MOST_SUMMARY:
                # Beyond it GitHub shows nothing at all of the step, not even what stood there before.
                click.echo(
                    "okrsync: the step summary has no room for the report (1 MiB a step); not appended", err=True
                )
                return
            stream.write(told)
    except OSError as error:
        raise OkrsyncError(f"{target}: cannot be written ({error.strerror})") from None
