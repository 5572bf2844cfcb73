"""libyaml reads a text as ruamel.yaml does, place by place, or leaves it to ruamel.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml.error import YAMLError

from okrsync.config import document
from okrsync.config.yaml_nodes import compose, new_parser
from support.examples import examples

HERE = Path(__file__)
PROJECT = HERE.parents[2]
FILES = sorted(path for folder in ("config", "docs", "tests") for path in (PROJECT / folder).rglob("*.yaml"))
SNIPPETS = [
    snippet
    for path in [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
    for snippet in re.findall(r"```ya?ml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
]
ORDINARY = [
    "a: 1\nb: [x, 'y', \"z\"]\n",
    "---\n# a comment\na:\n- 1\n-\n- b:\n",
    "a: {b: 1, c: {d: [1, 2,\n  3]}}  # comment\r\ne: x y\r\n  z\r\n",
    '{"a":1,"b":["c","d"],"e":{"f":null}}',
    "a: |\n  text\n    more\n\n  end\nb: >-  # folded\n  one\n  two\n\n  three\n",
    "? a\n: b\n",
    "a: https://example.com:8080/x#y\nb: 12:30\nc: x:y\nd: what?\ne: Tom & Jerry\nf: {g: a:b, h: 1_000}\n",
    "a: \"\\u00e9\\x41\\n\\\n  x\"\nb: 'it''s'\nü😀: x\n",
    "<<: {a: 1}\n=: =\n~: ~\nb: .inf\nc: 0o14\nd: 012\ne: 2026-10-01\nf: 2026-10-01T10:00:00Z\ng: yes\nh: 0x1F\n",
    "a: 1\na: 2\n",
]
UNUSUAL = [
    "a: &x [1]\nb: *x\n",
    "a: !!str 1\n",
    "a: ! 1\n",
    "%YAML 1.1\n---\na: no\n",
    "%FOO\n---\na: no\n",
    "a: 1\n...\n",
    "a: 1\n---\nb: 2\n",
    "a:\t1\n",
    "a: x\ty\n",
    "a: 1\rb: 2\r",
    "a: x\u0085  y\n",
    "a: 'x\u2028  y'\n",
    "\ufeffa: 1\n",
    "a: |#c\n  x\n",
    "a: |\n\n  x\n",
    "a: |\n     \n  x\n",
    'a: ["b":c]\n',
    "a: [[x]:]\n",
    "a: [b: c]\n",
    "{? }\n",
    "{a:}\n",
    "a: {b: :c}\n",
    "|\n x\n",
    "text\n",
    "# nothing\n",
    "",
    "a: \x07\n",
    'a: "\ud800"\n',
    "a: [\n",
    "a: b: c\n",
    "a\nb: 1\n",
    "a: '1\n",
    "a: " + "[" * 70 + "]" * 70,
]
WORDS = [
    *"ab:?-,[]{}#|>'\"\\ \n%@`=~!&*.1<é😀\t\r\u2028",
    *[
        "\n  ",
        "\n    ",
        "- ",
        "? ",
        ": ",
        "a: ",
        "\n- ",
        "\na: ",
        "\n  b: ",
        "|\n  ",
        ">-\n  ",
        "|2\n",
        "|+\n",
        "|-\n    ",
    ],
    *[
        "---",
        "...",
        "\r\n",
        "\r\n ",
        " #c\n",
        "{a: 1}",
        "[x]",
        "\n\n",
        '"a":',
        "::",
        "\\\n",
        "\\x41",
        "null",
        "1.5",
        "<<",
    ],
]
FRAMES = [
    ("", ""),
    ("", "\n"),
    ("k: [", "]\n"),
    ("{", "}"),
    ("[{", "}]"),
    ('a: "', '"\nz: 1'),
    ("a: '", "'"),
    ("a: |\n  x\n", ""),
]
TEXTS = st.tuples(st.sampled_from(FRAMES), st.lists(st.sampled_from(WORDS), max_size=8)).map(
    lambda parts: parts[0][0] + "".join(parts[1]) + parts[0][1]
)


class _RefusedError(Exception):
    pass


def by_libyaml(text: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether ruamel.yaml's own composer stays unused for *text*."""
    parser = new_parser()

    def refuse(_: str) -> Any:
        raise _RefusedError

    monkeypatch.setattr(parser, "compose", refuse)
    try:
        compose(text, parser)
    except _RefusedError:
        return False
    return True


def read(text: str, *, libyaml: bool) -> object:
    """The document of *text* and its problems, with the types that equality would not tell apart."""
    with pytest.MonkeyPatch.context() as context:
        context.setattr(yaml, "__with_libyaml__", libyaml)
        found, problems = document._parsed.__wrapped__(text, Path("some.yaml"), "some.yaml")
    return found, found and repr(found.data), problems


def assert_same(text: str) -> None:
    assert read(text, libyaml=True) == read(text, libyaml=False)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_file_of_the_project_is_read_by_libyaml_and_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = path.read_text(encoding="utf-8")
    assert by_libyaml(text, monkeypatch)
    assert_same(text)
    assert_same(text.replace("\n", "\r\n"))


def test_every_yaml_snippet_of_the_documentation_is_read_the_same() -> None:
    assert SNIPPETS
    for snippet in SNIPPETS:
        assert_same(snippet)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_text_is_read_by_libyaml_and_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert by_libyaml(text, monkeypatch)
    assert_same(text)


@pytest.mark.parametrize("text", UNUSUAL)
def test_a_text_that_the_two_could_read_differently_is_left_to_ruamel(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not by_libyaml(text, monkeypatch)
    assert_same(text)


@pytest.mark.parametrize("length", range(1020, 1030))
@pytest.mark.parametrize("frame", ["KEY: 1\n", '"KEY": 1\n', "{KEY: 1}\n", "- KEY: x\n", "a: [{b: KEY}, {KEY: 1}]\n"])
def test_a_key_is_too_long_at_the_same_length(frame: str, length: int) -> None:
    assert_same(frame.replace("KEY", "k" * length))


@pytest.mark.parametrize("text", ["a: " + "[" * 200_000, "- " * 200_000, "{a: " * 100_000, "[" * 50_000 + "]" * 50_000])
def test_nesting_without_end_is_left_to_ruamel_at_once(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not by_libyaml(text, monkeypatch)


def test_a_mistake_is_told_in_the_words_of_ruamel() -> None:
    with pytest.raises(YAMLError, match="expected ',' or ']', but got '<stream end>'"):
        compose("a: [b\n", new_parser())


@settings(deadline=None, max_examples=examples(1_000))
@given(TEXTS)
@example("a: b\n  c\n d: e\n")
@example("a: 'x\n---\ny'\n")
@example("- |\n x\n  \n- y\n")
def test_any_text_is_read_the_same(text: str) -> None:
    assert_same(text)
