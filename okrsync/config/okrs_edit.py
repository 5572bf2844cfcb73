"""Changes an OKR file's text value by value: comments, order and every line that is not meant stay as they are."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from okrsync.config.document import DataPath, parse_document
from okrsync.errors import ConfigError, Problem

NEW_FILE = "# What is wanted. Every field: docs/configuration.md. Check it with `okrsync validate`.\nversion: 1\n"
_ORDER = (
    ("version", "values", "cycles", "metrics", "objectives"),
    ("id", "cycle", "title", "owner", "theme", "contributors", "values", "key_results"),
    ("id", "title", "state", "metric", "direction", "baseline", "target", "band", "kind", "level"),
)
_QUOTED = {"title", "definition", "unit"}
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Edit:
    """
    Puts *value* to *path*: into a mapping, or to the end of a list where *path* ends with the list's length.

    Everything above *path* is there already, or put there by an earlier edit.
    """

    path: DataPath
    value: Any


def edited(text: str, edits: Sequence[Edit], path: Path) -> str:
    """
    *text* of the file *path* with all *edits* made, and nothing else changed.

    Raises:
        ConfigError: an edit would change another part too, because the two share an anchor.
    """
    before = parse_document(text, path)[0]
    data = before.data if before else None
    if not edits or before is None or not isinstance(data, dict):
        return text
    wanted = copy.deepcopy(data)
    for edit in edits:
        _put(wanted, edit.path, edit.value)
    candidate = _Text(text.replace("\r\n", "\n")).edited(edits)
    after = parse_document(candidate, path)[0]
    if after is None or after.data != wanted:
        fix = "write out what &anchors and *aliases share, then import again"
        raise ConfigError([Problem(before.file, 0, 0, "these changes cannot be made without touching others", fix)])
    return candidate.replace("\n", "\r\n") if "\r\n" in text else candidate


def _put(data: Any, path: DataPath, value: Any) -> None:
    for step in path[:-1]:
        data = data[step]
    if isinstance(data, list) and path[-1] == len(data):
        data.append(copy.deepcopy(value))
    else:
        data[path[-1]] = copy.deepcopy(value)


class _Text:
    """The text of a file with its nodes; edits become pieces of text at places that the nodes know."""

    def __init__(self, text: str) -> None:
        # The round trip of the library lays out other lines anew, and some of them wrongly; its positions are exact.
        self._text = text if text.endswith("\n") else text + "\n"
        self._root: Any = YAML(typ="safe", pure=True).compose(self._text)
        self._lines = self._text.splitlines(keepends=True)
        self._offset = 0 if re.search(r"^- ", text, re.MULTILINE) else 2

    def edited(self, edits: Sequence[Edit]) -> str:
        pieces = [(*self._piece(edit), order) for order, edit in enumerate(self._joined(edits))]
        text = self._text
        for start, end, new, _ in sorted(pieces, key=lambda piece: (piece[0], piece[3]), reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _joined(self, edits: Sequence[Edit]) -> Iterator[Edit]:
        """*edits*, with the entries of a list that is new or empty as one edit of the whole list."""
        lists: dict[DataPath, list[Any]] = {}
        for edit in edits:
            holder = self._node(edit.path[:-1])
            if edit.path[:-1] in lists:
                lists[edit.path[:-1]].append(edit.value)
            elif edit.value == []:
                lists[edit.path] = []
            elif isinstance(holder, SequenceNode) and not holder.value:
                lists[edit.path[:-1]] = [edit.value]
            else:
                yield edit
        yield from (Edit(path, entries) for path, entries in lists.items())

    def _piece(self, edit: Edit) -> tuple[int, int, str]:
        """From where to where the text gives way to what."""
        holder, name = self._node(edit.path[:-1]), edit.path[-1]
        if isinstance(holder, SequenceNode):
            return self._appended(holder, edit.value)
        for key, value in holder.value:
            if key.value == name:
                return self._replaced(key, value, str(name), edit.value)
        return self._added(holder, str(name), edit.value)

    def _appended(self, holder: SequenceNode, entry: Any) -> tuple[int, int, str]:
        if holder.flow_style:
            end = holder.value[-1].end_mark.index
            return end, end, ", " + _inline(entry)
        first = holder.value[0].start_mark
        dash = self._lines[first.line].rfind("-", 0, first.column)
        end = self._end_of(holder)
        return end, end, _indented(_item(entry, self._offset), dash)

    def _replaced(self, key: Node, value: Any, name: str, new: Any) -> tuple[int, int, str]:
        if _is_entries(new) and not self._root.flow_style:
            lines = [line for entry in new for line in _item(entry, self._offset)]
            return value.start_mark.index, value.end_mark.index, "\n" + _indented(lines, self._offset).rstrip("\n")
        start, end = value.start_mark.index, value.end_mark.index
        if isinstance(value, ScalarNode) and value.style in {"|", ">"}:
            end = self._end_of(value) - 1
        elif not isinstance(value, ScalarNode) and not value.flow_style:
            start, end = self._text.index(":", key.end_mark.index) + 1, self._end_of(value) - 1
            return start, end, " " + _inline(new, name)
        return start, end, _inline(new, name)

    def _added(self, holder: MappingNode, name: str, value: Any) -> tuple[int, int, str]:
        place = _position([key.value for key, _ in holder.value], name)
        following = holder.value[place][0] if place < len(holder.value) else None
        if holder.flow_style:
            said = f"{name}: {_inline(value, name)}"
            if following is not None:
                return following.start_mark.index, following.start_mark.index, said + ", "
            end = holder.value[-1][1].end_mark.index
            return end, end, ", " + said
        column = holder.start_mark.column
        start = following.start_mark.index - column if following is not None else self._end_of(holder)
        return start, start, _indented(_lines_of(name, value, self._offset), column)

    def _end_of(self, node: Node) -> int:
        """Where the last line that holds something of *node* ends: comments below it belong to what follows."""
        while not getattr(node, "flow_style", True) and node.value:
            last = node.value[-1]
            node = last[1] if isinstance(last, tuple) else last
        end = node.end_mark.line - (node.end_mark.column == 0 and node.end_mark.line > node.start_mark.line)
        while end > node.start_mark.line and not self._lines[end].strip():
            end -= 1
        return sum(map(len, self._lines[: end + 1]))

    def _node(self, path: DataPath) -> Any:
        """The node at *path*, or ``None``."""
        node: Any = self._root
        for step in path:
            if isinstance(node, MappingNode):
                node = next((value for key, value in node.value if key.value == step), None)
            elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                return None
        return node


def _position(names: list[str], name: str) -> int:
    """Where *name* belongs among *names*: before the first that comes later, so that comments below stay below."""
    order = next((order for order in _ORDER if name in order and set(names) & set(order[1:])), ())
    later = order[order.index(name) + 1 :] if name in order else ()
    return next((index for index, known in enumerate(names) if known in later), len(names))


def _is_entries(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _item(entry: Mapping[str, Any], offset: int) -> list[str]:
    """*entry* of a list as lines; a cycle on one."""
    if "start" in entry:
        return [f"- {_inline(entry)}"]
    lines = [line for name, value in entry.items() for line in _lines_of(name, value, offset)]
    return [("  " if index else "- ") + line for index, line in enumerate(lines)]


def _lines_of(name: str, value: Any, offset: int) -> list[str]:
    if not _is_entries(value):
        return [f"{name}: {_inline(value, name)}"]
    return [f"{name}:", *(" " * offset + line for entry in value for line in _item(entry, offset))]


def _indented(lines: Sequence[str], column: int) -> str:
    return "".join(" " * column + line + "\n" for line in lines)


def _inline(value: Any, name: str = "") -> str:
    """*value* on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_inline(entry, str(key))}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value if name not in _QUOTED and _is_plain(value) else json.dumps(value, ensure_ascii=False)
    return repr(value)


def _is_plain(text: str) -> bool:
    """Whether *text* needs no quotes to stay a text."""
    try:
        return _WORD.fullmatch(text) is not None and YAML(typ="safe", pure=True).load(text) == text
    except (YAMLError, ValueError):  # such as a date that no calendar has
        return False
