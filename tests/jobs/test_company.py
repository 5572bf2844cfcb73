"""The jobs on the simulated company, whose truth is known, on Jira Cloud and on Jira Data Center."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.finding import current_linking, find_item, find_key_result
from okrsync.answers.outcomes import outcomes_report
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, chosen_cycles, open_workspace
from okrsync.errors import ConfigError, StoreError, UsageError
from okrsync.jobs.manual_entries import read_links
from okrsync.jobs.run import write_outcomes
from okrsync.jobs.sync_all import SyncResult, sync_all
from okrsync.reports.counts import count_items
from okrsync.sandbox.company import Company
from okrsync.sandbox.demo import TOKEN_NAMES, company_sites, free_port, lay_out
from okrsync.store.records import SaveCounts
from okrsync.store.tables import link, observation, okr_version

on_cloud = pytest.mark.parametrize("synced", ["cloud"], indirect=True)


@dataclass(frozen=True)
class Synced:
    """The company, and a folder in which it was synced once; tests work on copies of it."""

    company: Company
    folder: Path
    first: SyncResult


def quiet(source: str, partition: str, saved: SaveCounts) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module", params=["cloud", pytest.param("datacenter", marks=pytest.mark.long)])
def synced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    company, sites = company_sites(port=free_port(0), seed=7, jira_kind=request.param)
    folder = tmp_path_factory.mktemp("company") / "project"
    lay_out(company, folder)
    with pytest.MonkeyPatch.context() as patch, sites:
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        with open_workspace(folder / "okrsync.yaml") as workspace:
            result = sync_all(workspace, quiet)
        yield Synced(company, folder, result)
    assert sites.server.errors == []


@pytest.fixture
def folder(synced: Synced, tmp_path: Path) -> Path:
    return shutil.copytree(synced.folder, tmp_path / "project")


@contextmanager
def opened(folder: Path) -> Iterator[Workspace]:
    with open_workspace(folder / "okrsync.yaml") as workspace:
        yield workspace


def reports(workspace: Workspace, into: Path) -> dict[str, bytes]:
    inputs = with_outcomes(workspace, report_inputs(workspace, None))
    report = outcomes_report(workspace, inputs, chosen_cycles(workspace, "all"))
    return {path.name: path.read_bytes() for path in write_outcomes(report, into)}


def test_the_first_sync_finds_exactly_the_items_that_there_are(synced: Synced, folder: Path) -> None:
    truth = synced.company.truth["counts"]

    assert synced.first.exit_code == 0
    assert sum(summary.run.saved.new for summary in synced.first.runs) == truth["total"]
    assert synced.first.links_ended == 0
    with opened(folder) as workspace:
        counts = asdict(count_items(current_linking(workspace).placements))
    assert {name: counts[name] for name in truth} == truth


def test_a_second_sync_finds_nothing_new_and_touches_nothing(folder: Path) -> None:
    def kept(workspace: Workspace) -> list[object]:
        with workspace.store.read() as view:
            return [view._connection.execute(table.select()).all() for table in (link, observation, okr_version)]

    with opened(folder) as workspace:
        before = kept(workspace)
        result = sync_all(workspace, quiet)
        assert kept(workspace) == before

    assert result.exit_code == 0
    assert {(summary.run.saved.new, summary.run.saved.changed) for summary in result.runs} == {(0, 0)}
    assert (result.links_added, result.links_ended) == (0, 0)


def test_a_lost_store_is_rebuilt_and_the_reports_are_the_same_bytes(folder: Path) -> None:
    with opened(folder) as workspace:
        before = reports(workspace, folder / "reports")
    for path in folder.rglob("*.db*"):
        path.unlink()

    with opened(folder) as workspace:
        assert sync_all(workspace, quiet).exit_code == 0
        after = reports(workspace, folder / "reports")

    assert set(before) == {"outcomes.md", "outcomes.json"}
    assert before == after


@on_cloud
def test_a_report_that_fails_leaves_the_one_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(folder) as workspace:
        before = reports(workspace, folder / "reports")

    store = next(folder.rglob("*.db"))
    store.write_bytes(b"<html>" * 1000)
    with pytest.raises(StoreError, match="not a database"), opened(folder) as workspace:
        workspace.access.open()

    assert {path.name: path.read_bytes() for path in (folder / "reports").iterdir()} == before


@on_cloud
def test_an_item_is_found_by_its_key_and_by_its_short_key(folder: Path) -> None:
    with opened(folder) as workspace:
        linking = current_linking(workspace)
        keys = {placement.item.key for placement in linking.placements}
        for key in sorted(keys)[::25]:
            assert find_item(linking, key).key == key
            assert find_item(linking, key.swapcase()).key == key
            if "/" in key:
                assert find_item(linking, key.partition("/")[2]).key == key

        for unknown in ("", "#12", "12", "web", "NOPE-1", "nobody/web#1"):
            with pytest.raises(UsageError, match=f'no item is called "{unknown}"; run `okrsync sync`'):
                find_item(linking, unknown)


@on_cloud
def test_a_key_result_is_found_by_its_name_of_today(folder: Path) -> None:
    with opened(folder) as workspace:
        running = [
            entry
            for entry in workspace.project.okrs.key_results
            if workspace.project.okrs.cycle(entry.cycle).contains(workspace.today)
        ]
        assert find_key_result(workspace, running[0].id) == running[0]
        assert find_key_result(workspace, running[0].qualified_id) == running[0]
        with pytest.raises(UsageError, match="key results: ") as told:
            find_key_result(workspace, "KR99.9")
        assert running[0].id in str(told.value)


def a_key(workspace: Workspace) -> tuple[str, str]:
    placement = current_linking(workspace).placements[0]
    running = next(
        entry
        for entry in workspace.project.okrs.key_results
        if workspace.project.okrs.cycle(entry.cycle).contains(workspace.today)
    )
    return placement.item.key, running.id


@on_cloud
def test_links_are_read_from_a_file(folder: Path) -> None:
    path = folder / "links.csv"
    with opened(folder) as workspace:
        key, name = a_key(workspace)
        path.write_text(
            f'\ufeffKey , KEY_RESULT,reason,action,more\n{key},{name},"one, two",,x\n\n{key},{name},,unlink\n', "utf-8"
        )
        links = read_links(workspace, path)

    assert [(entry.action, entry.item.key, entry.reason) for entry in links] == [
        ("link", key, "one, two"),
        ("unlink", key, ""),
    ]
    assert {entry.key_result.rpartition("/")[2] for entry in links} == {name}


@on_cloud
def test_all_wrong_rows_are_told_at_once_with_file_and_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    path = folder / "links.csv"
    with opened(folder) as workspace:
        key, name = a_key(workspace)
        rows = ["key,key_result,reason,action", f"{key},{name}", "NOPE-1,x", f"{key},KR99", f"{key},{name},,maybe", key]
        path.write_text("\n".join(rows), encoding="utf-8")
        with pytest.raises(ConfigError) as told:
            read_links(workspace, path)

    problems = told.value.problems
    assert [(problem.file, problem.line) for problem in problems] == [("links.csv", line) for line in (3, 4, 5, 6)]
    assert [problem.message.partition(";")[0].partition(":")[0] for problem in problems[::2]] == [
        'no item is called "NOPE-1"',
        '"maybe" is neither link nor unlink',
    ]
    assert str(told.value).splitlines()[0].startswith("links.csv:3:1: ")


@on_cloud
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"key,because\n1,2\n", "no columns key and key_result; start with `key,key_result,reason`"),
        (b"item,kr\nNOPE-1,KR1.1\n", 'no item is called "NOPE-1"'),
        (b"NOPE-1;KR1.1\n", 'no item is called "NOPE-1"'),
        (b"", "no columns key and key_result"),
        (b"key,key_result\n\xff\xfe,1\n", "not a CSV file in UTF-8"),
        (b"key,key_result\n" + b"x" * 200_000 + b",1\n", "not a CSV file in UTF-8"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_is_no_list_of_links_is_refused(folder: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (folder / "links.csv").write_bytes(content)
    with opened(folder) as workspace, pytest.raises(ConfigError, match=words):
        read_links(workspace, folder / "links.csv")


@on_cloud
def test_a_metric_that_vanished_and_returned_is_as_it_was_on_the_same_day(folder: Path) -> None:
    """The sandbox pins its day, so all its syncs happen at one moment."""
    with opened(folder) as workspace:
        before = report_inputs(workspace, None).observations
    path = sorted((folder / "metrics").glob("*.csv"))[0]
    text = path.read_text("utf-8")

    lines = text.splitlines(keepends=True)
    path.write_text("".join(lines[:-5]), "utf-8")
    with opened(folder) as workspace:
        assert sync_all(workspace, quiet).exit_code == 0
        assert report_inputs(workspace, None).observations != before
    path.write_text(text, "utf-8")
    with opened(folder) as workspace:
        assert sync_all(workspace, quiet).exit_code == 0
        assert report_inputs(workspace, None).observations == before
