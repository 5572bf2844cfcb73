"""What a file asks to ignore: ``# okrsync: ignore OKR203 because ...`` on the line of an entry, or above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from okrsync.config.comments import Comment, comments
from okrsync.lint.findings import LintRule, Severity

_ASKS = re.compile(r"#\s*okrsync:\s*ignore\b(.*)", re.IGNORECASE)
_BECAUSE = re.compile(r"\bbecause\b(.*)", re.IGNORECASE)
_CODE = re.compile(r"[^\s,;:]+")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One wish to ignore *codes* on the line that its comment speaks of; without a *reason* it ignores nothing."""

    comment: Comment
    codes: tuple[str, ...]
    reason: str


def ignores_in(text: str) -> Iterator[Ignore]:
    """What *text*, which is known to be YAML, asks to ignore."""
    if "ignore" not in text.casefold():
        return
    for comment in comments(text):
        if asked := _ASKS.match(comment.text):
            because = _BECAUSE.search(asked[1])
            codes = asked[1][: because.start()] if because else asked[1]
            yield Ignore(comment, tuple(_CODE.findall(codes)), because[1].strip(" :.") if because else "")


NO_REASON = LintRule(
    "OKR901",
    Severity.WARNING,
    "An ignore without a reason",
    "write `# okrsync: ignore CODE because ...`; until then it ignores nothing",
)
IGNORES_NOTHING = LintRule("OKR902", Severity.HINT, "An ignore that ignores nothing", "remove it")
UNKNOWN_CODE = LintRule(
    "OKR903", Severity.WARNING, "A code that does not exist", "write one of the codes in docs/lint.md, or remove it"
)
RULES = (NO_REASON, IGNORES_NOTHING, UNKNOWN_CODE)
