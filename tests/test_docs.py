"""The documentation is held to what the program does."""

from __future__ import annotations

import json
import re
import runpy
import shlex
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

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_command_reference_is_what_the_commands_say() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "reference.py"))["reference"]()
    assert (ROOT / "docs" / "cli.md").read_text() == made, "run `make docs`"


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
    makefile = (ROOT / "Makefile").read_text()
    assert targets == {"demo", "test"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_links_and_pictures_in_the_documents_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
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


def test_the_picture_asks_for_nothing_from_elsewhere() -> None:
    picture = (ROOT / "docs" / "images" / "demo.svg").read_text()
    assert not re.search(r"(?:href|src|url)\s*[=(]\s*['\"]?https?:", picture)
    assert "<script" not in picture
