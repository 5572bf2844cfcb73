from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from support.running import Ran, Run

OKRSYNC = [sys.executable, "-c", "from okrsync.cli.main import main; main()"]


def serving(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    process = subprocess.Popen([*OKRSYNC, "sandbox", "serve", *arguments], stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def ended(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    return rest


@pytest.mark.needs("signals")
def test_recorded_items_are_served_until_sigterm(tmp_path: Path) -> None:
    issue = {"id": 1, "number": 1, "node_id": "x", "title": "a", "state": "open", "labels": []}
    issue |= {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "html_url": "https://x/1"}
    issue |= {"repository_url": "https://api.github.com/repos/a/b", "url": "https://api.github.com/repos/a/b/issues/1"}
    (tmp_path / "issues.jsonl").write_text(json.dumps(issue) + "\n", encoding="utf-8")
    process, addresses = serving("--github", f"a/b={tmp_path / 'issues.jsonl'}")
    try:
        listed = requests.get(
            f"{addresses['github']}/repos/a/b/issues", headers={"Authorization": "Bearer x"}, timeout=10
        ).json()
        assert [entry["number"] for entry in listed] == [1]
        refused = requests.get(f"{addresses['github']}/user", headers={"Authorization": "Bearer bad"}, timeout=10)
        assert refused.status_code == 401
    finally:
        assert ended(process) == "", "one line, nothing after it"


@pytest.mark.needs("signals")
def test_the_company_is_served_where_no_file_is_named() -> None:
    process, addresses = serving()
    try:
        answer = requests.get(f"{addresses['jira']}/rest/api/3/project", auth=("me", "x"), timeout=10).json()
        assert [entry["key"] for entry in answer] == ["GRO", "PAY"] or {entry["key"] for entry in answer} == {
            "GRO",
            "PAY",
        }
    finally:
        ended(process)


@pytest.mark.parametrize(
    "arguments",
    [["--github", "nothing"], ["--github", "a/b=absent.jsonl"], ["--jira", "X=absent.jsonl"]],
    ids=["no file named", "no such file", "no such Jira file"],
)
def test_a_wrong_file_is_a_usage_error(
    okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = okrsync("sandbox", "serve", *arguments)
    assert ran.code == 2
    assert ran.err.startswith("okrsync: ")


def test_a_line_that_is_no_object_is_named(okrsync: Run, tmp_path: Path) -> None:
    path = tmp_path / "issues.jsonl"
    path.write_text('{"id": 1}\nnonsense\n', encoding="utf-8")
    ran = okrsync("sandbox", "serve", "--github", f"a/b={path}")
    assert ran.code == 2
    assert "issues.jsonl:1: a raw API object has" in ran.err


@pytest.mark.parametrize("content", ["{", "{}"], ids=["no JSON", "no list"])
def test_a_wrong_field_catalogue_is_a_usage_error(okrsync: Run, tmp_path: Path, content: Any) -> None:
    (tmp_path / "fields.json").write_text(content, encoding="utf-8")
    (tmp_path / "x.jsonl").write_text("", encoding="utf-8")
    ran = okrsync(
        "sandbox", "serve", "--github", f"a/b={tmp_path / 'x.jsonl'}", "--jira-fields", tmp_path / "fields.json"
    )
    assert ran.code == 2


@pytest.fixture(scope="module")
def demos() -> dict[Path, Ran]:
    """What the demo said, and where: it is run once."""
    return {}


@pytest.fixture
def demo(
    okrsync: Run, demos: dict[Path, Ran], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Ran]:
    """The working directory in which the demo was run, and what it said."""
    if not demos:
        folder = tmp_path_factory.mktemp("demo")
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            demos[folder] = okrsync("demo")
    (found,) = demos.items()
    monkeypatch.chdir(found[0])
    return found


def test_demo_runs_the_main_job_and_names_its_reports(demo: tuple[Path, Ran]) -> None:
    folder, ran = demo
    assert ran.code == 0
    assert re.search(r"serve a key result +▇+ +60.4 % · 337 items", ran.out)
    assert re.search(r"unlinked +▇+ +17.9 % · 100 items", ran.out)
    for name in ("outcomes.md", "outcomes.json", "outcomes.html"):
        assert (folder / "okrsync-demo" / "reports" / name).is_file()
        assert name in ran.out
    assert len((ran.err + ran.out).splitlines()) <= 40


def test_demo_ends_with_what_to_open_and_commands_that_work(okrsync: Run, demo: tuple[Path, Ran]) -> None:
    _, ran = demo
    ending = ran.out.splitlines()[-6:]
    page = ending[0].removeprefix("  Open in a browser:  ")
    assert Path(page).read_text(encoding="utf-8").startswith("<!doctype html>")
    commands = [shlex.split(line)[1:] for line in ending if line.startswith("    ")]
    assert [command[0] for command in commands] == ["outcomes", "plan", "why"]
    assert [okrsync(*command).code for command in commands] == [0, 0, 0]


@pytest.mark.long
def test_demo_can_be_run_again_and_in_json(
    okrsync: Run, demo: tuple[Path, Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, first = demo
    shutil.copytree(folder / "okrsync-demo", tmp_path / "okrsync-demo")
    monkeypatch.chdir(tmp_path)
    second = okrsync("demo", "--format", "json")
    assert (first.code, second.code) == (0, 0)
    assert sum(entry["items_new"] for entry in second.json["runs"]) == 600


def test_demo_never_touches_a_folder_that_holds_something_else(okrsync: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    ran = okrsync("demo", "--dir", tmp_path)
    assert ran.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.long
def test_demo_uses_nobodys_real_token(okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKRSYNC_GITHUB_TOKEN", "bad")
    assert okrsync("demo", "--dir", tmp_path / "there").code == 0
    assert os.environ["OKRSYNC_GITHUB_TOKEN"] == "bad"
