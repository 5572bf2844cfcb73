"""Where the key results stand, one row each: what the one-page form says instead of their sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from okrsync.model.verdicts import OutcomeCheck
from okrsync.reports.key_results import KeyResultReport
from okrsync.reports.page import Align, Cell, Column, Section, Table, Tone, cell
from okrsync.reports.pages.components import short_id
from okrsync.reports.progress import KeyResultProgress
from okrsync.reports.words import formatting, progress_text
from okrsync.reports.words.verdict_table import VERDICTS

_BRIEF_ROWS = 15
_RIGHT = Align.RIGHT


def standing_section(
    told: Sequence[tuple[KeyResultReport, KeyResultProgress | None]], cycles: Sequence[str]
) -> Section:
    """A table of the key results in *told*, of *cycles*, in their order."""
    table = Table(
        "standing-table",
        "Where the key results stand",
        (
            Column("KR"),
            Column("Title", is_flexible=True),
            Column("Now", _RIGHT),
            Column("Target", _RIGHT, rank=1),
            Column("Way made", _RIGHT),
            Column("Stands", rank=1),
            Column("Last verdict"),
        ),
        tuple(tuple(_row(entry, made, cycles)) for entry, made in told),
        brief_rows=_BRIEF_ROWS,
    )
    return Section("standing", "Where the key results stand", (table,))


def _row(entry: KeyResultReport, made: KeyResultProgress | None, cycles: Sequence[str]) -> Iterator[Cell]:
    share = None if made is None else made.progress.share
    yield cell(short_id(entry.id, cycles))
    yield cell(entry.title)
    yield cell(formatting.with_unit(None if entry.current is None else entry.current.value, entry.unit))
    yield cell(_target(entry))
    yield cell(formatting.MISSING if share is None else formatting.percent(share))
    yield cell(formatting.MISSING if made is None else progress_text.health(made))
    yield _last_verdict(entry.outcome.checks if entry.outcome else ())


def _target(entry: KeyResultReport) -> str:
    if entry.band is not None:
        low, high = entry.band
        return f"{formatting.number(low)} to {formatting.with_unit(high, entry.unit)}"
    return formatting.with_unit(None if entry.target is None else entry.target.value, entry.unit)


def _last_verdict(checks: Sequence[OutcomeCheck]) -> Cell:
    """The latest that could be told; what is still open is no verdict."""
    judged = [check for check in checks if check.estimate is not None and not check.is_provisional]
    if not judged:
        return cell(formatting.MISSING, tone=Tone.MUTED)
    last = max(judged, key=lambda check: (check.evaluation, check.members))
    return cell(
        VERDICTS[last.verdict].word,
        mark=VERDICTS[last.verdict].mark,
        tone=VERDICTS[last.verdict].tone,
        note=formatting.short_day(last.evaluation),
    )
