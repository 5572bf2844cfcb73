"""A page with every kind of block, as a reader of the outcomes report might get it."""

from __future__ import annotations

import math
from datetime import date, timedelta

from okrsync.reports.page import (
    Align,
    Anchor,
    Bar,
    Bars,
    Cell,
    Code,
    Column,
    CoverageChart,
    Facts,
    Flag,
    Interval,
    MetricChart,
    Portion,
    ReportPage,
    Section,
    Step,
    Table,
    Tone,
    Waterfall,
    cell,
    text,
)

FIRST = date(2026, 8, 16)
DAYS = tuple(FIRST + timedelta(days=index) for index in range(100))


def sample_page() -> ReportPage:
    """A page of the outcomes report, with all that a page may have."""
    return ReportPage(
        kind="outcomes",
        title="Outcomes · 2026 Q4",
        kicker="week 7 of 13",
        headline="Of nine checks that came due, three moved their key result, one moved it the wrong way, "
        "and two could not have been seen.",
        lede="14 items were delivered since 15 November; 11 serve a key result. Next checks mature on 29 November.",
        facts=Facts(
            (("Data as of", "22 Nov 2026, 06:00 CET"), ("Sources", "2 of 2 read today"), ("Digest", "9f2c 41aa"))
        ),
        notices=("Incomplete: github could not be read; its items are as of 19 Nov 2026.",),
        sections=(
            key_result(),
            Section("wins", "Wins", (decisions(), wide()), kicker="What is asked of you"),
            Section("coverage", "Coverage", (text("Three of five periods were below the threshold."), coverage())),
            Section("effort", "Where the effort went", (effort(),)),
            Section("empty", "Links to mend", (nothing(),)),
            Section("more", "More on one goal", (text("A part of its own.", tone=Tone.MUTED),), level=3),
        ),
        notes=(
            text(
                "Before and after are compared, allowing for trend, weekday and drift. These are not experiments: an "
                "unrelated change on the same day would look the same. “Inconclusive” is not “no effect”."
            ),
            text("Everything in one file: ", Code("okrsync outcomes --format json"), "."),
        ),
        detail="okrsync outcomes --cycle 2026-Q4 --format json",
    )


def key_result() -> Section:
    """What moved one key result."""
    return Section(
        "KR1.1",
        "KR1.1 · Activation of new accounts from 41 % to 49 %",
        (
            Facts((("Now", "44.7 %"), ("Of the way", "46 %"), ("Needs", "+0.6 a week"), ("Has", "+0.4 a week"))),
            metric(),
            checks(),
            waterfall(),
        ),
        kicker="Objective 1 · New accounts see the value in week one",
    )


def metric() -> MetricChart:
    """A metric over 100 days, of which a week is missing."""
    observed = [41.5 + math.sin(index / 3) + (3.0 if index > 52 else 0.0) + index / 100 for index in range(100)]
    expected = [41.6 + index / 90 for index in range(100)]
    kept = [index for index in range(100) if not 30 <= index < 37]
    return MetricChart(
        id="KR1.1-metric",
        title="Activation of new accounts",
        description="Daily. It rose from about 41 to 45 % after delivery A on 8 October; without the work it would "
        "have stayed near 42 %.",
        unit="%",
        days=tuple(DAYS[index] for index in kept),
        observed=tuple(observed[index] for index in kept),
        expected=tuple(expected[index] for index in kept),
        low=tuple(expected[index] - 0.5 - index / 90 for index in kept),
        high=tuple(expected[index] + 0.5 + index / 90 for index in kept),
        target=49.0,
        flags=(
            Flag("A", DAYS[53], "Guided setup, 3 items: moved", Tone.GOOD),
            Flag("B", DAYS[56], "Invite by link: no meaningful movement", Tone.PLAIN),
            Flag("C", DAYS[58], "Faster import, 2 items: inconclusive", Tone.UNSURE),
            Flag("D", DAYS[90], "New pricing page: moved the wrong way", Tone.BAD),
        ),
    )


def checks() -> Table:
    """The checks of one key result, drawn."""
    effects = (
        ("A", "Guided setup · 3 items", "one of 3", (3.1, 1.4, 4.8), 2.0, "▲", "moved", Tone.GOOD),
        ("B", "Invite by link · 1 item", "sole", (0.3, -0.4, 1.0), 0.9, "◆", "no meaningful movement", Tone.PLAIN),
        ("C", "Faster import · 2 items", "one of 2", (1.2, -1.6, 7.5), 3.4, "○", "inconclusive", Tone.UNSURE),
        ("D", "New pricing page · 1 item", "sole", (-2.2, -3.9, -0.5), 2.0, "▼", "moved the wrong way", Tone.BAD),
    )
    rows = tuple(
        (
            Cell(mark=letter, tone=tone),
            cell(work, note=credit),
            Cell(
                (f"{effect[0]:+.1f} [{effect[1]:.1f}, {effect[2]:.1f}]".replace("-", "−"),),
                tone=tone,
                interval=Interval(*effect, least=1.0, mde=mde, first=-5.0, last=6.0),
            ),
            cell(verdict, mark=mark, tone=tone),
        )
        for letter, work, credit, effect, mde, mark, verdict, tone in effects
    )
    columns = (
        Column(""),
        Column("Work delivered", is_flexible=True),
        Column("Effect, points", Align.RIGHT),
        Column("Verdict"),
    )
    return Table("KR1.1-checks", "Checks on KR1.1", columns, rows)


def decisions() -> Table:
    """What is to be decided, with links."""
    columns = (
        Column("Work", is_flexible=True),
        Column("Item"),
        Column("Expected", Align.RIGHT),
        Column("Measured", Align.RIGHT),
        Column("Verdict"),
        Column("Asked of you", is_flexible=True),
    )
    rows = (
        (
            cell("New pricing page"),
            cell(Anchor("PAY-212", "https://jira.example.com/browse/PAY-212")),
            cell("+1.0"),
            cell("−2.2 [−3.9, −0.5]"),
            cell("refuted", mark="▼", tone=Tone.BAD),
            cell("stop or revert", note="complaints are up 8 %"),
        ),
        (
            cell("Guided setup"),
            cell(Code("web#455")),
            cell("–"),
            cell("+3.1 [1.4, 4.8]"),
            cell("confirmed", mark="▲", tone=Tone.GOOD),
            cell("persevere or scale"),
        ),
    )
    return Table(
        "decide",
        "Work that asks for a decision, the most planned first",
        columns,
        rows,
        more=("All of them: ", Code("okrsync stoplist")),
        is_captioned=True,
    )


def wide(rows: int = 3, title: str = "Remember the last payment method") -> Table:
    """*rows* unlinked items in eight columns."""
    columns = (
        Column("Item"),
        Column("Title", is_flexible=True),
        Column("Size", Align.RIGHT),
        Column("Age", Align.RIGHT),
        Column("Team", rank=1),
        Column("Why", rank=1),
        Column("Suggested", rank=2),
        Column("Delivered"),
    )
    return Table(
        "unlinked",
        "Delivered, serves no key result",
        columns,
        tuple(
            (
                cell(Code(f"PAY-{index + 1}")),
                cell(title),
                cell("5"),
                cell("12 d"),
                cell("Growth"),
                cell("no rule matches"),
                cell("KR1.1", note="“checkout”, like PAY-180"),
                cell("5 Nov 2026"),
            )
            for index in range(rows)
        ),
        more=(Code("okrsync suggest"),),
    )


def nothing() -> Table:
    """A table without rows."""
    return Table("faults", "Links to mend", (Column("Item"),), (), empty="No link is broken.")


def waterfall() -> Waterfall:
    """Where the change of one key result comes from."""
    return Waterfall(
        id="KR1.1-change",
        title="Where the change comes from",
        description="From 41.0 % on 30 September to 44.7 % now; the work together made +2.4 [0.3, 4.6].",
        unit="%",
        steps=(
            Step("Baseline", 41.0, is_total=True),
            Step("Drift and season", 0.9, -0.4, 2.2),
            Step("A · Guided setup", 3.1, 1.4, 4.8, tone=Tone.GOOD),
            Step("B · Invite by link", 0.3, -0.4, 1.0, tone=Tone.MUTED),
            Step("C · Faster import", 1.2, -1.6, 4.0, tone=Tone.UNSURE),
            Step("D · New pricing page", -2.2, -3.9, -0.5, tone=Tone.BAD),
            Step("Unexplained", 0.4),
            Step("Now", 44.7, is_total=True),
        ),
    )


def coverage() -> CoverageChart:
    """The share of linked work over five sprints."""
    shares = (0.48, 0.57, 0.63, 0.61, 0.72)
    return CoverageChart(
        id="coverage-trend",
        title="Work that serves a key result",
        description="By size, over the last five sprints: from 48 % to 72 %; the threshold is 70 %.",
        portions=tuple(Portion(f"Sprint {index + 44}", linked) for index, linked in enumerate(shares)),
        threshold=0.7,
    )


def effort() -> Bars:
    """Effort by verdict."""
    return Bars(
        "effort-by-verdict",
        "By count: 62 delivered items",
        (
            Bar("moved", 0.31, "31 %, 19 items", Tone.GOOD, "▲"),
            Bar("moved the wrong way", 0.05, "5 %, 3 items", Tone.BAD, "▼"),
            Bar("inconclusive", 0.26, "26 %, 16 items", Tone.UNSURE, "○"),
            Bar("exempt", 0.22, "22 %, 14 items"),
            Bar("unlinked", 0.16, "16 %, 10 items", Tone.MUTED),
        ),
    )
