"""What a title's words say: a task or a measure, something or nothing. The words themselves are data, by language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_WORD = re.compile(r"[^\W_]+(?:[.,][^\W_]+)*%?|%")
_NEAR = 3
_START = 3
_MOST_OF_A_NAME = 2
_PLACEHOLDERS = {"", "tbd", "tba", "todo", "tbc", "n/a", "na", "none", "unknown", "xxx", "?"}


@dataclass(frozen=True, slots=True)
class Words:
    """One language's or several languages' words, each a tuple of its parts; ``words.toml`` says what each kind is."""

    verbs: frozenset[tuple[str, ...]]
    last: frozenset[tuple[str, ...]]
    strong: frozenset[tuple[str, ...]]
    things: frozenset[tuple[str, ...]]
    made: frozenset[tuple[str, ...]]
    vague: frozenset[tuple[str, ...]]
    filler: frozenset[tuple[str, ...]]
    numbers: frozenset[tuple[str, ...]]

    def counts_output(self, title: str) -> str:
        """The words by which *title* counts what a team makes; empty where it does not."""
        said = [part for part in parts(title) if (part,) not in self.filler]
        things = _places(said, self.things)
        return self._made_things(said, things) or self._task(said, things) or _number_of_things(said, things)

    def _made_things(self, said: Sequence[str], things: Sequence[tuple[int, int]]) -> str:
        """The words of "features shipped" or "shipped features" in *said*."""
        for start, length in things:
            for other, width in _places(said, self.made):
                gap = other - start - length if other > start else start - other - width
                if 0 <= gap < _NEAR:
                    return " ".join(said[min(start, other) : max(start + length, other + width)])
        return ""

    def _task(self, said: Sequence[str], things: Sequence[tuple[int, int]]) -> str:
        """The verb of "Ship 5 features" or "5 Funktionen ausliefern" in *said*; not that of "Ship 95 % of orders"."""
        for start, length in _places(said, self.verbs):
            end = start + length
            leads, closes = start == 0, end == len(said) and (said[start],) in self.last
            near = said[end : end + _NEAR] if leads else said[max(0, start - _NEAR) : start]
            has_thing = any(
                (end <= place < end + _NEAR) if leads else start - _NEAR <= place < start for place, _ in things
            )
            is_strong = (start, length) in _places(said, self.strong)
            if (leads or closes) and (has_thing or (is_strong and not any(part.endswith("%") for part in near))):
                return " ".join(said[start:end])
        return ""

    def is_vague(self, title: str) -> bool:
        """Whether *title* only says that something named in a word or two is to be better."""
        carrying = [part for part in parts(title) if (part,) not in self.filler]
        if any(character.isdigit() for character in title) or not 0 < len(carrying) <= _MOST_OF_A_NAME + 1:
            return False
        return (carrying[0],) in self.vague or (carrying[-1],) in self.vague

    def has_number_word(self, title: str) -> bool:
        """Whether a word of *title* is as good as a number."""
        return bool(_places(parts(title), self.numbers))


@cache
def words(languages: tuple[str, ...], more_things: tuple[str, ...] = ()) -> Words:
    """The words of all *languages* together, and *more_things* that a team makes."""
    known = tomllib.loads(files("okrsync.lint").joinpath("words.toml").read_text("utf-8"))
    kinds = {
        kind: frozenset(tuple(parts(word)) for language in languages for word in known[language].get(kind, ()))
        for kind in Words.__slots__
    }
    kinds["things"] |= {tuple(parts(word)) for word in more_things}
    return Words(**kinds)


def _number_of_things(said: Sequence[str], things: Sequence[tuple[int, int]]) -> str:
    """The words of "12 integrations", with which *said* begins; not of "12 % of integrations"."""
    for start, length in things:
        begins = 0 < start < _START and said[0][0].isdigit()
        if begins and not any(part.endswith("%") for part in said[:start]):
            return " ".join(said[: start + length])
    return ""


def is_blank(text: str) -> bool:
    """Whether *text* is nothing, dots or dashes, or a placeholder such as TBD."""
    return text.strip(" .…-–—_?").casefold() in _PLACEHOLDERS


def parts(text: str) -> list[str]:
    """The words and numbers of *text*, lower case; a percent sign that stands alone is a word."""
    return [found.casefold() for found in _WORD.findall(text)]


def _places(said: Sequence[str], phrases: Iterable[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Where in *said* each of *phrases* stands: start and length, in the order of the text."""
    wanted = frozenset(phrases)
    longest = max(map(len, wanted), default=0)
    return [
        (start, length)
        for start in range(len(said))
        for length in range(1, min(longest, len(said) - start) + 1)
        if tuple(said[start : start + length]) in wanted
    ]
