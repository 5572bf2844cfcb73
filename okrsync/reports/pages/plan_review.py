"""What deserves a second look, as a table: the concern, whom it is about, and what to do."""

from __future__ import annotations

from okrsync.reports.page import Cell, Code, Column, Span, Table, Tone, cell
from okrsync.reports.pages.plan_words import amount, short
from okrsync.reports.plan.report import PlanReport
from okrsync.reports.plan.review import Concern, ReviewLine
from okrsync.reports.words import formatting

_SAID = {
    Concern.STOP_LISTED: "on the stop list",
    Concern.REACHED: "target reached already",
    Concern.STALE: "metric out of date",
    Concern.NOT_JUDGEABLE: "judged after the cycle",
    Concern.OUTPUT: "counts what is made",
    Concern.CARRIED_OVER: "carried over",
    Concern.NO_EXPECTATION: "no expectation stated",
}

_FIXED = {
    Concern.REACHED: "is more of it the best use of the time?",
    Concern.STALE: "last value of {day}: nobody will see what the work does",
    Concern.NOT_JUDGEABLE: "{day} at the earliest: the cycle is over by then",
    Concern.OUTPUT: "a key result that counts what is made never gets a verdict",
}
_MOST_KEYS = 2


def review_table(report: PlanReport) -> Table:
    """One row a concern and key result."""
    return Table(
        "look-again-table",
        "Planned work that serves a key result and deserves a second look",
        (
            Column("What"),
            Column("Key result"),
            Column("Items"),
            Column("How much", rank=2),
            Column("Why, and what to do", is_flexible=True),
        ),
        tuple(_row(line, report) for line in report.look_again),
        empty="Nothing.",
    )


def _row(line: ReviewLine, report: PlanReport) -> tuple[Cell, ...]:
    tone = Tone.BAD if line.concern is Concern.STOP_LISTED else Tone.PLAIN
    return (
        cell(_SAID[line.concern], tone=tone),
        cell(short(line.key_result, report.cycles)),
        cell(*_keys(line)),
        cell(amount(line.amount)),
        cell(*_advice(line)),
    )


def _keys(line: ReviewLine) -> tuple[Span, ...]:
    spans: list[Span] = []
    for item in line.items[:_MOST_KEYS]:
        spans += [", ", Code(item.key)] if spans else [Code(item.key)]
    rest = len(line.items) - _MOST_KEYS
    return (*spans, f" +{rest:,}") if rest > 0 else tuple(spans)


def _advice(line: ReviewLine) -> tuple[Span, ...]:
    if line.concern is Concern.STOP_LISTED:
        return ("; ".join(line.reasons), " · ", Code(f"okrsync decide {line.epic or line.key_result}"))
    if line.concern is Concern.NO_EXPECTATION:
        return ("add ", Code(line.line))
    if line.concern is Concern.CARRIED_OVER:
        return (", ".join(f"{item.key} is in its {_ordinal(item.sprints or 0)} sprint" for item in line.items),)
    return (_FIXED[line.concern].format(day=formatting.day(line.day)),)


def _ordinal(number: int) -> str:
    tens = "th" if number % 100 in {11, 12, 13} else ""
    return f"{number}{tens or {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
