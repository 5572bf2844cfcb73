"""Turns the events in ``raw["history"]`` into item events. Pure: the same change always has the same key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from okrsync.model.work import EventField, ItemEvent
from okrsync.plugins.connector import HISTORY, FieldMap, RawItem
from okrsync.plugins.timestamps import instant
from okrsync_github.normalise import (
    MERGED,
    OPEN,
    OPEN_PULL,
    UNMERGED,
    closed_as,
    is_pull_request,
    milestone_id,
    repository_of,
    word_of,
)

# Merging closes as well: GitHub tells both, of the same second or the next.
_SAME_CHANGE = timedelta(seconds=5)
_STATUS_KINDS = {"closed", "reopened", "merged"}

_Told = Mapping[str, Any]


def normalise_history(raw: RawItem, fields: FieldMap) -> Sequence[ItemEvent]:
    """
    The item events of *raw*, in GitHub's order; none where its history is not known.

    A milestone event names a title: its id is that of the milestone with this title, and made of the title where there
    is none any more. A transfer tells the repository an item came from and not its number there.
    """
    told: list[_Told] = (raw.get(HISTORY) or {}).get("events") or []
    return list(_Writer(raw, fields).events(told))


class _Writer:
    """Writes the events of one item."""

    def __init__(self, raw: RawItem, fields: FieldMap) -> None:
        self._source = fields.source
        self._id = str(raw["id"])
        self._repository = repository_of(raw["repository_url"])
        self._key = f"{self._repository}#{raw['number']}"
        self._is_pull_request = is_pull_request(raw)
        current = raw.get("milestone") or {}
        self._milestones = {current.get("title"): current.get("number")}

    def events(self, told: Sequence[_Told]) -> Iterator[ItemEvent]:
        yield from self._statuses(told)
        yield from self._keys([event for event in told if event["kind"] == "transferred"])
        yield from self._parents([event for event in told if event["kind"] in {"parent_added", "parent_removed"}])
        for event in told:
            match event["kind"]:
                case "labeled" | "unlabeled" if label := event.get("label"):
                    yield self._entry(event, EventField.LABEL, label, label, added=event["kind"] == "labeled")
                case "milestoned" | "demilestoned" if title := event.get("title"):
                    added = event["kind"] == "milestoned"
                    yield self._entry(event, EventField.ITERATION, self._milestone(event), title, added=added)
                case "referenced" if key := event.get("item"):
                    yield self._entry(event, EventField.REFERENCE, key, key, added=True)

    def _statuses(self, told: Sequence[_Told]) -> Iterator[ItemEvent]:
        opened = OPEN_PULL if self._is_pull_request else OPEN
        merged = next((instant(event["at"]) for event in told if event["kind"] == "merged"), None)
        before = opened
        for event in told:
            if event["kind"] not in _STATUS_KINDS or _is_part_of_merge(event, merged):
                continue
            after = opened if event["kind"] == "reopened" else self._closed(event)
            yield self._event(event, EventField.STATUS, (before, word_of(before)), (after, word_of(after)))
            before = after

    def _closed(self, event: _Told) -> str:
        if event["kind"] == "merged":
            return MERGED
        return UNMERGED if self._is_pull_request else closed_as(event.get("reason") or "")

    def _keys(self, told: Sequence[_Told]) -> Iterator[ItemEvent]:
        told = [event for event in told if event.get("repository")]
        before = [f"{event['repository']}#?" for event in told]
        for event, old, new in zip(told, before, [*before, self._key][1:], strict=True):
            yield self._event(event, EventField.KEY, (old, old), (new, new))

    def _parents(self, told: Sequence[_Told]) -> Iterator[ItemEvent]:
        for event in told:
            key = event.get("item") or ""
            if key:
                yield self._entry(event, EventField.PARENT, key, key, added=event["kind"] == "parent_added")

    def _milestone(self, event: _Told) -> str:
        number = event.get("milestone") or self._milestones.get(event["title"])
        return (
            milestone_id(self._repository, number) if number else f"{self._repository}/milestone-title/{event['title']}"
        )

    def _entry(self, event: _Told, field: EventField, id_: str, text: str, *, added: bool) -> ItemEvent:
        nothing = ("", "")
        return (
            self._event(event, field, nothing, (id_, text))
            if added
            else self._event(event, field, (id_, text), nothing)
        )

    def _event(self, event: _Told, field: EventField, before: tuple[str, str], after: tuple[str, str]) -> ItemEvent:
        return ItemEvent(
            source=self._source,
            external_id=self._id,
            key=str(event["id"]),
            field=field,
            at=instant(event["at"]),
            from_id=before[0],
            from_text=before[1],
            to_id=after[0],
            to_text=after[1],
        )


def _is_part_of_merge(event: _Told, merged: datetime | None) -> bool:
    # What is merged stays closed for ever, so any closing from then on is the merge's own.
    return merged is not None and event["kind"] == "closed" and instant(event["at"]) >= merged - _SAME_CHANGE
