"""The outcomes report laid out: what to decide first, then each key result, then what needs care."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from okrsync.reports.outcomes.attention import AttentionLine, Trouble
from okrsync.reports.outcomes.due_checks import DueCheck, UpcomingCheck
from okrsync.reports.outcomes.recent_deliveries import RecentDelivery
from okrsync.reports.outcomes.report import OutcomesReport
from okrsync.reports.page import (
    Align,
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
from okrsync.reports.pages.components import (
    expectation_cell,
    plural,
    short_id,
    source_facts,
    source_notices,
    verdict_cell,
    work_cell,
)
from okrsync.reports.pages.key_result_section import key_result_section
from okrsync.reports.pages.key_result_summary import standing_section
from okrsync.reports.words import formatting, verdict_text

_RIGHT = Align.RIGHT
_GROUPS = {"exempt": "exempt", "unlinked": "no key result"}


def outcomes_page(report: OutcomesReport) -> ReportPage:
    """The page of *report*."""
    return ReportPage(
        kind="outcomes",
        title=f"Outcomes · {', '.join(report.cycles) or 'no running cycle'}",
        kicker=f"as of {formatting.day(report.as_of)}",
        headline=report.headline,
        lede=_lede(report),
        facts=Facts(
            (
                ("As of", f"{formatting.day(report.as_of)}, {report.timezone}"),
                ("Sources", source_facts(report.sources)),
                ("Metrics", _metrics(report)),
            )
        ),
        notices=source_notices(report.sources, report.failed_metrics),
        sections=tuple(_sections(report)),
        notes=(text(verdict_text.METHOD, tone=Tone.MUTED), text(formatting.HOW_TO_READ, tone=Tone.MUTED)),
        detail=f"okrsync outcomes --cycle {report.cycles[0] if len(report.cycles) == 1 else 'all'} --format json",
    )


def summary_page(report: OutcomesReport) -> ReportPage:
    """Return the page of *report* on one screen: what came due, where key results stand, and the coverage."""
    page = outcomes_page(report)
    progress = {entry.id: entry for entry in report.progress}
    standing = standing_section([(entry, progress.get(entry.id)) for entry in report.key_results], report.cycles)
    bars = tuple(block for block in _coverage(report).blocks if isinstance(block, Bars))
    coverage = Section("coverage-summary", "All work", bars)
    return replace(page, sections=(standing, coverage), notes=(), detail="")


def _sections(report: OutcomesReport) -> Iterator[Section]:
    if report.matured:
        yield _decide(report)
    progress = {entry.id: entry for entry in report.progress}
    if len(report.key_results) > 1:
        yield standing_section([(entry, progress.get(entry.id)) for entry in report.key_results], report.cycles)
    for number, entry in enumerate(report.key_results):
        yield key_result_section(entry, progress.get(entry.id), f"kr{number + 1}", report.cycles)
    if report.tells_fresh:
        yield _fresh(report)
    if report.coming:
        yield _coming(report.coming, report.cycles)
    if report.attention:
        yield _attention(report.attention)
    if report.items.total:
        yield _coverage(report)


def _lede(report: OutcomesReport) -> str:
    since = formatting.short_day(report.since)
    served = sum(entry.group == "linked" for entry in report.fresh)
    silent = sum(entry.group == "linked" and not entry.is_expected for entry in report.fresh)
    parts = []
    if report.fresh:
        serves = "serves" if served == 1 else "serve"
        items = f"{plural(len(report.fresh), 'item')}{_of_cycles(report)}"
        parts.append(f"{items} delivered since {since}; {served:,} {serves} a key result.")
        if silent:
            was = "was" if silent == 1 else "were"
            parts.append(f"{silent:,} of these {was} delivered without an expectation.")
    elif report.items.total and report.tells_fresh:
        parts.append(f"Nothing{_of_cycles(report)} was delivered since {since}.")
    if report.coming:
        parts.append(f"The next check comes due on {formatting.day(report.coming[0].evaluation)}.")
    return " ".join(parts)


def _of_cycles(report: OutcomesReport) -> str:
    """What belongs to cycles that are over is told apart from what came after them."""
    return f" of {', '.join(report.cycles)}" if report.is_past else ""


def _metrics(report: OutcomesReport) -> str:
    stale = sum(line.trouble in {Trouble.METRIC_STALE, Trouble.METRIC_FAILED} for line in report.attention)
    unmeasured = sum(entry.current is None and entry.state != "draft" for entry in report.key_results)
    parts = (f"{stale:,} stale" if stale else "", f"{unmeasured:,} never measured" if unmeasured else "")
    return ", ".join(filter(None, parts)) or "all fresh"


def _decide(report: OutcomesReport) -> Section:
    new = [entry for entry in report.matured if entry.is_new]
    asking = [entry for entry in report.matured if entry.is_asking and not entry.is_new]
    columns = (
        Column("Work", is_flexible=True),
        Column("Key result"),
        Column("Expected", _RIGHT, rank=2),
        Column("Measured", _RIGHT),
        Column("Verdict"),
        Column("Expectation", rank=2),
        Column("Asked of you", is_flexible=True),
    )
    since = formatting.short_day(report.since)
    return Section(
        "decide",
        "Decide",
        (
            Table(
                "matured",
                f"Checks that came due since {since}",
                columns,
                tuple(_matured(entry, report.cycles) for entry in new),
                empty=f"No check came due since {since}.",
                is_captioned=True,
            ),
            *(
                [
                    Table(
                        "undecided",
                        "Came due before, and nobody has decided yet",
                        columns,
                        tuple(_matured(entry, report.cycles) for entry in asking),
                        more=("decide with ", Code("okrsync decide ID --choice ... --because ...")),
                        is_captioned=True,
                    )
                ]
                if asking
                else []
            ),
        ),
    )


def _matured(entry: DueCheck, cycles: Sequence[str]) -> tuple[Cell, ...]:
    check = entry.check
    measured = formatting.MISSING if check.estimate is None else verdict_text.effect(check.estimate, entry.unit)
    return (
        work_cell(check.members, entry.titles),
        cell(short_id(entry.key_result, cycles)),
        cell(formatting.MISSING if check.expected is None else verdict_text.with_sign(check.expected)),
        cell(measured),
        verdict_cell(check),
        expectation_cell(check),
        _asked(entry),
    )


def _asked(entry: DueCheck) -> Cell:
    parts = []
    if entry.decision is not None:
        parts.append(f"decided: {entry.decision.choice} ({formatting.short_day(entry.decision.at.date())})")
    elif entry.choices:
        parts.append(" or ".join(entry.choices))
    else:
        parts.append("nothing can be told")
    parts += [f"guardrail {name} broke" for name in entry.broken]
    if entry.planned is not None:
        parts.append(f"{plural(entry.planned.items, 'item')} still planned on it")
    return cell(" · ".join(parts))


def _fresh(report: OutcomesReport) -> Section:
    since = formatting.short_day(report.since)
    return Section(
        "delivered",
        f"Delivered since {since}",
        (
            Table(
                "delivered-table",
                f"Work{_of_cycles(report)} delivered since {since}",
                (
                    Column("Item"),
                    Column("Title", is_flexible=True),
                    Column("On"),
                    Column("Serves"),
                    Column("Expectation", rank=1),
                    Column("Judged", rank=1),
                ),
                tuple(_fresh_row(entry, report.cycles) for entry in report.fresh),
                empty="Nothing.",
            ),
        ),
        is_detail=True,
    )


def _fresh_row(entry: RecentDelivery, cycles: Sequence[str]) -> tuple[Cell, ...]:
    is_linked = entry.group == "linked"
    served = ", ".join(short_id(id_, cycles) for id_ in entry.key_results)
    return (
        cell(Code(entry.key)),
        cell(entry.title),
        cell(formatting.short_day(entry.day)),
        cell(served) if is_linked else cell(_GROUPS[entry.group], tone=Tone.MUTED),
        cell("stated" if entry.is_expected else "none stated") if is_linked else cell(formatting.MISSING),
        cell(formatting.short_day(entry.evaluation)),
    )


def _coming(checks: Sequence[UpcomingCheck], cycles: Sequence[str]) -> Section:
    rows = tuple(
        (
            cell(formatting.day(entry.evaluation)),
            cell(short_id(entry.key_result, cycles)),
            work_cell(entry.members, entry.titles),
            cell(
                formatting.MISSING
                if entry.expected is None
                else f"{verdict_text.with_sign(entry.expected)} {verdict_text.unit_of_change(entry.unit)}".strip()
            ),
        )
        for entry in checks
    )
    columns = (Column("On"), Column("Key result"), Column("Work", is_flexible=True), Column("Expected", _RIGHT))
    return Section(
        "coming", "Checks to come", (Table("coming-table", "Checks to come", columns, rows),), is_detail=True
    )


def _attention(lines: Sequence[AttentionLine]) -> Section:
    rows = tuple((cell(Code(line.subject)), cell(_matter(line))) for line in lines)
    columns = (Column("What"), Column("What is the matter", is_flexible=True))
    return Section("attention", "Needs attention", (Table("attention-table", "Needs attention", columns, rows),))


_MATTERS = {
    Trouble.SOURCE: "source: {detail}, last read {days} ago",
    Trouble.METRIC_FAILED: "metric: could not be read; its old values are shown",
    Trouble.METRIC_STALE: "metric: its last value is {days} old",
    Trouble.OVERDUE: "expectation on {detail}: due {days} ago, without a verdict",
    Trouble.REOPENED: "open again: its checks are withdrawn until it is delivered once more ({detail})",
    Trouble.LINK: "its link does not count: {detail}",
    Trouble.STRAY: "linked by hand, but never read from a tracker",
}


def _matter(line: AttentionLine) -> str:
    if line.trouble is Trouble.SOURCE and line.days is None:
        return "source: never read" if line.detail == "never read" else f"source: {line.detail}, never read"
    if line.trouble is Trouble.OVERDUE and line.days is None:
        return f"expectation on {line.detail}: delivered, and no check tells of it"
    days = "" if line.days is None else plural(line.days, "day")
    return _MATTERS[line.trouble].format(detail=line.detail, days=days)


def _coverage(report: OutcomesReport) -> Section:
    items, served = report.items, report.served
    standing = items.total - items.dropped or 1
    bars = tuple(
        Bar(label, count / standing, f"{formatting.percent(count / standing)} · {plural(count, 'item')}", tone)
        for label, count, tone in (
            ("serve a key result", items.linked, Tone.GOOD),
            ("exempt", items.exempt, Tone.MUTED),
            ("unlinked", items.unlinked, Tone.UNSURE),
        )
    )
    blocks: list[Block] = [
        text(
            f"Of the work delivered in the cycle {plural(served.pieces, 'piece')} served {served.with_work:,} of "
            f"{plural(len(report.key_results), 'key result')}, {served.unlinked:,} served none, and {served.exempt:,} "
            f"{'was' if served.exempt == 1 else 'were'} exempt."
            + (f" {served.outside:,} more came before or after it." if served.outside else "")
        ),
        Bars("coverage", f"All {items.total:,} items by count; {items.dropped:,} dropped are left out", bars),
    ]
    if report.exempt:
        blocks.append(
            text("exempt: " + " · ".join(formatting.exempt(entry) for entry in report.exempt), tone=Tone.MUTED)
        )
    if report.joined_issues:
        joined = f"{report.joined_issues:,} delivered issues count as one with the pull requests that close them"
        blocks.append(text(joined, tone=Tone.MUTED))
    blocks.append(
        Table(
            "unlinked",
            f"Delivered, serves no key result: {len(report.unlinked):,}",
            (Column("Item"), Column("Title", is_flexible=True), Column("On"), Column("Why", rank=1)),
            tuple(
                (cell(Code(entry.key)), cell(entry.title), cell(formatting.short_day(entry.day)), cell(entry.reason))
                for entry in report.unlinked
            ),
            empty="Every delivered item serves a key result or is exempt.",
            is_captioned=True,
        )
    )
    return Section("coverage-section", "All work", tuple(blocks), is_detail=True)
