"""The map of the architecture is the import contract, and its example runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_table_has_the_layers_of_the_contract_in_their_order() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    rows = [re.findall(r"`([a-z]+)`", line.split("|")[1]) for line in PAGE.splitlines() if line.startswith("| `")]

    assert rows == [[name.strip() for name in layer.split("|")] for layer in layers]


def test_the_table_names_every_package() -> None:
    there = {path.name for path in (ROOT / "okrsync").iterdir() if (path / "__init__.py").is_file()}
    there |= {path.stem for path in (ROOT / "okrsync").glob("*.py")} - {"__init__"}

    assert there == {
        name
        for line in PAGE.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([a-z]+)`", line.split("|")[1])
    }


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:okrsync|tests)/[\w/]+\.py)`", PAGE)

    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_example_runs(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(project)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

    exec(compile(example, "architecture.md", "exec"), {})  # noqa: S102 - our own page

    headline, digest = capsys.readouterr().out.splitlines()
    assert headline.startswith("Of ")
    assert re.fullmatch("[0-9a-f]{32}", digest)
