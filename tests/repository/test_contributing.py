"""CONTRIBUTING.md is followed to the letter: what it says to write is written, what it says to run is run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.clone import Clone

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
_FENCE = re.compile(r"^(`{3,})(\w*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code in a section, and the paragraph above it."""

    language: str
    code: str
    above: str


def blocks(section: str) -> list[Block]:
    """The blocks of the section called *section*, in order."""
    result: list[Block] = []
    heading = fence = ""
    code: list[str] = []
    above: list[str] = []
    language = ""
    for line in TEXT.splitlines():
        if fence and line == fence:
            if heading == section:
                result.append(Block(language, "".join(f"{entry}\n" for entry in code), " ".join(above)))
            fence, code, above = "", [], []
        elif fence:
            code.append(line)
        elif found := _FENCE.match(line):
            fence, language = found[1], found[2]
        elif line.startswith("## "):
            heading, above = line.removeprefix("## "), []
        elif line:
            above.append(line)
    assert result, section
    return result


def ruff(code: str, name: str, *options: str) -> str:
    command = [str(Path(sys.executable).with_name("ruff")), "check", "--quiet", *options, "--stdin-filename", name, "-"]
    done = subprocess.run(command, cwd=ROOT, input=code, capture_output=True, encoding="utf-8", check=False)
    return done.stdout + done.stderr


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    if shutil.which("bash") is None or shutil.which("make") is None:
        pytest.skip("the page's commands need bash and make")
    return Clone(tmp_path)


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([\w-]+)", TEXT)) | set(re.findall(r"^make ([\w-]+)", TEXT, re.MULTILINE))
    assert {"demo", "check", "test", "test-long", "hooks", "unhook", "lock", "notices", "docs"} <= named
    for target in named:
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), target


def test_the_example_of_a_metric_source_passes_the_projects_own_lint() -> None:
    source, test = [block.code for block in blocks("Add a metric source") if block.language == "python"]
    # In a package of its own, okrsync is another project's.
    assert ruff(source, "okrsync/okrsync_jsonl.py", "--ignore", "I001") == ""
    assert ruff(test, "tests/test_okrsync_jsonl.py", "--ignore", "I001") == ""


@pytest.mark.long
def test_a_connector_starts_from_the_example_and_passes_its_suite(clone: Clone) -> None:
    (start,) = blocks("Add a connector")
    printed = clone.run(start.code)
    assert re.search(r"^=* ?\d{2,} passed", printed, re.MULTILINE), printed
    assert clone.here.name == "okrsync-plainlist"


@pytest.mark.long
def test_a_metric_source_is_written_tested_and_pulled(clone: Clone) -> None:
    folder, *files, install, try_it, change, pull = blocks("Add a metric source")
    clone.run(folder.code)
    for file in files:
        named = re.fullmatch(r".*Write `([\w.]+)`:", file.above)
        assert named is not None, file.above
        clone.write(named[1], file.code)
    assert "3 passed" in clone.run(install.code)
    clone.run(try_it.code)
    assert change.above.endswith("In `okrs.yaml`, let the metric `activation` read that file:")
    okrs = (clone.here / "okrs.yaml").read_text(encoding="utf-8")
    changed, count = re.subn(r"^    source: .*\n", change.code, okrs, count=1, flags=re.MULTILINE)
    assert count == 1
    clone.write("okrs.yaml", changed)

    printed = clone.run(pull.code)

    assert printed.strip() == pull.code.partition("# ")[2].strip()


@pytest.mark.long
def test_a_lint_rule_is_written_tested_and_found(clone: Clone) -> None:
    check, rule, page, row, test, try_it = blocks("Add a lint rule")
    clone.run("make demo")
    assert "in `okrsync/lint/specific.py`, above `RULES`:" in check.above
    assert "at the end of `RULES`" in rule.above
    assert "`docs/lint/OKR105.md`" in page.above
    assert "in `docs/lint.md`" in row.above
    module = clone.root / "okrsync" / "lint" / "specific.py"
    head, separator, rules = module.read_text(encoding="utf-8").partition("\nRULES = (\n")
    assert separator
    assert rules.endswith("    ),\n)\n")
    added = rule.code.removeprefix("RULES = (\n    # ... the rules that are there already\n").removesuffix(")\n")
    head = f"{head.rstrip()}\n\n\n{check.code.rstrip()}\n\n"
    clone.write("okrsync/lint/specific.py", f"{head}{separator}{rules.removesuffix(')' + chr(10))}{added})\n")
    clone.write("docs/lint/OKR105.md", page.code)
    table = (clone.root / "docs" / "lint.md").read_text(encoding="utf-8")
    clone.write("docs/lint.md", re.sub(r"^(\| \[OKR104\].*\n)", rf"\1{row.code}", table, flags=re.MULTILINE))

    assert re.search(r"\d{2,} passed", clone.run(test.code))

    okrs = clone.root / "okrsync-demo" / "okrs.yaml"
    long_title = f'title: "{" ".join(["word"] * 15)}"'
    okrs.write_text(
        re.sub(r"(?<=    )title: .*", long_title, okrs.read_text(encoding="utf-8"), count=1), encoding="utf-8"
    )
    printed = clone.run(try_it.code)
    assert "OKR105 hint" in printed
    assert ruff(module.read_text(encoding="utf-8"), "okrsync/lint/specific.py") == ""
