"""Where tokens come from, and that no message ever holds one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from okrsync.errors import AuthenticationError
from okrsync.plugins.secret import TokenReference, looks_like_token

SECRET = "hunter2-secret"  # in no vendor's shape, so that nothing but care keeps it out of messages


def printing(text: str, *, code: int = 0) -> TokenReference:
    program = f"import sys; sys.stdout.write({text!r}); sys.stderr.write({SECRET!r}); sys.exit({code})"
    return TokenReference(command=[sys.executable, "-c", program])


def refusal(reference: TokenReference, folder: Path, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(AuthenticationError) as refused:
        reference.resolve(folder, environment)
    said = f"{refused.value} {refused.value!r} {refused.value.__cause__}"
    assert "hunter2" not in said
    assert refused.value.next_step
    return str(refused.value)


def test_a_token_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = TokenReference(env="A_TOKEN")
    assert reference.resolve(tmp_path, {"A_TOKEN": f" {SECRET}\n"}).get_secret_value() == SECRET
    monkeypatch.setenv("A_TOKEN", "other")
    assert reference.resolve(tmp_path).get_secret_value() == "other"


def test_a_token_comes_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\r\n", encoding="utf-8")
    assert TokenReference(file="token").resolve(tmp_path).get_secret_value() == SECRET
    assert TokenReference(file=str(tmp_path / "token")).resolve(tmp_path / "x").get_secret_value() == SECRET


def test_a_token_file_may_lie_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "token").write_text(SECRET, encoding="utf-8")
    assert TokenReference(file="~/token").resolve(tmp_path / "project").get_secret_value() == SECRET


def test_a_token_comes_from_a_command_that_starts_in_the_folder_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n", encoding="utf-8")
    program = "print(open('token', encoding='utf-8').read())"
    reference = TokenReference(command=[sys.executable, "-c", program])
    assert reference.resolve(tmp_path).get_secret_value() == SECRET


def test_a_resolved_token_is_not_shown(tmp_path: Path) -> None:
    token = TokenReference(env="T").resolve(tmp_path, {"T": SECRET})
    assert SECRET not in f"{token} {token!r}"


def test_a_token_that_is_not_there_names_the_place_and_the_next_step(tmp_path: Path) -> None:
    assert refusal(TokenReference(env="T"), tmp_path, {}) == "environment variable T: not set; export T with the token"
    assert refusal(TokenReference(file="no"), tmp_path) == (
        "token file no: cannot be read (No such file or directory); check path and permissions"
    )
    assert refusal(TokenReference(command=["okrsync-no-such-program", SECRET]), tmp_path) == (
        "token command okrsync-no-such-program: failed (No such file or directory); run it by hand to see why"
    )


@pytest.mark.parametrize("content", ["", " \n\t"])
def test_an_empty_token_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content, encoding="utf-8")
    said = "the token is empty; put the token there"
    assert refusal(TokenReference(env="T"), tmp_path, {"T": content}) == f"environment variable T: {said}"
    assert refusal(TokenReference(file="token"), tmp_path) == f"token file token: {said}"
    assert refusal(printing(content), tmp_path) == f"token command {sys.executable}: {said}"


@pytest.mark.parametrize(
    "content",
    [
        f"{SECRET}\n{SECRET}",
        f"{SECRET} x",
        f"{SECRET}\tx",
        f"{SECRET}é",
        f"{SECRET}\x00x",
        f"\ufeff{SECRET}",
        f"\x1b{SECRET}",
    ],
    ids=["two lines", "a space", "a tab", "a letter with an accent", "a NUL", "a byte order mark", "an escape"],
)
def test_a_token_with_characters_that_no_header_takes_is_refused_and_not_repeated(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content, encoding="utf-8")
    wrong = "the token has white space or other characters that no token has; store the token alone, on one line"
    assert refusal(TokenReference(file="token"), tmp_path) == f"token file token: {wrong}"
    assert refusal(TokenReference(env="T"), tmp_path, {"T": content}) == f"environment variable T: {wrong}"


def test_a_token_file_that_is_no_text_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(SECRET.encode() + b"\xff")
    said = "token file token: cannot be read (not text); check path and permissions"
    assert refusal(TokenReference(file="token"), tmp_path) == said
    refusal(TokenReference(file="a\0b"), tmp_path)
    refusal(TokenReference(file="~no-such-user-of-okrsync/token"), tmp_path)
    refusal(TokenReference(file="."), tmp_path)


def test_a_command_that_fails_tells_its_exit_code_and_not_its_output(tmp_path: Path) -> None:
    said = f"token command {sys.executable}: ended with exit code 3; run it by hand to see why"
    assert refusal(printing(SECRET, code=3), tmp_path) == said
    refusal(TokenReference(command=["a\0b"]), tmp_path)
    refusal(TokenReference(command=[""]), tmp_path)


def test_a_command_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrsync.plugins.secret._COMMAND_SECONDS", 0.2)
    program = f"import time; print({SECRET!r}, flush=True); time.sleep(60)"
    said = refusal(TokenReference(command=[sys.executable, "-c", program]), tmp_path)
    assert said == f"token command {sys.executable}: failed (TimeoutExpired); run it by hand to see why"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"env": "A", "file": "b"},
        {"env": None},
        {"env": "A", "file": None},
        {"env": "a b"},
        {"file": ""},
        {"command": []},
    ],
)
def test_a_reference_names_exactly_one_usable_place(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TokenReference.model_validate(given)


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a" * 36,
        "github_pat_" + "A1_" * 10,
        "ATATT3x" + "Ff0" * 10,
        "glpat-" + "x" * 20,
        "xoxb-1234567890-ab",
        "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2",
    ],
)
def test_what_vendors_hand_out_looks_like_a_token(token: str) -> None:
    assert looks_like_token(f"some text ({token}) around it")


@pytest.mark.parametrize("text", ["ghp_short", "OKRSYNC_GITHUB_TOKEN", "customfield_10999", "2026Q4/KR1.1", "eyJ.a.b"])
def test_what_files_usually_hold_does_not_look_like_a_token(text: str) -> None:
    assert not looks_like_token(text)
