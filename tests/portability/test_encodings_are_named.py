"""
No text is read or written in whatever encoding the system has.

Ruff's PLW1514 sees files whose kind it can infer; this sees every call by its name, and subprocesses too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACES = ("okrsync", "connectors", "tests", "benchmarks", "docs", "tools")
POSITION = {"read_text": 0, "write_text": 1}
"""Where the encoding stands among the positional arguments."""
RUNNING = {"run", "Popen", "check_output", "check_call", "call"}


def unnamed(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that open text without saying in which encoding."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if "encoding" in keywords or None in keywords:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        is_file = name in POSITION and isinstance(node.func, ast.Attribute) and len(node.args) <= POSITION[name]
        is_process = name in RUNNING and {"text", "universal_newlines"} & set(keywords)
        is_opened = name in {"open", "fdopen"} and not _is_other(node, keywords)
        if is_file or is_process or is_opened:
            yield node


def _is_other(node: ast.Call, keywords: dict[str | None, ast.expr]) -> bool:
    """Whether *node* opens bytes, or something that is no file."""
    owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    if ast.unparse(node.func) == "os.open" or owner.endswith("access") or owner in {"Store", "archive", "opened"}:
        return True  # a descriptor, a store, a member of an archive
    modes = [*node.args, *([keywords["mode"]] if "mode" in keywords else [])]
    return any(isinstance(mode, ast.Constant) and isinstance(mode.value, str) and "b" in mode.value for mode in modes)


def test_every_text_file_and_process_says_its_encoding() -> None:
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{call.lineno}: {ast.unparse(call)[:80]}"
        for place in PLACES
        for path in sorted((ROOT / place).rglob("*.py"))
        for call in unnamed(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert found == []
