"""Suggestions as the file that ``okrsync link --from`` reads back."""

from __future__ import annotations

import csv
import io

from okrsync.reports.suggestions import SuggestReport
from okrsync.reports.words import formatting, suggestion_text

_COLUMNS = ("key", "key_result", "reason", "score", "title")
_FORMULA = ("=", "+", "-", "@")
_INVISIBLE = "\u200b"


def links_csv(report: SuggestReport) -> str:
    """The suggestions as CSV for ``okrsync link --from``; no cell starts as a spreadsheet's formula does."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for entry in report.suggestions:
        reason = f"suggested, score {entry.score:.2f}: {suggestion_text.because(entry)}"
        # `link --from` takes the invisible mark off a key again; a title it does not read.
        key, key_result = (_no_formula(formatting.harmless(name), _INVISIBLE) for name in (entry.key, entry.key_result))
        writer.writerow(
            [key, key_result, reason, f"{entry.score:.3f}", _no_formula(formatting.harmless(entry.title), "'")]
        )
    return written.getvalue()


def _no_formula(text: str, mark: str) -> str:
    return mark + text if text.startswith(_FORMULA) else text
