"""The recorded data beside the checkout; it is read where it lies and never copied into the project."""

from __future__ import annotations

import csv
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

_SHARED = Path(__file__).parents[3] / "shared" / "data"


def recorded_jira_issues() -> list[dict[str, Any]]:
    """The 33 issues of projects EE and K5; the calling test skips where they are absent."""
    table = _present("jira-cloud-devlake/_raw_jira_api_issues.csv")
    limit = csv.field_size_limit(sys.maxsize)  # for all of the process, so it is put back
    try:
        with table.open(encoding="utf-8", newline="") as rows:
            return [json.loads(row["data"]) for row in csv.DictReader(rows)]
    finally:
        csv.field_size_limit(limit)


def recorded_github_issues() -> list[dict[str, Any]]:
    """The 7,258 issues and pull requests of one repository; the calling test skips where they are absent."""
    archive = _present("github-hf-datasets/datasets-issues.zip")
    with zipfile.ZipFile(archive) as opened, opened.open("datasets-issues.jsonl") as lines:
        return [json.loads(line) for line in lines]


def _present(name: str) -> Path:
    path = _SHARED / name
    if not path.is_file():
        pytest.skip(f"the recorded data (../shared/data/{name}) is not beside this checkout")
    return path
