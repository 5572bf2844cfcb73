"""
Suggests key results for unlinked items by the linked items that they are most like. Links nothing.

The ten most similar linked items and key results' own texts vote, each with the square of its similarity. What that is
worth is found out on the links themselves: each linked item is asked about as if it were unlinked, without itself and
without what got its link through it. Where held-out answers are wrong too often, or where an item is like nothing that
is linked, nothing is suggested.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from okrsync.suggesting.calibration import HeldOut, ScoreCalibration, calibrate
from okrsync.suggesting.features import Description, in_words, is_mark, is_pair
from okrsync.suggesting.similarity import TermIndex, Weights, most_alike

VOTERS = 10
MAX_WORDS = 5
MAX_EARLIER = 3
MAX_OTHERS = 2


@dataclass(frozen=True, slots=True)
class Example:
    """
    A linked item, or a key result's own text (then *key* is empty): what is learned from.

    *key_results* hold the share of each (adding up to 1). Examples of one *family* have their links from one another,
    so none of them may speak for another while links are held out; empty: it has no family.
    """

    key: str
    description: Description
    key_results: Mapping[str, float]
    family: str = ""


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """An unlinked item, and the key results that may be suggested for it."""

    key: str
    description: Description
    candidates: Collection[str]


@dataclass(frozen=True, slots=True)
class Background:
    """
    All items, which examples and questions may be but a part of: what makes a word rare, and which marks may speak.

    *beside* are descriptions of unlinked items, *marks* those of every unlinked item. *linked*, *exempt* and *unlinked*
    say how many items there are of which some are described.
    """

    beside: Sequence[Description]
    marks: Collection[str]
    linked: int
    exempt: int
    unlinked: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A key result for an unlinked item, with what speaks for it."""

    key: str
    key_result: str
    score: float
    """How likely it is right, 0 to 1, by held-out links."""
    words: tuple[str, ...]
    """Words and marks (``label door``) that it shares with what speaks for it, the weightiest first."""
    earlier: tuple[str, ...]
    """Keys of the linked items most like it that serve this key result, the most alike first."""
    others: tuple[str, ...]
    """Further key results that may be meant, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """
    All that can be suggested, the surest first, and what it rests on.

    *calibration* is ``None`` where held-out links cannot carry any suggestion; *silence* then says why.
    """

    suggestions: tuple[Suggestion, ...]
    calibration: ScoreCalibration | None
    held_out_coverage: float
    """The share of the held-out linked items that got an answer, 0 to 1."""
    silence: str = ""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the voters say: key results by their votes, the most first, and the voters with their similarities."""

    votes: tuple[tuple[str, float], ...]
    voters: tuple[tuple[int, float], ...]

    @property
    def best(self) -> str:
        return self.votes[0][0] if self.votes else ""

    @property
    def lead(self) -> float:
        """How many votes the best one has more than the next."""
        first, second = (*[votes for _, votes in self.votes[:2]], 0.0, 0.0)[:2]
        return first - second


def suggest(
    examples: Sequence[Example],
    questions: Iterable[ItemQuery],
    background: Background,
    exempt: Sequence[Description] = (),
) -> Suggested:
    """
    What *examples* say of *questions*, seen against their *background*.

    *exempt* are descriptions of items that need not serve any key result: held-out answers for them are wrong.
    """
    linked = [example for example in examples if example.key]
    reason = _nothing_to_learn(linked, exempt)
    if reason or not background.unlinked:
        return Suggested((), None, 0.0, reason)
    # A mark that no unlinked item has can speak for none; held-out items must not lean on it either.
    marks = background.marks
    examples = [replace(example, description=_with_marks(example.description, marks)) for example in examples]
    exempt = [_with_marks(description, marks) for description in exempt]
    weights = Weights(
        [
            ([entry.description for entry in examples if entry.key], background.linked),
            ([entry.description for entry in examples if not entry.key], None),
            (background.beside, background.unlinked),
            (exempt, background.exempt),
        ]
    )
    return _Suggester(examples, weights).suggested(questions, exempt)


class _Suggester:
    def __init__(self, examples: Sequence[Example], weights: Weights) -> None:
        self._examples = examples
        self._weights = weights
        self._texts = [weights.of(example.description) for example in examples]
        self._index = TermIndex(self._texts)
        numbers: dict[str, int] = {}
        self._families = np.array(
            [numbers.setdefault(example.family or f"{place}:", len(numbers)) for place, example in enumerate(examples)],
            dtype=np.intp,
        )

    def suggested(self, questions: Iterable[ItemQuery], exempt: Sequence[Description]) -> Suggested:
        linked = self._held_out_linked()
        calibration = calibrate([*linked, *self._held_out_exempt(exempt)])
        if calibration is None:
            return Suggested((), None, 0.0, "held-out links are guessed wrong too often to trust a suggestion")
        answered = sum(one.lead >= calibration.cut_off for one in linked)
        found = [self._suggestion(question, calibration) for question in questions]
        surest = sorted((one for one in found if one is not None), key=lambda one: (-one.score, one.key))
        return Suggested(tuple(surest), calibration, answered / len(linked))

    def _held_out_linked(self) -> list[HeldOut]:
        """How each linked item would be answered without itself and its family."""
        found: list[HeldOut] = []
        for place, example in enumerate(self._examples):
            if example.key:
                evidence = self._evidence(self._texts[place], without=int(self._families[place]))
                found.append(HeldOut(evidence.lead, evidence.best in example.key_results))
        return found

    def _held_out_exempt(self, exempt: Sequence[Description]) -> list[HeldOut]:
        return [HeldOut(self._evidence(self._weights.of(one)).lead, is_right=False) for one in exempt]

    def _suggestion(self, question: ItemQuery, calibration: ScoreCalibration) -> Suggestion | None:
        text = self._weights.of(question.description)
        evidence = self._evidence(text)
        if evidence.lead < calibration.cut_off or evidence.best not in question.candidates:
            return None
        speaking = [
            (place, alike) for place, alike in evidence.voters if evidence.best in self._examples[place].key_results
        ]
        keys = [self._examples[place].key for place, _ in speaking]
        others = [name for name, _ in evidence.votes[1:] if name in question.candidates]
        return Suggestion(
            question.key,
            evidence.best,
            round(calibration.score(evidence.lead), 3),
            self._shared_words(text, speaking),
            tuple(key for key in keys if key)[:MAX_EARLIER],
            tuple(others[:MAX_OTHERS]),
        )

    def _evidence(self, text: Mapping[str, float], *, without: int | None = None) -> _Evidence:
        similarities = self._index.similarities(text)
        if without is not None:
            similarities[self._families == without] = 0.0
        voters = most_alike(similarities, VOTERS)
        votes: dict[str, float] = {}
        for place, alike in voters:
            for name, share in self._examples[place].key_results.items():
                votes[name] = votes.get(name, 0.0) + alike * alike * share
        ranked = sorted(votes.items(), key=lambda entry: (-entry[1], entry[0]))
        return _Evidence(tuple(ranked), tuple(voters))

    def _shared_words(self, text: Mapping[str, float], speaking: Sequence[tuple[int, float]]) -> tuple[str, ...]:
        """The features of *text* that make it like those that speak, the weightiest first."""
        counts: dict[str, float] = {}
        for place, alike in speaking:
            other = self._texts[place]
            # A pair says no more to a reader than its words.
            for name in (name for name in text.keys() & other.keys() if not is_pair(name)):
                counts[name] = counts.get(name, 0.0) + alike * text[name] * other[name]
        ranked = sorted(counts, key=lambda name: (-counts[name], name))
        return tuple(in_words(name) for name in ranked[:MAX_WORDS])


def _nothing_to_learn(linked: Sequence[Example], exempt: Sequence[Description]) -> str:
    """Why *linked* teaches nothing; empty where it may."""
    if not linked:
        return "no item is linked yet: there is nothing to learn from"
    served = {name for example in linked for name in example.key_results}
    if len(served) == 1 and not exempt:
        return "all linked items serve one key result and none is exempt: there is nothing to tell apart"
    return ""


def _with_marks(description: Description, marks: Collection[str]) -> Description:
    return {name: count for name, count in description.items() if not is_mark(name) or name in marks}
