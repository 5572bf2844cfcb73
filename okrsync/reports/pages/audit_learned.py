"""The later sections of the audit: expectations, open work, decisions, moved goals, and what the next cycle gets."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.audit import AuditReport
from okrsync.reports.audit.decisions import DecisionLine
from okrsync.reports.page import (
    Block,
    Cell,
    Code,
    Column,
    Section,
    Table,
    Tone,
    cell,
    text,
)
from okrsync.reports.pages import audit_words
from okrsync.reports.pages.audit_expectations import calibration_blocks
from okrsync.reports.pages.audit_tables import RIGHT, TableName, change, decided, name, work_table
from okrsync.reports.pages.components import keys, plural
from okrsync.reports.words import formatting, goal_text, stoplist_text


def learned_sections(report: AuditReport) -> Iterator[Section]:
    """The sections behind the work, in their order."""
    yield Section(
        "calibration", "How good the expectations were", tuple(calibration_blocks(report.calibration)), is_detail=True
    )
    yield _stoplist(report)
    yield _leading(report)
    yield _decisions(report)
    yield _changes(report)
    yield _carried(report)
    if report.late.cycle:
        yield _late(report)
    yield Section("limits", "Method and limits", tuple(text(said) for said in _limits(report)), is_detail=True)


def _stoplist(report: AuditReport) -> Section:
    rows = tuple(
        (
            cell(name(line.key_result)),
            cell(line.epic or "no epic"),
            cell("; ".join(line.reasons)),
            cell(stoplist_text.size(line.spent)),
            cell(stoplist_text.size(line.planned)),
            cell(formatting.MISSING if line.decision is None else decided(line.decision)),
        )
        for line in report.stoplist.lines
    )
    table = Table(
        "stoplist",
        "Open work whose delivered siblings did not move it",
        (
            Column("KR"),
            Column("Work", rank=2),
            Column("Why", is_flexible=True),
            Column("Spent", rank=2),
            Column("Still planned", rank=1),
            Column("Decision", rank=1),
        ),
        rows,
        empty="Nothing speaks against going on with any open work.",
        more=("all of it: ", Code(f"okrsync stoplist --cycle {report.cycle.id}")) if rows else (),
    )
    blocks: tuple[Block, ...] = (
        (table, text(stoplist_text.rules(report.stoplist), tone=Tone.MUTED)) if rows else (table,)
    )
    return Section("stop", "Stop list", blocks, is_detail=True)


def _leading(report: AuditReport) -> Section:
    table = Table(
        "leading",
        "Leading and lagging key results of one objective, and which moved first",
        (
            Column("Objective", is_flexible=True),
            Column("Leading"),
            Column("moved", rank=1),
            Column("Lagging"),
            Column("moved", rank=1),
            Column("Order"),
        ),
        tuple(
            (
                cell(pair.objective_title),
                cell(name(pair.leading)),
                cell(formatting.short_day(pair.leading_moved)),
                cell(name(pair.lagging)),
                cell(formatting.short_day(pair.lagging_moved)),
                cell(audit_words.order(pair)),
            )
            for pair in report.leading
        ),
        empty="No objective has both a leading and a lagging key result.",
    )
    has_moved = any(pair.leading_moved or pair.lagging_moved for pair in report.leading)
    note = text("The days are those of the first delivery after which each moved the right way.", tone=Tone.MUTED)
    blocks = (table, note) if has_moved else (table,)
    return Section("leading-section", "Leading before lagging", blocks, is_detail=True)


def _decisions(report: AuditReport) -> Section:
    if not report.decisions:
        return Section("decisions", "Decisions", (text("Nothing was decided about this cycle's work."),))
    return Section("decisions", "Decisions", (_by_value(report), _decision_table(report)), is_detail=True)


def _by_value(report: AuditReport) -> Table:
    return Table(
        "decisions-by-value",
        "Decisions by the value that they name",
        (Column("Value"), Column("Stands for", is_flexible=True), Column("Decisions")),
        tuple(
            (
                cell(entry.id or "no value named", tone=Tone.PLAIN if entry.id else Tone.MUTED),
                cell(entry.statement),
                cell(", ".join(f"{count:,} {choice}" for choice, count in entry.choices.items()) or "none"),
            )
            for entry in report.by_value
        ),
        is_captioned=True,
    )


def _decision_table(report: AuditReport) -> Table:
    against = sum(line.is_against for line in report.decisions)
    return Table(
        "decided",
        f"{plural(len(report.decisions), 'decision')}, {against:,} against the evidence of the day",
        (
            Column("On"),
            Column("About"),
            Column("Choice"),
            Column("Because", is_flexible=True),
            Column("Verdicts then", rank=1),
            Column("Evidence"),
        ),
        tuple(_decision_row(line) for line in report.decisions),
        is_captioned=True,
    )


def _decision_row(line: DecisionLine) -> tuple[Cell, ...]:
    reverses = f"takes back {line.reversed.choice} ({line.reversed.id})" if line.reversed is not None else ""
    known = {verdict: line.verdicts.count(verdict) for verdict in line.verdicts}
    return (
        cell(formatting.short_day(line.day)),
        cell(Code(line.decision.about)),
        cell(line.decision.choice, note=reverses),
        cell(line.decision.because),
        cell(audit_words.counted_verdicts(known)),
        cell("against", tone=Tone.BAD, mark="!") if line.is_against else cell("in line" if known else "none yet"),
    )


def _changes(report: AuditReport) -> Section:
    seen = (
        "only one version of the goals was ever seen" if report.versions < 2 else f"{report.versions:,} versions seen"
    )
    blocks = tuple(text(goal_text.line(change)) for change in report.changes)
    return Section("changes", "Moved goalposts", blocks or (text(f"No goal was changed ({seen})."),), is_detail=True)


def _carried(report: AuditReport) -> Section:
    carried = report.carried
    new = ", which the files do not have yet" if carried.is_new else ""
    blocks: list[Block] = [text(f"Into {carried.following}{new}.")]
    blocks.append(
        Table(
            "carry-key-results",
            f"Key results short of their target: {len(carried.key_results):,}",
            (
                Column("KR"),
                Column("Title", is_flexible=True),
                Column("Progress", RIGHT),
                Column("Checks", rank=1),
                Column("Last decision", rank=1),
            ),
            tuple(
                (
                    cell(name(entry.id)),
                    cell(entry.title),
                    cell(formatting.MISSING if entry.progress.share is None else audit_words.way(entry.progress.share)),
                    cell(audit_words.counted_verdicts(entry.verdicts)),
                    cell(formatting.MISSING if entry.decision is None else decided(entry.decision)),
                )
                for entry in carried.key_results
            ),
            empty="Every key result reached its target or was stopped.",
            is_captioned=True,
        )
    )
    blocks.append(_open_hypotheses(report))
    if report.is_over:
        command = Code(f"okrsync cycle close {report.cycle.id} --carry learnings,open")
        blocks.append(text("Write the next cycle's file with ", command, tone=Tone.MUTED))
    return Section("carry", "What to carry over", tuple(blocks))


def _open_hypotheses(report: AuditReport) -> Table:
    return Table(
        "carry-hypotheses",
        f"Expectations without an answer: {len(report.carried.hypotheses):,}",
        (
            Column("Work"),
            Column("KR"),
            Column("Expected", RIGHT),
            Column("Because", is_flexible=True),
            Column("Judged", rank=1),
        ),
        tuple(
            (
                cell(*keys(entry.items)),
                cell(name(entry.key_result)),
                cell(change(entry.change, entry.unit)),
                cell(entry.because),
                cell("not delivered" if entry.evaluation is None else formatting.day(entry.evaluation)),
            )
            for entry in report.carried.hypotheses
        ),
        empty="No expectation is without an answer.",
        is_captioned=True,
    )


def _late(report: AuditReport) -> Section:
    named = TableName(
        "late",
        f"Verdicts on {report.late.cycle} that came in {report.cycle.id}",
        f"No verdict on {report.late.cycle} came in {report.cycle.id}.",
    )
    return Section(
        "late-section", f"Late verdicts of {report.late.cycle}", (work_table(report.late.work, named),), is_detail=True
    )


def _limits(report: AuditReport) -> Iterator[str]:
    yield (
        "Items that were delivered within days of each other are judged together: one verdict for the group, and no "
        "credit for any one of it. Effects that were claimed at the edge of what could be seen tend to be overstated."
    )
    yield (
        "A score is how far the metric came on its way, from 0 to 1: 0.7 and more is green, 0.4 and more amber. "
        "Change, and the change before the cycle, are differences of means over each key result's own window."
    )
    if report.outside:
        were = "was" if report.outside == 1 else "were"
        yield f"{plural(report.outside, 'check')} on work from outside the cycle {were} left out."
    if report.key_result or report.team:
        yield "This is a part of the cycle. The verdicts are those of everything, and no filter changes them."
    yield "The digest names the data behind this audit: the same command on the same store gives the same bytes."
