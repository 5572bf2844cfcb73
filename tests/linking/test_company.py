"""Every item of the simulated company is placed as its truth, made independently, says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from okrsync.config.project import Project, load_project
from okrsync.linking.placement import Placements, place_items
from okrsync.model.placements import LinkStatus, UnlinkedCause
from okrsync.model.work import Item
from okrsync.plugins.connector import FieldMap
from okrsync.plugins.text import branch_keys
from okrsync.sandbox.company import Company, build_company
from okrsync.sandbox.tracker_data import JiraKind
from okrsync_github import normalise as github
from okrsync_jira import normalise as jira


@cache
def company(seed: int, kind: JiraKind) -> Company:
    return build_company(
        seed, github_url="http://127.0.0.1:8000/github", jira_url="http://127.0.0.1:8000/jira", jira_kind=kind
    )


def project_of(one: Company, folder: Path) -> Project:
    for name, text in one.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return load_project(folder / "okrsync.yaml")


def items_of(one: Company, project: Project) -> Iterator[Item]:
    roles = jira.roles(one.jira.fields or ())
    for source in project.sources:
        mapping = project.work_mapping(source.name)
        if source.connector == "jira":
            fields = FieldMap(mapping, roles, site="http://127.0.0.1:8000/jira", source=source.name, team=source.team)
            yield from (jira.normalise(jira.without_extras(raw, fields), fields) for raw in one.jira.issues)
            continue
        fields = FieldMap(mapping, source=source.name, team=source.team)
        for repository in one.github.repositories:
            if repository.full_name.endswith(f"/{source.name}"):
                for raw in repository.issues:
                    keys = list(branch_keys(repository.branches.get(raw["number"], "")))
                    history = {"branch_keys": keys, "events": []}
                    yield github.normalise({**github.without_extras(raw), "history": history}, fields)


def linking_of(one: Company, folder: Path) -> Placements:
    project = project_of(one, folder)
    return place_items(
        list(items_of(one, project)),
        project.okrs,
        project.settings.work,
        project.ledger.links,
        today=one.today,
        zone=project.settings.zone,
    )


@pytest.mark.parametrize("kind", ["cloud", "datacenter"])
@pytest.mark.parametrize("seed", [7, 8])
def test_every_placement_agrees_with_the_truth(seed: int, kind: JiraKind, tmp_path: Path) -> None:
    one = company(seed, kind)
    truth, special = one.truth["links"], one.truth["special_items"]
    placements = {placement.item.key: placement for placement in linking_of(one, tmp_path).placements}
    assert len(placements) == one.truth["counts"]["total"]

    linked, stale = dict(truth["linked"]), special["stale"]
    # The truth lists what an item names; that this one names an ended cycle is its point.
    assert linked.pop(stale)["key_results"] == ["2026Q3/KR1.2"]
    found = {
        key: sorted(link.key_result for link in placement.counted_links)
        for key, placement in placements.items()
        if placement.group is LinkStatus.LINKED
    }
    assert found == {key: sorted(entry["key_results"]) for key, entry in linked.items()}
    exempt = {key: placed.exempt_class for key, placed in placements.items() if placed.group is LinkStatus.EXEMPT}
    assert exempt == truth["exempt"]

    causes: dict[str, UnlinkedCause | None] = {
        key: placed.cause for key, placed in placements.items() if placed.group is LinkStatus.UNLINKED
    }
    wanted = {*truth["unlinked"], *truth["broken"], *truth["ambiguous"], special["unlinked"], stale}
    assert set(causes) == wanted
    assert {key for key, cause in causes.items() if cause is UnlinkedCause.BROKEN} == set(truth["broken"])
    assert {key for key, cause in causes.items() if cause is UnlinkedCause.AMBIGUOUS} == set(truth["ambiguous"])
    assert {key for key, cause in causes.items() if cause is UnlinkedCause.STALE} == {stale}
    assert {key for key, cause in causes.items() if cause is UnlinkedCause.TAKEN_AWAY} == {special["unlinked"]}


HOW: dict[str, str | tuple[str, ...]] = {
    "label": "label kr/",
    "alias": "label area/checkout",
    "body": "body KR:",
    "title": "title KR",
    "epic": "below ",
    "attribute": "type Story, component ",
    "inherit": ("parent ", "below "),
    "ledger": "by hand",
}


def test_every_link_comes_about_in_the_way_that_the_truth_says(tmp_path: Path) -> None:
    one = company(7, "cloud")
    linked = one.truth["links"]["linked"]
    for placement in linking_of(one, tmp_path).placements:
        if placement.group is not LinkStatus.LINKED:
            continue
        via = linked[placement.item.key]["via"]
        for link in placement.links:
            if via == "pull_request":
                assert link.rule == "closed issue"
                assert placement.implements
            else:
                assert link.via.startswith(HOW[via]), (placement.item.key, via, link.via)


def test_every_decision_of_the_ledger_meets_its_item(tmp_path: Path) -> None:
    assert linking_of(company(7, "cloud"), tmp_path).unread == ()
