"""``sandbox`` and ``demo``: a simulated company and loopback trackers to try things on."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import click

from okrsync.answers.workspace import open_workspace
from okrsync.cli.output import console, print_json
from okrsync.cli.reporting import html_of
from okrsync.cli.sync import sync_document, tell_runs, watch
from okrsync.errors import OkrsyncError, UsageError
from okrsync.formats.as_json import report_document
from okrsync.formats.files import write_whole
from okrsync.formats.text import print_page
from okrsync.jobs.cancellation import Cancellation
from okrsync.jobs.run import run_sync
from okrsync.jobs.sync_all import SyncOptions
from okrsync.reports.pages.outcomes_page import outcomes_page, summary_page
from okrsync.sandbox.demo import company_sites, free_port, lay_out, sandbox_tokens
from okrsync.sandbox.recorded import read_github, read_jira
from okrsync.sandbox.serve import Sites, serve_until_terminated
from okrsync.sandbox.tracker_data import GithubData, JiraData, JiraKind, RawObject

Loaded = TypeVar("Loaded")


@click.group()
def sandbox() -> None:
    """Serve loopback trackers to try things on."""


@sandbox.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="0 takes any free one.")
@click.option("--github", "github_files", multiple=True, metavar="OWNER/REPO=FILE", help="Recorded issues, JSON Lines.")
@click.option("--jira", "jira_files", multiple=True, metavar="PROJECT=FILE", help="Recorded issues, JSON Lines.")
@click.option("--jira-kind", type=click.Choice(["cloud", "datacenter"]), default="cloud", show_default=True)
@click.option("--jira-fields", type=click.Path(path_type=Path), help="The field catalogue, as GET /field gives it.")
@click.option("--seed", type=int, default=7, show_default=True, help="Of the simulated company.")
def serve(
    port: int,
    github_files: tuple[str, ...],
    jira_files: tuple[str, ...],
    jira_kind: str,
    jira_fields: Path | None,
    seed: int,
) -> None:
    """
    Serve a Jira and a GitHub on loopback until it is ended.

    Without files they serve the simulated company. Prints one JSON line with both addresses once they answer. Any
    token is taken but `bad`.
    """
    kind = cast("JiraKind", jira_kind)
    if github_files or jira_files:
        github = GithubData([_loaded(entry, read_github) for entry in github_files])
        issues = [issue for entry in jira_files for issue in _loaded(entry, read_jira)]
        unique = {str(issue["id"]): issue for issue in issues}  # one file may be named for each of its projects
        sites = Sites(github, JiraData(list(unique.values()), _catalogue(jira_fields), kind=kind), port=port)
    else:
        sites = company_sites(port or free_port(), seed, kind)[1]
    try:
        serve_until_terminated(sites, _announce)
    except OSError as error:
        raise OkrsyncError(f"port {port} cannot be used ({error.strerror}); take another one, or 0") from None


@click.command()
@click.option(
    "--dir", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("okrsync-demo"), show_default=True
)
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another company.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def demo(folder: Path, seed: int, output: str) -> int:
    """
    Show the whole job on a simulated company.

    Writes the company's files into a folder, serves its Jira and GitHub on loopback, syncs them through the real
    connectors, and reports. Needs no account and no network.
    """
    company, sites = company_sites(free_port(), seed, "cloud")
    if folder.exists():
        click.echo(f"{folder}: an earlier demo there is replaced, with its ledger", err=True)
    lay_out(company, folder)
    with sandbox_tokens(), sites, open_workspace(folder / "okrsync.yaml") as workspace:
        options = SyncOptions(Cancellation())
        done = run_sync(workspace, options, watch(options.stopping))
    if output == "json":
        print_json(sync_document(done))
        return done.result.exit_code
    tell_runs(done)
    print_page(summary_page(done.report), console())
    whole = outcomes_page(done.report)
    digest = report_document(whole.kind, done.report)["data_digest"]
    html = write_whole(folder / "reports" / "outcomes.html", html_of(whole, digest))
    example = next((entry.deliveries[0].key for entry in done.report.key_results if entry.deliveries), "KEY")
    config = folder / "okrsync.yaml"
    program = "okrsync" if shutil.which("okrsync") else sys.argv[0]  # as `make demo` runs it, it is not on the path
    click.echo(f"\n  Open in a browser:  {html}")
    click.echo("  Type next:")
    click.echo(f"    {program} outcomes --config {config}")
    click.echo(f'    {program} plan --sprint "PAY Sprint 33" --config {config}')
    click.echo(f"    {program} why {example} --config {config}")
    click.echo(f"  The same report as text and as data: {', '.join(path.name for path in done.paths)} beside it")
    return done.result.exit_code


def _loaded(entry: str, read: Callable[[str, Path], Loaded]) -> Loaded:
    name, separator, file = entry.partition("=")
    if not (name and separator and file):
        raise UsageError(f'"{entry}" is not NAME=FILE')
    try:
        return read(name, Path(file))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise UsageError(str(error)) from None


def _catalogue(path: Path | None) -> list[RawObject] | None:
    if path is None:
        return None
    try:
        fields = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise UsageError(f"{path}: not JSON; it is the list that GET /field gives") from None
    if not isinstance(fields, list):
        raise UsageError(f"{path}: not a list; it is the list that GET /field gives")
    return fields


def _announce(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()
