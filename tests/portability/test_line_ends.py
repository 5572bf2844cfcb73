"""Files whose lines end as editors and git on Windows write them: same results, same places in messages."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from okrsync.config.ledger_file import read_ledger
from okrsync.config.project import load_project
from okrsync.jobs.scaffold import starter_folder
from support.matrices import one_in
from support.running import Run

WRITTEN_BY_PEOPLE = {".yaml", ".csv", ".jsonl", ".md"}
BOM = b"\xef\xbb\xbf"
REPORTS = [
    ("validate",),
    ("lint",),
    ("status",),
    ("plan", "--sprint", "PAY Sprint 33"),
    ("outcomes", "--cycle", "2026Q3"),
    ("audit",),
    ("changes",),
    ("hypothesis", "list"),
    ("metric", "list"),
]
SHEET = """\
Objective,Key result,Metric,Baseline,Target
New accounts see the value,"Activation of new accounts
from 41 % to 52 %",Activation,41,52
"""


def end_lines_as_windows_does(folder: Path, mark: bytes = b"") -> list[Path]:
    """Write the lines of all files that people write with carriage returns, behind a byte order mark where wanted."""
    changed = [path for path in sorted(folder.rglob("*")) if path.suffix in WRITTEN_BY_PEOPLE]
    for path in changed:
        path.write_bytes(mark + path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    return changed


@pytest.mark.long
@pytest.mark.parametrize("mark", [b"", BOM], ids=["plain", "byte-order-mark"])
def test_every_report_is_the_same_with_the_line_ends_of_windows(
    okrsync: Run, untouched: Run, project: Path, mark: bytes
) -> None:
    before = {arguments: untouched(*arguments, "--format", "json") for arguments in REPORTS}
    changed = end_lines_as_windows_does(project, mark)

    after = {arguments: okrsync(*arguments, "--format", "json") for arguments in REPORTS}

    assert {path.suffix for path in changed} >= {".yaml", ".csv", ".jsonl"}
    for arguments in REPORTS:
        assert after[arguments].code == before[arguments].code, after[arguments].err
        assert after[arguments].json == before[arguments].json, arguments


@pytest.mark.parametrize("mark", [b"", BOM], ids=["plain", "byte-order-mark"])
def test_an_okr_file_is_the_same_version_whatever_ends_its_lines(project: Path, mark: bytes) -> None:
    before = load_project(project).okr_texts
    end_lines_as_windows_does(project, mark)

    assert load_project(project).okr_texts == before


@pytest.mark.parametrize("mark", [b"", pytest.param(BOM, marks=pytest.mark.long)], ids=["plain", "byte-order-mark"])
def test_a_sync_after_the_line_ends_changed_sees_no_changed_goal_and_no_new_value(
    okrsync: Run, project: Path, mark: bytes
) -> None:
    before = okrsync("changes", "--format", "json").json
    end_lines_as_windows_does(project, mark)

    pulled = okrsync("metric", "pull", "--format", "json").json
    assert okrsync("sync", "--quiet").code == 0

    assert okrsync("changes", "--format", "json").json == before
    assert {entry["added"] for entry in pulled["metrics"]} == {0}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("okrsync.yaml", "timezone: ", "timezone: Atlantis/"),
        ("okrsync.yaml", "sources:", "sourcs:"),
        ("okrs.yaml", "direction: increase", "direction: upwards"),
        ("okrs.yaml", "cycles:", "cycles: ["),
        ("okrs.yaml", "title: ", "title: \x07"),
        ("ledger/links.jsonl", '"action"', '"acton"'),
        ("ledger/check_ins.jsonl", "}\n", "\n"),
    ],
)
def test_a_mistake_is_at_the_same_line_and_column(okrsync: Run, project: Path, file: str, old: str, new: str) -> None:
    path = project / file
    text = path.read_text("utf-8")
    assert old in text
    head, _, tail = text.rpartition(old)
    path.write_text(head + new + tail, encoding="utf-8", newline="\n")
    before = okrsync("validate").err
    end_lines_as_windows_does(project)

    assert f"okrsync: {file}:" in before
    assert okrsync("validate").err == before


def test_a_wrong_cell_of_a_metric_is_at_the_same_line_and_column(okrsync: Run, project: Path) -> None:
    metric = sorted((project / "metrics").glob("*.csv"))[0]
    lines = metric.read_text("utf-8").splitlines()
    lines[5] = lines[5].rpartition(",")[0] + ",many"
    metric.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    before = okrsync("validate").err
    end_lines_as_windows_does(project)

    assert f"{metric.name}:6:" in before
    assert okrsync("validate").err == before


def test_an_ignore_with_its_reason_counts_in_a_file_with_the_line_ends_of_windows(okrsync: Run, project: Path) -> None:
    found = [entry for entry in okrsync("lint", "--format", "json").json["findings"] if entry["file"] == "okrs.yaml"]
    okrs = project / "okrs.yaml"
    lines = okrs.read_text("utf-8").splitlines()
    lines.insert(found[0]["line"] - 1, f"# okrsync: ignore {found[0]['code']} because it is meant so")
    okrs.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    before = okrsync("lint", "--format", "json").json
    end_lines_as_windows_does(project)

    assert before["ignored"]
    assert okrsync("lint", "--format", "json").json == before


def test_a_ledger_with_the_line_ends_of_windows_is_appended_to_and_readable(okrsync: Run, project: Path) -> None:
    end_lines_as_windows_does(project)
    before = {path: path.read_bytes() for path in (project / "ledger").glob("*.jsonl")}

    assert okrsync("link", "PAY-171", "KR4.1", "--reason", "asked for").code == 0
    assert okrsync("checkin", "KR3.2", "4.2", "--note", "quiet").code == 0

    ledger, problems = read_ledger(project / "ledger")
    assert problems == []
    assert ledger.links[-1].reason == "asked for"
    assert ledger.check_ins[-1].note == "quiet"
    for path, content in before.items():
        assert path.read_bytes().startswith(content)
    assert okrsync("validate").code == 0


@pytest.mark.parametrize("ending", ["\r\n", pytest.param("\n", marks=pytest.mark.long)], ids=["windows", "unix"])
@pytest.mark.usefixtures("project")
def test_a_list_of_links_is_read_with_either_line_end(okrsync: Run, project: Path, ending: str) -> None:
    rows = ["key,key_result,reason", 'PAY-171,KR4.1,"two', 'lines"', "PAY-172,KR4.1,"]
    (project / "links.csv").write_text(ending.join(rows) + ending, encoding="utf-8", newline="")

    found = okrsync("link", "--from", "links.csv", "--dry-run", "--format", "json")

    assert found.code == 0, found.err
    assert [entry["key"] for entry in found.json["links"]] == ["PAY-171", "PAY-172"]


@pytest.mark.parametrize("suffix", [".csv", ".md"])
def test_a_sheet_with_the_line_ends_of_windows_makes_the_same_file(
    okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    made = []
    for ending in ("\n", "\r\n"):
        folder = tmp_path / ending.encode().hex()
        folder.mkdir()
        monkeypatch.chdir(folder)
        sheet = Path(f"sheet{suffix}")
        text = (
            SHEET
            if suffix == ".csv"
            else (
                "| Objective | Key result | Baseline | Target |\n|---|---|---|---|\n"
                "| Value | From 41 % to 52 % | 41 | 52 |\n"
            )
        )
        sheet.write_text(text, encoding="utf-8", newline=ending)
        told = okrsync("import", "--cycle", "2026Q4", "--apply", sheet)
        made.append((told.out, told.err, Path("okrs.yaml").read_bytes() if Path("okrs.yaml").exists() else b""))

    assert made[0] == made[1]
    assert b"52" in made[0][2]


@pytest.mark.usefixtures("windows_text_mode")
def test_an_import_keeps_the_line_ends_of_an_okr_file_on_windows(
    okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert okrsync("init", tmp_path / "started").code == 0
    monkeypatch.chdir(tmp_path / "started")
    end_lines_as_windows_does(Path())
    before = Path("okrs.yaml").read_bytes()
    Path("sheet.csv").write_bytes(SHEET.encode())

    told = okrsync("import", "sheet.csv", "--apply")

    after = Path("okrs.yaml").read_bytes()
    assert told.code == 0, told.err
    assert after != before
    assert b"\r\r\n" not in after
    assert after.count(b"\n") == after.count(b"\r\n")


@pytest.mark.usefixtures("windows_text_mode")
@pytest.mark.long
def test_what_okrsync_writes_on_windows_is_what_it_writes_elsewhere(
    okrsync: Run, tmp_path: Path, project: Path
) -> None:
    assert okrsync("init", "--for", "jira", tmp_path / "started").code == 0
    assert okrsync("outcomes", "--cycle", "2026Q3", "--format", "json", "--out", "out.json").code == 0
    assert okrsync("cycle", "close", "2026Q3", "--out", "next.yaml").code == 0
    assert okrsync("export", "--format", "csv", "--out", "tables").code == 0
    assert okrsync("site", "pages").code in {0, 5}
    assert okrsync("link", "PAY-171", "KR4.1", "--reason", "asked for").code == 0

    started = starter_folder() / "okrsync.jira.yaml"
    assert (tmp_path / "started" / "okrsync.yaml").read_bytes() == started.read_bytes().replace(b"\r\n", b"\n")
    files = [
        project / "out.json",
        project / "next.yaml",
        *(project / "tables").iterdir(),
        *(project / "pages").iterdir(),
        *(project / "ledger").glob("*.jsonl"),
    ]
    assert len(files) > 15
    assert [path.name for path in files if b"\r" in path.read_bytes()] == []


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("converting", one_in(3, ["true", "input", "false"]))
def test_a_ledger_in_a_git_checkout_that_converts_line_ends_grows_by_one_line(
    okrsync: Run, project: Path, tmp_path: Path, converting: str
) -> None:
    def git(folder: Path, *arguments: str) -> str:
        names = ("-c", "user.name=n", "-c", "user.email=n@example.com", "-c", f"core.autocrlf={converting}")
        done = subprocess.run(
            [str(shutil.which("git")), *names, *arguments],
            cwd=folder,
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
        return done.stdout

    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "okrsync.yaml", "okrs.yaml", "ledger", "metrics")
    git(project, "commit", "--quiet", "-m", "as it was")
    checkout = tmp_path / "checkout"
    git(tmp_path, "clone", "--quiet", str(project), "checkout")
    shutil.copy(project / "okrsync.db", checkout)
    is_converted = b"\r\n" in (checkout / "ledger" / "links.jsonl").read_bytes()
    git(checkout, "config", "core.autocrlf", converting)

    found = okrsync("link", "PAY-171", "KR4.1", "--reason", "asked for", "--config", checkout / "okrsync.yaml")

    assert found.code == 0, found.err
    assert is_converted == (converting == "true")
    git(checkout, "add", "ledger")
    assert git(checkout, "diff", "--cached", "--numstat").split() == ["1", "0", "ledger/links.jsonl"]
    blob = git(checkout, "show", ":ledger/links.jsonl")
    assert "\r" not in blob
    assert all(json.loads(line) for line in blob.splitlines())
