"""Where reports go and in which form: files, folders, the step summary; short, without titles, by a schema."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa

from okrsync.answers.kinds import KINDS
from okrsync.cli.schemas import report_schemas
from okrsync.model.expectations import RecordedExpectation
from okrsync.model.work import Item, Iteration, IterationRecord
from okrsync.store.item_reader import ItemReader
from okrsync.store.snapshot import Snapshot
from support.running import Run

COMMANDS = {
    "outcomes": ["outcomes"],
    "plan": ["plan", "--sprint", "1132"],
    "audit": ["audit", "--cycle", "2026Q3"],
    "retro": ["retro", "--sprint", "1131"],
    "check": ["check", "KR1.1"],
    "why": ["why", "GRO-84"],
    "hypotheses": ["hypothesis", "list"],
    "metrics": ["metric", "list"],
    "metric": ["metric", "show", "activation"],
}
SHORT_AS_THEY_ARE = {"retro", "check", "why", "hypotheses", "metrics", "metric"}
FORMS = ("text", "json", "markdown", "html")
PLANTED = "zyzzyva"


@pytest.mark.parametrize("kind", KINDS)
def test_each_reports_json_is_what_its_schema_says(untouched: Run, kind: str) -> None:
    schema = report_schemas()[f"report-{kind}.schema.json"]
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    document = untouched(*COMMANDS.get(kind, [kind]), "--format", "json").json
    assert [error.message for error in validator.iter_errors(document)] == []
    assert list(validator.iter_errors({**document, "more": 1})), "a schema that takes everything says nothing"
    assert list(validator.iter_errors({name: value for name, value in document.items() if name != "kind"}))


def test_an_empty_store_gives_json_by_the_schema_too(okrsync: Run, project: Path) -> None:
    for leftover in project.glob("okrsync.db*"):
        leftover.unlink()
    for kind, command in (("outcomes", ["outcomes"]), ("plan", ["plan"]), ("audit", COMMANDS["audit"])):
        document = okrsync(*command, "--format", "json").json
        jsonschema.validate(document, report_schemas()[f"report-{kind}.schema.json"])


@pytest.mark.parametrize("form", FORMS)
def test_a_file_holds_what_would_have_been_printed(okrsync: Run, untouched: Run, project: Path, form: str) -> None:
    printed = untouched("retro", "--sprint", "1131", "--format", form)
    written = okrsync("retro", "--sprint", "1131", "--format", form, "--out", "new/folder/retro")

    assert (written.code, written.out) == (printed.code, "")
    assert (project / "new" / "folder" / "retro").read_text(encoding="utf-8") == printed.out


def test_what_cannot_be_written_is_told_and_nothing_is_lost(okrsync: Run, project: Path) -> None:
    (project / "there").mkdir()
    before = (project / "okrs.yaml").read_bytes()

    for target in ("there", "okrs.yaml/report.html"):
        ran = okrsync("outcomes", "--format", "html", "--out", target)
        assert ran.code == 1
        assert f"{target}: cannot be written" in ran.err
    assert (project / "okrs.yaml").read_bytes() == before
    assert not list((project / "there").iterdir())


def test_csv_needs_a_folder(untouched: Run) -> None:
    without = untouched("outcomes", "--format", "csv")
    assert (without.code, "name a folder for them with --out" in without.err) == (2, True)

    a_file = untouched("outcomes", "--format", "csv", "--out", "okrs.yaml")
    assert (a_file.code, "csv needs a folder" in a_file.err) == (2, True)


def test_tables_of_an_earlier_run_do_not_pass_for_those_of_this_one(okrsync: Run, project: Path) -> None:
    folder = project / "csv"
    okrsync("outcomes", "--format", "csv", "--out", "csv")
    okrsync("audit", "--format", "csv", "--out", "csv")
    assert (folder / "outcomes-matured.csv").is_file()

    okrsync("outcomes", "--format", "csv", "--out", "csv", "--as-of", "2026-07-02")

    assert not (folder / "outcomes-matured.csv").exists()
    assert (folder / "audit-work.csv").is_file(), "another report's"


@pytest.mark.long
def test_a_summary_is_appended_to_what_stands_there(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = project / "summary.md"
    target.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(target))

    ran = okrsync("outcomes", "--summary")

    assert (ran.code, "Outcomes · 2026Q4" in ran.out) == (0, True)
    told = target.read_text(encoding="utf-8")
    assert told.startswith("before\n")
    assert "KR1.1" in told
    assert told[len("before\n") :] in okrsync("outcomes", "--format", "markdown").out


def test_a_summary_that_github_would_not_show_is_left_out_and_what_was_there_stays(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = project / "summary.md"
    target.write_bytes(b"x" * (1024 * 1024 - 10))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(target))

    ran = okrsync("outcomes", "--summary")

    assert (ran.code, "no room for the report" in ran.err) == (0, True)
    assert target.stat().st_size == 1024 * 1024 - 10


def test_without_a_place_for_summaries_the_report_is_printed_all_the_same(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    ran = okrsync("outcomes", "--summary")
    assert (ran.code, "GITHUB_STEP_SUMMARY is not set" in ran.err) == (0, True)

    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project))
    unwritable = okrsync("outcomes", "--summary")
    assert (unwritable.code, "cannot be written" in unwritable.err) == (1, True)


@pytest.mark.parametrize("kind", COMMANDS)
def test_the_form_for_executives_is_short_and_has_the_same_headline(untouched: Run, kind: str) -> None:
    whole = untouched(*COMMANDS[kind]).out.splitlines()
    brief = untouched(*COMMANDS[kind], "--audience", "exec").out.splitlines()

    assert len(brief) <= 100
    assert len(brief) < len(whole) or kind in SHORT_AS_THEY_ARE
    assert brief[4] == whole[4], "the headline"


@pytest.fixture
def planted(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, with a word in everything that trackers call things and in every reason that an item states."""
    read, iterations, expectations = ItemReader.item, Snapshot.iterations, Snapshot.expectations

    def retitled(self: ItemReader, row: sa.Row[Any]) -> Item:
        item = read(self, row)
        named = tuple(Iteration(entry.id, f"{PLANTED} {entry.name}") for entry in item.iterations)
        return dataclasses.replace(item, title=f"{PLANTED} {item.title}", iterations=named)

    def renamed(self: Snapshot, source: str) -> list[IterationRecord]:
        return [dataclasses.replace(entry, name=f"{PLANTED} {entry.name}") for entry in iterations(self, source)]

    def reasoned(self: Snapshot) -> list[RecordedExpectation]:
        return [dataclasses.replace(entry, because=PLANTED) for entry in expectations(self)]

    monkeypatch.setattr(ItemReader, "item", retitled)
    monkeypatch.setattr(Snapshot, "iterations", renamed)
    monkeypatch.setattr(Snapshot, "expectations", reasoned)
    return project


@pytest.mark.long
@pytest.mark.parametrize("kind", [kind for kind in COMMANDS if kind not in {"hypotheses", "metrics", "metric"}])
def test_without_titles_no_form_holds_a_word_of_a_tracker(okrsync: Run, planted: Path, kind: str) -> None:
    assert PLANTED in okrsync(*COMMANDS[kind], "--format", "json").out, "it is there where nobody hides it"

    for form in FORMS:
        ran = okrsync(*COMMANDS[kind], "--redact", "titles", "--format", form)
        assert ran.code == 0, ran.err
        assert PLANTED not in (ran.out + ran.err).casefold(), form
    okrsync(*COMMANDS[kind], "--redact", "titles", "--format", "csv", "--out", "csv")
    assert not [path.name for path in (planted / "csv").iterdir() if PLANTED in path.read_text(encoding="utf-8")]


def test_without_titles_the_figures_are_the_same(untouched: Run) -> None:
    def figures(*more: str) -> Any:
        document = untouched("plan", "--sprint", "PAY Sprint 32", "--format", "json", *more).json
        return document["coverage"], [entry["planned"] for entry in document["key_results"]], len(document["earlier"])

    assert figures("--redact", "titles") == figures(), "and the sprint is still found by its name"


def test_a_lone_surrogate_in_a_ledger_breaks_no_report(okrsync: Run, project: Path) -> None:
    path = project / "ledger" / "decisions.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[0])
    lines[0] = json.dumps({**record, "because": "half a sign \ud83c"})
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    for form in FORMS:
        ran = okrsync("audit", "--cycle", "2026Q3", "--format", form, "--out", f"out.{form}")
        assert ran.code in {0, 2}, ran.err
        assert "bug in okrsync" not in ran.err


@pytest.mark.long
def test_a_sprint_number_that_two_sources_share_can_be_told_apart(okrsync: Run, project: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{project}/okrsync.db")
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into iteration (source, external_id, name, state, start_ms, end_ms, completed_ms) "
                "select 'web', external_id, 'Web sprint', state, start_ms, end_ms, completed_ms "
                "from iteration where source = 'product' and external_id = '1131'"
            )
        )
    engine.dispose()

    ambiguous = okrsync("retro", "--sprint", "1131")
    assert (ambiguous.code, "--sprint product:1131" in ambiguous.err) == (2, True)
    exact = okrsync("retro", "--sprint", "product:1131")
    assert (exact.code, "PAY Sprint 31" in exact.out) == (0, True)
    assert okrsync("site", "out").code == 0
