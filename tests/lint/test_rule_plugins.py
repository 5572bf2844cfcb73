"""Rules of other packages: found, run, ignored and switched off as okrsync's own; a broken one stops no other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from okrsync.lint.linting import RULES
from okrsync.lint.rule_plugins import load_rules
from okrsync.plugins import discovery
from support.running import Run

RULE = """
from okrsync.lint.findings import LintRule, Severity

def _shouts(facts):
    for objective in facts.okrs.objectives:
        if objective.title.isupper():
            yield facts.places.objective(objective).found("an objective in capitals", "title")

RULES = [LintRule({code!r}, Severity.WARNING, "An objective in capitals", "write it in small letters", _shouts)]
"""
Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package of rules: a module of that name with that source."""
    added: list[EntryPoint] = []

    def found(*, group: str) -> list[EntryPoint]:
        return [*entry_points(group=group), *(each for each in added if each.group == group)]

    def add(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        added.append(EntryPoint(name, f"{name}:RULES", "okrsync.lint"))

    monkeypatch.setattr(discovery, "entry_points", found)
    monkeypatch.setattr(discovery, "_installed", discovery._installed.__wrapped__)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield add
    for each in added:
        sys.modules.pop(each.name, None)


def test_without_other_packages_there_are_okrsyncs_own_rules() -> None:
    assert load_rules() == (RULES, ())


def test_a_rule_of_another_package_is_looked_at_ignored_and_switched_off(
    okrsync: Run, project: Path, install: Install
) -> None:
    install("acme_rules", RULE.format(code="ACME101"))
    path = project / "okrs.yaml"
    text = path.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "title: " in line)
    shouted = line.replace(line.partition("title: ")[2], line.partition("title: ")[2].upper())
    path.write_text(text.replace(line, shouted, 1), encoding="utf-8")

    def codes() -> list[str]:
        ran = okrsync("lint", "--format", "json")
        return [entry["code"] for entry in json.loads(ran.out)["findings"]]

    assert "ACME101" in codes()
    assert "ACME101" in okrsync("lint", "--format", "sarif").out
    path.write_text(
        path.read_text(encoding="utf-8").replace(shouted, f"{shouted} # okrsync: ignore ACME101 because we shout"),
        encoding="utf-8",
    )
    assert "ACME101" not in codes()
    path.write_text(text.replace(line, shouted, 1), encoding="utf-8")
    with (project / "okrsync.yaml").open("a", encoding="utf-8") as stream:
        stream.write("\nlint: {disable: [ACME101]}\n")
    assert "ACME101" not in codes()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import nowhere_at_all", "ModuleNotFoundError"),
        ("RULES = 5", "it is no lint rule, and no list of lint rules"),
        (RULE.format(code="OKR101"), "OKR is for the rules of okrsync"),
        (RULE.format(code="acme 1"), "is not letters and digits as in ACME101"),
        (RULE.format(code="ACME7") + "RULES += RULES\n", 'its code "ACME7" is that of another rule'),
    ],
    ids=["no import", "no rule", "a code of okrsync", "no code", "a code twice"],
)
def test_a_broken_package_is_named_and_stops_no_other(
    okrsync: Run, project: Path, install: Install, source: str, words: str
) -> None:
    install("broken_rules", source)
    install("sound_rules", RULE.format(code="SOUND1"))

    rules, broken = load_rules()
    assert [rule.code for rule in rules[len(RULES) :]] == ["SOUND1"]
    assert [error.name for error in broken] == ["broken_rules"]
    ran = okrsync("lint", "--config", str(project / "okrsync.yaml"))
    assert ran.code in {0, 3}
    assert words in ran.err
    assert "the other rules are looked at" in ran.err
