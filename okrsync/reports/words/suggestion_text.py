"""Suggestions in words: what speaks for one, and what they are worth."""

from __future__ import annotations

from okrsync.reports.suggestions import SuggestedLink, SuggestReport
from okrsync.reports.words import formatting


def because(entry: SuggestedLink) -> str:
    """Return what speaks for a suggestion."""
    like = ", ".join(entry.earlier) or "the key result's own text"
    shared = ", ".join(entry.words)
    return formatting.harmless(f"{shared}; like {like}" if shared else f"like {like}")


def summary(report: SuggestReport) -> list[str]:
    """Return what was asked about, what got no suggestion, and how often suggestions were right."""
    lines = []
    if not report.asked:
        lines.append("no unlinked item lies in these cycles: there is nothing to ask about")
    else:
        some = f" · {report.left_out:,} more left out by --min-score or --limit" if report.left_out else ""
        lines.append(f"{len(report.suggestions):,} suggestions for {report.asked:,} unlinked items{some}")
        lines.append(f"nothing to say about {report.nothing_to_say:,} of them")
    if report.silence:
        lines.append(report.silence)
    if report.out_of_cycle:
        lines.append(f"{report.out_of_cycle:,} more unlinked items were delivered outside these cycles (--cycle all)")
    if report.namesakes:
        lines.append(f"{report.namesakes:,} more have a key that an item of another source has too: not asked about")
    if report.held_out is not None:
        seen = report.held_out
        lines.append(
            f"on held-out items {seen.right:,} of {seen.answered:,} suggestions were right "
            f"({formatting.percent(seen.precision)}), and {formatting.percent(seen.coverage)} of "
            f"{report.learned_from:,} linked items got one"
        )
        lines.append(
            "these all serve a key result or are exempt; among yours are some that serve none: read them first"
        )
    return lines
