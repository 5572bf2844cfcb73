"""The sandbox's GraphQL answers, passed through GitHub's own schema: what it does not have, okrsync must not need."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.main import run
from okrsync.sandbox.http import LoopbackServer, Request, Response
from okrsync.sandbox.tracker_data import GithubData
from okrsync.store.database import Store
from support import github_desk
from support.peers import peer, settings_of
from support.projects import github_data, github_server, lay_out
from support.stores import dump

pytestmark = pytest.mark.peers

PROJECTOR = """
import json, sys
from graphql import build_schema, execute, parse, validate
schema = build_schema(open(sys.argv[1], encoding="utf-8").read(), assume_valid=True, assume_valid_sdl=True)
KINDS = {"RepositoryOwner": "Organization", "ProjectV2Owner": "Organization", "Node": "ProjectV2"}

def resolve(source, info, **_):
    return source.get(info.path.key, source.get(info.field_name)) if isinstance(source, dict) else None

def kind(value, info, abstract):
    if "__typename" in value:
        return value["__typename"]
    if abstract.name == "ProjectV2FieldConfiguration":
        return "ProjectV2IterationField" if "configuration" in value else "ProjectV2Field"
    return KINDS[abstract.name]

for line in sys.stdin:
    asked = json.loads(line)
    document = parse(asked["query"])
    errors = [error.message for error in validate(schema, document)]
    told = execute(schema, document, root_value=asked["data"], variable_values=asked["variables"],
                   field_resolver=resolve, type_resolver=kind)
    # What the site says is missing is null on both sides, and no fault of the shape.
    errors += [error.message for error in told.errors or []]
    print(json.dumps({"data": told.data, "errors": errors}), flush=True)
"""


class Projector:
    """Answers of the site as GitHub's schema lets them through: only what was asked for, and of the right shape."""

    def __init__(self, process: subprocess.Popen[str], server: LoopbackServer) -> None:
        self._process = process
        self._server = server
        self.errors: list[str] = []
        self.operations: set[str] = set()

    def __call__(self, _mount: str, request: Request) -> Response | None:
        if request.path != "/graphql":
            return None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = request.json()
        answer: Any = self._server._mounts["github"](request).payload
        line = {"query": asked["query"], "variables": asked.get("variables") or {}, "data": answer.get("data")}
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        self.operations.add(asked["query"].split()[1].partition("(")[0])
        self.errors += told["errors"]
        return Response(200, answer | {"data": told["data"]})


@contextmanager
def projected(server: LoopbackServer) -> Iterator[Projector]:
    python = peer("venv/bin/python")
    peer("venv/lib/python*/site-packages/graphql/__init__.py")
    schema = peer("node_modules/@octokit/graphql-schema/schema.graphql")
    command = [str(python), "-c", PROJECTOR, str(schema)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        found = Projector(process, server)
        server.faults.append(found)
        yield found
        server.faults.remove(found)
        assert process.stdin is not None
        process.stdin.close()


def data() -> GithubData:
    made = github_data()
    (shelf,), (board,) = made.repositories, made.projects
    shelf.deployments.append(
        {"createdAt": "2026-02-03T00:00:00Z", "state": "INACTIVE", "environment": "production"}
        | {"statuses": [{"state": "SUCCESS", "createdAt": "2026-02-03T01:00:00Z"}]}
    )
    shelf.closes[4] = [f"{github_desk.NAME}#3"]
    shelf.parents[1] = f"{github_desk.NAME}#3"
    iteration = {"id": "i1", "title": "Week 1", "startDate": "2026-03-02", "duration": 7}
    configuration = {"iterations": [iteration], "completedIterations": []}
    board.fields.append({"id": "F", "name": "Sprint", "configuration": configuration})
    value = {"__typename": "ProjectV2ItemFieldIterationValue", "iterationId": "i1", "title": "Week 1", "duration": 7}
    points = {"__typename": "ProjectV2ItemFieldNumberValue", "number": 3.0, "field": {"id": "P", "name": "Points"}}
    board.items[f"{github_desk.NAME}#1"] = {
        "updatedAt": "2026-03-01T00:00:00Z",
        "values": [value | {"startDate": "2026-03-02", "field": {"id": "F", "name": "Sprint"}}, points],
    }
    return made


DONE: list[dict[str, str]] = [{}, {"delivered_on": "deployment", "environment": "production"}]


@pytest.mark.parametrize("done", DONE, ids=["by issues", "by deployments"])
def test_what_github_would_not_tell_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: dict[str, str]
) -> None:
    monkeypatch.setenv("T", "token")
    with github_server(data()) as server:
        more = {"repositories": [github_desk.NAME], "projects": ["acme/7"]}
        source = settings_of("hub", "github", f"{server.url}/github", **more)

        def held(name: str) -> dict[str, Any]:
            folder = lay_out(tmp_path / name, [source], done={"hub": done} if done else {})
            for _ in range(2):
                assert run(["sync", "--quiet", "--census", "--config", str(folder / "okrsync.yaml")]) == 0
            store = Store.open(f"sqlite:///{folder}/okrsync.db")
            found = dump(store, timeless=True)
            store.close()
            return {table: rows for table, rows in found.items() if table != "source_state"}

        plain = held("plain")
        with projected(server) as projector:
            through = held("through")

    assert projector.errors == []
    assert {"Details", "Totals", "Project"} | ({"Deployments"} if done else set()) <= projector.operations
    assert through == plain
    assert len(plain["item"]) == 3
    assert server.errors == []
