"""``okrsync import``: a sheet becomes an OKR file, and an OKR file follows its sheet."""

from __future__ import annotations

import difflib
import re
import shlex
from pathlib import Path

import pytest

from okrsync.config.project import load_project
from support.running import Run

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
SHEET = """\
Objective;Key result;Metric;Baseline;Target;Due
New accounts see the value in week one;Activation of new accounts from 41 % to 52 %;Activation;41;52;
;Fewer accounts leave in month one;;;;
"""


@pytest.fixture
def started(okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The starter's files as the working directory, with a sheet beside them."""
    folder = tmp_path / "started"
    assert okrsync("init", folder).code == 0
    monkeypatch.chdir(folder)
    Path("okrs.csv").write_text(SHEET, encoding="utf-8")
    return folder


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:2] not in {"--", "++", "@@"}]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_documented_example_is_what_the_command_does(
    okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (first, later), (preview, diff), (made,) = blocks("csv"), blocks("text"), blocks("yaml")
    (command,) = [shlex.split(line)[1:] for line in blocks("sh")[0].splitlines()]
    sheet, okrs = Path("okrs.csv"), Path("okrs.yaml")
    sheet.write_text(first, encoding="utf-8")
    assert okrsync(*command).out == preview
    assert not okrs.exists()
    assert okrsync(*command, "--apply").code == 0
    assert okrs.read_text(encoding="utf-8") == made
    again = okrsync(*command, "--apply").out
    assert again.endswith("no change: okrs.yaml holds all of it already\n")
    assert okrs.read_text(encoding="utf-8") == made
    sheet.write_text(later, encoding="utf-8")
    assert okrsync(*command).out == diff


def test_a_preview_writes_nothing_and_apply_changes_only_what_the_sheet_says(okrsync: Run, started: Path) -> None:
    okrs = started / "okrs.yaml"
    before = okrs.read_text(encoding="utf-8")
    ran = okrsync("import", "okrs.csv")
    assert (ran.code, ran.err) == (0, "")
    assert "target: 49 -> 52  (the goal changes)" in ran.out
    assert okrs.read_text(encoding="utf-8") == before
    assert sorted(path.name for path in started.iterdir()) == sorted(
        [".gitignore", "ledger", "metrics", "okrs.csv", "okrs.yaml", "okrsync.yaml"]
    )
    assert okrsync("import", "okrs.csv", "--apply").out.endswith("wrote okrs.yaml; next: okrsync validate\n")
    assert changed_lines(before, okrs.read_text(encoding="utf-8")) == [
        '-        title: "Activation of new accounts from 41 % to 49 %"',
        '+        title: "Activation of new accounts from 41 % to 52 %"',
        "-        target: {value: 49, date: 2026-12-31}",
        "+        target: {value: 52, date: 2026-12-31}",
    ]
    assert okrsync("validate").code == 0
    assert "key results: 0 new, 0 changed, 2 unchanged, 0 not in the sheet" in okrsync("import", "okrs.csv").out


def test_new_rows_get_the_next_free_ids_and_gone_rows_stay(okrsync: Run, started: Path) -> None:
    Path("okrs.csv").write_text(
        "Objective,Key result,Baseline,Target,Quarter,ID\n"
        "New accounts see the value in week one,Brand new,1,2,2026Q4,\n"
        ",Named,5,3,,KR1.7\n"
        ",After the named,,,,\n"
        "Another objective,First,,,,\n"
        "Next quarter,Later,,,Q1 2027,\n",
        encoding="utf-8",
    )
    ran = okrsync("import", "okrs.csv", "--apply", "--format", "json").json
    found = {change["title"]: change["id"] for change in ran["changes"] if change["kind"] == "key_result"}
    assert found == {
        "Brand new": "2026Q4/KR1.8",
        "Named": "2026Q4/KR1.7",
        "After the named": "2026Q4/KR1.9",
        "First": "2026Q4/KR2.1",
        "Later": "2027Q1/KR1.1",
    }
    assert [left["id"] for left in ran["left"]] == ["2026Q4/KR1.1", "2026Q4/KR1.2"]
    okrs = load_project(started / "okrsync.yaml").okrs
    states = {entry.qualified_id: (entry.state, entry.direction.value) for entry in okrs.key_results}
    assert states["2026Q4/KR1.7"] == ("active", "decrease")
    assert states["2026Q4/KR2.1"] == ("draft", "increase")
    assert len(okrs.key_results) == 7
    assert okrs.cycle("2027Q1").start.isoformat() == "2027-01-01"


def test_a_draft_that_the_sheet_completes_becomes_active(okrsync: Run, started: Path) -> None:
    Path("okrs.csv").write_text(
        SHEET.replace("month one;;;;", "month one;Leavers;8 %;5 %;2026-11-30"), encoding="utf-8"
    )
    ran = okrsync("import", "okrs.csv", "--apply")
    assert "state: draft -> active" in ran.out
    okrs = load_project(started / "okrsync.yaml").okrs
    (entry,) = [entry for entry in okrs.key_results if entry.id == "KR1.2"]
    assert (entry.state, entry.metric, entry.direction.value) == ("active", "leavers", "decrease")
    assert entry.target is not None
    assert entry.target.date.isoformat() == "2026-11-30"
    assert okrs.metrics_by_id["leavers"].unit == "%"
    assert "state: active                                     # metric, baseline" in (started / "okrs.yaml").read_text(
        encoding="utf-8"
    )


def test_an_objective_that_is_worded_anew_is_known_by_its_key_results(okrsync: Run, started: Path) -> None:
    Path("okrs.csv").write_text(
        SHEET.replace("New accounts see the value in week one", "Newcomers see the value"), encoding="utf-8"
    )
    ran = okrsync("import", "okrs.csv")
    assert "~ objective 2026Q4/O1" in ran.out
    assert "title: New accounts see the value in week one -> Newcomers see the value" in ran.out
    assert "0 new, 1 changed" in ran.out


def test_a_project_that_would_not_be_valid_is_told_and_the_file_stays(okrsync: Run, started: Path) -> None:
    before = (started / "okrs.yaml").read_bytes()
    Path("okrs.csv").write_text(SHEET.replace(";52;", ";152;"), encoding="utf-8")
    for options in ((), ("--apply",)):
        ran = okrsync("import", "okrs.csv", *options)
        assert ran.code == 2
        assert "target: 49 -> 152" in ran.out
        assert re.search(
            r"^okrsync: okrs.yaml \(as it would be\):\d+:\d+: target 152 lies outside the bounds", ran.err, re.MULTILINE
        )
        assert ran.err.endswith("okrsync: nothing was written\n")
        assert (started / "okrs.yaml").read_bytes() == before
    document = okrsync("import", "okrs.csv", "--apply", "--format", "json").json
    assert (document["ok"], document["written"], len(document["problems"])) == (False, False, 1)


def test_rows_that_contradict_the_file_are_named_by_their_line(okrsync: Run, started: Path) -> None:
    Path("okrs.csv").write_text(
        "Objective,Key result,ID,Baseline,Target,Due,Quarter,Metric,Unit,Direction\n"
        "New accounts see the value in week one,,KR1.1,,40,,,,,\n"
        "Other,Moved,KR1.2,,,,,,,\n"
        "Third,Where,,1,2,,Sprint 7,,,\n",
        encoding="utf-8",
    )
    assert okrsync("import", "okrs.csv").err.startswith('okrsync: okrs.csv:4:1: cycle "Sprint 7" does not exist; write')
    text = Path("okrs.csv").read_text(encoding="utf-8").replace("Sprint 7", "")
    Path("okrs.csv").write_text(text, encoding="utf-8")
    assert 'okrs.csv:3:1: key result "KR1.2" stands under objective O1' in okrsync("import", "okrs.csv").err
    Path("okrs.csv").write_text(
        text.replace("Moved,KR1.2,", "Moved,,")
        + ",Kept,,1,2,,,,,maintain\n,Net 1,,1,2,,,Net €,,\n,Net 2,,1,2,,,Net $,,\n",
        encoding="utf-8",
    )
    told = okrsync("import", "okrs.csv", "--apply").err
    assert "okrs.csv:2:1: to increase from 41 to 40 contradicts itself; mend the target" in told
    assert "okrs.csv:5:1: to maintain needs a band" in told
    assert 'okrs.csv:7:1: the metrics "Net €" and "Net $" would both be called net' in told


def test_a_sheet_that_names_no_cycle_needs_one_where_the_project_has_several(okrsync: Run, started: Path) -> None:
    okrs = started / "okrs.yaml"
    okrs.write_text(
        okrs.read_text(encoding="utf-8").replace(
            "metrics:", "  - {id: 2027Q1, start: 2027-01-01, end: 2027-03-31}\nmetrics:", 1
        ),
        encoding="utf-8",
    )
    assert "no cycle stands here; add a column `cycle`, or name one with --cycle" in okrsync("import", "okrs.csv").err
    assert "1 changed" in okrsync("import", "okrs.csv", "--cycle", "Q4 2026").out


def test_of_several_okr_files_one_is_named_and_the_others_count(okrsync: Run, started: Path) -> None:
    settings = started / "okrsync.yaml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("okrs: okrs.yaml", "okrs: [okrs.yaml, 'teams/*.yaml']"),
        encoding="utf-8",
    )
    new = "Objective,Key result,Metric,Baseline,Target\nOf a team,Theirs,activation,1,2\n"
    Path("okrs.csv").write_text(new, encoding="utf-8")
    made = okrsync("import", "okrs.csv", "--to", "teams/web.yaml", "--apply")
    assert (made.code, made.err) == (0, "")
    assert "cycles:" not in Path("teams/web.yaml").read_text(encoding="utf-8")
    assert "metrics:" not in Path("teams/web.yaml").read_text(encoding="utf-8")
    several = okrsync("import", "okrs.csv")
    assert (several.code, "name one with --to: okrs.yaml, teams/web.yaml" in several.err) == (2, True)
    wrong = okrsync("import", "okrs.csv", "--to", "okrs.yaml")
    assert "no change" in wrong.out
    Path("okrs.csv").write_text(new.replace(",2\n", ",3\n"), encoding="utf-8")
    wrong = okrsync("import", "okrs.csv", "--to", "okrs.yaml")
    assert "stands in teams/web.yaml; import it with --to teams/web.yaml" in wrong.err
    stray = okrsync("import", "okrs.csv", "--to", "else.yaml")
    assert stray.code == 2


def test_a_file_that_the_project_does_not_read_is_refused(okrsync: Run, started: Path) -> None:
    Path("okrs.csv").write_text("Objective,Key result\nO,K\n", encoding="utf-8")
    ran = okrsync("import", "okrs.csv", "--to", "else.yaml", "--apply")
    assert "okrsync.yaml: does not name else.yaml under okrs; add else.yaml to okrs: there" in ran.err
    assert ran.code == 2
    assert not Path("else.yaml").exists()


def test_an_okr_file_that_is_wrong_already_has_to_be_mended_first(okrsync: Run, started: Path) -> None:
    okrs = started / "okrs.yaml"
    okrs.write_text(okrs.read_text(encoding="utf-8").replace("kind: leading", "kind: sideways"), encoding="utf-8")
    before = okrs.read_bytes()
    ran = okrsync("import", "okrs.csv", "--apply", "--format", "json")
    assert ran.code == 2
    assert ran.json["error"]["problems"][0]["file"] == "okrs.yaml"
    assert okrs.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_told(okrsync: Run, started: Path) -> None:
    (started / "okrs.yaml").unlink()
    Path("blocked").write_text("a file", encoding="utf-8")
    settings = started / "okrsync.yaml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("okrs: okrs.yaml", "okrs: blocked/okrs.yaml"), encoding="utf-8"
    )
    ran = okrsync("import", "okrs.csv", "--to", "blocked/okrs.yaml", "--cycle", "2026Q4", "--apply")
    assert ran.code == 1
    assert "blocked/okrs.yaml: cannot be written" in ran.err


def test_current_values_are_handed_to_checkin(okrsync: Run, project: Path) -> None:
    before = (project / "okrs.yaml").read_bytes()
    first = load_project(project / "okrsync.yaml").okrs.objectives[-1]
    entry = first.key_results[0]
    header = "| Objective | KR | ID | Current | Confidence |\n|---|---|---|---|---|\n"
    Path("s.md").write_text(f"{header}| {first.title} | {entry.title} | {entry.id} | 1.5 | 60 % |\n", encoding="utf-8")
    ran = okrsync("import", "s.md", "--cycle", entry.cycle, "--apply")
    assert "no change" in ran.out
    (command,) = re.findall(r"^  okrsync (checkin .*)$", ran.out, re.MULTILINE)
    assert okrsync(*shlex.split(command), "--by", "role:pm").code == 0
    assert (project / "okrs.yaml").read_bytes() == before


def test_hostile_text_reaches_neither_the_terminal_nor_another_key(okrsync: Run, started: Path) -> None:
    Path("okrs.csv").write_text(
        'Objective,Key result,Metric\n"New accounts see the value in week one","x\x1b[2J\ntarget: {value: 1}",'
        '"m: {a}\u202e #"\n',
        encoding="utf-8",
    )
    ran = okrsync("import", "okrs.csv", "--apply")
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    titles = [entry.title for entry in load_project(started / "okrsync.yaml").okrs.key_results]
    assert titles[-1] == "x [2J target: {value: 1}"
