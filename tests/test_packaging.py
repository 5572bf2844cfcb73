from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import okrsync
import okrsync_github
import okrsync_jira

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of the files in a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_the_tests_run_against_the_installed_wheel_where_make_runs_them() -> None:
    in_checkout = [
        module.__name__
        for module in (okrsync, okrsync_github, okrsync_jira)
        if Path(module.__file__ or "").is_relative_to(ROOT) and ".venv" not in (module.__file__ or "")
    ]
    assert in_checkout == [] or "OKRSYNC_TESTS_WHEEL" not in os.environ


def test_the_wheel_holds_the_packages_their_types_and_the_starter_files(wheel: list[str]) -> None:
    for name in (
        "okrsync/py.typed",
        "okrsync_github/py.typed",
        "okrsync_jira/py.typed",
        "okrsync/store/migrations/env.py",
        "okrsync/store/migrations/versions/v0001_foundation.py",
        "okrsync/starter/okrsync.both.yaml",
        "okrsync/starter/common/okrs.yaml",
        "okrsync/lint/words.toml",
        "okrsync/sandbox/company/__init__.py",
    ):
        assert name in wheel
    tops = {name.partition("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"okrsync", "okrsync_github", "okrsync_jira"}


def test_connector_folders_wheel_packages_and_entry_points_are_in_step() -> None:
    folders = {
        path.name for path in (ROOT / "connectors").iterdir() if path.is_dir() and path.name.startswith("okrsync_")
    }
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    points = {entry.name: entry.value.partition(".")[0] for entry in entry_points(group="okrsync.connectors")}
    assert {Path(package).name for package in packages} - {"okrsync"} == folders
    assert set(points.values()) >= folders
    assert all(points[name] == f"okrsync_{name}" for name in ("github", "jira"))


@pytest.mark.parametrize("name", ["okrsync_github", "okrsync_jira"])
def test_every_connector_has_the_same_four_modules(name: str) -> None:
    modules = {path.name for path in (ROOT / "connectors" / name).glob("*.py")}
    assert modules >= {"__init__.py", "settings.py", "client.py", "normalise.py", "connector.py"}


def test_the_version_is_told_once() -> None:
    assert version("okrsync") == okrsync.__version__
    assert f"## {okrsync.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_locked_requirements_have_hashes_and_no_file_names_a_place() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        # pip would ask for the hash of okrsync itself if a file of constraints had hashes.
        assert ("--hash=sha256:" in text) == (path.name in {"runtime.txt", "dev.txt", "docs.txt", "uv.txt"})
        for word in ("index-url", "find-links", "file:", "http://", "https://", "trusted-host"):
            assert word not in text, f"{path.name} names {word}"


def test_every_dependency_of_the_package_is_locked() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8").casefold()
    for requirement in settings["project"]["dependencies"]:
        name = requirement.partition(">=")[0].casefold().replace(".", "-")
        assert f"\n{name}==" in f"\n{locked}", name
