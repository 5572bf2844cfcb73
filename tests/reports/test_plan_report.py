"""The plan as data: its sentence, its key results, and what it says deserves a second look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from okrsync.model.ledger import Hypothesis, Observation
from okrsync.model.okrs import Direction, KeyResult
from okrsync.model.placements import Placement
from okrsync.model.work import Directive, Item, Status
from okrsync.outcome.case_builder import CaseInputs, cases_of
from okrsync.outcome.looking_ahead import look_ahead
from okrsync.reports.page import CoverageChart, Paragraph, Portion, plain
from okrsync.reports.pages import plan_words
from okrsync.reports.pages.plan_page import plan_page
from okrsync.reports.plan.iteration_series import Calendar
from okrsync.reports.plan.report import PlanMaterial, PlanReport, build_plan
from okrsync.reports.plan.review import Concern, ReviewLine
from okrsync.reports.plan.scope import PlanChoice, choose
from okrsync.reports.progress import build_progress
from okrsync.reports.stoplist import Stoplist, StopRules
from support.plan_case import (
    NOW,
    TODAY,
    ZONE,
    exempt,
    inputs,
    item,
    key_result,
    linked,
    okrs,
    planned_for,
    sprint,
    unlinked,
)

NEXT = sprint("33", "PAY Sprint 33", "future", "2026-11-30", "2026-12-11")
BEFORE = [
    sprint(str(number), f"PAY Sprint {number}", "closed", f"2026-{month}-01", f"2026-{month}-14")
    for number, month in ((30, "09"), (31, "10"))
]


def plan(
    placements: Sequence[Placement],
    key_results: Sequence[KeyResult],
    *,
    values: Sequence[float] = (),
    last: date = TODAY,
    hypotheses: Sequence[Hypothesis] = (),
) -> PlanReport:
    """The plan of the next sprint; *values* are those of the metric on the days up to *last*."""
    made = inputs(okrs(*key_results), *placements)
    first = last - timedelta(days=len(values) - 1)
    seen = [
        Observation("m", first + timedelta(days=day), value, datetime(2026, 11, 20, tzinfo=UTC), "csv")
        for day, value in enumerate(values)
    ]
    made = replace(made, observations={"m": seen})
    cases = cases_of(CaseInputs(made.okrs, made.linking, made.observations, ZONE, TODAY, {}))
    chosen = choose(PlanChoice(), Calendar([*BEFORE, NEXT], placements, NOW, ZONE), made.linking, TODAY, ZONE)
    return build_plan(
        PlanMaterial(
            inputs=made,
            chosen=chosen,
            progress=build_progress(made, cases, (), ["2026Q4"], look_ahead),
            stoplist=Stoplist(TODAY, StopRules(), (), 0),
            hypotheses=hypotheses,
            suggestions=None,
            threshold=0.7,
            discovery=None,
        )
    )


def in_next(key: str, size: float | None = None, **changes: Any) -> Item:
    return item(key, size, iterations=planned_for(NEXT), **changes)


def concerns(report: PlanReport) -> dict[Concern, ReviewLine]:
    return {line.concern: line for line in report.look_again}


FLAT = [41.0] * 40
UP = [40 + day * 0.4 for day in range(40)]


def test_the_sentence_says_how_much_serves_and_which_key_result_is_behind_with_none() -> None:
    work = [linked(in_next("PAY-1", 3), "KR1"), unlinked(in_next("PAY-2", 1))]

    report = plan(work, [key_result("KR1"), key_result("KR2")], values=FLAT)

    assert report.headline == (
        "75 % of the planned work serves a key result; KR2 is behind, and no open work anywhere serves it."
    )


def test_a_key_result_with_work_elsewhere_is_said_to_have_none_here() -> None:
    work = [linked(in_next("PAY-1", 3), "KR1"), linked(item("PAY-2"), "KR2")]

    report = plan(work, [key_result("KR1"), key_result("KR2")], values=FLAT)

    assert report.headline.endswith("; KR2 is behind and has none here.")
    assert [entry.elsewhere for entry in report.key_results] == [0, 1]


def test_a_key_result_at_its_target_or_a_draft_is_not_asked_to_have_work() -> None:
    draft = key_result("KR2", state="draft", metric="", baseline=None, target=None)
    work = [linked(in_next("PAY-1", 3), "KR1")]

    report = plan(work, [key_result("KR1"), draft], values=UP)

    assert report.headline == "All of the planned work serves a key result."


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ([], "Nothing has been read yet; run okrsync sync first."),
        ([unlinked(item("PAY-1"))], "Nothing is planned in PAY Sprint 33 yet."),
        ([exempt(in_next("PAY-1", 2))], "All of the planned work is exempt"),
        ([unlinked(in_next("PAY-1", 2))], "None of the planned work serves a key result"),
    ],
)
def test_where_there_is_little_to_say_the_report_says_so(work: list[Placement], said: str) -> None:
    report = plan(work, [key_result("KR1")])

    assert report.headline.startswith(said)
    page = plan_page(report)
    assert page.headline == report.headline
    assert bool(page.sections) is bool(work)


def test_a_key_result_without_a_metric_is_a_draft_and_nothing_is_made_up_for_it() -> None:
    draft = key_result("KR1", state="draft", metric="", baseline=None, target=None)

    line = plan([linked(in_next("PAY-1"), "KR1")], [draft]).key_results[0]

    assert (line.standing.progress.current, line.judged_on, line.last_check) == (None, None, None)
    assert line.planned.items == 1


def test_work_on_two_key_results_counts_for_each_by_its_share() -> None:
    work = [linked(in_next("PAY-1", 6), "KR1", "KR2"), linked(in_next("PAY-2", 3), "KR1")]

    first, second = plan(work, [key_result("KR1"), key_result("KR2")]).key_results

    assert (first.planned.sizes, second.planned.sizes) == ({"points": 6.0}, {"points": 3.0})
    assert first.share == pytest.approx(2 / 3)
    assert second.share == pytest.approx(1 / 3)


def test_work_is_judged_as_delivered_on_the_last_day_of_the_sprint() -> None:
    line = plan([linked(in_next("PAY-1", 6), "KR1")], [key_result("KR1")], values=FLAT).key_results[0]

    assert line.judged_on == date(2026, 12, 11) + timedelta(days=28)
    assert line.is_judgeable is False


def test_work_that_states_nothing_is_shown_the_line_to_add() -> None:
    work = [linked(in_next("PAY-1", 6), "KR1")]

    line = concerns(plan(work, [key_result("KR1")], values=FLAT))[Concern.NO_EXPECTATION]

    assert line.line == "expect: KR1 +1 by 2027-01-08 because …"
    falling = key_result("KR1", direction=Direction.DECREASE, min_effect=None)
    told = concerns(plan(work, [falling], values=FLAT))[Concern.NO_EXPECTATION]
    assert told.line == "expect: KR1 -… by 2027-01-08 because …", "no smallest change is declared"


@pytest.mark.parametrize("where", ["item", "ledger", "above"])
def test_an_expectation_counts_wherever_it_is_stated(where: str) -> None:
    told = Directive("expect", "KR1 +2 by 2026-12-20 because it helps")
    mine = (told,) if where == "item" else ()
    above = (told,) if where == "above" else ()
    work = [
        linked(in_next("PAY-1", 6, parent="PAY-9", directives=mine), "KR1"),
        linked(item("PAY-9", directives=above), "KR1"),
    ]
    stated = Hypothesis("h1", NOW, NOW, "role:pm", "", ("PAY-1",), "KR1", 2.0, TODAY, "", "", ())

    found = plan(work, [key_result("KR1")], hypotheses=[stated] if where == "ledger" else [])

    assert Concern.NO_EXPECTATION not in concerns(found)


@pytest.mark.parametrize(
    "entry",
    [
        key_result("KR1", level="output"),
        key_result("KR1", state="draft", metric="", baseline=None, target=None),
        key_result("KR1", direction=Direction.MAINTAIN, band=(1.0, 2.0)),
    ],
)
def test_no_expectation_is_asked_for_where_none_is_tested(entry: KeyResult) -> None:
    found = plan([linked(in_next("PAY-1", 6), "KR1")], [entry])

    assert Concern.NO_EXPECTATION not in concerns(found)


def test_outputs_reached_and_stale_key_results_are_looked_at_again() -> None:
    work = [linked(in_next("PAY-1", 6), "KR1")]

    assert Concern.OUTPUT in concerns(plan(work, [key_result("KR1", level="output")], values=FLAT))
    assert Concern.REACHED in concerns(plan(work, [key_result("KR1")], values=UP))
    assert not {Concern.OUTPUT, Concern.REACHED, Concern.STALE} & set(
        concerns(plan(work, [key_result("KR1")], values=FLAT))
    )


def test_an_item_in_its_third_sprint_is_carried_over_and_one_in_its_second_is_not() -> None:
    work = [
        linked(item("PAY-1", 3, iterations=planned_for(*BEFORE, NEXT)), "KR1"),
        linked(item("PAY-2", 3, iterations=planned_for(BEFORE[1], NEXT)), "KR1"),
    ]

    line = concerns(plan(work, [key_result("KR1")]))[Concern.CARRIED_OVER]

    assert [(entry.key, entry.sprints) for entry in line.items] == [("PAY-1", 3)]


def test_what_is_delivered_already_is_not_looked_at_again() -> None:
    done = linked(in_next("PAY-1", 6, status=Status.DONE), "KR1")

    assert plan([done], [key_result("KR1")]).look_again == ()


def test_unlinked_work_is_told_largest_first_with_its_age_and_the_command() -> None:
    work = [unlinked(in_next("PAY-1", 1)), unlinked(in_next("a b#2", 5))]

    first, second = plan(work, [key_result("KR1")]).unlinked

    assert (first.key, second.key) == ("a b#2", "PAY-1")
    assert second.age_days == 19
    assert first.command == "okrsync link 'a b#2' KR", "a key from a tracker is quoted"


def test_the_sprints_before_are_held_in_the_unit_of_this_one() -> None:
    past = [
        linked(item("PAY-8", 3, iterations=planned_for(BEFORE[1])), "KR1"),
        unlinked(item("PAY-9", iterations=planned_for(BEFORE[1]))),
    ]

    report = plan([linked(in_next("PAY-1", 6), "KR1"), *past], [key_result("KR1")])

    assert [entry.period.name for entry in report.earlier] == ["PAY Sprint 30", "PAY Sprint 31"]
    assert [entry.coverage.measure for entry in report.earlier] == ["points", "points"]
    assert report.earlier[1].coverage.measured.serving == pytest.approx(1.0)


def test_text_and_chart_of_the_sprints_before_hold_linked_against_what_needs_a_key_result() -> None:
    """As --fail-under does; exempt work, however much of it there is, is in none of the three."""
    past = [
        linked(item("PAY-7", 3, iterations=planned_for(BEFORE[1])), "KR1"),
        unlinked(item("PAY-8", 1, iterations=planned_for(BEFORE[1]))),
        exempt(item("PAY-9", 20, iterations=planned_for(BEFORE[1]))),
    ]
    now = [linked(in_next("PAY-1", 1), "KR1"), unlinked(in_next("PAY-2", 1)), exempt(in_next("PAY-3", 8))]

    report = plan([*now, *past], [key_result("KR1")])
    page = plan_page(report, fail_under=60)

    (chart,) = [block for section in page.sections for block in section.blocks if isinstance(block, CoverageChart)]
    assert chart.portions == (Portion("PAY Sprint 31", 0.75), Portion("PAY Sprint 33", 0.5))
    assert chart.threshold == report.threshold
    assert chart.description == "Before: 75 % in PAY Sprint 31; now 50 %. The links are those of today."
    told = [plain(block.spans) for block in page.sections[0].blocks if isinstance(block, Paragraph)]
    assert "--fail-under 60: not met with 50 %, by size, in points." in told


@pytest.mark.parametrize(
    ("wanted", "command"),
    [
        (PlanChoice(), "--sprint jira:33"),
        (PlanChoice(sprint="PAY Sprint 33", team="web"), "--sprint jira:33 --team web"),
        (PlanChoice(is_backlog=True, board="PAY"), "--backlog --board PAY"),
        (PlanChoice(days=14), "--days 14"),
    ],
)
def test_it_names_the_command_that_prints_all_of_it(wanted: PlanChoice, command: str) -> None:
    work = [linked(in_next("PAY-1", 1, team="web"), "KR1"), linked(item("PAY-2", 1, team="web"), "KR1")]
    made = inputs(okrs(key_result("KR1")), *work)
    calendar = Calendar([*BEFORE, NEXT], made.linking.placements, NOW, ZONE)
    scope = choose(wanted, calendar, made.linking, TODAY, ZONE).scope

    assert plan_words.command(scope, TODAY) == f"okrsync plan {command} --as-of 2026-11-20 --format json"
