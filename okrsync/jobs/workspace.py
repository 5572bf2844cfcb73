"""A project with its store, on a day: what every job starts from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path

from okrsync.config.project import Project, load_project
from okrsync.errors import UsageError
from okrsync.linking.placing import Linking, place_items
from okrsync.model.expectations import SeenExpectation
from okrsync.model.okrs import Okrs
from okrsync.model.placements import Placement
from okrsync.plugins.context import utc_now
from okrsync.reports.inputs import ReportInputs
from okrsync.reports.planning_lanes import Calendar, Place
from okrsync.reports.stoplist import StopRules
from okrsync.store.database import Store
from okrsync.store.records import Scope
from okrsync.store.view import View

_END_OF_DAY = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Workspace:
    """*now* is the moment that the job takes as present; *today* is its day in the project's time zone."""

    project: Project
    store: Store
    now: datetime
    is_pinned: bool = False
    """*now* was asked for: what the trackers told later does not count."""
    as_known: datetime | None = None
    """Only what the store knew at that moment counts."""
    hides_titles: bool = False
    """Reports do not say what trackers call things."""

    @property
    def today(self) -> date:
        """The day of *now* in the project's time zone."""
        return self.now.astimezone(self.project.settings.zone).date()


@contextmanager
def open_workspace(
    config: Path, as_of: date | None = None, as_known: date | None = None, *, hides_titles: bool = False
) -> Iterator[Workspace]:
    """
    The workspace of the project at *config*; *as_of*, or the configuration's own, pins the day.

    *as_known* leaves out what was read after that day.

    Raises:
        ConfigError, StoreError: see there.
    """
    with workspace_of(load_project(config), as_of, as_known, hides_titles=hides_titles) as workspace:
        yield workspace


@contextmanager
def workspace_of(
    project: Project, as_of: date | None = None, as_known: date | None = None, *, hides_titles: bool = False
) -> Iterator[Workspace]:
    """As :func:`open_workspace`, for a *project* that was already loaded."""
    now = present(project, as_of)
    day = as_of or project.settings.as_of
    zone = project.settings.zone
    store = Store.open(project.store_url)
    try:
        known = None if as_known is None else _end_of(as_known, zone)
        yield Workspace(project, store, now, day is not None, known, hides_titles)
    finally:
        store.close()


def present(project: Project, as_of: date | None = None) -> datetime:
    """The moment that *project* takes as present: the end of *as_of* or of its own pinned day, else now; in UTC."""
    day = as_of or project.settings.as_of
    return utc_now() if day is None else _end_of(day, project.settings.zone)


def _end_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, _END_OF_DAY, zone).astimezone(UTC)


def link_all(workspace: Workspace, view: View, *, as_of: datetime | None = None) -> Linking:
    """Every item of the store with its place; *as_of*: as they were at that moment."""
    project = workspace.project
    return place_items(
        list(view.items(scopes(project), as_of=as_of, as_known=workspace.as_known)),
        project.okrs,
        project.settings.work,
        project.ledger.links,
        today=workspace.today,
        zone=project.settings.zone,
    )


def calendar_of(workspace: Workspace, inputs: ReportInputs) -> Calendar:
    """The sprints, milestones and iterations of the store, with the work of *inputs* that is in them."""
    return calendar_with(workspace, inputs.linking.placements, is_part=inputs.within is not None)


def calendar_with(workspace: Workspace, placements: Sequence[Placement], *, is_part: bool) -> Calendar:
    """The calendar with the work of *placements*, which are a part of the store or all of it."""
    projects: dict[Place, dict[str, int]] = {}
    with workspace.store.read() as view:
        records = [record for source in workspace.project.sources for record in view.iterations(source.name)]
        for source, id_, project, count in view.work_in_iterations(scopes(workspace.project)) if is_part else ():
            projects.setdefault((source, id_), {})[project] = count
    zone, hides = workspace.project.settings.zone, workspace.hides_titles
    told = projects if is_part else None
    return Calendar(records, placements, workspace.now, zone, hides_names=hides, projects=told)


def seen_expectations(workspace: Workspace, view: View) -> list[SeenExpectation]:
    """What items were ever seen to expect, oldest first; their reasons are trackers' words, as titles are."""
    seen = view.expectations()
    return [replace(entry, because="") for entry in seen] if workspace.hides_titles else seen


def stop_rules(project: Project) -> StopRules:
    """After which verdicts open work is listed, as the project's file says."""
    section = project.settings.rules
    return StopRules(section.stop_after_no_movement, section.stop_after_inconclusive)


def scopes(project: Project) -> list[Scope]:
    """What of the store counts: a source that was renamed or narrowed leaves items behind that do not."""
    return [Scope(source.name, source.oldest) for source in project.sources]


def chosen_cycles(workspace: Workspace, wanted: str | None) -> list[str]:
    """
    Ids of the cycles that *wanted* names: one id, ``all``, or ``None`` for those that run today.

    Raises:
        UsageError: there is no such cycle.
    """
    cycles = workspace.project.okrs.cycles
    if wanted is None:
        return [cycle.id for cycle in cycles if cycle.contains(workspace.today)]
    return [cycle.id for cycle in cycles] if wanted == "all" else [known_cycle(workspace.project.okrs, wanted)]


def known_cycle(okrs: Okrs, wanted: str) -> str:
    """
    *wanted*, if a cycle is called so.

    Raises:
        UsageError: none is.
    """
    names = sorted(cycle.id for cycle in okrs.cycles)
    if wanted not in names:
        raise UsageError(f'no cycle is called "{wanted}"; there are {", ".join(names)}')
    return wanted
