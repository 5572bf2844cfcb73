"""Suggestions on a terminal, and as the file that ``okrsync link --from`` reads back."""

from __future__ import annotations

import csv
import io

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from okrsync.reports.suggestions import SuggestedLink, SuggestReport
from okrsync.reports.words import formatting

MAX_ROWS = 20
_COLUMNS = ("key", "key_result", "reason", "score", "title")
_FORMULA = ("=", "+", "-", "@")
_INVISIBLE = "\u200b"


def print_suggestions(report: SuggestReport, console: Console) -> None:
    """The surest suggestions as a table, how many items got none, and what the suggestions are worth."""
    console.print()
    cycles = ", ".join(report.cycles) or "no running cycle"
    _line(console, f"Suggestions · {cycles} · as of {formatting.day(report.as_of)}", style="bold")
    if report.suggestions:
        console.print()
        console.print(Padding(_table(report), (0, 0, 0, 2), expand=False))
    rest = len(report.suggestions) - MAX_ROWS
    if rest > 0:
        _line(console, f"… and {rest:,} more (all of them: --out links.csv, or --format json)", style="dim")
    console.print()
    for sentence in _standing(report):
        _line(console, sentence)
    _line(console, "Nothing was linked. Write them to a file with --out links.csv, strike out what is wrong, and")
    _line(console, "link the rest: okrsync link --from links.csv")


def because(entry: SuggestedLink) -> str:
    """What speaks for a suggestion, in words."""
    like = ", ".join(entry.earlier) or "the key result's own text"
    shared = ", ".join(entry.words)
    return formatting.harmless(f"{shared}; like {like}" if shared else f"like {like}")


def links_csv(report: SuggestReport) -> str:
    """The suggestions as CSV for ``okrsync link --from``; no cell starts as a spreadsheet's formula does."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for entry in report.suggestions:
        reason = f"suggested, score {entry.score:.2f}: {because(entry)}"
        # `link --from` takes the invisible mark off a key again; a title it does not read.
        key, key_result = (_no_formula(formatting.harmless(name), _INVISIBLE) for name in (entry.key, entry.key_result))
        writer.writerow(
            [key, key_result, reason, f"{entry.score:.3f}", _no_formula(formatting.harmless(entry.title), "'")]
        )
    return written.getvalue()


def _no_formula(text: str, mark: str) -> str:
    return mark + text if text.startswith(_FORMULA) else text


def _table(report: SuggestReport) -> Table:
    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0), expand=True)
    for name in ("item", "title", "key result", "score", "because"):
        is_wide = name in {"title", "because"}
        grid.add_column(
            Text(name),
            justify="right" if name == "score" else "left",
            no_wrap=name != "because",
            overflow="fold" if name == "because" else "ellipsis",
            ratio=1 if is_wide else None,
            min_width=16 if is_wide else None,
        )
    for entry in report.suggestions[:MAX_ROWS]:
        # Text, not markup: a title such as "[link=...]" is shown, never obeyed.
        grid.add_row(
            Text(formatting.harmless(entry.key)),
            Text(formatting.harmless(entry.title)),
            Text(formatting.harmless(entry.key_result)),
            f"{entry.score:.2f}",
            Text(because(entry)),
        )
    return grid


def _standing(report: SuggestReport) -> list[str]:
    """What was asked, what got no answer, and what the answers are worth."""
    told = []
    if not report.asked:
        told.append("no unlinked item lies in these cycles: there is nothing to ask about")
    else:
        some = f" · {report.left_out:,} more left out by --min-score or --limit" if report.left_out else ""
        told.append(f"{len(report.suggestions):,} suggestions for {report.asked:,} unlinked items{some}")
        told.append(f"nothing to say about {report.nothing_to_say:,} of them")
    if report.silence:
        told.append(report.silence)
    if report.out_of_cycle:
        told.append(f"{report.out_of_cycle:,} more unlinked items were delivered outside these cycles (--cycle all)")
    if report.namesakes:
        told.append(f"{report.namesakes:,} more have a key that an item of another source has too: not asked about")
    if report.held_out is not None:
        seen = report.held_out
        told.append(
            f"on held-out items {seen.right:,} of {seen.answered:,} suggestions were right "
            f"({formatting.percent(seen.precision)}), and {formatting.percent(seen.coverage)} of "
            f"{report.learned_from:,} linked items got one"
        )
        told.append("these all serve a key result or are exempt; among yours are some that serve none: read them first")
    return told


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Padding(Text(text, style=style), (0, 0, 0, 2), expand=False))
