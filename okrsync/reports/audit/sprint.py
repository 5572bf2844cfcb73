"""The retro of a sprint: the short form of the audit, which opens with the checks that came due during it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from okrsync.errors import UsageError
from okrsync.linking.delivered import day_of
from okrsync.model.placements import LinkStatus, Placement
from okrsync.model.verdicts import Verdict
from okrsync.model.work import Item, Size
from okrsync.reports.audit.headline import verdicts_in_words
from okrsync.reports.audit.scope import AuditInputs, served_in
from okrsync.reports.audit.work import CheckState, Worked, WorkLine, work_lines
from okrsync.reports.counts import natural
from okrsync.reports.inputs import SourceState
from okrsync.reports.plan.iteration_series import Calendar, Period
from okrsync.reports.stoplist import SizeOf


@dataclass(frozen=True, slots=True)
class SprintItem:
    """
    An item that was delivered in the sprint.

    *group*: ``linked``, ``exempt`` or ``unlinked``; *reason*: its exempt class, or why it is unlinked. *is_expected*:
    somebody stated what it is to change. *final_on*: when its last verdict comes, or came.
    """

    item: Worked
    size: Size | None
    group: str
    key_results: tuple[str, ...]
    reason: str
    is_expected: bool
    final_on: date | None


@dataclass(frozen=True, slots=True)
class GroupSize:
    """How much of one group was delivered."""

    group: str
    size: SizeOf


@dataclass(frozen=True, slots=True)
class RetroReport:
    """
    What ``okrsync retro`` says; *first* and *last* are the sprint's days, as far as they have come.

    *matured*: checks that came due in these days, of work from where the sprint's work is; *elsewhere*: how many more
    came due of other work. *asking*: verdicts that ask for a decision, *coming*: checks to come; both of the same work.
    """

    as_of: date
    timezone: str
    sprint: Period
    first: date
    last: date
    team: str
    headline: str
    sources: tuple[SourceState, ...]
    failed_metrics: tuple[str, ...]
    matured: tuple[WorkLine, ...]
    elsewhere: int
    delivered: tuple[SprintItem, ...]
    groups: tuple[GroupSize, ...]
    planned: int
    """How many items were in the sprint at any time, delivered or not."""
    asking: tuple[WorkLine, ...]
    coming: tuple[WorkLine, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every source is fresh, and every metric could be read."""
        return all(source.is_fresh for source in self.sources) and not self.failed_metrics


def build_retro(given: AuditInputs, sprint: Period, calendar: Calendar) -> RetroReport:
    """
    The retro of *sprint*; the cycle in *given* does not matter.

    Raises:
        UsageError: the sprint has not begun, or nobody knows its days.
    """
    first, last = _days(sprint, calendar, given)
    planned = [place for place in calendar.work(sprint) if given.part.has(place)]
    lines = _lines(given)
    ours = _of_same_projects(lines, planned, given)
    due = sum(_came_due(line, first, last) for line in lines)
    matured = tuple(line for line in ours if _came_due(line, first, last))
    delivered = _delivered(planned, lines, given, first, last)
    return RetroReport(
        as_of=given.inputs.as_of,
        timezone=given.inputs.zone.key,
        sprint=sprint,
        first=first,
        last=last,
        team=given.part.team,
        headline=_headline(sprint, matured, delivered),
        sources=tuple(given.inputs.sources),
        failed_metrics=tuple(given.inputs.failed_metrics),
        matured=matured,
        elsewhere=due - len(matured),
        delivered=delivered,
        groups=tuple(_group(group.value, delivered) for group in LinkStatus),
        planned=len(planned),
        asking=tuple(line for line in ours if line.is_asking and line.final_on <= last),
        coming=tuple(sorted((line for line in ours if line.state is CheckState.OPEN), key=_by_day)),
    )


def _days(sprint: Period, calendar: Calendar, given: AuditInputs) -> tuple[date, date]:
    """The first and last day; a milestone, which has no start, begins behind the one before."""
    before = calendar.before(sprint, 1)
    end = sprint.end or given.inputs.as_of
    first = sprint.start
    if first is None and before and before[0].end is not None:
        first = before[0].end + timedelta(days=1)
    if first is None:
        days = (day_of(place.item.delivered, given.inputs.zone) for place in calendar.work(sprint))
        first = min((day for day in days if day is not None and day <= end), default=end)
    if first > given.inputs.as_of:
        raise UsageError(f"{sprint.name} begins on {first}; see okrsync plan --sprint {sprint.id}")
    return first, min(end, given.inputs.as_of)


def _lines(given: AuditInputs) -> list[WorkLine]:
    """Every check of every cycle."""
    cycles = [replace(given, cycle=cycle) for cycle in given.inputs.okrs.cycles]
    return [line for each in cycles for line in work_lines(served_in(each), each)]


def _of_same_projects(
    lines: Sequence[WorkLine], planned: Sequence[Placement], given: AuditInputs
) -> Sequence[WorkLine]:
    """Those of *lines* with work from a project or repository of the sprint's; without any work in it, all."""
    places = {(place.item.source, place.item.project) for place in planned}
    here = {
        place.item.key for place in given.inputs.linking.placements if (place.item.source, place.item.project) in places
    }
    return [line for line in lines if not places or not here.isdisjoint(line.check.members)]


def _came_due(line: WorkLine, first: date, last: date) -> bool:
    return line.state is CheckState.JUDGED and first <= line.final_on <= last


def _delivered(
    planned: Iterable[Placement], lines: Sequence[WorkLine], given: AuditInputs, first: date, last: date
) -> tuple[SprintItem, ...]:
    zone = given.inputs.zone
    stated = {item.key.casefold() for line in given.hypotheses.hypotheses for item in line.items}
    final = {key: line.final_on for line in sorted(lines, key=_by_day) for key in line.check.members}
    found = [
        SprintItem(
            _worked(place.item, day, given),
            place.item.size,
            place.group.value,
            tuple(link.key_result for link in place.counted_links),
            place.exempt_class or place.reason,
            place.item.key.casefold() in stated,
            final.get(place.item.key),
        )
        for place in planned
        if place.item.is_delivered and (day := day_of(place.item.delivered, zone)) is not None and first <= day <= last
    ]
    return tuple(sorted(found, key=lambda entry: (entry.item.day or date.max, natural(entry.item.key))))


def _worked(item: Item, day: date, given: AuditInputs) -> Worked:
    is_late = any(key == item.key.casefold() for _, key in given.inputs.late_links)
    return Worked(item.key, item.title, item.url, item.team, day, (), is_late)


def _by_day(line: WorkLine) -> tuple[date, str, tuple[str, ...]]:
    return line.final_on, line.key_result, line.check.members


def _group(group: str, delivered: Sequence[SprintItem]) -> GroupSize:
    own = [entry for entry in delivered if entry.group == group]
    sizes: dict[str, float] = {}
    for entry in own:
        if entry.size is not None:
            sizes[entry.size.unit] = sizes.get(entry.size.unit, 0.0) + entry.size.value
    return GroupSize(group, SizeOf(len(own), dict(sorted(sizes.items())), sum(entry.size is None for entry in own)))


def _headline(sprint: Period, matured: Sequence[WorkLine], delivered: Sequence[SprintItem]) -> str:
    counts: Counter[Verdict] = Counter(line.check.verdict for line in matured)
    checks = f"{len(matured):,} {'check' if len(matured) == 1 else 'checks'} came due in {sprint.name}"
    told = f"{checks}: {verdicts_in_words(counts)}" if matured else f"No check came due in {sprint.name}"
    items = f"{len(delivered):,} {'item was' if len(delivered) == 1 else 'items were'} delivered"
    if not delivered:
        return f"{told}; nothing was delivered."
    linked = [entry for entry in delivered if entry.group == LinkStatus.LINKED.value]
    silent = sum(not entry.is_expected for entry in linked)
    serving = f"{len(linked):,} of them {'serves' if len(linked) == 1 else 'serve'} a key result"
    without = f"; of {silent:,} nobody said what {'it is' if silent == 1 else 'they are'} to change" if silent else ""
    return f"{told}; {items}, {serving}{without}."
