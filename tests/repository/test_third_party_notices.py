"""The third-party notices name what is locked, with what the packages say of themselves."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from third_party_notices import page

ROOT = Path(__file__).parents[2]
NOTICES = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([a-z0-9-]+) \| (.+?) \| (.+?) \| <(.+?)> \| (.*?)\|$", NOTICES, re.MULTILINE)


def test_the_notices_are_up_to_date() -> None:
    assert page() == NOTICES, "run `make notices`"


def test_versions_are_the_pinned_ones() -> None:
    pins = (ROOT / "requirements" / "pins.txt").read_text(encoding="utf-8")
    assert len(ROWS) >= 40
    for name, versions, *_ in ROWS:
        assert versions.split(", ") == re.findall(rf"^{re.escape(name)}==([^\s;]+)", pins, re.MULTILINE), name


def test_every_dependency_and_extra_is_listed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: {extra.strip() for extra in listed.split(",")} - {""} for name, *_, listed in ROWS}
    for requirement in project["dependencies"]:
        assert extras[name_of(requirement)] == set(), requirement
    for extra, requirements in project["optional-dependencies"].items():
        for requirement in requirements:
            assert extra in extras[name_of(requirement)], requirement


def name_of(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found is not None
    return found[0].lower().replace(".", "-").replace("_", "-")
