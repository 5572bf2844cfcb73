"""Parts that several pages have: what is wrong with the sources, verdicts, effects with their axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from okrsync.model.verdicts import Estimate, HypothesisVerdict, OutcomeCheck
from okrsync.reports.inputs import SourceState
from okrsync.reports.page import Cell, Code, Facts, Interval, Span, Tone, cell
from okrsync.reports.words import formatting, verdict_text
from okrsync.reports.words.verdict_table import VERDICTS

HYPOTHESIS_WORDS = {
    HypothesisVerdict.CONFIRMED: "confirmed",
    HypothesisVerdict.WEAKER_THAN_EXPECTED: "weaker than expected",
    HypothesisVerdict.REFUTED: "refuted",
    HypothesisVerdict.OPEN: "open",
    HypothesisVerdict.NOT_STATED: "none stated",
    HypothesisVerdict.POST_HOC: "stated afterwards",
}
_AXIS_ROOM = 1.08
_MOST_KEYS = 3


def scope_facts(as_of: date | None, cycles: Sequence[str]) -> Facts:
    """Return the facts at the head of a page: its day and its *cycles* (ids), if it has any."""
    facts = [] if as_of is None else [("As of", formatting.day(as_of))]
    if cycles:
        facts.append(("Cycle", ", ".join(cycles)))
    return Facts(tuple(facts))


def source_facts(sources: Sequence[SourceState]) -> str:
    """``2 of 2 fresh``."""
    return f"{sum(entry.is_fresh for entry in sources):,} of {len(sources):,} fresh"


def source_notices(sources: Iterable[SourceState], failed_metrics: Iterable[str]) -> tuple[str, ...]:
    """What was not read, in a sentence each: a page without it would pass for complete."""
    late = [entry for entry in sources if not entry.is_fresh]
    notices = [f"Incomplete: {formatting.source(entry)}{f' ({entry.error})' if entry.error else ''}." for entry in late]
    failed = [f"Incomplete: metric {name} could not be read; its old values are shown." for name in failed_metrics]
    return (*notices, *failed)


def keys(members: Sequence[str]) -> tuple[Span, ...]:
    """The keys of *members*, the first few of them."""
    spans: list[Span] = []
    for key in members[:_MOST_KEYS]:
        spans += [", ", Code(key)] if spans else [Code(key)]
    rest = len(members) - _MOST_KEYS
    return (*spans, f" and {rest:,} more") if rest > 0 else tuple(spans)


def work_cell(members: Sequence[str], titles: Sequence[str], note: str = "") -> Cell:
    """What was delivered: the title where it is one, else the first title and how many there are, with the keys."""
    named = [title for title in titles if title]
    head = named[0] if named else ", ".join(members[:_MOST_KEYS])
    if len(members) > 1 and named:
        head = f"{head} and {len(members) - 1:,} more"
    return cell(head, note=" · ".join(filter(None, (", ".join(members[:_MOST_KEYS]), note))))


def verdict_cell(check: OutcomeCheck) -> Cell:
    """The verdict with its sign and its colour."""
    modifiers = ["smaller than matters" if check.is_small else "", "provisional" if check.is_provisional else ""]
    return cell(
        VERDICTS[check.verdict].word,
        mark=VERDICTS[check.verdict].mark,
        tone=VERDICTS[check.verdict].tone,
        note=", ".join(filter(None, modifiers)),
    )


def expectation_cell(check: OutcomeCheck) -> Cell:
    """What became of what was expected of it."""
    return cell(HYPOTHESIS_WORDS[check.hypothesis])


def short_id(id_: str, cycles: Sequence[str]) -> str:
    """*id_* without its cycle, where all of the page is about that cycle."""
    cycle, mark, bare = id_.partition("/")
    return bare if mark and list(cycles) == [cycle] else id_


def credit(check: OutcomeCheck) -> str:
    """Whose the verdict is, where it is not one's alone."""
    if check.is_sole:
        return ""
    return f"one of {len(check.members)}" if check.estimate is not None else f"{len(check.members)} items"


def effect_cells(checks: Sequence[OutcomeCheck], least: float | None, unit: str) -> Iterator[Cell]:
    """The effect of each of *checks* with its interval, drawn on one axis for all."""
    ends = [end for check in checks if check.estimate for end in _ends(check.estimate, least or 0.0)]
    first, last = min(ends, default=0.0), max(ends, default=0.0)
    margin = max(abs(first), abs(last)) * (_AXIS_ROOM - 1)
    for check in checks:
        told = check.estimate
        if told is None:
            yield cell(formatting.MISSING, tone=Tone.MUTED)
            continue
        drawn = Interval(told.effect, told.low, told.high, least or 0.0, told.mde, first - margin, last + margin)
        yield Cell((verdict_text.effect(told, unit),), interval=drawn, tone=VERDICTS[check.verdict].tone)


def _ends(told: Estimate, least: float) -> tuple[float, ...]:
    return (told.low, told.high, told.mde, -told.mde, least, -least, 0.0)


def plural(count: int, noun: str) -> str:
    """``1 item``, ``2 items``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
