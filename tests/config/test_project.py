"""A project as a whole: all files in one run, plugins, tokens, and files that are no text."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from okrsync.config.project import load_project
from okrsync.errors import ConfigError, Problem
from okrsync.plugins import discovery
from okrsync.plugins.discovery import broken_plugins, load_connector, load_metric_source

Problems = Callable[[], tuple[Problem, ...]]
Spoil = Callable[[str, str, str], None]
TOKEN = "ghp_" + "a1B2" * 9
MODULE = "okrsync_extra_of_a_test"
TOKEN_PROBLEM = (
    "this looks like an access token",
    "revoke it, and write where it comes from instead: token: {env: NAME}",
)


@pytest.fixture
def install(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Installs a plugin: its entry points, and the code of its module ``extra``."""

    # Which plugins there are is kept for a whole process.
    monkeypatch.setattr(discovery, "_installed", discovery._installed.__wrapped__)

    def put(entry_points: str, code: str) -> None:
        folder = tmp_path_factory.mktemp("site")
        metadata = folder / "extra-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: extra\nVersion: 1.0\n", encoding="utf-8")
        (metadata / "entry_points.txt").write_text(entry_points, encoding="utf-8")
        (folder / f"{MODULE}.py").write_text(code, encoding="utf-8")
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, MODULE, raising=False)
        load_connector.cache_clear()
        load_metric_source.cache_clear()

    return put


def test_a_valid_project_loads_with_what_it_says(project: Path) -> None:
    loaded = load_project(Path("okrsync.yaml"))
    assert loaded.folder == project.resolve()
    assert [source.name for source in loaded.sources] == ["web"]
    (key_result,) = loaded.okrs.key_results
    assert key_result.qualified_id == "2026Q4/KR1.1"
    assert key_result.target is not None
    assert (key_result.target.value, key_result.target.date) == (55, date(2026, 12, 31))
    assert loaded.okr_texts == {"okrs.yaml": (project / "okrs.yaml").read_text(encoding="utf-8")}
    assert loaded.store_url == f"sqlite:///{project.resolve()}/okrsync.db"
    assert loaded.ledger_folder == project.resolve() / "ledger"
    assert loaded.work_mapping("WEB").dropped == ("duplicate",)
    assert loaded.work_mapping("web").count_items
    assert not loaded.work_mapping("other").count_items


def test_a_draft_needs_neither_metric_nor_baseline_nor_target(spoil: Spoil, problems: Problems) -> None:
    spoil(
        "okrs.yaml",
        "        metric: activation\n        direction: increase\n        baseline: {value: 41, date: 2026-09-30}\n"
        "        target: {value: 55, date: 2026-12-31}\n",
        "        state: draft\n",
    )
    assert problems() == ()


def test_a_key_result_to_maintain_may_have_a_target_equal_to_its_baseline(spoil: Spoil, problems: Problems) -> None:
    spoil("okrs.yaml", "direction: increase", "direction: maintain\n        band: [40, 60]")
    spoil("okrs.yaml", "value: 55", "value: 41")
    assert problems() == ()


def test_the_same_key_result_id_may_stand_in_two_cycles(project: Path, problems: Problems) -> None:
    text = (project / "okrs.yaml").read_text(encoding="utf-8")
    objective = text[text.index("  - id: O1") :].replace("cycle: 2026Q4", "cycle: 2027Q1")
    text = text.replace("end: 2026-12-31}]", "end: 2026-12-31}, {id: 2027Q1, start: 2027-01-01, end: 2027-03-31}]")
    (project / "okrs.yaml").write_text(text + objective, encoding="utf-8")
    assert problems() == ()


def test_every_problem_of_every_file_comes_in_one_run_in_file_order(
    project: Path, spoil: Spoil, problems: Problems
) -> None:
    (project / "okrs").mkdir()
    (project / "okrs.yaml").rename(project / "okrs" / "a.yaml")
    (project / "okrs" / "b.yaml").write_text(
        "version: 1\ncycles: [{id: 2026Q4, start: 2026-13-45, end: 2026-12-31}]\nmetricks: []\n", encoding="utf-8"
    )
    (project / "okrs" / "c.yaml").write_text("version: 1\nvalues: [\n", encoding="utf-8")
    (project / "ledger").mkdir()
    (project / "ledger" / "links.jsonl").write_text('{"id": "l1"}\n<<<<<<< ours\n', encoding="utf-8")
    (project / "ledger" / "check_ins.jsonl").write_text("[]\n", encoding="utf-8")
    spoil("okrsync.yaml", "Europe/Berlin", "Europe/Berln\nokrs: okrs/*.yaml\nstroe: x")
    spoil("okrsync.yaml", "[acme/web]", "[web]")
    spoil("okrsync.yaml", "    web: {dropped", "    wbe: {dropped")
    spoil("okrs/a.yaml", "metric: activation", "metric: activatoin")
    spoil("okrs/a.yaml", "kind: leading", "kind: 5")
    found = problems()
    assert [(problem.file, problem.line, problem.column) for problem in found] == [
        ("ledger/check_ins.jsonl", 1, 1),
        *[("ledger/links.jsonl", 1, 1)] * 6,
        ("ledger/links.jsonl", 2, 1),
        ("okrs/a.yaml", 23, 15),
        ("okrs/b.yaml", 2, 15),
        ("okrs/b.yaml", 2, 30),
        ("okrs/b.yaml", 3, 1),
        ("okrs/c.yaml", 3, 1),
        ("okrsync.yaml", 2, 11),
        ("okrsync.yaml", 4, 1),
        ("okrsync.yaml", 10, 20),
        ("okrsync.yaml", 17, 5),
    ]
    assert [problem.message for problem in found if problem.file == "okrs/b.yaml"] == [
        'cycle "2026Q4" is there twice (first at okrs/a.yaml:3)',
        "an impossible date: 2026-13-45 (month must be in 1..12)",
        'unknown key "metricks"',
    ]


def test_a_file_that_cannot_be_read_makes_no_name_dangle_in_the_others(
    project: Path, spoil: Spoil, problems: Problems
) -> None:
    text = (project / "okrs.yaml").read_text(encoding="utf-8")
    place = text.index("objectives:")
    (project / "objectives.yaml").write_text("version: 1\n" + text[place:], encoding="utf-8")
    (project / "okrs.yaml").write_text(text[:place] + "a: [\n", encoding="utf-8")
    spoil("okrsync.yaml", "sources:", "okrs: [okrs.yaml, objectives.yaml]\nsources:")
    assert [(problem.file, problem.line) for problem in problems()] == [("okrs.yaml", 12)]


def test_an_id_in_another_file_is_found_and_one_that_is_in_both_is_refused(
    project: Path, spoil: Spoil, problems: Problems
) -> None:
    text = (project / "okrs.yaml").read_text(encoding="utf-8")
    (project / "second.yaml").write_text("version: 1\n" + text[text.index("objectives:") :], encoding="utf-8")
    spoil("okrsync.yaml", "sources:", "okrs: [okrs.yaml, second.yaml, ./okrs.yaml, '*nd.yaml']\nsources:")
    fix = "give one of them another id"
    assert problems() == (
        Problem("second.yaml", 3, 9, 'objective "2026Q4/O1" is there twice (first at okrs.yaml:12)', fix),
        Problem("second.yaml", 8, 13, 'key result "2026Q4/KR1.1" is there twice (first at okrs.yaml:17)', fix),
    )


def test_an_unknown_connector_hides_nothing_else_of_its_source(spoil: Spoil, problems: Problems) -> None:
    spoil("okrsync.yaml", "connector: github", "connector: gitlab")
    spoil("okrsync.yaml", "name: web", "name: my web")
    assert [(problem.line, problem.column) for problem in problems()][:2] == [(4, 11), (5, 16)]


def test_several_broken_patterns_are_all_named(spoil: Spoil, problems: Problems) -> None:
    spoil("okrsync.yaml", 'label: "kr/*"', 'label: ["re:(", a, "re:a**"], title: "re:[z-a]"')
    assert [(problem.line, problem.column) for problem in problems()] == [(11, 21), (11, 32), (11, 50)]


def test_a_connector_that_does_not_import_is_named_and_the_others_still_work(
    install: Callable[[str, str], None], spoil: Spoil, problems: Problems
) -> None:
    install(
        f"[okrsync.connectors]\nbroken = {MODULE}:Broken\n[okrsync.metrics]\nbrittle = {MODULE}:Brittle\n",
        'raise RuntimeError("no such driver")\n',
    )
    spoil("okrsync.yaml", "work:\n", "  - {name: b, connector: broken, token: {env: T}}\nwork:\n")
    spoil("okrs.yaml", "source: {type: check_in}", "source: {type: brittle}")
    assert problems() == (), "they fail their own source and metric when those are read"
    reason = f"RuntimeError: no such driver; reinstall or remove {MODULE}"
    assert [(error.name, error.reason) for error in broken_plugins()] == [
        ("broken", f"{reason}:Broken"),
        ("brittle", f"{reason}:Brittle"),
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "class Extra:\n    api_version = 2\n    Settings = pages = normalise = None\n",
            "it speaks version 2 of the connector seam, this okrsync 1; install versions that fit together",
        ),
        ("class Extra:\n    api_version = 1\n    pages = None\n", "it is no connector: it has no version, Settings"),
        ("", f"AttributeError: module '{MODULE}' has no attribute 'Extra'; reinstall or remove {MODULE}:Extra"),
    ],
    ids=["a newer version", "no connector", "not in its module"],
)
def test_a_connector_that_does_not_fit_is_named_with_the_reason(
    install: Callable[[str, str], None], spoil: Spoil, problems: Problems, code: str, reason: str
) -> None:
    install(f"[okrsync.connectors]\nextra = {MODULE}:Extra\n", code)
    spoil("okrsync.yaml", "connector: github", "connector: extra")
    assert problems() == ()
    (error,) = broken_plugins()
    assert error.reason.startswith(reason)


def test_what_every_source_needs_is_checked_even_where_its_connector_is_broken(
    install: Callable[[str, str], None], spoil: Spoil, problems: Problems
) -> None:
    install(f"[okrsync.connectors]\nbroken = {MODULE}:Broken\n", "")
    spoil("okrsync.yaml", "work:\n", "  - {name: b, connector: broken}\nwork:\n")
    (problem,) = problems()
    assert problem.message == '"token" is missing'


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "column"),
    [
        ("okrsync.yaml", "{env: OKRSYNC_GITHUB_TOKEN}", TOKEN, 7, 12),
        ("okrsync.yaml", "{env: OKRSYNC_GITHUB_TOKEN}", f'"{TOKEN}"', 7, 12),
        ("okrsync.yaml", "OKRSYNC_GITHUB_TOKEN", TOKEN, 7, 18),
        ("okrsync.yaml", "env: OKRSYNC_GITHUB_TOKEN", f"command: [echo, {TOKEN}]", 7, 29),
        ("okrsync.yaml", "version: 1\n", f"version: 1\n{TOKEN}: x\n", 2, 1),
        ("okrsync.yaml", "timezone: ", f"timezone: # {TOKEN}\n  ", 2, 13),
        ("okrsync.yaml", "Duplicate", TOKEN, 15, 21),
        ("okrsync.yaml", "web: count", f"{TOKEN}: count", 17, 5),
        ("okrs.yaml", "because: ", f"because: &{TOKEN} ", 15, 36),
        ("okrs.yaml", "metrics/activation.csv", TOKEN, 8, 31),
        ("okrs.yaml", "metric: activation", f"metric: {TOKEN}", 19, 17),
        ("okrs.yaml", "target: {value: 55, date: 2026-12-31}", f"target: {TOKEN}", 22, 17),
    ],
)
def test_a_token_is_refused_wherever_it_stands_once_and_never_repeated(
    spoil: Spoil, problems: Problems, file: str, old: str, new: str, line: int, column: int
) -> None:
    spoil(file, old, new)
    found = problems()
    assert Problem(file, line, column, *TOKEN_PROBLEM) in found
    assert len(found) == 1
    assert TOKEN not in "".join(map(repr, found))


@pytest.mark.parametrize(
    "new",
    [
        f"value: !{TOKEN} 41",
        f"value: *{TOKEN}",
        f"value: [ # {TOKEN}",
        f"value: 41 # {TOKEN}\n\x07",
        f"!{TOKEN} value: 41",
    ],
    ids=["a tag", "an alias", "broken YAML", "a control character", "a tag on a key"],
)
def test_a_token_in_a_file_that_is_no_plain_yaml_is_refused_and_never_repeated(
    spoil: Spoil, problems: Problems, new: str
) -> None:
    spoil("okrs.yaml", "value: 41", new)
    found = problems()
    assert [problem.line for problem in found if problem.message == TOKEN_PROBLEM[0]] == [21]
    assert TOKEN not in "".join(map(repr, found))


def test_a_token_in_the_ledger_is_refused_and_never_repeated(project: Path, problems: Problems) -> None:
    (project / "ledger").mkdir()
    lines = f'\n{{"id": "{TOKEN}"}}\n{{"{TOKEN}\n'
    (project / "ledger" / "evidence.jsonl").write_text(lines, encoding="utf-8")
    message, fix = "this looks like an access token", "revoke it and take it out"
    assert problems() == tuple(Problem("ledger/evidence.jsonl", line, 1, message, fix) for line in (2, 3))


def test_what_stands_where_a_token_belongs_is_never_repeated(spoil: Spoil, problems: Problems) -> None:
    for old, new in (("{env: OKRSYNC_GITHUB_TOKEN}", "hunter2!"), ("hunter2!", '{env: "hunter2!"}')):
        spoil("okrsync.yaml", old, new)
        found = problems()
        assert len(found) == 1
        assert "hunter2" not in repr(found)


@pytest.mark.parametrize("file", ["okrsync.yaml", "okrs.yaml"])
@pytest.mark.parametrize(
    ("content", "line", "column", "message", "fix"),
    [
        (b"", 1, 1, "the file is empty", "start it with `version: 1`"),
        (b"# nothing\n", 1, 1, "the file is empty", "start it with `version: 1`"),
        (b"---\n", 1, 1, "the file is empty", "start it with `version: 1`"),
        (b"version: 1\nname: caf\xe9\n", 2, 10, "not UTF-8 text", "save the file as UTF-8"),
        (b"\xef\xbb\xbfname: caf\xe9\n", 1, 13, "not UTF-8 text", "save the file as UTF-8"),
        (b"#" * (1024 * 1024 + 1), 1, 1, "larger than 1024 KiB", "split it into several files"),
        (b"- 1\n", 1, 1, "the file must be a mapping", "write key: value"),
        (b"just text\n", 1, 1, "the file must be a mapping", "write key: value"),
    ],
    ids=["empty", "a comment", "a dash line", "Latin 1", "Latin 1 behind a mark", "too large", "a list", "a text"],
)
def test_a_file_that_is_no_document_is_named(
    project: Path, problems: Problems, file: str, content: bytes, line: int, column: int, message: str, fix: str
) -> None:
    (project / file).write_bytes(content)
    assert Problem(file, line, column, message, fix) in problems()
    assert {problem.file for problem in problems()} == {file}


def test_a_byte_order_mark_is_no_part_of_the_file(project: Path, problems: Problems) -> None:
    for name in ("okrsync.yaml", "okrs.yaml"):
        (project / name).write_bytes(b"\xef\xbb\xbf" + (project / name).read_bytes())
    assert problems() == ()


def test_a_folder_or_nothing_in_the_place_of_a_file_is_named(project: Path, problems: Problems) -> None:
    (project / "okrs.yaml").unlink()
    fix = "write that file, or mend the name"
    assert problems() == (Problem("okrsync.yaml", 1, 1, '"okrs.yaml": no such file', fix),)
    (project / "okrs.yaml").mkdir()
    fix = "check the path and its permissions"
    assert problems() == (Problem("okrs.yaml", 0, 0, "cannot be read: Is a directory", fix),)
    (project / "okrsync.yaml").unlink()
    fix = "run `okrsync init` to make one, or name it with --config"
    assert problems() == (Problem("okrsync.yaml", 0, 0, "no such file", fix),)


def test_a_ledger_that_is_no_folder_is_named(spoil: Spoil, problems: Problems) -> None:
    spoil("okrsync.yaml", "sources:", 'ledger: "a\\0b"\nsources:')
    assert {problem.message for problem in problems()} == {"cannot be read: no path"}
    spoil("okrsync.yaml", '"a\\0b"', "okrs.yaml")
    assert {problem.message for problem in problems()} == {"cannot be read: Not a directory"}


def test_a_file_outside_the_working_directory_is_named_by_its_whole_path(
    project: Path, spoil: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil("okrs.yaml", "kind: leading", "kind: 5")
    (project / "elsewhere").mkdir()
    monkeypatch.chdir(project / "elsewhere")
    with pytest.raises(ConfigError) as refused:
        load_project(project / "okrsync.yaml")
    assert [problem.file for problem in refused.value.problems] == [str(project / "okrs.yaml")]
