"""A valid project in an empty folder, and ways to spoil it and hear what is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from okrsync.config import document
from okrsync.config.project import load_project
from okrsync.errors import ConfigError, Problem

SETTINGS = """\
version: 1
timezone: Europe/Berlin
sources:
  - name: web
    connector: github
    url: "http://127.0.0.1:8000/github"
    token: {env: OKRSYNC_GITHUB_TOKEN}
    repositories: [acme/web]
work:
  rules:
    - {if: {label: "kr/*"}, link: from_label}
  exempt:
    - {id: run, if: {type: [Bug, Incident]}, budget: 25%}
  done:
    web: {dropped: [Duplicate]}
  size:
    web: count
"""
OKRS = """\
version: 1
values: [{id: trust, statement: "People can rely on it", guardrails: [complaints]}]
cycles: [{id: 2026Q4, start: 2026-10-01, end: 2026-12-31}]
metrics:
  - id: activation
    definition: "accounts with 3 sessions in 7 days / accounts created"
    unit: "%"
    source: {type: csv, path: metrics/activation.csv}
    cadence: weekly
  - {id: complaints, definition: "complaints", unit: "1", source: {type: check_in}, cadence: weekly}
objectives:
  - id: O1
    cycle: 2026Q4
    title: "New accounts see the value in week one"
    values: [{id: trust, because: "it serves them"}]
    key_results:
      - id: KR1.1
        title: "Activation from 41 % to 55 %"
        metric: activation
        direction: increase
        baseline: {value: 41, date: 2026-09-30}
        target: {value: 55, date: 2026-12-31}
        kind: leading
        controls: [complaints]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a valid project; it is the working directory, so that messages name files as written."""
    (tmp_path / "okrsync.yaml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "okrs.yaml").write_text(OKRS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def problems(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[Problem, ...]]:
    """What loading the project finds, with libyaml or without; each problem has a sentence and says what to do next."""

    def load() -> tuple[Problem, ...]:
        found = find()
        with monkeypatch.context() as without_libyaml:
            without_libyaml.setattr(yaml, "__with_libyaml__", False)
            document._parsed.cache_clear()
            assert find() == found
        return found

    def find() -> tuple[Problem, ...]:
        error: ConfigError | None = None
        try:
            load_project(Path("okrsync.yaml"))
        except ConfigError as refused:
            error = refused
        if error is None:
            return ()
        assert str(error) == "\n".join(map(str, error.problems))
        assert all(problem.message and problem.fix for problem in error.problems)
        return error.problems

    return load


@pytest.fixture
def spoil(project: Path) -> Callable[[str, str, str], None]:
    """Replaces one text in one file."""

    def replace(file: str, old: str, new: str) -> None:
        text = (project / file).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (project / file).write_text(text.replace(old, new), encoding="utf-8")

    return replace
