"""YAML 1.2 text to data with places, and nothing that a text can do to the reader."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.config.document import Document, parse_document
from okrsync.errors import Problem
from support.examples import examples

PATH = Path("some.yaml")
NOISE = st.text(
    st.sampled_from(list("ab01-:?,[]{}&*!|>'\"%@`#~.=<\\ \n\t\r\u0085\u2028\ufeff\x00\x07é😀")), max_size=40
)
WORDS = """
a: |- |&x |*x|!!int |!!bool |!!timestamp |!!map |!!seq |!!set |!!null |!!float |!!binary |!t |<<: |? |: |{|}|[|]|, |'|"
1|0x_|-_|1e999|.inf|2026-13-45|2026-01-01T24:61:00Z|0001-01-01T00:00:00+23:59|9999-12-31T23:59:59-23:59|#|no|~
"\\ud800"|"\\Uffffffff"|"\\x"|>-|...|---|%YAML 1.1|%TAG ! x:|=
"""
PIECES = st.lists(st.sampled_from([*WORDS.replace("\n", "|").split("|"), "\n", "\n  "]), max_size=14).map("".join)


def data(text: str) -> object:
    document, problems = parse_document(text, PATH)
    assert problems == []
    assert document is not None
    return document.data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("1:30", "1:30"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("~", None),
        ("1.10", 1.1),
        ("2026-10-1", "2026-10-1"),
        ('"2026-10-01"', "2026-10-01"),
    ],
)
def test_a_plain_word_means_what_yaml_1_2_says(text: str, value: object) -> None:
    found = data(f"a: {text}\n")
    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)


def test_keys_are_text_whatever_they_look_like() -> None:
    assert data("1: a\nno: b\n2026-10-01: c\n") == {"1": "a", "no": "b", "2026-10-01": "c"}


def test_an_anchor_may_be_used_and_used_again() -> None:
    assert data("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n") == {"a": [1], "b": [1], "c": 2, "d": 2}


def test_places_count_from_one_and_hold_for_lines_of_every_kind() -> None:
    document, _ = parse_document("a:\r\n  - b: 1\r\n    ü: {c: x, d: [y,\r\n      z]}\r\n", PATH)
    assert document is not None
    assert document.at(("a", 0, "b")) == (2, 8)
    assert document.at(("a", 0, "ü", "d", 1)) == (4, 7)
    assert document.at(("a", 0, "ü", "d"), key=True) == (3, 15)
    assert document.at(("a", 0, "ü", "not there", 7)) == (3, 8)
    assert document.at(("a", 9), key=True) == (2, 3)
    assert document.problem(("a", 0, "b"), "wrong", "mend") == Problem("some.yaml", 2, 8, "wrong", "mend")


def test_an_empty_value_stands_where_its_key_does() -> None:
    document, _ = parse_document("a:\n\nb: 1\n", PATH)
    assert document is not None
    assert document.at(("a",)) == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a ["
        + "x, " * 20
        + "]\nb: &b ["
        + "*a, " * 20
        + "]\nc: &c ["
        + "*b, " * 20
        + "]\nd: ["
        + "*c, " * 20
        + "]\n",
        "a: &a [" + "1, " * 15_000 + "]\nb: [" + "*a, " * 100 + "]\n",
        "a: &a 1\nb: [" + "*a, " * 10_001 + "]\n",
    ],
    ids=["a tower", "a wide list many times", "a number many times"],
)
def test_an_alias_bomb_is_named_once_and_costs_little(text: str) -> None:
    start = time.perf_counter()
    _, problems = parse_document(text, PATH)
    assert time.perf_counter() - start < 10
    message = "more than 100 aliases, or aliases for more than 10000 values"
    assert [(problem.message, problem.fix) for problem in problems] == [(message, "write the values out")]


def test_a_hundred_aliases_are_no_bomb() -> None:
    found = data("a: &a [1]\nb: [" + "*a, " * 100 + "]\n")
    assert found == {"a": [1], "b": [[1]] * 100}


@pytest.mark.parametrize(
    ("depth", "fine"), [(39, True), (40, False), pytest.param(1_500, False, marks=pytest.mark.long)]
)
def test_nesting_has_a_limit(depth: int, fine: bool) -> None:
    _, problems = parse_document("a: " + "[" * depth + "]" * depth, PATH)
    assert (problems == []) is fine
    assert all("nested too deeply" in problem.message for problem in problems)


def test_a_mapping_as_a_key_is_refused_and_the_rest_is_read() -> None:
    document, problems = parse_document("? {a: 1}\n: 1\nb: 2\n", PATH)
    assert document is not None
    assert document.data == {"b": 2}
    assert problems == [Problem("some.yaml", 1, 3, "a key that is no text", "write a word before the colon")]


def test_half_a_character_is_refused_as_value_and_as_key() -> None:
    document, problems = parse_document('a: "\\ud800"\n"\\udfff": 1\nb: "\\U0001f600"\n', PATH)
    assert document is not None
    assert document.data == {"a": None, "b": "😀"}
    assert [(problem.line, problem.column) for problem in problems] == [(1, 4), (2, 1)]


@settings(deadline=None, max_examples=examples(300))
@given(st.one_of(NOISE, PIECES, st.text()))
def test_any_text_is_a_document_or_has_problems_inside_it(text: str) -> None:
    document, problems = parse_document(text, PATH)
    assert (document is None) <= bool(problems)
    assert document is None or isinstance(document, Document)
    lines = text.count("\n") + text.count("\r") + text.count("\u0085") + text.count("\u2028") + text.count("\u2029") + 1
    for problem in problems:
        assert problem.message
        assert problem.fix
        assert 1 <= problem.line <= lines
        assert problem.column >= 1


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text("ab é\"'\\\n:#"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
        max_leaves=10,
    )
)
def test_what_json_can_say_is_read_as_it_is(value: object) -> None:
    assert data(json.dumps({"a": value})) == {"a": value}
