"""The company's days: today, the recorded months, sprints, milestones and times of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

TODAY: Final = date(2026, 11, 20)
NOW: Final = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
"""The last moment at which anything may have happened."""
FIRST_DAY: Final = date(2025, 8, 20)
LAST_METRIC_DAY: Final = date(2026, 11, 19)
CYCLE_STARTS: Final = {"2026Q3": date(2026, 7, 1), "2026Q4": date(2026, 10, 1)}
RUNNING_CYCLE: Final = "2026Q4"
BERLIN: Final = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Sprint:
    """Two weeks of one board."""

    id: int
    board: int
    name: str
    start: datetime
    end: datetime

    @property
    def state(self) -> str:
        """``closed``, ``active`` or ``future``, seen from today."""
        if self.end < NOW:
            return "closed"
        return "active" if self.start <= NOW else "future"


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return *day* at a UTC time."""
    return datetime.combine(day, time(hour, minute, second), tzinfo=UTC)


def working_moment(rng: np.random.Generator, day: date) -> datetime:
    """Return a random moment within office hours of *day*, whole seconds, the same date in UTC and in Berlin."""
    seconds = int(rng.integers(0, 6 * 3600))
    return at(day, 7) + timedelta(seconds=seconds)


def working_day(day: date) -> date:
    """Return *day*, or the Friday before where it falls on a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def random_day(rng: np.random.Generator, first: date, last: date) -> date:
    """Return a random working day from *first* to *last*, both included."""
    day = working_day(first + timedelta(days=int(rng.integers(0, (last - first).days + 1))))
    return day if day >= first else first


def sprints(project: str) -> list[Sprint]:
    """Return the sprints of a project's board, oldest first: closed ones, the running one, the next one."""
    # PAY plans Monday to Friday of the next week, GRO Wednesday to Tuesday.
    board, next_start, days = {"PAY": (11, date(2026, 11, 30), 11), "GRO": (12, date(2026, 11, 25), 13)}[project]
    count = 33
    found = []
    for number in range(1, count + 1):
        start = next_start + timedelta(days=14 * (number - count))
        opens, closes = at(start, 8), at(start + timedelta(days=days), 15)
        found.append(Sprint(board * 100 + number, board, f"{project} Sprint {number}", opens, closes))
    return found


def sprint_of(project: str, moment: datetime) -> Sprint:
    """Return the sprint that was running at *moment*, or the last one that had begun."""
    begun = [s for s in sprints(project) if s.start <= moment]
    return begun[-1] if begun else sprints(project)[0]


@dataclass(frozen=True, slots=True)
class Milestone:
    """A monthly release of one repository."""

    number: int
    title: str
    due: date
    opened: date

    @property
    def is_open(self) -> bool:
        """Whether it is not yet released."""
        return self.due >= TODAY


def milestones(repository: str) -> list[Milestone]:
    """Return the milestones of a repository, oldest first; the last two are the running and the next one."""
    label = repository.capitalize()
    months = [(2026, month) for month in range(6, 13)]
    found = []
    for number, (year, month) in enumerate(months, start=1):
        opened = date(year, month - 1, 15)
        last = date(year, month, 18) if month == 12 else date(year, month + 1, 1) - timedelta(days=1)
        found.append(Milestone(number, f"{label} {year}.{month:02d}", last, opened))
    return found
