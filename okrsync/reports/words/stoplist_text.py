"""The stop list in words."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.stoplist import SizeOf, StopLine, Stoplist
from okrsync.reports.words import formatting, verdict_text
from okrsync.reports.words.statement_text import decision_line

MAX_ITEMS = 8


def title(line: StopLine) -> str:
    """``PAY-66 Pay on a phone in under a minute · 2026Q4/KR2.2``."""
    epic = (
        f"{formatting.harmless(line.epic)} {formatting.harmless(line.epic_title)}".strip() if line.epic else "No epic"
    )
    return f"{epic} · {line.key_result} {formatting.harmless(line.key_result_title)}"


def lines(line: StopLine) -> Iterator[tuple[str, str]]:
    """What stands below it, a heading and its text each."""
    yield "Why", "; ".join(line.reasons)
    yield "Last verdict", f"{', '.join(line.check.members)}: {verdict_text.line(line.check, line.unit)}"
    yield "Spent", size(line.spent)
    keys = ", ".join(formatting.harmless(item.key) for item in line.open_items[:MAX_ITEMS])
    more = len(line.open_items) - MAX_ITEMS
    yield "Still planned", f"{size(line.planned)}: {keys}{f' and {more} more' if more > 0 else ''}"
    for text in line.stop_if:
        yield "Stop if", formatting.harmless(text, 500)
    if line.decision is not None:
        yield "Decided", decision_line(line.decision)
    else:
        about = line.epic or line.key_result
        yield "Decided", f"nothing yet; okrsync decide {formatting.harmless(about)} --choice stop --because ..."


def rules(report: Stoplist) -> str:
    """The rules by which siblings are listed."""
    return (
        f"Listed: siblings (one epic on one key result) with open work of which none moved the key result, after "
        f"{report.rules.no_movement} verdict{'' if report.rules.no_movement == 1 else 's'} against them, or "
        f"{report.rules.inconclusive} that could not be told from drift, or past the date of a hypothesis with a "
        'stop-if. Inconclusive is not "no effect": see what could have been seen.'
    )


def size(told: SizeOf) -> str:
    """``8 items, 21 points, 2 without a size``; sizes of different units are never summed."""
    parts = [f"{told.items:,} item{'' if told.items == 1 else 's'}"]
    parts += [formatting.sized(value, unit) for unit, value in told.sizes.items() if unit != "items"]
    if told.sizes and told.unsized:
        parts.append(f"{told.unsized:,} without a size")
    return ", ".join(parts)
