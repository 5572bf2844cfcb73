"""Writes docs/cli.md from the commands themselves; a test holds the two in step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from okrsync.cli.main import COMMANDS, cli

HEAD = """\
# The commands

Made from the commands themselves by `make reference`; do not edit. Every command but `init`, `demo` and `sandbox` reads
`okrsync.yaml` in the working directory, or the file named with `--config`.

Results go to stdout, talk and progress to stderr. Exit codes: 0 fine · 1 failure · 2 usage or configuration ·
3 findings over a threshold that was asked for · 4 authentication · 5 partial or stale (the report is still written,
and says so) · 75 try later.
"""


def reference() -> str:
    """The whole page."""
    context = click.Context(cli, info_name="okrsync", help_option_names=["-h", "--help"])
    parts = [HEAD]
    for name in sorted(COMMANDS):
        command = cli.get_command(context, name)
        if command is not None:
            parts += _page(command, click.Context(command, info_name=name, parent=context))
    return "\n".join(parts)


def _page(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## `{context.command_path}`\n"
    if isinstance(command, click.Group):
        yield f"{cleandoc(command.help or '')}\n"
        for name in sorted(command.commands):
            inner = command.commands[name]
            yield from _page(inner, click.Context(inner, info_name=name, parent=context))
        return
    help_text = command.get_help(context)
    yield "```text\n" + "\n".join(line.rstrip() for line in help_text.splitlines()) + "\n```\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
