"""Suggestions as plain report data: what they are, what speaks for them, and what they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.linking.placement import Placements
from okrsync.model.okrs import Okrs
from okrsync.model.work import Item
from okrsync.suggesting.suggestions import Suggested, Suggestion
from okrsync.suggesting.training_data import TrainingData


@dataclass(frozen=True, slots=True)
class SuggestedLink:
    """One suggestion; *score* (0 to 1) is how likely it is right, by held-out links."""

    key: str
    title: str
    url: str
    key_result: str
    key_result_title: str
    score: float
    words: tuple[str, ...]
    earlier: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldOutReport:
    """
    What suggestions were worth where the answer was known.

    *right* of *answered* linked and exempt items, each asked about as if it were unlinked, got the right answer; a
    suggestion for an exempt item counts as wrong.
    """

    answered: int
    right: int
    precision: float
    coverage: float
    """The share of the linked items that got an answer, 0 to 1."""


@dataclass(frozen=True, slots=True)
class SuggestReport:
    """
    Suggestions for unlinked items, the surest first.

    Each of the *asked* items has a suggestion, one that was left out for its low score or the limit (*left_out*), or
    none (*nothing_to_say*).
    """

    as_of: date
    cycles: tuple[str, ...]
    suggestions: tuple[SuggestedLink, ...]
    asked: int
    left_out: int
    nothing_to_say: int
    out_of_cycle: int
    """Unlinked items that were not asked about: delivered outside these cycles."""
    namesakes: int
    """Unlinked items that were not asked about: another source has an item of the same key."""
    learned_from: int
    """Linked items."""
    held_out: HeldOutReport | None
    silence: str
    """Why nothing at all is suggested, where the reason is not in the single items."""


def build_suggestions(
    linking: Placements,
    okrs: Okrs,
    found: Suggested,
    material: TrainingData,
    *,
    cycles: Sequence[str],
    as_of: date,
    min_score: float = 0.0,
    limit: int | None = None,
) -> SuggestReport:
    """The report on what was *found*: at most *limit* suggestions that score at least *min_score*."""
    shown = [one for one in found.suggestions if one.score >= min_score][:limit]
    titles = {entry.qualified_id: entry.title for entry in okrs.key_results}
    return SuggestReport(
        as_of=as_of,
        cycles=tuple(cycles),
        suggestions=tuple(
            _link(one, item, titles) for one in shown if (item := linking.hierarchy.find(one.key)) is not None
        ),
        asked=len(material.questions),
        left_out=len(found.suggestions) - len(shown),
        nothing_to_say=len(material.questions) - len(found.suggestions),
        out_of_cycle=material.out_of_cycle,
        namesakes=material.namesakes,
        learned_from=sum(bool(example.key) for example in material.examples),
        held_out=_held_out(found),
        silence=found.silence,
    )


def _link(one: Suggestion, item: Item, titles: Mapping[str, str]) -> SuggestedLink:
    return SuggestedLink(
        key=item.key,
        title=item.title,
        url=item.url,
        key_result=one.key_result,
        key_result_title=titles[one.key_result],
        score=one.score,
        words=one.words,
        earlier=one.earlier,
        others=one.others,
    )


def _held_out(found: Suggested) -> HeldOutReport | None:
    seen = found.calibration
    if seen is None:
        return None
    return HeldOutReport(seen.answered, seen.right, round(seen.precision, 3), round(found.held_out_coverage, 3))
