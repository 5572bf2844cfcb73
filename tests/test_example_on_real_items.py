"""The example on real items: its files are valid, and its page says what the three reports say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.main import run
from okrsync.sandbox.recorded import read_github
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, JiraData
from support.recorded_data import recorded_github_issues

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "real-items"
PAGE = (EXAMPLE / "README.md").read_text(encoding="utf-8")
CLAIMS = {"moved", "moved_wrong_way", "held"}
Report = Callable[..., Any]


def test_the_files_of_the_example_are_valid() -> None:
    assert run(["validate", "--config", str(EXAMPLE / "okrsync.yaml")]) == 0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The example's files with all items read, from a site on a free port."""
    folder = tmp_path_factory.mktemp("example") / "real-items"
    shutil.copytree(EXAMPLE, folder)
    lines = folder / "datasets-issues.jsonl"
    lines.write_text("".join(f"{json.dumps(issue)}\n" for issue in recorded_github_issues()), encoding="utf-8")
    repository = read_github("huggingface/datasets", lines)  # as `sandbox serve` does
    with Sites(GithubData([repository]), JiraData([])) as sites, pytest.MonkeyPatch.context() as patch:
        settings = folder / "okrsync.yaml"
        settings.write_text(
            settings.read_text(encoding="utf-8").replace("http://127.0.0.1:8765/github", sites.github_url),
            encoding="utf-8",
        )
        patch.setenv("OKRSYNC_GITHUB_TOKEN", "any")
        assert run(["sync", "--quiet", "--config", str(settings)]) == 0
        yield folder


@pytest.fixture
def report(project: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Report:
    """What a report of the example says, as data and as text; its exit code is *code*."""

    def told(*arguments: str, code: int = 0) -> tuple[Any, str]:
        command = [*arguments, "--config", str(project / "okrsync.yaml")]
        assert run([*command, "--format", "markdown"]) == code
        text = capfd.readouterr().out
        assert run([*command, "--format", "json", "--out", str(tmp_path / "report.json")]) == code
        return json.loads((tmp_path / "report.json").read_text(encoding="utf-8")), text

    return told


@pytest.mark.shared
@pytest.mark.long
def test_the_plan_takes_the_backlog_and_goes_by_count(report: Report) -> None:
    data, text = report("plan")

    counts = {name: data["coverage"][name]["items"] for name in ("linked", "exempt", "unlinked")}
    shown = (
        f"{sum(counts.values())} open items, of which {counts['linked']} serve a key result, {counts['exempt']} are "
    )
    assert f"{shown}exempt and {counts['unlinked']} serve none" in PAGE
    assert (data["scope"]["kind"], data["coverage"]["sized"]) == ("backlog", 0)
    assert "0 of 824 items have a size" in text
    assert data["silence"]
    assert not any(item["suggestion"] for item in data["unlinked"])


@pytest.mark.shared
@pytest.mark.long
def test_a_milestone_is_planned_as_on_that_day(report: Report) -> None:
    data, _ = report("plan", "--milestone", "1.10", "--as-of", "2021-07-20")

    counts = {name: data["coverage"][name]["items"] for name in ("linked", "exempt", "unlinked")}
    assert f"{sum(counts.values())} items, {counts['linked']} of them serve a key result" in PAGE
    assert any(item["suggestion"] for item in data["unlinked"])


@pytest.mark.shared
@pytest.mark.long
def test_outcomes_claim_nothing_and_call_an_old_value_last_known(report: Report) -> None:
    data, text = report("outcomes")

    assert (data["items"]["total"], len(data["fresh"])) == (7258, 10)
    assert f"{sum(trouble['trouble'] == 'link' for trouble in data['attention'])} items have labels of two" in PAGE
    assert "last known 0.555 days (24 Dec 2024)" in text
    # Nothing was delivered on it, so its whole change is drift: one line, and no table that would begin at nothing.
    assert "Where the change of reports comes from" not in text
    assert "issues from 31 Dec 2024 to 28 Feb 2025: deliveries 0.000, drift and season" in text
    verdicts = {check["verdict"] for entry in data["key_results"] for check in entry["outcome"]["checks"]}
    assert verdicts
    assert not verdicts & CLAIMS


@pytest.mark.shared
@pytest.mark.long
def test_the_audit_of_a_year_claims_nothing_for_closed_items(report: Report) -> None:
    data, _ = report("audit", code=5)

    assert (data["cycle"]["id"], data["effort"]["items"]) == ("2024", 441)
    unlinked = next(share["share"] for share in data["effort"]["shares"] if share["fate"] == "unlinked")
    assert f"{unlinked:.0%}".replace("%", " %") + " of them serve no key result" in PAGE
    assert data["verdicts"]
    assert not set(data["verdicts"]) & CLAIMS
    assert sum(entry["progress"]["zone"] == "green" for entry in data["scores"]) == 1
