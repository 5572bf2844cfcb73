"""The key results of a plan: where they stand, what is planned on them, and what the last verdict on each was."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.model.verdicts import OutcomeCheck, Verdict
from okrsync.okrs.progress import Health
from okrsync.reports.page import Align, Cell, Column, Table, Tone, cell
from okrsync.reports.pages.components import keys, plural
from okrsync.reports.pages.plan_words import percent, short
from okrsync.reports.plan.key_results import PlanKeyResult
from okrsync.reports.plan.report import PlanReport
from okrsync.reports.words import formatting, progress_text, verdict_text
from okrsync.reports.words.verdict_table import VERDICTS

_RIGHT = Align.RIGHT
_HEALTH = {
    Health.DRAFT: "a draft",
    Health.PENDING: "not measured yet",
    Health.REACHED: "at its target",
    Health.AT_RISK: "at risk",
    Health.OFF_TRACK: "off track",
}


def key_results_table(report: PlanReport) -> Table:
    """One row a key result of the report's cycles."""
    return Table(
        "key-results-table",
        "Key results with their planned work",
        (
            Column("Key result"),
            Column("Title", is_flexible=True),
            Column("Now", _RIGHT),
            Column("Need/week", _RIGHT, rank=1),
            Column("Has", _RIGHT, rank=1),
            Column("Planned"),
            Column("Share", _RIGHT, rank=2),
            Column("Note", is_flexible=True),
        ),
        tuple(_row(entry, report) for entry in report.key_results),
        empty="No cycle runs on this day, and no planned work serves a key result.",
    )


def verdicts_table(report: PlanReport) -> Table:
    """The last verdict on each key result, where there is one."""
    told = [(entry, entry.last_check) for entry in report.key_results]
    judged = [(entry, check) for entry, check in told if check is not None and check.verdict is not Verdict.NO_DATA]
    return Table(
        "verdicts-table",
        "The last verdict on each",
        (
            Column("Key result"),
            Column("Last verdict"),
            Column("Effect"),
            Column("Judged on", rank=1),
            Column("Work", is_flexible=True),
        ),
        tuple(_verdict_row(entry, check, report) for entry, check in judged),
        empty="No work on them has been judged yet.",
        is_captioned=True,
    )


def _row(entry: PlanKeyResult, report: PlanReport) -> tuple[Cell, ...]:
    made = entry.standing
    current, pace = made.progress.current, made.progress.pace
    needed = None if (made.progress.share or 0) >= 1 else pace.needed
    return (
        cell(
            short(made.id, report.cycles),
            mark=progress_text.MARKS.get(made.health, ""),
            tone=Tone.BAD if entry.is_behind else Tone.PLAIN,
        ),
        cell(made.title),
        cell(formatting.with_unit(None if current is None else current.value, made.unit)),
        cell(_a_week(needed, (needed, pace.actual))),
        cell(_a_week(pace.actual, (needed, pace.actual))),
        _planned(entry),
        cell(percent(entry.share) if entry.planned.items else formatting.MISSING),
        cell(" · ".join(_notes(entry))),
    )


def _verdict_row(entry: PlanKeyResult, check: OutcomeCheck, report: PlanReport) -> tuple[Cell, ...]:
    return (
        cell(short(entry.standing.id, report.cycles)),
        cell(
            VERDICTS[check.verdict].word,
            mark=VERDICTS[check.verdict].mark,
            tone=VERDICTS[check.verdict].tone,
        ),
        cell(_effect(check, entry.standing.unit)),
        cell(formatting.short_day(check.evaluation, report.as_of)),
        cell(*keys(check.members)),
    )


def _a_week(change: float | None, beside: tuple[float | None, float | None]) -> str:
    """With two digits of the larger of the two that stand side by side: more would be pretence."""
    if change is None:
        return formatting.MISSING
    return verdict_text.signed(change, 10 * max(abs(other or 0.0) for other in beside))


def _planned(entry: PlanKeyResult) -> Cell:
    planned = entry.planned
    if not planned.items:
        return cell("none", tone=Tone.BAD if entry.is_behind else Tone.MUTED)
    sizes = ", ".join(formatting.sized(value, unit) for unit, value in planned.sizes.items() if unit != "items")
    return cell(plural(planned.items, "item"), note=sizes)


def _effect(check: OutcomeCheck, unit: str) -> str:
    """The effect with its interval; of what is inconclusive, what could have been seen."""
    if check.estimate is None:
        return formatting.MISSING
    if check.verdict is Verdict.INCONCLUSIVE:
        return f"could see ≥ {formatting.with_unit(check.estimate.mde, verdict_text.unit_of_change(unit))}"
    return verdict_text.effect(check.estimate, unit)


def _notes(entry: PlanKeyResult) -> Iterator[str]:
    """What to know, the weightiest first."""
    made = entry.standing
    if not entry.planned.items:
        yield f"{entry.elsewhere:,} open elsewhere" if entry.elsewhere else "no open work at all"
    if made.health is Health.STALE:
        current = made.progress.current
        yield f"stale since {formatting.short_day(current.date if current else None)}"
    elif made.health in _HEALTH:
        yield _HEALTH[made.health]
    if made.level != "outcome":
        yield "counts what is made"
    if not entry.planned.items:
        yield f"{plural(entry.days_left, 'day')} left"
    elif entry.judged_on is not None:
        yield f"judgeable by {formatting.short_day(entry.judged_on)}"
