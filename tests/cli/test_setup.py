from __future__ import annotations

from pathlib import Path

import pytest

from support.running import Run


@pytest.mark.parametrize("tracker", ["github", "jira", "both"])
def test_what_init_writes_is_valid(okrsync: Run, tmp_path: Path, tracker: str) -> None:
    assert okrsync("init", "--for", tracker, tmp_path / "new").code == 0
    ran = okrsync("validate", "--config", tmp_path / "new" / "okrsync.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert "fine" in ran.out


def test_init_writes_here_by_default_and_lists_what_it_wrote(
    okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = okrsync("init", "--format", "json")
    assert sorted(ran.json["written"]) == [
        ".gitignore",
        "ledger/.gitattributes",
        "ledger/README.md",
        "metrics/activation.csv",
        "okrs.yaml",
        "okrsync.yaml",
    ]
    assert all((tmp_path / name).is_file() for name in ran.json["written"])


def test_init_never_overwrites_and_then_writes_nothing(okrsync: Run, tmp_path: Path) -> None:
    (tmp_path / "okrs.yaml").write_text("mine", encoding="utf-8")
    ran = okrsync("init", tmp_path)
    assert ran.code == 2
    assert "nothing was written" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["okrs.yaml"]
    assert (tmp_path / "okrs.yaml").read_text(encoding="utf-8") == "mine"


def test_a_missing_file_says_how_to_make_one(okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("validate", "sync", "status", "outcomes"):
        ran = okrsync(command)
        assert ran.code == 2
        assert "okrsync.yaml: no such file; run `okrsync init`" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_validate_names_every_problem_of_every_file_at_once(okrsync: Run, project: Path) -> None:
    settings = project / "okrsync.yaml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("timezone: Europe/Berlin", "timezone: Europe/Berln\nstroe: x"),
        encoding="utf-8",
    )
    okrs = project / "okrs.yaml"
    okrs.write_text(
        okrs.read_text(encoding="utf-8").replace("direction: decrease", "direction: sideways", 1), encoding="utf-8"
    )
    with (project / "ledger" / "links.jsonl").open("a", encoding="utf-8") as ledger:
        ledger.write("{broken\n")
    ran = okrsync("validate", "--format", "json")
    assert ran.code == 2
    assert ran.json["ok"] is False
    files = {problem["file"] for problem in ran.json["problems"]}
    assert files == {"okrsync.yaml", "okrs.yaml", "ledger/links.jsonl"}
    text = okrsync("validate").err
    assert 'did you mean "store"?' in text
    assert "write one of 'increase', 'decrease' or 'maintain'" in text
    for line in text.splitlines():
        assert line.startswith("okrsync: ")
        assert ";" in line


def test_problems_in_the_files_stop_a_sync_before_anything_is_written(okrsync: Run, project: Path) -> None:
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    reports = {path.name: path.read_bytes() for path in (project / "reports").iterdir()}
    (project / "okrs.yaml").write_text("version: 1\nobjectives: 5\n", encoding="utf-8")
    ran = okrsync("sync", "--format", "json")
    assert ran.code == 2
    assert ran.json["error"]["kind"] == "ConfigError"
    assert not list(project.glob("okrsync.db*"))
    assert {path.name: path.read_bytes() for path in (project / "reports").iterdir()} == reports


def test_validate_takes_a_folder(okrsync: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert okrsync("validate", project).code == 0
    assert okrsync("validate", project / "okrsync.yaml", "--format", "json").json["ok"] is True


def test_validate_names_rules_and_aliases_that_lead_nowhere(okrsync: Run, project: Path) -> None:
    assert "no key result" not in okrsync("validate").err
    path = project / "okrsync.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('{"area/checkout": KR2.1}', '{"area/checkout": KR88}'),
        encoding="utf-8",
    )
    ran = okrsync("validate")
    assert ran.code == 0
    assert 'names "KR88", which is no key result' in ran.err
