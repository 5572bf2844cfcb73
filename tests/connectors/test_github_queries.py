"""The GraphQL operations, held against the schema that GitHub publishes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from okrsync_github.queries import DEPLOYMENTS, PROJECT, PROJECT_ITEMS, TOTALS, QueryLevel, details, timeline

ASKED = [level for level in QueryLevel if level is not QueryLevel.NONE]
QUERIES = [
    *(details(level) for level in ASKED), *(timeline(level) for level in ASKED),
    PROJECT, PROJECT_ITEMS, TOTALS, DEPLOYMENTS,
]  # fmt: skip
VALIDATE = """
import sys
from graphql import build_schema, parse, validate
schema = build_schema(open(sys.argv[1], encoding="utf-8").read(), assume_valid=True, assume_valid_sdl=True)
for query in sys.stdin.read().split("\\0"):
    for error in validate(schema, parse(query)):
        print(error.message)
"""


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_asks_for_a_person(query: str) -> None:
    people = "actor|author|assignees?|login|email|creator|user|closer|mergedBy|participants"

    asked = re.sub(r"\(login: \$owner\)", "", query)

    assert re.search(rf"\b({people})\b", asked) is None


@pytest.mark.parametrize("query", QUERIES)
def test_every_brace_of_a_query_is_closed(query: str) -> None:
    assert query.count("{") == query.count("}")


def test_a_leaner_query_leaves_out_what_the_one_before_was_refused_for() -> None:
    full, without_projects, lean = (details(level) for level in ASKED)

    assert "projectItems" in full
    assert "projectItems" not in without_projects
    assert "parent {" in without_projects
    assert "parent {" not in lean
    assert "PARENT_ISSUE" not in lean + timeline(QueryLevel.LEAN)


@pytest.mark.peers
def test_githubs_own_schema_knows_every_field_of_every_query(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not there to get GitHub's schema with")
    wanted = [
        [npm, "pack", "--silent", "@octokit/graphql-schema"],
        [sys.executable, "-m", "pip", "install", "--quiet", "--target", "peers", "graphql-core"],
    ]
    for command in wanted:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=180)
        if done.returncode:
            pytest.skip(f"{Path(command[0]).name} could not install {command[-1]}")
    with tarfile.open(next(tmp_path.glob("*.tgz")), encoding="utf-8") as packed:
        packed.extract("package/schema.graphql", tmp_path, filter="data")

    done = subprocess.run(
        [sys.executable, "-c", VALIDATE, "package/schema.graphql"],
        cwd=tmp_path, env={"PYTHONPATH": "peers"}, input="\0".join(QUERIES), capture_output=True, check=True,
        encoding="utf-8",
    )  # fmt: skip

    assert done.stdout == ""
