"""Where a token comes from: never the configuration itself, always an environment variable, a file or a command."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from okrsync.errors import AuthenticationError

_COMMAND_SECONDS = 30

# Shapes that vendors give their tokens, so that one pasted into a file is refused before it is committed.
_TOKEN_SHAPES = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|AT(?:ATT|CTT|STT)3x[A-Za-z0-9_=\-]{20,}"
    r"|glpat-[A-Za-z0-9_\-]{20,}|xox[abprs]-[A-Za-z0-9\-]{10,}"
    r"|eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}"
)


def looks_like_token(text: str) -> bool:
    """Whether *text* contains something in the shape of a vendor's access token."""
    return _TOKEN_SHAPES.search(text) is not None


def token_places(text: str) -> list[int]:
    """Where in *text* something in the shape of a vendor's access token starts."""
    return [match.start() for match in _TOKEN_SHAPES.finditer(text)]


def without_tokens(text: str) -> str:
    """*text* with everything in the shape of a vendor's access token left out, fit for a message."""
    return _TOKEN_SHAPES.sub("…", text)


class TokenReference(BaseModel):
    """Exactly one of ``env``, ``file`` or ``command``: where to read a token when it is needed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    file: Annotated[str, Field(min_length=1)] | None = None
    command: Annotated[list[str], Field(min_length=1)] | None = None

    @field_validator("env", "file", "command", mode="before")
    @classmethod
    def _given(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("nothing is there; write for example {env: NAME}")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in ("env", "file", "command") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a token needs exactly one of env, file or command; write for example {env: NAME}")
        return self

    def resolve(self, folder: Path, environment: Mapping[str, str] | None = None) -> SecretStr:
        """
        Read the token; relative files start from *folder*. Surrounding white space is not part of it.

        Raises:
            AuthenticationError: there is no token to be read; the sentence names the place, never the content.
        """
        token = self.resolve_block(folder, environment).get_secret_value()
        if not token.isascii() or not token.isprintable() or " " in token:
            # A header with a line break in it would be refused by the HTTP library, with the token in the message.
            raise AuthenticationError(
                "the token has white space or other characters that no token has",
                where=self.place,
                next_step="store the token alone, on one line",
            )
        return SecretStr(token)

    def resolve_block(self, folder: Path, environment: Mapping[str, str] | None = None) -> SecretStr:
        """
        Read a secret of several lines, such as a private key; relative files start from *folder*.

        Raises:
            AuthenticationError: there is none to be read; the sentence names the place, never the content.
        """
        block = self._read(folder, os.environ if environment is None else environment).strip()
        if not block:
            raise AuthenticationError("the token is empty", where=self.place, next_step="put the token there")
        return SecretStr(block)

    @property
    def place(self) -> str:
        """Where the token comes from, fit for a message."""
        if self.env is not None:
            return f"environment variable {self.env}"
        return f"token file {self.file}" if self.file is not None else f"token command {(self.command or [''])[0]}"

    def _read(self, folder: Path, environment: Mapping[str, str]) -> str:
        if self.env is not None:
            if self.env not in environment:
                raise AuthenticationError("not set", where=self.place, next_step=f"export {self.env} with the token")
            return environment[self.env]
        if self.file is not None:
            return self._read_file(folder, self.file)
        return self._run(folder)

    def _read_file(self, folder: Path, name: str) -> str:
        try:
            return (folder / Path(name).expanduser()).read_text(encoding="utf-8")
        except (OSError, RuntimeError, ValueError) as error:  # no such user for ~, a path or content that is no text
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise AuthenticationError(
                f"cannot be read ({reason})", where=self.place, next_step="check path and permissions"
            ) from None

    def _run(self, folder: Path) -> str:
        command = self.command or []
        try:
            done = subprocess.run(  # noqa: S603 - the user's own configuration names the program; no shell is involved
                command, cwd=folder, capture_output=True, encoding="utf-8", timeout=_COMMAND_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            reason = type(error).__name__ if not isinstance(error, OSError) else error.strerror
            raise AuthenticationError(
                f"failed ({reason})", where=self.place, next_step="run it by hand to see why"
            ) from None
        if done.returncode != 0:
            # Its output may hold a secret, so only the exit code is told.
            raise AuthenticationError(
                f"ended with exit code {done.returncode}", where=self.place, next_step="run it by hand to see why"
            )
        return done.stdout
