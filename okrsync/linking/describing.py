"""
Describes an item by what may speak for a key result: the words of its text, and its marks.

Whatever names a key result outright is left out. It made the links that are learned from, and no unlinked item has
it: to learn from it would be to learn nothing, and to look sure of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from okrsync.linking.conditions import Hierarchy
from okrsync.model.okrs import KeyResult, Okrs
from okrsync.model.work import Item
from okrsync.plugins.text import said

Description: TypeAlias = Mapping[str, float]
"""How much each word, pair of words (``ticket list``) and mark (``label:door``) counts."""

MAX_TEXT = 2000
"""Characters of a body that count: what an item is about stands at its start, and the rest is often a log."""
_MAX_READ = 4 * MAX_TEXT
_LONGEST_WORD = 30  # what is longer is a hash or a secret
_WORD = re.compile(r"[^\W_]{2,}")
_TITLE_WEIGHT = 2.0
_MARK_WEIGHT = 2.0


def is_mark(feature: str) -> bool:
    """Whether *feature* is a mark, not a word of the text."""
    return ":" in feature


def is_pair(feature: str) -> bool:
    """Whether *feature* is a pair of words."""
    return " " in feature and not is_mark(feature)


def in_words(feature: str) -> str:
    """*feature* as a reader sees it: ``label door``, ``ticket``."""
    return feature.replace(":", " ", 1)


class Describer:
    """Describes items, and key results by their own texts, in the same words."""

    def __init__(self, items: Iterable[Item], hierarchy: Hierarchy, okrs: Okrs, aliases: Collection[str] = ()) -> None:
        self._hierarchy = hierarchy
        self._okrs = okrs
        self._aliases = {alias.casefold() for alias in aliases}
        self._names = _names(okrs)
        self._referred = {key.casefold() for item in items for key in (item.parent, *item.closes) if key}

    def item(self, item: Item, text: str = "") -> Description:
        """What *item* is about; *text* is its body."""
        found = self._words(item.title, said(text[:_MAX_READ])[:MAX_TEXT])
        found |= dict.fromkeys(self._marks(item), _MARK_WEIGHT)
        return found

    def key_result(self, key_result: KeyResult) -> Description:
        """What *key_result* is about, by its title, its objective's title and its metric's definition."""
        metric = self._okrs.metrics_by_id.get(key_result.metric)
        objective = self._okrs.objective_of(key_result)
        return self._words(key_result.title, f"{objective.title}\n{metric.definition if metric else ''}")

    def _words(self, title: str, text: str) -> dict[str, float]:
        said_first = list(self._split(title))
        found: dict[str, float] = {}
        for word in said_first:
            found[word] = found.get(word, 0.0) + _TITLE_WEIGHT
        for word in self._split(text):
            found[word] = found.get(word, 0.0) + 1.0
        for one, other in pairwise(said_first):
            found[f"{one} {other}"] = 1.0
        return found

    def _split(self, text: str) -> Iterator[str]:
        plain = self._names.sub(" ", text) if self._names else text
        return (word for word in _WORD.findall(plain.casefold()) if len(word) <= _LONGEST_WORD)

    def _marks(self, item: Item) -> Iterator[str]:
        told: Sequence[tuple[str, Iterable[str]]] = (
            ("label", (label for label in item.labels if not self._names_key_result(label))),
            ("component", item.components),
            ("team", (item.team,)),
            ("type", (item.type,)),
            ("in", (item.project,)),
            ("iteration", (iteration.name for iteration in item.iterations[-1:])),
            ("related to", self._relatives(item)),
        )
        return (f"{kind}:{value.casefold()}" for kind, values in told for value in values if value)

    def _relatives(self, item: Item) -> Iterator[str]:
        """Keys of what lies above *item* and of what it closes, and its own where others refer to it."""
        yield from (item.parent, *item.closes)
        yield from (ancestor.key for ancestor in self._hierarchy.ancestors(item))
        if item.key.casefold() in self._referred:
            yield item.key

    def _names_key_result(self, label: str) -> bool:
        return label.casefold() in self._aliases or bool(self._names and self._names.search(label))


def _names(okrs: Okrs) -> re.Pattern[str] | None:
    """Finds the names of key results, in any case; ``None`` where there are none."""
    ids = {name for entry in okrs.key_results for name in (entry.id, entry.qualified_id)}
    if not ids:
        return None
    either = "|".join(re.escape(name) for name in sorted(ids, key=lambda name: (-len(name), name)))
    return re.compile(rf"(?<!\w)(?:{either})(?!\.?\w)", re.IGNORECASE)
