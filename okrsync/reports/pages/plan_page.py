"""The plan laid out: how much of it serves a key result, what does not, each key result, and what to look at again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from okrsync.reports.page import (
    Align,
    Bar,
    Bars,
    Block,
    Cell,
    Code,
    Column,
    CoverageChart,
    Facts,
    Paragraph,
    Portion,
    ReportPage,
    Section,
    Table,
    Tone,
    cell,
    text,
)
from okrsync.reports.pages.components import plural, source_facts, source_notices
from okrsync.reports.pages.plan_key_results import key_results_table, verdicts_table
from okrsync.reports.pages.plan_review import review_table
from okrsync.reports.pages.plan_words import amount, command, percent, short, span
from okrsync.reports.plan.balance import EffortShare as Part
from okrsync.reports.plan.balance import ExemptPlanned
from okrsync.reports.plan.coverage import COUNT, Coverage, SizeShares, WorkAmount, whole_percents
from okrsync.reports.plan.report import MOST_ASKED, PlanReport, UnlinkedItem
from okrsync.reports.words import formatting

_RIGHT = Align.RIGHT


def plan_page(report: PlanReport, fail_under: float | None = None) -> ReportPage:
    """The page of *report*; *fail_under*: percent of the work below which the command fails, where that was asked."""
    scope = report.scope
    team = f"team {scope.team}" if scope.team else ""
    return ReportPage(
        kind="plan",
        title=f"Plan · {scope.title}",
        kicker=" · ".join(filter(None, (team, span(scope)))),
        headline=report.headline,
        lede=_lede(report),
        facts=Facts(
            (
                ("As of", f"{formatting.day(report.as_of)}, {report.timezone}"),
                ("Sources", source_facts(report.sources)),
                ("Cycle", ", ".join(report.cycles) or "none runs"),
            )
        ),
        notices=source_notices(report.sources, report.failed_metrics),
        sections=tuple(_sections(report, fail_under)) if report.known_items else (),
        notes=tuple(_notes(report)),
        detail=command(scope, report.as_of),
    )


def _lede(report: PlanReport) -> str:
    if not report.known_items:
        return ""
    coverage = report.coverage
    scope = report.scope
    parts = [f"{'This is' if scope.period else 'Taken in:'} {scope.because}."] if scope.because else []
    if coverage.items:
        have = "has" if coverage.sized == 1 else "have"
        parts.append(f"{coverage.sized:,} of {plural(coverage.items, 'item')} {have} a size.")
        if coverage.measure == COUNT:
            parts.append("That is too few to go by size, so the shares go by count.")
    return " ".join(parts)


def _sections(report: PlanReport, fail_under: float | None) -> Iterator[Section]:
    coverage = report.coverage
    if coverage.items:
        yield Section("coverage", "Coverage", tuple(_coverage(report, fail_under)))
        yield Section("unlinked", _unlinked_title(coverage), tuple(_unlinked(report)))
    yield Section("key-results", "Key results", tuple(_key_results(report)))
    if coverage.items:
        yield Section("look-again", "Look again", (review_table(report),), is_detail=True)
    if coverage.items and report.exempt:
        yield Section("exempt", "Exempt work and its budgets", (_exempt(report),), is_detail=True)
    blocks = tuple(_balance(report))
    if blocks:
        yield Section("balance", "Balance", blocks, is_detail=True)


def _coverage(report: PlanReport, fail_under: float | None) -> Iterator[Block]:
    coverage = report.coverage
    for shares in coverage.by_size:
        unit = shares.unit or "size"
        caption = f"By size, in {unit}: {shares.sized:,} of {plural(coverage.items, 'item')} have one"
        yield _bars(f"by-{unit}", caption, coverage, shares)
    yield _bars("by-count", "By count", coverage, coverage.by_count)
    yield _verdict(report)
    if fail_under is not None:
        yield _gate(report, fail_under)
    trend = _trend(report)
    if trend is not None:
        yield trend


def _bars(id_: str, caption: str, coverage: Coverage, shares: SizeShares) -> Bars:
    parts = ((coverage.linked, shares.linked), (coverage.exempt, shares.exempt), (coverage.unlinked, shares.unlinked))
    labels = (("linked", Tone.GOOD), ("exempt", Tone.MUTED), ("unlinked", Tone.UNSURE))
    return Bars(
        id_,
        caption,
        tuple(
            Bar(
                label,
                share or 0.0,
                f"{whole} % · {_held(part, shares.unit)}",
                tone,
            )
            for (label, tone), (part, share), whole in zip(labels, parts, whole_percents(shares), strict=True)
        ),
    )


def _held(part: WorkAmount, unit: str) -> str:
    return plural(part.items, "item") if unit == COUNT else formatting.sized(part.of(unit), unit)


def _verdict(report: PlanReport) -> Paragraph:
    serving = report.coverage.measured.serving
    if serving is None:
        return text("No planned work needs a key result.", tone=Tone.MUTED)
    by = "by count" if report.coverage.measure == COUNT else "by size"
    said, tone = ("is below", Tone.BAD) if report.is_below else ("reaches", Tone.GOOD)
    return text(
        f"Of the work that needs a key result, {formatting.percent(serving)} has one ({by}). That {said} the threshold "
        f"of {formatting.percent(report.threshold)}.",
        tone=tone,
    )


def _gate(report: PlanReport, fail_under: float) -> Paragraph:
    serving = report.coverage.measured.serving
    asked = f"--fail-under {fail_under:g}"
    if serving is None:
        return text(f"{asked}: nothing to hold against it.")
    by = f"by count, since only {report.coverage.sized:,} of {plural(report.coverage.items, 'item')} have a size"
    how = by if report.coverage.measure == COUNT else f"by size, in {report.coverage.measure}"
    fails = serving * 100 < fail_under
    return text(
        f"{asked}: {'not met' if fails else 'met'} with {formatting.percent(serving)}, {how}.",
        tone=Tone.BAD if fails else Tone.GOOD,
    )


def _trend(report: PlanReport) -> CoverageChart | None:
    """How much of what needs a key result had one before, and has one now; periods without such work are left out."""
    earlier = [(entry.period.name, entry.coverage.measured.serving) for entry in report.earlier]
    before = [(name, serving) for name, serving in earlier if serving is not None]
    now = report.coverage.measured.serving
    if not before or now is None:
        return None
    told = ", ".join(f"{percent(serving)} in {name}" for name, serving in before)
    return CoverageChart(
        "trend",
        "Work that needs a key result and has one, before and now",
        f"Before: {told}; now {percent(now)}. The links are those of today.",
        tuple(Portion(name, serving) for name, serving in (*before, (report.scope.title, now))),
        report.threshold,
    )


def _unlinked_title(coverage: Coverage) -> str:
    return f"Unlinked · {amount(coverage.unlinked)}" if coverage.unlinked.items else "Unlinked"


def _unlinked(report: PlanReport) -> Iterator[Block]:
    yield Table(
        "unlinked-table",
        "Planned work that serves no key result",
        (
            Column("Item"),
            Column("Title", is_flexible=True),
            Column("Size", _RIGHT),
            Column("Age", _RIGHT, rank=1),
            Column("Why", is_flexible=True),
            Column("Suggested"),
            Column("Because", rank=2, is_flexible=True),
        ),
        tuple(_unlinked_row(entry, report) for entry in report.unlinked),
        empty="All planned work serves a key result or is exempt.",
        more=("link one: ", Code(report.unlinked[0].command)) if report.unlinked else (),
    )
    if report.silence:
        yield text(f"Nothing is suggested: {report.silence}.", tone=Tone.MUTED)
    elif report.held_out is not None and any(entry.suggestion for entry in report.unlinked):
        seen = report.held_out
        asked = f"Only the first {MOST_ASKED:,} items were asked about. " if len(report.unlinked) > MOST_ASKED else ""
        yield text(
            f"Suggestions are guesses: where the answer was known, {seen.right:,} of {seen.answered:,} were right. "
            f"{asked}Review them all: ",
            Code("okrsync suggest --out links.csv"),
            tone=Tone.MUTED,
        )


def _unlinked_row(entry: UnlinkedItem, report: PlanReport) -> tuple[Cell, ...]:
    guess = entry.suggestion
    why = f"{entry.parent} above it is unlinked" if entry.cause == "parent_unlinked" else _why(entry)
    return (
        cell(Code(entry.key)),
        cell(entry.title),
        cell(formatting.MISSING if entry.size is None else formatting.sized(entry.size, entry.unit)),
        cell(f"{entry.age_days:,} d"),
        cell(why),
        cell(formatting.MISSING, tone=Tone.MUTED)
        if guess is None
        else cell(f"{short(guess.key_result, report.cycles)} {guess.score:.2f}"),
        cell(formatting.MISSING) if guess is None else cell(_because(guess.words, guess.earlier)),
    )


def _why(entry: UnlinkedItem) -> str:
    brief = {"no_rule": "no rule matches", "taken_away": "taken away by hand", "closed_issue_unlinked": "its issue"}
    return brief.get(entry.cause, entry.reason or formatting.CAUSES.get(entry.cause, ""))


def _because(shared: Sequence[str], earlier: Sequence[str]) -> str:
    like = f"like {', '.join(earlier)}" if earlier else "like the key result's own text"
    return f"{', '.join(shared)}; {like}" if shared else like


def _key_results(report: PlanReport) -> Iterator[Table]:
    yield key_results_table(report)
    if report.key_results:
        yield verdicts_table(report)


def _exempt(report: PlanReport) -> Table:
    return Table(
        "exempt-table",
        "Exempt classes and their share of all planned work",
        (
            Column("Class"),
            Column("Share", _RIGHT),
            Column("By count", _RIGHT, rank=1),
            Column("Budget", _RIGHT),
            Column("Planned"),
            Column(""),
        ),
        tuple(_exempt_row(entry) for entry in report.exempt),
    )


def _exempt_row(entry: ExemptPlanned) -> tuple[Cell, ...]:
    over = {True: cell("over budget", mark="▲", tone=Tone.BAD), False: cell("within"), None: cell("")}[entry.is_over]
    return (
        cell(entry.id),
        cell(percent(entry.share)),
        cell(percent(entry.share_by_count)),
        cell(percent(entry.budget)),
        cell(amount(entry.planned) if entry.planned.items else formatting.MISSING),
        over,
    )


def _balance(report: PlanReport) -> Iterator[Bars]:
    balance = report.balance
    by = "by count" if balance.unit == COUNT else f"by {balance.unit}"
    for id_, caption, parts, missing in (
        ("values", f"Values that the linked work serves, {by}", balance.values, "no value"),
        ("themes", f"Themes of the linked work, {by}", balance.themes, "no theme"),
        ("kinds", f"Key results that lead and lag, {by}", balance.kinds, ""),
        ("work", f"All planned work, {by}", balance.work, ""),
    ):
        if parts:
            yield Bars(id_, caption, tuple(_part(entry, missing) for entry in parts))


def _part(entry: Part, missing: str) -> Bar:
    told = f"{percent(entry.share)} · {plural(entry.items, 'item')}"
    return Bar(entry.name or missing, entry.share, told, Tone.PLAIN if entry.items else Tone.MUTED)


def _notes(report: PlanReport) -> Iterator[Paragraph]:
    if not report.known_items:
        return
    yield text(
        "Linked, exempt and unlinked add up to all planned work; dropped work is left out. Sizes of different units "
        "are never added. Work on two key results counts for each by its share. Verdicts look at everything that was "
        "delivered, whatever is planned here.",
        tone=Tone.MUTED,
    )
    if report.parts:
        are = "is" if report.parts == 1 else "are"
        yield text(f"{plural(report.parts, 'item')} {are} counted with one above or below.", tone=Tone.MUTED)
