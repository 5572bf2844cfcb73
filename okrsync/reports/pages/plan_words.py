"""Words that the parts of a plan's page share."""

from __future__ import annotations

from collections.abc import Sequence

from okrsync.reports.pages.parts import plural
from okrsync.reports.planning_coverage import Amount
from okrsync.reports.planning_scope import PlanScope
from okrsync.reports.render import words


def span(scope: PlanScope) -> str:
    """``30 Nov – 11 Dec 2026``; of a milestone, when it is due; empty without days."""
    if scope.last is None:
        return "" if scope.first is None else f"from {words.day(scope.first)}"
    if scope.first is None:
        return f"due {words.day(scope.last)}"
    return f"{words.short_day(scope.first)} – {words.day(scope.last)}"


def short(key_result: str, cycles: Sequence[str]) -> str:
    """The id of a key result without its cycle, where the page is about that one alone."""
    return key_result.removeprefix(f"{cycles[0]}/") if len(cycles) == 1 else key_result


def sized(value: float, unit: str) -> str:
    """``5 points``; of one, ``1 point``."""
    if value == 1 and unit in {"points", "items", "days", "hours"}:
        return f"1 {unit.removesuffix('s')}"
    return f"{words.number(value)} {unit}".strip()


def amount(told: Amount) -> str:
    """``8 items, 13 points, 2 without a size``; sizes of different units side by side."""
    parts = [plural(told.items, "item")]
    parts += [sized(value, unit) for unit, value in told.sizes.items() if unit != "items"]
    if told.sizes and told.unsized:
        parts.append(f"{told.unsized:,} without a size")
    return ", ".join(parts)


def percent(share: float | None) -> str:
    """Whole percents; a dash where there is nothing to share out."""
    return words.MISSING if share is None else f"{share * 100:.0f} %"
