"""A project with its store, on a day: what every job starts from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path

from okrsync.config.project import Project, load_project
from okrsync.errors import UsageError
from okrsync.linking.placing import Linking, place_items, without_titles
from okrsync.metrics.gather import from_check_ins
from okrsync.model.expectations import SeenExpectation
from okrsync.model.ledger import Observation
from okrsync.model.okrs import Metric, Okrs
from okrsync.plugins.context import utc_now
from okrsync.plugins.metric_source import CHECK_IN
from okrsync.reports.inputs import ReportInputs, SourceState
from okrsync.reports.planning_lanes import Calendar
from okrsync.reports.stoplist import StopRules
from okrsync.store.database import Store
from okrsync.store.records import RunRecord, Scope
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


def report_inputs(workspace: Workspace, linking: Linking | None = None) -> ReportInputs:
    """
    Everything that reports are made of, from one view of the store.

    *linking*: where the caller has just placed every item as it is now.
    """
    project = workspace.project
    is_past = workspace.is_pinned or workspace.as_known is not None
    with workspace.store.read() as view:
        if linking is None or is_past:
            linking = link_all(workspace, view, as_of=workspace.now if workspace.is_pinned else None)
        if workspace.hides_titles:
            linking = without_titles(linking)
        observations = observed(workspace, view)
        runs = view.last_runs()
        read = {source.name: view.last_read(source.name) for source in project.sources}
        failed_metrics = [name for name in view.failed_metrics() if name in project.okrs.metrics_by_id]
    return ReportInputs(
        okrs=project.okrs,
        linking=linking,
        observations=observations,
        sources=[
            _source_state(source.name, runs.get(source.name), read[source.name], workspace.now)
            for source in project.sources
        ],
        budgets=[(entry.id, entry.budget) for entry in project.settings.work.exempt],
        failed_metrics=failed_metrics,
        zone=project.settings.zone,
        as_of=workspace.today,
    )


def observed(workspace: Workspace, view: View) -> dict[str, list[Observation]]:
    """The observations of every metric by its id, ascending by day."""
    metrics = workspace.project.okrs.metrics
    stored = [metric.id for metric in metrics if metric.source_type != CHECK_IN]
    found = view.observations_of(stored, as_known=workspace.as_known)
    return {metric.id: found[metric.id] if metric.id in found else _told(workspace, metric) for metric in metrics}


def observations_of(workspace: Workspace, metric: Metric, view: View) -> list[Observation]:
    """The latest value of each day; check-ins come from the ledger itself, so that they count at once."""
    if metric.source_type != CHECK_IN:
        return view.observations(metric.id, as_known=workspace.as_known)
    return _told(workspace, metric)


def _told(workspace: Workspace, metric: Metric) -> list[Observation]:
    project = workspace.project
    told = from_check_ins(metric, project.okrs, project.ledger.check_ins, project.settings.zone)
    return list({entry.day: entry for entry in told}.values())


def calendar_of(workspace: Workspace, inputs: ReportInputs) -> Calendar:
    """The sprints, milestones and iterations of the store, with the work of *inputs* that is in them."""
    with workspace.store.read() as view:
        records = [record for source in workspace.project.sources for record in view.iterations(source.name)]
    return Calendar(records, inputs.linking.placements, workspace.now, inputs.zone, hides_names=workspace.hides_titles)


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


def _source_state(name: str, run: RunRecord | None, read: datetime | None, now: datetime) -> SourceState:
    age = None if read is None else max(0, (now - read).days)
    return SourceState(name, "never read" if run is None else run.status, age, run.error if run else "")
