"""Changes of goals in words."""

from __future__ import annotations

from okrsync.reports.goal_changes import ToldChange
from okrsync.reports.words import formatting

NO_REASON = "no reason is on record"


def line(entry: ToldChange) -> str:
    """``2026-11-03 · key result 2026Q4/KR1.1: target 55 on 2026-12-31 → 52 on 2026-12-31, because ... (d1a2)``."""
    head = f"{entry.day} · {entry.what} {formatting.harmless(entry.name)}: {change(entry)}"
    if not entry.field:
        return head
    if entry.reason:
        return f"{head}, because {formatting.harmless(entry.reason, 500)} ({entry.decision})"
    return f"{head}; {NO_REASON}"


def change(entry: ToldChange) -> str:
    """``target 55 on 2026-12-31 → 52 on 2026-12-31``, ``new`` or ``taken out``."""
    if not entry.field:
        return "new" if entry.after else "taken out"
    before, after = (formatting.harmless(text) or "nothing" for text in (entry.before, entry.after))
    return f"{entry.field.replace('_', ' ')} {before} → {after}"
