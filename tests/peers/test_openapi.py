"""The sandbox's REST answers, held against what the vendors publish: shape, types and words."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from okrsync.cli.main import run
from okrsync.sandbox.demo import TOKEN_NAMES, company_sites, free_port, lay_out
from okrsync.sandbox.http import Headers, Response
from support.peers import peer

pytestmark = pytest.mark.peers

SHARED = Path(__file__).parents[3] / "shared" / "data" / "openapi"
JIRA, AGILE = SHARED / "jira-cloud-platform-v3.json", SHARED / "jira-software-agile.json"
Told = list[tuple[str, str, int, Any]]


def as_json_schema(value: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema: what is nullable may be null; what must be there is not asked for."""
    if isinstance(value, list):
        return [as_json_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    # The sites leave out what nothing reads, as `fields=` does; formats are no rules in JSON Schema either.
    made = {
        name: as_json_schema(each) for name, each in value.items() if name not in {"required", "nullable", "example"}
    }
    if value.get("nullable") is True and ("type" in value or "$ref" in value or "allOf" in value or "anyOf" in value):
        return {"anyOf": [made, {"type": "null"}]}
    return made


class Vendor:
    """One vendor's document."""

    def __init__(self, path: Path, prefix: str) -> None:
        document = as_json_schema(json.loads(path.read_text(encoding="utf-8")))
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry: Any = Registry().with_resource("urn:vendor", resource)
        self._paths = document["paths"]
        self._prefix = prefix
        self._patterns = [
            (
                re.compile(
                    re.sub(r"\\?\{[^}]*\\?\}", "[^/]+", re.escape(name).replace(r"\{", "{").replace(r"\}", "}"))
                ),
                name,
            )
            for name in sorted(self._paths, key=lambda name: name.count("{"))
        ]

    def complaints(self, method: str, path: str, status: int, answer: Any) -> list[str] | None:
        """What is wrong with *answer*; ``None``: the vendor has no such path, or says nothing of this status."""
        if not path.startswith(self._prefix):
            return None
        below = path.removeprefix(self._prefix)
        name = next((name for pattern, name in self._patterns if pattern.fullmatch(below)), None)
        operation = self._paths.get(name, {}).get(method.lower(), {})
        if str(status) not in operation.get("responses", {}):
            return None
        place = f"{name}".replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
        content = operation["responses"][str(status)].get("content", {})
        if "schema" not in content.get("application/json", {}):
            return None
        pointer = f"urn:vendor#/paths/{place}/{method.lower()}/responses/{status}/content/application~1json/schema"
        validator = Draft202012Validator({"$ref": pointer}, registry=self._registry)
        return [
            f"{method} {name}: {'.'.join(map(str, error.absolute_path))}: {error.message[:150]}"
            for error in validator.iter_errors(answer)
        ]


@cache
def github() -> Vendor:
    return Vendor(peer("node_modules/@octokit/openapi/generated/api.github.com.json"), "/github")


@cache
def jira(path: Path) -> Vendor:
    if not path.is_file():
        pytest.skip(f"the recorded data ({path.name}) is not beside this checkout")
    return Vendor(path, "/jira")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Every answer of both sites in a sync of the company with its complete lists, one more, and a look by doctor."""
    built, sites = company_sites(free_port(0), 7, "cloud")
    folder = tmp_path_factory.mktemp("company") / "project"
    lay_out(built, folder)
    found: Told = []
    answer = sites.server.answer

    def listened(method: str, target: str, headers: Headers, body: bytes) -> Response:
        response = answer(method, target, headers, body)
        if not isinstance(response.payload, bytes):
            # As it leaves: the sites answer with rows that are made on the way.
            payload = json.loads(response.encoded()[0])
            found.append((method, target.partition("?")[0], response.status, payload))
        return response

    with pytest.MonkeyPatch.context() as patch, sites:
        patch.setattr(sites.server, "answer", listened)
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        config = ["--config", str(folder / "okrsync.yaml")]
        assert run(["sync", "--quiet", *config]) == 0
        shelf = built.github.repositories[0]
        sites.github.delete(shelf.full_name, shelf.issues[3]["number"])
        sites.jira.delete(built.jira.issues[5]["key"])
        for line in (["sync", "--quiet", "--census"], ["doctor"]):
            run([*line, *config])
        assert sites.server.errors == []
    return found


def judged(vendor: Vendor, told: Told) -> tuple[set[str], list[str]]:
    """The paths that the vendor knows, and everything that is wrong, each once."""
    known: set[str] = set()
    wrong: dict[str, None] = {}
    for method, path, status, answer in told:
        complaints = vendor.complaints(method, path, status, answer)
        if complaints is not None:
            known.add(re.sub(r"(board|sprint|issues?)/\d+", r"\1/1", f"{method} {path}"))
            wrong |= {re.sub(r"\.\d+|\b\d+\.", ".", each): None for each in complaints}
    return known, list(wrong)


def test_githubs_document_knows_every_answer_of_the_sandbox(told: Told) -> None:
    known, wrong = judged(github(), told)

    assert wrong == []
    assert {"GET /github/repos/ferrywell/web/issues", "GET /github/repos/ferrywell/web/milestones"} <= known
    assert "GET /github/meta" in known


def test_jiras_document_knows_every_answer_of_the_sandbox(told: Told) -> None:
    known, wrong = judged(jira(JIRA), told)

    # Real changelogs say null for what was not there before; the document forgot that it may be.
    sides = {f"items..{side}: None is not of type 'string'" for side in ("from", "fromString", "to", "toString")}
    assert [each for each in wrong if each.partition("changeHistories..")[2] not in sides] == []
    wanted = ["serverInfo", "field", "status", "myself", "mypermissions", "search/jql"]
    assert {f"GET /jira/rest/api/3/{name}" for name in wanted[1:]} <= known
    assert "POST /jira/rest/api/3/changelog/bulkfetch" in known


def test_jira_softwares_document_knows_every_answer_of_the_sandbox(told: Told) -> None:
    known, wrong = judged(jira(AGILE), told)

    # Where a configured board lies is told in the older words of Jira's server; nothing reads it.
    assert [each for each in wrong if "/configuration: location: Additional properties" not in each] == []
    assert {"GET /jira/rest/agile/1.0/board", "GET /jira/rest/agile/1.0/board/1/configuration"} <= known


def test_an_answer_of_the_wrong_type_is_noticed(told: Told) -> None:
    spoiled: Told = []
    for method, path, status, answer in told:
        if path.endswith("/issues") and isinstance(answer, list):
            spoiled.append((method, path, status, [each | {"number": "one", "state": 1} for each in answer[:1]]))

    assert judged(github(), spoiled)[1]
