"""Changes of the goals themselves, laid out."""

from __future__ import annotations

from okrsync.reports.goal_changes import GoalsReport
from okrsync.reports.page import ReportPage, Section, text
from okrsync.reports.pages.components import plural, scope_facts
from okrsync.reports.words import formatting, goal_text


def changes_page(report: GoalsReport) -> ReportPage:
    """Return the page of *report*."""
    count = plural(len(report.changes), "change") if report.changes else "No change"
    lines = tuple(text(goal_text.line(change)) for change in report.changes)
    return ReportPage(
        kind="changes",
        title="Changes of the goals",
        kicker=f"as of {formatting.day(report.as_of)}",
        headline=f"{count} in {plural(report.versions, 'version')} of the OKR files.",
        lede="",
        facts=scope_facts(report.as_of, ()),
        sections=(Section("changes", "", lines),) if lines else (),
        detail="okrsync changes --format json",
    )
