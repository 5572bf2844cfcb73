"""Which sprint a retro is about; where that is ambiguous, the candidates are listed."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from datetime import date

from okrsync.errors import UsageError
from okrsync.reports.audit.scope import AuditFilter
from okrsync.reports.plan.iteration_series import Calendar, Period, Phase

_MOST = 12


def chosen_sprint(calendar: Calendar, wanted: str, part: AuditFilter) -> Period:
    """
    The sprint or milestone *wanted*: by id or name, or ``last`` for the one that closed last.

    With a team in *part*, of several the one that has work of its.

    Raises:
        UsageError: there is none, or more than one; the message lists them with the command for each.
    """
    if wanted.casefold() == "last":
        found, what = _last_of_each_lane(calendar), "closed last, each on its board"
        missing = "no sprint has closed by this day"
    else:
        found = calendar.called(wanted)
        what = f'are called "{wanted[:80]}"'
        missing = f'no sprint or milestone is called "{wanted[:80]}"'
    if part.team and len(found) > 1:
        found = [entry for entry in found if any(map(part.has, calendar.work(entry)))] or found
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{len(found):,} sprints {what}; name one:{_commands(found)}")
    if not calendar.periods:
        raise UsageError("no sprint or milestone has been read yet; run okrsync sync first")
    near = [entry for entry in calendar.periods if wanted.casefold() in entry.name.casefold()]
    near = near or _last_of_each_lane(calendar)
    raise UsageError(missing + (f"; there are:{_commands(near)}" if near else ""))


def _last_of_each_lane(calendar: Calendar) -> list[Period]:
    last: dict[object, Period] = {}
    for entry in sorted(calendar.periods, key=lambda entry: (entry.end or date.min, entry.id)):
        if entry.phase is Phase.CLOSED:
            last[calendar.lane(entry), entry.is_milestone] = entry
    return sorted(last.values(), key=lambda entry: (entry.is_milestone, entry.source, entry.name))


def _commands(found: Sequence[Period]) -> str:
    ids = Counter(entry.id for entry in found)
    named = [(entry.place if ids[entry.id] > 1 else entry.id, entry.name) for entry in found[-_MOST:]]
    return "".join(f"\n  okrsync retro --sprint {shlex.quote(name)}   # {title}" for name, title in named)
