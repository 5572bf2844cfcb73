"""Users' patterns, run on RE2: a hostile pattern or title costs linear time, never more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import re2

_REGEX_PREFIX = "re:"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; the text that its ``*`` or first group stood for is what it captures."""

    text: str
    whole: bool
    _compiled: Any
    _needed: str = ""
    """What every match has in it; looking for that is a tenth of the work, and most subjects have it not."""

    def captures(self, subject: str) -> list[str]:
        """What each match in *subject* captured; the whole match where the pattern captures nothing."""
        if self._needed not in subject:
            return []
        if self.whole:
            match = self._compiled.fullmatch(subject)
            return [_captured(match)] if match else []
        return [_captured(match) for match in self._compiled.finditer(subject)]

    def matches(self, subject: str) -> bool:
        """Whether *subject* (or, unless *whole*, any part of it) matches."""
        if self._needed not in subject:
            return False
        found = self._compiled.fullmatch(subject) if self.whole else self._compiled.search(subject)
        return found is not None


@cache
def compile_pattern(text: str, *, whole: bool) -> Pattern:
    """
    *text* as a pattern: ``*`` stands for anything, ``?`` for one character; ``re:`` starts a regular expression (RE2).

    Upper and lower case are the same. *whole*: the pattern covers all of the subject, not a part of it.

    Raises:
        ValueError: *text* is no pattern.
    """
    is_expression = text.startswith(_REGEX_PREFIX)
    source = text[len(_REGEX_PREFIX) :] if is_expression else _glob(text)
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return Pattern(text, whole, re2.compile(source, options), "" if is_expression else _needed(text))
    except re2.error as error:
        detail = error.args[0] if error.args else "not a regular expression"
        reason = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        raise ValueError(
            f"{text!r} is no pattern ({reason}); patterns are globs, or `re:` and an RE2 expression"
        ) from None


def _glob(text: str) -> str:
    pieces = {"*": "(.*?)", "?": "."}
    expression = "(?s)" + "".join(pieces.get(character) or re2.escape(character) for character in text)
    # At its end a pattern that looks for a part has nothing to stop at: "KR *" means all that follows.
    return expression[: -len("?)")] + ")" if text.endswith("*") else expression


def _needed(glob: str) -> str:
    """The longest piece of *glob* that stands for itself alone: letters have other cases, marks and digits none."""
    pieces = re.split(r"[*?]|[^\W\d_]|[^\x00-\x7f]", glob)
    return max(pieces, key=len)


def _captured(match: Any) -> str:
    groups = match.groups()
    captured: str = groups[0] if groups and groups[0] is not None else match.group()
    return captured.strip()
