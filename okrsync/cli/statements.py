"""``hypothesis``, ``decide`` and ``evidence``: what people state of work, appended to the ledger."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from okrsync.answers.hypotheses import HypothesesQuestion
from okrsync.answers.workspace import open_workspace
from okrsync.cli.manual_entries import by_option
from okrsync.cli.output import Day, Number, print_json, project_options
from okrsync.cli.reporting import ReportOptions, deliver, report_options
from okrsync.jobs.statements import (
    NewDecision,
    NewEvidence,
    NewHypothesis,
    Written,
    add_evidence,
    add_hypothesis,
    find_subject,
)
from okrsync.jobs.statements import (
    decide as decide_about,
)
from okrsync.model.plain import to_plain
from okrsync.reports.words import formatting
from okrsync.reports.words.statement_text import evidence_line


@click.group()
def hypothesis() -> None:
    """
    State what work is to change, and see what became of it.

    Only what is on record before the delivery is tested by it.
    """


@hypothesis.command("add", context_settings={"ignore_unknown_options": True})
@project_options
@click.argument("key_result")
@click.argument("change", type=Number())
@click.option("--item", "items", multiple=True, required=True, help="An item that is to do it; may be given again.")
@click.option("--due", type=Day(), required=True, help="By when.")
@click.option("--because", required=True, help="Why it should.")
@click.option("--stop-if", default="", help="What would make you stop.")
@click.option("--guardrail", "guardrails", multiple=True, help="A metric that must not get worse.")
@click.option("--replaces", default="", help="Id of a hypothesis that this one corrects; the old one is kept.")
@by_option
def add(
    config: Path,
    as_of: date | None,
    output: str,
    key_result: str,
    change: float,
    items: tuple[str, ...],
    due: date,
    because: str,
    stop_if: str,
    guardrails: tuple[str, ...],
    replaces: str,
    by: str,
) -> None:
    """
    State that items are to change KEY_RESULT by CHANGE, in its metric's unit (+2.0, -5).

    Written before the delivery it is tested; written after it, it is kept as post hoc.
    """
    expected = NewHypothesis(key_result, change, items, due, because, stop_if, guardrails, replaces)
    with open_workspace(config, as_of) as workspace:
        _tell(add_hypothesis(workspace, expected, by), output)


@hypothesis.command("list")
@report_options
@click.option("--overdue", is_flag=True, help="Those that were not delivered, or not judged, in time.")
def list_(options: ReportOptions, overdue: bool) -> None:
    """Show what was expected, and what became of it."""
    deliver(HypothesesQuestion(overdue=overdue), options)


@hypothesis.command("show")
@report_options
@click.argument("name", metavar="ID|KEY")
def show(options: ReportOptions, name: str) -> None:
    """Show one hypothesis, or those on an item, with decisions and evidence."""
    deliver(HypothesesQuestion(name), options)


@click.command()
@project_options
@click.argument("about", metavar="ID|KEY|KR")
@click.option(
    "--choice",
    type=click.Choice(["persevere", "scale", "pivot", "stop", "revert"]),
    required=True,
    help="What was decided.",
)
@click.option("--because", required=True, help="Why, in a sentence.")
@click.option("--values", default="", help="Ids of the values behind it, with commas.")
@click.option("--evidence", default="", help="Ids of evidence notes behind it, with commas.")
@click.option(
    "--alignment",
    type=click.Choice(["comfortable", "uneasy", "opposed"]),
    default=None,
    help="How those who decided feel about it beside their values.",
)
@click.option("--reverses", default="", help="Id of the decision that this one takes back.")
@by_option
def decide(
    config: Path,
    as_of: date | None,
    output: str,
    about: str,
    choice: str,
    because: str,
    values: str,
    evidence: str,
    alignment: str | None,
    reverses: str,
    by: str,
) -> None:
    """
    Put on record what was decided, and why.

    About a hypothesis, an item or a key result. Appends to the ledger; nothing there is ever changed.
    """
    decided = NewDecision(about, choice, because, _listed(values), _listed(evidence), alignment or "", reverses)
    with open_workspace(config, as_of) as workspace:
        _tell(decide_about(workspace, decided, by), output)


@click.group()
def evidence() -> None:
    """Note what else speaks of work, beside the numbers."""


@evidence.command("add")
@project_options
@click.argument("about", metavar="ID|KEY|KR")
@click.option(
    "--kind",
    type=click.Choice(["survey", "interview", "support", "usage"]),
    required=True,
    help="Where it comes from.",
)
@click.option("--text", required=True, help="What it says.")
@click.option("--n", type=click.IntRange(min=1), help="How many people or cases it rests on.")
@click.option("--url", default="", help="Where it lies.")
@by_option
def note(
    config: Path,
    as_of: date | None,
    output: str,
    about: str,
    kind: str,
    text: str,
    n: int | None,
    url: str,
    by: str,
) -> None:
    """Note a survey, interview, support case or usage figure about a hypothesis, an item or a key result."""
    with open_workspace(config, as_of) as workspace:
        _tell(add_evidence(workspace, NewEvidence(about, kind, text, n, url), by), output)


@evidence.command("list")
@project_options
@click.argument("about", metavar="[ID|KEY|KR]", required=False)
def notes(config: Path, as_of: date | None, output: str, about: str | None) -> None:
    """Show the notes, all or those about one thing."""
    with open_workspace(config, as_of) as workspace:
        wanted = None if about is None else find_subject(workspace, about)
        found = [entry for entry in workspace.project.ledger.evidence if wanted is None or entry.about == wanted]
    if output == "json":
        print_json({"schema_version": 1, "evidence": to_plain(found)})
        return
    for entry in found:
        click.echo(f"  {evidence_line(entry)}")
    if not found:
        click.echo("nothing was noted yet; see okrsync evidence add --help")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _tell(written: Written, output: str) -> None:
    for warning in written.warnings:
        click.echo(f"okrsync: {formatting.harmless(warning)}", err=True)
    if output == "json":
        print_json({"schema_version": 1, "kind": written.kind, "record": to_plain(written.record)})
    else:
        click.echo(f"{written.record['id']} is in the ledger")
