"""Both connectors over real recorded trackers, which are kept beside the checkout and never inside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from okrsync.model.work import Item, ItemKind, Status
from okrsync.plugins.connector import Connector, FieldMap
from okrsync.plugins.context import Context
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, GithubRepository, JiraData, RawObject
from okrsync_github.connector import GithubConnector
from okrsync_github.settings import GithubSettings
from okrsync_jira.connector import JiraConnector
from okrsync_jira.settings import JiraSettings
from support.recorded_data import recorded_github_issues, recorded_jira_issues

NAME = "huggingface/datasets"
SPRINT = "customfield_10020"

pytestmark = pytest.mark.shared


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("RECORDED_TOKEN", "good")
    return {"env": "RECORDED_TOKEN"}


@pytest.fixture(scope="module")
def jira_issues() -> list[RawObject]:
    return recorded_jira_issues()


@pytest.fixture(scope="module")
def github_site() -> Iterator[Sites]:
    recorded = recorded_github_issues()
    with Sites(GithubData([GithubRepository(NAME, recorded)]), JiraData()) as sites:
        yield sites
        assert sites.server.errors == []


def read(
    connector: Connector, context: Context, fields: FieldMap, since: datetime | None = None
) -> tuple[dict[str, Item], datetime | None]:
    """The items by id, and the last update: what a store would hold afterwards."""
    found: dict[str, Item] = {}
    last = since
    for partition in connector.partitions():
        with context.requests.counted_as("items"):
            for page in connector.pages(partition, since, fields):
                items = [connector.normalise(raw, fields) for raw in page.raws]
                found |= {item.external_id: item for item in items}
                last = max((moment for moment in (last, page.last_updated) if moment), default=None)
    return found, last


def test_the_recorded_jira_issues_are_told_apart_by_status_category(
    jira_issues: list[RawObject], token: dict[str, str], tmp_path: Path
) -> None:
    projects = sorted({raw["key"].rpartition("-")[0] for raw in jira_issues})
    category = {raw["id"]: raw["fields"]["status"]["statusCategory"]["key"] for raw in jira_issues}
    with Sites(GithubData(), JiraData(jira_issues)) as sites:
        source = JiraSettings.model_validate(
            {"name": "j", "connector": "jira", "token": token, "url": sites.jira_url, "projects": projects}
        )
        context = Context(tmp_path)
        connector = JiraConnector(source, context)
        fields = connector.discover()
        found, _ = read(connector, context, fields)
        assert sites.server.errors == []

    items = list(found.values())
    assert SPRINT in fields.roles["sprint"]
    assert len(items) == 33
    assert Counter(item.status for item in items) == {Status.DONE: 21, Status.DROPPED: 4, Status.TODO: 8}
    assert all(item.delivered for item in items if item.status is Status.DONE)
    assert sum(bool(item.iterations) for item in items) == 30
    done_names = {item.original_status for item in items if item.status in {Status.DONE, Status.DROPPED}}
    misnamed = [item for item in items if item.status is Status.TODO and item.original_status in done_names]
    assert len(misnamed) == 5
    assert {category[item.external_id] for item in misnamed} == {"new"}
    assert context.requests.by_purpose["items"] == len(projects)


def test_the_recorded_github_objects_are_read_whole_and_the_second_read_is_short(
    github_site: Sites, token: dict[str, str], tmp_path: Path
) -> None:
    source = GithubSettings.model_validate(
        {"name": "g", "connector": "github", "token": token, "url": github_site.github_url, "repositories": [NAME]}
    )
    context = Context(tmp_path)
    connector = GithubConnector(source, context)
    fields = connector.discover()

    found, last = read(connector, context, fields)

    items = list(found.values())
    kinds = Counter(item.kind for item in items)
    assert kinds == {ItemKind.ISSUE: 3019, ItemKind.PULL_REQUEST: 4239}
    states = Counter((item.kind, item.status) for item in items)
    assert states[ItemKind.ISSUE, Status.DONE] == 2229
    assert states[ItemKind.PULL_REQUEST, Status.DONE] == 3557
    assert sum(item.status is Status.DROPPED for item in items) == 626
    assert all((item.delivered is not None) is item.is_delivered for item in items)
    assert sum(bool(item.iterations) for item in items) == 66
    assert sum(bool(item.labels) for item in items) == 1752
    assert context.requests.by_purpose["items"] == context.requests.total <= 75

    again = Context(tmp_path)
    late, _ = read(GithubConnector(source, again), again, fields, last)

    assert late.items() <= found.items()
    assert again.requests.total <= 2
