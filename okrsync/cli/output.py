"""Where output goes: results on stdout, talk on stderr; as text or as JSON."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from okrsync.errors import ConfigError, MetricError, OkrsyncError
from okrsync.model.days import parse_day
from okrsync.model.plain import dumped, to_plain

if TYPE_CHECKING:
    from rich.console import Console

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([smh]?)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
Command = TypeVar("Command", bound=Callable[..., Any])


class Day(click.ParamType[date]):
    """A day as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date that *value* is."""
        try:
            return value if isinstance(value, date) else parse_day(value)
        except ValueError as error:
            self.fail(f"{value!r} is {error}", param, ctx)


class Number(click.ParamType[float]):
    """A finite number."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number that *value* is."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value!r} is no number; write for example 4.2", param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number; write for example 4.2", param, ctx)
        return number


class Duration(click.ParamType[float]):
    """A length of time in seconds, written as 90, 90s, 20m or 2h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds that *value* is."""
        if isinstance(value, int | float):
            return float(value)
        found = _DURATION.fullmatch(value.strip())
        if found is None:
            self.fail(f"{value!r} is no length of time; write for example 90s, 20m or 2h", param, ctx)
        return float(found[1]) * _SECONDS[found[2] or "s"]


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("okrsync.yaml"),
    show_default=True,
    help="The project's file.",
)


cycle_option = click.option("--cycle", help="One cycle's id, or all [default: those that run today]")


def project_options(command: Command) -> Command:
    """``--config``, ``--as-of`` and ``--format``, which every command on a project takes."""
    for option in (
        click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print."),
        click.option("--as-of", type=Day(), help="Take this day as today."),
        config_option,
    ):
        command = option(command)
    return command


def console() -> Console:
    """Where text results go: stdout; a fixed width where it is no terminal, so that files look the same everywhere."""
    from rich.console import Console  # noqa: PLC0415 - most commands print plain lines

    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 120, highlight=False, soft_wrap=False)


def print_json(document: Any) -> None:
    """*document* on stdout."""
    print_exactly(dumped(document))


def print_exactly(text: str) -> None:
    """Print *text*, which a program may read, on stdout: in UTF-8 with its own line ends, whatever the code page."""
    click.echo(text.encode(errors="backslashreplace"), nl=False)


def wants_json(arguments: list[str]) -> bool:
    """Whether *arguments* ask for JSON."""
    return any(
        argument == "--format=json" or arguments[index : index + 2] == ["--format", "json"]
        for index, argument in enumerate(arguments)
    )


def error_document(error: OkrsyncError) -> str:
    """*error* as JSON text."""
    problems = error.problems if isinstance(error, ConfigError | MetricError) else ()
    return dumped(
        {
            "error": {
                "kind": type(error).__name__,
                "message": str(error),
                "exit_code": error.exit_code,
                "problems": to_plain(problems),
            }
        }
    )
