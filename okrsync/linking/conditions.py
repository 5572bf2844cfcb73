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
MAX_ANCESTORS = 50


class Hierarchy:
    """
    Items by key, and what lies above each; survives cycles and parents that were never read.

    Two sources may hold the same key (two Jira sites with a project PAY); the order of the items decides nothing.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._by_key: dict[str, Item] = {}
        self._by_source: dict[tuple[str, str], Item] = {}
        for item in sorted(items, key=lambda item: (item.source, item.external_id)):
            self._by_key.setdefault(item.key.casefold(), item)
            self._by_source.setdefault((item.source, item.key.casefold()), item)
        # An old key still means its item, unless another one is called so now.
        for item in self._by_source.copy().values():
            for key in item.old_keys:
                self._by_key.setdefault(key.casefold(), item)
                self._by_source.setdefault((item.source, key.casefold()), item)

    def find(self, key: str, source: str = "") -> Item | None:
        """The item that is or was called *key*, in any case: that of *source*, else of any source."""
        return self._by_source.get((source, key.casefold())) or self._by_key.get(key.casefold())

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


def hold(conditions: Conditions, item: Item, hierarchy: Hierarchy, *, besides: str = "") -> bool:
    """Whether all *conditions* but *besides* hold for *item*; ``parent: linked`` is left to the caller."""
    for name, subjects in _SUBJECTS.items():
        patterns = getattr(conditions, name)
        if patterns is not None and name != besides and not _any_match(patterns, subjects(item), whole=True):
            return False
    if (
        conditions.title is not None
        and besides != "title"
        and not _any_match(conditions.title, (item.title,), whole=False)
    ):
        return False
    if conditions.body is not None and besides != "body":
        word = marked_word(conditions.body)
        if not any(directive.word == word for directive in item.directives):
            return False
    if conditions.field is not None and besides != "field" and not item.fields.get(conditions.field):
        return False
    return conditions.parent_key is None or is_below(item, conditions.parent_key, hierarchy)


def is_below(item: Item, keys: Sequence[str], hierarchy: Hierarchy) -> bool:
    """Whether *item* is one of *keys* or lies below one of them."""
    wanted = {key.casefold() for key in keys}
    # A parent that was never read still has a name, on the last item of the chain.
    chain = [item, *hierarchy.ancestors(item)]
    return any(link.key.casefold() in wanted or link.parent.casefold() in wanted for link in chain)


def _any_match(patterns: Sequence[str], subjects: Sequence[str], *, whole: bool) -> bool:
    compiled = [compile_pattern(text, whole=whole) for text in patterns]
    return any(pattern.matches(subject) for pattern in compiled for subject in subjects)
