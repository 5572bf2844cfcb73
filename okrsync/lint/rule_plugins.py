"""Lint rules of other packages, found by their entry points; a broken one is named and stops no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from okrsync.errors import PluginError
from okrsync.lint.findings import LintRule
from okrsync.lint.linting import RULES
from okrsync.plugins.discovery import LINT_GROUP, lint_plugin_names, load_lint_plugin

CODE = re.compile(r"(?!OKR\d)[A-Z]{2,10}\d{1,4}")
"""A code of another package: letters and digits, and not okrsync's own letters."""


def load_rules() -> tuple[tuple[LintRule, ...], tuple[PluginError, ...]]:
    """
    Return okrsync's rules followed by those of other packages, and an error for each package that has none to offer.

    An entry point of the group ``okrsync.lint`` names a :class:`LintRule`, or several in a list or tuple. A package
    with a code that is not its own to give, or that is taken, is left out as a whole.
    """
    rules = list(RULES)
    broken: list[PluginError] = []
    for name in lint_plugin_names():
        try:
            rules += _checked(name, load_lint_plugin(name), {rule.code for rule in rules})
        except PluginError as error:
            broken.append(error)
    return tuple(rules), tuple(broken)


def _checked(name: str, loaded: object, taken: set[str]) -> Sequence[LintRule]:
    found: Iterable[object] = loaded if isinstance(loaded, list | tuple) else [loaded]
    rules = [rule for rule in found if isinstance(rule, LintRule)]
    if problem := next(_problems(list(found), rules, taken), None):
        raise PluginError(LINT_GROUP, name, problem)
    return rules


def _problems(found: Sequence[object], rules: Sequence[LintRule], taken: set[str]) -> Iterator[str]:
    if not rules or len(rules) < len(found):
        yield "it is no lint rule, and no list of lint rules"
    seen = set(taken)
    for rule in rules:
        if not CODE.fullmatch(rule.code):
            yield f'its code "{rule.code}" is not letters and digits as in ACME101; OKR is for the rules of okrsync'
        if rule.code in seen:
            yield f'its code "{rule.code}" is that of another rule'
        if rule.check is None:
            yield f"its rule {rule.code} has no check"
        seen.add(rule.code)
