"""One key result of the outcomes report laid out: its metric, the checks on it, where its change comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from statistics import fmean
from string import ascii_uppercase

from okrsync.model.verdicts import Counterfactual, Decomposition, KeyResultOutcome, OutcomeCheck
from okrsync.reports.key_results import DeliveryRow, KeyResultReport
from okrsync.reports.page import (
    Align,
    Block,
    Cell,
    Code,
    Column,
    Flag,
    MetricChart,
    Section,
    Step,
    Table,
    Tone,
    Waterfall,
    cell,
    text,
)
from okrsync.reports.pages.components import (
    credit,
    effect_cells,
    expectation_cell,
    keys,
    short_id,
    verdict_cell,
    work_cell,
)
from okrsync.reports.progress import KeyResultProgress
from okrsync.reports.words import formatting, progress_text, verdict_text
from okrsync.reports.words.verdict_table import VERDICTS

_RIGHT = Align.RIGHT
_SEASON = timedelta(days=91)
_LEAST = 30
"""Observations that a chart shows at least, where there are as many."""


def key_result_section(
    entry: KeyResultReport, made: KeyResultProgress | None, id_: str, cycles: Sequence[str]
) -> Section:
    """The section *id_* of *entry*."""
    blocks: list[Block] = [text(formatting.aim(entry), tone=Tone.MUTED)]
    if made is not None:
        lines = list(progress_text.lines(made))[1:]
        blocks.append(text(" · ".join([progress_text.health(made), *lines])))
    if entry.outcome is not None:
        blocks += _judged(entry, entry.outcome, id_)
    if entry.deliveries:
        blocks.append(_deliveries(entry, id_))
    else:
        blocks.append(text(f"no delivered work · {entry.open_items:,} open", tone=Tone.MUTED))
    title = f"{short_id(entry.id, cycles)} · {entry.title}"
    return Section(id_, title, tuple(blocks), kicker=entry.objective, is_detail=True, alike="key results")


def _judged(entry: KeyResultReport, outcome: KeyResultOutcome, id_: str) -> Iterator[Block]:
    checks = verdict_text.by_weight(outcome)
    letters = _letters(checks)
    if outcome.counterfactual.days:
        yield _chart(entry, outcome, letters, id_)
    if checks:
        yield _checks(entry, checks, letters, id_)
    for check in checks:
        for warning in check.warnings:
            yield text(f"{letters[check.members]}: {warning}", tone=Tone.UNSURE)
    if outcome.line is not None:
        yield text(f"all deliveries as one line: {verdict_text.effect(outcome.line, entry.unit)}", tone=Tone.MUTED)
    start = None if outcome.decomposition is None else _mean(outcome.counterfactual, outcome.decomposition)
    if outcome.decomposition is not None and start is not None:
        yield _waterfall(entry, outcome, outcome.decomposition, start, id_)
    elif outcome.decomposition is not None:
        # Nothing was delivered, or the metric has another definition by now: the level is not known.
        yield text(verdict_text.decomposition(outcome, entry.unit), tone=Tone.MUTED)


def _letters(checks: Sequence[OutcomeCheck]) -> dict[tuple[str, ...], str]:
    """A letter for each check, by the day of its first delivery; after Z come numbers."""
    ordered = sorted(checks, key=lambda check: (check.first, check.members))
    names = [*ascii_uppercase, *(str(number) for number in range(27, len(ordered) + 1))]
    return {check.members: name for check, name in zip(ordered, names, strict=False)}


def _chart(
    entry: KeyResultReport, outcome: KeyResultOutcome, letters: dict[tuple[str, ...], str], id_: str
) -> MetricChart:
    told = outcome.counterfactual
    checks = sorted(outcome.checks, key=lambda check: (check.first, check.members))
    begin = _begin(told, checks)
    days, observed, expected = told.days[begin:], told.observed[begin:], told.expected[begin:]
    without = f"; without the work, about {formatting.with_unit(expected[-1], entry.unit)}" if expected else ""
    return MetricChart(
        id=f"{id_}-chart",
        title=f"{entry.metric} over time, and where it would have been without the work",
        description=(
            f"{entry.metric}: {formatting.with_unit(observed[0], entry.unit)} on {formatting.day(days[0])}, "
            f"{formatting.with_unit(observed[-1], entry.unit)} on {formatting.day(days[-1])}{without}."
        ),
        unit=entry.unit,
        days=days,
        observed=observed,
        expected=expected,
        low=told.low[begin:],
        high=told.high[begin:],
        target=None if entry.target is None else entry.target.value,
        flags=tuple(
            Flag(
                letters[check.members],
                check.first,
                f"{_work(entry, check)}: {verdict_text.verdict(check)}",
                VERDICTS[check.verdict].tone,
            )
            for check in checks
            if check.first >= days[0]
        ),
    )


def _begin(series: Counterfactual, checks: Sequence[OutcomeCheck]) -> int:
    """Which observation a chart begins with: a season before the first delivery, for a year more would flatten it."""
    first = min((check.first for check in checks), default=series.days[-1])
    shown = [index for index, day in enumerate(series.days) if day >= first - _SEASON]
    return min(shown[0] if shown else 0, max(0, len(series.days) - _LEAST))


def _work(entry: KeyResultReport, check: OutcomeCheck) -> str:
    titles = [delivery.title for delivery in entry.deliveries if delivery.key in check.members]
    named = titles[0] if titles else check.members[0]
    return f"{named} and {len(check.members) - 1:,} more" if len(check.members) > 1 else named


def _checks(
    entry: KeyResultReport, checks: Sequence[OutcomeCheck], letters: dict[tuple[str, ...], str], id_: str
) -> Table:
    titles = {delivery.key: formatting.delivered(delivery) for delivery in entry.deliveries}
    effects = effect_cells(checks, None, entry.unit)
    return Table(
        f"{id_}-checks",
        f"Checks on {entry.title}",
        (
            Column(""),
            Column("Work delivered", is_flexible=True),
            Column("Effect", _RIGHT),
            Column("Could detect", _RIGHT, rank=1),
            Column("Judged", rank=1),
            Column("Verdict"),
            Column("Expectation", rank=1),
        ),
        tuple(
            (
                cell(letters[check.members], tone=VERDICTS[check.verdict].tone),
                work_cell(check.members, [titles.get(member, "") for member in check.members], credit(check)),
                effect,
                cell(formatting.MISSING if check.estimate is None else f"≥ {formatting.number(check.estimate.mde)}"),
                cell(formatting.short_day(check.evaluation, entry.outcome.as_of if entry.outcome else None)),
                verdict_cell(check),
                expectation_cell(check),
            )
            for check, effect in zip(checks, effects, strict=True)
        ),
        more=("the story of each: ", Code(f"okrsync check {entry.id} --explain")),
    )


def _waterfall(
    entry: KeyResultReport, outcome: KeyResultOutcome, parts: Decomposition, start: float, id_: str
) -> Waterfall:
    steps = [
        Step(f"Until {formatting.short_day(parts.baseline_end)}", start, is_total=True),
        Step("Deliveries", parts.deliveries.value, parts.deliveries.low, parts.deliveries.high),
        Step("Drift and season", parts.drift.value, parts.drift.low, parts.drift.high, tone=Tone.MUTED),
        Step("Unexplained", parts.unexplained, tone=Tone.MUTED),
    ]
    if round(parts.clipped, 12):
        steps.append(Step("Outliers", parts.clipped, tone=Tone.MUTED))
    steps.append(Step(f"Until {formatting.short_day(parts.last_end)}", start + parts.change, is_total=True))
    return Waterfall(
        f"{id_}-change",
        f"Where the change of {entry.metric} comes from",
        verdict_text.decomposition(outcome, entry.unit),
        entry.unit,
        tuple(steps),
    )


def _mean(series: Counterfactual, parts: Decomposition) -> float | None:
    """The mean of the window that the change is counted from; ``None`` where the series does not reach back to it."""
    inside = [
        value
        for day, value in zip(series.days, series.observed, strict=True)
        if parts.baseline_start <= day <= parts.baseline_end
    ]
    return fmean(inside) if inside else None


def _deliveries(entry: KeyResultReport, id_: str) -> Table:
    unit = f" {entry.unit}" if entry.unit else ""
    return Table(
        f"{id_}-work",
        f"Delivered work, newest first; {entry.open_items:,} open",
        (
            Column("Delivered"),
            Column("Title", is_flexible=True),
            Column("With", rank=2),
            Column("On"),
            Column(f"Before → after{unit}", rank=1),
            Column("Change", _RIGHT),
            Column("Days seen", rank=1),
            Column("Why linked", rank=2),
        ),
        tuple(_delivery(delivery, entry.outcome.as_of if entry.outcome else None) for delivery in entry.deliveries),
        is_captioned=True,
    )


def _delivery(delivery: DeliveryRow, today: date | None) -> tuple[Cell, ...]:
    return (
        cell(Code(delivery.key)),
        cell(formatting.delivered(delivery)),
        cell(*keys(delivery.pull_requests)) if delivery.pull_requests else cell(formatting.MISSING),
        cell(formatting.short_day(delivery.day, today) if delivery.day else "day unknown"),
        cell(formatting.observed(delivery)),
        cell(formatting.change(delivery)),
        cell(formatting.days_observed(delivery)),
        cell(delivery.via),
    )
