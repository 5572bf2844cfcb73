"""All reports of all cycles as a folder of linked pages, for any host of files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from okrsync import __version__
from okrsync.errors import UsageError
from okrsync.jobs.artifacts import write_whole
from okrsync.jobs.checks import with_outcomes
from okrsync.jobs.workspace import Workspace, calendar_of, report_inputs
from okrsync.reports.inputs import ReportInputs
from okrsync.reports.pages.blocks import Facts, Page
from okrsync.reports.pages.parts import source_facts, source_notices
from okrsync.reports.render import words
from okrsync.reports.render.as_json import report_document
from okrsync.reports.render.html import Way, render_html
from okrsync.web.choices import to_look_back_on, to_plan
from okrsync.web.reports import KINDS, Asked

INDEX = "index.html"
_MOST_SPRINTS = 12
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the site: its file's name, how links to it are called, and what it says first."""

    name: str
    title: str
    page: Page
    digest: str


def write_site(workspace: Workspace, folder: Path) -> list[Path]:
    """
    Write every report into *folder*, and return the paths, that of the index first.

    Raises:
        UsageError: *folder* is a file.
        OkrsyncError: a page cannot be written; the others are there.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; a site needs a folder")
    judged = with_outcomes(workspace, report_inputs(workspace))
    entries = list(_entries(workspace, judged))
    index = Entry(INDEX, "All reports", _index(workspace, judged), "")
    return [write_whole(folder / entry.name, _html(entry, [index, *entries])) for entry in (index, *entries)]


def _html(entry: Entry, entries: list[Entry]) -> str:
    if entry.name == INDEX:
        others = [Way(other.title, other.name, note=other.page.headline) for other in entries if other.name != INDEX]
    else:
        others = [Way(other.title, other.name, is_here=other.name == entry.name) for other in entries]
    return render_html(entry.page, version=__version__, digest=entry.digest, ways=others)


def _entries(workspace: Workspace, judged: ReportInputs) -> Iterator[Entry]:
    taken: set[str] = set()
    for kind, asked, title in _wanted(workspace, judged):
        made = KINDS[kind].make(workspace, judged, asked)
        name = _free(f"{kind}-{asked.cycle or asked.sprint}", taken)
        yield Entry(name, title, made.page, report_document(made.page.kind, made.report)["data_digest"])


def _wanted(workspace: Workspace, judged: ReportInputs) -> Iterator[tuple[str, Asked, str]]:
    """What the site has, in the order of its links: plans, then each cycle from the newest, then retrospectives."""
    calendar = calendar_of(workspace, judged)
    for period in to_plan(calendar)[:_MOST_SPRINTS]:
        yield "plan", Asked(sprint=period.id), f"Plan · {period.name}"
    cycles = sorted(workspace.project.okrs.cycles, key=lambda cycle: cycle.start, reverse=True)
    for cycle in cycles:
        if cycle.start <= workspace.today:
            yield "outcomes", Asked(cycle=cycle.id), f"Outcomes · {cycle.id}"
            yield "audit", Asked(cycle=cycle.id), f"Audit · {cycle.id}"
    for period in to_look_back_on(calendar)[:_MOST_SPRINTS]:
        yield "retro", Asked(sprint=period.id), f"Retrospective · {period.name}"


def _free(name: str, taken: set[str]) -> str:
    """*name* as that of a file that no other page has: a tracker's ids may hold anything."""
    safe = _UNSAFE.sub("-", name).strip("-.")[:80]
    number, chosen = 2, safe
    while chosen.casefold() in taken:
        chosen, number = f"{safe}-{number}", number + 1
    taken.add(chosen.casefold())
    return f"{chosen}.html"


def _index(workspace: Workspace, judged: ReportInputs) -> Page:
    return Page(
        kind="index",
        title="All reports",
        kicker=f"as of {words.day(judged.as_of)}",
        headline="What was planned, what it moved, and what was learned.",
        lede="",
        facts=Facts(
            (
                ("As of", f"{words.day(judged.as_of)}, {judged.zone.key}"),
                ("Sources", source_facts(judged.sources)),
                ("Key results", f"{len(workspace.project.okrs.key_results):,}"),
            )
        ),
        sections=(),
        notices=source_notices(judged.sources, judged.failed_metrics),
    )
