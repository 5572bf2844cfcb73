"""An import as lines of text: what is new, what changes, what stays, and what to do with the rest."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.importing.changes import EntryChange, FieldChange, Reported
from okrsync.importing.merge import Merge
from okrsync.reports.words.formatting import harmless

_MARKS = {True: "+", False: "~"}
_KINDS = {"cycle": "cycle", "metric": "metric", "objective": "objective", "key_result": "key result"}


def import_lines(merge: Merge) -> Iterator[str]:
    """The changes of *merge* in the order of the sheet, then what stays and what it does not do."""
    for change in merge.changes:
        yield from _change(change)
    if merge.changes:
        yield ""
    for left in merge.left:
        yield f"not in the sheet, stays as it is: {left.id} {harmless(left.title)}"
    for note in merge.notes:
        yield f"note: {harmless(note, 400)}"
    if merge.reported:
        yield "current values are no part of the OKR file; report them with"
        yield from map(_check_in, merge.reported)
    yield summary(merge)


def summary(merge: Merge) -> str:
    """What *merge* does in one line."""
    results = [change for change in merge.changes if change.kind == "key_result"]
    goals = sum(any(field.is_goal for field in change.fields) for change in results)
    new = sum(change.is_new for change in results)
    drafts = sum(bool(change.missing) for change in results)
    told = f"{new} new" + (f" ({drafts} of them drafts)" if drafts else "")
    changed = f"{len(results) - new} changed" + (f" ({goals} with another goal)" if goals else "")
    return f"key results: {told}, {changed}, {merge.unchanged} unchanged, {len(merge.left)} not in the sheet"


def _change(change: EntryChange) -> Iterator[str]:
    draft = f"  (draft: no {', no '.join(change.missing)})" if change.missing else ""
    yield f"{_MARKS[change.is_new]} {_KINDS[change.kind]} {change.id}  {harmless(change.title)}{draft}"
    if change.is_new and change.fields:
        yield "    " + ", ".join(f"{field.field} {harmless(field.new)}" for field in change.fields)
    elif change.fields:
        yield from (f"    {_field(field)}" for field in change.fields)


def _field(change: FieldChange) -> str:
    goal = "  (the goal changes)" if change.is_goal else ""
    return f"{change.field}: {harmless(change.old) or 'nothing'} -> {harmless(change.new)}{goal}"


def _check_in(reported: Reported) -> str:
    sure = f" --confidence {reported.confidence:g}" if reported.confidence is not None else ""
    return f"  okrsync checkin {reported.key_result} {reported.value!r}{sure}"
