"""YAML 1.2 text to plain data that still knows where each value and key stood."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from okrsync.config.yaml_nodes import compose, new_parser
from okrsync.errors import Problem
from okrsync.plugins.secret import looks_like_token, token_places, without_tokens

MAX_BYTES = 1024 * 1024
MAX_ALIASES = 100
MAX_REPEATED = 10_000
MAX_DEPTH = 40

DataPath: TypeAlias = tuple[str | int, ...]
_Position: TypeAlias = tuple[int, int]
_CORE = "tag:yaml.org,2002:"
_MERGE_TAG = _CORE + "merge"
_TEXT_TAG = _CORE + "str"
_CORE_TAGS = {_CORE + name for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")}
_HALF_CHARACTER = ("half a character (a lone surrogate)", "write the character itself")
_NO_ESCAPE = "write / between folders, or the text in single quotes: in double quotes a backslash starts an escape"
_TOKEN = ("this looks like an access token", "revoke it, and write where it comes from instead: token: {env: NAME}")


def shown(path: Path) -> str:
    """*path* as a message shows it: relative where it lies below the working directory."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # on another drive than the working directory
        return str(path)
    return str(path) if relative.startswith("..") else relative


@dataclass(frozen=True, slots=True)
class Document:
    """One file as plain data; ``at`` tells where a part of it stood."""

    file: str
    path: Path
    data: Any
    _values: Mapping[DataPath, _Position] = field(repr=False)
    _keys: Mapping[DataPath, _Position] = field(repr=False)

    def at(self, path: DataPath, *, key: bool = False) -> _Position:
        """Line and column, from 1, of the value at *path* (or of its key); of the nearest part above if it has none."""
        if key and path in self._keys:
            return self._keys[path]
        for length in range(len(path), -1, -1):
            if path[:length] in self._values:
                return self._values[path[:length]]
        return (1, 1)

    def problem(self, path: DataPath, message: str, fix: str = "", *, key: bool = False) -> Problem:
        """A problem of this file at *path*."""
        return Problem(self.file, *self.at(path, key=key), message, fix)


def read_document(path: Path) -> tuple[Document | None, list[Problem]]:
    """The document in *path*, or ``None`` where its text is no document; and all problems of the text itself."""
    file = shown(path)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        return None, [_unreadable(file, error)]
    if size > MAX_BYTES:
        return None, [Problem(file, 1, 1, f"larger than {MAX_BYTES // 1024} KiB", "split it into several files")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [not_utf8(file, content, error)]
    return parse_document(text, path)


def parse_document(text: str, path: Path) -> tuple[Document | None, list[Problem]]:
    """As :func:`read_document`, for *text* that was already read from *path*."""
    document, problems = _parsed(text, path, shown(path))
    # The data is the caller's to change.
    return (None if document is None else replace(document, data=_copied(document.data))), list(problems)


@lru_cache(maxsize=16)
def _parsed(text: str, path: Path, file: str) -> tuple[Document | None, list[Problem]]:
    """The document of *text*; kept, for a server reads the same files for every page, and parsing takes its time."""
    yaml = new_parser()
    try:
        node = compose(text, yaml)
    except (YAMLError, RecursionError, OverflowError, ValueError, AssertionError) as error:
        return None, [_no_yaml(file, text, error), *_stray_tokens(file, text, set())]
    if node is None or (isinstance(node, ScalarNode) and not node.value):
        problem = Problem(file, 1, 1, "the file is empty", "start it with `version: 1`")
        return None, [problem, *_stray_tokens(file, text, set())]
    if yaml.resolver.processing_version != (1, 2):
        # A directive would bring back what 1.2 took out: `no` for false, 1:30 for 90, 012 for 10.
        line = next(number for number, line in enumerate(text.splitlines(), start=1) if line.startswith("%YAML"))
        return None, [Problem(file, line, 1, "not YAML 1.2", "remove the line %YAML")]
    reader = _Reader(file, yaml)
    data = reader.value(node, (), ())
    problems = reader.problems + _stray_tokens(file, text, reader.token_lines)
    return Document(file, path, data, reader.values, reader.keys), problems


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value


def not_utf8(file: str, content: bytes, error: UnicodeDecodeError) -> Problem:
    """The problem of a *file* whose *content* could not be decoded, at the first wrong byte."""
    # A byte order mark is cut off before the decoder counts.
    start = error.start + len(content) - len(error.object)
    line = content.count(b"\n", 0, start) + 1
    column = start - content.rfind(b"\n", 0, start)
    return Problem(file, line, column, "not UTF-8 text", "save the file as UTF-8")


def is_unicode(text: str) -> bool:
    """Whether *text* has no half characters (lone surrogates), which no file and no store can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Reader:
    """Walks YAML nodes into plain data, and notes positions and everything that is refused."""

    def __init__(self, file: str, yaml: YAML) -> None:
        self.values: dict[DataPath, _Position] = {}
        self.keys: dict[DataPath, _Position] = {}
        self.problems: list[Problem] = []
        self.token_lines: set[int] = set()
        self._file = file
        self._constructor = yaml.constructor
        self._walked: set[int] = set()
        self._aliases = 0
        self._repeated = 0
        self._too_many = False

    def value(self, node: Node, path: DataPath, above: tuple[int, ...]) -> Any:
        self.values[path] = _position(node)
        tag = node.tag
        if tag not in _CORE_TAGS:
            self._refuse(node, f"unknown tag {without_tokens(str(tag))}", "write plain YAML without tags")
            return None
        if id(node) in self._walked and not self._may_repeat(node):
            return None
        self._walked.add(id(node))
        if isinstance(node, ScalarNode):
            return self._scalar(node, tag)
        if id(node) in above or len(above) >= MAX_DEPTH:
            self._refuse(node, "nested too deeply", "write it out flat")
            return None
        inside = (*above, id(node))
        if isinstance(node, SequenceNode):
            return [self.value(entry, (*path, index), inside) for index, entry in enumerate(node.value)]
        return self._mapping(node, path, inside) if isinstance(node, MappingNode) else None

    def _may_repeat(self, node: Node) -> bool:
        self._repeated += 1
        self._aliases += not isinstance(node, ScalarNode)
        if self._too_many:
            return False
        self._too_many = self._aliases > MAX_ALIASES or self._repeated > MAX_REPEATED
        if self._too_many:
            message = f"more than {MAX_ALIASES} aliases, or aliases for more than {MAX_REPEATED} values"
            self._refuse(node, message, "write the values out")
        return not self._too_many

    def _mapping(self, node: MappingNode, path: DataPath, inside: tuple[int, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._refuse(key_node, "a key that is no text", "write a word before the colon")
                continue
            tag = key_node.tag
            if tag not in _CORE_TAGS and tag != _MERGE_TAG:
                self._refuse(key_node, f"unknown tag {without_tokens(str(tag))}", "write plain YAML without tags")
                continue
            name = str(key_node.value)
            place = (*path, name)
            if name in found:
                first = self.keys[place][0]
                self._refuse(key_node, f'"{name}" is there twice (first in line {first})', "keep one of them")
                continue
            if looks_like_token(name):
                self._refuse_token(key_node)
                continue
            if not is_unicode(name):
                self._refuse(key_node, *_HALF_CHARACTER)
                continue
            self.keys[place] = _position(key_node)
            found[name] = self.value(value_node, place, inside)
            if value_node.start_mark.index == value_node.end_mark.index:
                # Nothing follows the colon; for the parser that stands where the next line starts.
                self.values[place] = self.keys[place]
        return found

    def _scalar(self, node: ScalarNode, tag: str) -> Any:
        if looks_like_token(str(node.value)):
            self._refuse_token(node)
            return None
        try:
            value = node.value if tag == _TEXT_TAG else self._constructor.construct_object(node, deep=True)
        except (ArithmeticError, AttributeError, LookupError, ValueError, YAMLError) as error:
            # A tag such as !!bool before a text that is none ends in whatever the constructor stumbles over.
            if tag == _CORE + "timestamp":
                self._refuse(
                    node, f"an impossible date: {node.value[:40]} ({_first_line(error)})", "write a date as YYYY-MM-DD"
                )
            else:
                self._refuse(node, f"an impossible value: {node.value[:40]}", "write it in quotes if it is a text")
            return None
        if isinstance(value, str) and not is_unicode(value):
            self._refuse(node, *_HALF_CHARACTER)
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._refuse(node, f"{node.value} is no number", "write a number, or leave the key out")
            return None
        return value

    def _refuse_token(self, node: Node) -> None:
        self.token_lines.update(range(node.start_mark.line + 1, node.end_mark.line + 2))
        self._refuse(node, *_TOKEN)

    def _refuse(self, node: Node, message: str, fix: str) -> None:
        self.problems.append(Problem(self._file, *_position(node), message, fix))


def entries(document: Document, *path: str | int) -> Iterator[tuple[DataPath, Any]]:
    """Paths and values of the list at *path*; nothing where there is no list."""
    value = document.data
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield (*path, index), entry


def _stray_tokens(file: str, text: str, known: set[int]) -> list[Problem]:
    """Tokens that are no part of a value: in comments, names of anchors, and files that are no YAML."""
    return [
        Problem(file, number, place + 1, *_TOKEN)
        for number, line in enumerate(text.split("\n"), start=1)
        if number not in known
        for place in token_places(line)
    ]


def _no_yaml(file: str, text: str, error: Exception) -> Problem:
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = str(error.problem or error.context)
        if reason.startswith("but "):
            reason = f"{error.context}, {reason}"
        fix = _NO_ESCAPE if "escape" in reason else "mend the syntax there"
        return Problem(file, line, column, f"not YAML: {without_tokens(reason)}", fix)
    if isinstance(error, ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - before.rfind("\n")
        return Problem(file, line, column, f"a character that text cannot have (#x{error.character:04x})", "remove it")
    if isinstance(error, RecursionError):
        return Problem(file, 1, 1, "not YAML: nested too deeply", "write it out flat")
    # What is left is "\\UFFFFFFFF": the parser asks for that character, and does not say where.
    return Problem(file, 1, 1, f"not YAML: {without_tokens(_first_line(error))}", "mend the escapes in quoted texts")


def _position(node: Node) -> _Position:
    return (node.start_mark.line + 1, node.start_mark.column + 1)


def _unreadable(file: str, error: OSError) -> Problem:
    if isinstance(error, FileNotFoundError):
        return Problem(file, 0, 0, "no such file", "run `okrsync init` to make one, or name it with --config")
    return Problem(file, 0, 0, f"cannot be read: {error.strerror}", "check the path and its permissions")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
