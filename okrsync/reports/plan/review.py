"""Planned work that serves a key result and still deserves a second look, by what speaks against it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from okrsync.model.expectations import WORD, stated
from okrsync.model.ledger import Hypothesis
from okrsync.model.okrs import Direction, KeyResult
from okrsync.model.placements import LinkStatus, Placement
from okrsync.okrs.progress import Health
from okrsync.reports.counts import natural
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.plan.coverage import WorkAmount, amount_of
from okrsync.reports.progress import KeyResultProgress
from okrsync.reports.stoplist import StopLine, Stoplist

THIRD = 3
"""From which sprint in a row on work is carried over too often."""


class Concern(StrEnum):
    """What speaks against linked work as it is planned, the weightiest first."""

    STOP_LISTED = "stop_listed"
    """Its delivered siblings did not move the key result."""
    REACHED = "reached"
    """The key result is at its target already."""
    STALE = "stale"
    """The metric is out of date: nobody can see what the work does."""
    NOT_JUDGEABLE = "not_judgeable"
    """It could not be judged before the cycle ends."""
    OUTPUT = "output"
    """The key result counts what is made, and never moves by a verdict."""
    CARRIED_OVER = "carried_over"
    """It is in its third sprint or later."""
    NO_EXPECTATION = "no_expectation"
    """Nobody has said what it is to change."""


@dataclass(frozen=True, slots=True)
class WeakItem:
    """One item that a concern is about; *sprints*: how many it has been planned for, where that is the concern."""

    key: str
    title: str
    url: str
    size: float | None
    unit: str
    sprints: int | None


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """
    One concern about the planned items of one key result; open items alone, for what is done is done.

    *reasons* are the stop list's; *epic* is that of its siblings. *day*: the metric's latest observation where it is
    stale, when it could be judged where that is too late. *line* is the text to add to an item that states nothing;
    empty for other concerns.
    """

    concern: Concern
    key_result: str
    key_result_title: str
    amount: WorkAmount
    items: tuple[WeakItem, ...]
    day: date | None = None
    epic: str = ""
    reasons: tuple[str, ...] = ()
    line: str = ""


Standing = tuple[KeyResultProgress, date | None, bool | None]
"""How a key result stands, when planned work on it can be judged, and whether that is before its cycle ends."""
_Pairs = Sequence[tuple[Placement, float]]


def look_again(
    work: Sequence[Placement],
    standings: Mapping[str, Standing],
    inputs: JudgedInputs,
    stoplist: Stoplist,
    hypotheses: Sequence[Hypothesis],
    runs: Mapping[str, int],
) -> tuple[ReviewLine, ...]:
    """Every concern about the open part of *work*, the weightiest first; *runs*: sprints so far by item key."""
    reviewer = _Reviewer(inputs, stoplist, hypotheses, runs)
    serving: dict[str, list[tuple[Placement, float]]] = {}
    for entry in work:
        if entry.group is LinkStatus.LINKED and entry.item.status.is_open:
            for link in entry.counted_links:
                serving.setdefault(link.key_result, []).append((entry, link.share))
    found = [
        line
        for key_result in inputs.okrs.key_results
        if key_result.qualified_id in standings and key_result.qualified_id in serving
        for line in reviewer.concerns(key_result, standings[key_result.qualified_id], serving[key_result.qualified_id])
    ]
    order = list(Concern)
    return tuple(sorted(found, key=lambda line: order.index(line.concern)))


class _Reviewer:
    def __init__(
        self, inputs: JudgedInputs, stoplist: Stoplist, hypotheses: Sequence[Hypothesis], runs: Mapping[str, int]
    ) -> None:
        self._inputs = inputs
        self._stoplist = stoplist
        self._runs = runs
        replaced = {entry.replaces for entry in hypotheses}
        self._hypotheses = [entry for entry in hypotheses if entry.id not in replaced]

    def concerns(self, key_result: KeyResult, standing: Standing, planned: _Pairs) -> Iterator[ReviewLine]:
        made, judged_on, is_judgeable = standing
        yield from self._stop_listed(key_result, planned)
        if made.health is Health.REACHED:
            yield self._line(Concern.REACHED, key_result, planned)
        if made.health is Health.STALE:
            latest = made.progress.current
            yield self._line(Concern.STALE, key_result, planned, day=latest.date if latest else None)
        if is_judgeable is False:
            yield self._line(Concern.NOT_JUDGEABLE, key_result, planned, day=judged_on)
        if key_result.level != "outcome":
            yield self._line(Concern.OUTPUT, key_result, planned)
        yield from self._some(
            Concern.CARRIED_OVER, key_result, planned, lambda entry: self._runs.get(entry.item.key, 0) >= THIRD
        )
        if _is_tested(key_result):
            yield from self._some(
                Concern.NO_EXPECTATION,
                key_result,
                planned,
                lambda entry: not self._is_expected(entry, key_result),
                line=_line_to_add(key_result, judged_on or self._inputs.okrs.cycle(key_result.cycle).end),
            )

    def _stop_listed(self, key_result: KeyResult, planned: _Pairs) -> Iterator[ReviewLine]:
        for stop in self._stoplist.lines:
            if stop.key_result == key_result.qualified_id:
                keys = _keys(stop)
                held = [pair for pair in planned if pair[0].item.key in keys]
                if held:
                    yield self._line(Concern.STOP_LISTED, key_result, held, epic=stop.epic, reasons=stop.reasons)

    def _some(
        self,
        concern: Concern,
        key_result: KeyResult,
        planned: _Pairs,
        is_meant: Callable[[Placement], bool],
        line: str = "",
    ) -> Iterator[ReviewLine]:
        held = [pair for pair in planned if is_meant(pair[0])]
        if held:
            yield self._line(concern, key_result, held, line=line)

    def _line(
        self,
        concern: Concern,
        key_result: KeyResult,
        planned: _Pairs,
        *,
        day: date | None = None,
        epic: str = "",
        reasons: tuple[str, ...] = (),
        line: str = "",
    ) -> ReviewLine:
        items = sorted((entry for entry, _ in planned), key=lambda entry: natural(entry.item.key))
        return ReviewLine(
            concern,
            key_result.qualified_id,
            key_result.title,
            amount_of(planned),
            tuple(self._item(entry, concern) for entry in items),
            day,
            epic,
            reasons,
            line,
        )

    def _item(self, placement: Placement, concern: Concern) -> WeakItem:
        item, size = placement.item, placement.item.size
        sprints = self._runs.get(item.key) if concern is Concern.CARRIED_OVER else None
        size_value, unit = (None, "") if size is None else (size.value, size.unit)
        return WeakItem(item.key, item.title, item.url, size_value, unit, sprints)

    def _is_expected(self, placement: Placement, key_result: KeyResult) -> bool:
        """Whether the item, one above it, or a hypothesis about either says what it is to change."""
        line = [placement.item, *self._inputs.linking.hierarchy.ancestors(placement.item)]
        keys = {key.casefold() for item in line for key in (item.key, *item.old_keys)}
        names = {key_result.id.casefold(), key_result.qualified_id.casefold()}
        if any(
            entry.key_result.casefold() in names and not keys.isdisjoint(key.casefold() for key in entry.items)
            for entry in self._hypotheses
        ):
            return True
        return any(
            (told := stated(directive.value)) is not None and told.key_result.casefold() in names
            for item in line
            for directive in item.directives
            if directive.word == WORD
        )


def _is_tested(key_result: KeyResult) -> bool:
    """Whether an expectation makes sense: not of an output, a draft, or of what is to stay where it is."""
    is_kept = key_result.direction is Direction.MAINTAIN
    return key_result.level == "outcome" and key_result.state != "draft" and not is_kept


def _keys(stop: StopLine) -> set[str]:
    return {item.key for item in stop.open_items}


def _line_to_add(key_result: KeyResult, due: date) -> str:
    """What to write into an item's body: the smallest change worth having, where one is declared."""
    sign = "-" if key_result.direction is Direction.DECREASE else "+"
    change = "…" if key_result.min_effect is None else f"{key_result.min_effect:g}"
    return f"{WORD}: {key_result.id} {sign}{change} by {due.isoformat()} because …"
