"""The retro of a sprint laid out: what came due first, then what was delivered, decided and is to come."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.audit.sprint import RetroReport, SprintItem
from okrsync.reports.page import (
    Bar,
    Bars,
    Block,
    Cell,
    Code,
    Column,
    Facts,
    ReportPage,
    Section,
    Table,
    Tone,
    cell,
    text,
)
from okrsync.reports.pages.audit_tables import RIGHT, TableName, change, item_cells, line_cell, measured, work_table
from okrsync.reports.pages.audit_words import whole_percents
from okrsync.reports.pages.components import plural, source_facts, source_notices
from okrsync.reports.words import formatting, stoplist_text, verdict_text

_GROUPS = {"linked": "serves a key result", "exempt": "exempt", "unlinked": "serves no key result"}


def retro_page(report: RetroReport) -> ReportPage:
    """The page of *report*."""
    team = f"team {report.team} · " if report.team else ""
    return ReportPage(
        kind="retro",
        title=f"Retro · {report.sprint.name}",
        kicker=f"{team}{formatting.day(report.first)} – {formatting.day(report.last)}",
        headline=report.headline,
        lede=_lede(report),
        facts=Facts(
            (
                ("As of", f"{formatting.day(report.as_of)}, {report.timezone}"),
                ("Sources", source_facts(report.sources)),
            )
        ),
        sections=tuple(_sections(report)),
        notices=source_notices(report.sources, report.failed_metrics),
        notes=(text(verdict_text.METHOD, tone=Tone.MUTED),),
        detail=f"okrsync retro --sprint {report.sprint.id} --as-of {report.as_of} --format json",
    )


def _lede(report: RetroReport) -> str:
    parts = []
    if report.asking:
        asks = "verdict asks" if len(report.asking) == 1 else "verdicts ask"
        parts.append(f"{len(report.asking):,} {asks} for a decision.")
    if report.coming:
        parts.append(f"The next check comes due on {formatting.day(report.coming[0].final_on)}.")
    return " ".join(parts)


def _sections(report: RetroReport) -> Iterator[Section]:
    yield _matured(report)
    yield Section("delivered", "What was delivered", tuple(_delivered(report)))
    if report.asking:
        named = TableName(
            "asking",
            "Verdicts that ask for a decision",
            shows_cycle=True,
            more=("decide with ", Code("okrsync decide KEY --choice ... --because ...")),
        )
        yield Section("decide", "Decide", (work_table(report.asking, named),))
    yield _coming(report)


def _matured(report: RetroReport) -> Section:
    named = TableName(
        "matured", f"Checks that came due in {report.sprint.name}", "No check came due in these days.", shows_cycle=True
    )
    blocks: list[Block] = [work_table(report.matured, named)]
    if report.elsewhere:
        more = f"{plural(report.elsewhere, 'check')} of other projects' work came due in the same days."
        blocks.append(text(more, tone=Tone.MUTED))
    return Section("matured-section", "Came due in this sprint", tuple(blocks))


def _delivered(report: RetroReport) -> Iterator[Block]:
    if not report.delivered:
        yield text(f"Nothing, of {plural(report.planned, 'planned item')}.")
        return
    total = len(report.delivered)
    sized = total - sum(entry.size.unsized for entry in report.groups)
    percents = whole_percents([entry.size.items / total for entry in report.groups])
    yield Bars(
        "delivered-groups",
        f"{total:,} delivered of {plural(report.planned, 'planned item')}; {sized:,} of them "
        f"{'has' if sized == 1 else 'have'} a size",
        tuple(
            Bar(_GROUPS[entry.group], entry.size.items / total, f"{percent} %, {stoplist_text.size(entry.size)}")
            for entry, percent in zip(report.groups, percents, strict=True)
        ),
    )
    yield Table(
        "delivered-table",
        f"Items that were delivered in {report.sprint.name}",
        (
            Column("Item"),
            Column("Title", is_flexible=True),
            Column("On"),
            Column("Size", rank=2),
            Column("Serves"),
            Column("Expectation", rank=1),
            Column("Judged", rank=1),
        ),
        tuple(_delivered_row(entry) for entry in report.delivered),
    )


def _delivered_row(entry: SprintItem) -> tuple[Cell, ...]:
    is_linked = entry.group == "linked"
    late = "linked after the delivery" if entry.item.is_linked_late else ""
    silent = cell("none stated", tone=Tone.UNSURE)
    return (
        *item_cells(entry.item, entry.size),
        cell(", ".join(entry.key_results), note=late) if is_linked else cell(_aside(entry), tone=Tone.MUTED),
        (cell("stated") if entry.is_expected else silent) if is_linked else cell(formatting.MISSING),
        cell(formatting.MISSING if entry.final_on is None else formatting.day(entry.final_on)),
    )


def _aside(entry: SprintItem) -> str:
    return f"exempt: {entry.reason}" if entry.group == "exempt" else f"none: {entry.reason}"


def _coming(report: RetroReport) -> Section:
    table = Table(
        "coming",
        "Checks to come",
        (
            Column("On"),
            Column("Work", is_flexible=True),
            Column("Key result"),
            Column("Expected", RIGHT),
            Column("So far", RIGHT, rank=1),
        ),
        tuple(
            (
                cell(formatting.day(line.final_on)),
                line_cell(line),
                cell(line.key_result),
                cell(change(line.check.expected, line.unit)),
                measured(line),
            )
            for line in report.coming
        ),
        empty="No check is to come.",
    )
    return Section("coming-section", "Checks to come", (table,))
