"""The documentation is held to what the program does."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from okrsync.cli.main import COMMANDS, cli
from okrsync.config.document import parse_document
from okrsync.config.ledger_file import RECORD_KINDS
from okrsync.config.okrs_file import OkrsFile
from okrsync.config.schemas import schemas
from okrsync.config.validation import check
from okrsync.sandbox.http import LoopbackServer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
CONNECTORS = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "docs" / "examples" / "okrsync_example"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_command_reference_is_what_the_commands_say() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "reference.py"))["reference"]()
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == made, "run `make reference`"


def test_every_command_line_in_the_readme_parses() -> None:
    lines = [shlex.split(line, comments=True) for block in blocks(README, "sh") for line in block.splitlines()]
    commands = [line[1:] for line in lines if line[:1] == ["okrsync"]]
    assert len(commands) >= 8
    for arguments in commands:
        context = cli.make_context("okrsync", list(arguments))
        name = arguments[0]
        assert name in COMMANDS, arguments
        command = cli.get_command(context, name)
        assert command is not None
        assert command.make_context(name, list(arguments[1:]), parent=context)


def test_make_targets_in_the_readme_exist() -> None:
    targets = set(re.findall(r"^make ([\w-]+)", "\n".join(blocks(README, "sh")), re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets == {"demo", "test"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_links_and_pictures_in_the_documents_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "examples").glob("*/README.md")):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def property_names(schema: Any, names: set[str]) -> set[str]:
    if isinstance(schema, dict):
        names.update(schema.get("properties", {}))
        for part in schema.values():
            property_names(part, names)
    elif isinstance(schema, list):
        for part in schema:
            property_names(part, names)
    return names


def test_every_field_of_every_file_is_documented() -> None:
    for name, schema in schemas().items():
        for field in property_names(schema, set()):
            assert re.search(rf"\b{re.escape(field)}\b", CONFIGURATION), f"{name}: {field}"


def test_the_documented_okr_file_is_valid() -> None:
    (text,) = [block for block in blocks(CONFIGURATION, "yaml") if "cycles:" in block]
    document, problems = parse_document(text, Path("okrs.yaml"))
    assert document is not None
    assert [*problems, *check(document, OkrsFile)[1]] == []


def test_the_documented_ledger_records_are_valid() -> None:
    (text,) = blocks(CONFIGURATION, "json")
    for line, kind in zip(
        text.splitlines(), ("links", "check_ins", "hypotheses", "decisions", "evidence"), strict=True
    ):
        RECORD_KINDS[kind].model_validate(json.loads(line))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_says_what_it_does(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for one in command.commands.values() if isinstance(command, click.Group) else [command]:
        for parameter in one.params:
            if isinstance(parameter, click.Option) and parameter.name not in {"folder", "jira_kind"}:
                assert parameter.help, f"{name} {parameter.name}"


@pytest.mark.parametrize("name", ["demo", "outcomes", "plan"])
def test_a_picture_asks_for_nothing_from_elsewhere(name: str) -> None:
    picture = (ROOT / "docs" / "images" / f"{name}.svg").read_text(encoding="utf-8")
    assert not re.search(r"(?:href|src|url)\s*[=(]\s*['\"]?https?:", picture)
    assert "<script" not in picture


@pytest.mark.parametrize(("language", "suffix", "least"), [("python", ".py", 8), ("toml", ".toml", 1)])
def test_code_on_the_page_about_connectors_is_the_examples_own(language: str, suffix: str, least: int) -> None:
    files = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLE.rglob(f"*{suffix}"))]
    shown = blocks(CONNECTORS, language)
    assert len(shown) >= least
    for block in shown:
        assert any(block in text for text in files), f"no file of the example has:\n{block}"


def test_the_page_about_connectors_names_every_ability_and_part() -> None:
    seam = (ROOT / "okrsync" / "plugins" / "connector.py").read_text(encoding="utf-8")
    for name in re.findall(r"^class (Has\w+)\(Protocol\)", seam, re.MULTILINE):
        assert f"`{name}`" in CONNECTORS, name


class Example:
    """The example of a connector, copied and installed as a stranger would have it."""

    def __init__(self, folder: Path) -> None:
        self.source, self.site = folder / "source", folder / "site"
        shutil.copytree(EXAMPLE, self.source, ignore=shutil.ignore_patterns("__pycache__"))
        self.environment = {**os.environ, "PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1"}
        command = ["pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
        self.run(*command, "--no-index", "--target", str(self.site), str(self.source))

    def okrsync(self, *arguments: str) -> str:
        return self._run("-c", "from okrsync.cli.main import main; main()", *arguments)

    def run(self, *arguments: str) -> str:
        return self._run("-m", *arguments)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.source,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return Example(tmp_path_factory.mktemp("example"))


@pytest.mark.long  # the whole contract suite, once more, in a process of its own
def test_the_example_of_a_connector_keeps_the_contract(example: Example) -> None:
    told = example.run("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests")
    assert re.search(r"^\d{2,} passed", told, re.MULTILINE)


@pytest.mark.long
def test_the_example_of_a_connector_syncs_and_is_looked_at(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = runpy.run_path(str(example.source / "tests" / "tracker.py"))["Plainlist"]()
    begun, person = datetime(2026, 10, 5, 9, tzinfo=UTC), {"login": "mira", "email": "mira@people.example"}
    for number in range(3):
        tracker.add(f"Task {number}", "KR: KR1.1", begun, begun + timedelta(days=number), person)
    tracker.move("task-2", "done", begun + timedelta(days=20), person)
    shutil.copytree(ROOT / "config" / "starter" / "common", tmp_path, dirs_exist_ok=True)
    with LoopbackServer({"plainlist": tracker.handle}) as server:
        source = f"{{name: shop, connector: plainlist, url: '{server.url}/plainlist', token: {{env: PLAINLIST_TOKEN}}"
        rules = 'work: {rules: [{if: {body: "KR:"}, link: from_body}]}'
        head = "version: 1\ntimezone: Europe/Berlin\nas_of: 2026-11-20\n"
        (tmp_path / "okrsync.yaml").write_text(
            f"{head}sources:\n  - {source}, projects: [shop]}}\n{rules}\n", encoding="utf-8"
        )
        monkeypatch.setitem(example.environment, "PLAINLIST_TOKEN", "good")
        config = ("--config", str(tmp_path / "okrsync.yaml"), "--format", "json")
        synced = json.loads(example.okrsync("sync", *config))
        looked = json.loads(example.okrsync("doctor", *config))
    (run,) = synced["runs"]
    assert (run["status"], run["items_new"], run["error"]) == ("ok", 3, None)
    assert synced["links"]["added"] == 3
    assert "KR1.1" in (tmp_path / "reports" / "outcomes.md").read_text(encoding="utf-8")
    lines = [entry["what"] for entry in looked["checks"] if entry["group"] == "source shop"]
    assert lines == [
        "its token comes from environment variable PLAINLIST_TOKEN",
        "the token may read, and nothing else",
    ]
    assert b"mira" not in (tmp_path / "okrsync.db").read_bytes()
