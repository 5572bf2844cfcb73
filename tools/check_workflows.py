"""
Check workflows, issue forms and Dependabot's settings, offline.

    python tools/check_workflows.py .github

Runs check-jsonschema with the schemas that it includes, then zizmor. Ends with exit code 1 if either finds anything.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_CONFIG = "config.yml"


def commands(folder: Path) -> Iterator[list[str]]:
    """Return the command lines that check *folder*."""
    programs = Path(sys.executable).parent
    forms = [path for path in sorted(folder.glob("ISSUE_TEMPLATE/*.yml")) if path.name != _CONFIG]
    schemas = {
        "vendor.github-workflows": sorted(folder.glob("workflows/*.yml")),
        "vendor.github-issue-forms": forms,
        "vendor.github-issue-config": sorted(folder.glob(f"ISSUE_TEMPLATE/{_CONFIG}")),
        "vendor.dependabot": sorted(folder.glob("dependabot.yml")),
    }
    for schema, files in schemas.items():
        if files:
            yield [str(programs / "check-jsonschema"), "--builtin-schema", schema, *map(str, files)]
    yield [str(programs / "zizmor"), "--offline", "--quiet", "--strict-collection", str(folder)]


def main(folder: Path) -> int:
    """Run all checks, and return 1 if any of them finds something."""
    if not (folder / "workflows").is_dir():
        sys.exit(f"{folder} has no workflows")
    results = [subprocess.run(command, check=False).returncode for command in commands(folder)]
    return int(any(results))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
