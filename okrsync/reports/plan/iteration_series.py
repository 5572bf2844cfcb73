"""
Sprints, milestones and project iterations by the lane that they follow one another in. Pure.

A lane is what people call a board, a team's sprints, or a repository's milestones. No tracker tells it with every
iteration, so it is read off the ids (``owner/web/milestone/6``), the names (``PAY Sprint 33``) and the items' projects.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from okrsync.linking.delivered import day_of
from okrsync.model.placements import Placement
from okrsync.model.work import Item, IterationRecord

Place = tuple[str, str]
"""A source, and the id of an iteration of it."""
_NUMBER = re.compile(r"[\W\d_]+$")


class Phase(StrEnum):
    """Where an iteration stands on the day of the report."""

    NEXT = "next"
    CURRENT = "current"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class IterationSeries:
    """What follows one another; *project* is where most of its items lie, empty where it never had one."""

    source: str
    name: str
    project: str

    def is_called(self, name: str) -> bool:
        """Whether *name* means it: by its own name, its project or repository, or its source."""
        wanted = name.casefold()
        return wanted in {self.name.casefold(), self.project.casefold(), self.source.casefold()}


@dataclass(frozen=True, slots=True)
class Period:
    """A sprint, milestone or project iteration with its first and last day in the organisation's time zone."""

    source: str
    id: str
    name: str
    board: str
    """Name of its lane."""
    phase: Phase
    is_milestone: bool
    start: date | None
    end: date | None

    @property
    def place(self) -> str:
        """What it alone is called: two sources may number their sprints alike."""
        return f"{self.source}:{self.id}"


class Calendar:
    """
    All iterations of the store on one day, each with its lane and the work that is, or was, in it.

    *hides_names*: they are told by their ids, and boards by their projects; still found by name, and in the same lanes.
    *projects*: how many pieces of work of each project each of them (by source and id) has or had, where *placements*
    are not all that there are.
    """

    def __init__(
        self,
        records: Sequence[IterationRecord],
        placements: Sequence[Placement],
        now: datetime,
        zone: ZoneInfo,
        *,
        hides_names: bool = False,
        projects: Mapping[Place, Mapping[str, int]] | None = None,
    ) -> None:
        self._work = _work_of(placements)
        self._counts = _projects_of(self._work) if projects is None else projects
        self._lanes = _lanes(records, self._counts)
        self._hides_names = hides_names
        self._names = {(record.source, record.id): record.name.casefold() for record in records}
        made = [self._period(record, now, zone) for record in records]
        self.periods = tuple(sorted(made, key=lambda period: (period.source, _by_time(period), period.id)))
        self._closed: dict[tuple[IterationSeries, bool], list[Period]] = {}
        for period in self.periods:
            if period.phase is Phase.CLOSED:
                self._closed.setdefault((self.lane(period), period.is_milestone), []).append(period)

    def with_work(self, placements: Sequence[Placement]) -> Calendar:
        """The same iterations with the work of *placements*."""
        made = copy(self)
        made._work = _work_of(placements)  # noqa: SLF001 - its own
        return made

    def lane(self, period: Period) -> IterationSeries:
        """The lane of *period*."""
        return self._lanes[period.source, period.id]

    def work(self, period: Period) -> list[Placement]:
        """All that is in *period*, or was while it was open; without what was dropped."""
        return self._work.get((period.source, period.id), [])

    def has_work(self, period: Period) -> bool:
        """Return whether any piece of work is, or was, in *period*."""
        return bool(self._counts.get((period.source, period.id)))

    def called(self, wanted: str) -> list[Period]:
        """Those that *wanted* means, in any case: the one at that place, else those with that id or name."""
        name = wanted.casefold()
        exact = [period for period in self.periods if period.place.casefold() == name]
        return exact or [
            period for period in self.periods if name in {period.id.casefold(), self._names[period.source, period.id]}
        ]

    def before(self, period: Period, count: int) -> list[Period]:
        """The last *count* closed ones of the same lane before *period*, oldest first."""
        alike = self._closed.get((self.lane(period), period.is_milestone), ())
        closed = [entry for entry in alike if entry.id != period.id and _by_time(entry) <= _by_time(period)]
        return sorted(closed, key=_by_time)[-count:]

    def run_of(self, item: Item, period: Period) -> int:
        """How many of the lane of *period*, itself included, *item* has been planned for."""
        lane = self.lane(period)
        return sum(self._lanes.get((item.source, iteration.id)) == lane for iteration in item.iterations)

    def _period(self, record: IterationRecord, now: datetime, zone: ZoneInfo) -> Period:
        lane = self._lanes[record.source, record.id]
        return Period(
            source=record.source,
            id=record.id,
            name=record.id if self._hides_names else record.name,
            board=(lane.project or lane.source) if self._hides_names else lane.name,
            phase=_phase(record, now),
            is_milestone=record.start is None and record.state != "future",
            start=day_of(record.start, zone),
            end=day_of(record.end or record.completed, zone),
        )


def _by_time(period: Period) -> tuple[date, str]:
    return (period.start or period.end or date.max, period.name)


def _phase(record: IterationRecord, now: datetime) -> Phase:
    """As it stood at *now*, which may be long ago."""
    if record.state == "closed" and (record.completed or record.end or now) <= now:
        return Phase.CLOSED
    if record.state == "future" or (record.start is not None and record.start > now):
        return Phase.NEXT
    return Phase.CURRENT


def _work_of(placements: Iterable[Placement]) -> dict[Place, list[Placement]]:
    found: dict[Place, list[Placement]] = {}
    for placement in placements:
        if placement.is_piece:
            for iteration in placement.item.iterations:
                found.setdefault((placement.item.source, iteration.id), []).append(placement)
    return found


def _projects_of(work: Mapping[Place, Iterable[Placement]]) -> dict[Place, Mapping[str, int]]:
    return {place: Counter(one.item.project for one in placements) for place, placements in work.items()}


def _lanes(
    records: Sequence[IterationRecord], counts: Mapping[Place, Mapping[str, int]]
) -> dict[Place, IterationSeries]:
    projects = {(record.source, record.id): _project(counts.get((record.source, record.id), {})) for record in records}
    stems = Counter((record.source, _stem(record)) for record in records)
    of_stem: dict[tuple[str, str], set[str]] = {}
    for record in records:
        project = projects[record.source, record.id]
        of_stem.setdefault((record.source, _stem(record)), set()).update({project} if project else ())
    found: dict[tuple[str, str], IterationSeries] = {}
    for record in records:
        stem = _stem(record)
        # A name that no other one follows (Octopus) is not that of a lane; a place in the id always is.
        is_series = "/" in record.id or (bool(stem) and stems[record.source, stem] > 1)
        namesakes = of_stem[record.source, stem]
        # One without work belongs to the project of its namesakes, if they have one alone.
        alone = next(iter(namesakes)) if len(namesakes) == 1 else ""
        project = projects[record.source, record.id] or alone
        name = stem if is_series else project or record.source
        found[record.source, record.id] = IterationSeries(record.source, name, project)
    return found


def _stem(record: IterationRecord) -> str:
    """What the iterations of one lane have in common: the place in the id, else the name without its number."""
    container = record.id.rpartition("/")[0]
    return container.removesuffix("/milestone") if container else _NUMBER.sub("", record.name)


def _project(counts: Mapping[str, int]) -> str:
    return min((name for name in counts if name), key=lambda name: (-counts[name], name), default="")
