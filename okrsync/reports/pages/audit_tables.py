"""Tables that the audit and the retro share: work with its verdicts, items, effort."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from okrsync.model.ledger import Decision
from okrsync.model.verdicts import HypothesisVerdict, Verdict
from okrsync.model.work import Size
from okrsync.reports.audit.effort import Effort
from okrsync.reports.audit.evidence_gaps import WorkWithoutExpectation
from okrsync.reports.audit.work import CheckState, Worked, WorkLine
from okrsync.reports.page import Align, Bar, Bars, Block, Cell, Code, Column, Span, Table, Tone, cell, text
from okrsync.reports.pages import audit_words
from okrsync.reports.pages.components import credit, plural, verdict_cell, work_cell
from okrsync.reports.stoplist import SizeOf
from okrsync.reports.words import formatting, verdict_text
from okrsync.reports.words.verdict_table import VERDICTS

RIGHT = Align.RIGHT
_WORK_COLUMNS = (
    Column("Work", is_flexible=True),
    Column("KR"),
    Column("Delivered", rank=2),
    Column("Size", rank=2),
    Column("Expected", RIGHT, rank=1),
    Column("Measured", RIGHT),
    Column("Verdict"),
    Column("Decision", rank=2),
)
_EXTREME_COLUMNS = (
    Column("Work", is_flexible=True),
    Column("KR"),
    Column("Measured", RIGHT, rank=1),
    Column("Verdict"),
    Column("Decision", rank=2),
)


@dataclass(frozen=True, slots=True)
class TableName:
    """A table's id, its caption, and what is said where it is empty."""

    id: str
    caption: str
    empty: str = ""
    more: tuple[Span, ...] = ()
    is_captioned: bool = False
    shows_cycle: bool = False
    """Key results are named with their cycle: the table tells of several."""


def work_table(lines: Sequence[WorkLine], named: TableName) -> Table:
    """A row for each of *lines*."""
    rows = tuple(work_row(line, shows_cycle=named.shows_cycle) for line in lines)
    return Table(named.id, named.caption, _WORK_COLUMNS, rows, named.empty, named.more, is_captioned=named.is_captioned)


def extreme_table(lines: Sequence[WorkLine], named: TableName, rows: int) -> Table:
    """The first *rows* of *lines*."""
    shown = tuple(_extreme_row(line) for line in lines[:rows])
    return Table(named.id, named.caption, _EXTREME_COLUMNS, shown, f"{named.caption}.", is_captioned=bool(shown))


def _extreme_row(line: WorkLine) -> tuple[Cell, ...]:
    check = line.check
    said = VERDICTS[check.verdict].word
    buts = ["fell short"] if check.hypothesis is HypothesisVerdict.WEAKER_THAN_EXPECTED else []
    buts += ["broke a guardrail"] if line.guardrails else []
    mark = VERDICTS[check.verdict].mark
    tone = Tone.UNSURE if buts else VERDICTS[check.verdict].tone
    return (
        line_cell(line),
        cell(name(line.key_result)),
        replace(measured(line), tone=tone),
        cell(f"{said}, but {' and '.join(buts)}" if buts else said, mark=mark, tone=tone),
        decision_cell(line),
    )


def work_row(line: WorkLine, *, shows_cycle: bool = False) -> tuple[Cell, ...]:
    """One check with its work."""
    check = line.check
    return (
        line_cell(line),
        cell(line.key_result if shows_cycle else name(line.key_result)),
        cell(_span(check.first, check.last)),
        cell(sizes(line.size)),
        cell(change(check.expected, line.unit)),
        measured(line),
        verdict_cell(check),
        decision_cell(line),
    )


def name(key_result: str) -> str:
    """The key result as its own cycle calls it: the page says which cycle it is."""
    return key_result.rpartition("/")[2]


def line_cell(line: WorkLine) -> Cell:
    """The work of *line*, and what has to be known of it."""
    notes = [credit(line.check), *(f"guardrail {win.metric} broke" for win in line.guardrails)]
    if any(member.is_linked_late for member in line.members):
        notes.append("linked after the delivery")
    if any(member.is_outside for member in line.members):
        notes.append("partly from outside the cycle")
    if line.evidence:
        notes.append(plural(line.evidence, "note"))
    titles = {member.key: member.title for member in line.members}
    named = [titles.get(key, "") for key in line.check.members]
    return work_cell(line.check.members, named, ", ".join(filter(None, notes)))


def measured(line: WorkLine) -> Cell:
    """The effect with its interval; what is only provisional is shown muted."""
    told = line.check.estimate
    if told is not None:
        tone = Tone.MUTED if line.state is CheckState.OPEN else VERDICTS[line.check.verdict].tone
        return cell(verdict_text.effect(told, line.unit), tone=tone)
    if line.check.verdict is Verdict.OBSERVED_CHANGE_ONLY and line.check.observed_change is not None:
        return cell(change(line.check.observed_change, line.unit), note="no interval")
    return cell(formatting.MISSING, tone=Tone.MUTED)


def decision_cell(line: WorkLine) -> Cell:
    """What was decided, or what is to be."""
    if line.decision is not None and not line.is_asking:
        return cell(decided(line.decision))
    if line.is_asking:
        return cell(f"{' or '.join(line.choices)}?", tone=Tone.STRONG)
    if line.state is CheckState.OPEN:
        return cell(f"due {formatting.day(line.final_on)}", tone=Tone.MUTED)
    return cell(formatting.MISSING, tone=Tone.MUTED)


def decided(decision: Decision) -> str:
    """``stop (16 Nov)``."""
    return f"{decision.choice} ({formatting.short_day(decision.at.date())})"


def change(value: float | None, unit: str) -> str:
    """A change with its sign and unit; a dash where there is none."""
    if value is None:
        return formatting.MISSING
    return f"{verdict_text.with_sign(value)} {verdict_text.unit_of_change(unit)}".rstrip()


def item_cells(item: Worked, size: Size | None) -> tuple[Cell, ...]:
    """Key, title, day and size of one delivered item."""
    return (
        cell(Code(item.key)),
        cell(item.title),
        cell(formatting.short_day(item.day) if item.day else "day unknown"),
        cell(formatting.MISSING if size is None else formatting.sized(size.value, size.unit)),
    )


def item_table(work: Sequence[WorkWithoutExpectation], named: TableName) -> Table:
    """A row for each delivered item, and the key result that it serves."""
    columns = (Column("Item"), Column("Title", is_flexible=True), Column("On"), Column("Size", rank=1))
    return Table(
        named.id,
        named.caption,
        (*columns, Column("Key result")),
        tuple((*item_cells(entry.item, entry.size), cell(name(entry.key_result))) for entry in work),
        named.empty,
        named.more,
        is_captioned=True,
    )


def effort_blocks(effort: Effort) -> Iterator[Block]:
    """Where the effort went, by count and by size; each adds up to 100 %."""
    if not effort.items:
        yield text("Nothing was delivered.")
        return
    percents = audit_words.whole_percents([entry.share for entry in effort.shares])
    yield Bars(
        "effort-items",
        f"By count: {plural(effort.items, 'item')}. An item on several key results counts on each with its share.",
        tuple(
            Bar(
                audit_words.fate(entry.fate),
                entry.share,
                f"{percent} %, {formatting.number(entry.items)} {'item' if entry.items == 1 else 'items'}",
                *_signs(entry.fate),
            )
            for entry, percent in zip(effort.shares, percents, strict=True)
        ),
    )
    for number, unit in enumerate(effort.sizes):
        yield _by_size(effort, unit, number)
    sized = f"{effort.sized:,} of {effort.items:,} items have a size." if effort.sized else "No item has a size."
    if 0 < effort.sized * 2 < effort.items:
        sized += " That is fewer than half, so shares by size say little."
    yield text(sized, tone=Tone.MUTED)


def _by_size(effort: Effort, unit: str, number: int) -> Bars:
    shares = [entry.size_shares.get(unit, 0.0) for entry in effort.shares]
    percents = audit_words.whole_percents(shares)
    return Bars(
        f"effort-size{number + 1}",
        f"By size: {formatting.sized(effort.sizes[unit], unit)}.",
        tuple(
            Bar(
                audit_words.fate(entry.fate),
                share,
                f"{percent} %, {formatting.sized(entry.sizes[unit], unit)}",
                *_signs(entry.fate),
            )
            for entry, share, percent in zip(effort.shares, shares, percents, strict=True)
            if unit in entry.sizes
        ),
    )


def _signs(fate: str) -> tuple[Tone, str]:
    verdict = Verdict(fate) if fate in {kind.value for kind in Verdict} else None
    if verdict is None:
        return Tone.MUTED, ""
    return VERDICTS[verdict].tone, VERDICTS[verdict].mark


def sizes(told: SizeOf) -> str:
    """The sizes by unit, and how many items have none where some have."""
    parts = [formatting.sized(value, unit) for unit, value in told.sizes.items()]
    if told.sizes and told.unsized:
        parts.append(f"{told.unsized:,} without")
    return ", ".join(parts) or formatting.MISSING


def _span(first: date, last: date) -> str:
    if first == last:
        return formatting.short_day(first)
    is_one_month = (first.year, first.month) == (last.year, last.month)
    return f"{first.day if is_one_month else formatting.short_day(first)}–{formatting.short_day(last)}"
