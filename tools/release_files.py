"""
Build what a release consists of: the packages, and the files that are attached to the release beside them.

    python tools/release_files.py --tag v0.1.0 packages attached

The first folder gets the source distribution and the wheel; the second one gets the constraints, a bill of materials
(CycloneDX), the release's part of CHANGELOG.md and checksums of everything. It fails if the tag is not the version.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

from third_party_notices import Notice, metadata_of, notices

ROOT = Path(__file__).parents[1]
BILL = "okrsync.cdx.json"
NOTES = "notes.md"
SUMS = "SHA256SUMS"
_NAMESPACE = uuid.UUID("6ee2f7a4-0d2b-4a53-9a3c-1f6a3c7d6f4e")


def project() -> dict[str, Any]:
    """Return the table ``[project]`` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def release_notes(version: str) -> str:
    """
    Return the part of CHANGELOG.md about *version*.

    Raises:
        SystemExit: there is none.
    """
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(version)}\b[^\n]*\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    if found is None or not found[1].strip():
        sys.exit(f"CHANGELOG.md says nothing about {version}; add a section `## {version}`")
    return found[1].strip() + "\n"


def bill_of_materials(version: str) -> dict[str, Any]:
    """Return the bill of materials of *version* in CycloneDX 1.6: okrsync, and each locked package with its hashes."""
    root = {
        "type": "application",
        "bom-ref": f"pkg:pypi/okrsync@{version}",
        "name": "okrsync",
        "version": version,
        "purl": f"pkg:pypi/okrsync@{version}",
        "licenses": [{"expression": project()["license"]}],
    }
    lock = _hashes()
    components = [_component(entry, pinned, lock) for entry in notices() for pinned in entry.versions]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps(components) + version)}",
        "version": 1,
        "metadata": {"component": root},
        "components": components,
    }


def _component(entry: Notice, version: str, lock: dict[tuple[str, str], list[str]]) -> dict[str, Any]:
    address = f"pkg:pypi/{entry.name}@{version}"
    is_expression = metadata_of(entry.name).get("license_expression") == entry.license
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": address,
        "name": entry.name,
        "version": version,
        "scope": "optional" if entry.extras else "required",
        "licenses": [{"expression": entry.license} if is_expression else {"license": {"name": entry.license}}],
        "purl": address,
        # One package has many files, one for each platform, so a hash belongs to a file and not to the component.
        "properties": [{"name": "okrsync:sha256", "value": value} for value in lock[entry.name, version]],
        "externalReferences": [{"type": "website", "url": entry.project}],
    }
    return component


def _hashes() -> dict[tuple[str, str], list[str]]:
    """Return the locked SHA-256 of the files of each package, by its name and version."""
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    parts = re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==([^\s;\\]+)([^#]*?)(?=^[a-z0-9]|\Z|^    #)", text, re.MULTILINE)
    return {(name, version): re.findall(r"sha256:([0-9a-f]{64})", hashes) for name, version, hashes in parts}


def build(packages: Path, attached: Path) -> None:
    """Write the release's files into the folders *packages* and *attached*, which must be new or empty."""
    version = project()["version"]
    for folder in (packages, attached):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            sys.exit(f"{folder} is not empty")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(packages.resolve())]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    for path in sorted((ROOT / "requirements").glob("constraints*.txt")):
        shutil.copy(path, attached)
    bill = json.dumps(bill_of_materials(version), indent=2, sort_keys=True) + "\n"
    (attached / BILL).write_text(bill, encoding="utf-8")
    (attached / NOTES).write_text(release_notes(version), encoding="utf-8")
    files = sorted([*packages.iterdir(), *attached.iterdir()], key=lambda path: path.name)
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files if path.name != NOTES]
    (attached / SUMS).write_text("".join(sums), encoding="utf-8")


def main() -> None:
    """Read the command line, and build."""
    parser = argparse.ArgumentParser(description="Build the files of a release.")
    parser.add_argument("--tag", required=True, help="The tag of the release: v and the version.")
    parser.add_argument("packages", type=Path, help="Folder for the source distribution and the wheel.")
    parser.add_argument("attached", type=Path, help="Folder for everything else.")
    chosen = parser.parse_args()
    version = project()["version"]
    if chosen.tag != f"v{version}":
        sys.exit(f"the tag is {chosen.tag}, and the version in pyproject.toml {version}; tag v{version}")
    build(chosen.packages, chosen.attached)


if __name__ == "__main__":
    main()
