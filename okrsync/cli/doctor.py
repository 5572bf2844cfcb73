"""``doctor``: what is well and what is not, before a sync finds out."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

import click

from okrsync.cli.output import print_json, project_options
from okrsync.jobs.doctor import CheckResult, Diagnosis, diagnose, levels

_COLUMNS = 80
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@project_options
def doctor(config: Path, as_of: date | None, output: str) -> int:
    """
    Look at files, plugins, store and trackers, and say what to do.

    Each line is ok, warn or fail; what is not ok says what to do about it. Nothing is changed at a tracker, and tokens
    are never shown. Exit code 0 without a fail, 2 where the files are wrong, 4 where a tracker refuses a token, 1 for
    any other fail; warnings change nothing.
    """
    diagnosis = diagnose(config)
    if output == "json":
        print_json(diagnosis.document())
    else:
        for line in text_lines(diagnosis):
            click.echo(line, color=False if os.environ.get("NO_COLOR") else None)
    return diagnosis.exit_code


def text_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """*diagnosis* as lines of at most 80 columns, by group."""
    for group, checks in groupby(diagnosis.checks, key=lambda check: check.group):
        yield group
        for check in checks:
            yield from _lines(check)
    counted = levels(diagnosis.checks)
    yield ", ".join(f"{count} {level}" for level, count in counted.items())


def _lines(check: CheckResult) -> Iterator[str]:
    first, *others = _wrapped(check.what)
    yield f"  {click.style(f'{check.level:4}', fg=_COLOURS[check.level])}  {first}"
    yield from (f"        {line}" for line in others)
    yield from (f"        {line}" for line in (_wrapped(f"-> {check.advice}") if check.advice else ()))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _COLUMNS - 8, break_on_hyphens=False) or [""]
