"""Values, what serves them and what breaks them, in words."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.values import FlaggedWin, Guardrail, ValueReport
from okrsync.reports.words import formatting

WON_AT_ITS_EXPENSE = "Won at its expense"


def lines(entry: ValueReport) -> Iterator[tuple[str, str]]:
    """What stands below a value, a heading and its text each."""
    for sign in entry.signs:
        yield "Seen in", formatting.harmless(sign)
    for objective in entry.objectives:
        because = f", because {formatting.harmless(objective.because)}" if objective.because else ", nobody says why"
        yield "Served by", f"{objective.cycle}/{objective.id} {formatting.harmless(objective.title)}{because}"
    if not entry.objectives:
        yield "Served by", "no objective"
    yield "Delivered", _work(entry)
    for guardrail in entry.guardrails:
        yield "Guardrail", _guardrail(guardrail)
    for win in entry.flagged:
        yield WON_AT_ITS_EXPENSE, _win(win)


def _work(entry: ValueReport) -> str:
    parts = [f"{entry.delivered:,} item{'' if entry.delivered == 1 else 's'}"]
    parts += [formatting.sized(value, unit) for unit, value in entry.sizes.items() if unit != "items"]
    verdicts = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in entry.verdicts.items())
    return ", ".join(parts) + (f"; verdicts: {verdicts}" if verdicts else "")


def _guardrail(told: Guardrail) -> str:
    if told.latest is None:
        return f"{told.metric}: never measured"
    limits = [
        f"{word} {formatting.with_unit(limit, told.unit)}"
        for word, limit in (("at least", told.least), ("at most", told.most))
        if limit is not None
    ]
    where = f"{told.metric}: {formatting.dated(told.latest, told.unit)}"
    if told.mean is not None:
        where += f", {formatting.with_unit(told.mean, told.unit)} over the last 28 days"
    if not limits:
        return f"{where}; no limits are declared"
    state = {True: "BROKEN", False: "kept", None: "too few points"}[told.is_broken]
    return f"{where}; {' and '.join(limits)}: {state}"


def _win(win: FlaggedWin) -> str:
    members = ", ".join(formatting.harmless(member) for member in win.members)
    change = f"{formatting.number(win.before)} → {formatting.with_unit(win.after, win.unit)}"
    since = formatting.day(win.since)
    return f"{members} moved {win.key_result}, but {win.metric} left its limits since {since}: {change}"
