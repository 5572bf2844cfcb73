"""Users' patterns: globs, regular expressions, what they capture, and what they cost."""

from __future__ import annotations

import dataclasses
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.config.patterns import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "subject", "captured"),
    [
        ("kr/*", "kr/KR1.1", ["KR1.1"]),
        ("kr/*", "KR/kr1.1 ", ["kr1.1"]),
        ("kr/*", "okr/KR1.1", []),
        ("kr/*", "kr/", [""]),
        ("area/checkout", "Area/Checkout", ["Area/Checkout"]),
        ("K?1", "KR1", ["KR1"]),
        ("K?1", "KRR1", []),
        ("*: *", "KR1: a: b", ["KR1"]),
        ("a.b(c)+[d]", "a.b(c)+[d]", ["a.b(c)+[d]"]),
        ("a.b", "axb", []),
        ("straße *", "STRASSE 1", []),
        ("größe *", "GRÖSSE 1", []),
        ("größe *", "GRÖßE 1", ["1"]),
        ("two\nlines*", "two\nlines and\nmore", ["and\nmore"]),
        (r"re:kr-(\d+)", "KR-12", ["12"]),
        (r"re:kr-\d+", "KR-12", ["KR-12"]),
        (r"re:kr-(\d+)?", "kr-", ["kr-"]),
        (r"re:kr-\d", "KR-12", []),
    ],
)
def test_a_whole_pattern_covers_its_subject_and_captures_its_star_or_first_group(
    pattern: str, subject: str, captured: list[str]
) -> None:
    compiled = compile_pattern(pattern, whole=True)
    assert compiled.captures(subject) == captured
    assert compiled.matches(subject) is bool(captured)


@pytest.mark.parametrize(
    ("pattern", "subject", "captured"),
    [
        ("[*]", "[KR1.1] Faster [ kr2 ] sign-up", ["KR1.1", "kr2"]),
        ("[*]", "no key result", []),
        ("KR *", "Sign-up for KR 1.1", ["1.1"]),
        (r"re:\b(kr\d)\b", "KR1 and kr2, not xkr3", ["KR1", "kr2"]),
    ],
)
def test_a_pattern_for_a_part_captures_each_place(pattern: str, subject: str, captured: list[str]) -> None:
    compiled = compile_pattern(pattern, whole=False)
    assert compiled.captures(subject) == captured
    assert compiled.matches(subject) is bool(captured)


@pytest.mark.parametrize("pattern", ["re:(a+)+$", "re:(a|a)*$", "re:(.*a){12}$", "*a*a*a*a*a*a*a*a*a"])
@pytest.mark.parametrize("subject", ["a" * 30 + "!", "a" * 50_000 + "!"], ids=["30", "50,000"])
def test_a_hostile_pattern_is_instant(pattern: str, subject: str) -> None:
    compiled = compile_pattern(pattern, whole=True)
    start = time.perf_counter()
    assert not compiled.matches(subject)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("text", ["re:(", "re:[z-a]", r"re:(a)\1", "re:(?=a)", "re:a{1001}", "re:(((a{99}){99}){99})"])
def test_what_re2_does_not_take_is_refused_with_what_is_taken(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no pattern \(.+\); patterns are globs, or `re:` and an RE2 expression"):
        compile_pattern(text, whole=True)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*?"), max_size=20))
def test_a_glob_without_star_matches_itself_alone(text: str) -> None:
    if text.startswith("re:"):
        return
    compiled = compile_pattern(text, whole=True)
    assert compiled.captures(text) == [text.strip()]
    assert not compiled.matches(text + "x")


@given(st.text("ab[]/ \n", max_size=12), st.text("ab[]/ \n", max_size=12))
def test_a_star_captures_what_stands_in_its_place(before: str, inside: str) -> None:
    assert compile_pattern(f"{before}*", whole=True).captures(before + inside) == [inside.strip()]


@given(st.text("aBßK[]/-1*?", max_size=8), st.text("aAbBß\u017fkK\u212a[]/-1", max_size=12), st.booleans())
def test_looking_for_the_marks_of_a_glob_first_changes_no_answer(glob: str, subject: str, whole: bool) -> None:
    compiled = compile_pattern(glob, whole=whole)
    by_expression = dataclasses.replace(compiled, _needed="")
    assert compiled.matches(subject) is by_expression.matches(subject)
    assert compiled.captures(subject) == by_expression.captures(subject)


def test_a_pattern_looks_for_the_longest_piece_that_has_no_case() -> None:
    assert compile_pattern("kr-2026/*", whole=True)._needed == "-2026/"
    assert compile_pattern("re:kr/(.*)", whole=True)._needed == ""
