"""A project with its store, on a day: what every job starts from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from okrsync.config.project import Project, load_project
from okrsync.errors import UsageError
from okrsync.linking.placement import Placements, place_items
from okrsync.model.expectations import RecordedExpectation
from okrsync.model.okrs import Okrs
from okrsync.plugins.context import utc_now
from okrsync.store.records import Scope

if TYPE_CHECKING:
    from okrsync.store.database import Store
    from okrsync.store.snapshot import Snapshot

_END_OF_DAY = time(23, 59, 59)


class StoreAccess:
    """The store at a URL, opened at its first use: what only writes to the ledger does not import SQLAlchemy."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: Store | None = None

    def open(self) -> Store:
        """
        Return the store, opened at the first call.

        Raises:
            StoreError: it cannot be opened.
        """
        if self._opened is None:
            from okrsync.store.database import Store  # noqa: PLC0415

            self._opened = Store.open(self._url)
        return self._opened

    def close(self) -> None:
        """Close the store if it was opened."""
        if self._opened is not None:
            self._opened.close()


@dataclass(frozen=True, slots=True)
class Workspace:
    """*now* is the moment that the job takes as present; *today* is its day in the project's time zone."""

    project: Project
    access: StoreAccess
    now: datetime
    is_pinned: bool = False
    """*now* was asked for: what the trackers told later does not count."""
    as_known: datetime | None = None
    """Only what the store knew at that moment counts."""
    hides_titles: bool = False
    """Reports do not say what trackers call things."""
    bound: Snapshot | None = None
    """The read transaction that everything is read in; ``None``: each reading opens one of its own."""

    @property
    def store(self) -> Store:
        """
        The store, opened at its first use.

        Raises:
            StoreError: it cannot be opened.
        """
        return self.access.open()

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """
        Yield the read transaction that the workspace is bound to, or one that ends with the block.

        Raises:
            StoreError: the store cannot be opened.
        """
        if self.bound is not None:
            yield self.bound
        else:
            with self.store.read() as view:
                yield view

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
        ConfigError: see there.
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
    access = StoreAccess(project.store_url)
    try:
        known = None if as_known is None else _end_of(as_known, zone)
        yield Workspace(project, access, now, day is not None, known, hides_titles)
    finally:
        access.close()


@contextmanager
def in_one_transaction(workspace: Workspace) -> Iterator[Workspace]:
    """Yield *workspace* bound to one read transaction: a sync that commits meanwhile changes nothing that is read."""
    with workspace.reading() as view:
        yield replace(workspace, bound=view)


def present(project: Project, as_of: date | None = None) -> datetime:
    """The moment that *project* takes as present: the end of *as_of* or of its own pinned day, else now; in UTC."""
    day = as_of or project.settings.as_of
    return utc_now() if day is None else _end_of(day, project.settings.zone)


def _end_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, _END_OF_DAY, zone).astimezone(UTC)


def link_all(workspace: Workspace, view: Snapshot, *, as_of: datetime | None = None) -> Placements:
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


def seen_expectations(workspace: Workspace, view: Snapshot) -> list[RecordedExpectation]:
    """What items were ever seen to expect, oldest first; their reasons are trackers' words, as titles are."""
    seen = view.expectations()
    return [replace(entry, because="") for entry in seen] if workspace.hides_titles else seen


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
