"""The outcomes report as Markdown: fits a pull request, a wiki page or a mail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from okrsync.reports.outcomes import KeyResultReport, OutcomesReport
from okrsync.reports.render import check_words, words

MAX_ROWS = 20
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~])")


def escaped(text: str) -> str:
    """
    *text* so that Markdown shows it and does nothing with it: no formatting, mention, reference or link.

    A zero-width space keeps trackers from reading ``@name``, ``#12`` or ``https://`` in somebody's title as theirs.
    """
    clean = _SPECIAL.sub(r"\\\1", words.harmless(text))
    return clean.replace("@", "@\u200b").replace("#", "#\u200b").replace("://", ":\u200b//")


def code(text: str) -> str:
    """*text* as it is written, to be copied: in a code span trackers read no reference."""
    return f"`{words.harmless(text).replace('`', '')}`"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table; cells are escaped already."""
    return [
        "| " + " | ".join(header) + " |",
        "|" + "|".join(" --- " for _ in header) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def render_outcomes(report: OutcomesReport) -> str:
    """The whole report."""
    lines = [
        f"# Outcomes · {escaped(', '.join(report.cycles)) or 'no running cycle'}",
        "",
        f"**{escaped(report.headline)}**",
        "",
        f"As of {words.day(report.as_of)} ({report.timezone}) · "
        + " · ".join(escaped(words.source(entry)) for entry in report.sources),
        "",
    ]
    if not report.is_complete:
        lines += [f"> **Incomplete.** {escaped(_incomplete(report))}", ""]
    lines += _coverage(report)
    for entry in report.key_results:
        lines += _key_result(entry)
    lines += _unlinked(report)
    lines += _faults(report)
    lines += ["## How to read this", "", words.HOW_TO_READ, "", check_words.METHOD, ""]
    return "\n".join(lines)


def _incomplete(report: OutcomesReport) -> str:
    late = [words.source(entry) for entry in report.sources if not entry.is_fresh]
    failed = [f"metric {name}: could not be read" for name in report.failed_metrics]
    return "; ".join([*late, *failed])


def _coverage(report: OutcomesReport) -> list[str]:
    items = report.items
    rows = [[f"{items.linked:,} serve a key result", f"{items.exempt:,}", f"{items.unlinked:,}", f"{items.dropped:,}"]]
    lines = table([f"Of {items.total:,} items", "Exempt", "Unlinked", "Dropped"], rows)
    if report.exempt:
        lines += ["", "Exempt: " + " · ".join(escaped(words.exempt(entry)) for entry in report.exempt)]
    if report.joined_issues:
        lines += [
            "",
            f"{report.joined_issues:,} delivered issues are counted as one with the pull requests that close them.",
        ]
    return [*lines, ""]


def _key_result(entry: KeyResultReport) -> list[str]:
    lines = [f"## {escaped(entry.id)} · {escaped(entry.title)}", "", escaped(words.aim(entry)), ""]
    if not entry.deliveries:
        return [*lines, f"No delivered work; {entry.open_items:,} open.", ""]
    rows = [
        [
            code(delivery.key),
            escaped(words.delivered(delivery)),
            ", ".join(code(key) for key in delivery.pull_requests) or words.MISSING,
            words.day(delivery.day),
            words.observed(delivery),
            words.change(delivery),
            words.days_observed(delivery),
            words.MISSING if delivery.verdict is None else check_words.verdict_word(delivery.verdict),
        ]
        for delivery in entry.deliveries[:MAX_ROWS]
    ]
    unit = f", {escaped(entry.unit)}" if entry.unit else ""
    header = ["Delivered", "Title", "With", "On", f"Before → after{unit}", "Change", "Days seen", "Verdict"]
    more = _more(len(entry.deliveries), "deliveries")
    return [*lines, *table(header, rows), *more, "", f"{entry.open_items:,} open.", "", *_checks(entry)]


def _checks(entry: KeyResultReport) -> list[str]:
    """The verdicts, claims first, and where the whole change comes from."""
    outcome = entry.outcome
    if outcome is None or not outcome.checks:
        return []
    lines: list[str] = []
    for check in check_words.by_weight(outcome)[:MAX_ROWS]:
        mark = check_words.MARKS.get(check.verdict, "·")
        keys = ", ".join(code(key) for key in check.members)
        lines.append(f"- {mark} {keys}: {escaped(check_words.line(check, entry.unit))}")
        lines += [f"  - {escaped(warning)}" for warning in check.warnings]
    lines += _more(len(outcome.checks), "checks")
    if outcome.line is not None:
        lines += ["", f"All deliveries as one line: {escaped(check_words.effect(outcome.line, entry.unit))}."]
    if parts := check_words.decomposition(outcome, entry.unit):
        lines += ["", f"{escaped(parts)}."]
    return [*lines, ""]


def _unlinked(report: OutcomesReport) -> list[str]:
    if not report.unlinked:
        return []
    rows = [
        [code(entry.key), escaped(entry.title), words.day(entry.day), escaped(entry.reason)]
        for entry in report.unlinked[:MAX_ROWS]
    ]
    lines = ["## Delivered, serves no key result", "", *table(["Item", "Title", "On", "Why"], rows)]
    return [*lines, *_more(len(report.unlinked), "items"), ""]


def _faults(report: OutcomesReport) -> list[str]:
    lines: list[str] = []
    if report.faulty_links:
        rows = [
            [
                code(fault.key),
                escaped(fault.title),
                escaped(fault.key_result),
                fault.state.value,
                escaped(fault.reason),
            ]
            for fault in report.faulty_links[:MAX_ROWS]
        ]
        lines += ["## Links to mend", "", *table(["Item", "Title", "Names", "State", "Why"], rows)]
        lines += [*_more(len(report.faulty_links), "links"), ""]
    if report.stray_decisions:
        keys = ", ".join(code(key) for key in report.stray_decisions[:MAX_ROWS])
        lines += [f"Linked by hand, but never read from a tracker: {keys}.", ""]
    return lines


def _more(count: int, noun: str) -> list[str]:
    return ["", f"… and {count - MAX_ROWS:,} more {noun}."] if count > MAX_ROWS else []
