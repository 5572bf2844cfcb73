"""What the store has, and how work stands to key results, laid out."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.page import Align, Block, Cell, Code, Column, Facts, ReportPage, Section, Table, Tone, cell, text
from okrsync.reports.pages.components import plural, source_facts, source_notices
from okrsync.reports.status import KeyResultState, StatusReport
from okrsync.reports.words import formatting

_RIGHT = Align.RIGHT


def status_page(report: StatusReport) -> ReportPage:
    """Return the page of *report*."""
    return ReportPage(
        kind="status",
        title="Status",
        kicker=f"as of {formatting.day(report.as_of)}",
        headline=_headline(report),
        lede="",
        facts=Facts((("Sources", source_facts(report.sources)), ("Items", f"{report.items.total:,}"))),
        notices=(*source_notices(report.sources, report.failed_metrics), *_notices(report)),
        sections=tuple(_sections(report)),
        detail="okrsync status --format json",
    )


def _headline(report: StatusReport) -> str:
    items = report.items
    counted = items.total - items.dropped
    if not counted:
        return "Nothing was read yet; run okrsync sync."
    return (
        f"Of {plural(counted, 'item')} that {'was' if counted == 1 else 'were'} not dropped, {items.linked:,} serve a "
        f"key result, {items.exempt:,} are exempt and {items.unlinked:,} are unlinked."
    )


def _notices(report: StatusReport) -> Iterator[str]:
    if report.not_understood:
        yield f"{plural(len(report.not_understood), 'item')} could not be understood; see below."


def _sections(report: StatusReport) -> Iterator[Section]:
    sources = tuple(text(formatting.source(entry)) for entry in report.sources)
    yield Section("sources", "Sources", sources)
    blocks: list[Block] = [_items(report)]
    if report.exempt:
        blocks.append(text("exempt: " + " · ".join(formatting.exempt(entry) for entry in report.exempt)))
    how = "shares: of all items above the line of dropped ones, of what is not dropped below"
    blocks.append(text(how, tone=Tone.MUTED))
    if report.unlinked_reasons:
        reasons = " · ".join(f"{formatting.CAUSES[cause]} {count:,}" for cause, count in report.unlinked_reasons)
        blocks.append(text(f"unlinked because: {reasons}"))
    yield Section("items", "Items", tuple(blocks))
    if report.not_understood:
        rows = tuple((cell(source), cell(Code(id_)), cell(why)) for source, id_, why in report.not_understood)
        columns = (Column("Source"), Column("Id"), Column("Why", is_flexible=True))
        table = Table("not-understood-table", "Items that could not be understood", columns, rows)
        yield Section("not-understood", "Items that could not be understood", (table,), is_detail=True)
    if report.faulty_links:
        yield _faulty(report)
    yield Section("key-results", "Key results", (_key_results(report),))


def _items(report: StatusReport) -> Table:
    items = report.items
    counted = items.total - items.dropped
    rows = (
        ("issues", items.issue, items.total),
        ("pull requests", items.pull_request, items.total),
        ("to do", items.todo, items.total),
        ("in progress", items.in_progress, items.total),
        ("delivered", items.delivered, items.total),
        ("dropped", items.dropped, items.total),
        ("serve a key result", items.linked, counted),
        ("exempt", items.exempt, counted),
        ("unlinked", items.unlinked, counted),
    )
    made = [
        (cell(name), cell(f"{count:,}"), cell(formatting.percent(count / whole) if whole else formatting.MISSING))
        for name, count, whole in rows
    ]
    made.append((cell("all"), cell(f"{items.total:,}"), cell("")))
    columns = (Column(""), Column("Items", _RIGHT), Column("Share", _RIGHT))
    return Table("items-table", "Items", columns, tuple(made), brief_rows=len(made), is_whole=True)


def _faulty(report: StatusReport) -> Section:
    rows = tuple(
        (cell(Code(fault.key)), cell(fault.key_result), cell(fault.state.value), cell(fault.reason))
        for fault in report.faulty_links
    )
    columns = (Column("Item"), Column("Names"), Column("State"), Column("Why", is_flexible=True))
    title = f"Links to mend · {len(rows):,}"
    return Section("links", title, (Table("links-table", "Links to mend", columns, rows),), is_detail=True)


def _key_results(report: StatusReport) -> Table:
    columns = (
        Column("KR"),
        Column("Now", _RIGHT),
        Column("From", _RIGHT),
        Column("To", _RIGHT),
        Column("Title", is_flexible=True),
    )
    rows = tuple(tuple(_key_result(entry)) for entry in report.key_results)
    return Table("key-results-table", "Key results", columns, rows, empty="No cycle runs on this day.", is_whole=True)


def _key_result(entry: KeyResultState) -> Iterator[Cell]:
    yield cell(entry.id)
    for value in (entry.current, entry.baseline, entry.target):
        yield cell(formatting.with_unit(value.value if value else None, entry.unit))
    yield cell(entry.title)
