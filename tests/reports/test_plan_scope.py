"""What a plan is about: the next sprint by default, and never a silent choice between two."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from okrsync.errors import UsageError
from okrsync.model.placements import Placement
from okrsync.model.work import IterationRecord, Status
from okrsync.reports.plan.iteration_series import Calendar, Phase
from okrsync.reports.plan.scope import Chosen, PlanChoice, ScopeKind, choose
from support.plan_case import NOW, TODAY, ZONE, item, linked, linking, planned_for, sprint

PAST = [
    sprint(str(number), f"PAY Sprint {number}", "closed", f"2026-{month}-01", f"2026-{month}-14")
    for number, month in ((28, "07"), (29, "08"), (30, "09"), (31, "10"))
]
NOW_ON = sprint("32", "PAY Sprint 32", "active", "2026-11-16", "2026-11-27")
NEXT = sprint("33", "PAY Sprint 33", "future", "2026-11-30", "2026-12-11")
LATER = sprint("34", "PAY Sprint 34", "future")
OTHER = sprint("50", "GRO Sprint 7", "future", "2026-12-01", "2026-12-12")
OTHER_BEFORE = sprint("49", "GRO Sprint 6", "closed", "2026-10-01", "2026-10-12")
RELEASE = sprint("acme/web/milestone/3", "1.2", "active", "", "2026-11-30", source="web")
NAMESAKE = sprint("acme/app/milestone/9", "1.2", "active", "", "2026-12-20", source="web")


def chosen(wanted: PlanChoice, records: list[IterationRecord], *placements: Placement) -> Chosen:
    calendar = Calendar(records, placements, NOW, ZONE)
    return choose(wanted, calendar, linking(*placements), TODAY, ZONE)


def keys(found: Chosen) -> list[str]:
    return [entry.item.key for entry in found.placements]


def in_sprint(key: str, *records: IterationRecord, **changes: Any) -> Placement:
    return linked(item(key, iterations=planned_for(*records), **changes), "KR1")


def test_nothing_said_means_the_next_sprint_and_looks_back_on_the_last_three_of_the_same_board() -> None:
    work = [in_sprint("PAY-1", NEXT), in_sprint("PAY-2", NOW_ON), in_sprint("PAY-3", PAST[3])]

    found = chosen(PlanChoice(), [*PAST, OTHER_BEFORE, NOW_ON, NEXT, LATER], *work)

    assert (found.scope.title, found.scope.because) == ("PAY Sprint 33", "the next sprint")
    assert keys(found) == ["PAY-1"]
    assert [period.name for period, _ in found.earlier] == ["PAY Sprint 29", "PAY Sprint 30", "PAY Sprint 31"]
    assert [entry.item.key for entry in found.earlier[-1][1]] == ["PAY-3"]


def test_without_a_next_sprint_it_is_the_current_one_and_without_that_the_backlog() -> None:
    assert chosen(PlanChoice(), [*PAST, NOW_ON], in_sprint("PAY-1", NOW_ON)).scope.title == "PAY Sprint 32"

    found = chosen(PlanChoice(), PAST, in_sprint("PAY-1", PAST[0]))
    assert found.scope.kind is ScopeKind.BACKLOG
    assert "no sprint is next or current" in found.scope.because


def test_two_next_sprints_are_an_error_that_lists_a_command_for_each() -> None:
    with pytest.raises(UsageError) as told:
        chosen(PlanChoice(), [NEXT, LATER, OTHER, OTHER_BEFORE], in_sprint("PAY-1", NEXT))

    lines = str(told.value).splitlines()
    assert lines[0] == "2 sprints are next; name one:"
    assert [line.split("   ")[0].strip() for line in lines[1:]] == [
        "okrsync plan --sprint 'PAY Sprint 33'",
        "okrsync plan --sprint 'GRO Sprint 7'",
    ]


def test_a_team_decides_between_sprints_that_it_has_work_in() -> None:
    work = [in_sprint("PAY-1", NEXT, team="checkout"), in_sprint("GRO-1", OTHER, team="growth", project="GRO"),
            in_sprint("PAY-2", NEXT, team="platform")]  # fmt: skip

    assert keys(chosen(PlanChoice(team="Checkout"), [NEXT, OTHER], *work)) == ["PAY-1"], "and narrows the work"
    assert keys(chosen(PlanChoice(team="growth"), [NEXT, OTHER], *work)) == ["GRO-1"]


@pytest.mark.parametrize("board", ["PAY Sprint", "pay", "PAY"])
def test_a_board_is_called_by_its_sprints_or_its_project(board: str) -> None:
    work = [in_sprint("PAY-1", NEXT), in_sprint("GRO-1", OTHER, project="GRO")]

    assert keys(chosen(PlanChoice(board=board), [NEXT, LATER, OTHER, OTHER_BEFORE], *work)) == ["PAY-1"]


@pytest.mark.parametrize("name", ["PAY Sprint 32", "pay sprint 32", "32"])
def test_a_sprint_is_found_by_name_and_by_id(name: str) -> None:
    assert keys(chosen(PlanChoice(sprint=name), [NOW_ON, NEXT], in_sprint("PAY-1", NOW_ON))) == ["PAY-1"]


def test_milestones_of_one_name_in_two_repositories_are_told_apart_by_id() -> None:
    with pytest.raises(UsageError, match="2 milestones are called") as told:
        chosen(PlanChoice(milestone="1.2"), [RELEASE, NAMESAKE])

    assert "okrsync plan --milestone acme/web/milestone/3" in str(told.value)
    assert chosen(PlanChoice(milestone="acme/app/milestone/9"), [RELEASE, NAMESAKE]).scope.kind is ScopeKind.MILESTONE
    assert chosen(PlanChoice(milestone="1.2", board="acme/web"), [RELEASE, NAMESAKE]).scope.last == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (PlanChoice(sprint="Octopus"), 'no sprint is called "Octopus"'),
        (PlanChoice(milestone="9"), 'no milestone is called "9"'),
        (PlanChoice(team="nobody"), 'no item has the team "nobody"'),
        (PlanChoice(board="nowhere"), 'no board is called "nowhere"'),
        (PlanChoice(sprint="current"), "no sprint is current"),
    ],
)
def test_what_is_not_there_is_an_error_not_an_empty_plan(wanted: PlanChoice, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        chosen(wanted, [NEXT], in_sprint("PAY-1", NEXT))


def test_the_backlog_is_open_work_in_no_open_sprint() -> None:
    work = [in_sprint("PAY-1", NEXT), in_sprint("PAY-2", PAST[0]), in_sprint("PAY-3"),
            in_sprint("PAY-4", status=Status.DONE), in_sprint("PAY-5", status=Status.DROPPED)]  # fmt: skip

    assert keys(chosen(PlanChoice(is_backlog=True), [*PAST, NEXT], *work)) == ["PAY-2", "PAY-3"]


def test_the_next_days_take_what_was_started_is_due_or_was_touched_and_nothing_planned_for_later() -> None:
    lately = datetime(2026, 11, 15, tzinfo=UTC)
    far = sprint("35", "PAY Sprint 35", "future", "2027-02-01", "2027-02-12")
    work = [
        in_sprint("PAY-1", far, status=Status.IN_PROGRESS),
        in_sprint("PAY-2", NEXT),
        in_sprint("PAY-3", updated=lately),
        in_sprint("PAY-4", far, updated=lately),
        in_sprint("PAY-5"),
        linked(item("WEB-1", source="web", iterations=planned_for(RELEASE)), "KR1"),
    ]

    found = chosen(PlanChoice(days=14), [NEXT, far, RELEASE], *work)

    assert keys(found) == ["PAY-1", "PAY-2", "PAY-3", "WEB-1"]
    assert "the order of a board is not read" in found.scope.because


def test_on_an_earlier_day_a_sprint_stands_as_it_stood_then() -> None:
    then = datetime(2026, 10, 5, tzinfo=UTC)
    phases = {period.id: period.phase for period in Calendar([*PAST, NOW_ON, NEXT], [], then, ZONE).periods}

    assert (phases["30"], phases["31"], phases["32"]) == (Phase.CLOSED, Phase.CURRENT, Phase.NEXT)


def test_sprints_with_names_that_say_nothing_follow_one_another_by_their_project() -> None:
    one, two = sprint("1", "Octopus", "closed", "2026-10-01", "2026-10-14"), sprint("2", "Panda", "future")
    work = [in_sprint("PAY-1", one), in_sprint("PAY-2", two)]

    found = chosen(PlanChoice(), [one, two], *work)

    assert [period.name for period, _ in found.earlier] == ["Octopus"]


def test_an_item_is_told_with_the_sprints_that_it_was_planned_for() -> None:
    found = chosen(PlanChoice(), [*PAST, NEXT, OTHER_BEFORE], in_sprint("PAY-1", PAST[2], PAST[3], OTHER_BEFORE, NEXT))

    assert found.runs == {"PAY-1": 3}, "the sprint of another board is no part of the row"
