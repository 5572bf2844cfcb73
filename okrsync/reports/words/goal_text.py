"""Changes of goals in words."""

from __future__ import annotations

from okrsync.reports.goal_changes import ToldChange
from okrsync.reports.words import formatting


def line(change: ToldChange) -> str:
    """``2026-11-03 · key result 2026Q4/KR1.1: target 55 on 2026-12-31 → 52 on 2026-12-31, because ... (d1a2)``."""
    head = f"{change.day} · {change.what} {formatting.harmless(change.name)}"
    if not change.field:
        return f"{head}: {'new' if change.after else 'taken out'}"
    before, after = (formatting.harmless(text) or "nothing" for text in (change.before, change.after))
    told = f"{head}: {change.field.replace('_', ' ')} {before} → {after}"
    if change.reason:
        return f"{told}, because {formatting.harmless(change.reason, 500)} ({change.decision})"
    return f"{told}; no reason is on record"
