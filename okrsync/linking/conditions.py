"""Whether an item is as a rule's ``if`` demands, and what its patterns captured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from okrsync.config.patterns import compile_pattern
from okrsync.config.settings_file import Conditions, marked_word
from okrsync.model.work import Item

_SUBJECTS: Mapping[str, Callable[[Item], Sequence[str]]] = {
    "label": lambda item: item.labels,
    "type": lambda item: (item.type,),
    "component": lambda item: item.components,
    "milestone": lambda item: [iteration.name for iteration in item.iterations],
    "team": lambda item: (item.team,),
    "source": lambda item: (item.source,),
    "project": lambda item: (item.project,),
}
_MOST_KEPT = 10_000
"""Different labels, types and so on whose answer is kept: a backlog has few, and asking a pattern is dear."""
MAX_ANCESTORS = 50
_NONE: Mapping[str, Item] = {}


class Hierarchy:
    """
    Items by key, and what lies above each; survives cycles and parents that were never read.

    Two sources may hold the same key (two Jira sites with a project PAY); the order of the items decides nothing.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._by_key: dict[str, Item] = {}
        self._by_source: dict[str, dict[str, Item]] = {}
        moved: list[Item] = []
        for item in sorted(items, key=lambda item: (item.source, item.external_id)):
            key = item.key.casefold()
            self._by_key.setdefault(key, item)
            if self._by_source.setdefault(item.source, {}).setdefault(key, item) is item and item.old_keys:
                moved.append(item)
        # An old key still means its item, unless another one is called so now.
        for item in moved:
            for key in item.old_keys:
                self._by_key.setdefault(key.casefold(), item)
                self._by_source[item.source].setdefault(key.casefold(), item)

    def find(self, key: str, source: str = "") -> Item | None:
        """The item that is or was called *key*, in any case: that of *source*, else of any source."""
        folded = key.casefold()
        return self._by_source.get(source, _NONE).get(folded) or self._by_key.get(folded)

    def ancestors(self, item: Item) -> Iterator[Item]:
        """The items above *item*, nearest first, each once."""
        seen = {item.key.casefold()}
        current: Item | None = item
        for _ in range(MAX_ANCESTORS):
            if current is None or not current.parent or current.parent.casefold() in seen:
                return
            seen.add(current.parent.casefold())
            current = self.find(current.parent, current.source)
            if current is not None:
                yield current


def hold(conditions: Conditions, item: Item, hierarchy: Hierarchy) -> bool:
    """Whether all *conditions* hold for *item*; ``parent: linked`` is left to the caller."""
    return Demand(conditions).is_met(item, hierarchy)


class Demand:
    """All *conditions* but *besides*, ready to be asked of many items."""

    def __init__(self, conditions: Conditions, *, besides: str = "") -> None:
        self._words = [
            (subjects, _Words(patterns))
            for name, subjects in _SUBJECTS.items()
            if (patterns := getattr(conditions, name)) is not None and name != besides
        ]
        titles = conditions.title if besides != "title" else None
        self._titles = None if titles is None else [compile_pattern(text, whole=False) for text in titles]
        self._line = marked_word(conditions.body) if conditions.body is not None and besides != "body" else None
        self._field = conditions.field if besides != "field" else None
        self._above = conditions.parent_key

    def is_met(self, item: Item, hierarchy: Hierarchy) -> bool:
        """Whether it holds for *item*; ``parent: linked`` is left to the caller."""
        for subjects, words in self._words:
            if not words.match_any(subjects(item)):
                return False
        if self._titles is not None and not any(pattern.matches(item.title) for pattern in self._titles):
            return False
        if self._line is not None and not any(directive.word == self._line for directive in item.directives):
            return False
        if self._field is not None and not item.fields.get(self._field):
            return False
        return self._above is None or is_below(item, self._above, hierarchy)


class _Words:
    """Patterns that cover a whole word, and what they said of the words that they were asked about."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [compile_pattern(text, whole=True) for text in patterns]
        self._known: dict[str, bool] = {}

    def match_any(self, subjects: Sequence[str]) -> bool:
        return any(self._matches(subject) for subject in subjects)

    def _matches(self, subject: str) -> bool:
        known = self._known.get(subject)
        if known is None:
            known = any(pattern.matches(subject) for pattern in self._patterns)
            if len(self._known) < _MOST_KEPT:
                self._known[subject] = known
        return known


def is_below(item: Item, keys: Sequence[str], hierarchy: Hierarchy) -> bool:
    """Whether *item* is one of *keys* or lies below one of them."""
    wanted = {key.casefold() for key in keys}
    # A parent that was never read still has a name, on the last item of the chain.
    chain = [item, *hierarchy.ancestors(item)]
    return any(link.key.casefold() in wanted or link.parent.casefold() in wanted for link in chain)
