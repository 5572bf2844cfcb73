"""``plan``: what planned work serves, before it starts."""

from __future__ import annotations

import click

from okrsync.answers.plan import PlanQuestion
from okrsync.cli.reporting import ReportOptions, deliver, report_options
from okrsync.errors import UsageError
from okrsync.reports.plan.report import PlanReport
from okrsync.reports.plan.scope import PlanChoice


@click.command()
@report_options
@click.option("--sprint", default="", metavar="next|current|ID|NAME", help="A sprint or iteration.")
@click.option("--iteration", default="", metavar="NAME", help="The same, as GitHub projects call it.")
@click.option("--milestone", default="", metavar="NAME|ID", help="A milestone.")
@click.option("--backlog", is_flag=True, help="Open work in no open sprint or milestone.")
@click.option("--days", type=click.IntRange(1, 366), help="What was started or is likely next in so many days.")
@click.option("--board", default="", metavar="NAME", help="Of this board, project, repository or source alone.")
@click.option("--team", default="", metavar="NAME", help="Of this team alone.")
@click.option("--no-suggest", is_flag=True, help="Suggest nothing for unlinked work.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="End with exit code 3 if less of the work that needs a key result has one.",
)
def plan(
    options: ReportOptions,
    sprint: str,
    iteration: str,
    milestone: str,
    backlog: bool,
    days: int | None,
    board: str,
    team: str,
    no_suggest: bool,
    fail_under: float | None,
) -> int:
    """
    Show what planned work serves, before it starts.

    Which of it serves no key result, which key result has no work, and what deserves a second look. Of the next sprint
    unless you say otherwise; without one, of the current sprint; without that, of the backlog. It only warns: see
    --fail-under. Ends with exit code 5 where a source was not read completely or within a day.
    """
    if sum(map(bool, (sprint, iteration, milestone, backlog, days))) > 1:
        raise UsageError("--sprint, --iteration, --milestone, --backlog and --days exclude each other; keep one")
    wanted = PlanChoice(sprint or iteration, milestone, board, team, backlog, days)
    answer = deliver(PlanQuestion(wanted=wanted, suggests=not no_suggest, fail_under=fail_under), options)
    if not answer.report.is_complete:
        return 5
    return 3 if _falls_short(answer.report, fail_under) else 0


def _falls_short(report: PlanReport, fail_under: float | None) -> bool:
    serving = report.coverage.measured.serving
    return fail_under is not None and serving is not None and serving * 100 < fail_under
