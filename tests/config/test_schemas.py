"""The schemas for editors, the files to start from, and the example of the documentation agree with the checks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from okrsync.cli.schemas import main as write_report_schemas
from okrsync.config.document import read_document
from okrsync.config.project import load_project
from okrsync.config.schemas import main, schemas, written
from okrsync.errors import Problem

CONFIG = Path(__file__).parents[2] / "config"
EXAMPLE_SETTINGS = """\
version: 1
timezone: Europe/Berlin
store: sqlite:///okrsync.db
okrs: okrs.yaml
ledger: ledger/
sources:
  - name: web
    connector: github
    url: "http://127.0.0.1:8000/github"
    token: {env: OKRSYNC_GITHUB_TOKEN}
    repositories: [acme/web]
    since: 2025-01-01
    team: growth
  - {name: product, connector: jira, url: "https://acme.atlassian.net", user: me@acme.com,
     token: {env: OKRSYNC_JIRA_TOKEN}, projects: [PAY]}
work:
  rules:
    - {if: {label: "kr/*"}, link: from_label}
    - {if: {field: "customfield_10999"}, link: from_field}
    - {if: {body: "KR:"}, link: from_body}
    - {if: {title: "[*]"}, link: from_title}
    - {if: {parent_key: PAY-12}, link: KR1.1}
    - {if: {type: Story, component: Checkout}, link: KR1.1}
    - {if: {parent: linked}, link: inherit, max_depth: 5}
  aliases: {"area/checkout": KR1.1}
  exempt:
    - {id: run, if: {type: [Bug, Incident]}, budget: 25%}
    - {id: learning, if: {label: spike}, budget: 10%}
  done: {product: {dropped: [Duplicate], delivered_field: customfield_10888}}
  size: {product: {field: customfield_10016}, web: count}
"""
EXAMPLE_OKRS = """\
version: 1
values: [{id: trust, statement: "People can rely on it", signs: ["..."], guardrails: [complaints]}]
cycles: [{id: 2026Q4, start: 2026-10-01, end: 2026-12-31, review_days: 28}]
metrics:
  - id: activation
    definition: "accounts with 3 sessions in 7 days / accounts created"
    unit: "%"
    source: {type: csv, path: metrics/activation.csv}
    cadence: weekly
    bounds: [0, 100]
    trailing_days: 0
    settle_days: 0
    max_age_days: 14
    owner: team-data
    review_by: 2027-03-31
    events:
      - {date: 2026-11-05, kind: break, note: "tracking changed"}
      - {from: 2026-12-24, to: 2027-01-01, kind: pulse, note: "holidays"}
    calendar: DE
  - {id: complaints, definition: "complaints", unit: "1", source: {type: check_in}, cadence: monthly}
  - {id: traffic, definition: "visits", unit: "1", source: {type: csv, path: wide.csv, column: t}, cadence: daily}
objectives:
  - id: O1
    cycle: 2026Q4
    title: "New accounts see the value in week one"
    owner: team-growth
    theme: activation
    contributors: [sales, support]
    values: [{id: trust, because: "..."}]
    key_results:
      - id: KR1.1
        title: "Activation of new accounts from 41 % to 55 %"
        state: active
        metric: activation
        direction: increase
        baseline: {value: 41, date: 2026-09-30}
        target: {value: 55, date: 2026-12-31}
        kind: leading
        level: outcome
        min_effect: 1.0
        lag_days: 0
        window_days: 28
        unit_of_delivery: wave
        controls: [traffic]
        review_every_days: 30
"""


def as_json(value: Any) -> Any:
    """*value* as an editor sees it: for JSON a day is a text."""
    if isinstance(value, dict):
        return {key: as_json(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [as_json(entry) for entry in value]
    return value.isoformat() if isinstance(value, date) else value


def faults(path: Path, schema: str) -> list[str]:
    document, problems = read_document(path)
    assert document is not None
    assert problems == []
    validator = jsonschema.Draft202012Validator(schemas()[schema])
    return [error.message for error in validator.iter_errors(as_json(document.data))]


@pytest.fixture
def example(project: Path) -> Path:
    (project / "okrsync.yaml").write_text(EXAMPLE_SETTINGS, encoding="utf-8")
    (project / "okrs.yaml").write_text(EXAMPLE_OKRS, encoding="utf-8")
    return project


def test_the_schemas_beside_the_code_are_those_that_the_code_makes(tmp_path: Path) -> None:
    main(str(tmp_path))
    write_report_schemas(str(tmp_path))
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in (CONFIG / "schemas").iterdir()}
    assert made == kept  # `make schemas` brings them in step


@pytest.mark.parametrize("name", schemas())
def test_each_schema_is_a_schema(name: str) -> None:
    schema = schemas()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(written(schema)) == schema


@pytest.mark.parametrize("tracker", ["github", "jira", "both"])
def test_the_files_to_start_from_load_and_fit_their_schemas(tmp_path: Path, tracker: str) -> None:
    shutil.copytree(CONFIG / "starter" / "common", tmp_path, dirs_exist_ok=True)
    shutil.copy(CONFIG / "starter" / f"okrsync.{tracker}.yaml", tmp_path / "okrsync.yaml")
    project = load_project(tmp_path / "okrsync.yaml")
    assert {source.connector for source in project.sources} == ({"github", "jira"} if tracker == "both" else {tracker})
    assert faults(tmp_path / "okrsync.yaml", "okrsync.schema.json") == []
    assert faults(tmp_path / "okrs.yaml", "okrs.schema.json") == []


def test_the_example_of_the_documentation_loads(example: Path, problems: Callable[[], tuple[Problem, ...]]) -> None:
    assert problems() == ()
    project = load_project(example / "okrsync.yaml")
    assert [rule.link for rule in project.settings.work.rules][-2:] == ["KR1.1", "inherit"]
    assert [exempt.budget for exempt in project.settings.work.exempt] == [0.25, 0.1]
    assert project.work_mapping("product").extra_fields == ("customfield_10999",)
    assert project.work_mapping("product").delivered_field == "customfield_10888"
    metric = project.okrs.metrics_by_id["activation"]
    assert [(event.kind, event.start, event.end) for event in metric.events] == [
        ("break", date(2026, 11, 5), date(2026, 11, 5)),
        ("pulse", date(2026, 12, 24), date(2027, 1, 1)),
    ]
    assert metric.bounds == (0, 100)


def test_the_example_of_the_documentation_fits_the_schemas(
    example: Path, spoil: Callable[[str, str, str], None]
) -> None:
    spoil("okrsync.yaml", "web: count", "web: {count: true}")
    assert faults(example / "okrsync.yaml", "okrsync.schema.json") == []
    assert faults(example / "okrs.yaml", "okrs.schema.json") == []


def test_the_schema_takes_the_word_count_for_a_size(example: Path) -> None:
    assert faults(example / "okrsync.yaml", "okrsync.schema.json") == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("okrsync", "timezone: Europe/Berlin", "timezon: Europe/Berlin"),
        ("okrsync", "repositories: [acme/web]", "projects: [PAY]"),
        ("okrsync", "if: {parent: linked}", "condition: {parent: linked}"),
        ("okrsync", "budget: 10%", "budget: 10"),
        ("okrs", "direction: increase", "direction: up"),
        ("okrs", "min_effect: 1.0", "min_effect: 0"),
        ("okrs", "contributors: [sales, support]", "contributors: sales"),
    ],
)
def test_schema_and_check_refuse_the_same(
    example: Path,
    problems: Callable[[], tuple[Problem, ...]],
    spoil: Callable[[str, str, str], None],
    file: str,
    old: str,
    new: str,
) -> None:
    spoil(f"{file}.yaml", old, new)
    assert faults(example / f"{file}.yaml", f"{file}.schema.json")
    assert problems()
