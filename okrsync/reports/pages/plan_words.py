"""Words that the parts of a plan's page share."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import date

from okrsync.reports.pages.components import plural
from okrsync.reports.plan.coverage import WorkAmount
from okrsync.reports.plan.scope import PlanScope, ScopeKind
from okrsync.reports.words import formatting


def span(scope: PlanScope) -> str:
    """``30 Nov – 11 Dec 2026``; of a milestone, when it is due; empty without days."""
    if scope.last is None:
        return "" if scope.first is None else f"from {formatting.day(scope.first)}"
    if scope.first is None:
        return f"due {formatting.day(scope.last)}"
    return f"{formatting.short_day(scope.first)} – {formatting.day(scope.last)}"


def command(scope: PlanScope, as_of: date) -> str:
    """What prints all of a plan: of the same period, by the name that it alone has, board and team."""
    chosen = {
        ScopeKind.SPRINT: ["--sprint", scope.period.place if scope.period else ""],
        ScopeKind.MILESTONE: ["--milestone", scope.period.place if scope.period else ""],
        ScopeKind.BACKLOG: ["--backlog"],
        ScopeKind.DAYS: ["--days", str((scope.last - scope.first).days if scope.first and scope.last else 0)],
    }[scope.kind]
    board = ["--board", scope.board] if scope.board and scope.period is None else []
    team = ["--team", scope.team] if scope.team else []
    return shlex.join(["okrsync", "plan", *chosen, *board, *team, "--as-of", as_of.isoformat(), "--format", "json"])


def short(key_result: str, cycles: Sequence[str]) -> str:
    """The id of a key result without its cycle, where the page is about that one alone."""
    return key_result.removeprefix(f"{cycles[0]}/") if len(cycles) == 1 else key_result


def amount(told: WorkAmount) -> str:
    """``8 items, 13 points, 2 without a size``; sizes of different units side by side."""
    parts = [plural(told.items, "item")]
    parts += [formatting.sized(value, unit) for unit, value in told.sizes.items() if unit != "items"]
    if told.sizes and told.unsized:
        parts.append(f"{told.unsized:,} without a size")
    return ", ".join(parts)


def percent(share: float | None) -> str:
    """Whole percents; a dash where there is nothing to share out."""
    return formatting.MISSING if share is None else f"{share * 100:.0f} %"
