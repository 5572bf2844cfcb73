"""YAML 1.2 text to ruamel.yaml's nodes, built from the events of the faster libyaml where both read the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml as libyaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

# libyaml looks ahead at every bracket, as often as there are open ones; what is deeper is refused anyway.
_MAX_DEPTH = 60
# Directives; and line breaks, blanks and marks that the parsers count differently, or that no text may have.
_UNUSUAL = re.compile(
    r"^%|\r(?!\n)|[^\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]", re.MULTILINE
)
# The head of a block text as both allow it, and a first line that settles how far it is indented.
_BLOCK_HEAD = re.compile(r"[|>](?:[-+][1-9]?|[1-9][-+]?)?(?: +#[^\n\r]*| *)\r?\n *[^ \n\r]")


class _UnusualError(Exception):
    """Something that the two parsers could read differently."""


def new_parser() -> YAML:
    """ruamel.yaml's own parser, for one text: its word holds for every text, and for what a plain word means."""
    parser = YAML(typ="safe", pure=True)
    parser.composer.warn_double_anchors = False
    return parser


def compose(text: str, parser: YAML) -> Node | None:
    """
    The root node of *text* as ``parser.compose`` makes it, or ``None`` where it has none.

    libyaml takes a tenth of the time. It is left out where it could differ (anchors, tags, directives, tabs, several
    documents), and what it refuses is read again, so that a mistake is always told in ruamel.yaml's words. The one
    difference is the place of a value that is not there (nothing after the colon), which has no place of its own.

    Raises:
        YAMLError: and whatever else ruamel.yaml raises about a text that is no YAML.
    """
    if libyaml.__with_libyaml__ and not _UNUSUAL.search(text):
        try:
            return _composed(text, parser.resolver)
        except (_UnusualError, libyaml.YAMLError):
            pass
    root: Node | None = parser.compose(text)
    return root


def _composed(text: str, resolver: Any) -> Node:
    inner: list[Node] = []
    outer: list[tuple[CollectionNode, list[Node]]] = []
    tags: dict[str, Any] = {}
    for event in _ordinary_events(text):
        if isinstance(event, libyaml.ScalarEvent):
            if event.style:
                tag = resolver.DEFAULT_SCALAR_TAG
            elif (tag := tags.get(event.value)) is None:
                tag = tags[event.value] = resolver.resolve(ScalarNode, event.value, (True, False))
            inner.append(ScalarNode(tag, event.value, event.start_mark, event.end_mark, event.style or None))
        elif isinstance(event, libyaml.CollectionStartEvent):
            outer.append((_collection(event, resolver), inner))
            inner = []
        else:
            node, above = outer.pop()
            node.end_mark = event.end_mark
            node.value = inner if isinstance(node, SequenceNode) else _pairs(inner)
            above.append(node)
            inner = above
    if not inner or isinstance(inner[0], ScalarNode):
        raise _UnusualError
    return inner[0]


def _pairs(nodes: list[Node]) -> list[tuple[Node, Node]]:
    keys = nodes[::2]
    if not all(isinstance(key, ScalarNode) and (key.value or key.style) for key in keys):
        raise _UnusualError
    return list(zip(keys, nodes[1::2], strict=True))


def _collection(event: libyaml.CollectionStartEvent, resolver: Any) -> CollectionNode:
    if isinstance(event, libyaml.SequenceStartEvent):
        return SequenceNode(resolver.DEFAULT_SEQUENCE_TAG, [], event.start_mark, None, event.flow_style)
    return MappingNode(resolver.DEFAULT_MAPPING_TAG, [], event.start_mark, None, event.flow_style)


def _ordinary_events(text: str) -> Iterator[Any]:
    """The events between start and end of the one document in *text*; refuses it at the first that is not ordinary."""
    depth = documents = 0
    events: Iterator[Any] = libyaml.parse(text, Loader=libyaml.CSafeLoader)
    for event in events:
        if isinstance(event, libyaml.NodeEvent):
            if not _is_ordinary(event, text) or depth > _MAX_DEPTH:
                raise _UnusualError
            depth += isinstance(event, libyaml.CollectionStartEvent)
            yield event
        elif isinstance(event, libyaml.CollectionEndEvent):
            depth -= 1
            yield event
        else:
            documents += isinstance(event, libyaml.DocumentStartEvent)
            if documents > 1 or (isinstance(event, libyaml.DocumentEndEvent) and event.explicit):
                raise _UnusualError


def _is_ordinary(event: Any, text: str) -> bool:
    if event.anchor is not None or event.tag is not None:
        return False
    start: int = event.start_mark.index
    if isinstance(event, libyaml.ScalarEvent):
        return event.style not in {"|", ">"} or _BLOCK_HEAD.match(text, start) is not None
    # A pair in a list, without braces of its own: [a: b].
    return not event.flow_style or text[start] in "[{"
