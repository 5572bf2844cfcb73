"""What people write into titles and bodies, hostile texts included."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from okrsync.model.work import Directive
from okrsync.plugins.text import (
    branch_keys,
    closing_keys,
    directives,
    said,
    title_keys,
    without_names,
    without_people,
)
from support.matrices import one_in

FENCE = "```"


class EveryWord(tuple[str, ...]):
    """Words of which none is missing: for tests of what a line must look like."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        return True


EVERY = EveryWord(("kr", "key result", "expect", "x-y_z"))


def closed(text: str) -> list[str]:
    return list(closing_keys(text, "acme/shop"))


@pytest.mark.parametrize(
    ("line", "word", "value"),
    [
        ("KR: KR1.1", "kr", "KR1.1"),
        ("kr:KR1.1", "kr", "KR1.1"),
        ("  - KR: KR1.1  ", "kr", "KR1.1"),
        ("* **KR:** KR1.1", "kr", "KR1.1"),
        ("**KR**: KR1.1", "kr", "KR1.1"),
        ("Key Result: 2026Q4/KR1.1\r", "key result", "2026Q4/KR1.1"),
        ("expect : KR1.1 +2.0 by 2026-05-01", "expect", "KR1.1 +2.0 by 2026-05-01"),
        ("x-y_z: a: b", "x-y_z", "a: b"),
    ],
)
def test_a_line_with_a_word_and_a_colon_is_a_directive(line: str, word: str, value: str) -> None:
    assert directives(f"Some text\n{line}\nmore", EVERY) == (Directive(word, value),)


@pytest.mark.parametrize(
    "text",
    [
        "four words before the: colon",
        "KR:",
        "KR:   ",
        "1st: no",
        "text KR KR1.1",
        f"{FENCE}\nKR: KR1.1\n{FENCE}",
        f"{FENCE}yaml\nKR: KR1.1",
        f"  {FENCE}\n  KR: KR1.1\n  {FENCE}",
        "~~~\nKR: KR1.1\n~~~",
        "<!-- template\nKR: KR1.1\n-->",
        "<!-- never closed\nKR: KR1.1",
        "",
    ],
)
def test_other_lines_are_no_directives(text: str) -> None:
    assert directives(text, EVERY) == ()


TRAILERS = "Signed-off-by: Mona Lisa\nCo-authored-by: Mona Lisa\ncc: Mona Lisa\nSee https://example.com/a\nhttps://x/a"


def test_lines_with_other_words_are_not_read() -> None:
    text = f"{TRAILERS}\nKR: KR1.1\nEXPECT: KR1.1 +2\n{TRAILERS}"

    assert directives(text, ("expect", "kr")) == (Directive("kr", "KR1.1"), Directive("expect", "KR1.1 +2"))
    assert directives(text, {"kr"}) == (Directive("kr", "KR1.1"),)
    assert directives(TRAILERS, ("expect", "kr")) == directives(text, ()) == ()


def test_a_word_is_read_whole() -> None:
    assert directives("KR 1: a\nmy KR: b\nkr-x: c\nkrs: d", ("kr",)) == ()


def test_lines_with_other_words_take_no_place_of_those_that_are_read() -> None:
    assert directives("cc: a\n" * 60 + "KR: KR1.1", ("kr",)) == (Directive("kr", "KR1.1"),)


def test_directives_keep_their_order_and_are_bounded_in_number_and_length() -> None:
    found = directives("\n".join(f"expect: {number} {'x' * 600}" for number in range(60)), EVERY)

    assert [each.value.split()[0] for each in found] == [str(number) for number in range(50)]
    assert {len(each.value) for each in found} == {500}


@pytest.mark.parametrize(
    "keyword", ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"]
)
def test_all_closing_words_of_github_count_in_any_case(keyword: str) -> None:
    assert closed(f"{keyword} #12") == closed(f"{keyword.upper()}: #12") == ["acme/shop#12"]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Fixes other/repo.js#7.", ["other/repo.js#7"]),
        ("Fixes https://github.com/other/repo/issues/7", ["other/repo#7"]),
        ("Fixes https://ghe.acme.example:8443/other/repo/issues/7#note", ["other/repo#7"]),
        ("Resolves PAY-12, fixes #3 and closes\n#4", ["PAY-12", "acme/shop#3", "acme/shop#4"]),
        ("(fixes #12)", ["acme/shop#12"]),
        ("Fixes #12, #13", ["acme/shop#12"]),
        ("fixes pay-12", []),
        ("fixes #12a", []),
        ("fixes#12", []),
        ("prefixes #12", []),
        ("fixing #12", []),
        ("see #12", []),
        ("fixes https://example.com/x/issues/7", []),
        ("fixes https://github.com/other/repo/pull/7", []),
    ],
)
def test_a_closing_word_needs_a_reference_behind_it(text: str, keys: list[str]) -> None:
    assert closed(text) == keys


@pytest.mark.parametrize(
    "text",
    [
        "<!-- Fixes #1 -->",
        "<!-- Fixes\n#1",
        "`fixes #1`",
        "``fixes #1``",
        "`` a ` fixes #1 ``",
        f"{FENCE}\nfixes #1\n{FENCE}",
        f"{FENCE}\nfixes #1",
        f"   {FENCE}\nfixes #1\n   {FENCE}",
        "~~~ text\nfixes #1\n~~~",
        f"{FENCE}fixes #1{FENCE}",
    ],
)
def test_what_is_quoted_as_code_or_comment_is_not_said(text: str) -> None:
    assert closed(text) == []
    assert closed(f"{text}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "<!-- a --> fixes #1",
        "`a` fixes #1 `b`",
        "a ` fixes #1",
        f"{FENCE}\na\n{FENCE}\nfixes #1",
        f"  {FENCE}\r\na\r\n  {FENCE}\r\nfixes #1",
        f"{FENCE}a{FENCE} is wrong, fixes #1",
        "~~gone~~ fixes #1",
    ],
)
def test_what_stands_beside_code_or_comment_is_said(text: str) -> None:
    assert closed(text) == ["acme/shop#1"]


def test_text_without_code_is_left_as_it_is() -> None:
    assert said("a < b > c") == "a < b > c"


@pytest.mark.parametrize(
    ("title", "keys"),
    [
        ("PAY-12: faster (GRO-3) UTF-8", ["PAY-12", "GRO-3", "UTF-8"]),
        ("[A_1-5]", ["A_1-5"]),
        ("pay-12 xPAY-12 PAY-12x PAY-0 PAY- P-1", []),
    ],
)
def test_keys_in_a_title_are_in_capitals(title: str, keys: list[str]) -> None:
    assert list(title_keys(title)) == keys


@pytest.mark.parametrize(
    ("branch", "keys"),
    [
        ("feature/pay-12-faster", ["PAY-12"]),
        ("PAY-12", ["PAY-12"]),
        ("pay-12_gro-3", ["PAY-12", "GRO-3"]),
        ("feature_PAY-12_fast", ["FEATURE_PAY-12", "PAY-12"]),
        ("a_b_pay-1", ["A_B_PAY-1", "B_PAY-1", "PAY-1"]),
        ("me_2-1", ["ME_2-1"]),
        ("main", []),
        ("v1.2", []),
    ],
)
def test_keys_in_a_branch_name_may_be_small_and_follow_an_underscore(branch: str, keys: list[str]) -> None:
    assert list(branch_keys(branch)) == keys


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("@alice-b please", "@someone please"),
        ("cc @alice, @bob.", "cc @someone, @someone."),
        ("(@alice)", "(@someone)"),
        ("thanks @alice...", "thanks @someone..."),
        ("@alice/@bob", "@someone/@someone"),
        ("@octo_acme merged", "@someone merged"),
        ("谢谢@alice请看", "谢谢@someone请看"),
        ("Thanks.@alice", "Thanks.@someone"),
        ("mail a.b+c@example.co.uk now", "mail someone@… now"),
        ("<alice@example.com>", "<someone@…>"),
        ("[~accountid:5b10a2844c20165700ede21g] and [~jdoe]", "@someone and @someone"),
        ("[~Jane Doe]", "@someone"),
        ("Co-authored-by: X <x@example.com>", ""),
    ],
)
def test_people_are_taken_out_of_text(text: str, left: str) -> None:
    assert without_people(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "@types/node",
        "npm i @babel/core@7.0.0",
        "https://unpkg.com/@types/node",
        "@pytest.fixture",
        "@app.route('/')",
        "@lru_cache(maxsize=1)",
        "@@ -1,2 +1,2 @@",
        "icon@2x",
        "a @ b",
        "@",
        "[~]",
        "no one",
    ],
)
def test_packages_and_decorators_stay(text: str) -> None:
    assert without_people(text) == text


@settings(deadline=None)
@example("[~[~1]]")
@example("[~" * 9 + "a" + "]" * 9)
@given(st.text(st.sampled_from("ab1@./[]~-_( \né"), max_size=60))
def test_taking_people_out_twice_changes_nothing_more(text: str) -> None:
    once = without_people(text)
    assert without_people(once) == once


@pytest.mark.parametrize(
    ("text", "names", "left"),
    [
        ("monalisa asked", ["monalisa"], "someone asked"),
        ("Ask Mona Lisa, (Mona Lisa) or Mona Lisa's team.", ["Mona Lisa"], "Ask someone, (someone) or someone's team."),
        ("ask\nmonalisa\nor octo-cat", ["monalisa", "octo-cat"], "ask\nsomeone\nor someone"),
        ("by dependabot[bot]", ["dependabot[bot]"], "by someone"),
        ("Zoë Åström did", ["Zoë Åström"], "someone did"),
        ("Mona", ["Mona"], "someone"),
    ],
)
def test_names_of_an_items_own_people_are_taken_out_of_text(text: str, names: list[str], left: str) -> None:
    assert without_names(text, names) == left


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("monalisas harmonalisa monalisa2 monalisa_x monalisa-x x-monalisa _monalisa", ["monalisa"]),
        ("Zoëlle and Zoéx", ["Zoé", "Zoël"]),
        ("bob fixes a bug for Al", ["bob", "Al", "bug", "a", ""]),
        ("axb and a+b", ["a.*b", "a.+b"]),
        ("nothing to see", ["monalisa"]),
        ("nothing to see", []),
        ("", ["monalisa"]),
    ],
)
def test_parts_of_words_short_names_and_all_other_text_stay(text: str, names: list[str]) -> None:
    assert without_names(text, names) == text


def every(text: str) -> None:
    for _ in closing_keys(text, "a/b"):
        pass


FUNCTIONS: list[Callable[[str], object]] = [
    said,
    lambda text: directives(text, EVERY),
    lambda text: directives(text, ()),
    every,
    lambda text: list(title_keys(text)),
    lambda text: list(branch_keys(text)),
    without_people,
    lambda text: without_names(text, ["fixes", "a a a", "someone", "aAaA"]),
]
PIECES = [
    *"aA1 \t\n`~*-_:<>!@#./[](",
    "\r\n", "``", f"{FENCE}\n", "` ``", "<!--", "[~", "@a", "a@", "@a.", "A_", "A_1-", "a@b-", "fix ", "fixes: ",
    "fixes http", "fixes https://a/", "fixes a/", "#1 ", "- ", "a a a ", "a:", "\n* ", "\n**", "@a(", "[~accountid:",
]  # fmt: skip


@pytest.mark.parametrize("piece", one_in(4, PIECES), ids=repr)
def test_a_hundred_kilobytes_of_anything_take_less_than_a_second(piece: str) -> None:
    text = piece * (100_000 // len(piece))

    for function in FUNCTIONS:
        for hostile in (text, f"@[~<!--`fixes {text}", f"fixes https://a@b{text}@"):
            started = time.process_time()
            function(hostile)
            assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Fixes monalisa/lib#3", "Fixes monalisa/lib#3"),
        ("see https://github.com/monalisa/app/issues/7", "see https://github.com/monalisa/app/issues/7"),
        ("By Mona Lisa and MonaLisa", "By someone and someone"),
        ("expect: KR1.1 +1", "expect: KR1.1 +1"),
        ("Fixes #3, thanks Fixes", "Fixes #3, thanks Fixes"),
    ],
)
def test_names_go_and_references_and_markers_stay(text: str, kept: str) -> None:
    assert without_names(text, {"Mona", "Mona Lisa", "monalisa", "expect", "Fixes", "Jo"}) == kept


def test_trailers_that_name_people_are_taken_out() -> None:
    text = "KR: KR1.1\nSigned-off-by: Jane Doe <jane@example.com>\nCo-Authored-By: Rosa\nThe end\n"
    assert without_people(text) == "KR: KR1.1\nThe end\n"
