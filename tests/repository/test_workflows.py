"""Workflows, issue forms and Dependabot's settings: valid, without known dangers, and in step with the package."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from check_workflows import main as check

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
CI, RELEASE = (GITHUB / "workflows" / name for name in ("ci.yml", "release.yml"))


def read(path: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return parsed


def name_of(path: Path) -> str:
    return path.name


@pytest.mark.long
def test_all_files_are_fine() -> None:
    assert check(GITHUB) == 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "right", "wrong", "found"),
    [
        ("workflows/ci.yml", "    runs-on: ubuntu-latest\n", "", "'runs-on' is a required property"),
        ("workflows/ci.yml", r"@[0-9a-f]{40} # v\S+", "@v1", "unpinned-uses"),
        (
            "workflows/release.yml",
            "run: gh release",
            "run: echo ${{ github.ref_name }}; gh release",
            "template-injection",
        ),
        ("workflows/ci.yml", r"permissions:\n +contents: read", "permissions: write-all", "excessive-permissions"),
        ("ISSUE_TEMPLATE/bug.yml", "  - type: textarea", "  - type: essay", "essay"),
        ("dependabot.yml", "interval: weekly", "interval: sometimes", "sometimes"),
    ],
)
def test_what_is_broken_is_found(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, right: str, wrong: str, found: str
) -> None:
    copied = tmp_path / ".github"
    shutil.copytree(GITHUB, copied)
    path = copied / name
    broken, count = re.subn(right, wrong, path.read_text(encoding="utf-8"), count=1)
    assert count == 1
    path.write_text(broken, encoding="utf-8")

    assert check(copied) == 1

    captured = capfd.readouterr()
    assert found in captured.out + captured.err


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_every_action_is_pinned_by_a_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_an_action_has_one_version_in_all_workflows() -> None:
    used = {action for path in WORKFLOWS for action in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))}
    names = [action.partition("@")[0] for action in used]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_a_workflow_may_do_nothing_by_itself_and_a_job_says_what_it_needs(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    for name, job in workflow["jobs"].items():
        assert job["permissions"], name
        assert job["timeout-minutes"] <= 90, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_nothing_is_installed_without_hashes(path: Path) -> None:
    for line in re.findall(r"pip install .*", path.read_text(encoding="utf-8")):
        assert "--require-hashes" in line or line.endswith("okrsync-*.whl"), line
        assert "--no-deps" in line, line


def test_ci_runs_on_every_system_and_python_that_the_package_names() -> None:
    matrix = read(CI)["jobs"]["test"]["strategy"]["matrix"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))
    assert matrix["python"] == versions
    assert [system.partition("-")[0] for system in matrix["system"]] == ["ubuntu", "macos", "windows"]


def test_a_release_uses_no_cache_and_no_stored_token() -> None:
    text = RELEASE.read_text(encoding="utf-8")
    assert not re.search(r"^\s*cache", text, re.MULTILINE)
    assert "secrets." not in text
    jobs = read(RELEASE)["jobs"]
    assert jobs["publish"]["environment"] == "pypi"
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    order = [jobs[name].get("needs") for name in ("build", "test", "attest", "publish", "release")]
    assert order == [None, "build", "test", "attest", "publish"]
