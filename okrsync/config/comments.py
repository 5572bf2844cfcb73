"""The comments of a YAML file, and which line each speaks of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.tokens import ScalarToken

_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment; *line* and *column* count from 1."""

    line: int
    column: int
    text: str
    about: int
    """The line that it speaks of: its own, or the next with something on it where it has a line to itself."""


def comments(text: str) -> Iterator[Comment]:
    """The comments of *text*, which is known to be YAML, in its order."""
    found = [(match.start(), match[0]) for match in _COMMENT.finditer(text)]
    if not found:
        return
    scalars = [
        (token.start_mark.index, token.end_mark.index)
        for token in YAML(typ="safe", pure=True).scan(text)
        if isinstance(token, ScalarToken)
    ]
    starts = [start for start, _ in scalars]
    lines = text.split("\n")
    shown = 0
    for place, said in found:
        before = bisect_right(starts, place) - 1
        if place < shown or (before >= 0 and place < scalars[before][1]):
            continue  # inside another comment, or inside a text in quotes or in a block
        shown = place + len(said)
        line = text.count("\n", 0, place) + 1
        column = place - text.rfind("\n", 0, place)
        yield Comment(line, column, said, _about(lines, line, column))


def _about(lines: list[str], line: int, column: int) -> int:
    if lines[line - 1][: column - 1].strip():
        return line
    for number in range(line, len(lines)):
        if (told := lines[number].strip()) and not told.startswith("#"):
            return number + 1
    return line
