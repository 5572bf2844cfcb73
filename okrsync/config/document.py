"""YAML 1.2 text to plain data that still knows where each value and key stood."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from okrsync.errors import Problem
from okrsync.plugins.secret import looks_like_token

MAX_BYTES = 1024 * 1024
MAX_ALIASES = 100
MAX_DEPTH = 40

DataPath: TypeAlias = tuple[str | int, ...]
_Position: TypeAlias = tuple[int, int]
_CORE = "tag:yaml.org,2002:"
_CORE_TAGS = {_CORE + name for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")}


def shown(path: Path) -> str:
    """*path* as a message shows it: relative where it lies below the working directory."""
    relative = os.path.relpath(path)
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
        return None, [Problem(file, 0, 0, f"larger than {MAX_BYTES // 1024} KiB", "split it into several files")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        return None, [Problem(file, line, column, "not UTF-8 text", "save the file as UTF-8")]
    return parse_document(text, path)


def parse_document(text: str, path: Path) -> tuple[Document | None, list[Problem]]:
    """As :func:`read_document`, for *text* that was already read from *path*."""
    file = shown(path)
    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return None, [
            Problem(file, line, column, f"not YAML: {error.problem or error.context}", "mend the syntax there")
        ]
    except (YAMLError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else _first_line(error)
        return None, [Problem(file, 1, 1, f"not YAML: {reason}", "mend the syntax")]
    if node is None:
        return None, [Problem(file, 1, 1, "the file is empty", "start it with `version: 1`")]
    reader = _Reader(file, yaml)
    data = reader.value(node, (), ())
    return Document(file, path, data, reader.values, reader.keys), reader.problems


class _Reader:
    """Walks YAML nodes into plain data, and notes positions and everything that is refused."""

    def __init__(self, file: str, yaml: YAML) -> None:
        self.values: dict[DataPath, _Position] = {}
        self.keys: dict[DataPath, _Position] = {}
        self.problems: list[Problem] = []
        self._file = file
        self._constructor = yaml.constructor
        self._walked: set[int] = set()
        self._aliases = 0

    def value(self, node: Node, path: DataPath, above: tuple[int, ...]) -> Any:
        self.values[path] = _position(node)
        if node.tag not in _CORE_TAGS:
            self._refuse(node, f"unknown tag {node.tag}", "write plain YAML without tags")
            return None
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if id(node) in above or len(above) >= MAX_DEPTH:
            self._refuse(node, "nested too deeply", "write it out flat")
            return None
        if id(node) in self._walked:
            self._aliases += 1
            if self._aliases > MAX_ALIASES:
                if self._aliases == MAX_ALIASES + 1:
                    self._refuse(node, f"more than {MAX_ALIASES} aliases", "write the values out")
                return None
        self._walked.add(id(node))
        inside = (*above, id(node))
        if isinstance(node, SequenceNode):
            return [self.value(entry, (*path, index), inside) for index, entry in enumerate(node.value)]
        return self._mapping(node, path, inside) if isinstance(node, MappingNode) else None

    def _mapping(self, node: MappingNode, path: DataPath, inside: tuple[int, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._refuse(key_node, "a key that is no text", "write a word before the colon")
                continue
            name = str(key_node.value)
            if name in found:
                first = self.keys[(*path, name)][0]
                self._refuse(key_node, f'"{name}" is there twice (first in line {first})', "keep one of them")
                continue
            if looks_like_token(name):
                self._refuse_token(key_node)
                continue
            self.keys[(*path, name)] = _position(key_node)
            found[name] = self.value(value_node, (*path, name), inside)
        return found

    def _scalar(self, node: ScalarNode) -> Any:
        if looks_like_token(str(node.value)):
            self._refuse_token(node)
            return None
        try:
            value = self._constructor.construct_object(node, deep=True)
        except ValueError as error:
            kind = "an impossible date" if str(node.tag).endswith("timestamp") else "an impossible value"
            self._refuse(node, f"{kind}: {node.value} ({_first_line(error)})", "write a date as YYYY-MM-DD")
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._refuse(node, f"{node.value} is no number", "write a number, or leave the key out")
            return None
        return value

    def _refuse_token(self, node: Node) -> None:
        self._refuse(
            node,
            "this looks like an access token",
            "revoke it, and write where it comes from instead: token: {env: NAME}",
        )

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


def _position(node: Node) -> _Position:
    return (node.start_mark.line + 1, node.start_mark.column + 1)


def _unreadable(file: str, error: OSError) -> Problem:
    if isinstance(error, FileNotFoundError):
        return Problem(file, 0, 0, "no such file", "run `okrsync init` to make one, or name it with --config")
    return Problem(file, 0, 0, f"cannot be read: {error.strerror}", "check the path and its permissions")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
