"""The locked requirements, as pip reads them on each supported Python and system."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
EXTRAS = SETTINGS["project"]["optional-dependencies"]
LOCKS = ("runtime.txt", "dev.txt")


def pins(name: str) -> list[Requirement]:
    """The requirements of a lock file, without hashes and comments."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return [Requirement(line.rstrip(" \\")) for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]


def environments() -> Iterator[dict[str, str]]:
    """What markers are asked about on each supported Python and system."""
    for python in PYTHONS:
        for platform, system in SYSTEMS.items():
            yield {
                "python_version": python,
                "python_full_version": f"{python}.7",
                "sys_platform": platform,
                "platform_system": system,
                "platform_python_implementation": "CPython",
                "implementation_name": "cpython",
            }


def locked_in(name: str, environment: dict[str, str]) -> dict[str, Requirement]:
    """What pip installs from a lock file in *environment*, by name."""
    chosen = [pin for pin in pins(name) if pin.marker is None or pin.marker.evaluate(environment)]
    assert len({canonicalize_name(pin.name) for pin in chosen}) == len(chosen), "one version of each"
    return {canonicalize_name(pin.name): pin for pin in chosen}


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_declared_is_locked_within_its_bounds_on_every_python_and_system(lock: str) -> None:
    declared = [Requirement(text) for text in SETTINGS["project"]["dependencies"]]
    if lock == "dev.txt":
        declared += [Requirement(text) for extra in EXTRAS.values() for text in extra]
        declared += [Requirement(text) for text in SETTINGS["dependency-groups"]["dev"]]
    for environment in environments():
        locked = locked_in(lock, environment)
        for wanted in declared:
            pin = locked[canonicalize_name(wanted.name)]
            (exact,) = pin.specifier
            assert exact.version in wanted.specifier, f"{pin} is not {wanted}"


@pytest.mark.parametrize("lock", LOCKS)
def test_what_a_locked_package_requires_is_locked_too_with_its_extras(lock: str) -> None:
    for environment in environments():
        locked = locked_in(lock, environment)
        for pin in locked.values():
            try:
                requirements = [Requirement(text) for text in requires(pin.name) or ()]
                is_this = version(pin.name) == next(iter(pin.specifier)).version
            except PackageNotFoundError:  # another system's or Python's
                continue
            for wanted in requirements if is_this else ():
                asked = [{**environment, "extra": extra} for extra in (pin.extras or {""})]
                if wanted.marker is None or any(wanted.marker.evaluate(each) for each in asked):
                    found = locked.get(canonicalize_name(wanted.name))
                    assert found is not None, f"{pin.name} requires {wanted}"
                    assert wanted.extras <= found.extras, f"{pin.name} requires {wanted}, locked is {found}"


@pytest.mark.parametrize("extra", [None, *EXTRAS])
def test_constraints_have_the_locked_version_of_everything_that_a_user_installs(extra: str | None) -> None:
    declared = [*SETTINGS["project"]["dependencies"], *(EXTRAS[extra] if extra else ())]
    constrained = pins("constraints.txt" if extra is None else f"constraints-{extra}.txt")
    locked = {(canonicalize_name(pin.name), str(pin.specifier), str(pin.marker)) for pin in pins("dev.txt")}
    assert {canonicalize_name(Requirement(text).name) for text in declared} <= {
        canonicalize_name(pin.name) for pin in constrained
    }
    assert {(canonicalize_name(pin.name), str(pin.specifier), str(pin.marker)) for pin in constrained} <= locked
    assert not any(pin.extras for pin in constrained), "pip takes no extras in a file of constraints"


def test_client_libraries_that_are_used_by_private_parts_have_an_upper_bound() -> None:
    bounds = {Requirement(text).name: Requirement(text).specifier for text in SETTINGS["project"]["dependencies"]}
    assert "4.0" not in bounds["jira"]
    assert "3.0" not in bounds["PyGithub"]
