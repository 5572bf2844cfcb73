"""Reports from what the last sync placed: they say what they would say if everything were placed anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from okrsync.answers.audit import audit_report
from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.outcomes import about_outcomes, outcomes_report
from okrsync.answers.placement_cache import ReportScope, about, part_of
from okrsync.answers.plan import plan_of
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, open_workspace
from okrsync.errors import UsageError
from okrsync.formats.as_json import report_document
from okrsync.jobs.run import run_sync
from okrsync.reports.plan.scope import PlanChoice
from okrsync.reports.status import build_status
from okrsync.sandbox.demo import TOKEN_NAMES, company_sites, free_port, lay_out
from support.matrices import one_in


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The simulated company, synced on its day."""
    company, sites = company_sites(port=free_port(0), seed=7, jira_kind="cloud")
    folder = tmp_path_factory.mktemp("company") / "project"
    lay_out(company, folder)
    with pytest.MonkeyPatch.context() as patch, sites:
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        with opened(folder) as workspace:
            run_sync(workspace)
        yield folder


@contextmanager
def opened(folder: Path) -> Iterator[Workspace]:
    """The project on its day, as if that were the present."""
    with open_workspace(folder / "okrsync.yaml") as workspace:
        yield replace(workspace, is_pinned=False)


@pytest.fixture
def folder(synced: Path, tmp_path: Path) -> Path:
    return shutil.copytree(synced, tmp_path / "project")


def outcomes(workspace: Workspace, cycles: list[str], *, of_all: bool) -> dict[str, Any]:
    inputs = report_inputs(workspace, None if of_all else about_outcomes(workspace, cycles))
    assert (inputs.within is None) == of_all
    return report_document("outcomes", outcomes_report(workspace, with_outcomes(workspace, inputs, cycles), cycles))


def audit(workspace: Workspace, cycle: str, *, of_all: bool, **part: str) -> dict[str, Any]:
    judged = with_outcomes(workspace, report_inputs(workspace, None), [cycle]) if of_all else None
    return report_document("audit", audit_report(workspace, cycle, judged=judged, **part))


@pytest.mark.parametrize(
    "these", [slice(1), slice(-1, None), slice(None), slice(0)], ids=["first", "last", "all", "no"]
)
def test_outcomes_of_a_part_are_those_of_everything(synced: Path, these: slice) -> None:
    with opened(synced) as workspace:
        chosen = [cycle.id for cycle in workspace.project.okrs.cycles][these]

        assert outcomes(workspace, chosen, of_all=False) == outcomes(workspace, chosen, of_all=True)


@pytest.mark.parametrize("part", [{}, {"team": "payments"}, {"key_result": "KR1.1"}], ids=["all", "team", "key result"])
@pytest.mark.parametrize("number", one_in(2, [0, -1]))
def test_an_audit_of_a_part_is_that_of_everything(synced: Path, number: int, part: dict[str, str]) -> None:
    with opened(synced) as workspace:
        cycle = workspace.project.okrs.cycles[number].id
        teams = report_inputs(workspace, None).stock.teams
        asked = {name: teams[0] if name == "team" else value for name, value in part.items()}

        assert audit(workspace, cycle, of_all=False, **asked) == audit(workspace, cycle, of_all=True, **asked)


def test_the_status_of_a_part_is_that_of_everything(synced: Path) -> None:
    with opened(synced) as workspace:
        cycles = [cycle.id for cycle in workspace.project.okrs.cycles]
        part = report_inputs(workspace, about(workspace, cycles))

        assert build_status(part, cycles, []) == build_status(report_inputs(workspace, None), cycles, [])


@pytest.mark.parametrize(
    "wanted",
    [
        PlanChoice(sprint="PAY Sprint 33"),
        PlanChoice(sprint="PAY Sprint 31"),
        PlanChoice(is_backlog=True),
        PlanChoice(days=21),
        PlanChoice(days=7, team="payments"),
        PlanChoice(is_backlog=True, board="ferrywell/platform"),
    ],
    ids=["next", "over", "backlog", "days", "team", "board"],
)
def test_a_plan_of_a_part_is_that_of_everything_but_for_what_it_suggests(synced: Path, wanted: PlanChoice) -> None:
    with opened(synced) as workspace:
        asked = replace(wanted, team=report_inputs(workspace, None).stock.teams[0]) if wanted.team else wanted
        judged = with_outcomes(workspace, report_inputs(workspace, None))
        part = plan_of(workspace, asked, suggests=False)
        everything = plan_of(workspace, asked, judged, suggests=False)

    assert report_document("plan", part) == report_document("plan", everything)
    assert part.coverage.items


def test_a_board_or_team_that_nothing_has_is_refused_from_a_part_too(synced: Path) -> None:
    with opened(synced) as workspace:
        with pytest.raises(UsageError, match='no item has the team "nobody"; there are '):
            plan_of(workspace, PlanChoice(is_backlog=True, team="nobody"))
        with pytest.raises(UsageError, match='no board is called "nowhere"; there are '):
            plan_of(workspace, PlanChoice(is_backlog=True, board="nowhere"))


def test_a_report_on_one_cycle_reads_less_than_everything(synced: Path) -> None:
    with opened(synced) as workspace:
        last = workspace.project.okrs.cycles[-1]
        part = report_inputs(workspace, about(workspace, [last.id]))
        everything = report_inputs(workspace, None)

    assert 0 < len(part.linking.placements) < len(everything.linking.placements)
    assert part.stock == everything.stock
    by_item = {(one.item.source, one.item.external_id): one for one in everything.linking.placements}
    for one in part.linking.placements:
        assert by_item[one.item.source, one.item.external_id] == one


def holds(workspace: Workspace, wanted: ReportScope | None = None) -> bool:
    with workspace.store.read() as view:
        return part_of(workspace, view, wanted or about(workspace, [])) is not None


def rewritten(name: str, before: str, after: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert before in text
        (folder / name).write_text(text.replace(before, after, 1), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    "change",
    [rewritten("okrs.yaml", "title: ", "title: Another "), rewritten("okrsync.yaml", "rules:", "rules: &r"), None],
    ids=["goals", "spelling of the rules", "nothing"],
)
def test_changed_goals_are_placed_anew_and_a_change_of_spelling_is_none(
    folder: Path, change: Callable[[Path], None] | None
) -> None:
    if change is not None:
        change(folder)
    with opened(folder) as workspace:
        goals_changed = "title: Another " in (folder / "okrs.yaml").read_text(encoding="utf-8")

        assert holds(workspace) != goals_changed


def test_a_link_made_by_hand_counts_at_once(folder: Path) -> None:
    with opened(folder) as workspace:
        record = workspace.project.ledger.links[0]
        fewer = replace(workspace.project.ledger, links=workspace.project.ledger.links[1:])
        changed = replace(workspace, project=replace(workspace.project, ledger=fewer))

        assert record
        assert holds(workspace)
        assert not holds(changed)
        assert report_inputs(changed, about(changed, [])).within is None


def test_another_day_of_the_same_cycles_is_the_same_and_the_day_that_another_begins_is_not(synced: Path) -> None:
    with opened(synced) as workspace:
        end = max(cycle.end for cycle in workspace.project.okrs.cycles if cycle.contains(workspace.today))
        days_left = (end - workspace.today).days

        assert days_left > 1
        assert holds(replace(workspace, now=workspace.now + timedelta(days=1)))
        assert not holds(replace(workspace, now=workspace.now + timedelta(days=days_left + 1)))


def test_a_day_in_the_past_and_what_was_known_then_are_placed_anew(synced: Path) -> None:
    with opened(synced) as workspace:
        assert not holds(replace(workspace, is_pinned=True, now=workspace.now - timedelta(days=7)))
        assert not holds(replace(workspace, as_known=workspace.now))


def test_a_pinned_day_since_which_no_item_changed_is_the_same(synced: Path) -> None:
    with open_workspace(synced / "okrsync.yaml") as workspace:
        wanted = about(workspace, ["2026Q4"])

        assert workspace.is_pinned
        assert holds(workspace, wanted)
        part = report_inputs(workspace, wanted)
        everything = report_inputs(workspace, None)
    assert 0 < len(part.linking.placements) < len(everything.linking.placements)
    assert all(one in everything.linking.placements for one in part.linking.placements)
    assert part.stock == everything.stock


def test_hidden_titles_stay_hidden_in_a_part(synced: Path) -> None:
    with opened(synced) as workspace:
        hidden = replace(workspace, hides_titles=True)
        inputs = report_inputs(hidden, about(hidden, ["2026Q4"]))

    assert inputs.within is not None
    assert {one.item.title for one in inputs.linking.placements} == {"(title hidden)"}
