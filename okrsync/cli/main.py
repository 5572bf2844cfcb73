"""The entry point: commands are imported when they run, so that help and completion are quick."""

from __future__ import annotations

import errno
import gc
import logging
import os
import sys
from importlib import import_module

import click

from okrsync import __version__
from okrsync.cli.encoding import accept_all_text
from okrsync.errors import OkrsyncError, UsageError

# Matrices here are small: threads for them cost more than they give, most of all beside other work. Set before numpy
# is imported; whoever knows better may set it before.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Command: (module, attribute, help in one line). A test keeps the lines in step with the commands.
COMMANDS = {
    "audit": ("okrsync.cli.audit", "audit", "Look back on a cycle: what was done, measured and decided."),
    "changes": ("okrsync.cli.key_results", "changes", "Show how the goals themselves were changed."),
    "checkin": ("okrsync.cli.manual_entries", "checkin", "Report the value of a key result."),
    "cycle": ("okrsync.cli.cycle", "cycle", "End a cycle and start the next from its evidence."),
    "db": ("okrsync.cli.store", "db", "Look after the store."),
    "demo": ("okrsync.cli.sandbox", "demo", "Show the whole job on a simulated company."),
    "decide": ("okrsync.cli.statements", "decide", "Put on record what was decided, and why."),
    "doctor": ("okrsync.cli.doctor", "doctor", "Look at files, plugins, store and trackers, and say what to do."),
    "evidence": ("okrsync.cli.statements", "evidence", "Note what else speaks of work, beside the numbers."),
    "export": (
        "okrsync.cli.export",
        "export",
        "Write items, links, observations and checks as tables.",
    ),
    "hypothesis": ("okrsync.cli.statements", "hypothesis", "State what work is to change, and see what became of it."),
    "import": ("okrsync.cli.importing", "import_", "Bring OKRs from a spreadsheet into okrs.yaml."),
    "init": ("okrsync.cli.setup", "init", "Write the files to start with."),
    "lint": ("okrsync.cli.lint", "lint", "Look for goals that are allowed but will not work."),
    "link": ("okrsync.cli.manual_entries", "link", "Link an item to a key result by hand."),
    "check": ("okrsync.cli.check", "check", "Show the verdicts on one key result or item."),
    "metric": ("okrsync.cli.metric", "metric", "Look at metrics, and read them now."),
    "outcomes": (
        "okrsync.cli.outcomes",
        "outcomes",
        "Show what delivered work moved, and what has to be decided.",
    ),
    "plan": ("okrsync.cli.plan", "plan", "Show what planned work serves, before it starts."),
    "progress": ("okrsync.cli.key_results", "progress", "Show how key results stand: progress, pace and forecast."),
    "retro": (
        "okrsync.cli.audit",
        "retro",
        "Look back on a sprint, and at the checks that came due in it.",
    ),
    "sandbox": ("okrsync.cli.sandbox", "sandbox", "Serve loopback trackers to try things on."),
    "serve": ("okrsync.cli.serve", "serve", "Show the reports in a browser, always of the latest store."),
    "site": ("okrsync.cli.site", "site", "Write all reports of all cycles as a folder of linked pages."),
    "status": ("okrsync.cli.status", "status", "Show what is known, and how work stands to key results."),
    "suggest": ("okrsync.cli.suggest", "suggest", "Suggest key results for unlinked items; link nothing."),
    "stoplist": ("okrsync.cli.key_results", "stoplist", "Show open work whose delivered siblings did not move it."),
    "sync": ("okrsync.cli.sync", "sync", "Read the trackers and metrics, and report."),
    "unlink": ("okrsync.cli.manual_entries", "unlink", "Take an item away from a key result by hand."),
    "validate": ("okrsync.cli.setup", "validate", "Check all files, and name everything that is wrong."),
    "values": ("okrsync.cli.key_results", "values", "Show what serves which value, and what breaks it."),
    "why": ("okrsync.cli.why", "why", "Show why an item serves what it serves."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called *cmd_name*, imported."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][2]) for name in sorted(COMMANDS)])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine, 1 failure, 2 usage or configuration, 3 findings over a threshold, 4 authentication, "
    "5 partial or stale, 75 try later.",
)
@click.version_option(__version__, prog_name="okrsync")
def cli() -> None:
    """Join Jira and GitHub backlogs to key results, and see what their metrics did when work was delivered."""


def main() -> None:
    """Run the command line and exit with the code of the architecture."""
    accept_all_text()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code."""
    # A sync makes many objects and hardly a cycle: looking for cycles as often as by default takes a third of its time.
    gc.set_threshold(50_000, 50, 100)
    # Libraries' warnings can quote requests; without a handler Python would print them on stderr.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        code = cli.main(arguments, prog_name="okrsync", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get("OKRSYNC_DEBUG"):
            raise
        return _ended_by(error, arguments)
    return code if isinstance(code, int) else 0


def _ended_by(error: BaseException, arguments: list[str]) -> int:
    """Tell what ended a command, and return its exit code."""
    match error:
        case click.ClickException():
            error.show()
            code = _told(UsageError(error.format_message()), arguments, silent=True)
        case click.Abort() | KeyboardInterrupt():
            click.echo("stopped; run it again to go on", err=True)
            code = 1 if isinstance(error, click.Abort) and error.__context__ is None else 130
        case OkrsyncError():
            code = _told(error, arguments)
        case BrokenPipeError() | OSError(errno=errno.EINVAL, filename=None):
            # The reader went away (`| head`; Windows calls that an invalid argument); Python would complain once more
            # while it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 141
        case OSError():
            # A full disk behind stdout, or a working directory that is gone: nobody's bug.
            click.echo(f"okrsync: {error.strerror or type(error).__name__}: {error.filename or 'output'}", err=True)
            code = 1
        case _:
            click.echo(
                f"okrsync: this is a bug in okrsync ({type(error).__name__}); please report it with the command you "
                "ran. OKRSYNC_DEBUG=1 shows where it happened.",
                err=True,
            )
            code = 1
    return code


def _told(error: OkrsyncError, arguments: list[str], *, silent: bool = False) -> int:
    """Tell *error* on stderr, and on stdout as JSON where JSON was asked for."""
    from okrsync.cli.output import error_document, print_exactly, wants_json  # noqa: PLC0415 - only a failing command pays for it

    if wants_json(arguments):
        print_exactly(error_document(error))
    for line in () if silent else str(error).splitlines():
        # What is indented goes on with the line before: a command to copy, for example.
        click.echo(line if line.startswith(" ") else f"okrsync: {line}", err=True)
    return error.exit_code
