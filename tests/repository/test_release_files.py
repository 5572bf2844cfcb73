"""What a release consists of."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import release_files
from release_files import bill_of_materials, build, release_notes

ROOT = Path(__file__).parents[2]
VERSION = release_files.project()["version"]


@pytest.mark.long
def test_packages_and_attached_files_are_built_with_checksums(tmp_path: Path) -> None:
    packages, attached = tmp_path / "packages", tmp_path / "attached"
    build(packages, attached)

    built = {path.name: path for folder in (packages, attached) for path in folder.iterdir()}
    constraints = {path.name for path in (ROOT / "requirements").glob("constraints*.txt")}
    names = {f"okrsync-{VERSION}-py3-none-any.whl", f"okrsync-{VERSION}.tar.gz", "okrsync.cdx.json", *constraints}
    assert set(built) == names | {"SHA256SUMS", "notes.md"}
    sums = [f"{hashlib.sha256(built[name].read_bytes()).hexdigest()}  {name}" for name in sorted(names)]
    assert built["SHA256SUMS"].read_text(encoding="utf-8").splitlines() == sums


def test_the_bill_of_materials_names_every_locked_package_with_its_hashes() -> None:
    bill = bill_of_materials(VERSION)
    constraints = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "requirements").glob("constraints*.txt"))
    locked = set(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", constraints, re.MULTILINE))
    assert {(part["name"], part["version"]) for part in bill["components"]} == locked
    lock = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    for part in bill["components"]:
        assert part["licenses"], part["name"]
        assert len(part["properties"]) >= 1, part["name"]
        assert all(f"--hash=sha256:{entry['value']}" in lock for entry in part["properties"]), part["name"]
    assert json.dumps(bill) == json.dumps(bill_of_materials(VERSION))


def test_hashes_are_those_of_their_own_package() -> None:
    lock = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    (click,) = [part for part in bill_of_materials(VERSION)["components"] if part["name"] == "click"]
    found = re.search(r"^click==\S+ \\\n((?: +--hash=\S+.*\n)+)", lock, re.MULTILINE)
    assert found is not None
    assert [entry["value"] for entry in click["properties"]] == re.findall(r"sha256:(\w+)", found[1])


def test_the_notes_are_the_part_of_the_changelog_about_the_version() -> None:
    notes = release_notes(VERSION)
    assert notes.startswith("- ")
    assert "\n## " not in notes
    with pytest.raises(SystemExit, match="says nothing about"):
        release_notes("99.0.0")


def test_a_tag_that_is_not_the_version_builds_nothing(tmp_path: Path) -> None:
    program = str(ROOT / "tools" / "release_files.py")
    command = [sys.executable, program, "--tag", "v99.0.0", str(tmp_path / "packages"), str(tmp_path / "attached")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert done.stderr == f"the tag is v99.0.0, and the version in pyproject.toml {VERSION}; tag v{VERSION}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_release_is_built_into_new_folders_only(tmp_path: Path) -> None:
    (tmp_path / "old.whl").touch()
    with pytest.raises(SystemExit, match="is not empty"):
        build(tmp_path, tmp_path / "attached")
