"""How good the expectations of a cycle were, laid out."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.audit.calibration import LEAST_OF_TEAM, ExpectationCalibration, Figures
from okrsync.reports.page import Block, Column, Table, Tone, cell, text
from okrsync.reports.pages import audit_words
from okrsync.reports.pages.audit_tables import RIGHT, change, name
from okrsync.reports.pages.components import HYPOTHESIS_WORDS, keys, plural
from okrsync.reports.words import formatting, verdict_text


def calibration_blocks(told: ExpectationCalibration) -> Iterator[Block]:
    """What the expectations were worth, with a row for each; too few are said to be too few."""
    n = told.figures.holding.n
    if not n:
        yield text("No expectation that was stated and linked before its delivery is judged yet.")
    else:
        yield text(f"{_figures(told.figures)}.")
        if n < LEAST_OF_TEAM:
            yield text(
                f"{plural(n, 'expectation')} {'is' if n == 1 else 'are'} too few to say how good they are; the "
                "intervals show how little that tells.",
                tone=Tone.UNSURE,
            )
        yield _expectations(told)
    for team in told.teams:
        yield text(f"{team.team}: {_figures(team.figures)}.")
    if said := _aside(told):
        yield text(f"{said}.", tone=Tone.MUTED)


def _aside(told: ExpectationCalibration) -> str:
    """What is not counted, and why."""
    n = told.figures.holding.n
    parts = []
    if told.post_hoc:
        parts.append(f"{told.post_hoc:,} stated or linked after the delivery {_were(told.post_hoc)} not counted")
    if told.open:
        parts.append(f"{told.open:,} still {'waits' if told.open == 1 else 'wait'} for a verdict")
    if n and not told.teams:
        parts.append(f"no team has {LEAST_OF_TEAM} or more, so none is told apart")
    said = "; ".join(parts)
    return f"{said[:1].upper()}{said[1:]}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _figures(told: Figures) -> str:
    ratio = "" if told.ratio is None else f"; the middle one measured {told.ratio:.2f} times what was expected"
    return (
        f"Confirmed: {audit_words.rate(told.confirmed)}; the expected value lies in the interval of "
        f"{audit_words.rate(told.holding)}{ratio}"
    )


def _expectations(told: ExpectationCalibration) -> Table:
    return Table(
        "expectations",
        "Expectations that were stated before the delivery, and what was measured",
        (
            Column("Work", is_flexible=True),
            Column("KR"),
            Column("Expected", RIGHT),
            Column("Measured", RIGHT),
            Column("Ratio", RIGHT, rank=1),
            Column("In the interval", rank=2),
            Column("Became"),
        ),
        tuple(
            (
                cell(*keys(entry.members)),
                cell(name(entry.key_result)),
                cell(change(entry.expected, entry.unit)),
                cell(_span(entry.effect, entry.low, entry.high, entry.unit)),
                cell(formatting.MISSING if entry.ratio is None else formatting.number(entry.ratio, like=1.0)),
                cell("yes" if entry.is_held else "no"),
                cell(HYPOTHESIS_WORDS[entry.hypothesis]),
            )
            for entry in told.expectations
        ),
    )


def _span(effect: float, low: float, high: float, unit: str) -> str:
    like = 10 * (high - low) or effect or 1.0
    value = f"{verdict_text.signed(effect, like)} {verdict_text.unit_of_change(unit)}".rstrip()
    return f"{value} [{formatting.number(low, like=like)}, {formatting.number(high, like=like)}]"
