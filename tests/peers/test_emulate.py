"""The GitHub connector at a GitHub that nobody here wrote (npm emulate): REST without GraphQL, so without history."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from okrsync.store.database import Store
from support.peers import free_port, okrsync, peer, running, settings_of
from support.projects import lay_out

pytestmark = pytest.mark.peers

REPOSITORY = "octocat/hello-world"
SEED = {
    "tokens": {"t": {"login": "octocat", "scopes": ["repo"]}},
    "github": {
        "users": [{"login": "octocat"}],
        "repos": [{"owner": "octocat", "name": "hello-world", "auto_init": True}],
    },
}


class Hub:
    """The site, and what a person does there."""

    def __init__(self, url: str) -> None:
        self.url = url

    def do(self, method: str, path: str, **body: Any) -> Any:
        answer = requests.request(
            method, f"{self.url}/repos/{REPOSITORY}/{path}", json=body, headers={"Authorization": "token t"}, timeout=30
        )
        answer.raise_for_status()
        return answer.json()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    program, port = peer("node_modules/emulate/dist/index.js"), free_port()
    (tmp_path / "emulate.yaml").write_text(json.dumps(SEED), encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [
        "node",
        program,
        "start",
        "--service",
        "github",
        "--port",
        str(port),
        "--seed",
        "emulate.yaml",
    ]
    with running([*command, "--base-url", url], port, tmp_path):
        yield Hub(url)


def synced(folder: Path, *options: str) -> dict[str, Any]:
    code, document, words = okrsync(folder, sys.executable, "sync", *options, T="t")
    assert code == 0, words or document
    (entry,) = document["runs"]
    assert entry["status"] == "ok"
    return dict(entry)


def test_issues_are_read_page_by_page_changes_are_found_and_history_is_empty(hub: Hub, tmp_path: Path) -> None:
    milestone = hub.do("POST", "milestones", title="v1")
    for number in range(1, 131):
        if number == 103:
            time.sleep(1.1)  # its `since` leaves out what is of the same second, so a page must end with one
        hub.do("POST", "issues", title=f"Item {number}", body="KR: KR1.1", labels=["kr/KR1.1"] if number < 11 else [])
    hub.do("PATCH", "issues/1", state="closed", state_reason="completed")
    hub.do("PATCH", "issues/2", state="closed", state_reason="not_planned", milestone=milestone["number"])
    project = lay_out(tmp_path / "p", [settings_of("hub", "github", hub.url, repositories=[REPOSITORY])])

    entry = synced(project)
    assert entry["items_new"] == 130
    assert entry["requests_by"]["items"] >= 2
    again = synced(project)
    hub.do("PATCH", "issues/77", title="Another title")
    later = synced(project)
    whole = synced(project, "--census")

    assert (again["items_new"], again["items_changed"]) == (0, 0)
    assert (later["items_new"], later["items_changed"]) == (0, 1)
    assert whole["items_gone"] == 0
    store = Store.open(f"sqlite:///{project}/okrsync.db")
    with store.read() as view:
        items = {item.key: item for item in view.items()}
        events = view.events("hub", [item.external_id for item in items.values()])
        iterations = view.iterations("hub")
    store.close()
    assert items[f"{REPOSITORY}#77"].title == "Another title"
    assert [items[f"{REPOSITORY}#{number}"].status.value for number in (1, 2, 3)] == ["done", "dropped", "todo"]
    assert sum(map(len, events.values())) == 0
    assert [iteration.name for iteration in iterations] == ["v1"]
    code, document, _ = okrsync(project, sys.executable, "status", T="t")
    assert (code, document["items"]["total"], document["items"]["linked"]) == (0, 130, 9)


def test_a_repository_that_is_not_there_is_said(hub: Hub, tmp_path: Path) -> None:
    project = lay_out(tmp_path / "p", [settings_of("hub", "github", hub.url, repositories=["octocat/nothing"])])

    code, document, _ = okrsync(project, sys.executable, "sync", T="t")

    assert code == 1
    assert document["runs"][0]["error"]["kind"] == "NotFoundError"


def test_doctor_says_that_there_is_no_history(hub: Hub, tmp_path: Path) -> None:
    project = lay_out(tmp_path / "p", [settings_of("hub", "github", hub.url, repositories=[REPOSITORY])])

    _, document, words = okrsync(project, sys.executable, "doctor", T="t")

    assert f"{REPOSITORY} can be read" in str(document), words
    assert "GraphQL is not there, so there is no history" in str(document)
