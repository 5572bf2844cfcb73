"""What a reader can choose from: cycles, sprints and teams, as the store knows them."""

from __future__ import annotations

from okrsync.answers.calendars import calendar_of
from okrsync.answers.placement_cache import about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace
from okrsync.reports.plan.iteration_series import Calendar, Period, Phase

Choice = tuple[str, str]
"""A value, and how it is called."""
Choices = dict[str, list[Choice]]
"""By the name of what is chosen."""
_MOST_CLOSED = 3
"""Sprints of a lane that are over and can still be chosen; older ones are asked for by name on the command line."""


def load_choices(workspace: Workspace, kind: str) -> Choices:
    """Return what can be chosen for a report of *kind*, by the name of the choice; the most wanted first."""
    inputs = report_inputs(workspace, about(workspace, []))
    calendar = calendar_of(workspace, inputs)
    wanted = to_look_back_on(calendar) if kind == "retro" else to_plan(calendar)
    cycles = sorted(workspace.project.okrs.cycles, key=lambda cycle: cycle.start, reverse=True)
    return {
        "cycle": [(cycle.id, cycle.id) for cycle in cycles if cycle.start <= workspace.today],
        "sprint": [(period.place, f"{period.name} ({period.board}, {period.phase})") for period in wanted],
        "team": [(team, team) for team in inputs.stock.teams],
    }


def to_plan(calendar: Calendar) -> list[Period]:
    """The iterations with work that are to come, then those that run; milestones last. Without work: all of them."""
    open_ = [period for period in calendar.periods if period.phase is not Phase.CLOSED]
    found = [period for period in open_ if calendar.has_work(period)] or open_
    return sorted(found, key=lambda period: (period.is_milestone, period.phase is not Phase.NEXT, _begin(period)))


def to_look_back_on(calendar: Calendar) -> list[Period]:
    """The last iterations of each lane that are over, the newest first."""
    by_lane: dict[object, list[Period]] = {}
    for period in calendar.periods:
        if period.phase is Phase.CLOSED and period.end is not None:
            by_lane.setdefault((calendar.lane(period), period.is_milestone), []).append(period)
    found = [period for lane in by_lane.values() for period in sorted(lane, key=_end)[-_MOST_CLOSED:]]
    return sorted(found, key=lambda period: (period.is_milestone, -_end(period), period.source, period.id))


def _begin(period: Period) -> tuple[int, str, str]:
    return (period.start.toordinal() if period.start else _end(period), period.source, period.id)


def _end(period: Period) -> int:
    return period.end.toordinal() if period.end else 0
