"""Why an item serves what it serves, laid out: each link followed over key result and objective to the values."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.reports.page import Anchor, Code, Facts, Paragraph, ReportPage, Section, Tone, text
from okrsync.reports.why import FollowedLink, WhyReport
from okrsync.reports.words import formatting


def why_page(report: WhyReport) -> ReportPage:
    """Return the page of *report*."""
    return ReportPage(
        kind="why",
        title=report.key,
        kicker=f"{report.type}, {report.status.replace('_', ' ')} ({report.original_status})",
        headline=report.title or report.key,
        lede=f"closes {', '.join(report.implements)}" if report.implements else "",
        facts=Facts((("Links", f"{len(report.lines):,}"),)),
        sections=tuple(_sections(report)),
        detail=f"okrsync why {report.key} --format json",
    )


def _sections(report: WhyReport) -> Iterator[Section]:
    if report.exempt_class:
        words = text(f"exempt: {report.exempt_class}; it need not serve a key result")
        yield Section("exempt", "", (words,))
    elif report.group == "unlinked":
        how = text("link it: ", Code(f"okrsync link {report.key} KR --reason TEXT"), tone=Tone.MUTED)
        yield Section("unlinked", "", (text(f"unlinked: {report.reason}", tone=Tone.STRONG), how))
    for number, line in enumerate(report.lines, 1):
        state = "" if line.state == "ok" else f" [{line.state}: {line.reason}]"
        title = f"{line.key_result} · {line.key_result_title}{state}"
        yield Section(f"link-{number}", title, tuple(_blocks(line)), level=3)
    if report.url:
        yield Section("address", "", (text(Anchor(report.url, report.url), tone=Tone.MUTED),))


def _blocks(line: FollowedLink) -> Iterator[Paragraph]:
    share = f", share {formatting.percent(line.share)}" if line.share not in {0.0, 1.0} else ""
    yield text(f"by {line.via} ({line.rule}{share})")
    if line.objective:
        yield text(f"→ {line.objective} · {line.objective_title}")
    for value in line.values:
        because = f", because {value.because}" if value.because else ""
        yield text(f"→ {value.id}: {value.statement}{because}")
