"""The audit of a cycle laid out: how it ended, what the work did, then what was learned and decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from okrsync.reports.audit import AuditReport
from okrsync.reports.audit.scores import KeyResultScore
from okrsync.reports.audit.work import CheckState
from okrsync.reports.page import (
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
from okrsync.reports.pages import audit_words
from okrsync.reports.pages.audit_evidence_gaps import untold_section
from okrsync.reports.pages.audit_learned import learned_sections
from okrsync.reports.pages.audit_tables import (
    RIGHT,
    TableName,
    change,
    effort_blocks,
    extreme_table,
    name,
    sizes,
    work_table,
)
from okrsync.reports.pages.components import plural, source_facts, source_notices
from okrsync.reports.words import formatting, verdict_text

_CHOSEN = {
    "asked": "",
    "last_ended": "the last cycle that ended",
    "running": "the cycle that runs: none has ended yet",
}


def audit_page(report: AuditReport) -> ReportPage:
    """The page of *report*."""
    part = " · ".join(filter(None, (report.key_result, report.team and f"team {report.team}")))
    return ReportPage(
        kind="audit",
        title=f"Audit · {report.cycle.id}",
        kicker=" · ".join(filter(None, (part, _CHOSEN[report.chosen], f"as of {formatting.day(report.as_of)}"))),
        headline=report.headline,
        lede=_lede(report),
        facts=Facts(
            (
                ("Cycle", f"{formatting.day(report.cycle.start)} – {formatting.day(report.cycle.end)}"),
                ("As of", f"{formatting.day(report.as_of)}, {report.timezone}"),
                ("Sources", source_facts(report.sources)),
                ("Verdicts", _finality(report)),
            )
        ),
        sections=tuple(_sections(report)),
        notices=_notices(report),
        notes=(text(verdict_text.METHOD, tone=Tone.MUTED),),
        detail=f"okrsync audit --cycle {report.cycle.id} --as-of {report.as_of} --format json",
    )


def _lede(report: AuditReport) -> str:
    parts = []
    if report.scores and report.is_over:
        scored = [entry.progress.zone for entry in report.scores if entry.progress.zone]
        zones = ", ".join(f"{scored.count(zone):,} {zone}" for zone in audit_words.ZONES if zone in scored)
        parts.append(
            f"{len(scored):,} of {plural(len(report.scores), 'key result')} scored" + (f": {zones}." if zones else ".")
        )
    against = sum(line.is_against for line in report.decisions)
    if against:
        parts.append(f"{plural(against, 'decision')} went against the evidence of the day.")
    asking = sum(line.is_asking for line in report.work)
    if asking:
        parts.append(f"{plural(asking, 'verdict')} {'asks' if asking == 1 else 'ask'} for a decision.")
    return " ".join(parts)


def _finality(report: AuditReport) -> str:
    waiting = sum(line.state is CheckState.OPEN for line in report.work)
    if report.final_on is not None:
        return f"final on {formatting.day(report.final_on)}; {plural(waiting, 'check')} still open"
    if all(entry.age_days is None for entry in report.sources):
        return "none, for nothing was read"
    return "final" if report.is_over else "none to come of what is delivered"


def _notices(report: AuditReport) -> tuple[str, ...]:
    notices = list(source_notices(report.sources, report.failed_metrics))
    notices += [
        f"Stale: the metric of {entry.id} was {plural(entry.stale_days, 'day')} old on the last day."
        for entry in report.scores
        if entry.stale_days is not None
    ]
    parts = [] if report.is_over else [f"the cycle runs until {formatting.day(report.cycle.end)}"]
    if report.final_on is not None:
        parts.append(f"verdicts come until {formatting.day(report.final_on)}")
    if parts:
        notices.append(f"Not final: {', and '.join(parts)}.")
    return tuple(notices)


def _sections(report: AuditReport) -> Iterator[Section]:
    yield _scores(report)
    yield _extremes(report)
    yield Section("work-done", "What the work did", (_verdicts(report), _sources_of_change(report)), is_detail=True)
    yield Section("effort", "Where the effort went", tuple(effort_blocks(report.effort)))
    yield _work(report)
    yield untold_section(report.untold)
    yield from learned_sections(report)


def _scores(report: AuditReport) -> Section:
    columns = (
        Column("KR"),
        Column("Title", is_flexible=True),
        Column("Objective", rank=2),
        Column("Baseline", RIGHT, rank=1),
        Column("Target", RIGHT),
        Column("Final" if report.is_over else "Now", RIGHT),
        Column("Score" if report.is_over else "Progress", RIGHT),
        Column("Zone"),
        Column("Kind", rank=2),
        Column("Level", rank=2),
        Column("Goal moved", RIGHT, rank=2),
    )
    table = Table(
        "scores",
        f"Key results of {report.cycle.id}",
        columns,
        tuple(_score_row(entry) for entry in report.scores),
        empty="This cycle has no key result.",
    )
    return Section("scores-section", "How it ended" if report.is_over else "How it stands", (table,))


def _score_row(entry: KeyResultScore) -> tuple[Cell, ...]:
    made = entry.progress
    mark, tone = audit_words.ZONES.get(made.zone, ("", Tone.MUTED))
    progress = formatting.MISSING if made.share is None else audit_words.way(made.share)
    return (
        cell(name(entry.id)),
        cell(entry.title),
        cell(entry.objective),
        cell(formatting.with_unit(None if entry.baseline is None else entry.baseline.value, entry.unit)),
        cell(_target(entry)),
        cell(formatting.with_unit(None if made.current is None else made.current.value, entry.unit)),
        cell(progress if made.score is None else f"{made.score:.2f}"),
        cell(made.zone or formatting.MISSING, mark=mark, tone=tone),
        cell(entry.kind),
        cell(entry.level),
        cell(f"{entry.target_changes:,}×" if entry.target_changes else formatting.MISSING),
    )


def _target(entry: KeyResultScore) -> str:
    if entry.band is not None:
        return f"{formatting.number(entry.band[0])} to {formatting.with_unit(entry.band[1], entry.unit)}"
    return formatting.with_unit(None if entry.target is None else entry.target.value, entry.unit)


def _extremes(report: AuditReport) -> Section:
    room, found = report.extremes.room, report.extremes
    if not room:
        return Section("extremes", "Wins and setbacks", (text("Nothing is judged that would be either."),))
    return Section(
        "extremes",
        "Wins and setbacks",
        (
            extreme_table(found.wins, TableName("wins", f"Wins: {len(found.wins):,}"), room),
            extreme_table(found.setbacks, TableName("setbacks", f"Setbacks: {len(found.setbacks):,}"), room),
        ),
    )


def _verdicts(report: AuditReport) -> Table:
    columns = [
        Column("KR"),
        Column("Delivered"),
        Column("Size", rank=1),
        Column("Checks", is_flexible=True),
        Column("Shared", RIGHT, rank=2),
    ]
    if report.is_over:
        columns.append(Column("Why missed", rank=1))
    return Table(
        "work-by-key-result",
        "What was delivered on each key result, and its verdicts",
        tuple(columns),
        tuple(_verdict_row(entry)[: len(columns)] for entry in report.scores),
        empty="There is no key result.",
        is_captioned=True,
    )


def _verdict_row(entry: KeyResultScore) -> tuple[Cell, ...]:
    return (
        cell(name(entry.id)),
        cell(plural(entry.delivered.items, "item") if entry.delivered.items else "nothing"),
        cell(sizes(entry.delivered)),
        cell(audit_words.counted_verdicts(entry.checks)),
        cell(plural(entry.groups, "group") if entry.groups else formatting.MISSING),
        cell("" if entry.cause is None else audit_words.MISSES[entry.cause]),
    )


def _sources_of_change(report: AuditReport) -> Table:
    return Table(
        "change-by-key-result",
        "Where the change of each metric comes from: mean of the days before the baseline to mean of the last days",
        (
            Column("KR"),
            Column("Until", rank=1),
            Column("Change", RIGHT),
            Column("From the work", RIGHT),
            Column("Drift and season", RIGHT, rank=1),
            Column("Unexplained", RIGHT, rank=1),
            Column("Change before the cycle", RIGHT, rank=2),
        ),
        tuple(_change_row(entry, min(report.as_of, report.cycle.end)) for entry in report.scores),
        more=("the story of one: ", Code("okrsync check KR --explain")),
        is_captioned=True,
    )


def _change_row(entry: KeyResultScore, last_day: date) -> tuple[Cell, ...]:
    parts, unit = entry.decomposition, verdict_text.unit_of_change(entry.unit)
    before = cell(change(entry.movement.before, entry.unit))
    if parts is None:
        none = cell(formatting.MISSING, tone=Tone.MUTED)
        made = change(entry.movement.change, entry.unit)
        return (cell(name(entry.id)), cell(formatting.short_day(last_day)), cell(made), none, none, none, before)
    width = max(part.high - part.low for part in (parts.deliveries, parts.drift))
    like = 10 * width or parts.change or 1.0
    return (
        cell(name(entry.id)),
        cell(formatting.short_day(parts.last_end)),
        cell(f"{verdict_text.signed(parts.change, like)} {unit}".rstrip()),
        cell(verdict_text.span(parts.deliveries, like)),
        cell(verdict_text.span(parts.drift, like)),
        cell(verdict_text.signed(parts.unexplained, like)),
        before,
    )


def _work(report: AuditReport) -> Section:
    named = TableName(
        "work",
        "Every delivery with what was expected, what was measured and what was decided",
        "Nothing delivered in the cycle is part of a check.",
        ("decide with ", Code("okrsync decide KEY --choice ... --because ...")),
    )
    return Section("work-section", "From work to outcome", (work_table(report.work, named),), is_detail=True)
