"""What was expected of work, and what became of it, laid out."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.hypotheses import HypothesesReport, HypothesisLine
from okrsync.reports.page import Paragraph, ReportPage, Section, text
from okrsync.reports.pages.components import scope_facts
from okrsync.reports.words import formatting
from okrsync.reports.words.statement_text import decision_line, evidence_line, hypothesis_parts, hypothesis_title


def hypotheses_page(report: HypothesesReport, *, wanted: str = "", overdue: bool = False) -> ReportPage:
    """Return the page of *report*; *wanted*: of one hypothesis or item, in full; *overdue*: of the late ones alone."""
    sections = [Section("hypotheses", "", tuple(_lines(report)))] if not wanted else list(_in_full(report))
    return ReportPage(
        kind="hypotheses",
        title=f"Hypotheses of {wanted}" if wanted else "Hypotheses",
        kicker=f"as of {formatting.day(report.as_of)}",
        headline=_headline(report, overdue=overdue),
        lede="",
        facts=scope_facts(report.as_of, ()),
        sections=tuple(section for section in sections if section.blocks),
        detail="okrsync hypothesis list --format json",
    )


def _headline(report: HypothesesReport, *, overdue: bool) -> str:
    if report.hypotheses:
        return "1 hypothesis." if len(report.hypotheses) == 1 else f"{len(report.hypotheses):,} hypotheses."
    return "Nothing is overdue." if overdue else "Nothing was expected yet; see okrsync hypothesis add --help."


def _lines(report: HypothesesReport) -> Iterator[Paragraph]:
    return (text(hypothesis_title(entry)) for entry in report.hypotheses)


def _in_full(report: HypothesesReport) -> Iterator[Section]:
    for number, entry in enumerate(report.hypotheses, 1):
        yield Section(f"hypothesis-{number}", hypothesis_title(entry), tuple(_parts(entry)), level=3)
    decisions = tuple(text(decision_line(entry)) for entry in report.decisions)
    yield Section("decided", "Decided", decisions, level=3)
    evidence = tuple(text(evidence_line(entry)) for entry in report.evidence)
    yield Section("evidence", "Beside the numbers", evidence, level=3)


def _parts(entry: HypothesisLine) -> Iterator[Paragraph]:
    return (text(f"{head}: {words}") for head, words in hypothesis_parts(entry))
