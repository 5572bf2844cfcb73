from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from okrsync.plugins import discovery
from okrsync.sandbox.company import Company
from okrsync.sandbox.demo import TOKEN_NAMES, company_sites, free_port, lay_out
from okrsync.sandbox.http import Fault, LoopbackServer, Response
from okrsync.sandbox.serve import Sites
from support import github_desk
from support import projects as small
from support.projects import github_data, github_server, jira_data, jira_server
from support.running import Run, counted


def rewritten(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def fault(company: tuple[Company, Sites]) -> Iterator[Callable[[Fault], None]]:
    """Make the company's sites answer wrongly while one test runs."""
    _, sites = company
    added: list[Fault] = []

    def add(answer: Fault) -> None:
        added.append(answer)
        sites.server.faults.append(answer)

    yield add
    for answer in added:
        sites.server.faults.remove(answer)


@pytest.fixture
def hub_of_a_few_items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    """The GitHub of a project with a few items at two trackers, never synced, as the working directory."""
    with github_server(github_data()) as hub, jira_server(jira_data()) as desk:
        web = {"name": "web", "connector": "github", "url": f"{hub.url}/github", "repositories": [github_desk.NAME]}
        product = {"name": "product", "connector": "jira", "url": f"{desk.url}/jira", "projects": ["PAY"], "user": "me"}
        tokens: list[dict[str, object]] = [{"token": {"env": name}} for name in TOKEN_NAMES]
        monkeypatch.chdir(small.lay_out(tmp_path / "small", [web | tokens[0], product | tokens[1]]))
        yield hub


def test_a_second_sync_asks_only_for_changes_and_finds_none(okrsync: Run, project: Path) -> None:
    ran = okrsync("sync", "--format", "json")
    assert ran.code == 0
    for entry in ran.json["runs"]:
        assert entry["status"] == "ok"
        assert (entry["items_new"], entry["items_changed"]) == (0, 0)
        assert entry["requests_by"]["setup"] <= 2
        assert set(entry["requests_by"]) == {"setup", "items", "history", "iterations", "census"}
        assert entry["requests"] == sum(entry["requests_by"].values())
    assert {entry["source"]: entry["requests_by"]["items"] for entry in ran.json["runs"]} == {
        "web": 1,
        "platform": 1,
        "product": 2,
    }


def test_reports_are_written_and_named(okrsync: Run, project: Path, tmp_path: Path) -> None:
    ran = okrsync("sync", "--format", "json", "--out", tmp_path / "out")
    assert [Path(path).name for path in ran.json["reports"]] == ["outcomes.md", "outcomes.json"]
    document = json.loads((tmp_path / "out" / "outcomes.json").read_text(encoding="utf-8"))
    assert document["$schema"] == "okrsync/outcomes/1"
    assert (tmp_path / "out" / "outcomes.md").read_text(encoding="utf-8").startswith("# Outcomes")


def test_text_goes_to_stdout_and_talk_to_stderr(okrsync: Run, project: Path) -> None:
    ran = okrsync("sync")
    assert "Outcomes · 2026Q4" in ran.out
    assert "items read" in ran.err
    assert "items read" not in ran.out
    assert okrsync("sync", "--quiet").out == ""


def test_a_wrong_token_is_exit_4_and_is_not_printed(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OKRSYNC_GITHUB_TOKEN", "OKRSYNC_JIRA_TOKEN"):
        monkeypatch.setenv(name, "bad")
    ran = okrsync("sync", "--format", "json")
    assert ran.code == 4
    assert {entry["status"] for entry in ran.json["runs"]} == {"failed"}
    assert {entry["error"]["kind"] for entry in ran.json["runs"]} == {"AuthenticationError"}


def test_a_missing_token_names_its_variable(okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OKRSYNC_GITHUB_TOKEN")
    monkeypatch.delenv("OKRSYNC_JIRA_TOKEN")
    ran = okrsync("sync")
    assert ran.code == 4
    assert "environment variable OKRSYNC_JIRA_TOKEN: not set; export OKRSYNC_JIRA_TOKEN" in ran.err


def test_one_source_that_fails_makes_the_run_partial_and_the_others_go_on(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKRSYNC_JIRA_TOKEN", "bad")
    ran = okrsync("sync", "--format", "json")
    assert ran.code == 5
    assert {entry["source"]: entry["status"] for entry in ran.json["runs"]} == {
        "web": "ok",
        "platform": "ok",
        "product": "failed",
    }
    assert okrsync("status", "--format", "json").json["items"]["total"] == 600, "old items are kept"
    report = okrsync("outcomes", "--format", "markdown")
    assert report.code == 5
    assert "**Incomplete: product: failed" in report.out


def test_an_unreachable_host_is_exit_1(okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrsync.plugins.http._BACKOFF_SECONDS", 0.0)
    text = (project / "okrsync.yaml").read_text(encoding="utf-8")
    port = text.partition("127.0.0.1:")[2].partition("/")[0]
    (project / "okrsync.yaml").write_text(text.replace(f":{port}/", ":1/"), encoding="utf-8")
    ran = okrsync("sync")
    assert ran.code == 1
    assert "no connection; check the url and the network" in ran.err


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response(200, b"<html>Log in</html>", {"Content-Type": "text/html"}), "a page of HTML instead of JSON"),
        (Response(200, b"", {"Content-Type": "application/json"}), "an empty answer"),
        (Response(200, b"null", {"Content-Type": "application/json"}), "no object or list"),
        (Response(200, b'{"message": "hi"}', {"Content-Type": "application/json"}), "is no list"),
    ],
    ids=["html", "empty", "null", "an object for a list"],
)
def test_an_answer_that_is_no_answer_is_an_error_never_zero_items(
    okrsync: Run, hub_of_a_few_items: LoopbackServer, answer: Response, words: str
) -> None:
    hub_of_a_few_items.faults.append(lambda _mount, request: answer if "/issues" in request.path else None)
    ran = okrsync("sync", "--format", "json")
    assert ran.code == 5
    runs = {entry["source"]: entry for entry in ran.json["runs"]}
    assert runs["web"]["status"] == "failed"
    assert words in runs["web"]["error"]["message"]
    assert runs["product"]["status"] == "ok"


def test_a_metric_that_cannot_be_read_keeps_its_old_observations(okrsync: Run, untouched: Run, project: Path) -> None:
    before = untouched("status", "--format", "json").json["key_results"]
    path = next((project / "metrics").glob("*.csv"))
    path.write_text(path.read_text(encoding="utf-8") + "2026-11-31,x\n", encoding="utf-8")
    ran = okrsync("sync", "--format", "json")
    assert ran.code == 5
    (problems,) = ran.json["metrics"]["failed"].values()
    assert any('"2026-11-31" is no date' in problem for problem in problems)
    assert okrsync("status", "--format", "json").json["key_results"] == before


def test_a_label_that_names_no_key_result_is_listed_and_the_sync_is_fine(okrsync: Run, project: Path) -> None:
    assert okrsync("sync", "--format", "json").code == 0
    faults = okrsync("status", "--format", "json").json["faulty_links"]
    assert {fault["state"] for fault in faults} == {"ambiguous", "broken", "stale"}
    (broken,) = [fault for fault in faults if fault["state"] == "broken"]
    assert broken["key_result"] == "KR9"
    assert "KR9" in (project / "reports" / "outcomes.md").read_text(encoding="utf-8")


def test_a_removed_key_result_breaks_its_links_and_stops_nothing(okrsync: Run, project: Path) -> None:
    rewritten(project / "okrs.yaml", "id: KR3.1", "id: KR3.7")
    assert okrsync("sync", "--format", "json").code == 0
    faults = okrsync("status", "--format", "json").json["faulty_links"]
    assert any(fault["key_result"] == "KR3.1" and fault["state"] == "broken" for fault in faults)


@pytest.mark.long
def test_deleting_the_store_and_syncing_again_gives_the_same_reports(okrsync: Run, project: Path) -> None:
    key = okrsync("status", "--format", "json").json["faulty_links"][0]["key"]
    assert okrsync("link", key, "KR1.1", "--reason", "said so").code == 0
    assert okrsync("checkin", "KR3.2", "4.2").code == 0
    okrsync("sync", "--quiet")
    before = {path.name: path.read_bytes() for path in (project / "reports").iterdir()}
    outputs = [okrsync(*command).out for command in (["status"], ["outcomes", "--cycle", "all"], ["why", key])]
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    assert okrsync("sync", "--quiet").code == 0
    assert {path.name: path.read_bytes() for path in (project / "reports").iterdir()} == before
    assert [okrsync(*command).out for command in (["status"], ["outcomes", "--cycle", "all"], ["why", key])] == outputs


def test_a_changed_item_is_read_and_an_unchanged_one_is_not_rewritten(
    okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built, sites = company_sites(free_port(0), 7, "datacenter")
    lay_out(built, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    with sites:
        assert okrsync("sync", "--quiet").code == 0
        key = next(issue["key"] for issue in built.jira.issues)
        sites.jira.edit(key, datetime(2026, 11, 20, 17, 59, tzinfo=UTC), summary="Another title")
        runs = {entry["source"]: entry for entry in okrsync("sync", "--format", "json").json["runs"]}
    assert (runs["product"]["items_new"], runs["product"]["items_changed"]) == (0, 1)
    assert "Another title" in okrsync("why", key).out


def test_a_broken_plugin_is_named_and_skipped(
    okrsync: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = tmp_path / "plugin"
    (plugin / "broken_plugin-1.dist-info").mkdir(parents=True)
    (plugin / "broken_plugin-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: broken-plugin\nVersion: 1\n", encoding="utf-8"
    )
    (plugin / "broken_plugin-1.dist-info" / "entry_points.txt").write_text(
        "[okrsync.connectors]\nbroken = broken_plugin:X\n", encoding="utf-8"
    )
    (plugin / "broken_plugin.py").write_text("raise RuntimeError('no driver')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(plugin)
    monkeypatch.setattr(discovery, "_installed", discovery._installed.__wrapped__)  # kept within a process
    rewritten(project / "okrsync.yaml", "work:\n", "  - {name: odd, connector: broken, token: {env: T}}\nwork:\n")
    ran = okrsync("sync", "--format", "json")
    assert ran.code == 5
    assert 'plugin "broken" (okrsync.connectors) could not be loaded' in ran.err
    runs = {entry["source"]: entry for entry in ran.json["runs"]}
    assert {name: entry["status"] for name, entry in runs.items()} == {
        "web": "ok",
        "platform": "ok",
        "product": "ok",
        "odd": "failed",
    }
    assert "RuntimeError: no driver; reinstall or remove broken_plugin:X" in runs["odd"]["error"]["message"]
    checked = okrsync("validate")
    assert checked.code == 0
    assert 'plugin "broken" (okrsync.connectors) could not be loaded' in checked.err


def test_a_first_sync_that_fails_shows_no_zeros_and_writes_no_report(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for leftover in [*project.glob("okrsync.db*"), *(project / "reports").iterdir()]:
        leftover.unlink()
    for name in ("OKRSYNC_GITHUB_TOKEN", "OKRSYNC_JIRA_TOKEN"):
        monkeypatch.setenv(name, "bad")
    ran = okrsync("sync")
    assert ran.code == 4
    assert "0 items" not in ran.out + ran.err
    assert "web: failed, nothing was read" in ran.err
    assert list((project / "reports").iterdir()) == []
    assert "failed, never read" in okrsync("status").out


def test_usage_errors_are_json_too(untouched: Run) -> None:
    ran = untouched("sync", "--format", "json", "--nope")
    assert ran.code == 2
    assert "--nope" in ran.json["error"]["message"]


@pytest.mark.long
def test_twenty_syncs_at_once_have_one_winner_a_source_and_an_equal_store(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = okrsync("status", "--format", "json").json
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    command = [sys.executable, "-c", "from okrsync.cli.main import main; main()", "sync", "--quiet"]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") for _ in range(20)]
    told = [process.communicate(timeout=120)[1] for process in running]
    codes = [process.returncode for process in running]
    assert set(codes) <= {0, 75}, [said for code, said in zip(codes, told, strict=True) if code not in {0, 75}]
    assert 0 in codes or okrsync("sync", "--quiet").code == 0
    for code, text in zip(codes, told, strict=True):
        assert (code == 75) == ("try again when it is done" in text)
    assert okrsync("status", "--format", "json").json == before


@pytest.mark.long
def test_another_rule_costs_no_request(okrsync: Run, project: Path) -> None:
    unchanged = okrsync("sync", "--format", "json").json["runs"]
    rewritten(
        project / "okrsync.yaml", '{if: {body: "KR:"}, link: from_body}', '{if: {body: "Serves:"}, link: from_body}'
    )
    ran = okrsync("sync", "--format", "json")
    assert ran.code == 0
    assert [run["requests_by"] for run in ran.json["runs"]] == [run["requests_by"] for run in unchanged]
    assert sum(run["items_changed"] for run in ran.json["runs"]) > 0
    kept = counted(okrsync)
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    assert okrsync("sync", "--quiet").code == 0
    assert counted(okrsync) == kept
