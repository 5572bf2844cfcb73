"""What a cycle leaves untold, laid out."""

from __future__ import annotations

from okrsync.reports.audit.evidence_gaps import EvidenceGaps
from okrsync.reports.page import Block, Code, Column, Paragraph, Section, Table, Tone, cell, text
from okrsync.reports.pages import audit_words
from okrsync.reports.pages.audit_tables import RIGHT, TableName, item_cells, item_table, name


def untold_section(untold: EvidenceGaps) -> Section:
    """What was never checked, what nobody expected anything of, and what moved without work."""
    blocks: list[Block] = [_unchecked(untold)]
    expect = ("state it in the item: ", Code("expect: KR1.1 +2.0 by 2026-12-31 because ..."))
    blocks.append(
        item_table(
            untold.unexpected,
            TableName(
                "unexpected",
                f"Delivered without an expectation: {len(untold.unexpected):,}",
                more=expect if untold.unexpected else (),
            ),
        )
        if untold.unexpected
        else _none("Delivered without an expectation")
    )
    blocks.append(
        item_table(
            untold.linked_late, TableName("linked-late", f"Linked only after delivery: {len(untold.linked_late):,}")
        )
        if untold.linked_late
        else _none("Linked only after delivery")
    )
    blocks.append(_unworked(untold) if untold.unworked else _none("Key results with no work in the cycle"))
    return Section("untold", "What cannot be told", tuple(blocks), is_detail=True)


def _none(what: str) -> Paragraph:
    return text(f"{what}: none.", tone=Tone.MUTED)


def _unchecked(untold: EvidenceGaps) -> Block:
    if not untold.unchecked:
        return _none("Delivered and never checked")
    return Table(
        "unchecked",
        f"Delivered and never checked: {len(untold.unchecked):,}",
        (
            Column("Item"),
            Column("Title", is_flexible=True),
            Column("On", rank=1),
            Column("Size", rank=2),
            Column("Key result"),
            Column("Why", is_flexible=True),
        ),
        tuple(
            (*item_cells(entry.item, entry.size), cell(name(entry.key_result)), cell(audit_words.unchecked(entry)))
            for entry in untold.unchecked
        ),
        is_captioned=True,
    )


def _unworked(untold: EvidenceGaps) -> Table:
    return Table(
        "unworked",
        f"Key results with no work in the cycle: {len(untold.unworked):,}",
        (Column("Key result"), Column("Title", is_flexible=True), Column("Change", RIGHT), Column("By itself?")),
        tuple(
            (
                cell(name(entry.key_result)),
                cell(entry.title),
                cell(audit_words.moved_by(entry.movement, entry.unit)),
                cell(audit_words.against_its_own(entry.movement, entry.unit)),
            )
            for entry in untold.unworked
        ),
        is_captioned=True,
    )
