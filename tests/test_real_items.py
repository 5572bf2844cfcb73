"""The main job on real recorded items, which stay beside the project and are never copied into it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, GithubRepository, JiraData
from support.recorded_data import recorded_github_issues, recorded_jira_issues

pytestmark = [pytest.mark.shared, pytest.mark.needs("process memory")]

SETTINGS = """\
version: 1
timezone: UTC
sources:
{sources}
work:
  rules:
    - {{if: {{label: "kr/*"}}, link: from_label}}
    - {{if: {{label: [enhancement, "dataset request"]}}, link: KR1.1}}
  exempt:
    - {{id: run, if: {{label: bug}}, budget: 25%}}
"""
OKRS = """\
version: 1
cycles: [{id: years, start: 2020-01-01, end: 2026-12-31}]
metrics:
  - {id: uses, definition: d, unit: "%", source: {type: check_in}, cadence: monthly}
objectives:
  - id: O1
    cycle: years
    title: T
    key_results:
      - {id: KR1.1, title: K, metric: uses, baseline: {value: 1, date: 2020-01-01},
         target: {value: 2, date: 2026-12-31}, kind: leading}
"""


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    github = GithubRepository("huggingface/datasets", recorded_github_issues())
    with Sites(GithubData([github]), JiraData(recorded_jira_issues())) as running:
        yield running
    assert running.server.errors == []


def project(folder: Path, sources: str) -> Path:
    folder.mkdir()
    (folder / "okrsync.yaml").write_text(SETTINGS.format(sources=sources), encoding="utf-8")
    (folder / "okrs.yaml").write_text(OKRS, encoding="utf-8")
    return folder


def okrsync(folder: Path, *arguments: str) -> tuple[dict[str, Any], int]:
    """The JSON that a command prints in its own process, and that process's peak memory in MB."""
    # VmHWM starts anew with the program; ru_maxrss would also hold the peak of the process that started it.
    code = (
        "import re, sys; from okrsync.cli.main import run; code = run(sys.argv[1:]); "
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024, file=sys.stderr); "
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--format", "json"],
        cwd=folder,
        env={**os.environ, "T": "token"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), int(done.stderr.splitlines()[-1])


@pytest.fixture(scope="module")
def github_project(sites: Sites, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], int]:
    source = (
        f"  - {{name: hf, connector: github, url: '{sites.github_url}', token: {{env: T}}, "
        "repositories: [huggingface/datasets]}"
    )
    folder = project(tmp_path_factory.mktemp("real") / "github", source)
    document, megabytes = okrsync(folder, "sync")
    return folder, document["runs"][0], megabytes


def test_all_real_github_items_are_read_and_told_apart(github_project: tuple[Path, dict[str, Any], int]) -> None:
    items = okrsync(github_project[0], "status")[0]["items"]
    assert items["total"] == 7258
    assert items["issue"] == 3019
    assert items["pull_request"] == 4239
    assert items["delivered"] == items["done"] == 5786
    assert items["dropped"] == 626
    assert items["linked"] + items["exempt"] + items["unlinked"] == 7258 - 626


def test_reading_them_costs_few_requests_and_little_memory(github_project: tuple[Path, dict[str, Any], int]) -> None:
    _, run, megabytes = github_project
    assert run["requests_by"]["items"] <= 75
    assert run["not_understood"] == 0
    assert megabytes < 250


def test_a_second_sync_finds_no_change_in_two_requests(github_project: tuple[Path, dict[str, Any], int]) -> None:
    (run,) = okrsync(github_project[0], "sync")[0]["runs"]
    assert run["requests_by"]["items"] <= 2
    assert (run["items_new"], run["items_changed"]) == (0, 0)


def test_delivered_issues_are_joined_to_the_pull_requests_that_close_them(
    github_project: tuple[Path, dict[str, Any], int],
) -> None:
    document = okrsync(github_project[0], "outcomes", "--cycle", "all")[0]
    # Closing words outside comments and code, in merged pull requests, naming an issue that was completed.
    assert document["joined_issues"] == 725
    (key_result,) = document["key_results"]
    delivered = {delivery["key"]: delivery["pull_requests"] for delivery in key_result["deliveries"]}
    beside = {key for requests in delivered.values() for key in requests}
    assert beside
    assert not beside & set(delivered), "a joined pull request is no delivery of its own"


def test_real_jira_items_follow_the_status_category_not_the_name(sites: Sites, tmp_path: Path) -> None:
    source = (
        f"  - {{name: ee, connector: jira, url: '{sites.jira_url}', user: me@example.com, token: {{env: T}}, "
        "projects: [EE, K5]}"
    )
    folder = project(tmp_path / "jira", source)
    (run,) = okrsync(folder, "sync")[0]["runs"]
    assert run["items_seen"] == 33
    items = okrsync(folder, "status")[0]["items"]
    assert (items["delivered"], items["dropped"], items["todo"], items["in_progress"]) == (21, 4, 8, 0)
