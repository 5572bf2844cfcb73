"""What an item's own rules say of it: the key results that the first matching rule names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.config.patterns import compile_pattern
from okrsync.config.settings_file import Conditions, ExemptClass, Rule, marked_word
from okrsync.linking.conditions import Hierarchy, hold
from okrsync.linking.naming import KeyResultNames
from okrsync.model.work import Item

INHERIT = "inherit"
DEFAULT_MAX_DEPTH = 5


@dataclass(frozen=True, slots=True)
class Match:
    """What one rule says of one item. *explicit*: the item itself names the key result."""

    names: tuple[str, ...]
    rule: str
    via: str
    explicit: bool
    disagrees: str = ""
    """The rule of the same rank that names another key result; empty for most."""


class RuleBook:
    """The configuration's rules, in their order."""

    def __init__(
        self, rules: Sequence[Rule], exempt: Sequence[ExemptClass], names: KeyResultNames, hierarchy: Hierarchy
    ) -> None:
        self._rules = list(enumerate(rules, start=1))
        self._exempt = exempt
        self._names = names
        self._hierarchy = hierarchy

    def exempt_class(self, item: Item) -> str:
        """The first exempt class that *item* belongs to; empty for none."""
        found = (entry.id for entry in self._exempt if hold(entry.condition, item, self._hierarchy))
        return next(found, "")

    def first_match(self, item: Item, day: date, *, explicit_only: bool) -> Match | None:
        """
        What the first rule that matches *item* says, inheritance left out.

        Attribute rules with the same number of conditions have the same rank: where a later one of that rank names
        another key result on *day*, the match says so.
        """
        for number, rule in self._rules:
            match = self._match(number, rule, item)
            if match is None or (explicit_only and not match.explicit):
                continue
            if match.explicit or rule.condition.parent_key:
                return match
            return self._checked(match, number, rule, item, day)
        return None

    def inheritance(self, item: Item) -> tuple[str, int]:
        """The rule by which *item* inherits, and how many steps up; none and 0 where it does not."""
        for number, rule in self._rules:
            if rule.link == INHERIT and hold(rule.condition, item, self._hierarchy):
                return f"rule {number}", rule.max_depth or DEFAULT_MAX_DEPTH
        return "", 0

    def _match(self, number: int, rule: Rule, item: Item) -> Match | None:
        if rule.link == INHERIT:
            return None
        kind = rule.link.removeprefix("from_") if rule.link.startswith("from_") else ""
        if not hold(rule.condition, item, self._hierarchy, besides=kind):
            return None
        if not kind:
            via = _worded(rule.condition)
            return Match((rule.link,), f"rule {number}", via, explicit=False)
        found = {
            "label": self._from_label,
            "title": self._from_title,
            "body": self._from_body,
            "field": self._from_field,
        }[kind](rule.condition, item)
        if not found:
            return None
        names = dict.fromkeys(name for name, _ in found)
        via = ", ".join(dict.fromkeys(text for _, text in found))
        return Match(tuple(names), f"rule {number}", via, explicit=True)

    def _checked(self, match: Match, number: int, rule: Rule, item: Item, day: date) -> Match:
        rank = len(rule.condition.given)
        meant = self._names.resolve(rule.link, day).key_result
        for other_number, other in self._rules[number:]:
            same_rank = len(other.condition.given) == rank and not other.condition.parent_key
            if not same_rank or other.link.startswith("from_") or other.link == INHERIT:
                continue
            if self._names.resolve(other.link, day).key_result != meant and hold(
                other.condition, item, self._hierarchy
            ):
                disagreement = f"{match.rule} says {rule.link}, rule {other_number} says {other.link}"
                return Match(match.names, match.rule, match.via, explicit=False, disagrees=disagreement)
        return match

    def _from_label(self, conditions: Conditions, item: Item) -> list[tuple[str, str]]:
        patterns = [compile_pattern(text, whole=True) for text in conditions.label or ()]
        found: list[tuple[str, str]] = []
        for label in item.labels:
            captured = [text for pattern in patterns for text in pattern.captures(label)]
            for text in self._names.alias(label) or captured:
                found += [(name, f"label {label}") for name in self._expanded(text)]
        return found

    def _from_title(self, conditions: Conditions, item: Item) -> list[tuple[str, str]]:
        patterns = [compile_pattern(text, whole=False) for text in conditions.title or ()]
        texts = [text for pattern in patterns for text in pattern.captures(item.title)]
        # Brackets in titles hold many things; only what is written like a key result is one.
        return [
            (name, f"title {text}")
            for text in texts
            for name in self._expanded(text)
            if self._names.looks_like_one(name)
        ]

    def _from_body(self, conditions: Conditions, item: Item) -> list[tuple[str, str]]:
        word = marked_word(conditions.body or "")
        values = [directive.value for directive in item.directives if directive.word == word]
        return [(name, f"body {conditions.body} {value}") for value in values for name in self._expanded(value)]

    def _from_field(self, conditions: Conditions, item: Item) -> list[tuple[str, str]]:
        name_of_field = conditions.field or ""
        values = item.fields.get(name_of_field, ())
        return [(name, f"field {name_of_field} {value}") for value in values for name in self._expanded(value)]

    def _expanded(self, text: str) -> list[str]:
        names = self._names.alias(text) or self._names.split(text)
        return [part for name in names for part in (self._names.alias(name) or (name,))]


def _worded(conditions: Conditions) -> str:
    parts = []
    for name in conditions.given:
        value = getattr(conditions, name)
        text = " or ".join(value) if isinstance(value, list) else str(value)
        parts.append(f"below {text}" if name == "parent_key" else f"{name} {text}")
    return ", ".join(parts)
