"""Which expectations and links were on record before the work was delivered: only those are a test of anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from okrsync.linking.placement import BY_HAND, Placements
from okrsync.model.expectations import WORD, RecordedExpectation, stated
from okrsync.model.ledger import Hypothesis, LinkDecision
from okrsync.model.placements import Placement
from okrsync.model.work import EventField, Item, ItemEvent, Link
from okrsync.outcome.case_builder import Expectation

_LABEL = "label "
"""How the way of a link by label begins."""
_MOST_ABOVE = 5
"""Levels above an item that are asked about."""
Identity = tuple[str, str, str]
"""Source, item and key result."""


@dataclass(frozen=True, slots=True)
class RegistrationEvidence:
    """What tells when something was first on record."""

    hypotheses: Sequence[Hypothesis]
    decisions: Sequence[LinkDecision]
    seen: Sequence[RecordedExpectation]
    link_starts: Mapping[Identity, datetime]
    """When an earlier sync first saw each link."""
    events: Mapping[tuple[str, str], Sequence[ItemEvent]]
    """The tracker's history of items, by source and item."""


class _Stated:
    """What was stated of each item, from *evidence*; looked up for every item, so ordered once."""

    def __init__(self, evidence: RegistrationEvidence) -> None:
        self._corrected = corrected_at(evidence.hypotheses)
        self._hypotheses: dict[str, dict[int, Hypothesis]] = {}
        """By item key (casefolded), then by place in the ledger."""
        for place, entry in enumerate(evidence.hypotheses):
            for key in entry.items:
                self._hypotheses.setdefault(key.casefold(), {})[place] = entry
        self._seen: dict[Identity, list[RecordedExpectation]] = {}
        for said in evidence.seen:
            self._seen.setdefault((said.source, said.external_id, said.key_result), []).append(said)

    def of(self, item: Item, link: Link, delivered: datetime) -> list[tuple[datetime, float, str]]:
        """When what change was stated, and by which hypothesis (empty: by the item itself), oldest first."""
        by_place = {place: entry for key in _keys(item) for place, entry in self._hypotheses.get(key, {}).items()}
        stated_at = [
            (entry.recorded, entry.change / max(1, len(entry.items)), entry.id)
            for _, entry in sorted(by_place.items(), key=lambda placed: placed[0])
            if _is_named(link.key_result, entry.key_result)
            and (entry.id not in self._corrected or self._corrected[entry.id] > delivered)
        ]
        seen = self._seen.get((item.source, item.external_id, link.key_result), ())
        stated_at += [(entry.seen, entry.change, "") for entry in seen]
        return sorted(stated_at, key=lambda entry: entry[0])


def expectations_of(linking: Placements, evidence: RegistrationEvidence) -> dict[tuple[str, str], Expectation]:
    """What each delivered item was to change, by key result and item key (casefolded)."""
    found: dict[tuple[str, str], Expectation] = {}
    stated_by = _Stated(evidence)
    for placement in linking.placements:
        item = placement.item
        if not item.is_delivered or item.delivered is None:
            continue
        for link in placement.counted_links:
            stated_at = stated_by.of(item, link, item.delivered)
            if stated_at:
                found[link.key_result, item.key.casefold()] = _expectation(item, link, stated_at, evidence, linking)
    return found


def late_links(linking: Placements, evidence: RegistrationEvidence) -> frozenset[tuple[str, str]]:
    """
    Key results and items (casefolded) that were tied only after the item's delivery, where that can be told.

    It can of links made by hand, and of labels whose adding is in the tracker's own history.
    """
    return frozenset(
        (link.key_result, placement.item.key.casefold())
        for placement in linking.placements
        if placement.item.is_delivered and placement.item.delivered is not None
        for link in placement.counted_links
        if _is_linked_late(placement.item, link, placement.item.delivered, evidence)
    )


def _is_linked_late(item: Item, link: Link, delivered: datetime, evidence: RegistrationEvidence) -> bool:
    start = evidence.link_starts.get((item.source, item.external_id, link.key_result))
    if start is not None and start <= delivered:
        return False
    moments = _by_hand(item, link, evidence) if link.rule == BY_HAND else []
    events = evidence.events.get((item.source, item.external_id), ())
    moments += [event.at for event in _labelled(link, events)]
    return bool(moments) and min(moments) > delivered


def seen_now(linking: Placements, now: datetime) -> list[RecordedExpectation]:
    """What items say of themselves that they are to change, of the key results that they serve."""
    return [
        RecordedExpectation(
            placement.item.source,
            placement.item.external_id,
            link.key_result,
            told.change,
            told.due,
            told.because,
            now,
        )
        for placement in linking.placements
        for link in placement.counted_links
        for directive in placement.item.directives
        if directive.word == WORD
        and (told := stated(directive.value)) is not None
        and _is_named(link.key_result, told.key_result)
    ]


def corrected_at(hypotheses: Iterable[Hypothesis]) -> dict[str, datetime]:
    """When each hypothesis that was corrected was, by its id."""
    found: dict[str, datetime] = {}
    for entry in hypotheses:
        if entry.replaces:
            found[entry.replaces] = min(entry.recorded, found.get(entry.replaces, entry.recorded))
    return found


def items_to_look_into(linking: Placements, hypotheses: Iterable[Hypothesis]) -> list[Item]:
    """
    Delivered items whose history tells what was on record before: those with an expectation, and those with a label.

    With what lies above the former: links come from there too.
    """
    found = items_that_expect(linking, hypotheses)
    known = {(item.source, item.external_id) for item in found}
    labelled = [
        placement.item
        for placement in linking.placements
        if placement.item.is_delivered and any(link.via.startswith(_LABEL) for link in placement.counted_links)
    ]
    return found + [item for item in labelled if (item.source, item.external_id) not in known]


def items_that_expect(linking: Placements, hypotheses: Iterable[Hypothesis]) -> list[Item]:
    """Delivered items for which something was stated anywhere, and what lies above them."""
    named = {key.casefold() for hypothesis in hypotheses for key in hypothesis.items}
    found: dict[tuple[str, str], Item] = {}
    for placement in linking.placements:
        if placement.item.is_delivered and (_states(placement) or not named.isdisjoint(_keys(placement.item))):
            for item in _line_of(placement.item, linking):
                found[item.source, item.external_id] = item
    return list(found.values())


def _line_of(item: Item, linking: Placements) -> list[Item]:
    """*item*, its parent, and so on; at most so many that a link could come from there."""
    line = [item]
    while line[-1].parent and len(line) <= _MOST_ABOVE:
        above = linking.hierarchy.find(line[-1].parent)
        if above is None or above in line:
            break
        line.append(above)
    return line


def _states(placement: Placement) -> bool:
    return any(directive.word == WORD for directive in placement.item.directives)


def _keys(item: Item) -> set[str]:
    return {key.casefold() for key in (item.key, *item.old_keys)}


def _is_named(key_result: str, name: str) -> bool:
    wanted = name.casefold()
    return key_result.casefold() == wanted or key_result.casefold().rpartition("/")[2] == wanted


def _expectation(
    item: Item,
    link: Link,
    stated_at: Sequence[tuple[datetime, float, str]],
    evidence: RegistrationEvidence,
    linking: Placements,
) -> Expectation:
    delivered = item.delivered
    before = [] if delivered is None else [entry for entry in stated_at if entry[0] <= delivered]
    # The last word before the delivery is the one that is tested; what came later is told, and tests nothing.
    _, change, unit = before[-1] if before else stated_at[0]
    is_registered = (
        delivered is not None and bool(before) and _is_linked_before(item, link, delivered, evidence, linking)
    )
    return Expectation(change, is_registered, unit)


def _is_linked_before(
    item: Item, link: Link, delivered: datetime, evidence: RegistrationEvidence, linking: Placements
) -> bool:
    start = evidence.link_starts.get((item.source, item.external_id, link.key_result))
    if start is not None and start <= delivered:
        return True
    if any(recorded <= delivered for recorded in _by_hand(item, link, evidence)):
        return True
    return _was_shown(_line_of(item, linking), link, delivered, evidence)


def _by_hand(item: Item, link: Link, evidence: RegistrationEvidence) -> list[datetime]:
    """When people linked *item* so."""
    keys = _keys(item)
    return [
        decision.recorded
        for decision in evidence.decisions
        if decision.action == "link"
        and decision.item.casefold() in keys
        and _is_named(link.key_result, decision.key_result)
    ]


def _was_shown(line: Sequence[Item], link: Link, delivered: datetime, evidence: RegistrationEvidence) -> bool:
    """Whether the trackers' own history shows the label behind *link* on the item, or above it, at the delivery."""
    for item in line:
        events = evidence.events.get((item.source, item.external_id), ())
        if _is_labelled_before(item, link, delivered, events):
            return True
        if not events or any(event.field is EventField.PARENT and event.at > delivered for event in events):
            return False  # nobody knows what it was below then
    return False


def _is_labelled_before(item: Item, link: Link, delivered: datetime, events: Sequence[ItemEvent]) -> bool:
    """By the tracker's own history; a label that was never added has been there since the item was made."""
    added = _labelled(link, events)
    if added:
        return any(event.at <= delivered for event in added)
    return bool(events) and any(_names(link, label) for label in item.labels)


def _labelled(link: Link, events: Sequence[ItemEvent]) -> list[ItemEvent]:
    """The events that added the label behind *link*."""
    return [event for event in events if event.field is EventField.LABEL and _names(link, event.to_text)]


def _names(link: Link, label: str) -> bool:
    name, via = link.key_result.casefold().rpartition("/")[2], link.via.casefold()
    return name in label.casefold() or (bool(label) and f"{_LABEL}{label.casefold()}" in via)
