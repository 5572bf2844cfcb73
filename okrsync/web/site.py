"""All reports of all cycles as a folder of linked pages, for any host of files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from okrsync import __version__
from okrsync.answers.audit import AuditQuestion, RetroQuestion
from okrsync.answers.calendars import calendar_of
from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.outcomes import OutcomesQuestion
from okrsync.answers.plan import PlanQuestion
from okrsync.answers.query import Question, ask
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace
from okrsync.errors import UsageError
from okrsync.formats.files import write_set
from okrsync.formats.html import Way, render_html
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.page import Facts, ReportPage, text
from okrsync.reports.pages.components import plural, source_facts, source_notices
from okrsync.reports.plan.iteration_series import Period
from okrsync.reports.words import formatting
from okrsync.web.choices import to_look_back_on, to_plan

INDEX = "index.html"
_MOST_SPRINTS = 24
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Site:
    """
    What was written: *paths*, that of the index first.

    *failed*: a line for each report that cannot be made, which the index tells too; *is_complete*: there is none, and
    everything was read completely and lately.
    """

    paths: tuple[Path, ...]
    failed: tuple[str, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A page that the site is to have, and how links to it are called."""

    question: Question[Any]
    title: str
    of: str = ""
    """The cycle or sprint that it is of, for the name of its file."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A page of the site with the name of its file."""

    name: str
    title: str
    page: ReportPage
    digest: str = ""


def write_site(workspace: Workspace, folder: Path) -> Site:
    """
    Write every report into *folder*; one that cannot be made stops no other.

    Raises:
        UsageError: *folder* is a file.
        OkrsyncError: a page cannot be written; the others are there.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; a site needs a folder")
    judged = with_outcomes(workspace, report_inputs(workspace, None))
    wanted, left_out = _pages_of(workspace, judged)
    entries, failed = _made(workspace, judged, wanted)
    index = _Entry(INDEX, "All reports", _index(workspace, judged, failed, left_out))
    everything = (index, *entries)
    paths = write_set(folder, "site", ((entry.name, _html(entry, everything)) for entry in everything))
    return Site(tuple(paths), tuple(failed), not index.page.notices)


def _made(workspace: Workspace, judged: JudgedInputs, wanted: Sequence[_Wanted]) -> tuple[list[_Entry], list[str]]:
    entries: list[_Entry] = []
    failed: list[str] = []
    taken = {INDEX}
    for one in wanted:
        try:
            answer = ask(workspace, one.question, judged)
        except UsageError as error:
            failed.append(f"{one.title} cannot be made: {str(error).splitlines()[0]}")
            continue
        name = _free(f"{one.question.kind}-{one.of}", taken)
        entries.append(_Entry(name, one.title, answer.page, answer.digest))
    return entries, failed


def _html(entry: _Entry, entries: Sequence[_Entry]) -> str:
    if entry.name == INDEX:
        others = [Way(other.title, other.name, note=other.page.headline) for other in entries if other.name != INDEX]
    else:
        others = [Way(other.title, other.name, is_here=other.name == entry.name) for other in entries]
    return render_html(entry.page, version=__version__, digest=entry.digest, ways=others)


def _pages_of(workspace: Workspace, judged: JudgedInputs) -> tuple[list[_Wanted], int]:
    """
    What the site is to have, in the order of its links, and how many sprints are left out.

    First plans, then each cycle from the newest, then retrospectives.
    """
    calendar = calendar_of(workspace, judged)
    ahead, behind = to_plan(calendar), to_look_back_on(calendar)
    left_out = sum(max(0, len(periods) - _MOST_SPRINTS) for periods in (ahead, behind))
    plans = list(_of_sprints(PlanQuestion, "Plan", ahead)) or [_Wanted(PlanQuestion(), "Plan")]
    retros = _of_sprints(RetroQuestion, "Retrospective", behind)
    return [*plans, *_of_cycles(workspace), *retros], left_out


def _of_sprints(
    kind: type[PlanQuestion] | type[RetroQuestion], title: str, periods: Sequence[Period]
) -> Iterator[_Wanted]:
    for period in periods[:_MOST_SPRINTS]:
        yield _Wanted(kind(sprint=period.place), f"{title} · {period.name}", period.place)


def _of_cycles(workspace: Workspace) -> Iterator[_Wanted]:
    for cycle in sorted(workspace.project.okrs.cycles, key=lambda cycle: cycle.start, reverse=True):
        if cycle.start <= workspace.today:
            yield _Wanted(OutcomesQuestion(cycle.id), f"Outcomes · {cycle.id}", cycle.id)
            yield _Wanted(AuditQuestion(cycle.id), f"Audit · {cycle.id}", cycle.id)


def _free(name: str, taken: set[str]) -> str:
    """*name* as that of a file that no other page has, in any case: a tracker's ids may hold anything."""
    safe = _UNSAFE.sub("-", name)[:_LONGEST_NAME].strip("-.")
    number, chosen = 1, f"{safe}.html"
    while chosen.casefold() in taken:
        number += 1
        chosen = f"{safe}-{number}.html"
    taken.add(chosen.casefold())
    return chosen


def _index(workspace: Workspace, judged: JudgedInputs, failed: Sequence[str], left_out: int) -> ReportPage:
    more = f"{plural(left_out, 'more sprint')} can be looked at with okrsync plan and okrsync retro."
    return ReportPage(
        kind="index",
        title="All reports",
        kicker=f"as of {formatting.day(judged.as_of)}",
        headline="What was planned, what it moved, and what was learned.",
        lede="",
        facts=Facts(
            (
                ("As of", f"{formatting.day(judged.as_of)}, {judged.zone.key}"),
                ("Sources", source_facts(judged.sources)),
                ("Key results", f"{len(workspace.project.okrs.key_results):,}"),
            )
        ),
        sections=(),
        notices=(*source_notices(judged.sources, judged.failed_metrics), *failed),
        notes=(text(more),) if left_out else (),
    )
