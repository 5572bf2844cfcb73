"""The one sentence above a plan: how much of the work serves a key result, and what matters most beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from okrsync.okrs.progress import Health
from okrsync.reports.plan.coverage import Coverage, SizeShares, whole_percents
from okrsync.reports.plan.key_results import PlanKeyResult
from okrsync.reports.plan.review import Concern, ReviewLine
from okrsync.reports.plan.scope import PlanScope

_MOST_NAMES = 3


def headline(
    known_items: int,
    scope: PlanScope,
    coverage: Coverage,
    key_results: Sequence[PlanKeyResult],
    concerns: Sequence[ReviewLine],
) -> str:
    """The sentence; *known_items*: how many were ever read. The first of what matters that holds is said."""
    if not known_items:
        return "Nothing has been read yet; run okrsync sync first."
    if not coverage.items:
        team = f" for the team {scope.team}" if scope.team else ""
        return f"Nothing is planned in {scope.title}{team} yet."
    beside = next(_beside(coverage, key_results, concerns), "")
    return f"{_served(coverage)}{f'; {beside}' if beside else ''}."


def _served(coverage: Coverage) -> str:
    if coverage.exempt.items == coverage.items:
        return "All of the planned work is exempt"
    if not coverage.linked.items:
        return "None of the planned work serves a key result"
    if not coverage.exempt.items and not coverage.unlinked.items:
        return "All of the planned work serves a key result"
    return f"{_percent(coverage.measured)} of the planned work serves a key result"


def _beside(coverage: Coverage, key_results: Sequence[PlanKeyResult], concerns: Sequence[ReviewLine]) -> Iterator[str]:
    """What matters beside it, the weightiest first."""
    without = [entry for entry in key_results if not entry.planned.items and _wants_work(entry)]
    behind = [entry for entry in without if entry.is_behind]
    nowhere = [entry for entry in behind if not entry.elsewhere]
    if nowhere:
        yield f"{_are(nowhere)} behind, and no open work anywhere serves {'it' if len(nowhere) == 1 else 'them'}"
    if behind:
        yield f"{_are(behind)} behind and {'has' if len(behind) == 1 else 'have'} none here"
    stopped = {item.key for line in concerns if line.concern is Concern.STOP_LISTED for item in line.items}
    if stopped:
        yield f"{_items(len(stopped))} {'is' if len(stopped) == 1 else 'are'} on the stop list"
    if coverage.unlinked.items:
        yield f"{_items(coverage.unlinked.items)} {'serves' if coverage.unlinked.items == 1 else 'serve'} none"
    if without:
        yield f"{_names(without)} {'has' if len(without) == 1 else 'have'} none"


def _wants_work(entry: PlanKeyResult) -> bool:
    return entry.state != "draft" and entry.standing.health not in {Health.REACHED, Health.SCORED}


def _names(entries: Sequence[PlanKeyResult]) -> str:
    names = [entry.standing.id for entry in entries]
    if len({name.rpartition("/")[0] for name in names}) == 1:
        names = [name.rpartition("/")[2] for name in names]
    if len(names) > _MOST_NAMES:
        return f"{len(names):,} key results"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _are(entries: Sequence[PlanKeyResult]) -> str:
    return f"{_names(entries)} {'is' if len(entries) == 1 else 'are'}"


def _items(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"


def _percent(shares: SizeShares) -> str:
    """What is not all and not nothing never reads like it."""
    linked = whole_percents(shares)[0]
    if linked == 100:
        return "Almost all"
    return f"{linked} %" if linked or not shares.linked else "Less than 1 %"
