"""Chooses what a plan is about: a sprint, a milestone, the backlog, or the next days; ambiguity is an error."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import starmap
from zoneinfo import ZoneInfo

from okrsync.errors import UsageError
from okrsync.linking.delivered import day_of
from okrsync.linking.placement import Placements
from okrsync.model.placements import Placement
from okrsync.model.work import Status
from okrsync.reports.counts import StoreTotals, stock_of
from okrsync.reports.plan.iteration_series import Calendar, Period, Phase

EARLIER = 3
"""How many sprints before are looked back on."""
_MAX_CANDIDATES = 12


class ScopeKind(StrEnum):
    """What kind of plan it is."""

    SPRINT = "sprint"
    MILESTONE = "milestone"
    BACKLOG = "backlog"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """
    What was asked for; nothing: the next sprint, else the current one, else the backlog.

    *sprint* is ``next``, ``current``, an id or a name; *board* a lane's name, a project, a repository or a source.
    """

    sprint: str = ""
    milestone: str = ""
    board: str = ""
    team: str = ""
    is_backlog: bool = False
    days: int | None = None


@dataclass(frozen=True, slots=True)
class PlanScope:
    """What the plan is about; *because*: how it was chosen and what it takes in, unless it was named."""

    kind: ScopeKind
    title: str
    because: str
    board: str
    team: str
    period: Period | None
    first: date | None
    last: date | None
    """First and last day, where it has any."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The scope with its work, and the periods before it with theirs, oldest first; without what was dropped."""

    scope: PlanScope
    placements: tuple[Placement, ...]
    earlier: tuple[tuple[Period, tuple[Placement, ...]], ...]
    runs: dict[str, int]
    """How many sprints each item (by key) has been planned for, this one included."""


def choose(
    wanted: PlanChoice,
    calendar: Calendar,
    linking: Placements,
    as_of: date,
    zone: ZoneInfo,
    stock: StoreTotals | None = None,
) -> Chosen:
    """
    What *wanted* means on the day *as_of* in *zone*; *stock*: the whole store, where *linking* is a part of it.

    Raises:
        UsageError: it names nothing, or more than one; the candidates are listed with the command for each.
    """
    chooser = _Chooser(wanted, calendar, linking, as_of, zone)
    chooser.check(stock or stock_of(linking))
    if wanted.days is not None:
        return chooser.days(wanted.days)
    if wanted.is_backlog:
        return chooser.backlog("open work in no sprint or milestone that is open")
    if wanted.milestone:
        return chooser.period(chooser.named(wanted.milestone, is_milestone=True))
    if wanted.sprint and wanted.sprint not in {Phase.NEXT, Phase.CURRENT}:
        return chooser.period(chooser.named(wanted.sprint, is_milestone=False))
    return chooser.by_phase()


class _Chooser:
    def __init__(
        self, wanted: PlanChoice, calendar: Calendar, linking: Placements, as_of: date, zone: ZoneInfo
    ) -> None:
        self._wanted = wanted
        self._calendar = calendar
        self._linking = linking
        self._as_of = as_of
        self._zone = zone
        lanes = {calendar.lane(entry) for entry in self._on_board()} if wanted.board else set()
        self._of_board = {(lane.source, lane.project) for lane in lanes}
        """Where the work of the wanted board lies: source and project."""

    def check(self, stock: StoreTotals) -> None:
        """Refuse a board or team that nothing has: a plan without work would look like good news."""
        board, team = self._wanted.board, self._wanted.team
        if team and team.casefold() not in map(str.casefold, stock.teams):
            raise UsageError(f'no item has the team "{team}"; there are {", ".join(stock.teams) or "none"}')
        if board and not self._on_board() and not any(starmap(self._is_on_board, stock.places)):
            known = sorted({period.board for period in self._calendar.periods})
            raise UsageError(f'no board is called "{board}"; there are {", ".join(known) or "none"}')

    def by_phase(self) -> Chosen:
        asked = self._wanted.sprint
        for phase in (Phase(asked),) if asked else (Phase.NEXT, Phase.CURRENT):
            found = self._with_team([entry for entry in self._timed() if entry.phase is phase])
            firsts = self._first_of_each_lane(found) if phase is Phase.NEXT else found
            if firsts:
                what = f"the {phase.value} sprint"
                return self.period(self._only(firsts, f"{len(firsts)} sprints are {phase.value}"), what)
        if asked:
            raise UsageError(f"no sprint is {asked}{self._where()}; see okrsync plan --backlog, or --days 14")
        return self.backlog("no sprint is next or current, so this is the backlog: open work in no open milestone")

    def named(self, name: str, *, is_milestone: bool) -> Period:
        kind = "milestone" if is_milestone else "sprint"
        known = [entry for entry in self._on_board() if entry.is_milestone == is_milestone]
        wanted = name.casefold()
        found = [entry for entry in self._calendar.called(name) if entry in known]
        if not self._calendar.periods:
            raise UsageError(f"no {kind} has been read yet; run okrsync sync first")
        if not found:
            still_open = [entry for entry in known if entry.phase is not Phase.CLOSED]
            near = [entry for entry in known if wanted in entry.name.casefold()]
            likely = [entry for entry in near if entry in still_open] or near or still_open
            told = self._commands(likely[-_MAX_CANDIDATES:])
            raise UsageError(f'no {kind} is called "{name}"{self._where()}' + (f"; there are:{told}" if told else ""))
        return self._only(self._with_team(found), f'{len(found)} {kind}s are called "{name}"')

    def period(self, period: Period, because: str = "") -> Chosen:
        earlier = self._calendar.before(period, EARLIER)
        work = self._of_team(self._calendar.work(period))
        scope = self._scope(
            ScopeKind.MILESTONE if period.is_milestone else ScopeKind.SPRINT,
            period.name,
            because,
            period,
            period.start,
            period.end,
        )
        runs = {} if period.is_milestone else {e.item.key: self._calendar.run_of(e.item, period) for e in work}
        return Chosen(scope, work, tuple((entry, self._of_team(self._calendar.work(entry))) for entry in earlier), runs)

    def backlog(self, because: str) -> Chosen:
        held = self._ids(lambda period: period.phase is not Phase.CLOSED)
        work = [entry for entry in self._open_work() if held.isdisjoint(_places(entry))]
        return Chosen(self._scope(ScopeKind.BACKLOG, "Backlog", because, None, None, None), tuple(work), (), {})

    def days(self, count: int) -> Chosen:
        last = self._as_of + timedelta(days=count)
        soon = self._ids(lambda period: self._runs_until(period, last))
        later = self._ids(lambda period: period.phase is not Phase.CLOSED) - soon
        since = self._as_of - timedelta(days=count)
        work = [
            entry
            for entry in self._open_work()
            if entry.item.status is Status.IN_PROGRESS
            or not soon.isdisjoint(_places(entry))
            or (later.isdisjoint(_places(entry)) and self._was_touched(entry, since))
        ]
        span = f"{count:,} day{'' if count == 1 else 's'}"
        because = (
            f"work in progress, work in a sprint or milestone that runs or is due in these {span}, and open work that "
            f"was changed in the {span} before and is planned for no later one; the order of a board is not read"
        )
        title = f"The next {span}"
        return Chosen(self._scope(ScopeKind.DAYS, title, because, None, self._as_of, last), tuple(work), (), {})

    def _scope(
        self,
        kind: ScopeKind,
        title: str,
        because: str,
        period: Period | None,
        first: date | None,
        last: date | None,
    ) -> PlanScope:
        board = period.board if period else self._wanted.board
        return PlanScope(kind, title, because, board, self._wanted.team, period, first, last)

    def _on_board(self) -> list[Period]:
        board = self._wanted.board
        return [entry for entry in self._calendar.periods if not board or self._calendar.lane(entry).is_called(board)]

    def _timed(self) -> list[Period]:
        return [entry for entry in self._on_board() if not entry.is_milestone]

    def _first_of_each_lane(self, periods: Sequence[Period]) -> list[Period]:
        firsts: dict[object, Period] = {}
        for entry in sorted(periods, key=lambda entry: (entry.start or date.max, entry.name, entry.id)):
            firsts.setdefault(self._calendar.lane(entry), entry)
        return list(firsts.values())

    def _with_team(self, periods: list[Period]) -> list[Period]:
        """Those in which the team has work; where it has in none, all of them."""
        if not self._wanted.team or len(periods) < 2:
            return periods
        return [entry for entry in periods if self._of_team(self._calendar.work(entry))] or periods

    def _of_team(self, placements: Sequence[Placement]) -> tuple[Placement, ...]:
        team = self._wanted.team.casefold()
        return tuple(entry for entry in placements if not team or entry.item.team.casefold() == team)

    def _open_work(self) -> list[Placement]:
        return [
            entry
            for entry in self._of_team(self._linking.placements)
            if entry.item.status.is_open and entry.is_piece and self._lies_on_board(entry)
        ]

    def _lies_on_board(self, placement: Placement) -> bool:
        return self._is_on_board(placement.item.source, placement.item.project)

    def _is_on_board(self, source: str, project: str) -> bool:
        board = self._wanted.board.casefold()
        return not board or board in {project.casefold(), source.casefold()} or (source, project) in self._of_board

    def _ids(self, is_meant: Callable[[Period], bool]) -> set[tuple[str, str]]:
        return {(entry.source, entry.id) for entry in self._calendar.periods if is_meant(entry)}

    def _runs_until(self, period: Period, last: date) -> bool:
        if period.phase is Phase.CLOSED:
            return False
        if period.start is not None:
            return period.start <= last
        return period.is_milestone and period.end is not None and period.end <= last

    def _was_touched(self, placement: Placement, since: date) -> bool:
        day = day_of(placement.item.updated, self._zone)
        return day is not None and day >= since

    def _only(self, periods: Sequence[Period], problem: str) -> Period:
        if len(periods) == 1:
            return periods[0]
        raise UsageError(f"{problem}; name one:{self._commands(periods[:_MAX_CANDIDATES])}")

    def _commands(self, periods: Sequence[Period]) -> str:
        return "".join(f"\n  {self._command(entry)}   {_described(entry)}" for entry in periods)

    def _command(self, period: Period) -> str:
        option = "--milestone" if period.is_milestone else "--sprint"
        namesakes = [entry for entry in self._calendar.periods if entry.name.casefold() == period.name.casefold()]
        words = ["okrsync", "plan", option, period.name if len(namesakes) == 1 and period.name else period.id]
        same_id = [entry for entry in self._calendar.periods if entry.id == period.id]
        board = period.source if len(same_id) > 1 and len(namesakes) > 1 else self._wanted.board
        words += ["--board", board] if board else []
        words += ["--team", self._wanted.team] if self._wanted.team else []
        return shlex.join(words)

    def _where(self) -> str:
        board = f' on the board "{self._wanted.board}"' if self._wanted.board else ""
        return board + (f' for the team "{self._wanted.team}"' if self._wanted.team else "")


def _places(placement: Placement) -> set[tuple[str, str]]:
    return {(placement.item.source, iteration.id) for iteration in placement.item.iterations}


def _described(period: Period) -> str:
    days = [f"{day.day} {day:%b %Y}" for day in (period.start, period.end) if day is not None]
    span = " to ".join(days) if period.start else f"due {days[0]}" if days else "no dates"
    return f"{period.name}, {period.board}: {span}"
