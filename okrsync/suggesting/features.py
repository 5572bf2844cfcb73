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
_GOES_ON = re.compile(r"\.?\w")
_LABEL, _RELATED = "label", "related to"
_TITLE_WEIGHT = 2.0
_MARK_WEIGHT = 2.0


def _mark(kind: str, value: str) -> str:
    return f"{kind}:{value.casefold()}"


def is_mark(feature: str) -> bool:
    """Whether *feature* is a mark, not a word of the text."""
    return ":" in feature


def is_pair(feature: str) -> bool:
    """Whether *feature* is a pair of words."""
    return " " in feature and not is_mark(feature)


def in_words(feature: str) -> str:
    """*feature* as a reader sees it: ``label door``, ``ticket``."""
    return feature.replace(":", " ", 1)


class FeatureExtractor:
    """Describes items, and key results by their own texts, in the same words."""

    def __init__(self, items: Iterable[Item], hierarchy: Hierarchy, okrs: Okrs, aliases: Collection[str] = ()) -> None:
        self._hierarchy = hierarchy
        self._okrs = okrs
        self._aliases = {alias.casefold() for alias in aliases}
        self._names = _Names(okrs)
        self._metrics = okrs.metrics_by_id
        self._naming: dict[str, bool] = {}
        """What was said of labels: many items have the same ones."""
        referred = {key for item in items for key in (item.parent, *item.closes) if key}
        self._referred = {key.casefold() for key in referred}

    def item(self, item: Item, text: str = "") -> Description:
        """What *item* is about; *text* is its body."""
        found = self._words(item.title, said(text[:_MAX_READ])[:MAX_TEXT])
        found |= dict.fromkeys(self._marks(item), _MARK_WEIGHT)
        return found

    def marks_of(self, items: Iterable[Item]) -> frozenset[str]:
        """The marks of all *items* together: as those in their descriptions, without any text."""
        told: set[tuple[str, str]] = set()
        parents: dict[tuple[str, str], Item] = {}
        for item in items:
            told.update((kind, value) for kind, values in self._own_marks(item) for value in values)
            if item.parent:
                parents.setdefault((item.source, item.parent), item)
        # What lies above an item is the same for all children of one parent.
        told.update(
            (_RELATED, ancestor.key) for item in parents.values() for ancestor in self._hierarchy.ancestors(item)
        )
        return frozenset(_mark(kind, value) for kind, value in told if self._speaks(kind, value))

    def key_result(self, key_result: KeyResult) -> Description:
        """What *key_result* is about, by its title, its objective's title and its metric's definition."""
        metric = self._metrics.get(key_result.metric)
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
        words = _WORD.findall(self._names.left_out(text).casefold())
        return (word for word in words if len(word) <= _LONGEST_WORD)

    def _marks(self, item: Item) -> Iterator[str]:
        above = (ancestor.key for ancestor in self._hierarchy.ancestors(item))
        told = (*self._own_marks(item), (_RELATED, above))
        return (_mark(kind, value) for kind, values in told for value in values if self._speaks(kind, value))

    def _own_marks(self, item: Item) -> Sequence[tuple[str, Iterable[str]]]:
        """All but what lies above its parent: what it closes, and its own key where others refer to it, too."""
        return (
            (_LABEL, item.labels),
            ("component", item.components),
            ("team", (item.team,)),
            ("type", (item.type,)),
            ("in", (item.project,)),
            ("iteration", (iteration.name for iteration in item.iterations[-1:])),
            (_RELATED, (item.parent, *item.closes, item.key if item.key.casefold() in self._referred else "")),
        )

    def _speaks(self, kind: str, value: str) -> bool:
        return bool(value) and (kind != _LABEL or not self._names_key_result(value))

    def _names_key_result(self, label: str) -> bool:
        known = self._naming.get(label)
        if known is None:
            known = label.casefold() in self._aliases or self._names.left_out(label) != label
            self._naming[label] = known
        return known


class _Names:
    """
    Finds the names of key results in text, in any case, where no other name goes on (``KR1.1`` not in ``KR1.10``).

    One pattern of all names would be tried name by name at every word; so a pattern finds where one may start, and what
    stands there is looked up.
    """

    def __init__(self, okrs: Okrs) -> None:
        names = {name for entry in okrs.key_results for name in (entry.id, entry.qualified_id)}
        self._known = {name.casefold() for name in names}
        self._lengths = sorted({len(name) for name in self._known}, reverse=True)
        firsts, seconds = ({name[place : place + 1] for name in self._known} for place in (0, 1))
        second = "" if "" in seconds else f"(?={_one_of(seconds)})"
        self._start = re.compile(rf"(?<!\w){_one_of(firsts)}{second}", re.IGNORECASE) if self._known else None

    def left_out(self, text: str) -> str:
        """*text* with a space in place of each name."""
        if self._start is None:
            return text
        kept: list[str] = []
        done = 0
        for match in self._start.finditer(text):
            start = match.start()
            if start >= done and (end := self._end(text, start)):
                kept += (text[done:start], " ")
                done = end
        return "".join((*kept, text[done:])) if kept else text

    def _end(self, text: str, start: int) -> int:
        """Where the longest name that starts at *start* ends; 0 if none does."""
        for length in self._lengths:
            end = start + length
            if text[start:end].casefold() in self._known and not _GOES_ON.match(text, end):
                return end
        return 0


def _one_of(characters: Collection[str]) -> str:
    return f"[{''.join(map(re.escape, sorted(characters)))}]"
