"""What an item's own rules say of it: the key results that the first matching rule names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.config.patterns import compile_pattern
from okrsync.config.settings_file import Conditions, ExemptClass, Rule, marked_word
from okrsync.linking.conditions import Demand, Hierarchy
from okrsync.linking.key_result_resolver import KeyResultResolver
from okrsync.model.work import Item

INHERIT = "inherit"
DEFAULT_MAX_DEPTH = 5
Found = list[tuple[str, str]]
"""Names of key results, each with where it was found."""


@dataclass(frozen=True, slots=True)
class Match:
    """What one rule says of one item. *explicit*: the item itself names the key result."""

    names: tuple[str, ...]
    rule: str
    via: str
    explicit: bool
    disagrees: str = ""
    """The rule of the same rank that names another key result; empty for most."""


class _Ready:
    """A rule, ready to be asked of many items; *kind* is what it takes the names from, empty where it says them."""

    def __init__(self, number: int, rule: Rule) -> None:
        self.number = number
        self.rule = rule
        self.name = f"rule {number}"
        self.kind = rule.link.removeprefix("from_") if rule.link.startswith("from_") else ""
        self.demand = Demand(rule.condition, besides=self.kind)
        self.is_inheritance = rule.link == INHERIT
        self.rank = len(rule.condition.given)
        self.by_label: dict[tuple[str, ...], Match | None] = {}
        """What it says of the labels of an item: a backlog has few combinations of them."""

    @property
    def is_attribute(self) -> bool:
        return not (self.kind or self.is_inheritance or self.rule.condition.parent_key)


class RuleBook:
    """The configuration's rules, in their order."""

    def __init__(
        self, rules: Sequence[Rule], exempt: Sequence[ExemptClass], names: KeyResultResolver, hierarchy: Hierarchy
    ) -> None:
        self._rules = [_Ready(number, rule) for number, rule in enumerate(rules, start=1)]
        self._exempt = [(entry.id, Demand(entry.condition)) for entry in exempt]
        self._names = names
        self._hierarchy = hierarchy

    def exempt_class(self, item: Item) -> str:
        """The first exempt class that *item* belongs to; empty for none."""
        found = (id_ for id_, demand in self._exempt if demand.is_met(item, self._hierarchy))
        return next(found, "")

    def first_match(self, item: Item, day: date, *, explicit_only: bool) -> Match | None:
        """
        What the first rule that matches *item* says, inheritance left out.

        Attribute rules with the same number of conditions have the same rank: where a later one of that rank names
        another key result on *day*, the match says so.
        """
        for ready in self._rules:
            if explicit_only and not ready.kind:
                continue
            match = self._match(ready, item)
            if match is None:
                continue
            return self._checked(match, ready, item, day) if ready.is_attribute else match
        return None

    def inheritance(self, item: Item) -> tuple[str, int]:
        """The rule by which *item* inherits, and how many steps up; none and 0 where it does not."""
        for ready in self._rules:
            if ready.is_inheritance and ready.demand.is_met(item, self._hierarchy):
                return ready.name, ready.rule.max_depth or DEFAULT_MAX_DEPTH
        return "", 0

    def _match(self, ready: _Ready, item: Item) -> Match | None:
        if ready.is_inheritance or not ready.demand.is_met(item, self._hierarchy):
            return None
        conditions = ready.rule.condition
        if not ready.kind:
            return Match((ready.rule.link,), ready.name, _worded(conditions), explicit=False)
        if ready.kind != "label":
            return _explicit(ready, self._named(ready.kind, conditions, item))
        if item.labels not in ready.by_label:
            ready.by_label[item.labels] = _explicit(ready, self._from_label(conditions, item))
        return ready.by_label[item.labels]

    def _named(self, kind: str, conditions: Conditions, item: Item) -> Found:
        """The names that *item* itself holds, each with where it stands."""
        by_kind = {"title": self._from_title, "body": self._from_body, "field": self._from_field}
        return by_kind[kind](conditions, item)

    def _checked(self, match: Match, ready: _Ready, item: Item, day: date) -> Match:
        link = ready.rule.link
        meant = self._names.resolve(link, day).key_result
        for other in self._rules[ready.number :]:
            if other.rank != ready.rank or not other.is_attribute:
                continue
            says = other.rule.link
            if self._names.resolve(says, day).key_result != meant and other.demand.is_met(item, self._hierarchy):
                disagreement = f"{match.rule} says {link}, {other.name} says {says}"
                return Match(match.names, match.rule, match.via, explicit=False, disagrees=disagreement)
        return match

    def _from_label(self, conditions: Conditions, item: Item) -> Found:
        patterns = [compile_pattern(text, whole=True) for text in conditions.label or ()]
        found: Found = []
        for label in item.labels:
            captured = [text for pattern in patterns for text in pattern.captures(label)]
            for text in self._names.alias(label) or captured:
                found += [(name, f"label {label}") for name in self._expanded(text)]
        return found

    def _from_title(self, conditions: Conditions, item: Item) -> Found:
        patterns = [compile_pattern(text, whole=False) for text in conditions.title or ()]
        texts = [text for pattern in patterns for text in pattern.captures(item.title)]
        # Brackets in titles hold many things; only what is written like a key result is one.
        return [
            (name, f"title {text}")
            for text in texts
            for name in self._expanded(text)
            if self._names.looks_like_one(name)
        ]

    def _from_body(self, conditions: Conditions, item: Item) -> Found:
        word = marked_word(conditions.body or "")
        values = [directive.value for directive in item.directives if directive.word == word]
        return [(name, f"body {conditions.body} {value}") for value in values for name in self._expanded(value)]

    def _from_field(self, conditions: Conditions, item: Item) -> Found:
        name_of_field = conditions.field or ""
        values = item.fields.get(name_of_field, ())
        return [(name, f"field {name_of_field} {value}") for value in values for name in self._expanded(value)]

    def _expanded(self, text: str) -> list[str]:
        names = self._names.alias(text) or self._names.split(text)
        return [part for name in names for part in (self._names.alias(name) or (name,))]


def _explicit(ready: _Ready, found: Found) -> Match | None:
    if not found:
        return None
    names = dict.fromkeys(name for name, _ in found)
    via = ", ".join(dict.fromkeys(text for _, text in found))
    return Match(tuple(names), ready.name, via, explicit=True)


def _worded(conditions: Conditions) -> str:
    parts = []
    for name in conditions.given:
        value = getattr(conditions, name)
        text = " or ".join(value) if isinstance(value, list) else str(value)
        parts.append(f"below {text}" if name == "parent_key" else f"{name} {text}")
    return ", ".join(parts)
