"""The Jira connector at a Data Center 8.20 that nobody here wrote (PyPI jira820), through the command line."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from okrsync.model.work import EventField
from okrsync.store.database import Store
from support.peers import free_port, okrsync, peer, running, settings_of
from support.projects import lay_out

pytestmark = pytest.mark.peers

Serve = Callable[[str], AbstractContextManager[str]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Start the site on a day; what it holds goes on from one start to the next."""
    program, port = peer("venv/bin/jira820"), free_port()

    @contextmanager
    def start(day: str) -> Iterator[str]:
        more = {"JIRA820_PERSIST": str(tmp_path / "jira.json"), "JIRA820_DATE": day}
        with running([program], port, tmp_path, JIRA820_HOST="127.0.0.1", JIRA820_PORT=str(port), **more):
            yield f"http://127.0.0.1:{port}"

    return start


def told(url: str, path: str, **asked: str) -> Any:
    answer = requests.get(f"{url}/rest/{path}", params=asked, auth=("a", "b"), timeout=60)
    answer.raise_for_status()
    return answer.json()


def change(url: str, method: str, path: str, **body: Any) -> None:
    answer = requests.request(method, f"{url}/rest/api/2/{path}", json=body, auth=("a", "b"), timeout=60)
    answer.raise_for_status()


def issues_of(url: str, **asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = told(url, "api/2/search", jql="project = JIRA820", startAt=str(len(found)), maxResults="200", **asked)
        found += page["issues"]
        if len(found) >= page["total"]:
            return found


def sync(folder: Path) -> dict[str, Any]:
    code, document, words = okrsync(folder, sys.executable, "sync", T="t")
    assert code == 0, words or document
    (entry,) = document["runs"]
    assert (entry["status"], entry["not_understood"], entry["history_due"]) == ("ok", 0, 0)
    return dict(entry)


@contextmanager
def store_of(folder: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{folder}/okrsync.db")
    yield store
    store.close()


def test_issues_histories_boards_and_sprints_are_read_whole(serve: Serve, tmp_path: Path) -> None:
    with serve("2026-03-01") as url:
        project = lay_out(tmp_path / "p", [settings_of("dc", "jira", url, projects=["JIRA820"])])
        entry = sync(project)
        theirs = issues_of(url)
        pasts = {raw["id"]: told(url, f"api/2/issue/{raw['key']}", expand="changelog")["changelog"] for raw in theirs}
        sprints = told(url, "agile/1.0/board/1/sprint")["values"]

    assert entry["items_seen"] == entry["items_new"] == len(theirs) > 100
    with store_of(project) as store, store.read() as view:
        items = {item.key: item for item in view.items()}
        events = view.events("dc", [item.external_id for item in items.values()])
        iterations = {iteration.id: iteration for iteration in view.iterations("dc")}
    assert items.keys() == {raw["key"] for raw in theirs}
    done = {raw["key"] for raw in theirs if raw["fields"]["status"]["statusCategory"]["key"] == "done"}
    assert {key for key, item in items.items() if item.status.value in {"done", "dropped"}} == done
    assert {raw["key"]: raw["fields"]["summary"] for raw in theirs} == {key: item.title for key, item in items.items()}
    changes = Counter(
        id_
        for id_, past in pasts.items()
        for history in past["histories"]
        for change in history["items"]
        if change["field"] == "status"
    )
    ours = Counter(id_ for id_, found in events.items() for event in found if event.field is EventField.STATUS)
    assert ours == changes
    assert sum(changes.values()) > 100
    assert {str(raw["id"]): raw["state"] for raw in sprints} == {id_: each.state for id_, each in iterations.items()}
    assert any(item.size for item in items.values())
    assert any(item.iterations for item in items.values())
    assert any(item.parent for item in items.values())


def test_a_query_finds_what_the_site_finds(serve: Serve, tmp_path: Path) -> None:
    # A board is no scope here: the site serves no filters.
    with serve("2026-03-01") as url:
        project = lay_out(tmp_path / "p", [settings_of("dc", "jira", url, jql="project = JIRA820")])

        assert sync(project)["items_seen"] == len(issues_of(url))


def test_only_what_changed_is_read_when_time_goes_on(serve: Serve, tmp_path: Path) -> None:
    with serve("2026-03-01") as url:
        project = lay_out(tmp_path / "p", [settings_of("dc", "jira", url, projects=["JIRA820"])])
        first = sync(project)
        before = {raw["key"]: raw["fields"]["updated"] for raw in issues_of(url)}
        again = sync(project)
    assert (again["items_new"], again["items_changed"]) == (0, 0)

    with serve("2026-03-04") as url:
        moved, *edited = sorted(before)[10:14]
        for key in edited:
            change(url, "PUT", f"issue/{key}", fields={"summary": f"{key} has another title"})
        choices = told(url, f"api/2/issue/{moved}/transitions")["transitions"]
        change(url, "POST", f"issue/{moved}/transitions", transition={"id": choices[0]["id"]})
        kind = {"project": {"key": "JIRA820"}, "issuetype": {"name": "Task"}}
        change(url, "POST", "issue", fields=kind | {"summary": "Something new"})
        raws = issues_of(url)
        after = {raw["key"]: raw["fields"]["updated"] for raw in raws}
        later = sync(project)
        statuses = {raw["key"]: raw["fields"]["status"]["name"] for raw in raws}
        quiet = sync(project)

    new = after.keys() - before.keys()
    changed = {key for key in before if after.get(key) != before[key]}
    assert len(new) == 1
    assert {moved, *edited} <= changed
    assert (later["items_new"], later["items_changed"]) == (1, len(changed))
    assert later["items_seen"] < first["items_seen"]
    assert (quiet["items_new"], quiet["items_changed"]) == (0, 0)
    with store_of(project) as store, store.read() as view:
        assert {item.key: item.original_status for item in view.items()} == statuses


def test_the_site_refuses_milliseconds_and_is_read_by_dates(serve: Serve, tmp_path: Path) -> None:
    with serve("2026-03-01") as url:
        refused = requests.get(
            f"{url}/rest/api/2/search", params={"jql": "updated >= 1767225600000"}, auth=("a", "b"), timeout=30
        )
        assert refused.status_code == 500, "this is why the connector falls back"
        project = lay_out(tmp_path / "p", [settings_of("dc", "jira", url, projects=["JIRA820"])])
        sync(project)
        sync(project)

    with store_of(project) as store, store.read() as view:
        assert view.memory("dc")["dates"] == "quoted"


def test_doctor_looks_at_the_whole_site(serve: Serve, tmp_path: Path) -> None:
    with serve("2026-03-01") as url:
        project = lay_out(tmp_path / "p", [settings_of("dc", "jira", url, projects=["JIRA820"])])
        _, document, words = okrsync(project, sys.executable, "doctor", T="t")

    assert "is Jira Data Center 8.20.8" in str(document), words
    assert "project JIRA820 is there" in str(document)
