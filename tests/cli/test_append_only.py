"""The ledger is only ever appended to, and what two branches appended is merged without a conflict."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from support.running import Run

GIT = shutil.which("git") or ""
EXPECTED = ("hypothesis", "add", "KR4.1", "+1", "--item", "GRO-144", "--due", "2026-12-20", "--because")
WRITING = (
    (*EXPECTED, "it should"),
    ("decide", "KR1.1", "--choice", "scale", "--because", "it held"),
    ("evidence", "add", "KR1.1", "--kind", "survey", "--text", "they like it"),
    ("link", "PAY-171", "KR4.1"),
    ("unlink", "PAY-171", "KR4.1"),
    ("checkin", "KR3.2", "4.2"),
    ("sync", "--quiet"),
    ("cycle", "close", "2026Q3"),
    ("stoplist",),
    ("suggest", "--out", "links.csv"),
)


def ledger_of(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((project / "ledger").glob("*.jsonl"))}


def test_no_command_rewrites_a_line_of_the_ledger(okrsync: Run, project: Path) -> None:
    before = ledger_of(project)

    for command in WRITING:
        ran = okrsync(*command)
        assert ran.code == 0, (command, ran.err)
        after = ledger_of(project)
        assert after.keys() >= before.keys()
        for name, content in before.items():
            assert after[name].startswith(content), (command, name)
        before = after


def git(project: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=okrsync", "-c", "user.email=okrsync@acme.example", "-c", "init.defaultBranch=main")
    subprocess.run([GIT, *identity, *arguments], cwd=project, check=True, capture_output=True)


@pytest.mark.skipif(not GIT, reason="git is not installed")
def test_what_two_branches_appended_is_merged_without_a_conflict(okrsync: Run, project: Path) -> None:
    shutil.rmtree(project / "ledger")
    assert okrsync(*EXPECTED, "before both").code == 0
    git(project, "init", "--quiet")
    git(project, "add", "ledger")
    git(project, "commit", "--quiet", "--message", "before")
    for branch in ("one", "two"):
        git(project, "checkout", "--quiet", "-b", branch, "main")
        assert okrsync(*EXPECTED, f"on {branch}").code == 0
        git(project, "commit", "--quiet", "--all", "--message", branch)

    git(project, "merge", "--quiet", "--message", "both", "one")

    lines = (project / "ledger" / "hypotheses.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["because"] for line in lines} == {"before both", "on one", "on two"}
    assert okrsync("validate").code == 0


def test_a_new_project_merges_so_too(okrsync: Run, tmp_path: Path) -> None:
    assert okrsync("init", tmp_path / "mine", "--for", "github").code == 0

    assert "*.jsonl merge=union" in (tmp_path / "mine" / "ledger" / ".gitattributes").read_text(encoding="utf-8")
